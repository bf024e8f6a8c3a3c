"""What the engine knows of a value's type: atoms, exact containers, plain attributes.

*Atoms* are immutable and hold no reference to anything that could change: operations on them need neither the store
buffer nor the footprints.  *Exact containers* (``list``, ``dict``, ``set`` themselves, not subclasses) are the only objects
with element chains.  Everything else is opaque unless it is an instance of a plain Python class.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import re
import types
import uuid
from typing import Any

from .pending import UNBOUND, Pending

ATOMS: frozenset[type] = frozenset(
    {
        int, float, str, bool, type(None), bytes, complex, range, type(Ellipsis), type(NotImplemented), type,
        types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.MethodDescriptorType,
        types.WrapperDescriptorType, types.CodeType, re.Pattern, datetime.datetime, datetime.date, datetime.time,
        datetime.timedelta, fractions.Fraction, pathlib.PosixPath, pathlib.PurePosixPath, pathlib.WindowsPath,
        uuid.UUID, type(UNBOUND),
    }
)  # fmt: skip
#: atoms that have attributes of the user's, which somebody older may still write
WRITABLE: frozenset[type] = frozenset({type, types.FunctionType, types.ModuleType})
#: operands that a segment may look into whatever is outstanding
OPERANDS: frozenset[type] = ATOMS - WRITABLE
#: atoms whose operators run no code that could look at the world (decimal reads its context; enum may have methods)
CONTAINERS: frozenset[type] = frozenset({list, dict, set})
#: classes of the standard library that follow the same rules (``deques``, ``tallies``, ``defaults``), themselves and not subclasses
COLLECTED: frozenset[type] = frozenset({collections.deque, collections.defaultdict, collections.Counter})
CHAINED: frozenset[type] = CONTAINERS | COLLECTED
MAPPINGS: frozenset[type] = frozenset({dict, collections.defaultdict, collections.Counter})
#: slots of an older container of that class that is not known to be the one (see ``maywrites``): a deque has the methods of a list,
#: the others those of a dict; that of its own class is for what only that class does (``d[k]`` where it is read, operators in
#: place), and where the class is all that is known
ELSEWHERE: dict[type, tuple[tuple[str, type], ...]] = {
    **{kind: (("*k", kind),) for kind in CONTAINERS},
    collections.deque: (("*k", list), ("*k", collections.deque)),
    collections.defaultdict: (("*k", dict), ("*k", collections.defaultdict)),
    collections.Counter: (("*k", dict), ("*k", collections.Counter)),
}
SEQUENCES: frozenset[type] = frozenset({str, tuple, bytes, range})
#: what can be gone through here without running code of the user's (a pending one is a tuple whose shape is known)
ITERABLE: frozenset[type] = frozenset({Pending, frozenset}) | CHAINED | SEQUENCES
#: classes that make something new and empty, as factories of a defaultdict
EMPTY: frozenset[Any] = frozenset({list, dict, set, int, float, str, bool, tuple, bytes, frozenset, collections.Counter, collections.deque})
BUILTIN_VALUES: frozenset[type] = ATOMS | CONTAINERS | {tuple, frozenset, slice, bytearray}

_MISSING: Any = object()
_FUNCTION_LIKE = (
    types.FunctionType, types.BuiltinFunctionType, classmethod, staticmethod, types.MethodDescriptorType,
    types.ClassMethodDescriptorType, types.WrapperDescriptorType,
)  # fmt: skip
_FIELDS = (types.MemberDescriptorType, types.GetSetDescriptorType, type(vars(collections.namedtuple("_P", "x"))["x"]))


def is_atom(value: Any) -> bool:
    """True if ``value`` cannot change and reaches nothing that can."""
    kind = type(value)
    return kind in ATOMS or issubclass(type(value), (enum.Enum, decimal.Decimal)) or type(kind) is not type and kind in ATOMS


def hashes_plainly(key: Any) -> bool:
    """True if hashing ``key``, and comparing it with another key, runs no code of the user's."""
    kind = type(key)
    if kind in ATOMS:
        return True
    if kind is tuple or kind is frozenset:
        return all(map(hashes_plainly, key))
    if issubclass(kind, enum.Enum):
        return lookup(kind, "__hash__") in _ENUM_HASHES and not has_python(kind, "__eq__")
    return not has_python(kind, "__hash__", "__eq__")


_HOLDERS = (
    collections.OrderedDict, collections.ChainMap, collections.UserDict, collections.UserList, types.SimpleNamespace, types.MappingProxyType,
)  # fmt: skip


def holds_others(kind: type) -> bool:
    """Do objects of ``kind``, a class of some library, hold others, which they compare or write down when they are?

    >>> import collections
    >>> holds_others(collections.OrderedDict), holds_others(str)
    (True, False)
    """
    return kind in COLLECTED or issubclass(kind, _HOLDERS) or kind.__module__.partition(".")[0] in ("pandas", "numpy")


def lookup(kind: type, name: str) -> Any:
    """``name`` in the MRO of ``kind`` without running descriptors; ``_MISSING`` if absent."""
    for base in kind.__mro__:
        found = base.__dict__.get(name, _MISSING)
        if found is not _MISSING:
            return found
    return _MISSING


