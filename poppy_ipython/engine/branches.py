"""Branches on a value in flight: issued as a unit, and not started before the value is there.

The first thing that the code of an ``if`` does is to ask for its test. If the test is pending, the unit would be started
only to stall at once. So it is not: it gets its place in the log, its results are pendings, its footprint is that of the
whole statement, and the rest waits, as a plain tuple of function and arguments, for the operands of the test to arrive.
Then it is started from the hub, in a pooled greenlet; mostly it runs to its end, and the next one takes the same
greenlet. For whoever looks, such a unit is one that has forked and stands at its first line:

* its log is empty and its position is that of its first entry, so that retirement, faults and kills find nothing to do in it;
* the frame that it would stand in holds the arguments and nothing else, so that its footprint is evaluated against the arguments
  (:meth:`Footprints.frames <poppy_ipython.engine.footprint.Footprints.frames>`); it stays right for as long as any other
  footprint does, until the unit goes on;
* it waits for values that are older than itself, so that no deadlock can come of it.

A test that is one call-free segment (``answer % 2 == 1``) is evaluated by the unit itself, before its first line, instead
of being an entry of its own before it. Nothing stands between the two positions, so it reads the same.

Measured on CPython 3.11 with an ``if`` on the result of each of 10,000 calls in a cell (`python -m benchmarks overhead`, busy machine):
before, when such a unit started at once in a greenlet of its own and its footprint was made anew each time, 158 to 270 µs of extra
CPU and 10.5 KB per call; now 40 to 47 µs and 4.7 KB.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from sys import _getframe
from typing import TYPE_CHECKING, Any

from .atoms import ATOMS
from .pending import Pending
from .unit import Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: a test that a unit evaluates itself: (plain form, the same through the store buffer, operands)
Segment = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]
_NONE: dict[str, Any] = {}
#: the log of a unit that has not been started
_NO_LOG: Any = ()


class Unstarted:
    """What a unit needs to be started: ``fn(*args)``, where a ``segment`` gives the first argument if there is one."""

    __slots__ = ("args", "fn", "machine", "missing", "segment", "since", "unit")

    def __init__(
        self, machine: Any, unit: Unit, fn: Callable[..., Any], args: tuple[Any, ...], segment: Segment | None, since: float
    ) -> None:
        self.machine = machine
        self.unit = unit
        self.fn = fn
        self.args = args
        self.segment = segment
        self.since = since
        self.missing = 0

    def arrived(self) -> None:
        """One of the operands of the test has its value."""
        self.missing -= 1
        if self.machine.cause is not None:
            self.unit.behind = self.machine.arrivals(self.unit.behind)
        if not self.missing:
            self.machine.post(self.machine.begin, self.unit)


class Branches(Base):
    """Part of the :class:`Machine`."""

    outstanding: int
    generation: int

    def branch(
        self, fn: Callable[..., Any], args: tuple[Any, ...], operands: tuple[Any, ...], segment: Segment | None, outs: int | None
    ) -> Any:
        """Issue ``fn(*args)``, whose first argument is its test, as a unit that starts when ``operands`` have arrived.

        With a ``segment`` the test is what that gives, and ``args`` are the other arguments. The unit's value as one pending
        (``outs`` None) or that many.
        """
        if self.outstanding > self.window or self.held > self.most_held:
            self.await_room()
        parent = self.cur
        parent.n = n = parent.n + 1
        self.outstanding += 1
        unit = Unit(parent, (*parent.path, n), _NO_LOG)
        unit.head = parent.head and not parent.log
        unit.merged = unit.forked = True
        unit.begin = begin = Unstarted(self, unit, fn, args, segment, self.clock())
        self.locate(unit, _getframe(2))
        parent.log.append(unit)
        for value in operands:
            if type(value) is Pending and not value.done:
                begin.missing += 1
                value.when_done(begin.arrived)
        if not begin.missing:  # they have arrived while there was no room
            self.post(self.begin, unit)
        unit.reason = ("branch", self.lowered[id(unit.frame.f_code)].site(unit.lasti)[1], None)
        self.publish(unit)
        if outs is None:
            unit.outs = pending = Pending()
            return pending
        unit.outs = pendings = [Pending() for _ in range(outs)] if outs else []
        return pendings

    def begin(self, unit: Unit) -> None:
        """From the hub: start a unit that :meth:`branch` has issued (its operands are missing only if it is interrupted)."""
        begin = unit.begin
        if begin is None or unit.greenlet is not None or unit.code_done:
            return
        if self.exclusive and not self._inside(unit):
            self.parked.append((self.begin, (unit,), self.cause))
            return
        unit.log = deque()
        unit.cause = self.cause
        unit.waiting += 1
        self.waits.append((*unit.reason, begin.since, self.clock()))
        self.unpublish(unit)
        if unit.callbacks is not None:
            self.wake_readers(unit)
        unit.greenlet = worker = self.worker()
        if unit.head:
            self.generation += 1  # as where a unit goes on (_switch_to): what it does now it does to the real objects
        self.cur = unit
        if begin.segment is None:
            unit.begin = None
        worker.switch([unit, begin.fn, begin.args, _NONE])
        self.cur = None  # type: ignore[assignment]

    def tested(self, unit: Unit) -> tuple[Any, ...]:
        """The arguments of a unit whose test is a segment. Until that is there, it may still write all that it ever may."""
        begin = unit.begin
        fused, step, operands = begin.segment
        test = self.seg(fused, step, *operands)
        unit.begin = None
        return (test, *begin.args)

    # ------------------------------------------------------------------ entry points of lowered code
    def stmt(self, fn: Callable[..., Any], maybe: tuple[bool, ...], test: Any, *values: Any) -> Any:
        """A compound statement whose test is ``test``: in place if the test is known, else as a unit.

        ``maybe`` has an item for each name that the statement binds: may it be unbound afterwards?
        """
        if type(test) is Pending and not test.done and not self.cur.handling:
            return self._outs(self.branch(fn, (test, *values), (test,), None, len(maybe)), maybe)
        return fn(test, *values)

    def stmt_if(
        self, fn: Callable[..., Any], maybe: tuple[bool, ...], fused: Any, step: Any, operands: tuple[Any, ...], *values: Any
    ) -> Any:
        """``stmt`` with a segment as its test."""
        if self.awaits(operands) and not self.cur.handling:
            return self._outs(self.branch(fn, values, operands, (fused, step, operands), len(maybe)), maybe)
        return self.stmt(fn, maybe, self.seg(fused, step, *operands), *values)

    def expr_if(self, fn: Callable[..., Any], test: Any, *values: Any) -> Any:
        """Like :meth:`expr`, in place if ``test`` is known."""
        if type(test) is Pending and not test.done:
            unit = self.cur
            if not unit.handling and unit is not self.ghost:
                return self.branch(fn, (test, *values), (test,), None, None)
        return fn(test, *values)

    def truth_of(self, fused: Callable[..., Any], step: Callable[..., Any], operands: tuple[Any, ...]) -> bool:
        """``truth`` of a segment, which is needed here and now: no entry of its own, the unit itself waits for the operands."""
        if self.cur is not self.ghost:
            for value in operands:
                if type(value) is Pending and not value.done:
                    self.force(value, "branch")
        return self.truth(self.seg(fused, step, *operands))  # type: ignore[no-any-return]

    def awaits(self, operands: tuple[Any, ...]) -> bool:
        """Is one of ``operands`` in flight, and are the others plain data?"""
        waiting = False
        for value in operands:
            kind = type(value)
            if kind is Pending:
                if not value.done:
                    waiting = True
            elif kind not in ATOMS:
                return False
        return waiting

    def cell_branches(self, namespace: dict[str, Any], phantom: Callable[..., None]) -> tuple[Callable[..., None], Callable[..., None]]:
        """The same for the cell's own scope, where names that are bound read as pendings from here on."""

        def cell_stmt(
            fn: Callable[..., Any], names: tuple[str, ...], maybe: tuple[bool | None, ...], test: Any, *values: Any
        ) -> None:
            if type(test) is Pending and not test.done and not self.cur.handling:
                outs = self.branch(fn, (test, *values), (test,), None, len(names))
                self._bind_outs(namespace, phantom, names, maybe, outs)
            else:
                fn(test, *values)

        def cell_if(
            fn: Callable[..., Any],
            names: tuple[str, ...],
            maybe: tuple[bool | None, ...],
            fused: Any,
            step: Any,
            operands: tuple[Any, ...],
            *values: Any,
        ) -> None:
            if self.awaits(operands) and not self.cur.handling:
                outs = self.branch(fn, values, operands, (fused, step, operands), len(names))
                if names:
                    self._bind_outs(namespace, phantom, names, maybe, outs)
            else:
                cell_stmt(fn, names, maybe, self.seg(fused, step, *operands), *values)

        return cell_stmt, cell_if
