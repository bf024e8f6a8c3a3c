"""Evaluating what the compiler says a continuation may write, against the values of now.

Every reference has *values* (:mod:`~poppy_ipython.engine.values`). Evaluating one notes the slots on its path; storing
notes the slots that are written, and with what. Where the two meet, what is stored belongs to the path's values as
well, and the evaluation is made again (:meth:`Reach.believed`), until nothing is news. Plain data needs no such care:
nothing can be written through it.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ..compiler.abi import PREFIX
from ..compiler.maywrites import (
    ANY_KEY, ATTRIBUTE, DATA as DATA_REF, EITHER, ELEMENT, HERE as HERE_REF, ITEM, MADE, MODULE, NAME, OPERATED, RESULT, SEQUENCE_KEY,
    TAIL_KEY, UNKNOWN as UNKNOWN_REF, Ref,
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
    """One evaluation. ``slots`` and ``watch`` are its result; :meth:`believed` says whether it is complete.

    Args:
        key: position of the continuation: what is older can be seen.
        stored: (slot, key) of a read -> what the continuation itself may have put there, from an earlier evaluation.
    """

    def __init__(self, footprints: Any, key: tuple[int, ...], stored: dict[Any, Values]) -> None:
        self.footprints = footprints
        self.machine = footprints.machine
        self.key = key
        self.stored = stored
        self.slots: dict[Any, None] = {}
        self.watch: dict[int, Pending] = {}
        self.read: dict[tuple[Any, Any], None] = {}
        #: (slot, None) of a name -> activations that read it
        self.name_reads: dict[Any, list[Activation]] = {}
        #: slot -> [(key, what is stored)]
        self.written: dict[Any, list[tuple[Any, Callable[[], Values]]]] = {}
        self.bound: dict[Any, list[Activation]] = {}
        self.frames: list[Activation] = []
        self.todo: list[Activation] = []
        self.entered: dict[Any, Activation] = {}
        self.depth: dict[int, int] = {}
        #: what the result depends on: (how to look, where, what, the value found), or None if it cannot be said
        self.trail: list[tuple[Callable[..., Any], Any, Any, Any]] | None = []
        self.again: list[tuple[Activation, Ref, str]] = []
        self.calling: list[tuple[Activation, Ref]] = []
        #: operators in place on names that the cell binds to plain data only
        self.maybe_plain: list[tuple[Activation, str, Ref, Ref | None, str]] = []

    # ------------------------------------------------------------------ the walk
    def enter(self, act: Activation) -> None:
        self.frames.append(act)
        self.todo.append(act)

    def run(self) -> None:
        while True:
            self.run_all()
            if not self.maybe_plain:
                break
            act, name, changed, added, method = self.maybe_plain.pop()
            if not self.is_plain(act, name):
                for target in self.values(act, changed):
                    if target is not DATA:
                        self.change(target, method, None if added is None else partial(self.values, act, added))
        for act, ref, name in self.again:
            for value in self.values(act, ref):
                if lookup(value.kind if value.__class__ is Fresh else type(value), name).__class__ is types.FunctionType:
                    raise Top(name)

    def run_all(self) -> None:
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
                    self.store_attribute(target, name, partial(self.values, act, value))
            for base, key, value in summary.elements:
                kinds = (dict,) if key.__class__ is str else (list, dict)
                for target in self.values(act, base):
                    self.store_element(target, key, partial(self.values, act, value), kinds)
            for changed, added, method, plain in summary.inplace:
                if plain is not None:
                    self.maybe_plain.append((act, plain, changed, added, method))
                    continue
                for target in self.values(act, changed):
                    if target is not DATA:
                        self.change(target, method, None if added is None else partial(self.values, act, added))
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

    # ------------------------------------------------------------------ writes
    def write(self, slot: Any, key: Any, stored: Callable[[], Values]) -> None:
        self.slots[slot] = None
        self.note(slot, key, stored)

    def note(self, slot: Any, key: Any, stored: Callable[[], Values]) -> None:
        writes = self.written.get(slot)
        if writes is None:
            self.written[slot] = [(key, stored)]
        else:
            writes.append((key, stored))

    def store_attribute(self, target: Any, name: str, stored: Callable[[], Values]) -> None:
        kind = target.__class__
        if kind is StandIn:
            if target is DATA:
                self.note(MADE_HERE, name, stored)
            else:
                self.write(("*a", name), name, stored)
        elif kind is Fresh:
            if target.kind is not None and not stores_plainly(target.kind, name):
                raise Top(name)
            self.note(MADE_HERE, name, stored)
        elif kind is Pending:
            self.watch[id(target)] = target
            self.write(("p", id(target)), name, stored)
        elif isinstance(target, type):
            for slot in (("c", name), ("*a", name), ("a", id(target), name)):
                self.write(slot, name, stored)
        elif stores_plainly(kind, name):
            self.write(("a", id(target), name), name, stored)
        elif kind not in PLAIN:
            raise Top(f"{kind.__name__}.{name} =")

    def store_element(
        self, target: Any, key: Any, stored: Callable[[], Values], kinds: tuple[type, ...] = (list, dict, set)
    ) -> None:
        """A store in ``target``; if that is unknown, it is one of ``kinds`` (the method called tells)."""
        kind = target.__class__
        if kind in CONTAINERS or kind in COLLECTIONS:
            self.write(("e", id(target)), key, stored)
        elif kind is StandIn:
            if target is DATA:
                self.note(MADE_HERE, key, stored)
            else:
                for some in kinds:
                    self.write(("*k", some), key, stored)
        elif kind is Fresh:
            if target.kind is not None:
                self.special(target, ("__setitem__", "__delitem__"))
            self.note(MADE_HERE, key, stored)
        elif kind is Pending:
            self.watch[id(target)] = target
            self.write(("p", id(target)), key, stored)
        elif kind not in PLAIN and kind is not tuple:
            if _native(kind, "__setitem__") or _native(kind, "__delitem__"):
                raise Top(f"{kind.__name__}[...] =")
            self.special(target, ("__setitem__", "__delitem__"))

    def is_plain(self, act: Activation, name: str) -> bool:
        """Is ``name``, which the cell binds to plain data only, bound to nothing else by anybody else?"""
        self.trail = None
        slot = ("n", id(act.namespace), name)
        return (
            seen(act.namespace.get(name, 0)) is DATA
            and name not in self.footprints.global_names()
            and all(writer.lowered is act.lowered for writer in self.bound[slot])
            and not self.older(())  # nobody may write anything
        )

    def change(self, target: Any, method: str, operand: Callable[[], Values] | None) -> None:
        """``target op= operand`` in place (``operand`` None: a number, which no builtin container takes)."""
        kind = target.__class__
        if kind in CONTAINERS or kind in COLLECTIONS or kind is StandIn or kind is Pending or kind is Fresh:
            if operand is not None:
                key = TAIL_KEY if kind is list and method == "__iadd__" else SEQUENCE_KEY if kind is list else ANY_KEY
                self.store_element(target, key, partial(self.elements_of_all, operand), _CHANGED.get(method, (set,)))
        elif kind is not tuple and kind is not frozenset and _native(kind, method):
            raise Top(f"{kind.__name__}.{method}")

    # ------------------------------------------------------------------ may a path be believed?
    def older(self, slots: tuple[Any, ...], born: Any = None, newer: Any = None) -> bool:
        machine = self.machine
        return bool(machine.may) and machine.older_writer(slots, self.key, born, newer) is not None

    def believed(self) -> bool:
        """Does every path that was followed hold what the continuation itself may put there?  If not, ``stored`` grows."""
        read, name_reads = self.read, self.name_reads
        if not self.written and not self.bound:
            return True
        complete = True
        looked = 0
        while looked < len(read):  # looking at what is stored may follow more paths
            slot, key = list(read)[looked]
            looked += 1
            for writer in _writers(slot, key):
                for written, stored in self.written.get(writer, ()):
                    found = _put_there(written, key, stored)
                    if found and not self.remember((slot, key), found):
                        complete = False
        for item, readers in list(name_reads.items()):
            for writer_act in self.bound.get(item[0], ()):
                if any(reader is not writer_act for reader in readers):
                    for ref in writer_act.summary.bindings.get(item[0][2], ()):
                        if not self.remember(item, self.values(writer_act, ref)):
                            complete = False
        return complete

    def remember(self, item: Any, values: Values) -> bool:
        """Add ``values`` to what may be stored at ``item``; False if that is news."""
        known = self.stored.get(item, ())
        ids = set(map(id, known))
        new = []
        for value in values:
            if value is DATA or value.__class__ in PLAIN:
                continue
            if value.__class__ is Fresh:
                value = self.footprints.fresh(value.kind)
            elif value is CYCLE:
                value = UNKNOWN
            if id(value) not in ids:
                ids.add(id(value))
                new.append(value)
        if not new:
            return True
        self.stored[item] = (*known, *new)
        return False

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
            kind = value.__class__
            if kind in PLAIN:
                found[0] = DATA
            elif kind is not Pending:
                if value is not UNBOUND:
                    found[id(value) if value is not DATA else 0] = value
            else:
                value = seen(value)
                if value.__class__ is Pending:
                    self.trail = None
                    if value.elements is not None:
                        value = self.tuple_of(value)
                if value is not _MISSING:
                    found[id(value) if value is not DATA else 0] = value
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
        for number, place in act.locals:
            value = place.get(name, _MISSING)
            if self.trail is not None:
                self.trail.append((look_local, number, name, seen(value)))
            if value is not _MISSING:
                local = True
                found.append(value)
        if name in act.given:
            local = True
            found += act.given[name]
        elif name in act.closure:
            local = True
            self.trail = None
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
        self.trail = None
        for _, place in act.locals:
            for key, log in place.items():
                if key.startswith(PREFIX + "b") and log.__class__ is list:
                    found += [v for _, n, v in log if n == name] if len(log) <= 4 * MOST else [UNKNOWN]
        return found

    def global_(self, act: Activation, name: str) -> Values:
        namespace = act.namespace
        value = look_global(self, namespace, name)
        if self.trail is not None:
            self.trail.append((look_global, namespace, name, value))
        if value is UNKNOWN:
            return JUST_UNKNOWN
        item = (("n", id(namespace), name), None)
        readers = self.name_reads.get(item)
        if readers is None:
            self.name_reads[item] = [act]
        else:
            readers.append(act)
        more = self.stored.get(item, ())
        return more if value is _MISSING else (value, *more)

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
        value = look_attribute(self, base, name)
        if self.trail is not None:
            self.trail.append((look_attribute, base, name, value))
        if value is UNKNOWN:
            return JUST_UNKNOWN
        more = self.reads((("a", id(base), name), name))
        if value.__class__ is Method:
            value = value.bound
        return more if value is _MISSING else (value, *more)

    def reads(self, item: tuple[Any, Any]) -> Values:
        """Note a read of ``item``; what the continuation itself may have stored there."""
        self.read[item] = None
        return self.stored.get(item, ())

    def through(self, values: Values, slot: Any, key: Any) -> Values:
        """``values``, inside something that the continuation makes or receives, and what it may put there."""
        if slot is not MADE_HERE and self.machine.may and self.older((slot, *ANY_ELEMENTS, ("*a", key))):
            return JUST_UNKNOWN
        return (*values, *self.reads((slot, key)))

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
        if kind is not StandIn and kind is not Fresh:
            self.trail = None
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
        more = self.reads((("e", id(base)), key))
        try:
            return (base[key], *more)
        except (KeyError, IndexError, TypeError):
            return more

    def plain_elements(self, base: Any) -> bool:
        machine = self.machine
        return not (machine.may and self.older((("e", id(base)), ("*k", type(base))), machine.birth_of(base)))

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
        self.trail = None
        if kind is Pending:
            return self.through((base,), ("p", id(base)), key)
        if kind is Fresh:
            return JUST_UNKNOWN if base.kind is not None else self.through(base.elements(), MADE_HERE, key)
        if kind in PLAIN:
            return JUST_DATA
        if kind in CONTAINERS:
            if not self.plain_elements(base):
                return JUST_UNKNOWN
            more = self.reads((("e", id(base)), key))
            chain = self.machine.chains.get(id(base))
            if chain is None:
                return (*_several(base), *more)
            if len(chain.ops) - chain.head > MOST:
                return JUST_UNKNOWN
            return (*_several(base), *more, *[v for op in chain.ops[chain.head :] for v in _added(op[2])])
        if kind is tuple or kind is frozenset:
            return _several(base)
        return JUST_UNKNOWN

    def elements_of_all(self, values: Callable[[], Values]) -> Values:
        """Every element of ``values()``."""
        return self.distinct([e for v in values() for e in self.elements_of(v)])

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


#: what an operator in place may change, among builtin containers
_CHANGED: dict[str, tuple[type, ...]] = {"__iadd__": (list,), "__imul__": (list,), "__ior__": (dict, set)}
_PLAIN_ITERATORS = frozenset({type(iter(x)) for x in ([], (), {}, set(), "", b"", range(1), {}.values(), {}.items(), reversed([]))})


def _native(kind: type, method: str) -> bool:
    """Has the class a special method of that name that is not the user's own Python?"""
    found = lookup(kind, method)
    return found is not _MISSING and not (found.__class__ is types.FunctionType and is_users(found.__code__))


