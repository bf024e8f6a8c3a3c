"""May-writes: what a stalled unit's continuation may still write, and the reads that must wait for it.

When a unit stalls, its parent issues past it.  Whatever the unit may yet write is published as *slots*; a younger read
of such a slot waits until the unit has moved on (it then publishes anew, or has written and is found in the store
buffer).  Reads need no publishing: an older reader goes through the store buffer and sees older versions.

Slots: ``("n", id(namespace), name)`` a global name · ``("v", name)`` a captured variable of that name · ``("a", id(object),
attribute)`` · ``("e", id(container))`` its elements · ``("*a", attribute)`` that attribute of any older object · ``("*k", kind)`` the
elements of any older container of that kind · ``("r", resource)`` · ``TOP`` anything at all (something undeclared is reachable).

An object born after the unit had stalled cannot be written by it under a wildcard: its birth position tells.  A slot that
a younger store overwrites entirely (a name, an attribute) hides older may-writes of it.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from sys import getrefcount
from typing import TYPE_CHECKING, Any

from .footprint import footprint
from .pending import NotReady
from .reach.members import NO_SPECIAL
from .unit import Position, Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

TOP = "top"
#: births that are remembered, at most
MOST_BIRTHS = 8_000
#: and at how many more it is asked which of them are over
_FEW_BIRTHS = 1_000
Slots = tuple[Any, ...]


class Writers:
    """The units that may still write the same ``slots``, by position.

    A loop stalls at the same place again and again, with the same footprint: so units are kept by footprint, and publishing,
    like withdrawing, costs the same for many slots as for one. The oldest is mostly the first to go: it leaves a gap in
    front, and gaps are closed when they are more than half.
    """

    __slots__ = ("head", "keys", "slots", "units")

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.keys: list[Position] = []
        self.units: list[Unit | None] = []
        self.head = 0

    def add(self, key: Position, unit: Unit) -> None:
        keys = self.keys
        if len(keys) == self.head or keys[-1] < key:
            keys.append(key)
            self.units.append(unit)
        else:
            index = bisect_left(keys, key, self.head)
            keys.insert(index, key)
            self.units.insert(index, unit)

    def remove(self, key: Position) -> bool:
        """Take the unit at ``key`` out; whether it was the last one."""
        keys = self.keys
        head = self.head
        index = head if keys[head] == key else bisect_left(keys, key, head)
        if index != head:
            del keys[index], self.units[index]
            return False
        self.units[head] = None
        self.head = head = head + 1
        if head == len(keys):
            return True
        if head > 64 and head * 2 > len(keys):
            del keys[:head], self.units[:head]
            self.head = 0
        return False


def nearest(found: tuple[Writers, ...], here: Position, after: Position) -> tuple[Position, Unit | None]:
    """The youngest of the writers between ``after`` and ``here``, with its position."""
    writer = None
    for writers in found:
        keys = writers.keys
        index = bisect_left(keys, here, writers.head) - 1
        if index >= writers.head and keys[index] > after:
            after = keys[index]
            writer = writers.units[index]
    return after, writer


class MayWrites(Base):
    """Part of the :class:`Machine`: owns ``may`` (slot -> its writers) and ``birth``."""

    def _init_may_writes(self) -> None:
        self.may: dict[Any, tuple[Writers, ...]] = {}
        #: the switch of `stored_kinds`
        self.stored_kinds = True
        self.writers: dict[Slots, Writers] = {}
        #: id -> (object, unit, position): containers and instances that we saw being born
        self.birth: dict[int, tuple[Any, Unit, Position]] = {}
        self.most_births = _FEW_BIRTHS

    def publish(self, unit: Unit) -> None:
        """Publish the footprint of a unit that is about to stall."""
        if unit.published is not None:
            self.unpublish(unit)
        slots = (TOP,) if self.unfinished and self.one_by_one() else footprint(self, unit)
        if self.unfinished and self.closes(slots):
            slots = (TOP,)
        key = (*unit.path, unit.n + 1)
        writers = self.writers.get(slots)
        if writers is None:
            writers = self.writers[slots] = Writers(slots)
            may = self.may
            for slot in slots:
                may[slot] = (*may.get(slot, ()), writers)
        writers.add(key, unit)
        unit.published = (key, slots, writers)
        unit.no_special = unit.no_special or NO_SPECIAL in slots

    def unpublish(self, unit: Unit) -> None:
        published = unit.published
        if published is None:
            return
        unit.published = None
        key, slots, writers = published
        if not writers.remove(key):
            return
        del self.writers[slots]
        may = self.may
        for slot in slots:
            rest = tuple([w for w in may[slot] if w is not writers])
            if rest:
                may[slot] = rest
            else:
                del may[slot]

    def wake_readers(self, unit: Unit) -> None:
        callbacks = unit.callbacks
        if callbacks is not None:
            unit.callbacks = None
            self.behind = unit.behind
            for callback in callbacks:
                callback()
            self.behind = ()

    def older_writer(self, slots: Slots, here: Position, born: Position | None, newer: Any = None) -> Unit | None:
        """A unit older than ``here`` that may still write one of ``slots`` (or anything), else None."""
        may = self.may
        for slot in (*slots, TOP):
            found = may.get(slot)
            if found is None:
                continue
            key, writer = nearest(found, here, newer if newer is not None else ())
            if writer is None:
                continue
            if born is not None and key <= born and (type(slot) is str or slot[0] in ("*a", "*k")):
                continue
            return writer
        return None

    def await_writers(self, target: Any, slots: Slots) -> None:
        """Stall until no older unit may still write ``slots`` of ``target`` (call only if ``may`` is not empty)."""
        may = self.may
        for slot in (*slots, TOP):
            if slot in may:
                break
        else:
            return
        while may:
            unit = self.cur
            here = (*unit.path, unit.n + 1)
            born = self.birth_of(target)
            writer = self.older_writer(slots, here, born)
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

    def birth_of(self, target: Any) -> Position | None:
        if target is None:
            return None
        found = self.birth.get(id(target))
        return found[2] if found is not None and found[0] is target else None

    def forget_births(self) -> None:
        """Keep ``birth`` small: what nobody else holds is gone for the program, and of the rest the older half is taken for
        old from now on, which is always right."""
        alive = {key: found for key, found in self.birth.items() if getrefcount(found[0]) > 2}
        if len(alive) > MOST_BIRTHS // 2:
            alive = dict(islice(alive.items(), len(alive) - MOST_BIRTHS // 2, None))
        self.birth.clear()
        self.birth.update(alive)
        self.most_births = len(alive) + _FEW_BIRTHS if len(alive) < MOST_BIRTHS // 4 else MOST_BIRTHS

    def born(self, target: Any) -> Any:
        """Note that ``target`` came to life here (only needed while something is outstanding)."""
        unit = self.cur
        if unit.log or not unit.head:
            self.birth[id(target)] = (target, unit, (*unit.path, unit.n))
            if len(self.birth) > self.most_births:
                self.forget_births()
        return target
