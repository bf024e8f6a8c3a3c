"""Stores of a continuation: the slots that they write, and the user code that operators and loops may run."""

from __future__ import annotations

import dataclasses
import datetime
import sys
import types
from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeGuard

from ...compiler.functions import belongs_to_user
from ...compiler.operands import FORMAT, OF_ELEMENTS
from ...compiler.references import ANY_KEY, SEQUENCE_KEY, TAIL_KEY
from ..atoms import _MISSING, BUILTIN_VALUES, CHAINED, CONTAINERS, NATIVE_METHODS, holds_others, lookup, slot_is_plain, stores_plainly
from ..pending import Pending
from .asked import COPIED, LOOKS, ZONE
from .looks import look_ahead, seen
from .values import (
    COLLECTIONS,
    DATA,
    INSTANCES,
    JUST_UNKNOWN,
    MADE_ATTRIBUTES,
    MADE_HERE,
    PLAIN,
    UNKNOWN,
    Activation,
    Args,
    Fresh,
    Older,
    StandIn,
    TOUCHED,
    Top,
    Values,
)  # fmt: skip

if TYPE_CHECKING:
    from ..base import Base
else:
    Base = object


class Stores(Base):
    """Part of :class:`~poppy_ipython.engine.reach.Reach`: notes what is written."""

    trail: list[tuple[Callable[..., Any], Any, Any, Any]] | None

    def write(self, slot: Any, key: Any, stored: Callable[[], Values]) -> None:
        self.slots[slot] = None
        self.note(slot, key, stored)

    def note(self, slot: Any, key: Any, stored: Callable[[], Values]) -> None:
        writes = self.written.get(slot)
        if writes is None:
            self.written[slot] = [(key, stored)]
        else:
            writes.append((key, stored))

    def note_in_data(self, key: Any, stored: Callable[[], Values]) -> None:
        """A store in what a call returns: there an attribute may be an element as well."""
        self.note(MADE_HERE, key, stored)
        self.note(MADE_ATTRIBUTES, key, stored)

    def store_attribute(self, target: Any, name: str, stored: Callable[[], Values], straight: bool = False) -> None:
        """``straight``: by ``object.__setattr__``, whatever the class says."""
        kind = type(target)
        plainly = slot_is_plain if straight else stores_plainly
        if kind is StandIn:
            if target is DATA:
                self.note_in_data(name, stored)
            else:
                self.write(("*a", name), name, stored)
        elif kind is Fresh:
            if target.kind is not None and not plainly(target.kind, name):
                raise Top(name)
            self.note(MADE_ATTRIBUTES, name, stored)
        elif kind is Older:
            if not plainly(target.kind, name):
                raise Top(name)
            self.write(("*a", name), name, stored)
        elif kind is Pending:
            self.watch[id(target)] = target
            self.write(("p", id(target)), name, stored)
        elif issubclass(type(target), type):
            for slot in (("c", name), ("*a", name), ("a", id(target), name)):
                self.write(slot, name, stored)
        elif plainly(kind, name):
            self.write(("a", id(target), name), name, stored)
        elif kind not in PLAIN:
            raise Top(f"{kind.__name__}.{name} =")

    def store_element(
        self, target: Any, key: Any, stored: Callable[[], Values], kinds: tuple[type, ...] = (list, dict, set)
    ) -> None:
        """A store in ``target``; if that is unknown, it is one of ``kinds`` (the method called tells)."""
        kind = type(target)
        if kind in CONTAINERS or kind in COLLECTIONS:
            self.write(("e", id(target)), key, stored)
        elif kind is StandIn:
            if target is DATA:
                self.note_in_data(key, stored)
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
        elif kind is Older:
            if target.kind in CHAINED:
                self.write(("*k", target.kind), key, stored)
            self.special(target, ("__setitem__", "__delitem__"))
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
        kind = type(target)
        if kind in CONTAINERS or kind in COLLECTIONS or kind is StandIn or kind is Pending or kind in INSTANCES and (kind is Fresh or target.kind in CHAINED):
            if operand is not None:
                key = TAIL_KEY if kind is list and method == "__iadd__" else SEQUENCE_KEY if kind is list else ANY_KEY
                self.store_element(target, key, partial(self.elements_of_all, operand), _CHANGED.get(method, (set, Counter)))
        elif kind is not tuple and kind is not frozenset and kind is not Older and _native(kind, method):
            raise Top(f"{kind.__name__}.{method}")

    # ------------------------------------------------------------------ user code in operators and loops
    def special(self, value: Any, methods: tuple[str, ...], depth: int = 3) -> None:
        """An operator on ``value`` may call one of its special methods, or of what it contains."""
        kind = type(value)
        if value is UNKNOWN or (kind in INSTANCES and value.kind is None):
            self.special_of_any(methods)
        self.special_inside(kind if kind not in INSTANCES else value.kind, methods)
        if kind is StandIn or kind is Pending:
            return
        if kind in CONTAINERS or kind is tuple or kind is frozenset:
            inner = tuple([name for name in methods if name in OF_ELEMENTS])
            if inner and depth and self.machine.operators_write():
                self.asked(self.elements_of(value), inner, depth - 1)
            return
        if kind in INSTANCES:
            if value.kind is None:
                return
            kind = value.kind
        elif issubclass(kind, type):
            given = getattr(lookup(value, "__class_getitem__"), "__func__", None) if "__getitem__" in methods else None
            if is_users_function(given):
                raise Top("__class_getitem__")
            if "__instancecheck__" in methods:
                self.checked(value)
        for fn in self.footprints_special(kind, methods):
            self.function(fn, Args(self, None, None, (value,)))

    def special_inside(self, kind: Any, methods: tuple[str, ...]) -> None:
        """Some objects ask what is in them in turn: exceptions, dates, collections, frames, instances of data classes."""
        if not issubclass(type(kind), type) or kind in PLAIN or not self.machine.operators_write():
            return
        if issubclass(kind, BaseException):
            self.special_of_any(tuple([name for name in methods if name in FORMAT]))
        elif issubclass(kind, (datetime.datetime, datetime.time)):
            self.special_of_any(ZONE)
        elif dataclasses.is_dataclass(kind) or holds_others(kind):
            self.special_of_any(tuple([name for name in methods if name in OF_ELEMENTS or name in COPIED]))

    def checked(self, asked: Any) -> None:
        """A class, or the last of the arguments ``asked``, is asked what belongs to it: a class of the user's may answer that itself."""
        if self.machine.classes_answer():
            classes = (asked,) if type(asked) is not Args else JUST_UNKNOWN if asked.call is None or asked.call.spread else (asked.each() or [JUST_UNKNOWN])[-1]
            if any(type(cls) is not type for cls in classes):
                raise Top("a class says itself what belongs to it")

    def asked(self, values: Values, methods: tuple[str, ...], depth: int = 3) -> None:
        """Native code may call ``methods`` of any of ``values``. (It is not looked at where no such method writes anything.)"""
        if self.machine.operators_write():
            for value in values:
                if type(value) not in PLAIN and value is not DATA:
                    self.special(value, methods, depth)

    def special_of_any(self, methods: tuple[str, ...]) -> None:
        """What is not known may be an instance of each class of the user's that can be named."""
        if methods in self.of_any:
            return
        self.of_any.add(methods)
        for cls in self.machine.users_classes()[0]:
            for fn in self.footprints_special(cls, methods):
                if fn not in self.of_any:
                    self.of_any.add(fn)
                    self.function(fn, Args(self, None, None))

    def footprints_special(self, kind: type, methods: tuple[str, ...]) -> list[Any]:
        found = []
        if LOOKS in methods and self.machine.operators_write():
            found += [part.fget for base in kind.__mro__ for part in vars(base).values() if type(part) is property and is_users_function(part.fget)]
        for name in methods:
            fn = lookup(kind, name)
            if type(fn) is types.FunctionType:
                if is_users(fn.__code__):
                    found.append(fn)
                elif fn.__module__ == "functools":  # `total_ordering` asks what the class has
                    found += [one for one in map(partial(lookup, kind), _COMPARE) if is_users_function(one)]
            elif is_odd(kind, name, fn):
                raise Top(name)
        return found

    def class_pattern(self, cls: Any, count: int) -> None:
        """A pattern of class ``cls`` reads the first ``count`` attributes of its ``__match_args__``, which may be properties."""
        if not count:
            return
        if type(cls) is not type:
            raise Top("a class pattern")
        if cls in BUILTIN_VALUES:
            return
        named = lookup(cls, "__match_args__")
        for kind in (cls, *[c for c in self.machine.users_classes()[0] if issubclass(c, cls)]):
            if lookup(kind, "__getattr__") is not _MISSING or lookup(kind, "__getattribute__") is not object.__getattribute__:
                raise Top("a class pattern")
            for name in named[:count] if type(named) is tuple else ():
                found = type(lookup(kind, name))
                if found is not types.MemberDescriptorType and hasattr(found, "__get__"):
                    raise Top("a class pattern")

    def touches(self, value: Any) -> None:
        """``value`` may be a stream that is there already."""
        known = (type(value) is not StandIn or value is DATA) and type(value) is not Pending
        if not known or self.machine.is_stream(value) or self.machine.is_being_read(value):
            self.slots[TOUCHED] = None

    def runs_ahead(self) -> bool:
        """Does a loop run ahead of its file (``lines``)?"""
        found = look_ahead(self, None, None)
        if self.trail is not None:
            self.trail.append((look_ahead, None, None, found))
        return found

    def iterated(self, value: Any, strict: bool = True) -> None:
        """A loop over ``value`` (or, not ``strict``, a native that may look at its elements)."""
        kind = type(value)
        if self.machine.streaming:
            self.touches(value)
        if value is UNKNOWN:
            if self.key and self.runs_ahead():
                raise Top("goes through what may be a file")
            self.special_of_any(("__iter__", "__next__", "__getitem__") if strict else ("__iter__", "__next__"))
            if self.machine.users_classes()[1]:
                raise Top("goes through what may be a generator")
        if kind in PLAIN or kind is StandIn or kind is Pending or kind in CONTAINERS or kind in COLLECTIONS:
            return
        if kind in INSTANCES:
            if value.kind is None:
                return
            kind = value.kind
        if strict and (self.machine.is_stream(value) or self.machine.is_being_read(value)):
            return
        if lookup(kind, "__next__") is not _MISSING and kind not in _PLAIN_ITERATORS:
            raise Top(f"advances a {kind.__name__}")
        if self.footprints_special(kind, ("__iter__", "__next__", "__getitem__") if strict else ("__iter__", "__next__")):
            raise Top(f"iterates over a {kind.__name__}")


