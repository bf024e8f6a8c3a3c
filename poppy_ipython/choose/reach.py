"""Which alternatives a cell can call: those that are reached from the names it uses.

Through functions (their globals by name, closures, defaults), methods, classes, instances' own dictionaries and builtin
containers; never by running anybody's code. Where there is too much to look at, or something that cannot be looked into
matters not: the answer then is "perhaps", and only a certain no refuses an objective.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from poppy_ipython.choose.alternatives import Alternatives

__all__ = ["reachable"]

_MOST = 20_000
_ITEMS = 1_000


def reachable(tree: ast.AST, namespace: Mapping[str, Any]) -> tuple[list[Alternatives], bool]:
    """The alternatives that the cell may call, and whether these are certainly all.

    >>> reachable(ast.parse("x = abs(-1)"), {})
    ([], True)
    """
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    makes = bool({"alternatives", "getattr", "globals", "eval", "exec", "get_ipython"} & (names | attributes))
    imports = any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree))
    found: dict[int, Alternatives] = {}
    seen: dict[int, Any] = {}
    work: list[Any] = [namespace[name] for name in names if name in namespace]
    while work:
        value = work.pop()
        if id(value) in seen:
            continue
        if len(seen) >= _MOST:
            return list(found.values()), False
        seen[id(value)] = value
        if type(value) is Alternatives:  # not `__class__`: that may be code of somebody's
            found[id(value)] = value
            continue
        work += _inside(value, attributes)
    return list(found.values()), not (makes or imports)


def _inside(value: Any, attributes: set[str]) -> Iterable[Any]:
    kind = type(value)
    if kind is FunctionType:
        inside = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
        names, more = _names(value.__code__)
        attributes |= more
        inside += [value.__globals__[name] for name in names if name in value.__globals__]
        return [*inside, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    if kind is MethodType:
        return (value.__func__, value.__self__)
    if kind is partial:
        return (value.func, *value.args, *value.keywords.values())
    if kind is staticmethod or kind is classmethod:
        return (value.__func__,)
    if kind is ModuleType:
        of = vars(value)
        return [of[name] for name in list(attributes) if name in of]
    if kind in (list, tuple, set, frozenset):
        return list(value)[:_ITEMS]
    if kind is dict:
        return list(value.values())[:_ITEMS]
    if issubclass(kind, type):
        return [one for base in value.__mro__ if base.__module__ != "builtins" for one in vars(base).values()]
    try:
        own = list(object.__getattribute__(value, "__dict__").values())
    except (AttributeError, TypeError):
        own = []
    return [*own, kind] if kind.__module__ != "builtins" else own


def _names(code: CodeType) -> tuple[set[str], set[str]]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)[0]
    return names, names


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
