"""Async calls: one asyncio Task each, whose first steps run inside `submit`.

A dispatched request must be on the wire before native code that follows it starts, and native code may keep the loop for
seconds. A Task that `create_task` makes does nothing before the loop's next turn. So the Task's first steps are run at
once, up to the first thing it has to wait for: on a kept-alive connection that is the answer, with the request already
written. From Python 3.12 the first step is `asyncio.Task(eager_start=True)`. On 3.11 `start` does by hand what 3.12
does in C: it makes the Task in the ordinary way, takes the Task's own first step out of the loop's ready queue, where it
stands last, and runs it in its place; around it the running Task is exchanged through `_leave_task` and `_enter_task`,
which asyncio documents for those who implement tasks. So it *is* an ordinary asyncio Task from its first instruction:
`asyncio.current_task()`, `asyncio.timeout`, cancellation, context variables, anyio's cancel scopes and httpx's locks
find what they look for. One step is not enough for `openai`: anyio yields twice (`sleep(0)`) on the way to the socket.
So while the Task stands last in the queue again, it goes on, a bounded number of times: as if the loop had had turns in
which nobody else was ready. (Decided against: stepping the coroutine outside a Task and continuing it in one. It works for
plain awaits, but whoever asks for the current task in the first part gets another one than in the rest.) On a loop whose
queue we do not know (uvloop) the Task starts with the next turn, and `Starter.pending` says so.

Where a connection must be opened first, the first steps end before it (a new `openai` client asks a thread for the
platform's name, then connects) and no trick can put the request on the wire: packets must come back. `turn_until_quiet`
gives the loop turns until nothing is ready, which is all that costs no time; see `LiveDispatcher.flush` for the rest.

The coroutine given to `start` must catch everything: a KeyboardInterrupt or SystemExit that escapes from any asyncio
Task ends the kernel.

Measured on CPython 3.11: a coroutine that waits once costs 2.9 µs of CPU through `create_task` and 2.7 µs through
`start` (`python -m tests.backends.measure`).
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import AbstractEventLoop, Task
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

__all__ = ["Starter", "turn_until_quiet"]

_make_task: Callable[..., Task[Any]] = Task  # `eager_start` is unknown to 3.11
_STEPS = 8
_TURNS = 24


class Starter:
    """Starts Tasks on one loop, at once where the loop lets us.

    `pending` is set when a Task was made whose first step has not run, and stays set until somebody clears it.
    """

    __slots__ = ("_eager", "_ready", "loop", "pending")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = loop
        self.pending = False
        self._eager = sys.version_info >= (3, 12) and isinstance(loop, asyncio.BaseEventLoop)
        ready = getattr(loop, "_ready", None)
        self._ready: deque[Any] | None = ready if isinstance(ready, deque) else None

    def start(self, coroutine: Coroutine[Any, Any, Any], context: Context | None = None) -> Task[Any]:
        loop, ready = self.loop, self._ready
        begun = self._eager and loop.is_running()
        task: Task[Any]
        if begun:
            task = _make_task(coroutine, loop=loop, eager_start=True, context=context)
        else:
            task = loop.create_task(coroutine) if context is None else loop.create_task(coroutine, context=context)
        # Written out twice, and without exceptions: this is the hottest line of a dispatch.
        if not ready or getattr(ready[-1]._callback, "__self__", None) is not task:
            if not begun:  # not the loop we know, or a task factory of somebody's
                self.pending = True
            return task  # type: ignore[no-any-return]
        current = asyncio.current_task(loop)
        if current is None:
            if not loop.is_running():
                self.pending = True
                return task  # type: ignore[no-any-return]
        else:
            asyncio.tasks._leave_task(loop, current)
        try:
            for step in range(_STEPS + 1):
                if not ready:
                    break
                handle = ready.pop()
                if getattr(handle._callback, "__self__", None) is not task:
                    ready.append(handle)  # of a signal handler or another thread, which may come between any two lines
                    self.pending = self.pending or not step
                    break
                handle._run()
        finally:
            if current is not None:
                asyncio.tasks._enter_task(loop, current)
        return task  # type: ignore[no-any-return]


async def turn_until_quiet(loop: AbstractEventLoop) -> None:
    """Give the loop turns until nothing is ready any more, a bounded number of them.

    `sleep(0)` puts us behind all that is ready, and input that arrived goes behind us; so when we are resumed with
    nothing behind us, everything started has come to wait for something outside.
    """
    ready = getattr(loop, "_ready", None)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
        if ready is not None and not ready:
            return