def seen(value: Any) -> Any:
    """``value`` settled, as far as evaluation tells values apart: all plain data are ``DATA``."""
    while value.__class__ is Pending:
        if value.done:
            value = value.value
        elif value.elements is not None or getattr(value, "direct", False):
            return value
        else:
            return UNKNOWN
    if value.__class__ in PLAIN:
        return DATA
    return value if value is not UNBOUND else _MISSING


def look_local(at: Any, place: dict[str, Any], name: str) -> Any:
    """A local variable of a frame."""
    return seen(place.get(name, _MISSING))


def look_global(at: Any, namespace: dict[str, Any], name: str) -> Any:
    """A global or builtin name at the position of the continuation; ``UNKNOWN`` if somebody older may still bind it."""
    machine = at.machine
    chains = machine.name_chains.get(id(namespace))
    cell = chains.get(name) if chains else None
    found = cell.find(at.key) if cell is not None else None
    if machine.may and machine.older_writer((("n", id(namespace), name),), at.key, None, found[0] if found is not None else None):
        return UNKNOWN
    if found is not None:
        value = seen(found[1])
        if value is not _MISSING:
            return value
    elif name in namespace:
        return seen(namespace[name])
    builtins = namespace.get("__builtins__", {})
    return (builtins if builtins.__class__ is dict else vars(builtins)).get(name, _MISSING)


