"""``df.query("n > @least")``: names that pandas looks up in the frame of its caller.

Inside a function or a comprehension they are locals, and lowered code has others. So such a call is told them: its first argument becomes
``("n > @least", {"least": least})[0]``, which means the same and mentions all that is looked at; the engine hands the second part to pandas,
which has an argument for it (``local_dict``).
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Set
from typing import Any

from . import scopes
from .abi import Node, changed, const, load, place, walk

METHODS = frozenset({"query", "eval"})
_NAME = re.compile(r"@(\w+)")


def telling(body: list[ast.stmt], names: Set[str]) -> list[ast.stmt]:
    """``body`` with calls that are told of ``names``, those of the frame.

    >>> tree = ast.parse("n = 1; x = df.query(f'{c} > @n and @m')")
    >>> print(ast.unparse(telling(tree.body, {"n"})[1]))
    x = df.query((f'{c} > @n and @m', {'n': n})[0])
    """
    calls = [n for top in body for n in walk(top) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in METHODS]
    if not calls:
        return body
    return [_told(statement, names, frozenset(_mentioned(body))) for statement in body]


def told_of(argument: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """The argument as written, and what the call is told."""
    return argument.value.elts if hasattr(argument, "poppy_told") else None  # type: ignore[attr-defined]


def _mentioned(nodes: list[Any]) -> Iterator[str]:
    for top in nodes:
        for node in walk(top):
            if isinstance(node, ast.Constant) and type(node.value) is str:
                yield from _NAME.findall(node.value)


def _told(node: Node, names: Set[str], mentioned: Set[str]) -> Node:
    if isinstance(node, scopes.SCOPES):
        return node
    if isinstance(node, scopes.COMPREHENSIONS):
        return _told_inside(node, names, mentioned)
    node = _with_told(node, names, mentioned)
    if isinstance(node, ast.Call) and _looks(node):
        first = node.args[0]
        said = set(_mentioned([first])) if isinstance(first, (ast.Constant, ast.JoinedStr)) else mentioned
        if seen := sorted(said & names):
            pair = ast.Tuple([first, ast.Dict([const(n) for n in seen], [load(n) for n in seen])], ast.Load())
            told = ast.Subscript(pair, const(0), ast.Load())
            told.poppy_told = True  # type: ignore[attr-defined]
            return changed(node, args=[place(told, first), *node.args[1:]])
    return node


def _told_inside(node: Any, names: Set[str], mentioned: Set[str]) -> Any:
    """A comprehension: what it goes over is evaluated outside, the rest in a frame of its own, or in one that has its targets, too."""
    outer, *more = node.generators
    inside = [part for part in walk(changed(node, generators=[changed(outer, iter=const(None)), *more])) if isinstance(part, ast.Name)]
    targets = {part.id for part in inside if not isinstance(part.ctx, ast.Load)}
    own = isinstance(node, ast.GeneratorExp) or sys.version_info < (3, 12)
    known = {part.id for part in inside} & (names | targets) if own else names | targets
    rest = _with_told(changed(node, generators=[changed(outer, iter=const(None)), *more]), known, mentioned)
    over = _told(outer.iter, names, mentioned)
    return changed(rest, generators=[changed(rest.generators[0], iter=over), *rest.generators[1:]])


def _with_told(node: Node, names: Set[str], mentioned: Set[str]) -> Node:
    fields: dict[str, Any] = {}
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            new: Any = _told(value, names, mentioned)
        elif isinstance(value, list):
            new = [_told(one, names, mentioned) if isinstance(one, ast.AST) else one for one in value]
            new = value if all(a is b for a, b in zip(new, value, strict=True)) else new
        else:
            continue
        if new is not value:
            fields[field] = new
    return changed(node, **fields) if fields else node


def _looks(node: ast.Call) -> bool:
    plain = bool(node.args) and not any(isinstance(a, ast.Starred) for a in node.args) and all(k.arg not in (None, "local_dict") for k in node.keywords)
    return plain and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS


__all__ = ["METHODS", "telling", "told_of"]
