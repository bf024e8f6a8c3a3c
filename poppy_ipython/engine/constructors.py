"""Constructors: what calling a class does, without waiting.

    a plain class            a real instance at once, then its ``__init__`` as a unit
    a dataclass              the same: its generated ``__init__`` is lowered from its fields (``compiler/generated.py``)
    a frozen one             stores with ``object.__setattr__``, which is a buffered store like any other
    a named tuple            the tuple, or a structured pending of its class if items are pending
    an exception of yours    its ``__new__`` keeps the arguments, so they are waited for; then its ``__init__`` as a unit
    a plain enum             a look-up of one of its members
    anything else            a fence

An instance may be made before it is this position's turn because making one with ``object.__new__`` runs no code of the
user's and shows nowhere until its ``__init__`` or the program stores it, and those stores retire in order. The metaclass
must not have its own ``__call__``. A named tuple only keeps its arguments; that holds as long as its ``__new__`` is the generated
one. What an overridden special method of it would do is not known here, so then it is an opaque object like others.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import types
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..compiler.functions import gives_value, init_of
from .atoms import _ENUM_HASHES, _MISSING, ATOMS, lookup, slot_is_plain
from .pending import Pending, settled, structured

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

Handler = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
_MARKER: type = type(dataclasses._HAS_DEFAULT_FACTORY)  # type: ignore[attr-defined]
_records: weakref.WeakKeyDictionary[type, bool] = weakref.WeakKeyDictionary()
_NAMEDTUPLE_FILES = frozenset({"<string>", collections.namedtuple.__code__.co_filename})  # type: ignore[attr-defined]


def is_record(kind: type) -> bool:
    """Is ``kind`` a named tuple whose special methods are all ``tuple``'s or the generated ones?"""
    if not issubclass(kind, tuple):
        return False
    known = _records.get(kind)
    if known is None:
        known = _records[kind] = _is_record(kind)
    return known


def _is_record(kind: Any) -> bool:
    fields = getattr(kind, "_fields", None)
    if type(kind) is not type or not isinstance(fields, tuple):
        return False
    made: Any = lookup(kind, "__new__")
    made = getattr(made, "__func__", made)
    if type(made) is not types.FunctionType or made.__globals__.get("_tuple_new") is not tuple.__new__:
        return False
    if made.__code__.co_names != ("_tuple_new",) or made.__code__.co_varnames[1:] != fields:
        return False
    base: Any
    for base in kind.__mro__[: kind.__mro__.index(tuple)]:
        for name, value in vars(base).items():
            value = getattr(value, "__func__", value)
            if name.startswith("__") and type(value) is types.FunctionType and value.__code__.co_filename not in _NAMEDTUPLE_FILES:
                return False
    return bool(lookup(kind, "__init__") is object.__init__)


def _new(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An instance. Like Python, it refuses arguments if the class once had a ``__new__`` of its own and that is gone."""
    return object.__new__(cls, *args, **kwargs)


def is_plain_enum(cls: Any) -> bool:
    """Does ``cls(value)`` look a member up and nothing else?

    Members are looked up by their values, which must be atoms, so that no code of the user's compares them; what is no value is an
    error, unless the class has a ``_missing_`` of its own. Flags make members.
    """
    members = vars(cls).get("_member_map_")
    if type(cls) is not enum.EnumType or issubclass(cls, enum.Flag) or not members:
        return False
    missing = getattr(lookup(cls, "_missing_"), "__func__", None)
    plain = missing is vars(enum.Enum)["_missing_"].__func__ and lookup(cls, "__hash__") in _ENUM_HASHES
    return plain and all(type(member._value_) in ATOMS for member in members.values())


class Constructors(Base):
    """Part of the :class:`Machine`."""

    def constructor(self, cls: type) -> Handler:
        """How calls of ``cls`` are treated."""
        if is_plain_enum(cls):
            in_order = self._in_order(cls)

            def member(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                return in_order(f, args, kwargs) if kwargs or len(args) != 1 else self.native(f, args)

            return member
        if lookup(type(cls), "__call__") is not type.__call__ or isinstance(cls, enum.EnumType):
            return self._in_order(cls)  # type: ignore[no-any-return]
        if lookup(cls, "__new__") is not lookup(object, "__new__"):
            if issubclass(cls, BaseException) and type(lookup(cls, "__new__")) is not staticmethod:
                return self._exception(cls)
            return self.record if is_record(cls) else self._in_order(cls)  # type: ignore[no-any-return]
        init = init_of(cls)
        if init is object.__init__:
            return lambda f, args, kwargs: self.born(f(*args, **kwargs))
        if type(init) is not types.FunctionType or self.twin_of(init) is None:
            return self._in_order(cls)  # type: ignore[no-any-return]
        return self._instance_of(init, _new)

    def _instance_of(self, init: types.FunctionType, new: Callable[..., Any]) -> Handler:
        gives = gives_value(init)

        def construct(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            unit = self.cur
            if not unit.log and unit.head and self.guards and unit is not self.ghost and self.is_leaf(init):
                return self.fence(f, args, kwargs, what=f.__name__)
            twin = self.twin_of(init)
            if unit is self.ghost or twin is None:
                return self.fence(f, args, kwargs, what=f.__name__)
            instance = self.born(new(f, args, kwargs))
            result = self.run_twin(twin, init, init, (instance, *args), (instance, *args), kwargs)
            if type(result) is Pending:  # of a unit that stalls; it will be None if there is nothing else to return
                result = self.force(result) if gives else None
            if result is not None:
                raise TypeError(f"__init__() should return None, not '{type(result).__name__}'")
            return instance

        return construct

    def _exception(self, cls: type) -> Handler:
        init = lookup(cls, "__init__")
        if type(init) is not types.FunctionType:
            return lambda f, args, kwargs: self.native(f, tuple([self.force(a) for a in args]), kwargs or None)
        if self.twin_of(init) is None:
            return self._in_order(cls)  # type: ignore[no-any-return]
        construct = self._instance_of(init, lambda f, args, kwargs: f.__new__(f, *args, **kwargs))

        def known(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return construct(f, tuple([self.force(a) for a in args]), {k: self.force(v) for k, v in kwargs.items()})

        return known

    def record(self, cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A named tuple: it keeps its arguments and does nothing else."""
        made = cls(*[settled(a) for a in args], **{k: settled(v) for k, v in kwargs.items()})
        for item in made:
            if type(item) is Pending:
                return structured(tuple(made), cls, self)  # type: ignore[arg-type]
        return made

    def n_object_setattr(self, target: Any, name: Any, value: Any) -> None:
        """``object.__setattr__(target, name, value)``."""
        target, name = self.force(target), self.force(name)
        if type(name) is str and slot_is_plain(type(target), name):
            return self.store_attribute(target, name, value)  # type: ignore[no-any-return]
        return self.fence(object.__setattr__, (target, name, value), {}, what="object.__setattr__")  # type: ignore[no-any-return]


def never_is(value: Any, other: Any) -> bool:
    """Can ``value``, which may be pending, not be ``other``?

    ``other`` is the mark for "make one" in the signature of a dataclass: nobody hands it out, so no call returns it.
    """
    return type(value) is Pending and type(other) is _MARKER


__all__ = ["_MISSING", "Constructors", "is_plain_enum", "is_record", "never_is"]