def look_attribute(at: Any, base: Any, name: str) -> Any:
    """A plain attribute at the position of the continuation; ``UNKNOWN`` if somebody older may still write it."""
    machine = at.machine
    key = id(base)
    cell = machine.chains.get((key, name))
    found = cell.find(at.key) if cell is not None else None
    if machine.may and machine.older_writer(
        (("a", key, name), ("*a", name), ("c", name)), at.key, machine.birth_of(base), found[0] if found is not None else None
    ):
        return UNKNOWN
    if found is not None and found[1] is not UNBOUND:
        return seen(found[1])
    try:
        value = getattr(base, name)
    except AttributeError:
        return _MISSING
    if value.__class__ is types.MethodType and value.__self__ is base:
        return Method(value)  # a new object at each look
    return seen(value)


class Method:
    """A bound method as found on its object, equal to itself found again."""

    __slots__ = ("bound",)

    def __init__(self, bound: types.MethodType) -> None:
        self.bound = bound

    def same(self, other: Any) -> bool:
        return other.__class__ is Method and other.bound.__func__ is self.bound.__func__


def _put_there(written: Any, key: Any, stored: Callable[[], Values]) -> Values:
    """What a store under ``written`` may leave where a path looks for ``key``."""
    if key.__class__ is str:
        if written is SEQUENCE_KEY or written is TAIL_KEY or (written.__class__ is str and written != key):
            return ()
    elif key.__class__ is int:
        if written is SEQUENCE_KEY:
            return JUST_UNKNOWN  # elements change places
        if written.__class__ is str or (written.__class__ is int and written != key and (written < 0) == (key < 0)):
            return ()
    return stored()


def _writers(slot: Any, key: Any) -> tuple[Any, ...]:
    """The slots under which a store may write what a path reads as ``slot``."""
    kind = slot[0]
    if kind == "a":
        return slot, ("*a", key), ("c", key)
    if kind == "e":
        return slot, *ANY_ELEMENTS
    return slot, *ANY_ELEMENTS, ("*a", key)


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
