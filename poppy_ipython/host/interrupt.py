"""The stop button while a poppy cell runs: our SIGINT handler, in force for that long.

A plain cell is interrupted by an exception in the middle of its code. Ours is code of several kinds on one thread, so
the handler looks at the frame that the signal interrupted:

    the user's code, called by the engine          raise KeyboardInterrupt right there, as ever:
    (native code, a compiled cell)                 the user's own `except KeyboardInterrupt` works
    the loop, idle or busy; the engine;            ask the session to stop, from the loop
    a Task of an external call

In the second case nothing may be raised: a KeyboardInterrupt that escapes an asyncio Task kills the kernel, and one
in the engine's bookkeeping would leave half of it done. `call_soon_threadsafe` writes to the loop's wake-up pipe,
which is what ipykernel's own handler does not do: without it an interrupt waits until `select()` returns for another
reason.

A blocked loop cannot stop anything: `time.sleep(60)` called by the engine itself, or inside a coroutine. So a little
thread sends the signal again after `PATIENCE` if the request was not served. Whoever is then still at the very same
instruction is inside a blocking C call, which is safe to break: in the engine's frame it is the user's function that
raises (KeyboardInterrupt), in a Task its coroutine that is cancelled (CancelledError).

Decided against `loop.add_signal_handler`: it replaces the process's wake-up descriptor, and never runs while native
code does. Off the main thread (a kernel's subshell) there are no signals, and nothing is installed.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

#: how long a request may stay unserved before whatever blocks the loop is broken; the promise is 0.5 s in all
PATIENCE = 0.2


class Interrupt:
    """While entered, SIGINT stops the run: `with Interrupt(loop, session.interrupt): …`.

    `stop` is called on the loop's thread, once per signal that is not raised in the user's code.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, stop: Callable[[], Any]) -> None:
        self.loop = loop
        self.stop = stop
        #: how many signals came
        self.seen = 0
        self._asked = 0
        self._served = 0
        self._stuck: tuple[int, int] | None = None
        self._previous: Any = None
        self._installed = False

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.getsignal(signal.SIGINT)
            if self._previous is not None:  # None: installed by C code, could not be put back
                signal.signal(signal.SIGINT, self._handle)
                self._installed = True
        return self

    def __exit__(self, *exc: object) -> None:
        self._served = self._asked
        if self._installed and signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, self._previous)
        self._installed = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.seen += 1
        where = _whose(frame)
        if where == "user":
            raise KeyboardInterrupt
        here = (id(frame), frame.f_lasti) if frame is not None else None
        if self._asked > self._served and here is not None and here == self._stuck:
            if where == "engine":
                raise KeyboardInterrupt
            if where == "task":
                raise asyncio.CancelledError
        self._stuck = here
        self._asked += 1
        self.loop.call_soon_threadsafe(self._serve)
        again = threading.Timer(PATIENCE, self._again, (self._asked,))
        again.daemon = True
        again.start()

    def _serve(self) -> None:
        self._served = self._asked
        self.stop()

    def _again(self, asked: int) -> None:
        """On the timer's thread: nobody served us, so something blocks the main thread."""
        if asked > self._served:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def without_handler(error: BaseException) -> None:
    """Take the handler's own frame off the tracebacks of `error` and of what it was raised from or while handling."""
    seen: list[BaseException | None] = [None]
    todo: list[BaseException | None] = [error]
    while todo:
        error_or_none = todo.pop()
        if any(error_or_none is other for other in seen) or error_or_none is None:
            continue
        seen.append(error_or_none)
        todo += [error_or_none.__context__, error_or_none.__cause__]
        traceback = error_or_none.__traceback__
        while traceback is not None and traceback.tb_next is not None:
            if traceback.tb_next.tb_frame.f_code is Interrupt._handle.__code__:
                traceback.tb_next = None
            traceback = traceback.tb_next


def _whose(frame: FrameType | None) -> str:
    """What the signal interrupted: 'user' code called by the engine, our 'engine', a 'task' of a call, or the 'loop'.

    The frame chain of a greenlet ends where the greenlet began, so this never looks past the unit that runs.
    """
    first = True
    innermost_is_loop = False
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("poppy_ipython."):
            if first or not module.startswith("poppy_ipython.engine"):
                return "engine"
            return "user"
        if module == "asyncio.events":  # Handle._run: a callback of the loop; a Task's step if code lies above it
            return "loop" if innermost_is_loop else "task"
        if first:
            innermost_is_loop = module.partition(".")[0] in ("asyncio", "selectors", "tornado", "zmq")
        first = False
        frame = frame.f_back
    return "loop"
