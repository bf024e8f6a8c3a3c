"""Faults before the head: a ``try`` meets the failure of its own call while older calls are still out.

    def retry(q):
        for attempt in range(3):
            try: return ask(q)
            except ServiceError: pass

    answers = [retry(q) for q in qs]     # a second attempt does not wait for the first attempts of older questions

A unit goes on with the answer of a call although something older may still fail: then it is killed, and nothing of it was seen. The same
holds for the failure of a call. So a failed entry is raised in its unit as soon as it is certain *within the unit*:

* every entry of the unit that is older than the failed one is over (nothing of its own can fail first), the same in each function
  that has ended and has the failed entry among those it left behind, up to the unit whose code stands still;
* that unit stands still inside a ``try``. Else nobody would catch the exception, and it waits for its turn as before.

What is younger than the failed entry in these units is killed and dropped, as at the head. Younger *units* have not seen any of it: while
a unit stands in a ``try`` its footprint holds all that the whole statement writes, its handlers included. The failed entry itself stays in
the log, as one that is over, because what it has written to the output comes in its turn; it and all that is older retire later.

A handler then begins off the head with nothing outstanding in its unit. It runs in order as ever: what it issues has finished when it
is left, what must not run ahead (``print``, sequential calls, undeclared code) waits for the head there. An exception
of the unit's own code, raised off the head, reaches its handler likewise once nothing of the unit's own is outstanding; a function that
ends with one need not wait for the head if its caller stands in a ``try``.

Decided against: handlers that themselves run ahead (no unit starts while an exception is being handled: what it
raises would have another ``__context__``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .pending import Fault
from .unit import Entry, Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: longer logs are not looked through: the unit waits for the head
_MOST = 256


def is_over(item: Any) -> bool:
    """Can ``item`` of a log not fail any more?"""
    kind = type(item)
    if kind is tuple:
        return not item[0].fallible
    if item.error is not None:
        return False
    if kind is Unit:
        return item.complete or (item.code_done and len(item.log) <= _MOST and all(map(is_over, item.log)))
    return bool(item.done)


class Early(Base):
    """Part of the :class:`Machine`."""

    def nothing_outstanding(self, unit: Unit) -> bool:
        """Can nothing that ``unit`` has issued fail any more?"""
        return len(unit.log) <= _MOST and all(map(is_over, unit.log))

    def fails_early(self, failed: Any) -> None:
        """From the hub: raise the error of ``failed``, an entry or a function that has ended, where it is caught."""
        if failed.error is None or not self.speculate_faults:
            return
        if self.exclusive and not self._inside(failed.unit if type(failed) is Entry else failed):
            self.parked.append((self.fails_early, (failed,), self.cause))
            return
        found = self.catcher(failed)
        if found is None:
            return
        unit, chain = found
        error = failed.error
        where = failed.position if type(failed) is Entry else failed.where
        failed.error = None
        for item in chain:
            around = item.unit if type(item) is Entry else item.parent
            self.rollback_to(around.log, item)
            error = self.explain(item, error)
            if around.code_done:
                error = self.out_of_coroutine(around, item, error)
        if type(failed) is Entry and failed.record is not None:
            self.dispatcher.release(failed)
        unit.draining = False
        self._switch_to(unit, Fault(chain[-1].number, error, where))

    def catcher(self, failed: Any) -> tuple[Unit, list[Any]] | None:
        """The unit that stands still in a ``try`` around ``failed``, and the items of logs on the way there, if that is certain now."""
        chain: list[Any] = []
        item = failed
        while True:
            unit = item.unit if type(item) is Entry else item.parent
            if unit is None or unit.head or unit.killed or len(unit.log) > _MOST:
                return None
            for older in unit.log:
                if older is item:
                    break
                if not is_over(older):
                    unit.failing = failed
                    return None
            else:
                return None
            chain.append(item)
            if not unit.code_done:
                break
            if unit.error is not None:
                return None
            item = unit
        if not unit.marks or unit.marks[0] >= chain[-1].number or unit.handling or unit.exclusive or unit.begin is not None or unit.greenlet is None:
            return None
        return unit, chain

    def rollback_to(self, log: Any, item: Any) -> None:
        """Drop what is younger than ``item`` in its log."""
        younger: list[Any] = []
        while log[-1] is not item:
            younger.append(log.pop())
        younger.reverse()
        self._rollback(younger)

    def caught_above(self, unit: Unit) -> bool:
        """Does a caller of ``unit`` (whose code is about to end with an error) stand in a ``try``?"""
        above = unit.parent
        while above is not None and not above.head and not above.killed:
            if not above.code_done:
                return bool(above.marks) and not above.handling
            above = above.parent
        return False

    # ------------------------------------------------------------------ the ``try`` of lowered code
    def mark(self) -> int:
        """Program point of a ``try``: entries with a greater number belong to it."""
        unit = self.cur
        if unit.marks is None:
            unit.marks = [unit.n]
        else:
            unit.marks.append(unit.n)
        return unit.n

    def left(self, mark: int) -> None:
        """Control has left the ``try`` at ``mark``, and those in it."""
        marks = self.cur.marks
        while marks and marks[-1] >= mark:
            marks.pop()

    def join(self, mark: int) -> None:
        """At the end of a ``try``: see :meth:`~poppy_ipython.engine.scheduler.Scheduler.joins`."""
        if self.cur.log:
            self.joins(mark)
        self.left(mark)

    def end_handler(self) -> None:
        """At the end of a handler: what it has issued has finished."""
        unit = self.cur
        if not unit.head and unit.began:
            self.joins(unit.began[-1])
        else:
            self.drain()

    def settle_own(self) -> None:
        """Before an exception of the unit's own code is handled: nothing that it has issued before can fail any more."""
        unit = self.cur
        if not unit.head:
            self.joins(-1)
            if unit.head or not self.nothing_outstanding(unit):
                self.drain()
        else:
            self.drain()
