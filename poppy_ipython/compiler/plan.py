"""The compiler's product: a :class:`Plan`, a value that can be looked at without running anything."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .abi import attribute_place
from .guards import Guard
from .scope import Piece

Span = tuple[int, int, int, int]


@dataclass(frozen=True)
class Native:
    """A statement of the cell that runs as written, in order.

    ``binds`` is the tuple of names that a definition or an import of loaded modules binds (it then need not wait for the
    head), or None.  ``reason`` says why the statement is not lowered (empty: it is, too; this is the form behind the guard).
    """

    compiled: Callable[[], types.CodeType]
    binds: tuple[str, ...] | None
    modules: tuple[str, ...]
    reason: str
    line: int

    @cached_property
    def code(self) -> types.CodeType:
        return self.compiled()


@dataclass(frozen=True)
class Lowered:
    """One lowered function (or the cell): its code with markers in place of operations, and what its pieces stand for."""

    name: str
    qualname: str
    filename: str
    code: types.CodeType
    pieces: dict[str, Piece]
    source: list[ast.stmt]
    #: names local to the function; empty for the cell
    locals: frozenset[str]
    params: tuple[str, ...]
    global_names: frozenset[str]
    #: source span of a call -> the text of its callee
    sites: dict[Span, str]
    cell: bool
    natives: tuple[Native, ...] = ()
    #: the user's own code object; None for the cell
    original: types.CodeType | None = None
    #: of the pieces that are there in native form as well
    guards: tuple[Guard, ...] = ()
    #: it is a generator function
    generator: bool = False
    #: names that several functions bind (``nonlocal``)
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What the compiler found in a cell, before anything runs.

    >>> from poppy_ipython.compiler import compile_cell
    >>> plan = compile_cell("for q in qs:\\n    out.append(ask(q))")
    >>> [unit.line for unit in plan.units]
    [1]
    """

    filename: str
    lowered: Lowered
    units: tuple[UnitInfo, ...] = field(default=())
    native: tuple[Native, ...] = field(default=())
    #: lines that Python runs as a coroutine, for they await at the top level of the cell: the statements, and the last expression apart
    coroutine: range = range(0)

    def __str__(self) -> str:
        lines = [f"plan of {self.filename}: {len(self.units)} units, {len(self.lowered.sites)} call sites"]
        for unit in self.units:
            lines.append(f"  line {unit.line}: {unit.kind} is a unit")
        for native in self.native:
            lines.append(f"  line {native.line}: {native.reason}")
        return "\n".join(lines)


@dataclass(frozen=True)
class UnitInfo:
    """A statement or expression that was outlined: it may be overtaken by what follows it."""

    kind: str
    line: int
    end_line: int


def _text(node: ast.expr) -> str:
    """``ast.unparse``, which costs a hundred times as much where there are only names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, (ast.Name, ast.Attribute)):
        return f"{_text(node.value)}.{node.attr}"
    return ast.unparse(node)


def call_sites(nodes: Iterable[ast.AST]) -> dict[Span, str]:
    """Source span of every call among ``nodes`` -> its callee as written."""
    sites: dict[Span, str] = {}
    for node in nodes:
        if not isinstance(node, (ast.Call, ast.Await)):
            continue
        call = node.value if isinstance(node, ast.Await) else node
        if isinstance(call, ast.Call):
            name = _text(call.func)
            if len(name) > 60:
                name = "…" + name[-59:]
            sites[node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset or 0] = name
            if isinstance(call.func, ast.Attribute) and node is call:
                at: Any = attribute_place(call, call.func)
                sites[at.lineno, at.end_lineno, at.col_offset, at.end_col_offset] = name
    return sites
