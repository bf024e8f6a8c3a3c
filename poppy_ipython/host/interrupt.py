"""The stop button while a poppy cell runs: our SIGINT handler, in force for that long.

A plain cell is interrupted by an exception in the middle of its code. Ours is code of several kinds on one thread, so
the handler looks at the frame that the signal interrupted:

    user     the user's code, called by the engine    raise KeyboardInterrupt right there, as ever
    engine   ours, called by the user's code          raise it when that code goes on, or stop from the loop
    task     the code of an external call             stop from the loop
    loop     idle or busy                             stop from the loop

So the user's own `except KeyboardInterrupt` works wherever it does in a plain run. In the last two cases nothing may be
raised: a KeyboardInterrupt that escapes an asyncio Task kills the kernel. `call_soon_threadsafe` writes to the loop's
wake-up pipe, which is what ipykernel's own handler does not do: without it an interrupt waits until `select()` returns
for another reason. Inside the engine nothing may be raised either, half of its bookkeeping would be left undone; the frames
of the user's code below it get a local trace function instead, which raises at their next line.

Both may be too late: a blocking C function called by the engine itself (`time.sleep(60)` as a statement) or inside a
coroutine. So a little thread sends the signal again after `PATIENCE` if the request was not served. Whoever is then still
at the very same instruction is inside that C function and nowhere else, which is safe to break: in the engine's frame it is
the user's function that raises (KeyboardInterrupt), in a Task its coroutine that is cancelled (CancelledError).

Decided against `loop.add_signal_handler`: it replaces the process's wake-up descriptor, and never runs while native
code does. Off the main thread (a kernel's subshell) there are no signals, and nothing is installed.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

#: how long a request may stay unserved before whatever blocks the loop is broken; the promise is 0.5 s in all
PATIENCE = 0.2

#: then, how long a look at where it stands is apart from the next
LOOK = 0.03


class Interrupt:
    """While entered, SIGINT stops the run: `with Interrupt(loop, session.interrupt, session.at_head): …`.

    `stop` is called on the loop's thread for a signal that was not raised in the user's code. `at_head` says whether the
    code that runs now is what a plain run would be running: if it ran ahead, its exception would wait for its turn, so the
    run is stopped as well.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, stop: Callable[[], Any], at_head: Callable[[], bool] = lambda: True
    ) -> None:
        self.loop = loop
        self.stop = stop
        self.at_head = at_head
        #: how many signals came
        self.seen = 0
        self._asked = 0
        self._served = 0
        self._stuck: tuple[int, int] | None = None
        self._looking = False
        self._traced: list[FrameType] = []
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
        self._trace_no_more()
        if self._installed and signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, self._previous)
        self._installed = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.seen += 1
        where, callers = _whose(frame)
        here = (id(frame), frame.f_lasti) if frame is not None else None
        blocked = self._asked > self._served and here is not None and here == self._stuck
        if where == "user" or (where == "engine" and blocked):
            self._raise()
        if where == "task" and blocked:
            raise asyncio.CancelledError
        if where == "engine" and callers and sys.gettrace() is None:
            self._traced = callers
            for caller in callers:
                caller.f_trace = self._next_line
            sys.settrace(_trace_nothing_new)
        self._stuck = here
        self._ask()
        again = threading.Timer(LOOK if self._looking else PATIENCE, self._again, (self._asked,))
        again.daemon = True
        again.start()

    def _raise(self) -> NoReturn:
        self._served = self._asked  # whoever catches the exception goes on, as in a plain run
        self._looking = False
        if not self.at_head():
            self._ask()
        raise KeyboardInterrupt

    def _next_line(self, frame: FrameType, event: str, argument: Any) -> None:
        self._trace_no_more()
        if self._asked > self._served:
            self._raise()

    def _trace_no_more(self) -> None:
        if self._traced:
            for frame in self._traced:
                frame.f_trace = None
            self._traced = []
            sys.settrace(None)

    def _ask(self) -> None:
        self._asked += 1
        self.loop.call_soon_threadsafe(self._serve, self._asked)

    def _serve(self, asked: int) -> None:
        if asked > self._served:
            self._served = self._asked
            self._looking = False
            self._trace_no_more()
            self.stop()

    def _again(self, asked: int) -> None:
        """On the timer's thread: nobody served us, so something blocks the main thread."""
        if asked > self._served:
            self._looking = True
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _trace_nothing_new(frame: FrameType, event: str, argument: Any) -> None:
    """The global trace function while frames that already run have one of their own."""


_OURS = (Interrupt._handle.__code__, Interrupt._raise.__code__, Interrupt._next_line.__code__)


def without_handler(error: BaseException) -> None:
    """Take the handler's own frames off the tracebacks of `error` and of what it was raised from or while handling."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        todo += [one.__context__, one.__cause__]
        traceback = one.__traceback__
        while traceback is not None and traceback.tb_next is not None:
            if traceback.tb_next.tb_frame.f_code in _OURS:
                traceback.tb_next = None
            traceback = traceback.tb_next


def _whose(frame: FrameType | None) -> tuple[str, list[FrameType]]:
    """What the signal interrupted (see the module docstring), and if that is the engine, the user's frames below it.

    The frame chain of a greenlet ends where the greenlet began, so this never looks past the unit that runs.
    """
    modules: list[str] = []
    frames: list[FrameType] = []
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module == "asyncio.events":  # Handle._run, a callback of the loop; below it there is only the loop itself
            break
        modules.append(module)
        frames.append(frame)
        frame = frame.f_back
    ours = [module.startswith("poppy_ipython.") for module in modules]
    if not any(ours):
        looping = not modules or modules[0].partition(".")[0] in ("asyncio", "selectors", "tornado", "zmq")
        return ("loop" if looping else "task"), []
    first = ours.index(True)  # the innermost frame of ours
    if not modules[first].startswith("poppy_ipython.engine"):
        return "engine" if first == 0 else "task", []
    if first > 0 and modules[0] not in _ENGINE_CALLS:
        return "user", []
    return "engine", [frame for frame, own in zip(frames, ours, strict=True) if not own]


#: libraries that the engine calls for itself
_ENGINE_CALLS = ("greenlet", "weakref", "contextvars", "ast", "linecache", "collections")
