"""What dispatchers share: one flight per attempt, its place in the slots, what becomes of it when it is back.

    submit ─▶ Slots ─▶ _send ─▶ Flight ─▶ (a backend) ─▶ _back ─┬─▶ call.finish
                 ▲                                              │
                 └────────────── sent once more ────────────────┘

One dictionary, `_out`, says which calls the engine still wants, and which attempt of each. A flight that lands and is not
in it was cancelled, or given up after its timeout: its result is dropped and its place freed, nothing else. So cancelling is
one removal, and "exactly once, never after cancel" needs no state machine.

What follows a call that failed for good in its own unit is killed for certain when the failure comes to the head (slots.py,
"doomed"), however long that takes: async calls among it are cancelled at once. Nobody who is older waits for one of them.

A call that is sent again is one call: its record goes from the first attempt's start to the last one's end and counts
`attempts`; `tries` says when each was out and what it failed with. Who performs an attempt, and what time is, is the subclass's.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from poppy_ipython.backends.base import mark_failed, note_try, status_of
from poppy_ipython.backends.learned import Lessons
from poppy_ipython.backends.limits import Book
from poppy_ipython.backends.rates import Windows
from poppy_ipython.backends.remote import WorkerLost
from poppy_ipython.backends.retries import MINUTE, again, overload, retry_after
from poppy_ipython.backends.slots import Lane, Slots
from poppy_ipython.effects.registry import host_of

__all__ = ["Flight", "Flights"]


class Flight:
    """One attempt of one call."""

    __slots__ = ("alarm", "call", "lane", "remote", "started", "task")

    def __init__(self, call: Any, lane: Lane, started: float) -> None:
        self.call = call
        self.lane = lane
        self.started = started
        self.task: Any = None  # what performs it, where that can be cancelled
        self.alarm: Any = None  # of its timeout
        self.remote: Any = None  # its ticket, where it has left this process


class Flights:
    """Base of the dispatchers. Every method is called on the engine's thread.

    A subclass gives `clock`, `_alarmed`, `_launch(flight)`, `_end(flight)` (the engine, or the timeout, wants it no more:
    what has become of it) and `_wake(when)` (call `_slots.pump()` then).
    """

    clock: Callable[[], float]
    _alarmed: bool  # whether a `_wake` is still to come

    def __init__(
        self,
        start: int,
        ceiling: int | None,
        *,
        started: Callable[[Any], None] | None,
        book: Book | None,
        windows: Windows | None,
        lessons: Lessons | None,
        random: Random | None,
    ) -> None:
        self.may_be_billed = 0
        self._started = started
        self._slots = Slots(
            start,
            self._send,
            ceiling=ceiling,
            clock=self.clock,
            wake=self._wake,
            book=book,
            windows=windows,
            lessons=lessons,
            random=random,
        )
        self._out: dict[int, Flight] = {}  # id(call) -> its present attempt
        #: chooses among alternatives (`choose.chooser`): sets what a call that is ready calls, hears what became of it
        self.chooser: Any = None
        self._attempts: dict[int, int] = {}  # id(call) -> how often it was sent, from the second time on
        self._closed = False

    # -- the engine's side

    def submit(self, call: Any) -> None:
        if self._closed:
            raise RuntimeError("this dispatcher is closed")
        if self.chooser is not None:
            self.chooser.choose(call)
        host = call.effect.host
        if host.__class__ is not str:
            host = host_of(call.effect, call.fn, call.args, call.kwargs)
        record = call.record
        if record.host is None:
            record.host = host
        self._slots.submit(call, host)

    def cancel(self, call: Any) -> None:
        flight = self._out.pop(id(call), None)
        record = call.record
        sent_before = self._attempts.pop(id(call), 0) if self._attempts else 0
        if flight is None:
            if self._slots.withdraw(call):
                record.outcome = "cancelled" if sent_before else "unsent"
                if sent_before:
                    record.ended = self.clock()
            else:
                self._slots.release(call)  # back already: what it held is no longer anybody's concern
            return
        outcome = self._end(flight)
        self._slots.forget(flight.lane, call)
        if outcome == "unsent":
            record.started, record.outcome = None, "unsent"
            self._slots.left(flight.lane)
            return
        self.may_be_billed += 1
        record.ended, record.outcome = self.clock(), outcome
        self._drop(flight, outcome)

    def release(self, call: Any) -> None:
        self._slots.release(call)

    def close(self) -> None:
        self._closed = True
        for call in self._slots.unsent:
            self.cancel(call)
        for flight in list(self._out.values()):
            self.cancel(flight.call)
        self._slots.clear()

    def in_program_order(self) -> None:
        """Send the oldest first, always, whatever chain another one heads (order.py). Before the first call."""
        self._slots.chains = None

    @property
    def in_flight(self) -> int:
        """Calls sent, not back, and still wanted."""
        return len(self._out)

    @property
    def waiting(self) -> int:
        """Calls that are to be sent."""
        return len(self._slots.unsent)

    @property
    def idle(self) -> bool:
        """Whether nothing will ever come back by itself: nothing is out, and no alarm is set."""
        return not self._out and not self._alarmed

    # -- the calls' side

    def _send(self, call: Any, lane: Lane) -> None:
        flight = Flight(call, lane, self.clock())
        record = call.record
        if not self._attempts or id(call) not in self._attempts:
            record.started = flight.started
        elif record.tries:
            record.tries.append((flight.started, None, ""))
        record.outcome = "running"
        self._out[id(call)] = flight
        if self.chooser is not None:
            self.chooser.started(call, flight.started)
        self._launch(flight)
        if self._started is not None:
            self._started(call)

    def _wants(self, flight: Flight) -> bool:
        return self._out.get(id(flight.call)) is flight

    def _back(self, flight: Flight, value: Any, error: BaseException | None) -> None:
        """An attempt is over that somebody may still want."""
        if self._wants(flight):
            del self._out[id(flight.call)]
            self._settle(flight, value, error, gone=True)
        else:
            self._slots.left(flight.lane, lost=True)

    def _too_long(self, flight: Flight) -> None:
        """Its timeout is over."""
        if not self._wants(flight):
            return
        del self._out[id(flight.call)]
        outcome = self._end(flight)
        error = TimeoutError(f"{flight.call.record.callee} did not answer within {flight.call.effect.timeout:g} s")
        self.may_be_billed += 1
        self._settle(flight, None, error, gone=outcome == "unsent")
        if outcome != "unsent":
            self._drop(flight, outcome)

    def _settle(self, flight: Flight, value: Any, error: BaseException | None, gone: bool) -> None:
        """Hand over the outcome of an attempt, or send the call again. `gone`: its place is free then."""
        call, lane, slots = flight.call, flight.lane, self._slots
        now = self.clock()
        record = call.record
        if self.chooser is not None:
            self.chooser.ended(call, flight.started, now, lane.host.out, value, error)
        if error is None:
            record.outcome = "ok"
            lane.host.tally.through(flight.started)
            if lane.gates or lane.host.waiting or lane.host.pace.refusals:
                slots.answered(lane, call, flight.started, now - flight.started, value)
        elif self._repeats(flight, error, now) or (self.chooser is not None and self._falls_back(call, error)):
            if gone:
                slots.left(lane, now)
            return
        else:
            if self.chooser is not None:
                error = self.chooser.failure(call, error)
            mark_failed(record, error)
            slots.forget(lane, call)
            slots.refuse(lane, call, status_of(error))
            self._cancel_doomed()
        record.ended = now
        if self._attempts:
            self._attempts.pop(id(call), None)
        try:
            self._finish(call, value, error)
        finally:
            if gone:
                slots.left(lane, now)  # after finish: what it issues may be older than what waits

    def _cancel_doomed(self) -> None:
        """End what is in flight for nothing. The engine forgets it when the failure comes to the head; blocking calls cannot
        be stopped, and may as well be back by then."""
        for flight in list(self._out.values()):
            if self._can_end(flight) and self._slots.is_doomed(flight.call.position):
                self.cancel(flight.call)

    def _repeats(self, flight: Flight, error: BaseException, now: float) -> bool:
        call, lane, slots = flight.call, flight.lane, self._slots
        after = None
        if overload(error):
            after = retry_after(error)
            slots.overloaded(lane, flight.started, after, error)
        sent = self._attempts.get(id(call), 1)
        since = flight.started if sent > 2 and after is None else flight.started - MINUTE
        if self._closed or not again(call, error, sent, slots.in_company(lane, since)):
            return False
        self._attempts[id(call)] = call.record.attempts = sent + 1
        note_try(call.record, flight.started, now, error)
        call.record.outcome = "waiting"
        pause = 0.0
        if not isinstance(error, WorkerLost):
            pause = lane.host.pace.pause(sent, retry_after(error) if after is None else after)
        slots.submit(call, lane.host.name, now + pause)
        return True

    def _falls_back(self, call: Any, error: BaseException) -> bool:
        """An alternative failed: whether the call goes to another one."""
        if self._closed or not self.chooser.falls_back(call, error):
            return False
        self._attempts[id(call)] = call.record.attempts = self._attempts.get(id(call), 1) + 1
        call.record.outcome = "waiting"
        self._slots.submit(call, call.record.host)
        return True

    def choose_again(self) -> None:
        """The choices are other ones now: calls that wait for a place wait for the right one."""
        for call in sorted(self._slots.unsent, key=lambda call: call.position):
            if self.chooser.changes(call) and self._slots.withdraw(call):
                self._slots.submit(call, call.record.host)

    def _finish(self, call: Any, value: Any, error: BaseException | None) -> None:
        call.finish(value, error)

    def _drop(self, flight: Flight, outcome: str) -> None:
        """A flight that nobody wants is still out there."""
        self._slots.lose(flight.lane)

    # -- a subclass's

    def _launch(self, flight: Flight) -> None:
        raise NotImplementedError

    def _end(self, flight: Flight) -> str:
        raise NotImplementedError

    def _can_end(self, flight: Flight) -> bool:
        """Whether `_end` really stops it."""
        return flight.task is not None or flight.remote is not None

    def _wake(self, when: float) -> None:
        raise NotImplementedError
