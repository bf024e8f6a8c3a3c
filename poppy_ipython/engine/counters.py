"""Counters: ``b.n += 1`` and ``total += len(r)`` while somebody older may still write the slot.

A read must wait until no older unit may still write what it reads. For ``x op= y`` nobody else needs the value that is read, so
the unit need not stand still: the read becomes a deferred operation at its own position (it runs under the ghost once the older
writers have moved on), the operator one on its result, and the store a buffered store of a pending. So the usual way to count
calls, tokens or money on a shared object does not serialise the calls.

Why this is right. A deferred read sees exactly what the read would have seen; the operator and the store keep their order behind
it. What could go wrong is an operator that changes its target *in place* (a list, an object with ``__iadd__``): that would
happen later than younger reads of the same object through another name, which nothing would hold back. So the read is
deferred only if what it gives is *data* -- numbers and strings, which no operator changes:

* what stands in the slot now is data, or the result of such a counter;
* every older unit that may write the slot may put nothing else there. A footprint says so: a slot in which its unit may store
  anything but data is published together with the marker ``("=", slot)``; wildcards and TOP never count as data.

What an external call returns counts as data here, as it does in footprints: nothing older is reached through it. The operand
must be data as well (or a call's own result); else the unit waits as for any other read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .atoms import OPERANDS, WRITABLE, reads_plainly, stores_plainly
from .guards import Look
from .pending import Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_DATA = frozenset({int, float, complex, str, bool, bytes})
_NOTHING: Any = object()


def is_data(value: Any) -> bool:
    """A number or a string, or what will be one."""
    return type(value) in _DATA or (type(value) is Pending and value.data)


class Counters(Base):
    """Part of the :class:`Machine`: reads that may come later."""

    def data_slot(self, slot: Any, wild: tuple[Any, ...], here: Any, born: Any, found: Any, current: Callable[[], Any]) -> bool:
        """Does a read of ``slot`` at ``here`` give data, whatever older units still do?

        ``found`` is the youngest buffered store before ``here``, ``current`` gives what stands in the real slot.
        """
        newer = found[0] if found is not None else None
        if self.older_writer((("=", slot), *wild), here, born, newer) is not None:
            return False
        return is_data(settled(found[1]) if found is not None else current())

    def ga_late(self, target: Any, name: str) -> Any:
        """``target.name``, to be changed and stored back: a pending if it would have to wait and is data."""
        waits = self._would_wait(target, name)
        if waits is None or not self.data_slot(*waits, lambda: getattr(target, name, _NOTHING)):
            return self.ga(target, name)
        return self.late(self.ga, target, name)

    def ga_stored(self, target: Any, name: str) -> Any:
        """``target.name``, only to be stored somewhere or returned: a pending if it would have to wait.

        Nobody operates on it here, so that what it is does not matter; like the result of a function in flight it may be anything.
        """
        if self._would_wait(target, name) is None:
            return self.ga(target, name)
        return self.defer(self.ga, (target, name))

    def _would_wait(self, target: Any, name: str) -> tuple[Any, tuple[Any, ...], Any, Any, Any] | None:
        """Slot, wildcards, position, birth and youngest store of a plain attribute that somebody older may still write."""
        unit = self.cur
        if not self.may or type(target) is Pending or unit is self.ghost or unit.handling or (not unit.log and unit.head):
            return None
        kind = type(target)
        if kind in OPERANDS or kind in WRITABLE or not (reads_plainly(kind, name, target) and stores_plainly(kind, name)):
            return None
        if id(target) in self.exposed:
            return None
        here = (*unit.path, unit.n + 1)
        cell = self.chains.get((id(target), name))
        found = cell.find(here) if cell is not None else None
        slot = ("a", id(target), name)
        wild = (("*a", name), ("c", name))
        born = self.birth_of(target)
        if self.older_writer((slot, *wild), here, born, found[0] if found is not None else None) is None:
            return None
        return slot, wild, here, born, found

    def late(self, read: Callable[..., Any], *args: Any) -> Pending:
        pending: Pending = self.defer(read, args)
        pending.data = pending.late = True
        return pending

    def global_late(self, namespace: dict[str, Any], read: Callable[[str], Any]) -> Callable[[str], Any]:
        """The same for a global name of ``namespace``."""
        chains = self.name_chains.setdefault(id(namespace), {})
        may = self.may
        space = id(namespace)

        def read_late(name: str) -> Any:
            unit = self.cur
            if not may or unit is self.ghost or unit.handling or (not unit.log and unit.head):
                return read(name)
            here = (*unit.path, unit.n + 1)
            cell = chains.get(name)
            found = cell.find(here) if cell is not None else None
            slot = ("n", space, name)
            if self.older_writer((slot,), here, None, found[0] if found is not None else None) is None:
                return read(name)
            if not self.data_slot(slot, (), here, None, found, lambda: namespace.get(name, _NOTHING)):
                return read(name)
            return self.late(read, name)

        return read_late

    def changes_in_place(self, fn: Callable[..., Any]) -> bool:
        """Has a class of the user's, among those in sight, an operator in place?  Then one on an object that is not known
        yet, but may have another name already, must not come later."""
        name = f"__{fn.__name__.strip('_')}__"
        return name in Look(self, self.namespace, {}, {}).users_methods()

    def may_come_later(self, value: Any) -> bool:
        """The operand of ``x op= value`` where ``x`` was read late: may the operator be deferred as well?"""
        return is_data(value) or (type(value) is Pending and value.position is not None)


__all__ = ["Counters", "is_data"]
