"""The values of references: names, attributes, elements, as far as they can be followed.

A path is followed only through slots that nobody older may still write; what the continuation itself may store on the
way is added (:meth:`~poppy_ipython.engine.reach.Reach.believed`).
"""

from __future__ import annotations

import sys
import types
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...compiler.abi import PREFIX
from ...compiler.references import (
    ANY_KEY,
    ATTRIBUTE,
    EITHER,
    ELEMENT,
    ITEM,
    MADE,
    MODULE,
    NAME,
    OPERATED,
    PART,
    RESULT,
    Ref,
)  # fmt: skip
from ...compiler.references import (
    DATA as DATA_REF,
)
from ...compiler.references import (
    HERE as HERE_REF,
)
from ...compiler.references import (
    UNKNOWN as UNKNOWN_REF,
)
from ...compiler.functions import belongs_to_user
from ..atoms import _MISSING, CHAINED, CONTAINERS, MAPPINGS, lookup
from ..pending import UNBOUND, Pending
from .stores import is_users_function
from .looks import Method, attribute_now, look_attribute, look_global, look_local, seen
from .values import (
    ANY_ELEMENTS,
    CYCLE,
    DATA,
    GIVEN,
    HERE,
    JUST_DATA,
    JUST_GIVEN,
    JUST_UNKNOWN,
    MADE_ATTRIBUTES,
    MADE_HERE,
    MOST,
    PLAIN,
    UNKNOWN,
    Activation,
    Args,
    Fresh,
    Older,
    StandIn,
    Top,
    Values,
    has_own,
)  # fmt: skip

if TYPE_CHECKING:
    from ..base import Base
else:
    Base = object

#: temporaries of an assignment to several targets
_SPREAD = (PREFIX + "u", PREFIX + "a")
_IN_PROGRESS: Values = (CYCLE,)


