"""Names that are bound to numbers and strings only: ``total += …`` changes no list that somebody else can see."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from . import scopes


def plain_names(statements: list[ast.stmt], params: Iterable[str] = ()) -> frozenset[str]:
    """Names that the whole scope ``statements`` binds to numbers and strings only, operators in place aside.

    ``total += …`` does not change the old object then, whatever is added.

    >>> sorted(plain_names(ast.parse("n = 0; s = 'a'; l = []\\nfor x in y: n += f(x); s = s + str(n)").body))
    ['n']
    """
    values: dict[str, list[ast.expr]] = {}
    simple: set[int] = set()

    def bind(target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name) and value is not None:
            values.setdefault(target.id, []).append(value)
            simple.add(id(target))
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for each, part in zip(target.elts, value.elts, strict=True):
                bind(each, part)

    nodes = [node for statement in statements for node in scopes.walk_scope(statement)]
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                bind(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            bind(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            simple.add(id(node.target))
    others = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load) and id(n) not in simple}
    others |= scopes.assigned(n for n in nodes if isinstance(n, _BINDS_OTHERWISE)) | set(params)
    found = set(values) - others
    while True:
        kept = {name for name in found if all(_plain(value, found) for value in values[name])}
        if kept == found:
            return frozenset(found)
        found = kept


_BINDS_OTHERWISE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.Match)


def _plain(node: ast.expr, names: set[str]) -> bool:
    if isinstance(node, ast.Constant) or isinstance(node, (ast.JoinedStr, ast.Compare)):
        return True
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.BinOp):
        return _plain(node.left, names) and _plain(node.right, names)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) or _plain(node.operand, names)
    if isinstance(node, ast.IfExp):
        return _plain(node.body, names) and _plain(node.orelse, names)
    return isinstance(node, ast.NamedExpr) and _plain(node.value, names)
