"""Generator functions of the user's that may be lowered, to be read at once by a loop.

The twin of a generator function is a generator function itself: what is between two ``yield`` is lowered as in any function, and
runs in the unit that advances it, in place. A plain run interleaves the same pieces in the same order. Only forms are
taken whose suspended frame does nothing by itself when it is let go: a ``yield`` stands alone as a statement, outside of ``try``
and ``with``, so that closing the generator (a ``break`` in the loop) runs no code of its body. What ``send`` or ``throw`` would do
cannot come up: nobody but the loop ever holds the twin.
"""

from __future__ import annotations

import ast
import types

from . import scopes

_GENERATOR, _OTHER = 0x20, 0x280


def is_generator(code: types.CodeType) -> bool:
    return bool(code.co_flags & _GENERATOR) and not code.co_flags & _OTHER


def without_yields(body: list[ast.stmt]) -> list[ast.stmt] | str:
    """``body`` with each ``yield`` statement replaced by its value, or why it cannot be lowered as a generator."""
    result: list[ast.stmt] = []
    for statement in body:
        if not has_yield(statement):
            result.append(statement)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, (ast.Yield, ast.YieldFrom)):
            value = statement.value.value
            if value is not None:
                if has_yield(value):
                    return "it yields inside a yield"
                result.append(ast.copy_location(ast.Expr(value), statement))
        elif isinstance(statement, (ast.If, ast.While, ast.For)):
            head = statement.iter if isinstance(statement, ast.For) else statement.test
            if has_yield(head):
                return "it uses the value of a yield"
            for part in (statement.body, statement.orelse):
                inner = without_yields(part)
                if isinstance(inner, str):
                    return inner
                result += inner
            result.append(ast.copy_location(ast.Expr(head), statement))
        else:
            return "it yields inside a try, a with or an expression"
    return result


def has_yield(node: ast.AST) -> bool:
    """Does ``node`` yield, in its own scope?"""
    return any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in scopes.walk_scope(node))
