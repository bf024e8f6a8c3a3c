"""`LiveDispatcher`: sends real calls, async ones on the loop and blocking ones in threads, within the limits of slots.

    Flights ─▶ _launch ─┬─▶ Starter.start(self._fly(flight)) ─▶ _landed ─▶ Flights._back ─▶ call.finish
                        └─▶ ThreadPool.submit ──▶ Mailbox    ─▶ _landed

An async call that completes within its own first step (a cached answer) is handed over with the loop's next turn, because
nothing may finish inside `submit`.

Cancelled async calls get `task.cancel()` and keep their place until they are really gone; blocking ones cannot be stopped
(see threads.py). Both were sent and may be billed: they are counted. A timeout does the same and hands a `TimeoutError` to
the program at once, whether the call takes its cancellation or not. An exception of any kind, KeyboardInterrupt and
SystemExit included, is caught inside the Task or thread and handed to `finish`, without the frames of this module.

Measured on CPython 3.11, on a machine that others kept busy, from submit to finish of a coroutine that waits once: 11.8 µs of
CPU against 4.0 µs for a bare asyncio Task (`python -m tests.backends.measure`); 1.5 µs of it are limits and retries.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable
from dataclasses import replace
from random import Random
from types import CoroutineType, FunctionType
from typing import Any

from poppy_ipython.backends.flights import Flight, Flights
from poppy_ipython.backends.learned import Lessons
from poppy_ipython.backends.limits import BOOK, Book
from poppy_ipython.backends.loop import Starter, turn_until_quiet
from poppy_ipython.backends.pace import CEILING, START
from poppy_ipython.backends.rates import Windows
from poppy_ipython.backends.remote import REMOTE, Nowhere, Remote, open_remote
from poppy_ipython.backends.threads import POOL, Mailbox, ThreadPool
from poppy_ipython.effects.table import display_name

__all__ = ["LiveDispatcher"]

_known: set[str] = set()
"""Hosts that have answered, or were given the time to."""

_windows: Windows = {}
"""What was counted against limits per minute, by `time.perf_counter`: a server's minute does not end with a cell."""

_lessons: Lessons = {}
"""What hosts were found to let through per minute."""