#: types of what classes in C have for methods, or a class has for none
NATIVE_METHODS = frozenset({
    types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType, types.BuiltinFunctionType, types.GetSetDescriptorType,
    types.MemberDescriptorType, types.NoneType, type(_MISSING),
})  # fmt: skip
_ENUM_HASHES = (vars(enum.Enum)["__hash__"], int.__hash__, str.__hash__)


def reads_plainly(kind: type, name: str, instance: Any) -> bool:
    """True if ``instance.name`` runs no Python code: a value of the instance, its class, a slot or a plain method."""
    if kind is types.ModuleType:
        return True
    if kind is super:
        return _plain_super_attribute(instance, name)
    if issubclass(type(instance), type):
        return lookup(kind, "__getattribute__") is type.__getattribute__ and _plain_class_attribute(instance, kind, name)
    if issubclass(type(instance), enum.Enum) and name in ("name", "value", "_name_", "_value_"):
        return lookup(kind, name) is lookup(enum.Enum, name)
    getter = lookup(kind, "__getattribute__")
    if getter not in _GENERIC:
        return False
    found = lookup(kind, name)
    if found is _MISSING:
        own = getattr(instance, "__dict__", None)
        return (own is not None and name in own) or lookup(kind, "__getattr__") is _MISSING
    if issubclass(type(found), (property, functools.cached_property)):
        return issubclass(type(found), functools.cached_property) and name in getattr(instance, "__dict__", ())
    return issubclass(type(found), _FIELDS) or _gives_plainly(found)


def _gives_plainly(found: Any) -> bool:
    """Does ``found``, in a class, give a method or itself, without anybody's code? (Not by ``hasattr``, which would ask a metaclass.)"""
    kind = type(found)
    getter = lookup(kind, "__get__")
    if getter is _MISSING:
        return True
    if not issubclass(kind, _FUNCTION_LIKE) or type(getter) is not types.WrapperDescriptorType:
        return False
    return not issubclass(kind, classmethod) or _gives_plainly(found.__func__)


#: ``__getattribute__`` of C types that look attributes up as ``object`` does
_GENERIC = {
    kind.__getattribute__
    for kind in (
        object, BaseException, types.SimpleNamespace, types.FunctionType, dict, list, set, tuple, str, int, float,
        collections.deque, collections.defaultdict,
    )
}


def _plain_class_attribute(cls: type, kind: type, name: str) -> bool:
    """``cls.name``, ``kind`` being its metaclass, which looks attributes up as ``type`` does."""
    if issubclass(type(cls), enum.EnumType) and name in cls._member_map_:  # type: ignore[attr-defined]
        return lookup(kind, name) is _MISSING
    found = lookup(cls, name)
    if kind is not type:
        above = lookup(kind, name)
        if above is not _MISSING and lookup(type(above), "__set__") is not _MISSING or found is _MISSING:
            return False
    return found is _MISSING or _gives_plainly(found)


def _plain_super_attribute(found_by: Any, name: str) -> bool:
    """``super().name``: a function, or something like it, of a class further on."""
    mro = found_by.__self_class__.__mro__
    for base in mro[mro.index(found_by.__thisclass__) + 1 :]:
        found = base.__dict__.get(name, _MISSING)
        if found is not _MISSING:
            return issubclass(type(found), _FUNCTION_LIKE) and _gives_plainly(found)
    return False


def stores_plainly(kind: type, name: str) -> bool:
    """True if ``instance.name = v`` only writes the instance dict or a slot."""
    return kind.__setattr__ in _GENERIC_STORES and lookup(kind, "__getattribute__") in _GENERIC and slot_is_plain(kind, name)


_GENERIC_STORES: tuple[Any, ...] = (object.__setattr__, BaseException.__setattr__)


def slot_is_plain(kind: type, name: str) -> bool:
    """True if ``object.__setattr__(instance, name, v)`` only writes the instance dict or a slot."""
    if issubclass(kind, type):
        return False
    found = lookup(kind, name)
    if found is _MISSING:
        return kind.__dictoffset__ != 0
    if issubclass(type(found), types.MemberDescriptorType):  # those of C types may refuse it
        return "__slots__" in found.__objclass__.__dict__
    return kind.__dictoffset__ != 0 and lookup(type(found), "__set__") is _MISSING


def acts_as_index(key: Any) -> bool:
    """May code of the user's run when a list, tuple or text is asked for ``key``: ``__index__`` of it, or of a bound of a slice?"""
    kind = type(key)
    if kind in ATOMS:
        return False
    if kind is slice:
        return acts_as_index(key.start) or acts_as_index(key.stop) or acts_as_index(key.step)
    found = lookup(kind, "__index__")
    return found is not _MISSING and type(found) is not types.WrapperDescriptorType


def defines(kind: type, *names: str) -> bool:
    """True if ``kind`` has one of the special methods ``names``."""
    return any(lookup(kind, name) is not _MISSING for name in names)


def has_python(kind: type, *names: str) -> bool:
    """True if ``kind`` defines one of the special methods ``names`` in Python code (as a function, or as anything else that is called)."""
    return any(type(lookup(kind, name)) not in NATIVE_METHODS for name in names)
