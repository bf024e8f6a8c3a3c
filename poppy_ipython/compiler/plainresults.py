"""What a function returns, as far as its text tells: numbers and strings, or tuples with numbers and strings in known places.

``return answer, attempt`` in ``for attempt in range(3)`` gives a number in its second place, however often the loop goes round and
whatever it waits for. Only displays, literals, f-strings, ``not``, ``in``, ``is``, operators on such values, loops over ``range``, numbers
from ``enumerate`` and ``len`` count; the names of these builtins are part of the answer, for whoever knows what they are bound to.

A comparison does not count: ``==`` of arrays gives an array. Stricter than :func:`~poppy_ipython.compiler.plaindata.plain_names`,
which asks what a name may be that is *also* seen to hold a number, and leaves operators in place aside.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from . import scopes

_BINDS_OTHERWISE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.Match, ast.Global, ast.Nonlocal)
_TRUE_OR_FALSE = (ast.Is, ast.IsNot, ast.In, ast.NotIn)


@dataclass(frozen=True, slots=True)
class PlainResults:
    """Every result is a number or a string (``each`` None), or a tuple (or None) of whose items those with True in ``each`` are."""

    each: tuple[bool, ...] | None
    #: the names that must be Python's own
    builtins: frozenset[str]


def plain_results(statements: list[ast.stmt], others: Iterable[str] = ()) -> PlainResults | None:
    r"""What is known of the results of the function whose body is ``statements``; None if nothing is.

    Args:
        others: names that are bound elsewhere as well: parameters, names that nested functions see.

    >>> plain_results(ast.parse("for n in range(3):\n    if ok(n): return ask(n), n\nreturn '', -1").body)
    PlainResults(each=(False, True), builtins=frozenset({'range'}))
    >>> plain_results(ast.parse("n = f()\nreturn n").body) is None
    True
    """
    returned = [n.value for s in statements for n in scopes.walk_scope(s) if isinstance(n, ast.Return)]
    values = [v for v in returned if v is not None and not (isinstance(v, ast.Constant) and v.value is None)]
    if not values:
        return None
    names = _Names(statements, others)
    first = values[0]
    if isinstance(first, ast.Tuple):
        tuples = [v.elts for v in values if isinstance(v, ast.Tuple)]
        if len(tuples) < len(values) or len({len(t) for t in tuples}) > 1 or any(isinstance(e, ast.Starred) for t in tuples for e in t):
            return None
        each = tuple([all(map(names.plain, column)) for column in zip(*tuples, strict=True)])
        return PlainResults(each, frozenset(names.builtins)) if any(each) else None
    if len(values) == len(returned) and all(map(names.plain, values)):
        return PlainResults(None, frozenset(names.builtins))
    return None


class _Names:
    """Which names of a scope are bound to numbers and strings only."""

    def __init__(self, statements: list[ast.stmt], bound: Iterable[str]) -> None:
        self.builtins: set[str] = set()
        values: dict[str, list[ast.expr]] = {}
        simple: set[int] = set()

        def bind(target: ast.expr, *sources: ast.expr) -> None:
            if isinstance(target, ast.Name):
                values.setdefault(target.id, []).extend(sources)
                simple.add(id(target))

        nodes = [n for s in statements for n in scopes.walk_scope(s)]
        for node in nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(target.elts) == len(node.value.elts):
                        for each, part in zip(target.elts, node.value.elts, strict=True):
                            bind(each, part)
                    else:
                        bind(target, node.value)
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                bind(node.target, node.value)
            elif isinstance(node, ast.AugAssign):
                bind(node.target, node.value)
            elif isinstance(node, ast.For) and self._calls(node.iter, "range"):
                bind(node.target)
            elif isinstance(node, ast.For) and isinstance(node.target, ast.Tuple) and self._calls(node.iter, "enumerate"):
                bind(node.target.elts[0])
        others = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load) and id(n) not in simple}
        others |= scopes.assigned(n for n in nodes if isinstance(n, _BINDS_OTHERWISE)) | set(bound)
        for node in nodes:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                others.update(node.names)
        self.names = set(values) - others
        while True:
            kept = {name for name in self.names if all(map(self.plain, values[name]))}
            if kept == self.names:
                break
            self.names = kept

    def _calls(self, node: ast.expr, name: str) -> bool:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            self.builtins.add(name)
            return True
        return False

    def plain(self, node: ast.expr) -> bool:
        """Does ``node`` give a number or a string (or None), if it gives anything?"""
        if isinstance(node, (ast.Constant, ast.JoinedStr)):
            return True
        if isinstance(node, ast.Name):
            return node.id in self.names
        if isinstance(node, ast.BinOp):
            return self.plain(node.left) and self.plain(node.right)
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.Not) or self.plain(node.operand)
        if isinstance(node, ast.Compare):
            return len(node.ops) == 1 and isinstance(node.ops[0], _TRUE_OR_FALSE)
        if isinstance(node, ast.BoolOp):
            return all(map(self.plain, node.values))
        if isinstance(node, ast.IfExp):
            return self.plain(node.body) and self.plain(node.orelse)
        return self._calls(node, "len")
