"""Which statements may still run when a frame is suspended at a line.

A loop around the line runs again from its beginning, and a ``try`` as well: a fault may drop what its body has stored and go to a
handler. Of an ``if`` only the branch is left. Lines are all that a suspended frame tells, so the statements of one line
count together.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .abi import PREFIX, walk


def continuation(statements: list[ast.stmt], line: int | None, name: str = "", params: Iterable[str] = ()) -> list[ast.stmt]:
    """The statements that may still run when ``statements`` are suspended at ``line`` (None: before the first).

    ``name`` and ``params`` are those of the outlined function that stands for the statements, if it is one.

    >>> body = ast.parse("a()\\nif t:\\n  b()\\n  c()\\nd()").body
    >>> [ast.unparse(s) for s in continuation(body, 4)]
    ['c()', 'd()']
    """
    if name and len(statements) == 1:
        only = statements[0]
        first = next(iter(params), "")
        if isinstance(only, ast.For) and first.startswith(PREFIX + "x"):  # one round of a loop, not the loop
            target = ast.copy_location(ast.Assign([only.target], ast.copy_location(ast.Name(first, ast.Load()), only)), only)
            rest = _rest(only.body, line) if line is not None and _within(only.body, line) else only.body
            return [target, *rest]
    return statements if line is None else _rest(statements, line)


def span(node: ast.AST) -> tuple[int, int]:
    """First and last line; what is nested may lie behind the node's own end (rewritten ``continue``)."""
    lines = [(n.lineno, getattr(n, "end_lineno", None) or n.lineno) for n in walk(node) if hasattr(n, "lineno")]
    return min(first for first, _ in lines), max(last for _, last in lines)


def _within(statements: list[ast.stmt], line: int) -> bool:
    return any(first <= line <= last for first, last in map(span, statements))


def _rest(statements: list[ast.stmt], line: int) -> list[ast.stmt]:
    for index, statement in enumerate(statements):
        first, last = span(statement)
        if first <= line <= last:
            return [*_inside(statement, line), *statements[index + 1 :]]
    return statements


def _inside(statement: ast.stmt, line: int) -> list[ast.stmt]:
    """``statement``, or what is left of its branch if ``line`` is in just one branch of it."""
    if isinstance(statement, ast.If) and line > span(statement.test)[1]:
        body, orelse = _within(statement.body, line), _within(statement.orelse, line)
        if body and not orelse:
            return _rest(statement.body, line)
        if orelse and not body:
            return _rest(statement.orelse, line)
    return [statement]