class Paths(Base):
    """Part of :class:`~poppy_ipython.engine.reach.Reach`: ``values(act, ref)``."""

    kinds: dict[int, type]
    trail: list[tuple[Callable[..., Any], Any, Any, Any]] | None

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
            kind = type(value)
            if kind in PLAIN:
                found[1] = value  # one for all: their methods, unlike those of what a call returns, are Python's own
            elif kind is not Pending:
                if value is not UNBOUND:
                    found[id(value) if value is not DATA else 0] = value
            else:
                value = seen(value)
                if type(value) is Pending and value.elements is not None:
                    self.trail = None
                    value = self.tuple_of(value)
                elif type(value) is Pending and not value.direct:  # of a unit in flight
                    self.trail = None
                    returned = self.footprints.values_left(value.unit, value.name)
                    if returned is not None:
                        found.update((id(v), v) for v in returned)
                        continue
                    value = UNKNOWN
                if value is not _MISSING:
                    found[id(value) if value is not DATA else 0] = value
        if len(found) > MOST:
            return JUST_UNKNOWN
        return tuple(found.values())

    def tuple_of(self, pending: Pending) -> Fresh:
        elements = pending.elements or ()
        return Fresh(None, lambda: self.distinct(elements), named=pending.kind)

    def name(self, act: Activation, ref: Ref) -> Values:
        name = ref.detail
        if self.is_shared(act, name):
            return self.shared_variable(act, name)
        found: list[Any] = []
        local = False
        for number, place in act.locals:
            value = place.get(name, _MISSING)
            if self.trail is not None:
                self.trail.append((look_local, number, name, seen(value)))
            if value is not _MISSING:
                local = True
                found.append(value)
        if name in act.spread:
            self.trail = None
            found += [v for _, place in act.locals for key, v in place.items() if key.startswith(_SPREAD)]
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
                if key.startswith(PREFIX + "b") and type(log) is list:
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
            if ref.detail == "__dict__" and type(base) is not Fresh and base is not DATA:
                raise Top("__dict__")  # through its items the attributes may be written
            found += self.attribute_of(base, ref.detail)
        return self.distinct(found)

    def attribute_of(self, base: Any, name: str) -> Values:
        kind = type(base)
        if kind is StandIn:
            if base is not DATA and base is not GIVEN:
                self.asked_for(name)
            return self.through(JUST_DATA, MADE_ATTRIBUTES, name) if base is DATA else JUST_GIVEN if base is GIVEN else JUST_UNKNOWN
        if kind is Pending:
            self.trail = None
            return self.through((base,), ("p", id(base)), name)
        if kind is Fresh:
            return self.fresh_attribute(base, name)
        if kind is Older:
            return self.older_attribute(base, name)
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
            return self.between_writers(base, name)
        more = self.reads((("a", id(base), name), name))
        if type(value) is Method:
            value = value.bound
        return more if value is _MISSING else (value, *more)

    def asked_for(self, name: str) -> None:
        """An attribute of what is not known may be a property of each class of the user's that can be named."""
        if name in self.of_any:
            return
        self.of_any.add(name)
        for cls in self.machine.users_classes()[0]:
            found = vars(cls).get(name, _MISSING)
            if isinstance(found, property) and is_users_function(found.fget):
                self.function(found.fget, Args(self, None, None))
            elif found is not _MISSING and _acts_when_read(found):
                raise Top(f"{cls.__name__}.{name}")

    def reads(self, item: tuple[Any, Any]) -> Values:
        """Note a read of ``item``; what the continuation itself may have stored there."""
        self.read[item] = None
        return self.stored.get(item, ())

    def element_reads(self, base: Any, key: Any) -> Values:
        """The same for elements of ``base``."""
        self.kinds[id(base)] = type(base)
        return self.reads((("e", id(base)), key))

    def through(self, values: Values, slot: Any, key: Any) -> Values:
        """``values``, inside something that the continuation makes or receives, and what it may put there."""
        if slot is not MADE_HERE and slot is not MADE_ATTRIBUTES and self.machine.may and self.older((slot, *ANY_ELEMENTS, ("*a", key))):
            return JUST_UNKNOWN
        return (*values, *self.reads((slot, key)))

    def fresh_attribute(self, base: Fresh, name: str) -> Values:
        if base.kind is None:
            return self.of_class(base, base.named, name, lookup(base.named, name)) if has_own(base, name) else JUST_UNKNOWN
        found = lookup(base.kind, name)
        if found is _MISSING and not _looks_plainly(base.kind):
            raise Top(name)
        if found is _MISSING or type(found) is types.MemberDescriptorType:
            return self.through((), MADE_ATTRIBUTES, name)  # nobody else has it: what is stored there is stored by the continuation
        return self.of_class(base, base.kind, name, found)

    def older_attribute(self, base: Older, name: str) -> Values:
        return self.of_class(base, base.kind, name, lookup(base.kind, name))

    def of_class(self, base: Fresh | Older, kind: type, name: str, found: Any) -> Values:
        """What an instance without identity has from its class."""
        if type(found) is types.FunctionType:
            return (types.MethodType(found, base),)
        if type(found) is staticmethod:
            return (found.__func__,)
        if isinstance(found, property):
            return self.property(base, kind, name)
        if _acts_when_read(found):
            raise Top(f"{kind.__name__}.{name}")
        return JUST_UNKNOWN

    def between_writers(self, base: Any, name: str) -> Values:
        """The attribute as it is now, and instances of the classes that somebody older may yet store there."""
        slot = ("a", id(base), name)
        kinds = self.footprints.kinds_stored((slot, ("*a", name), ("c", name)), self.key, self.machine.birth_of(base))
        if kinds is None:
            return JUST_UNKNOWN
        self.trail = None
        now = attribute_now(self, base, name)
        more = (*map(self.footprints.older, kinds), *self.reads((slot, name)))
        return more if now is _MISSING or type(now) is Method else (now, *more)

    def property(self, base: Any, kind: type, name: str) -> Values:
        found = lookup(kind, name)
        if isinstance(found, property) and type(found.fget) is types.FunctionType:
            return self.function(found.fget, Args(self, None, None, (base,)))
        raise Top(f"{kind.__name__}.{name}")

    def item(self, act: Activation, ref: Ref) -> Values:
        found: list[Any] = []
        for base in self.values(act, ref.parts[0]):
            found += self.item_of(base, ref.detail)
        return self.distinct(found)

    def item_of(self, base: Any, key: Any) -> Values:
        kind = type(base)
        if kind is not StandIn and kind is not Fresh:
            self.trail = None
        if kind is tuple and key is not ANY_KEY:
            try:
                return (base[key],)
            except (IndexError, TypeError):
                return ()
        if kind is defaultdict:
            return self.default_item(base, key)
        if kind is not list and kind is not dict:
            return self.elements_of(base, key)
        chain = self.machine.chains.get(id(base))
        if chain is not None or not self.plain_elements(base):
            return self.elements_of(base, key)
        more = self.element_reads(base, key)
        if key is ANY_KEY:  # of a dict only what it holds, not its keys
            return (*_several(list(base.values()) if kind is dict else base), *more)
        try:
            return (base[key], *more)
        except (KeyError, IndexError, TypeError):
            return more

    def default_item(self, base: defaultdict[Any, Any], key: Any) -> Values:
        """``base[key]``: what it holds, or is given by somebody older, or makes."""
        kinds: tuple[type, ...] | None = ()
        if not self.plain_elements(base):
            kinds = self.footprints.kinds_stored(self.machine.element_slots(base), self.key, self.machine.birth_of(base))
        chain = self.machine.chains.get(id(base))
        if kinds is None or chain is not None and len(chain.ops) - chain.head > MOST:
            return JUST_UNKNOWN
        added = [] if chain is None else [v for op in chain.ops[chain.head :] for v in _added(op[2])]
        older = map(self.footprints.older, kinds)
        return (*_several(list(base.values())), *added, *older, *self.made_by(base), *self.element_reads(base, key))

    def plain_elements(self, base: Any) -> bool:
        machine = self.machine
        return not (machine.may and self.older(machine.element_slots(base), machine.birth_of(base)))

    def element(self, act: Activation, ref: Ref) -> Values:
        found: list[Any] = []
        for base in self.values(act, ref.parts[0]):
            found += self.elements_of(base, ANY_KEY)
        return self.distinct(found)

    def elements_of(self, base: Any, key: Any = ANY_KEY) -> Values:
        """Everything that ``base[...]`` or iterating over ``base`` may give."""
        kind = type(base)
        if kind is StandIn:
            return self.through(JUST_DATA, MADE_HERE, key) if base is DATA else JUST_GIVEN if base is GIVEN else JUST_UNKNOWN
        self.trail = None
        if kind is Pending:
            return self.through((base,), ("p", id(base)), key)
        if kind is Fresh:
            return JUST_UNKNOWN if base.kind is not None else self.through(base.elements(), MADE_HERE, key)
        if kind in PLAIN:
            return JUST_DATA
        if kind in CHAINED:
            older: Values = ()
            if not self.plain_elements(base):
                slots = self.machine.element_slots(base)
                kinds = self.footprints.kinds_stored(slots, self.key, self.machine.birth_of(base))
                if kinds is None:
                    return JUST_UNKNOWN
                older = tuple(map(self.footprints.older, kinds))
            more = (*older, *self.element_reads(base, key))
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

        def elements() -> Values:
            return self.distinct([v for p in parts for v in self.values(act, p)])

        if ref.detail is not PART:
            return (Fresh(None, elements, (id(act.summary), ref.index)),)
        whole = self.values(act, parts[0].parts[0])
        if any(type(v) not in _SLICED for v in whole):
            return JUST_UNKNOWN  # an array, or an object of the user's: a slice may be a view
        # what is not known yet may turn out to be one
        return (Fresh(None, elements), *[v for v in whole if type(v) is Pending or type(v) is StandIn and v is not DATA])

    def operated(self, act: Activation, ref: Ref) -> Values:
        operands = [v for p in ref.parts for v in self.values(act, p)]
        if all(v is DATA or type(v) in PLAIN for v in operands):
            return JUST_DATA
        return (Fresh(None, lambda: self.distinct([e for v in operands for e in self.elements_of(v)])),)

    def either(self, act: Activation, ref: Ref) -> Values:
        return self.distinct([v for p in ref.parts for v in self.values(act, p)])

    def module(self, act: Activation, ref: Ref) -> Values:
        found = sys.modules.get(ref.detail)
        return JUST_UNKNOWN if found is None else (found,)


