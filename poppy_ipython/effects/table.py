"""The side table: what is known about a callable, kept beside it and never on it.

A user's function stays the user's function: pickled, compared, inspected and shown as before, with no attribute of ours
(an attribute would be copied by `functools.wraps` onto wrappers that have other effects). So the knowledge lies here,
keyed by *identity*. `weakref.WeakKeyDictionary` was decided against: it builds a weak reference per look-up (three
times the cost) and compares keys with `==`, which callables of user classes may redefine. Here the key is `id(callee)`,
and a weak reference kept beside it removes the row before the number can be used again. Objects that cannot be weakly
referenced (C method descriptors) belong to classes that live as long as the process; they are kept alive instead, which
is just as safe. So are builtin functions of modules and classes: those of `bytes` go when the interpreter has no types left,
and a weak reference that calls back then ends the process with a segmentation fault.

`underlying` decides *which* object is looked up: a bound method is an accident of an attribute access, its function is
what was declared.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, MethodWrapperType, ModuleType
from typing import Any

__all__ = ["MISSING", "BuiltinMethodType", "Table", "class_attribute", "display_name", "own_name", "quietly", "underlying"]

BuiltinMethodType = type(re.compile("").sub)
"""C methods that are told their class (`METH_METHOD`); elsewhere they are of BuiltinFunctionType itself."""

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()


class Table:
    """Values by identity of their key, forgotten with it.

    >>> def f(): ...
    >>> table = Table()
    >>> table.put(f, "known")
    >>> table.rows.get(id(f))
    'known'
    >>> del f
    >>> table.rows
    {}

    `rows` is public for look-ups in hot paths; only `put` may write.
    """

    __slots__ = ("_keepers", "rows")

    def __init__(self) -> None:
        self.rows: dict[int, Any] = {}
        self._keepers: dict[int, Any] = {}

    def put(self, key: object, value: Any, keep: bool = True) -> None:
        """Write a row. What cannot be weakly referenced is kept alive, or passed over if not `keep`."""
        number = id(key)
        if number not in self._keepers:
            try:
                self._keepers[number] = key if _lasts(key) else weakref.ref(key, _Forget(self, number))
            except TypeError:
                if not keep:
                    return
                self._keepers[number] = key
        self.rows[number] = value

    def get(self, key: object, default: Any = MISSING) -> Any:
        return self.rows.get(id(key), default)

    def __contains__(self, key: object) -> bool:
        return id(key) in self.rows

    def clear(self) -> None:
        self.rows.clear()
        self._keepers.clear()

    def forget(self, number: int) -> None:
        self.rows.pop(number, None)
        self._keepers.pop(number, None)


class _Forget:
    """The callback of one weak reference (a closure would keep more alive)."""

    __slots__ = ("number", "table")

    def __init__(self, table: Table, number: int) -> None:
        self.table, self.number = table, number

    def __call__(self, _: object) -> None:
        self.table.forget(self.number)


def _lasts(key: object) -> bool:
    """Does `key` live as long as the process: is it a builtin function that is not bound to some object?"""
    if type(key) is not BuiltinFunctionType and type(key) is not BuiltinMethodType:
        return False
    receiver = getattr(key, "__self__", None)
    return receiver is None or issubclass(type(receiver), (type, ModuleType))


def class_attribute(kind: type, name: str) -> tuple[type | None, Any]:
    """The class that defines `name`, and what it defines: the raw object, no descriptor is called.

    >>> class_attribute(bool, "bit_length")
    (<class 'int'>, <method 'bit_length' of 'int' objects>)
    """
    for owner in kind.__mro__:
        found = owner.__dict__.get(name, MISSING)
        if found is not MISSING:
            return owner, found
    return None, MISSING


def underlying(callee: Any) -> Any:
    """The object that outlives the access: the function of a bound method, the descriptor of a builtin method.

    >>> underlying("a".upper) is str.__dict__["upper"]
    True
    >>> class Loud(list):
    ...     def append(self, item): super().append(item)
    >>> underlying(super(Loud, Loud()).append) is list.__dict__["append"]
    True
    >>> class A:
    ...     @classmethod
    ...     def make(cls): ...
    >>> underlying(A.make) is A.__dict__["make"].__func__
    True
    """
    kind = type(callee)
    if kind is MethodType or kind is staticmethod or kind is classmethod:
        return callee.__func__
    if kind is BuiltinFunctionType or kind is BuiltinMethodType or kind is MethodWrapperType:
        receiver = callee.__self__
        if receiver is None or issubclass(type(receiver), ModuleType):
            return callee
        owner = receiver if issubclass(type(receiver), type) else type(receiver)
        _, found = class_attribute(owner, callee.__name__)
        if type(found) is FunctionType:  # a class of the user's has its own: what is called is that of a base, by `super()`
            above = [vars(base).get(callee.__name__, MISSING) for base in owner.__mro__]
            found = next((one for one in above if one is not MISSING and type(one) is not FunctionType), MISSING)
        if found is MISSING:
            return callee
        return found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
    return callee


def quietly(callee: Any, name: str) -> Any:
    """`callee.name`, or None. A `__getattr__` of its class, which may do anything, is not asked."""
    try:
        return (type if issubclass(type(callee), type) else object).__getattribute__(callee, name)
    except AttributeError:
        return None


def own_name(callee: Any) -> str:
    """What it is called, without its module."""
    return quietly(callee, "__qualname__") or quietly(callee, "__name__") or type(callee).__qualname__


def display_name(callee: Callable[..., Any]) -> str:
    """How messages and limits call it: module and qualified name where it has them.

    >>> display_name(str.upper)
    'str.upper'
    """
    name = own_name(callee)
    module = quietly(callee, "__module__")
    return name if module in (None, "builtins", "__main__") else f"{module}.{name}"
