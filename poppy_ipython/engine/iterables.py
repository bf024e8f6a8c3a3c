"""Iterators that need not wait for the head: those of declared functions, and progress bars around anything.

An advance of an unknown iterator is a fence, because it may do anything. Two kinds are known better.

*Tame* iterators come from a function that is declared pure with an ``iterator`` for a result (``re.finditer``,
``DataFrame.itertuples``, ``itertools.product``): advancing one changes the iterator only, and this run has seen it being
made. It reads objects that only native code can change, so it waits for older units that may run any (TOP), and for
nothing else. It is told by identity: a ``map`` or a generator is tame or not by who made it.

A *progress bar* (``tqdm``) is looked through, as ``enumerate`` is: the loop goes over what the bar was given, and ``update``
and ``close`` of the real bar are queued for the head, where they draw what a plain run draws, after as many items.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..effects.registry import effect_of
from .memory import MEMORY
from .pending import Pending
from .walks import Walk

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_SKIP: Any = object()


def is_progress_bar(value: Any) -> bool:
    """Whether ``value`` is a bar of tqdm's own classes around an iterable."""
    module = sys.modules.get("tqdm.std")
    kind = type(value)
    if module is None or not issubclass(type(value), module.tqdm) or kind.__module__.partition(".")[0] != "tqdm":
        return False
    effect = effect_of(kind.update)
    return value.iterable is not None and effect is not None and effect.name == "sequential"


class Iterables(Base):
    """Part of the :class:`Machine`."""

    def _init_iterables(self) -> None:
        #: id -> iterator that a declared function has made in this run (kept, so that the number stays its own)
        self.tame: dict[int, Any] = {}
        #: where those of them stand that a loop has made over a frame or column (``walks``)
        self.walks: dict[int, Walk | None] = {}

    def is_looked_through(self, value: Any) -> bool:
        """Does ``iterate`` know better than to wait for the head at each item?"""
        if self.is_stream(value) or self.tame.get(id(value), self) is value or is_progress_bar(value):
            return True
        return type(value) is not Pending and self.special(type(value), "__iter__") is not None

    def advance_tame(self, iterator: Any, labels: bool = False, walk: Walk | None = None) -> Iterator[Any]:
        """``labels``: it gives those of an index, which never change."""
        copies: Any = None
        first = True
        walk = self.walks.pop(id(iterator), walk)
        while True:
            while self.may:
                unit = self.cur
                writer = self.older_writer((), (*unit.path, unit.n + 1), None)
                if writer is None:
                    break
                self.wait_for_writer(writer)
            if MEMORY in self.writes and not labels and (copies is None or not self.stores_only_to(copies)):
                if walk is None or not walk.goes_on(self):
                    self.drain("commit", "an array")
            if walk is not None:
                walk.position += 1
            if first:
                first, copies = False, self.copies_of(iterator)
                if copies is None and not self.groups_plainly(iterator):
                    self.drain("unknown", "groupby")
            item = self.natively(next, (iterator, _SKIP), {})
            if item is _SKIP:
                self.tame.pop(id(iterator), None)
                return
            if copies is not None:
                self.isolate(item[1], copies)
            yield item

    def with_progress(self, bar: Any) -> Iterator[Any]:
        unit = self.cur
        try:
            for item in self.iterate(bar.iterable):
                yield item
                self.at_head(bar.update, (1,), {})
        except GeneratorExit:
            if self.cur is unit and not unit.killed:  # `break`
                self.at_head(bar.close, (), {})
            raise
        self.at_head(bar.close, (), {})
