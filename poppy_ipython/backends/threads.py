"""Blocking calls: daemon threads, reused, that nobody ever has to wait for.

`concurrent.futures` and `asyncio.to_thread` were decided against: their workers are joined when the interpreter exits,
so that one request without a timeout holds up a kernel restart for ever; and a hop costs 67 µs. Here a call that is no
longer wanted is *abandoned*: its thread goes on, its result is dropped, and neither interrupt nor exit waits for it. The
number of threads is not bounded here: the limit of calls at once (`slots.py`) bounds it, and a second bound could
deadlock with the first.

A call runs in the context that it brings, or in a copy of that of its `submit`: so what it prints finds its place. Results
come back through one queue per `Mailbox`, and the loop is woken once for all that have arrived, not once per result.

Measured on CPython 3.11: 20 µs of CPU from submit to finish for a call that returns at once, in an idle thread and
one at a time (`python -m tests.backends.measure`).
"""

from __future__ import annotations

import threading
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from time import thread_time
from typing import Any

__all__ = ["Mailbox", "ThreadPool"]

IDLE_SECONDS = 30.0


class Mailbox:
    """Where results wait for the loop's thread: `deliver(ticket, value, error)` is called there for each."""

    __slots__ = ("_deliver", "_letters", "_loop", "_woken")

    def __init__(self, loop: AbstractEventLoop, deliver: Callable[[Any, Any, BaseException | None], None]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._letters: deque[tuple[Any, Any, BaseException | None]] = deque()
        self._woken = False

    def post(self, ticket: Any, value: Any, error: BaseException | None) -> None:
        """From any thread."""
        self._letters.append((ticket, value, error))
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._empty)
            except RuntimeError:  # the loop is closed: nobody is left to tell
                self._letters.clear()

    def _empty(self) -> None:
        self._woken = False  # before reading: a letter posted from here on wakes again
        letters = self._letters
        for _ in range(len(letters)):
            ticket, value, error = letters.popleft()
            self._deliver(ticket, value, error)


class ThreadPool:
    """Daemon threads, as many as are busy at once; an idle one waits half a minute for more.

    >>> import asyncio
    >>> async def main():
    ...     answer = asyncio.get_running_loop().create_future()
    ...     box = Mailbox(asyncio.get_running_loop(), lambda ticket, value, error: answer.set_result((ticket, value)))
    ...     ThreadPool().submit("ticket", box, str.upper, ("a",), {})
    ...     return await answer
    >>> asyncio.run(main())
    ('ticket', 'A')
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle: deque[_Worker] = deque()
        self._idle_seconds = idle_seconds

    def submit(
        self,
        ticket: Any,
        box: Mailbox,
        fn: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        context: Context | None = None,
        record: Any = None,
    ) -> None:
        """Call ``fn`` in a thread, in ``context`` (a copy of the current one if None).

        ``record.cpu`` gets the seconds that the thread has computed: a call that computes is no gain in a thread.
        """
        job = (ticket, box, copy_context() if context is None else context, fn, args, kwargs, record)
        try:
            worker = self._idle.pop()  # the one that was busy last: its memory is warm
        except IndexError:
            worker = _Worker(self)
            worker.start()
        worker.inbox.put(job)

    def _rest(self, worker: _Worker) -> None:
        self._idle.append(worker)

    def _leave(self, worker: _Worker) -> bool:
        """Whether an idle worker may end: not if a job is on its way to it."""
        try:
            self._idle.remove(worker)
        except ValueError:
            return False
        return True


class _Worker(threading.Thread):
    def __init__(self, pool: ThreadPool) -> None:
        super().__init__(name="poppy-call", daemon=True)
        self.pool = pool
        self.inbox: SimpleQueue[tuple[Any, ...]] = SimpleQueue()

    def run(self) -> None:
        inbox, pool = self.inbox, self.pool
        while True:
            try:
                job = inbox.get(timeout=pool._idle_seconds)
            except Empty:
                if pool._leave(self):
                    return
                job = inbox.get()
            ticket, box, context, fn, args, kwargs, record = job
            begin = thread_time()
            value: Any = None
            error: BaseException | None = None
            try:
                value = context.run(fn, *args, **kwargs)
            except BaseException as raised:  # SystemExit and KeyboardInterrupt belong to the program, not to this thread
                error = raised
                if error.__traceback__ is not None:
                    error.__traceback__ = error.__traceback__.tb_next  # this frame is ours
            if record is not None:
                record.cpu = thread_time() - begin
            pool._rest(self)  # before the answer: who is told of it may submit the next call to this thread
            box.post(ticket, value, error)
            del job, ticket, box, context, fn, args, kwargs, record, value, error  # an idle thread keeps nothing alive


POOL = ThreadPool()
"""Shared by all runs of the process, so that threads outlive cells."""
