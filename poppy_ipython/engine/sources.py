"""Comprehensions that fork, and views and maps of what is pending that a builtin reads at once.

``sorted(rec(q).items())`` needs no iterator before the dict is there: what the builtin is given is a pending tuple of the
items, read by a deferred operation at this place in the program. The same for ``sum(map(len, lines(q)))`` if the function is a
builtin without effects whose result is data: then it makes no difference that all of it is called before the first result is
added. ``any`` and ``all``, which may stop before the end, are not among the readers of such a ``map``.
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..compiler.scopes import CONSUMERS
from .atoms import ITERABLE, MAPPINGS
from .pending import Pending

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: the builtins behind the names of `scopes.CONSUMERS`, and what `join` may be: they read a generator at once
READERS: dict[str, Any] = {name: getattr(builtins, name) for name in CONSUMERS}
JOINS: frozenset[Any] = frozenset({str.join, bytes.join, bytearray.join})
#: they read everything that they are given, whatever it is
READ_ALL: frozenset[Any] = frozenset({sum, max, min, sorted, list, tuple, set})
_BUILTIN = (types.BuiltinFunctionType, type)
#: functions whose results are numbers and strings, and that do nothing else
_CALM: frozenset[Any] = frozenset({str, repr, int, float, len, bool, ord, chr, ascii, hex, bin, oct})
NUMBERS: frozenset[Any] = frozenset({int, float, len, bool, ord})


class Sources(Base):
    """Part of the :class:`Machine`."""

    def fork_over(self, fn: Callable[..., Any], count: int, *values: Any) -> Any:
        """A comprehension over the first ``count`` values: as a unit if one of them is pending."""
        unit = self.cur
        if not unit.handling and unit is not self.ghost:
            for value in values[:count]:
                if type(value) is Pending and not value.done and value.elements is None:
                    return self.run_unit(fn, values, {}, None, True)
        return fn(*values)

    def late_view(self, target: Any, name: str) -> Any:
        """The items of ``target.name()``, a view if it is a dict (deferred)."""
        if type(target) in MAPPINGS:
            return self.new_tuple(*self.iterate_method(target, name))
        return self.meth(target, name)

    def is_calm(self, fn: Any) -> bool:
        """Has a builtin no effects, and data for a result?"""
        if type(fn) is types.MethodDescriptorType:
            return fn.__objclass__ is str
        return type(fn) in _BUILTIN and fn in _CALM

    def late_map(self, fn: Any, source: Any) -> Any:
        """``fn`` of every item (deferred)."""
        if type(source) not in ITERABLE:
            return self.call(map, fn, source)
        return self.new_tuple(*[self.call(fn, item) for item in self.iterate(source)])
