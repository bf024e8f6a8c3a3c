"""What a piece of program calls, as far as its text tells: the static half of the guards for native speed.

Lowered code pays for every operation. A loop, a comprehension or a function in which nothing is external gains nothing from
that, so its source is kept beside the lowered form and entered behind one *guard* (the engine's half: ``engine/guards.py``).

Why the native form may run: only in a *quiescent* unit (everything before it has finished, nothing it has issued is left),
where plain execution on the real objects is what a plain run does, whatever the code calls. So the question answered
here, "may this call something external?", is one of speed alone: a wrong yes costs time, a wrong no overlap, and neither
changes a result. It is answered from the objects that the callees are at that moment, found through *references*:

    ("n", name)           what a name stands for              ("i", ref)  what iterating over it gives
    ("a", ref, attribute) an attribute of it                   ("v", ref)  what subscripting it gives
    ("t", type)           some object of that builtin type     ("?",)      anything

Decided against: watching a few rounds of a loop first and then changing over (a round that is never seen says nothing),
and running natively until something external is called (it could no longer overlap).
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import scopes
from .abi import PREFIX, walk
from .closed import Closed, closed

Ref = tuple[Any, ...]
ANYTHING: Ref = ("?",)

#: what builtin functions return, as far as that helps to know what is called on it
_RESULTS: dict[str, type] = {
    "str": str, "repr": str, "chr": str, "input": str, "format": str, "list": list, "sorted": list, "dict": dict, "set": set,
    "tuple": tuple, "int": int, "float": float, "len": int, "sum": int, "abs": int, "round": int, "bytes": bytes,
    "frozenset": frozenset, "range": range,
}  # fmt: skip
_DISPLAYS: dict[type, type] = {
    ast.List: list, ast.ListComp: list, ast.Dict: dict, ast.DictComp: dict, ast.Set: set, ast.SetComp: set,
    ast.Tuple: tuple, ast.JoinedStr: str, ast.Lambda: types.FunctionType,
}  # fmt: skip
_ASYNC = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
_SCOPED: tuple[type[ast.AST], ...] = (ast.FunctionDef, ast.ClassDef, ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom, ast.AnnAssign)
#: where they stand, everything stays lowered
_STAYS = (*_ASYNC, *_SCOPED)
#: they look at the frame that they are called in, or at the names in it
_LOOKERS = scopes.FRAME_READERS | {"super", "__class__", "get_ipython", "input", "breakpoint"}
_DELETERS = frozenset({"pop", "popitem", "clear"})


@dataclass(frozen=True)
class Guard:
    """What has to be looked at before a piece of program runs natively.

    ``names``: the locals of its function that it mentions, in the order in which lowered code passes their values;
    ``callees``: whom it calls; ``loads``: names that it reads otherwise, which may hand on something callable; ``closed``: what has to be
    looked at before it runs natively while calls are in flight, or None if it never does; ``deletes``: it may take keys out of a dict.
    """

    names: tuple[str, ...]
    callees: tuple[Ref, ...]
    loads: tuple[str, ...]
    closed: Closed | None = None
    deletes: bool = False


def guard_of(nodes: Iterable[ast.AST], names: Iterable[str] = (), class_name: str | None = None) -> Guard | None:
    """The guard of statements or expressions inside a lowered scope, or None if they have to stay lowered.

    >>> guard_of([ast.parse("for x in xs: total += len(x)").body[0]]).callees
    (('n', 'len'),)
    >>> guard_of([ast.parse("for x in xs: exec(x)").body[0]]) is None
    True
    """
    below: list[ast.AST] = []
    for top in nodes:
        for node in walk(top):
            if isinstance(node, _STAYS):
                return None
            if isinstance(node, ast.comprehension) and node.is_async:
                return None
            if isinstance(node, ast.Name) and (node.id in _LOOKERS or node.id.startswith(PREFIX)):
                return None
            if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
                return None
            if class_name is not None and _is_private(node):
                return None
            below.append(node)
    return _Finder(below).guard(tuple(names), closed(nodes))


def guard_of_body(node: ast.FunctionDef | ast.Lambda) -> Guard | None:
    """The guard of a whole function, whose parameters may be anything; None if it is a coroutine function."""
    body: list[ast.AST] = list(node.body) if isinstance(node, ast.FunctionDef) else [node.body]
    below = [part for top in body for part in walk(top)]
    if any(isinstance(part, _ASYNC) for part in below):
        return None
    parameters = scopes.parameters(node.args)
    return _Finder(below, parameters).guard((), closed(body, parameters))


def _is_private(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.startswith("__") and not name.endswith("__")


class _Finder:
    """References to all callees among ``nodes``, which are all that is to be looked at."""

    def __init__(self, nodes: list[ast.AST], unknown: Iterable[str] = ()) -> None:
        self.nodes = nodes
        #: name -> expressions it is bound to here, each with what stands between: "", "i" (its items), "?" (anything)
        self.bindings: dict[str, list[tuple[str, ast.expr | None]]] = {name: [("?", None)] for name in unknown}
        self.busy: set[str] = set()
        for node in nodes:
            self.bind_in(node)

    def bind_in(self, node: ast.AST) -> None:
        if isinstance(node, (ast.For, ast.comprehension)):
            self.bind_items(node.target, node.iter)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self.bind(target, "", node.value)
        elif isinstance(node, ast.NamedExpr):
            self.bind(node.target, "", node.value)
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            self.bind(node.target, "?", None)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self.bind(node.optional_vars, "?", None)
        elif isinstance(node, ast.FunctionDef):  # what it calls is among what is called here
            self.bindings.setdefault(node.name, []).append(("", ast.Lambda(node.args, ast.Constant(None))))
        elif isinstance(node, (ast.ExceptHandler, ast.ClassDef, ast.MatchAs, ast.MatchStar)) and node.name:
            self.bindings.setdefault(node.name, []).append(("?", None))
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self.bindings.setdefault(node.rest, []).append(("?", None))
        elif isinstance(node, ast.arg):
            self.bindings.setdefault(node.arg, []).append(("?", None))
        elif isinstance(node, ast.alias):
            self.bindings.setdefault((node.asname or node.name).split(".")[0], []).append(("?", None))

    def bind(self, target: ast.expr, kind: str, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.bindings.setdefault(target.id, []).append((kind, value))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, "?", None)
        elif isinstance(target, (ast.Tuple, ast.List)):
            same = isinstance(value, ast.Tuple) and kind == "" and len(value.elts) == len(target.elts)
            for i, part in enumerate(target.elts):
                if same:
                    self.bind(part, "", value.elts[i])  # type: ignore[union-attr]
                else:
                    self.bind(part, "?", None)

    def bind_items(self, target: ast.expr, source: ast.expr) -> None:
        """``for target in source``, looking through ``enumerate``, ``zip`` and ``.items()``."""
        if isinstance(source, ast.Call) and isinstance(target, ast.Tuple):
            func, parts = source.func, target.elts
            if isinstance(func, ast.Name) and func.id == "enumerate" and len(parts) == 2 and source.args:
                self.bind(parts[0], "", ast.Constant(0))
                self.bind_items(parts[1], source.args[0])
                return
            if isinstance(func, ast.Name) and func.id == "zip" and len(parts) == len(source.args):
                for part, argument in zip(parts, source.args, strict=True):
                    self.bind_items(part, argument)
                return
            if isinstance(func, ast.Attribute) and func.attr == "items" and len(parts) == 2:
                self.bind(parts[0], "i", func.value)
                self.bind(parts[1], "v", func.value)
                return
        if isinstance(source, ast.Call) and isinstance(source.func, ast.Name) and source.func.id in ("sorted", "list", "reversed", "set", "tuple"):
            if len(source.args) == 1:
                self.bind_items(target, source.args[0])
                return
        if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and source.func.attr == "values":
            self.bind(target, "v", source.func.value)
            return
        self.bind(target, "i", source)

    # ------------------------------------------------------------------ references
    def ref(self, node: ast.expr) -> Ref:
        if isinstance(node, ast.Name):
            return self.name(node.id)
        if isinstance(node, ast.Attribute):
            return ("a", self.ref(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            base = self.ref(node.value)
            return base if isinstance(node.slice, ast.Slice) else ("v", base)
        if isinstance(node, ast.Constant):
            return ("t", type(node.value))
        if type(node) in _DISPLAYS:
            return ("t", _DISPLAYS[type(node)])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in self.bindings:
            kind = _RESULTS.get(node.func.id)
            return ANYTHING if kind is None else ("t", kind)
        if isinstance(node, ast.BinOp):
            for side in (self.ref(node.left), self.ref(node.right)):
                if side == ("t", str):
                    return side
        return ANYTHING

    def name(self, name: str) -> Ref:
        found = self.bindings.get(name)
        if found is None:
            return ("n", name)
        if len(found) != 1 or name in self.busy:
            return ANYTHING
        kind, value = found[0]
        if value is None:
            return ANYTHING
        self.busy.add(name)
        try:
            ref = self.ref(value)
        finally:
            self.busy.discard(name)
        return ref if kind == "" else (kind, ref)

    def guard(self, names: tuple[str, ...], closed: Closed | None) -> Guard:
        callees: dict[Ref, None] = {}
        loads: dict[str, None] = {}
        called: set[int] = set()
        deletes = False
        for node in self.nodes:
            if isinstance(node, ast.Call):
                callees[self.ref(node.func)] = None
                called.add(id(node.func))
            elif isinstance(node, ast.Delete) or (isinstance(node, ast.Attribute) and node.attr in _DELETERS):
                deletes = True
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                if id(node) not in called and node.id not in self.bindings:
                    loads[node.id] = None
        return Guard(names, tuple(callees), tuple(loads), closed, deletes)
