"""`SimulatedDispatcher`: calls that take virtual time, for tests, fuzzing and what-if.

No asyncio, no threads, no waiting: `submit` notes when the call would be back, `advance` moves the clock there and
hands it over. The latency function decides the order of completion, so an adversarial one (random, reversed, equal) can
produce every order that a server could; with the same function a run repeats exactly. Calls that are due at the same
instant come back in the order in which they were sent.

A call's body runs when it is *back* (`body="end"`, the default): if the engine wrongly lets a later store into an
argument, the body sees it, and the difference shows. `body="start"` runs it when it is sent, for the opposite mistake.
Limits, program order, holds, retries and timeouts are those of live runs, by the same `Slots` and `Flights`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, Literal

from poppy_ipython.backends.flights import Flight, Flights
from poppy_ipython.backends.limits import Book
from poppy_ipython.backends.pace import CEILING

__all__ = ["SimulatedDispatcher"]

UNLIMITED = 1 << 30
_TOO_LONG: Any = object()
_TIME: Any = object()


class SimulatedDispatcher(Flights):
    """Performs calls on a virtual clock.

    >>> from poppy_ipython.effects import unordered
    >>> from poppy_ipython.trace.events import CallRecord
    >>> from types import SimpleNamespace
    >>> dispatcher = SimulatedDispatcher(latency=lambda call: {"a": 3.0, "b": 1.0}[call.args[0]])
    >>> for position, letter in enumerate("ab"):
    ...     dispatcher.submit(SimpleNamespace(fn=str.upper, args=(letter,), kwargs={}, effect=unordered,
    ...         record=CallRecord(position, "upper"), position=(position,),
    ...         finish=lambda value, error: print(dispatcher.now, value)))
    >>> while dispatcher.advance(): pass
    1.0 B
    3.0 A

    `max_calls` at once to one host (no limit if None); with `adaptive` that is where learning starts (pace.py).
    """

    def __init__(
        self,
        latency: Callable[[Any], float] | float = 1.0,
        max_calls: int | None = None,
        *,
        body: Literal["end", "start"] = "end",
        started: Callable[[Any], None] | None = None,
        adaptive: bool = False,
        book: Book | None = None,
        random: Random | None = None,
    ) -> None:
        self.now = 0.0
        self.max_calls = max_calls
        self.most_in_flight = 0
        self._latency = latency
        self._body_at_start = body == "start"
        self._numbers = count()
        self._due: list[tuple[float, int, Any, Any]] = []  # heap: when, order, flight, outcome if known
        start = UNLIMITED if max_calls is None else max_calls
        ceiling = CEILING if adaptive else start
        super().__init__(start, ceiling, started=started, book=book, windows=None, lessons=None, random=random)

    def clock(self) -> float:
        """The virtual time, as the clock of a run."""
        return self.now

    def close(self) -> None:
        super().close()
        self._due.clear()

    @property
    def _alarmed(self) -> bool:  # type: ignore[override]
        return bool(self._due) and bool(self._slots.unsent)

    flush_needed = False

    async def flush(self, patience: float = 0.0) -> None:
        """Nothing to do: what is submitted is sent."""

    def advance(self) -> bool:
        """Move the clock to the next completion and hand it over; False if nothing is out and nothing waits for time."""
        due = self._due
        while due:
            when, _, flight, outcome = heappop(due)
            if outcome is _TIME:
                if not self._slots.unsent:
                    continue  # nobody waits for it any more: time does not pass
                self.now = max(self.now, when)
                self._slots.pump()
                continue
            if not self._wants(flight):
                continue  # cancelled
            self.now = when
            if outcome is _TOO_LONG:
                self._too_long(flight)
            else:
                value, error = outcome if outcome is not None else _perform(flight.call)
                self._back(flight, value, error)
            if self._out.get(id(flight.call)) is None and not self._slots.waits(flight.call):
                return True
        return False

    def _launch(self, flight: Flight) -> None:
        call = flight.call
        latency = self._latency
        seconds = latency(call) if callable(latency) else latency
        if seconds < 0:
            raise ValueError(f"a latency of {seconds} s: time does not run backwards.")
        outcome = _perform(call) if self._body_at_start else None
        timeout = call.effect.timeout
        if timeout is not None and seconds > timeout:
            seconds, outcome = timeout, _TOO_LONG
        heappush(self._due, (self.now + seconds, next(self._numbers), flight, outcome))
        self.most_in_flight = max(self.most_in_flight, len(self._out))

    def _end(self, flight: Flight) -> str:
        return "cancelled"

    def _can_end(self, flight: Flight) -> bool:
        return True

    def _drop(self, flight: Flight, outcome: str) -> None:
        self._slots.left(flight.lane)  # gone at once

    def _wake(self, when: float) -> None:
        heappush(self._due, (when, next(self._numbers), None, _TIME))


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
