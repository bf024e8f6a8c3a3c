"""`%%poppy --plan`: the cell's text with what is known of each line before anything runs.

    plan of In [4]: 3 calls, 1 unit; nothing was run
      1  notes = []
      2  for d in documents:                  it may wait, and what follows goes on
      3      notes.append(ask(d))             ask: unordered, overlaps
      4  check(notes)                         check: nobody declared it, it waits for all that is before it
      5  title = client.create(notes)         client.create: known when it is reached

A name is looked up in the namespace as it is now, and in what the cell itself defines; attributes are followed through
modules only, because those of other objects may run code. What is pure or works in memory is not mentioned.

`run.plan()` says the same of a run that is over. It is made when it is asked for, from what `Intent` kept before the run
began: the tree, and those callees of the cell that were functions, classes or modules then.
"""

from __future__ import annotations

import ast
import builtins
import types
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poppy_ipython.compiler import compile_cell, lower_function
from poppy_ipython.compiler.functions import is_coroutine, lower_coroutine
from poppy_ipython.compiler.plan import Plan
from poppy_ipython.effects.registry import effect_of
from poppy_ipython.trace.units import cells, count, shorten

__all__ = ["CellPlan", "Intent", "plan_of"]

_MOST = 2000  # lines
_UNKNOWN = object()
_WAITS = "it waits for all that is before it"
_IN_MEMORY = frozenset(dir(list) + dir(dict) + dir(set) + dir(str))


@dataclass(frozen=True)
class CellPlan:
    """What is known of a cell before it runs: prints as text, and has a graph."""

    title: str
    source: str
    tree: ast.Module
    notes: Mapping[int, tuple[str, ...]]  # by line
    calls: int
    units: int
    ran: bool = False

    def __str__(self) -> str:
        lines = self.source.splitlines()[:_MOST]
        width = min(60, max((cells(line) for number, line in enumerate(lines, 1) if number in self.notes), default=0))
        digits = len(str(len(lines)))
        end = "" if self.ran else "; nothing was run"
        found = [f"plan of {self.title}: {count(self.calls, 'call')}, {count(self.units, 'unit')}{end}"]
        for number, line in enumerate(lines, 1):
            text = f"  {number:>{digits}}  {line if cells(line) <= 110 else shorten(line, 110)}".rstrip()
            room = " " * max(4, width + digits + 8 - cells(text))
            found.append(text + (room + "; ".join(self.notes[number]) if number in self.notes else ""))
        return "\n".join(found)

    __repr__ = __str__

    def graph(self) -> Any:
        """The statements by what they need of each other, as a `graphviz.Digraph`."""
        from poppy_ipython.display.steps import steps_dot

        return steps_dot(self)


def plan_of(
    tree: ast.Module, source: str, namespace: Mapping[str, Any], title: str = "the cell", flags: int = 0, ran: bool = False
) -> CellPlan:
    """The plan of a cell.

    >>> from poppy_ipython.effects import unordered
    >>> @unordered
    ... def ask(q): ...
    >>> text = "for q in 'ab':\\n    ask(q)\\nopen('x')"
    >>> print(plan_of(ast.parse(text), text, {"ask": ask}))
    plan of the cell: 2 calls, 1 unit; nothing was run
      1  for q in 'ab':    may wait while what follows goes on
      2      ask(q)        ask: unordered, overlaps
      3  open('x')         open: nobody declared it, it waits for all that is before it
    """
    plan = compile_cell(tree, "<plan>", flags)
    notes = {line: tuple(found) for line, found in _notes(tree, plan, namespace).items()}
    calls = sum(isinstance(node, ast.Call) for node in ast.walk(tree))
    return CellPlan(title, source, tree, notes, calls, len(plan.units), ran)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a run set out to do, for `run.plan()`: nothing that the user may want to be rid of is kept alive by it."""

    tree: ast.Module
    source: str
    callees: Mapping[str, Any]
    title: str
    flags: int

    @classmethod
    def of(
        cls, tree: ast.Module, source: str, sites: Mapping[Any, str], namespace: Mapping[str, Any], title: str, flags: int
    ) -> Intent:
        """`sites` are the callees as written, by their spans: what the compiler found."""
        found = {}
        for text in sites.values():
            name = text.partition(".")[0]
            value = namespace.get(name)
            if name not in found and isinstance(value, _KEPT):
                found[name] = value
        return cls(tree, source, found, title, flags)

    def plan(self) -> CellPlan:
        return plan_of(self.tree, self.source, self.callees, self.title, self.flags, ran=True)


_KEPT = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)


def _notes(tree: ast.Module, plan: Plan, namespace: Mapping[str, Any]) -> dict[int, list[str]]:
    notes: dict[int, dict[str, None]] = defaultdict(dict)
    for native in plan.native:
        if native.binds is None:
            notes[native.line][f"in order: {native.reason}"] = None
    for unit in plan.units:
        notes[unit.line]["may wait while what follows goes on"] = None
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            note = _note(node.func, namespace, defined, bound)
            if note:
                notes[node.lineno][f"{shorten(ast.unparse(node.func), 40)}: {note}"] = None
    return {line: list(found) for line, found in notes.items()}


def _note(callee: ast.expr, namespace: Mapping[str, Any], defined: set[str], bound: set[str]) -> str:
    if isinstance(callee, ast.Name) and callee.id in defined:
        return ""  # its own lines say what it does
    found = _resolve(callee, namespace, bound)
    if found is _UNKNOWN:
        return "" if isinstance(callee, ast.Attribute) and _of_a_value(callee) else "known when it is reached"
    effect = effect_of(found)
    if effect is not None:
        return {
            "unordered": "unordered, overlaps",
            "readonly": f"reads {effect.resource or 'a resource'}, overlaps with other reads",
            "sequential": f"keeps the order of {effect.resource or 'a resource'}",
        }.get(effect.name, "") if not callable(effect.resource) else f"{effect.name}, by its arguments"
    if isinstance(found, types.FunctionType):
        lowered = lower_coroutine(found) if is_coroutine(found.__code__) else lower_function(found)
        return f"nobody declared it and {lowered}, {_WAITS}" if isinstance(lowered, str) else "looked into"
    if isinstance(found, types.BuiltinFunctionType | type) and found in _HANDLED:
        return ""
    return f"nobody declared it, {_WAITS}"


_HANDLED = frozenset(
    getattr(builtins, name)
    for name in """print len list dict set tuple str int float bool range enumerate zip sorted min max sum any all isinstance iter
    reversed map filter repr type id hash getattr hasattr setattr abs round divmod ord chr frozenset bytes""".split()
)


def _of_a_value(callee: ast.Attribute) -> bool:
    """A method of a text, of a result, or one that every container has."""
    at: ast.expr = callee
    while isinstance(at, ast.Attribute):
        at = at.value
    return not isinstance(at, ast.Name) or callee.attr in _IN_MEMORY


def _resolve(callee: ast.expr, namespace: Mapping[str, Any], bound: set[str]) -> Any:
    if isinstance(callee, ast.Name):
        if callee.id in bound:
            return _UNKNOWN
        return namespace.get(callee.id, getattr(builtins, callee.id, _UNKNOWN))
    if isinstance(callee, ast.Attribute):
        owner = _resolve(callee.value, namespace, bound)
        if isinstance(owner, types.ModuleType):
            return vars(owner).get(callee.attr, _UNKNOWN)
    return _UNKNOWN
