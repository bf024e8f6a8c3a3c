"""Evaluating what the compiler says a continuation may write, against the values of now.

Every reference has *values* (:mod:`~poppy_ipython.engine.values`). Evaluating one notes the slots on its path; storing
notes the slots that are written. Where the two meet, :meth:`Reach.conflicts` says which paths cannot be believed,
unless what is stored is plain data, through which nothing can be written.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

from ..compiler.abi import PREFIX
from ..compiler.maywrites import (
    ANY_KEY, ATTRIBUTE, DATA as DATA_REF, EITHER, ELEMENT, HERE as HERE_REF, ITEM, MADE, MODULE, NAME, OPERATED, RESULT, SEQUENCE_KEY,
    UNKNOWN as UNKNOWN_REF, Ref,
)  # fmt: skip
from .atoms import _MISSING, CONTAINERS, lookup, stores_plainly
from .callees import Callees, is_users
from .pending import UNBOUND, Pending
from .values import (
    ANY_ELEMENTS, COLLECTIONS, CYCLE, DATA, HERE, JUST_DATA, JUST_UNKNOWN, MADE_HERE, MOST, PLAIN, UNKNOWN, Activation, Args, Fresh,
    StandIn, Top, Values,
)  # fmt: skip

_IN_PROGRESS: Values = (CYCLE,)


class Reach(Callees):
    """One evaluation.  ``slots`` and ``watch`` are its result, ``conflicts`` says whether it may be believed."""

    def __init__(self, footprints: Any, key: tuple[int, ...], dirty: set[Any]) -> None:
        self.footprints = footprints
        self.machine = footprints.machine
        self.key = key
        self.dirty = dirty
        self.slots: dict[Any, None] = {}
        self.watch: dict[int, Pending] = {}
        self.read: set[tuple[Any, Any]] = set()
        self.name_reads: list[tuple[Any, Activation]] = []
        #: slot -> [(activation, key, value)]
        self.written: dict[Any, list[tuple[Activation | None, Any, Ref | None]]] = {}
        self.bound: dict[Any, list[Activation]] = {}
        self.frames: list[Activation] = []
        self.todo: list[Activation] = []
        self.entered: dict[Any, Activation] = {}
        self.depth: dict[types.CodeType, int] = {}
        self.again: list[tuple[Activation, Ref, str]] = []
        self.calling: list[tuple[Activation, Ref]] = []

    # ------------------------------------------------------------------ the walk
    def enter(self, act: Activation) -> None:
        self.frames.append(act)
        self.todo.append(act)

    def run(self) -> None:
        while self.todo:
            act = self.todo.pop()
            summary = act.summary
            if summary.top is not None:
                raise Top(summary.top)
            for name in summary.names:
                slot = ("n", id(act.namespace), name)
                self.slots[slot] = None
                self.bound.setdefault(slot, []).append(act)
            for ref in summary.calls:
                self.values(act, ref)
            for base, name, value in summary.attributes:
                for target in self.values(act, base):
                    self.store_attribute(target, name, act, value)
            for base, key, value in summary.elements:
                for target in self.values(act, base):
                    self.store_element(target, key, act, value)
            for changed, added, method in summary.inplace:
                for target in self.values(act, changed):
                    if target.__class__ not in PLAIN:
                        self.change(target, method, act, added)
            for operand, methods in summary.operands:
                for value in self.values(act, operand):
                    if value.__class__ not in PLAIN:
                        self.special(value, methods)
            for ref in summary.iterated:
                for value in self.values(act, ref):
                    self.iterated(value)
            for ref in summary.loads:
                self.values(act, ref)
            for module in summary.modules:
                if module not in sys.modules:
                    raise Top("import")
        for act, ref, name in self.again:
            for value in self.values(act, ref):
                if lookup(value.kind if value.__class__ is Fresh else type(value), name).__class__ is types.FunctionType:
                    raise Top(name)

    # ------------------------------------------------------------------ writes
    def write(self, slot: Any, act: Activation | None, key: Any, value: Ref | None) -> None:
        self.slots[slot] = None
        self.note(slot, act, key, value)

    def note(self, slot: Any, act: Activation | None, key: Any, value: Ref | None) -> None:
        self.written.setdefault(slot, []).append((act, key, value))

    def store_attribute(self, target: Any, name: str, act: Activation, value: Ref | None) -> None:
        kind = target.__class__
        if kind is StandIn:
            if target is DATA:
                self.note(MADE_HERE, act, name, value)
            else:
                self.write(("*a", name), act, name, value)
        elif kind is Fresh:
            if target.kind is not None and not stores_plainly(target.kind, name):
                raise Top(name)
            self.note(MADE_HERE, act, name, value)
        elif kind is Pending:
            self.watch[id(target)] = target
            self.write(("p", id(target)), act, name, value)
        elif isinstance(target, type):
            self.write(("c", name), act, name, value)
            self.write(("*a", name), act, name, value)
            self.write(("a", id(target), name), act, name, value)
        elif stores_plainly(kind, name):
            self.write(("a", id(target), name), act, name, value)
        elif kind not in PLAIN:
            raise Top(f"{kind.__name__}.{name} =")

    def store_element(self, target: Any, key: Any, act: Activation | None, value: Ref | None) -> None:
        kind = target.__class__
        if kind in CONTAINERS or kind in COLLECTIONS:
            self.write(("e", id(target)), act, key, value)
        elif kind is StandIn:
            if target is DATA:
                self.note(MADE_HERE, act, key, value)
            else:
                self.write(ANY_ELEMENTS, act, key, value)
        elif kind is Fresh:
            if target.kind is not None:
                self.special(target, ("__setitem__", "__delitem__"))
            self.note(MADE_HERE, act, key, value)
        elif kind is Pending:
            self.watch[id(target)] = target
            self.write(("p", id(target)), act, key, value)
        elif kind not in PLAIN and kind is not tuple:
            if _native(kind, "__setitem__") or _native(kind, "__delitem__"):
                raise Top(f"{kind.__name__}[...] =")
            self.special(target, ("__setitem__", "__delitem__"))

    def change(self, target: Any, method: str, act: Activation, operand: Ref | None) -> None:
        """``target op= operand`` in place (``operand`` None: a number, which no builtin container takes)."""
        kind = target.__class__
        if kind in CONTAINERS or kind is StandIn or kind is Pending or kind in COLLECTIONS:
            if operand is not None:
                self.store_element(target, SEQUENCE_KEY if kind is list else ANY_KEY, act, None)
        elif kind is Fresh:
            self.note(MADE_HERE, act, ANY_KEY, None)
        elif kind is not tuple and kind is not frozenset and _native(kind, method):
            raise Top(f"{kind.__name__}.{method}")

    # ------------------------------------------------------------------ may a path be believed?
    def older(self, slots: tuple[Any, ...], born: Any = None, newer: Any = None) -> bool:
        machine = self.machine
        return bool(machine.may) and machine.older_writer(slots, self.key, born, newer) is not None

    def conflicts(self) -> set[Any]:
        """Slots on a path that the continuation itself may write, with a value that matters."""
        found: set[Any] = set()
        looked: set[Any] = set()
        while len(looked) < len(self.read):  # looking at what is stored may follow more paths
            for slot, key in self.read - looked:
                looked.add((slot, key))
                if any(self.matters(self.written.get(writer, ()), key) for writer in _writers(slot, key)):
                    found.add(slot)
        for slot, act in list(self.name_reads):
            for writer in self.bound.get(slot, ()):
                if writer is not act and not all(self.is_data(writer, r) for r in writer.summary.bindings.get(slot[2], ())):
                    found.add(slot)
        return found - self.dirty

    def matters(self, writes: Iterable[tuple[Activation | None, Any, Ref | None]], key: Any) -> bool:
        for act, written, value in writes:
            if key.__class__ is str and (written is SEQUENCE_KEY or (written.__class__ is str and written != key)):
                continue
            if value is None or act is None or not self.is_data(act, value):
                return True
        return False

    def is_data(self, act: Activation, ref: Ref) -> bool:
        for value in self.values(act, ref):
            if value is not DATA and value.__class__ not in PLAIN:
                return False
        return True

    # ------------------------------------------------------------------ values
    def values(self, act: Activation, ref: Ref) -> Values:
        memo = act.memo
        found = memo[ref.index]
        if found is None:
            memo[ref.index] = _IN_PROGRESS
            found = memo[ref.index] = _RULES[ref.kind](self, act, ref)
        return found

    def distinct(self, values: Iterable[Any]) -> Values:
        """``values`` settled, each once."""
        found: dict[int, Any] = {}
        for value in values:
            while value.__class__ is Pending:
                if value.done:
                    value = value.value
                elif value.elements is not None:
                    value = self.tuple_of(value)
                elif getattr(value, "direct", False):
                    break
                else:
                    value = UNKNOWN
            if value is not UNBOUND:
                found[id(value)] = value
        if len(found) > MOST:
            return JUST_UNKNOWN
        return tuple(found.values())

    def tuple_of(self, pending: Pending) -> Fresh:
        elements = pending.elements or ()
        return Fresh(None, lambda: self.distinct(elements))

    def name(self, act: Activation, ref: Ref) -> Values:
        name = ref.detail
        found: list[Any] = []
        local = False
        for place in act.locals:
            value = place.get(name, _MISSING)
            if value is not _MISSING:
                local = True
                found.append(value)
        if name in act.given:
            local = True
            found += act.given[name]
        elif name in act.closure:
            local = True
            if any(name in frame.summary.bindings for frame in self.frames):
                found.append(UNKNOWN)
            try:
                found.append(act.closure[name].cell_contents)
            except ValueError:
                pass
        elif name == "super()":
            return self.super_(act)
        lowered = act.lowered
        if lowered.cell or (not local and name not in lowered.locals):
            found += self.global_(act, name)
        summary = act.summary
        bindings = summary.bindings.get(name)
        if bindings is not None:
            for bound in bindings:
                found += [v for v in self.values(act, bound) if v is not CYCLE]
        if name in summary.retried:
            found += self.history(act, name)
        return self.distinct(found)

    def history(self, act: Activation, name: str) -> list[Any]:
        """Earlier values of a name bound in a ``try`` in progress: a fault goes back to one of them."""
        found: list[Any] = [UNKNOWN] if act.lowered.cell else []
        for place in act.locals:
            for key, log in place.items():
                if key.startswith(PREFIX + "b") and log.__class__ is list:
                    found += [v for _, n, v in log if n == name] if len(log) <= 4 * MOST else [UNKNOWN]
        return found

    def global_(self, act: Activation, name: str) -> Values:
        namespace = act.namespace
        slot = ("n", id(namespace), name)
        if slot in self.dirty:
            return JUST_UNKNOWN
        machine = self.machine
        chains = machine.name_chains.get(id(namespace))
        cell = chains.get(name) if chains else None
        found = cell.find(self.key) if cell is not None else None
        if machine.may and self.older((slot,), None, found[0] if found is not None else None):
            return JUST_UNKNOWN
        self.name_reads.append((slot, act))
        if found is not None:
            value = found[1]
            if value.__class__ is Pending and value.done:
                value = value.value
            if value is not UNBOUND:
                return (value,)
        elif name in namespace:
            return (namespace[name],)
        builtins = namespace.get("__builtins__", {})
        value = (builtins if builtins.__class__ is dict else vars(builtins)).get(name, _MISSING)
        return () if value is _MISSING else (value,)

    def attribute(self, act: Activation, ref: Ref) -> Values:
        found: list[Any] = []
        for base in self.values(act, ref.parts[0]):
            found += self.attribute_of(base, ref.detail)
        return self.distinct(found)

    def attribute_of(self, base: Any, name: str) -> Values:
        kind = base.__class__
        if kind is StandIn:
            return self.through(JUST_DATA, MADE_HERE, name) if base is DATA else JUST_UNKNOWN
        if kind is Pending:
            return self.through((base,), ("p", id(base)), name)
        if kind is Fresh:
            return self.fresh_attribute(base, name)
        if kind in PLAIN:
            return JUST_DATA
        if kind is types.ModuleType:
            if name not in base.__dict__:
                return JUST_UNKNOWN
        elif not self.machine.reads_plainly(kind, name, base):
            return self.property(base, kind, name)
        slot = ("a", id(base), name)
        if slot in self.dirty:
            return JUST_UNKNOWN
        machine = self.machine
        cell = machine.chains.get((id(base), name))
        found = cell.find(self.key) if cell is not None else None
        if machine.may and self.older(
            (slot, ("*a", name), ("c", name)), machine.birth_of(base), found[0] if found is not None else None
        ):
            return JUST_UNKNOWN
        self.read.add((slot, name))
        if found is not None and found[1] is not UNBOUND:
            return (found[1],)
        try:
            return (getattr(base, name),)
        except AttributeError:
            return ()

    def through(self, values: Values, slot: Any, key: Any) -> Values:
        """``values`` if the continuation puts nothing older where it looks."""
        if slot in self.dirty:
            return JUST_UNKNOWN
        if slot is not MADE_HERE and self.machine.may and self.older((slot, ANY_ELEMENTS, ("*a", key))):
            return JUST_UNKNOWN
        self.read.add((slot, key))
        return values

    def fresh_attribute(self, base: Fresh, name: str) -> Values:
        if base.kind is None:
            return JUST_UNKNOWN
        found = lookup(base.kind, name)
        if found.__class__ is types.FunctionType:
            return (types.MethodType(found, base),)
        if found is _MISSING or not hasattr(type(found), "__get__"):
            return JUST_UNKNOWN
        if isinstance(found, property):
            return self.property(base, base.kind, name)
        return JUST_UNKNOWN

    def property(self, base: Any, kind: type, name: str) -> Values:
        found = lookup(kind, name)
        if isinstance(found, property) and found.fget.__class__ is types.FunctionType:
            return self.function(found.fget, Args(self, None, None, (base,)))
        raise Top(f"{kind.__name__}.{name}")

    def item(self, act: Activation, ref: Ref) -> Values:
        found: list[Any] = []
        for base in self.values(act, ref.parts[0]):
            found += self.item_of(base, ref.detail)
        return self.distinct(found)

    def item_of(self, base: Any, key: Any) -> Values:
        kind = base.__class__
        if kind is tuple:
            try:
                return (base[key],)
            except (IndexError, TypeError):
                return ()
        if kind is not list and kind is not dict:
            return self.elements_of(base, key)
        if not self.plain_elements(base):
            return JUST_UNKNOWN
        chain = self.machine.chains.get(id(base))
        if chain is not None:
            return self.elements_of(base, key)
        self.read.add((("e", id(base)), key))
        try:
            return (base[key],)
        except (KeyError, IndexError, TypeError):
            return ()

    def plain_elements(self, base: Any) -> bool:
        slot = ("e", id(base))
        if slot in self.dirty:
            return False
        machine = self.machine
        return not (machine.may and self.older((slot, ANY_ELEMENTS), machine.birth_of(base)))

    def element(self, act: Activation, ref: Ref) -> Values:
        found: list[Any] = []
        for base in self.values(act, ref.parts[0]):
            found += self.elements_of(base, ANY_KEY)
        return self.distinct(found)

    def elements_of(self, base: Any, key: Any = ANY_KEY) -> Values:
        """Everything that ``base[...]`` or iterating over ``base`` may give."""
        kind = base.__class__
        if kind is StandIn:
            return self.through(JUST_DATA, MADE_HERE, key) if base is DATA else JUST_UNKNOWN
        if kind is Pending:
            return self.through((base,), ("p", id(base)), key)
        if kind is Fresh:
            return JUST_UNKNOWN if base.kind is not None else self.through(base.elements(), MADE_HERE, key)
        if kind in PLAIN:
            return JUST_DATA
        if kind in CONTAINERS:
            if not self.plain_elements(base):
                return JUST_UNKNOWN
            self.read.add((("e", id(base)), key))
            chain = self.machine.chains.get(id(base))
            if chain is None:
                return _several(base)
            if len(chain.ops) - chain.head > MOST:
                return JUST_UNKNOWN
            added = [v for op in chain.ops[chain.head :] for v in _added(op[2])]
            return (*_several(base), *added)
        if kind is tuple or kind is frozenset:
            return _several(base)
        return JUST_UNKNOWN

    def made(self, act: Activation, ref: Ref) -> Values:
        parts = ref.parts
        return (Fresh(None, lambda: self.distinct([v for p in parts for v in self.values(act, p)])),)

    def operated(self, act: Activation, ref: Ref) -> Values:
        operands = [v for p in ref.parts for v in self.values(act, p)]
        if all(v is DATA or v.__class__ in PLAIN for v in operands):
            return JUST_DATA
        return (Fresh(None, lambda: self.distinct([e for v in operands for e in self.elements_of(v)])),)

    def either(self, act: Activation, ref: Ref) -> Values:
        return self.distinct([v for p in ref.parts for v in self.values(act, p)])

    def module(self, act: Activation, ref: Ref) -> Values:
        found = sys.modules.get(ref.detail)
        return JUST_UNKNOWN if found is None else (found,)

    # ------------------------------------------------------------------ user code in operators and loops
    def special(self, value: Any, methods: tuple[str, ...]) -> None:
        """An operator on ``value`` may call one of its special methods."""
        kind = value.__class__
        if kind is StandIn or kind is Pending or kind in CONTAINERS or kind is tuple:
            return
        if kind is Fresh:
            if value.kind is None:
                return
            kind = value.kind
        for fn in self.footprints_special(kind, methods):
            self.function(fn, Args(self, None, None, (value,)))

    def footprints_special(self, kind: type, methods: tuple[str, ...]) -> list[Any]:
        found = []
        for name in methods:
            fn = lookup(kind, name)
            if fn.__class__ is types.FunctionType and is_users(fn.__code__):
                found.append(fn)
        return found

    def iterated(self, value: Any, strict: bool = True) -> None:
        """A loop over ``value`` (or, not ``strict``, a native that may look at its elements)."""
        kind = value.__class__
        if kind in PLAIN or kind is StandIn or kind is Pending or kind in CONTAINERS or kind in COLLECTIONS:
            return
        if kind is Fresh:
            if value.kind is None:
                return
            kind = value.kind
        if lookup(kind, "__next__") is not _MISSING and kind not in _PLAIN_ITERATORS:
            raise Top(f"advances a {kind.__name__}")
        if self.footprints_special(kind, ("__iter__", "__next__", "__getitem__") if strict else ("__iter__", "__next__")):
            raise Top(f"iterates over a {kind.__name__}")


_PLAIN_ITERATORS = frozenset({type(iter(x)) for x in ([], (), {}, set(), "", b"", range(1), {}.values(), {}.items(), reversed([]))})


def _native(kind: type, method: str) -> bool:
    """Has the class a special method of that name that is not the user's own Python?"""
    found = lookup(kind, method)
    return found is not _MISSING and not (found.__class__ is types.FunctionType and is_users(found.__code__))