#: what an operator in place may change, among builtin containers
_CHANGED: dict[str, tuple[type, ...]] = {"__iadd__": (list, Counter), "__imul__": (list,), "__ior__": (dict, set)}

#: flag of a class that is made by a class statement, and so may have functions of the user's
_HEAP = 1 << 9
_COMPARE = ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__")
_SOME: tuple[Any, ...] = ([], (), {}, set(), "", b"", range(1), {}.values(), {}.items(), reversed([]))
_PLAIN_ITERATORS = frozenset({type(iter(some)) for some in _SOME})


def _native(kind: type, method: str) -> bool:
    """Has the class a special method of that name that is not the user's own Python?"""
    found = lookup(kind, method)
    return found is not _MISSING and not is_users_function(found)


def is_users_function(fn: Any) -> TypeGuard[types.FunctionType]:
    """Is it a function of the user's own?"""
    return type(fn) is types.FunctionType and is_users(fn.__code__)


def is_odd(kind: type, name: str, method: Any) -> bool:
    """Is the special ``method`` one of the user's that is no function (a `partialmethod`, an instance that can be called)?"""
    of = type(method)
    if of in NATIVE_METHODS or of is types.FunctionType or (lookup(of, "__call__") is _MISSING and lookup(of, "__get__") is _MISSING):
        return False
    return any(name in vars(base) and is_users_class(base) for base in kind.__mro__)


def is_users_class(cls: type) -> bool:
    """Is ``cls`` made by a statement of the user's?"""
    return cls.__flags__ & _HEAP != 0 and not _of_library(cls.__module__)


@lru_cache(maxsize=4096)
def _of_library(module: str) -> bool:
    """Is this a module that is not the user's?  (A class made by ``exec`` without a module says ``builtins``.)"""
    if not isinstance(module, str) or module in ("__main__", "builtins"):
        return False
    if module.partition(".")[0] in sys.stdlib_module_names:
        return True
    filename = getattr(sys.modules.get(module), "__file__", None)
    return filename is not None and not belongs_to_user(filename)


def is_users(code: types.CodeType) -> bool:
    """Is this code of the user's own?"""
    return _is_users_file(code.co_filename)


@lru_cache(maxsize=4096)
def _is_users_file(filename: str) -> bool:
    return belongs_to_user(filename)