class LiveDispatcher(Flights):
    """Sends the calls of one run. Lives on the loop's thread; every method is called there.

    >>> import asyncio
    >>> from poppy_ipython.effects import unordered
    >>> from poppy_ipython.trace.events import CallRecord
    >>> from types import SimpleNamespace
    >>> async def main():
    ...     dispatcher = LiveDispatcher(asyncio.get_running_loop())
    ...     answer = asyncio.get_running_loop().create_future()
    ...     record = CallRecord(1, "upper")
    ...     dispatcher.submit(SimpleNamespace(fn=str.upper, args=("a",), kwargs={}, effect=unordered, position=(1,),
    ...                                       record=record, finish=lambda value, error: answer.set_result(value)))
    ...     return await answer, record.outcome
    >>> asyncio.run(main())
    ('A', 'ok')

    `max_calls` at once to one host; None: as many as it takes, learned from 16 on (pace.py). `started(call)`, if given, is
    called when a call is really sent (for instruments); `failed(error)` when a `finish` raised, which is a bug of the
    engine and must not escape into the loop (default: the loop's exception handler); `backend` is where blocking functions of
    the user's go that name no other. Raises `BadLimit` if the limits of
    `pyproject.toml` cannot be meant.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        max_calls: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
        *,
        started: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
        threads: ThreadPool = POOL,
        book: Book = BOOK,
        random: Random | None = None,
        backend: str | None = None,
    ) -> None:
        book.refresh()
        self.backend = backend
        self.loop = loop
        self.clock = clock
        self.max_calls = max_calls
        super().__init__(
            START if max_calls is None else max_calls,
            CEILING if max_calls is None else max_calls,
            started=started,
            book=book,
            windows=_windows if clock is time.perf_counter else None,
            lessons=_lessons if clock is time.perf_counter else None,
            random=random if random is not None else Random(),
        )
        self._starter = Starter(loop)
        self._threads = threads
        self._box = Mailbox(loop, self._landed)
        self._failed = failed if failed is not None else self._log
        self._starting: Flight | None = None  # the one whose first step runs just now
        self._fresh = False  # async calls were started since the loop was quiet
        self._timer: Any = None
        self._timer_at = 0.0
        self._remotes: dict[str, Remote] = {}

    def close(self) -> None:
        super().close()
        for remote in self._remotes.values():
            remote.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def _alarmed(self) -> bool:  # type: ignore[override]
        return self._timer is not None

    @property
    def flush_needed(self) -> bool:
        return self._fresh

    async def flush(self, patience: float = 0.0) -> None:
        """Before native code that may keep the loop: let what was started get as far as it can by itself.

        Without `patience` that takes no time: the loop has turns until nothing is ready. A host that has never answered
        in this process needs a connection first, round trips that only time brings; such a host is given up to
        `patience` seconds, once. Nobody can say whether that was enough.
        """
        if not self._fresh:
            return
        self._fresh = self._starter.pending = False
        await turn_until_quiet(self.loop)
        end = self.loop.time() + patience
        while any(name not in _known for name in self._async_hosts()) and self.loop.time() < end:
            await asyncio.sleep(0.001)
        if patience:
            _known.update(self._async_hosts())

    def _async_hosts(self) -> list[str]:
        return [flight.lane.host.name for flight in self._out.values() if flight.task]

    # -- the calls' side

    def submit(self, call: Any) -> None:
        if self.backend is not None:
            self._move(call, self.backend)
        backend = call.effect.backend
        if backend in REMOTE and backend not in self._remotes:
            try:
                remote = self._remotes[backend] = open_remote(backend, self.loop, self._landed, self.clock)
                remote.keeps = type(self) is LiveDispatcher  # others write down what comes back
                most = self.max_calls
                self._slots.widths[backend] = remote.width if most is None else min(most, remote.width)
            except Exception as error:
                self._remotes[backend] = Nowhere(error, self.loop, self._landed, self.clock)
        super().submit(call)

    def _move(self, call: Any, backend: str) -> None:
        """A blocking function of the user's, of which no other backend was said, goes where the whole run goes."""
        effect = call.effect
        if effect.said_backend or effect.known or effect.backend == "loop" or type(call.fn) is not FunctionType:
            return
        if effect.backend == "auto" and inspect.iscoroutinefunction(call.fn):
            return
        call.effect = replace(effect, backend=backend, host=backend if effect.host == display_name(call.fn) else effect.host)

    def _launch(self, flight: Flight) -> None:
        call = flight.call
        effect = call.effect
        backend = effect.backend
        if effect.timeout is not None:
            flight.alarm = self.loop.call_later(effect.timeout, self._too_long, flight)
        if backend == "auto":
            backend = "loop" if inspect.iscoroutinefunction(call.fn) else "threads"
        context = getattr(call, "context", None)
        if context is not None and self._attempts and id(call) in self._attempts:
            context = context.copy()  # an earlier attempt, given up, may still be in it
        if backend == "threads":
            self._threads.submit(flight, self._box, call.fn, call.args, call.kwargs, context, call.record)
            return
        if backend in REMOTE:
            try:
                self._remotes[backend].launch(flight)
            except Exception as error:
                self.loop.call_soon(self._landed, flight, None, error.with_traceback(None))
            return
        self._fresh = True
        outer, self._starting = self._starting, flight
        try:
            flight.task = self._starter.start(self._fly(flight), context)
        finally:
            self._starting = outer

    async def _fly(self, flight: Flight) -> None:
        value: Any = None
        error: BaseException | None = None
        call = flight.call
        try:
            value = call.fn(*call.args, **call.kwargs)
            if value.__class__ is CoroutineType or inspect.isawaitable(value):
                value = await value
        except BaseException as raised:
            if raised.__class__ is GeneratorExit and not self.loop.is_running():
                raise  # the loop is gone and this coroutine is thrown away with it
            error, value = raised, None
            if error.__traceback__ is not None:
                error.__traceback__ = error.__traceback__.tb_next  # this frame is ours
        if self._starting is flight:
            self.loop.call_soon(self._landed, flight, value, error)
        else:
            self._landed(flight, value, error)

    def _landed(self, flight: Flight, value: Any, error: BaseException | None) -> None:
        if flight.alarm is not None:
            flight.alarm.cancel()
        _known.add(flight.lane.host.name)
        self._back(flight, value, error)

    def cancel_inside(self, call: Any, *why: Any) -> bool:
        """Cancel the Task of an asynchronous call that stays wanted: how it ends is its outcome. False if it has none."""
        flight = self._out.get(id(call))
        if flight is None or flight.task is None:
            return False
        return bool(flight.task.cancel(*why))

    def _end(self, flight: Flight) -> str:
        if flight.alarm is not None:
            flight.alarm.cancel()
        task = flight.task
        if task is None:
            return "abandoned" if flight.remote is None else self._remotes[flight.call.effect.backend].cancel(flight)
        begun = not _has_not_begun(task)
        task.cancel()
        return "cancelled" if begun else "unsent"  # not begun (a loop without eager start): it never will be, nor report back

    def _finish(self, call: Any, value: Any, error: BaseException | None) -> None:
        try:
            call.finish(value, error)
        except BaseException as bug:  # would end the kernel if it were a KeyboardInterrupt
            self._failed(bug)

    def _wake(self, when: float) -> None:
        if self._timer is not None:
            if self._timer_at <= when:
                return
            self._timer.cancel()
        self._timer_at = when
        self._timer = self.loop.call_later(max(0.0, when - self.clock()), self._pump)

    def _pump(self) -> None:
        self._timer = None
        self._slots.pump()

    def _log(self, bug: BaseException) -> None:
        self.loop.call_exception_handler({"message": "poppy_ipython: the engine failed in finish()", "exception": bug})


def _has_not_begun(task: Task[Any]) -> bool:
    return not task.done() and inspect.getcoroutinestate(task.get_coro()) == inspect.CORO_CREATED  # type: ignore[arg-type]