def _writers(slot: Any, key: Any) -> tuple[Any, ...]:
    """The slots under which a store may write what a path reads as ``slot``."""
    kind = slot[0]
    if kind == "a":
        return slot, ("*a", key), ("c", key)
    if kind == "e":
        return slot, ANY_ELEMENTS
    return slot, ANY_ELEMENTS, ("*a", key)


def _several(values: Iterable[Any]) -> Values:
    """The elements of a real container, if they are few or all plain."""
    if len(values) > MOST:  # type: ignore[arg-type]
        kinds = set(map(type, values)) if len(values) <= 4096 else {object}  # type: ignore[arg-type]
        if values.__class__ is dict and kinds <= PLAIN:
            kinds = set(map(type, values.values()))  # type: ignore[attr-defined]
        return JUST_DATA if kinds <= PLAIN else JUST_UNKNOWN
    if values.__class__ is dict:
        return (*values, *values.values())  # type: ignore[attr-defined]
    return tuple(values)


def _added(args: tuple[Any, ...]) -> list[Any]:
    """What an operation in a chain may have added."""
    found: list[Any] = []
    for arg in args:
        if arg.__class__ in (list, tuple):
            found += arg
        elif arg.__class__ is dict:
            found += [*arg, *arg.values()]
        found.append(arg)
    return found


_RULES: dict[int, Callable[[Reach, Activation, Ref], Values]] = {
    NAME: Reach.name, ATTRIBUTE: Reach.attribute, ITEM: Reach.item, ELEMENT: Reach.element, MADE: Reach.made,
    OPERATED: Reach.operated, RESULT: Reach.result, EITHER: Reach.either, MODULE: Reach.module,
    DATA_REF: lambda reach, act, ref: JUST_DATA, UNKNOWN_REF: lambda reach, act, ref: JUST_UNKNOWN,
    HERE_REF: lambda reach, act, ref: (HERE,),
}  # fmt: skip
