"""`LiveDispatcher`: sends real calls, async ones on the loop and blocking ones in threads, within the limits of slots.

    submit ─▶ Slots ─▶ _send ─┬─▶ Starter.start(self._fly(call))  ─▶ _landed ─▶ call.finish
                              └─▶ ThreadPool.submit ──▶ Mailbox   ─▶ _landed ─▶ call.finish

One dictionary, `_out`, says which calls the engine still wants. A call that lands and is not in it was cancelled: its
result is dropped and its slot freed, nothing else. So cancelling is one removal, and "exactly once, never after cancel"
needs no state machine. An async call that completes within its own first step (a cached answer) is handed over with the
loop's next turn, because nothing may finish inside `submit`.

Cancelled async calls get `task.cancel()` and keep their slot until they are really gone; blocking ones cannot be stopped
(see threads.py). Both were sent and may be billed: they are counted. An exception of any kind, KeyboardInterrupt and
SystemExit included, is caught inside the Task or thread and handed to `finish`, without the frames of this module.

Measured on CPython 3.11, from submit to finish of a coroutine that waits once: 5.6 µs of CPU against 2.9 µs for a bare
asyncio Task (`python -m tests.backends.measure`).
"""

from __future__ import annotations

import asyncio
import inspect
import time
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable
from types import CoroutineType
from typing import Any

from poppy_ipython.backends.base import mark_failed, status_of
from poppy_ipython.backends.loop import Starter, turn_until_quiet
from poppy_ipython.backends.slots import Host, Slots
from poppy_ipython.backends.threads import POOL, Mailbox, ThreadPool
from poppy_ipython.effects.registry import host_of

__all__ = ["LiveDispatcher"]

_known: set[str] = set()
"""Hosts that have answered, or were given the time to."""


class LiveDispatcher:
    """Sends the calls of one run. Lives on the loop's thread; every method is called there.

    >>> import asyncio
    >>> from types import SimpleNamespace
    >>> from poppy_ipython.effects import unordered
    >>> async def main():
    ...     dispatcher = LiveDispatcher(asyncio.get_running_loop())
    ...     answer = asyncio.get_running_loop().create_future()
    ...     record = SimpleNamespace(host=None, started=None, ended=None, outcome="waiting", error=None)
    ...     dispatcher.submit(SimpleNamespace(fn=str.upper, args=("a",), kwargs={}, effect=unordered, position=(1,),
    ...                                       record=record, finish=lambda value, error: answer.set_result(value)))
    ...     return await answer, record.outcome
    >>> asyncio.run(main())
    ('A', 'ok')

    `started(call)`, if given, is called when a call is really sent (for instruments); `failed(error)` when a `finish`
    raised, which is a bug of the engine and must not escape into the loop (default: the loop's exception handler).
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        max_calls: int = 16,
        clock: Callable[[], float] = time.perf_counter,
        *,
        started: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
        threads: ThreadPool = POOL,
    ) -> None:
        self.loop = loop
        self.clock = clock
        self.max_calls = max_calls
        self.may_be_billed = 0
        self._slots = Slots(max_calls, self._send)
        self._starter = Starter(loop)
        self._threads = threads
        self._box = Mailbox(loop, self._landed)
        self._started = started
        self._failed = failed if failed is not None else self._log
        self._starting: Any = None  # the call whose first step runs just now
        self._out: dict[int, tuple[Any, Host, Task[Any] | None]] = {}  # id(call) -> call, host, its Task
        self._lost: dict[int, tuple[Any, Host]] = {}  # cancelled and not back yet
        self._fresh = False  # async calls were started since the loop was quiet
        self._closed = False

    # -- the engine's side

    def submit(self, call: Any) -> None:
        if self._closed:
            raise RuntimeError("this dispatcher is closed")
        host = call.effect.host
        if host.__class__ is not str:
            host = host_of(call.effect, call.fn, call.args, call.kwargs)
        record = call.record
        if record.host is None:
            record.host = host
        self._slots.submit(call, host)

    def cancel(self, call: Any) -> None:
        key = id(call)
        flight = self._out.pop(key, None)
        record = call.record
        if flight is None:
            if self._slots.withdraw(call):
                record.outcome = "unsent"
            else:
                self._slots.release(call)  # back already: what it held is no longer anybody's concern
            return
        _, host, task = flight
        if task is not None and _has_not_begun(task):
            task.cancel()  # not begun (a loop without eager start): it never will be, nor report back
            record.started, record.outcome = None, "unsent"
            self._slots.left(host)
            return
        self.may_be_billed += 1
        record.ended = self.clock()
        record.outcome = "cancelled" if task is not None else "abandoned"
        self._lost[key] = (call, host)
        self._slots.lose(host)
        if task is not None:
            task.cancel()

    def release(self, call: Any) -> None:
        self._slots.release(call)

    def close(self) -> None:
        self._closed = True
        for call in self._slots.unsent:
            self.cancel(call)
        for call, _, _ in list(self._out.values()):
            self.cancel(call)

    @property
    def in_flight(self) -> int:
        """Calls sent, not back, and still wanted."""
        return len(self._out)

    @property
    def waiting(self) -> int:
        """Calls not sent yet."""
        return len(self._slots.unsent)

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
        while any(host.name not in _known for _, host, task in self._out.values() if task) and self.loop.time() < end:
            await asyncio.sleep(0.001)
        if patience:
            _known.update(host.name for _, host, task in self._out.values() if task)

    # -- the calls' side

    def _send(self, call: Any, host: Host) -> None:
        record = call.record
        record.started = self.clock()
        record.outcome = "running"
        effect = call.effect
        backend = effect.backend
        if backend == "auto":
            backend = "loop" if inspect.iscoroutinefunction(call.fn) else "threads"
        if backend == "threads":
            self._out[id(call)] = (call, host, None)
            self._threads.submit(call, self._box, call.fn, call.args, call.kwargs, getattr(call, "context", None))
        else:
            self._fresh = True
            outer, self._starting = self._starting, call
            try:
                self._out[id(call)] = (call, host, self._starter.start(self._fly(call), getattr(call, "context", None)))
            finally:
                self._starting = outer
        if self._started is not None:
            self._started(call)

    async def _fly(self, call: Any) -> None:
        value: Any = None
        error: BaseException | None = None
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
        if self._starting is call:
            self.loop.call_soon(self._landed, call, value, error)
        else:
            self._landed(call, value, error)

    def _landed(self, call: Any, value: Any, error: BaseException | None) -> None:
        key = id(call)
        flight = self._out.pop(key, None)
        if flight is None:
            lost = self._lost.pop(key, None)
            if lost is not None:
                self._slots.left(lost[1], lost=True)
            return
        host = flight[1]
        record = call.record
        record.ended = self.clock()
        _known.add(host.name)
        if error is None:
            record.outcome = "ok"
        else:
            mark_failed(record, error)
            self._slots.refuse(host, call, status_of(error))
        try:
            call.finish(value, error)
        except BaseException as bug:  # would end the kernel if it were a KeyboardInterrupt
            self._failed(bug)
        self._slots.left(host)  # after finish: what it issues may be older than what waits

    def _log(self, bug: BaseException) -> None:
        self.loop.call_exception_handler({"message": "poppy_ipython: the engine failed in finish()", "exception": bug})


def _has_not_begun(task: Task[Any]) -> bool:
    return not task.done() and inspect.getcoroutinestate(task.get_coro()) == inspect.CORO_CREATED  # type: ignore[arg-type]
