"""``functools.reduce`` with a function that asks: a loop like any other.

Python calls the function on what it has so far and the next item, one after the other. Here the calls are issued in that order; what one
gives may be on its way when the next is issued, as in ``total = f(total, x)``. Only what a ``for`` would go over by itself is gone over
so: exact builtin containers, also those that are not there yet. Everything else, and a function that calls nothing external (which may be
fast over many items), is Python's own business.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .atoms import ITERABLE

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_NOTHING: Any = object()


class Folding(Base):
    """Part of the :class:`Machine`."""

    def n_reduce(self, function: Any, iterable: Any, initial: Any = _NOTHING, /) -> Any:
        start = () if initial is _NOTHING else (initial,)
        function = self.force(function)
        whole = self.cur is self.ghost or self.native_will_do(map, (function, iterable, *start))
        source = iterable if whole else self.force_shape(iterable)
        if whole or type(source) not in ITERABLE:
            return self.fence(functools.reduce, (function, source, *start), {}, what="reduce")
        result = initial
        for item in self.iterate(source):
            result = item if result is _NOTHING else self.call(function, result, item)
        if result is _NOTHING:
            return self.fence(functools.reduce, (function, ()), {}, what="reduce")
        return result


__all__ = ["Folding"]
