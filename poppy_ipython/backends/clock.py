"""`SimulatedDispatcher`: calls that take virtual time, for tests, fuzzing and what-if.

No asyncio, no threads, no waiting: `submit` notes when the call would be back, `advance` moves the clock there and
hands it over. The latency function decides the order of completion, so an adversarial one (random, reversed, equal) can
produce every order that a server could; with the same function a run repeats exactly. Calls that are due at the same
instant come back in the order in which they were sent.

A call's body runs when it is *back* (`body="end"`, the default): if the engine wrongly lets a later store into an
argument, the body sees it, and the difference shows. `body="start"` runs it when it is sent, for the opposite mistake.
The limit of calls at once, program order and holds are those of live runs, by the same `Slots`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any, Literal

from poppy_ipython.backends.base import mark_failed, status_of
from poppy_ipython.backends.slots import Host, Slots
from poppy_ipython.effects.registry import host_of

__all__ = ["SimulatedDispatcher"]

UNLIMITED = 1 << 30


class SimulatedDispatcher:
    """Performs calls on a virtual clock.

    >>> from types import SimpleNamespace
    >>> from poppy_ipython.effects import unordered
    >>> dispatcher = SimulatedDispatcher(latency=lambda call: {"a": 3.0, "b": 1.0}[call.args[0]])
    >>> for position, letter in enumerate("ab"):
    ...     record = SimpleNamespace(host=None, started=None, ended=None, outcome="waiting", error=None)
    ...     dispatcher.submit(SimpleNamespace(fn=str.upper, args=(letter,), kwargs={}, effect=unordered, record=record,
    ...         position=(position,), finish=lambda value, error: print(dispatcher.now, value)))
    >>> while dispatcher.advance(): pass
    1.0 B
    3.0 A
    """

    def __init__(
        self,
        latency: Callable[[Any], float] | float = 1.0,
        max_calls: int | None = None,
        *,
        body: Literal["end", "start"] = "end",
        started: Callable[[Any], None] | None = None,
    ) -> None:
        self.now = 0.0
        self.max_calls = max_calls
        self.may_be_billed = 0
        self.most_in_flight = 0
        self._latency = latency
        self._body_at_start = body == "start"
        self._started = started
        self._slots = Slots(UNLIMITED if max_calls is None else max_calls, self._send)
        self._numbers = count()
        self._due: list[tuple[float, int, Any]] = []  # heap: when, order of sending, call
        self._out: dict[int, tuple[Any, Host, tuple[Any, BaseException | None] | None]] = {}
        self._closed = False

    def clock(self) -> float:
        """The virtual time, as the clock of a run."""
        return self.now

    def submit(self, call: Any) -> None:
        if self._closed:
            raise RuntimeError("this dispatcher is closed")
        record = call.record
        host = host_of(call.effect, call.fn, call.args, call.kwargs)
        if record.host is None:
            record.host = host
        self._slots.submit(call, host)

    def cancel(self, call: Any) -> None:
        flight = self._out.pop(id(call), None)
        if flight is None:
            if self._slots.withdraw(call):
                call.record.outcome = "unsent"
            else:
                self._slots.release(call)
            return
        self.may_be_billed += 1
        call.record.ended, call.record.outcome = self.now, "cancelled"
        self._slots.left(flight[1])

    def release(self, call: Any) -> None:
        self._slots.release(call)

    def close(self) -> None:
        self._closed = True
        for call in self._slots.unsent:
            self.cancel(call)
        for call, _, _ in list(self._out.values()):
            self.cancel(call)
        self._due.clear()

    @property
    def in_flight(self) -> int:
        """Calls sent, not back, and still wanted."""
        return len(self._out)

    @property
    def waiting(self) -> int:
        """Calls not sent yet."""
        return len(self._slots.unsent)

    flush_needed = False

    async def flush(self, patience: float = 0.0) -> None:
        """Nothing to do: what is submitted is sent."""

    def advance(self) -> bool:
        """Move the clock to the next completion and hand it over; False if nothing is out."""
        due = self._due
        while due:
            when, _, call = heappop(due)
            flight = self._out.pop(id(call), None)
            if flight is None:
                continue  # cancelled
            self.now = when
            _, host, outcome = flight
            value, error = outcome if outcome is not None else _perform(call)
            call.record.ended = when
            if error is None:
                call.record.outcome = "ok"
            else:
                mark_failed(call.record, error)
                self._slots.refuse(host, call, status_of(error))
            try:
                call.finish(value, error)
            finally:
                self._slots.left(host)
            return True
        return False

    def _send(self, call: Any, host: Host) -> None:
        record = call.record
        record.started, record.outcome = self.now, "running"
        latency = self._latency
        seconds = latency(call) if callable(latency) else latency
        if seconds < 0:
            raise ValueError(f"a latency of {seconds} s: time does not run backwards.")
        heappush(self._due, (self.now + seconds, next(self._numbers), call))
        self._out[id(call)] = (call, host, _perform(call) if self._body_at_start else None)
        self.most_in_flight = max(self.most_in_flight, len(self._out))
        if self._started is not None:
            self._started(call)


def _perform(call: Any) -> tuple[Any, BaseException | None]:
    try:
        value = call.fn(*call.args, **call.kwargs)
        if inspect.iscoroutine(value):
            value = _step(value)
    except BaseException as error:
        frames = error.__traceback__.tb_next if error.__traceback__ is not None else None
        while frames is not None and frames.tb_frame.f_code is _step.__code__:
            frames = frames.tb_next
        return None, error.with_traceback(frames)
    return value, None


def _step(coroutine: Any) -> Any:
    """Run a coroutine that waits for nothing: its time is the simulated latency."""
    try:
        awaited = coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError(f"a simulated call cannot wait for {awaited!r}: only the virtual clock takes time here.")
