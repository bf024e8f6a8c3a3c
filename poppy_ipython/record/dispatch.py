"""`RecordedDispatcher`: a live dispatcher that writes calls down, and answers those whose answer is known already.

    submit ─▶ a source knows it? ── yes ─▶ Slots ─▶ its time passes ──────▶ finish
                     └─ no ─────────────▶ Slots ─▶ loop or thread ─▶ taken ─▶ finish

It takes the place of the run's dispatcher, behind the seam of `backends.base`: the engine does not know. Answered calls keep
their place in the slots for as long as they take, so that limits, order and overlap are those of a live run. They are not
sent again (the recording has the last attempt) and count against no server's minute.

Items of a stream are calls of their own for the engine; they go to a thread as ever, which reads from an iterator that
listens or plays back (`streams`).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from poppy_ipython.backends.dispatch import LiveDispatcher
from poppy_ipython.backends.flights import Flight
from poppy_ipython.engine.answers import Advance
from poppy_ipython.record.answers import Answer, Source
from poppy_ipython.record.keys import key_of
from poppy_ipython.record.streams import tap
from poppy_ipython.record.takes import Takes
from poppy_ipython.record.values import Numbers

__all__ = ["CACHED", "RecordedDispatcher", "write_output"]

CACHED = "the call cache"


def _clock() -> float:
    """Not `time.perf_counter` itself: limits per minute then count for this run alone."""
    return time.perf_counter()


class RecordedDispatcher(LiveDispatcher):
    """Sends, writes down (`takes`), and answers (`source`) the calls of one run. `cached`: answers come from a cache."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        max_calls: int | None,
        *,
        failed: Callable[[BaseException], None],
        takes: Takes | None = None,
        source: Source | None = None,
        cached: bool = False,
    ) -> None:
        super().__init__(loop, max_calls, _clock if source is not None and not cached else time.perf_counter, failed=failed)
        self.takes = takes
        self.source = source
        self.cached = cached
        self.answered = 0
        self._answers: dict[int, tuple[Answer, Numbers]] = {}

    def submit(self, call: Any) -> None:
        if issubclass(type(call.fn), Advance):
            super().submit(call)
            return
        if self.source is not None:
            numbers = Numbers()
            key = key_of(call.fn, call.args, call.kwargs, numbers)
            answer = self.source.find(call, key)
            if answer is not None:
                self.answered += 1
                self._answers[id(call)] = answer, numbers
                if self.cached:
                    call.record.callee += " (cached)"
                    call.record.host = CACHED
                    self._slots.submit(call, CACHED)
                    return
        if self.takes is not None and id(call) not in self._answers:
            self.takes.sent(call)
        super().submit(call)

    def cancel(self, call: Any) -> None:
        super().cancel(call)
        self._answers.pop(id(call), None)

    # -- what is answered

    def _launch(self, flight: Flight) -> None:
        found = self._answers.get(id(flight.call))
        if found is None:
            super()._launch(flight)
        else:
            flight.alarm = self.loop.call_later(found[0].seconds, self._due, flight)

    def _due(self, flight: Flight) -> None:
        answer, numbers = self._answers[id(flight.call)]
        if answer.output:
            context = getattr(flight.call, "context", None)
            if context is None:
                write_output(answer.output)
            else:
                context.run(write_output, answer.output)
        value, error = answer.outcome(numbers)
        self._back(flight, value, error)

    def _end(self, flight: Flight) -> str:
        if id(flight.call) not in self._answers:
            return super()._end(flight)
        flight.alarm.cancel()
        self.may_be_billed -= 1  # nobody was asked
        return "cancelled"

    def _drop(self, flight: Flight, outcome: str) -> None:
        if id(flight.call) in self._answers:
            self._slots.left(flight.lane)  # gone at once
        else:
            super()._drop(flight, outcome)

    def _repeats(self, flight: Flight, error: BaseException, now: float) -> bool:
        found = self._answers.get(id(flight.call))
        if found is None:
            return super()._repeats(flight, error, now)
        return False

    # -- what is written down

    def _finish(self, call: Any, value: Any, error: BaseException | None) -> None:
        found = self._answers.pop(id(call), None)
        if found is not None:
            call.record.attempts = found[0].attempts
        elif self.takes is not None and (take := self.takes.of.get(id(call))) is not None:
            if error is None and call.effect.result == "stream":
                heard = tap(value, self.clock)
                if heard is not None:
                    value, take.stream = heard
            self.takes.ended(take, value, error)
        super()._finish(call, value, error)


def write_output(text: str) -> None:
    """Write again what a recorded call wrote."""
    for name, method, args, kwargs in json.loads(text):
        target: Any = getattr(sys, name, None)
        if name == "display":
            from IPython.core.getipython import get_ipython

            shell: Any = get_ipython()
            target = None if shell is None else shell.display_pub
        if target is not None and method in ("write", "publish", "clear_output"):
            getattr(target, method)(*args, **kwargs)


