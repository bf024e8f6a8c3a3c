"""Which captured variables may still change once a function that mentions them has been made.

A closure may be called, ahead of its turn, by statements behind the function that made it, while that function still stands at an
answer, with a binding of the variable before it. So a twin asks before it reads such a variable (``current``), and a
function that stands still publishes the captured names that it may still bind, as it does its other may-writes. Most closures
mention parameters that nobody binds again, and names bound before them for good: those are read as they are.

Only the frame that owns such a variable binds it: one that somebody declares ``nonlocal`` is another matter (``shared``). Published is the name, not the variable: enough to be right, and two functions that wait
for each other for no reason but a common name are rare.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from . import scopes
from .abi import walk

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def changing(path: list[ast.AST], names: Iterable[str]) -> frozenset[str]:
    """Those free ``names`` of a function that may be bound again after it has been made; ``path`` are the nodes from the tree to it.

    >>> tree = ast.parse("def f(a):\\n    b = 1\\n    for c in a: g = lambda: (a, b, c)")
    >>> loop = tree.body[0].body[1]
    >>> sorted(changing([tree, tree.body[0], loop, loop.body[0], loop.body[0].value], "abc"))
    ['c']
    """
    return frozenset(name for name in names if name != "__class__" and not _is_final(path, name))


def of_this_round(path: list[ast.AST], names: Iterable[str]) -> frozenset[str]:
    """Those free ``names`` of the function at the end of ``path`` that are targets of a comprehension in which ``function`` is a key function: it is called in the round that
    it was made in, but may stand still there while the next round begins. So its twin reads them first of all."""
    function = path[-1]
    if not any(isinstance(at, ast.Call) and function in scopes.key_functions(at) for at in path):
        return frozenset()
    targets: set[str] = set()
    for at in path:
        if isinstance(at, scopes.FUNCTIONS):
            targets -= _bound(at) if at is not function else set()
        elif isinstance(at, scopes.COMPREHENSIONS):
            targets |= scopes.targets_of(at)
    return frozenset(targets).intersection(names)


def _bound(function: Any) -> set[str]:
    return scopes.assigned(_body(function)) | set(scopes.parameters(function.args))


def _body(function: Any) -> list[ast.stmt]:
    return function.body if isinstance(function.body, list) else [ast.Expr(function.body)]


def _is_final(path: list[ast.AST], name: str) -> bool:
    """Is ``name`` bound for good where ``path`` ends?"""
    for depth in range(len(path) - 2, -1, -1):
        at = path[depth]
        if isinstance(at, scopes.COMPREHENSIONS):
            if name in scopes.targets_of(at):
                return False
        elif isinstance(at, scopes.FUNCTIONS):
            body = _body(at)
            parameter = name in scopes.parameters(at.args)
            bound = name in scopes.assigned(body)
            declared = [n for n in walk(at) if isinstance(n, (ast.Nonlocal, ast.Global)) and name in n.names]
            if (parameter or bound) and not any(isinstance(n, ast.Global) and n in body for n in declared):
                return not declared and (not bound or (not parameter and _bound_before(body, path[depth + 1], path[-1], name)))
    return False


def _bound_before(body: list[ast.stmt], inside: ast.AST, made: ast.AST, name: str) -> bool:
    """Is the only binding of ``name`` a statement of ``body`` before the one, ``inside``, in which the function is ``made``?"""
    binding = [s for s in body if name in scopes.assigned([s])]
    if len(binding) != 1 or not isinstance(binding[0], _SIMPLE):
        return False
    if binding[0] is made:  # it mentions itself
        return not getattr(made, "decorator_list", [])
    return any(s is inside for s in body) and binding[0] is not inside and body.index(binding[0]) < body.index(inside)  # type: ignore[arg-type]


__all__ = ["changing", "of_this_round"]
