"""``f(*xs)``, ``f(**named)``, ``[*xs]``: arguments and items that come out of a container.

CPython names the callee where such an argument does not fit (``f() argument after ** must be a mapping``), so a call with one is
an operation that knows its callee; else CPython would name the operation. A lone ``*xs`` is looked at last, after the keywords'
values; in front of other arguments, and in a display, it is spread at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import BuiltinMethodType
from typing import TYPE_CHECKING, Any

from .atoms import _MISSING, MAPPINGS, has_python, lookup
from .pending import BoundRef, Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


class Spreading(Base):
    """Part of the :class:`Machine`."""

    def spread(self, value: Any) -> Iterator[Any]:
        """``*value`` in a list or a tuple, or beside other arguments."""
        return self._all_of(self._iterable(value))

    def spread_in_set(self, value: Any) -> Iterator[Any]:
        """``*value`` in a set display."""
        return self.iterate(self._iterable(value))  # type: ignore[no-any-return]

    def _iterable(self, value: Any) -> Any:
        value = self.force_shape(value)
        if not is_iterable(value):
            raise TypeError(f"Value after * must be an iterable, not {type(value).__name__}")
        return value

    def _spread_last(self, fn: Any, value: Any) -> Iterator[Any]:
        value = self.force_shape(value)
        if not is_iterable(value):
            raise TypeError(f"{name_in_errors(fn)} argument after * must be an iterable, not {type(value).__name__}")
        return self._all_of(value)

    def _all_of(self, value: Any) -> Iterator[Any]:
        """An iterator over all of ``value``. One that says how long it will be is asked for that, too, as `list` does."""
        if type(value) is not Pending and has_python(type(value), "__len__", "__length_hint__"):
            value = self.fence(list, (value,), {}, what="list")
        return self.iterate(value)  # type: ignore[no-any-return]

    def call_star(self, fn: Any, values: Any, /, **kwargs: Any) -> Any:
        """``fn(*values, **kwargs)``: with nothing but one starred argument, Python spreads it last."""
        return self.call(fn, *self._spread_last(fn, values), **kwargs)

    def meth_star(self, target: Any, name: str, values: Any, /, **kwargs: Any) -> Any:
        if type(values) is Pending or not is_iterable(values):
            values = self._spread_last(self.method_of(target, name), values)
            return self.meth(target, name, *values, **kwargs)
        return self.meth(target, name, *self.iterate(values), **kwargs)

    def with_keywords(self, operation: Callable[..., Any], *parts: Any) -> Any:
        """``operation(*parts)`` with keywords, which come last as a list of ``(name, value)``; the name of ``**value`` is None."""
        *arguments, pairs = parts
        fn = arguments[0]
        if operation in (self.meth, self.meth_star):
            fn = self.method_of(fn, arguments[1])
        named: dict[Any, Any] = {}
        for name, value in pairs:
            if name is not None:
                if name in named:
                    raise TypeError(f"{name_in_errors(fn)} got multiple values for keyword argument '{name}'")
                named[name] = value
            else:
                self._merge(fn, named, value)
        if not all(isinstance(name, str) for name in named) and type(settled(fn)) is BuiltinMethodType:
            return self._with_any_keywords(operation, fn, arguments, named)
        return operation(*arguments, **named)

    def _with_any_keywords(self, operation: Callable[..., Any], fn: Any, arguments: list[Any], named: dict[Any, Any]) -> Any:
        """A method of C code, which may take names that are no texts (``"{a}".format(**{"a": 1, 2: 3})``), as no function of Python does."""
        rest = arguments[2:] if operation in (self.meth, self.meth_star) else arguments[1:]
        if operation in (self.meth_star, self.call_star):
            rest = [*self._spread_last(fn, rest[0])]
        return self.fence(settled(fn), tuple(rest), named)

    def _merge(self, fn: Any, named: dict[Any, Any], value: Any) -> None:
        value = self.force(value)
        if type(value) in MAPPINGS:
            view = self.view(value)
            keys: Any = view
        else:
            self.drain("unknown", "**")
            view, keys = value, None
            try:
                keys = value.keys()
            except AttributeError:
                pass
            if keys is None:
                raise TypeError(f"{name_in_errors(fn)} argument after ** must be a mapping, not {type(value).__name__}")
        for key in keys:
            if key in named:
                raise TypeError(f"{name_in_errors(fn)} got multiple values for keyword argument '{key}'")
            named[key] = settled(view[key])

    def method_of(self, target: Any, name: str) -> Any:
        """What ``target.name`` is, for an error to name."""
        return target.fn if type(target) is BoundRef else getattr(self.force(target), name)


def is_iterable(value: Any) -> bool:
    """Does Python try to iterate over such a value?"""
    kind = type(value)
    return kind is Pending or lookup(kind, "__iter__") is not _MISSING or lookup(kind, "__getitem__") is not _MISSING


def name_in_errors(fn: Any) -> str:
    """What CPython calls a callee in an error.

    >>> name_in_errors(len), name_in_errors(name_in_errors)
    ('len()', 'poppy_ipython.engine.spreading.name_in_errors()')
    """
    fn = settled(fn)
    name = getattr(fn, "__qualname__", None)
    if name is None:
        return str(fn)
    module = getattr(fn, "__module__", None)
    return f"{name}()" if module in (None, "builtins") else f"{module}.{name}()"


__all__ = ["Spreading", "is_iterable", "name_in_errors"]
