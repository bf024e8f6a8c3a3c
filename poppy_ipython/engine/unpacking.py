"""Unpacking, also of what is not there yet.

``a, b = judge(x)`` needs neither ``a`` nor ``b`` now. So each target gets a pending of its own, and what unpacking does beside
taking items -- counting them, complaining -- is one deferred operation at its place in the program::

    a, b = ask(q)      log: ask ─▶ unpack(2)         a, b: pendings, resolved when unpack has run
                             │       └ ValueError: faults here, with the traceback of the statement
    out.append(a)            ▼         (bindings and stores behind it are dropped, as after any fault)

Why this is what a plain run does: items are taken as a read at that position (under the ghost), so from the container as it
was there, whatever is stored into it behind; the failure is an entry older than the bindings, so no handler sees them.
What may run code of the user's when it is iterated over is waited for (see :mod:`~poppy_ipython.engine.origins`).

A tuple whose elements are pending is unpacked at once.
"""

from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING, Any

from .atoms import _MISSING, ATOMS, CONTAINERS, SEQUENCES, lookup
from .pending import Pending, resolve, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


class Unpacking(Base):
    """Part of the :class:`Machine`."""

    def unpack(self, value: Any, count: int, after: int = -1) -> Any:
        """The items for a target list of ``count`` names (``after`` of them behind a starred one, or -1)."""
        if type(value) is Pending and self.deferrable(value, True):
            return self._unpack_late(value, count, after)
        value = self.force_shape(value)
        if type(value) is Pending:
            items = [settled(x) for x in value.elements or ()]
        elif type(value) is tuple and after < 0 and len(value) == count:
            return value
        else:
            kind = type(value)
            if kind not in CONTAINERS and kind not in SEQUENCES and lookup(kind, "__iter__") is _MISSING and lookup(kind, "__getitem__") is _MISSING:
                try:
                    (_,) = value
                except TypeError as error:
                    raise error.with_traceback(None)
            if after >= 0 and _gives_own_iterator(kind):
                return self.fence(_starred, (value, count - 1 - after, after), {}, what=f"unpacks a {kind.__name__}")
            items = []
            for item in self.iterate(value):
                items.append(item)
                if after < 0 and len(items) > count:
                    raise ValueError(f"too many values to unpack (expected {count})")
        if after < 0:
            if len(items) > count:
                raise ValueError(f"too many values to unpack (expected {count})")
            if len(items) < count:
                raise ValueError(f"not enough values to unpack (expected {count}, got {len(items)})")
            return items
        if len(items) < count - 1:
            raise ValueError(f"not enough values to unpack (expected at least {count - 1}, got {len(items)})")
        before = count - 1 - after
        stop = len(items) - after
        return [*items[:before], self.new_list(items[before:stop]), *items[stop:]]

    def _unpack_late(self, value: Pending, count: int, after: int) -> list[Pending]:
        """A pending for each target; they resolve when the deferred unpacking has run."""
        items = self.parts(self.defer(self.unpack, (value, count, after)), count, value.position)
        plain = value.plain_items
        if plain is not None and after < 0 and len(plain) == count:
            for item, known in zip(items, plain, strict=True):
                item.data = known
        return items

    def parts(self, whole: Pending, count: int, born: tuple[int, ...] | None) -> list[Pending]:
        """A pending for each item of the sequence that a deferred operation makes; ``born``: where what it is made of was."""
        unit = self.cur
        items = [Pending() for _ in range(count)]
        for item in items:
            item.position = born

        def arrived() -> None:
            for item, found in zip(items, whole.value, strict=True):
                if born is not None and type(found) not in ATOMS and type(found) is not Pending:
                    self.birth[id(found)] = (found, unit, born)
                resolve(item, found)

        whole.when_done(arrived)
        return items


def _gives_own_iterator(kind: type) -> bool:
    """Is what iterating over a ``kind`` gives perhaps an iterator of the user's? A starred target asks that for an iterator once more."""
    found = lookup(kind, "__iter__")
    return type(found) is types.FunctionType and not found.__code__.co_flags & inspect.CO_GENERATOR


def _starred(value: Any, before: int, after: int) -> list[Any]:
    """What Python does for a target list with a starred name."""
    iterator = iter(value)
    items: list[Any] = []
    while len(items) < before and (item := next(iterator, _MISSING)) is not _MISSING:
        items.append(item)
    if len(items) == before:
        items += list(iterator)
    if len(items) < before + after:
        raise ValueError(f"not enough values to unpack (expected at least {before + after}, got {len(items)})")
    stop = len(items) - after
    return [*items[:before], items[before:stop], *items[stop:]]
