"""Which variables several functions bind: those that some function declares ``nonlocal``.

Such a variable is a slot like an attribute of an object: lowered code reads and binds it through the store buffer, as an attribute of
its *cell* (``engine/shared.py``), which a local of ours holds:

    __poppy_v_n = cell_of(lambda: n)
    shared_store(__poppy_v_n, shared_late(__poppy_v_n, "n", …) + …)          n += …

All functions that see one variable must agree that it is shared, whoever of them is lowered. So the answer depends on the function
that owns it alone: a ``nonlocal`` of that name anywhere below it. Functions that run as written use the cell itself, in their turn.

A function is left to run natively where it binds a shared variable in another way than by an assignment or a loop (an import, a
``def``, ``except … as``, ``del``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from . import scopes
from .abi import PREFIX, walk

#: the local with the cell of a shared variable
CELL = PREFIX + "v_"


def shared(path: list[ast.AST], local: Iterable[str], free: Iterable[str]) -> frozenset[str]:
    """Those names of the function at the end of ``path`` (the nodes from the tree to it), its own and those that it takes from
    around it, that are shared.

    >>> tree = ast.parse("def f():\\n  n = m = 0\\n  def g():\\n    nonlocal n\\n    n += m\\n")
    >>> f = tree.body[0]
    >>> sorted(shared([tree, f], "nmg", "")), sorted(shared([tree, f, f.body[1]], "", "nm"))
    (['n'], ['n'])
    """
    found = {name for name in _declared(path[-1]) if name in set(local)}
    for name in free:
        for at in reversed(path[:-1]):
            if isinstance(at, scopes.COMPREHENSIONS) and name in scopes.targets_of(at):
                break
            if isinstance(at, scopes.FUNCTIONS) and _owns(at, name):
                if name in _declared(at):
                    found.add(name)
                break
    return frozenset(found)


def declared(body: Iterable[ast.AST]) -> set[str]:
    """Names that the scope ``body`` itself declares ``nonlocal``."""
    return {n for part in scopes.below(body) if isinstance(part, ast.Nonlocal) for n in part.names}


def bound_otherwise(body: Iterable[ast.AST], names: frozenset[str]) -> str | None:
    """Why a function that sees shared ``names`` cannot be lowered, or None."""
    if not names:
        return None
    for statement in body:
        for node in scopes.walk_scope(statement):
            deleted = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del) and node.id in names
            if deleted or not isinstance(node, ast.pattern) and scopes.named_by(node) & names:
                return "it deletes or defines a name that several functions bind"
    return None


def _declared(function: ast.AST) -> set[str]:
    return {name for node in walk(function) if isinstance(node, ast.Nonlocal) for name in node.names}


def _owns(function: ast.AST, name: str) -> bool:
    body = function.body if isinstance(function.body, list) else [ast.Expr(function.body)]  # type: ignore[attr-defined]
    if name in scopes.parameters(function.args):  # type: ignore[attr-defined]
        return True
    others = {n for part in scopes.below(body) if isinstance(part, (ast.Nonlocal, ast.Global)) for n in part.names}
    return name in scopes.assigned(body) and name not in others


__all__ = ["CELL", "bound_otherwise", "declared", "shared"]
