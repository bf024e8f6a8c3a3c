"""Retirement in program order, faults and kills.

:meth:`~Retirement.advance` pops logs from the head only. At the head the real heap and the namespace are exactly those of a
sequential run, which is why head-only effects simply *run* there. The first failed entry that reaches the head is a
fault: what is younger in that log is killed, its buffered stores are dropped, its calls are cancelled, and the exception
is raised in the unit as Python would have raised it.

Everything here runs in the hub, but for what a handler in a unit may kill.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .pending import Fault, Kill
from .unit import Entry, Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


class Retirement(Base):
    """Part of the :class:`Machine`: the old end of the logs."""

    cur: Any
    exclusive: list[Unit]
    outstanding: int

    def advance(self, unit: Unit) -> None:
        """Retire from the head of ``unit``'s log as far as possible."""
        if not unit.head or unit.complete:
            return
        log = unit.log
        while log:
            entry = log[0]
            kind = type(entry)
            if kind is tuple:
                try:
                    entry[0].retire(entry[1])
                except Exception as error:
                    self._fault(unit, entry, error)
                    return
                log.popleft()
                self.outstanding -= 1
            elif kind is Unit:
                entry.head = True
                if not entry.complete:
                    self.advance(entry)
                if not entry.complete or not log or log[0] is not entry:
                    return  # (a unit whose parent waited in place takes itself off the log)
                if entry.error is not None:
                    self._fault(unit, entry, entry.error)
                    return
                log.popleft()
                self.outstanding -= 1
            else:
                if entry.at_head and not entry.started:
                    entry.started = True
                    entry.run(entry)
                if entry.piece is not None:
                    entry.piece.replay()  # and lets through what is still to come
                if not entry.done:
                    return
                if entry.error is not None:
                    self._fault(unit, entry, entry.error)
                    return
                log.popleft()
                self.outstanding -= 1
        if unit.code_done:
            unit.complete = True
            if unit.parent is not None:
                self.post(self.advance, unit.parent)
            else:
                self._root_done()
        elif unit.draining:
            entry = None  # nor what its frame refers to: the unit goes on inside this call
            self.resume(unit, unit.waiting)

    def settle(self, entry: Entry) -> None:
        """``entry`` has its outcome: let its unit retire it and let joins go on."""
        entry.done = True
        if entry.resource is not None:
            self.resource_done(entry)
        if self.settle_callbacks:
            callbacks = self.settle_callbacks.pop(entry, None)
            if callbacks is not None:
                for callback in callbacks:
                    callback()
        unit = entry.unit
        if unit.head and unit.log and unit.log[0] is entry:
            self.post(self.advance, unit)
        elif entry.error is not None:
            self.post(self.fails_early, entry)
        elif unit.failing is not None:
            self.post(self.fails_early, unit.failing)

    def _fault(self, unit: Unit, entry: Any, error: BaseException) -> None:
        """``entry``, at the head, failed: kill what is younger in its unit and raise there."""
        log = unit.log
        log.popleft()
        self.outstanding -= 1
        unclosed = self._rollback(log)
        if type(entry) is tuple:
            where = entry[1]
            number = where[-1]
            if entry[0].fallible and entry[0].failing is not None:
                error = self.explain(entry[0].failing, error)
        else:
            number = entry.number
            where = entry.where if type(entry) is Unit else entry.position
            error = self.explain(entry, error)
        for closing, met in unclosed:
            first: BaseException = met
            while first.__context__ is not None:
                first = first.__context__
            first.__context__ = error
            error = self.explain(closing, met)
        if type(entry) is not tuple and type(entry) is not Unit and entry.record is not None:
            self.dispatcher.release(entry)
        if unit.code_done:
            unit.error = error if type(entry) is tuple else self.out_of_coroutine(unit, entry, error)
            unit.where = where
            unit.complete = True
            if unit.parent is not None:
                self.post(self.advance, unit.parent)
            else:
                self._root_done()
            return
        unit.draining = False
        self._switch_to(unit, Fault(number, error, where))

    def _rollback(self, log: deque[Any] | list[Any]) -> Sequence[tuple[Any, Exception]]:
        """Drop a log from its young end: stores vanish, calls are cancelled, units are killed, files are closed (what failed at that)."""
        left = []
        while log:
            entry = log.pop()
            self.outstanding -= 1
            if type(entry) is tuple:
                entry[0].drop(entry[1])
            elif type(entry) is Unit:
                self.kill(entry)
            else:
                entry.dead = True
                if entry.record is not None:
                    self.cancel_call(entry)
                if entry.resource is not None:
                    self.resource_done(entry)
                for callback in self.settle_callbacks.pop(entry, ()):
                    callback()
                if self.closing and entry in self.closing:
                    left.append(self.closing.pop(entry))
        return self.leave(left[::-1]) if left else ()

    def kill(self, unit: Unit) -> None:
        """End a unit that a plain run would not have reached; none of its code runs again."""
        if unit.killed:
            return
        unit.killed = True
        self._rollback(unit.log)
        self.unpublish(unit)
        if unit.exclusive and unit in self.exclusive:
            self.exclusive = [u for u in self.exclusive if u is not unit]
            self.unpark()
        if unit.greenlet is None:
            unit.code_done = True
        elif not unit.code_done:
            unit.origin = None
            unit.waiting += 1
            previous = self.cur
            self.cur = unit
            unit.greenlet.throw(Kill())
            self.cur = previous
        unit.complete = True
        self.wake_readers(unit)
