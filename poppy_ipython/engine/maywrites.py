"""May-writes: what a stalled unit's continuation may still write, and the reads that must wait for it.

When a unit stalls, its parent issues past it.  Whatever the unit may yet write is published as *slots*; a younger read
of such a slot waits until the unit has moved on (it then publishes anew, or has written and is found in the store
buffer).  Reads need no publishing: an older reader goes through the store buffer and sees older versions.

Slots: ``("n", id(namespace), name)`` a global name · ``("a", id(object), attribute)`` · ``("e", id(container))`` its
elements · ``("*a", attribute)`` that attribute of any older object · ``("*k", kind)`` the elements of any older container of that kind ·
``("r", resource)`` · ``TOP`` anything at all (something undeclared is reachable).

An object born after the unit had stalled cannot be written by it under a wildcard: its birth position tells.  A slot that
a younger store overwrites entirely (a name, an attribute) hides older may-writes of it.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .footprint import footprint
from .pending import NotReady
from .unit import Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

TOP = "top"
_position = itemgetter(0)


class MayWrites(Base):
    """Part of the :class:`Machine`: owns ``may`` (slot -> writers by position) and ``birth``."""

    def _init_may_writes(self) -> None:
        self.may: dict[Any, list[tuple[tuple[int, ...], int, Unit]]] = {}
        #: id -> (object, unit, position): containers and instances that we saw being born
        self.birth: dict[int, tuple[Any, Unit, tuple[int, ...]]] = {}

    def publish(self, unit: Unit) -> None:
        """Publish the footprint of a unit that is about to stall."""
        if unit.published is not None:
            self.unpublish(unit)
        slots = footprint(self, unit)
        key = (*unit.path, unit.n + 1)
        item = (key, id(unit), unit)
        may = self.may
        for slot in slots:
            writers = may.get(slot)
            if writers is None:
                may[slot] = [item]
            elif writers[-1][0] < key:
                writers.append(item)
            else:
                writers.insert(bisect_left(writers, key, key=_position), item)
        unit.published = (item, slots)

    def unpublish(self, unit: Unit) -> None:
        published = unit.published
        if published is None:
            return
        unit.published = None
        item, slots = published
        may = self.may
        for slot in slots:
            writers = may[slot]
            if len(writers) == 1:
                del may[slot]
            else:
                i = bisect_left(writers, item[0], key=_position)
                while writers[i] is not item:
                    i += 1
                del writers[i]

    def wake_readers(self, unit: Unit) -> None:
        callbacks = unit.callbacks
        if callbacks is not None:
            unit.callbacks = None
            for callback in callbacks:
                callback()

    def older_writer(
        self, slots: tuple[Any, ...], here: tuple[int, ...], born: tuple[int, ...] | None, newer: Any = None
    ) -> Unit | None:
        """A unit older than ``here`` that may still write one of ``slots`` (or anything), else None."""
        may = self.may
        for slot in (*slots, TOP):
            writers = may.get(slot)
            if writers is None or writers[0][0] >= here:
                continue
            key, _, unit = writers[bisect_left(writers, here, key=_position) - 1]
            if newer is not None and key <= newer:
                continue
            if born is not None and key <= born and (slot.__class__ is str or slot[0] in ("*a", "*k")):
                continue
            return unit
        return None

    def await_writers(self, target: Any, slots: tuple[Any, ...], newer: Any = None) -> None:
        """Stall until no older unit may still write ``slots`` of ``target`` (call only if ``may`` is not empty)."""
        while self.may:
            unit = self.cur
            here = (*unit.path, unit.n + 1)
            born = self.birth_of(target)
            writer = self.older_writer(slots, here, born, newer)
            if writer is None:
                return
            self.wait_for_writer(writer)

    def wait_for_writer(self, writer: Unit) -> None:
        """Stall until ``writer`` has moved on."""
        if self.cur is self.ghost:
            raise NotReady(writer=writer)
        if writer.callbacks is None:
            writer.callbacks = []
        writer.callbacks.append(self.resumer())
        reason, _, detail = writer.reason
        self.stall(reason, detail)

    def birth_of(self, target: Any) -> tuple[int, ...] | None:
        if target is None:
            return None
        found = self.birth.get(id(target))
        return found[2] if found is not None and found[0] is target else None

    def born(self, target: Any) -> Any:
        """Note that ``target`` came to life here (only needed while something is outstanding)."""
        unit = self.cur
        if unit.log or not unit.head:
            self.birth[id(target)] = (target, unit, (*unit.path, unit.n))
        return target