_SLICED = PLAIN | CONTAINERS | {tuple, StandIn, Fresh, Pending}


def _acts_when_read(found: Any) -> bool:
    """Does what a class has run code of the user's when an instance is asked for it, and is no property?"""
    getter = lookup(type(found), "__get__")
    return type(found) is cached_property or type(getter) is types.FunctionType and belongs_to_user(getter.__code__.co_filename)


def _looks_plainly(kind: type) -> bool:
    """Is an attribute that the class has not looked up in the instance, by no code of the user's?"""
    return lookup(kind, "__getattribute__") is object.__getattribute__ and lookup(kind, "__getattr__") is _MISSING


def _several(values: Iterable[Any]) -> Values:
    """The elements of a real container, if they are few or all plain."""
    if len(values) > MOST:  # type: ignore[arg-type]
        kinds = set(map(type, values)) if len(values) <= 4096 else {object}  # type: ignore[arg-type]
        if type(values) in MAPPINGS and kinds <= PLAIN:
            kinds = set(map(type, values.values()))  # type: ignore[attr-defined]
        return JUST_DATA if kinds <= PLAIN else JUST_UNKNOWN
    if type(values) in MAPPINGS:
        return (*values, *values.values())  # type: ignore[attr-defined]
    return tuple(values)


def _added(args: tuple[Any, ...]) -> list[Any]:
    """What an operation in a chain may have added."""
    found: list[Any] = []
    for arg in args:
        if type(arg) in (list, tuple):
            found += arg
        elif type(arg) is dict:
            found += [*arg, *arg.values()]
        found.append(arg)
    return found


_RULES: dict[int, Callable[[Any, Activation, Ref], Values]] = {
    NAME: Paths.name, ATTRIBUTE: Paths.attribute, ITEM: Paths.item, ELEMENT: Paths.element, MADE: Paths.made,
    OPERATED: Paths.operated, RESULT: lambda reach, act, ref: reach.result(act, ref), EITHER: Paths.either, MODULE: Paths.module,
    DATA_REF: lambda reach, act, ref: JUST_DATA, UNKNOWN_REF: lambda reach, act, ref: JUST_UNKNOWN,
    HERE_REF: lambda reach, act, ref: (HERE,),
}  # fmt: skip
