"""``str``, ``repr`` and f-strings of instances whose ``__str__`` or ``__repr__`` is the user's.

Python calls the method on the class; so do we, as the compiled function that it is: a unit, which waits by itself for
attributes that are pending and may call, branch and store like any other (its stores are in the footprint of whoever may
get here, see ``reach.callees``). What it returns must be a string, else the builtin complains as in a plain run.

The text of an exception that has none of its own is that of its arguments: a handler need not wait for the head to look at it.

A value that is not known yet is a matter of ``natives``: deferred, unless its class might have a ``__str__`` that writes.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..effects.registry import effect_of
from .atoms import ATOMS, BUILTIN_VALUES, lookup
from .pending import Pending, settled
from .reach.stores import is_odd

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_TEXTS_OF_ERRORS = (BaseException.__str__, KeyError.__str__)
#: a ``__format__`` that writes down ``str`` of it
_FORMATS_OF_TEXTS = (object.__format__, enum.Enum.__format__)
_CONVERSIONS: dict[int, Callable[[Any], str]] = {115: str, 114: repr, 97: ascii}


class Texts(Base):
    """Part of the :class:`Machine`."""

    def n_str(self, *args: Any, **kwargs: Any) -> Any:
        return self.text(str, args, kwargs)

    def n_repr(self, *args: Any, **kwargs: Any) -> Any:
        return self.text(repr, args, kwargs)

    def text(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``fn(*args, **kwargs)``, ``fn`` being ``str`` or ``repr``."""
        if len(args) == 1 and not kwargs:
            value = settled(args[0])
            if type(value) is not Pending and self.reads_scalars((value,)):
                return self.natively(fn, (value,), {})
            if type(value) is Pending and self.risky(value):
                value = self.force(value)
            if type(value) not in BUILTIN_VALUES and type(value) is not Pending and type(value) not in ATOMS:
                found = self._by_method(fn, value)
                if found is not NotImplemented:
                    return found
            if issubclass(type(value), BaseException) and self._says_its_arguments(value):
                return fn(value)
            args = (value,)
        return self.native(fn, args, kwargs or None, True, effect_of(fn))

    def _says_its_arguments(self, error: BaseException) -> bool:
        """Is the text of ``error`` that of its arguments, as they are known here, and are these plain data?"""
        kind = type(error)
        if lookup(kind, "__str__") not in _TEXTS_OF_ERRORS or lookup(kind, "__repr__") is not BaseException.__repr__:
            return False
        if (id(error), "args") in self.chains or not self.reads_plainly(kind, "args", error):
            return False
        args = self.ga(error, "args")
        return type(args) is tuple and all(type(item) in ATOMS for item in args)

    def _by_method(self, fn: Any, value: Any) -> Any:
        """The text that the user's own method gives; NotImplemented if there is none."""
        if self.quiescent() or self.cur is self.ghost:
            return NotImplemented
        kind = type(value)
        name = "__repr__" if fn is repr else "__str__"
        method = lookup(kind, name)
        if method is object.__str__:
            name = "__repr__"
            method = lookup(kind, name)
        if is_odd(kind, name, method):
            return self.fence(fn, (value,), {}, what=name)
        if type(method) is not types.FunctionType or self.twin_of(method) is None:
            return NotImplemented
        text = self.call_method(types.MethodType(method, value), (), {})
        if type(text) is str:
            return text
        checked = _checked_repr if fn is repr else _checked_str
        return self.native(checked, (text,), None, True) if type(text) is Pending else checked(text)

    def format(self, value: Any, conversion: int, spec: Any) -> Any:
        """``{value!conversion:spec}`` of an f-string."""
        if conversion == -1 and type(spec) is str and type(value) is not Pending and self.reads_scalars((value,)):
            return self.natively(format, (value, spec), {})
        if conversion == 97:
            value = self.native(ascii, (value,), None, True)
        elif conversion != -1:
            value = self.text(_CONVERSIONS[conversion], (value,), {})
        elif type(spec) is str and not spec:
            value = settled(value)
            if type(value) not in ATOMS and type(value) is not Pending and lookup(type(value), "__format__") in _FORMATS_OF_TEXTS:
                value = self.text(str, (value,), {})
        return self.native(format, (value, spec), None, True)


def _checked_str(text: Any) -> Any:
    if not isinstance(text, str):
        raise TypeError(f"__str__ returned non-string (type {type(text).__name__})")
    return text


def _checked_repr(text: Any) -> Any:
    if not isinstance(text, str):
        raise TypeError(f"__repr__ returned non-string (type {type(text).__name__})")
    return text
