"""The stop button while a poppy cell runs: our SIGINT handler, in force for that long.

A plain cell is interrupted by an exception in the middle of its code. Ours is code of several kinds on one thread, so
the handler looks at the frames that the signal interrupted, from the innermost outwards, for the first that is ours:

    cell     below it there is the cell's code, or what that called     raise KeyboardInterrupt right there, as ever
    engine   it is ours, or something of the library that we called     raise it at the next line of the cell, or stop
    task     below it there is the code of an external call             stop from the loop
    loop     none is ours: idle, or a callback of somebody else         stop from the loop

So the user's own `except KeyboardInterrupt` works wherever it does in a plain run. Elsewhere nothing may be raised. A
KeyboardInterrupt that escapes an asyncio Task kills the kernel; inside the engine half of its bookkeeping would be
left undone, and that is also so in whatever the engine calls for itself: a `loop.call_soon` that does not happen is a
cell that never ends. So it is not asked where a frame's code comes from (a list of libraries is never complete) but
who called it: the session knows the frames from which the cell's code begins. A trace function is set instead, which
raises at the cell's next line. `call_soon_threadsafe` writes to the loop's wake-up pipe, which is what ipykernel's
own handler does not do: without it an interrupt waits until `select()` returns for another reason.

Both may be too late: a blocking C function called by the engine itself (`sum` of a long range) or inside a coroutine. So a
little thread sends the signal again after `PATIENCE` if the request was not served. Whoever is then, and again one `LOOK`
later, still at the very same instruction is inside that C function and nowhere else, which is safe to break: in the
engine's frame it is the user's function that raises (KeyboardInterrupt), in a Task its coroutine that is cancelled
(CancelledError).

Python runs a handler between two instructions. A signal that comes after the loop's last one and before its `select`
(often: a thread that sends one runs as soon as the loop gives up the interpreter for `select`) would wait for `select` to
return, so while entered there is a wake-up descriptor that the loop reads.

Decided against `loop.add_signal_handler`: its handler never runs while native code does. Off the main thread (a
kernel's subshell) there are no signals, and nothing is installed.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any, NoReturn, Protocol

import greenlet

from poppy_ipython.backends.dispatch import LiveDispatcher

#: how long a request may stay unserved before whatever blocks the loop is broken; the promise is 0.5 s in all
PATIENCE = 0.2

#: then, how long a look at where it stands is apart from the next
LOOK = 0.03


class Cell(Protocol):
    """What the handler asks of the run; the engine's `Session`."""

    def interrupt(self) -> None:
        """Stop, called on the loop's thread."""

    def of_cell(self, frame: FrameType) -> bool:
        """Whether this frame, which ours called or which the loop called, is the cell's code or native code it calls."""

    def lowered(self, frame: FrameType) -> bool:
        """Whether this frame is the cell's own code."""

    def standing(self) -> str:
        """Whether the code that runs now is what a plain run would be running (`head`), runs `ahead`, or is `dead`."""


class Interrupt:
    """While entered, SIGINT stops the run: `with Interrupt(loop, session): …`.

    Where code of the cell runs ahead, its exception would wait for its turn, so the run is stopped as well.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, cell: Cell) -> None:
        self.loop = loop
        self.cell = cell
        #: how many signals came
        self.seen = 0
        self._asked = 0
        self._served = 0
        self._stuck: tuple[int, int] | None = None
        self._looks = 0
        self._looking = False
        self._tracing = False
        self._previous: Any = None
        self._installed = False
        self._wake: socket.socket
        self._sockets: tuple[socket.socket, ...] = ()

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.getsignal(signal.SIGINT)
            if self._previous is not None:  # None: installed by C code, could not be put back
                signal.signal(signal.SIGINT, self._handle)
                self._installed = True
                self._wake_for_signals()
        return self

    def __exit__(self, *exc: object) -> None:
        self._served = self._asked
        self._trace_no_more()
        if self._installed and signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, self._previous)
        self._installed = False
        self._wake_no_more()

    def _wake_for_signals(self) -> None:
        """A signal that comes between the loop's last instruction and its `select` would wait for `select` to return."""
        try:
            self._wake, wake = socket.socketpair()
        except OSError:  # no descriptors left: the cell is worth more
            return
        self._sockets = self._wake, wake
        for end in self._sockets:
            end.setblocking(False)
        before = signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        if before != -1:  # somebody has one already, to wake this loop
            signal.set_wakeup_fd(before)
            self._close()
            return
        self.loop.add_reader(self._wake, self._woken)

    def _woken(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake.recv(4096)

    def _wake_no_more(self) -> None:
        if self._sockets:
            now = signal.set_wakeup_fd(-1)
            if now != self._sockets[1].fileno():
                signal.set_wakeup_fd(now)
            self.loop.remove_reader(self._wake)
            self._close()

    def _close(self) -> None:
        for end in self._sockets:
            end.close()
        self._sockets = ()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.seen += 1
        where, callers = self._whose(frame)
        here = (id(frame), frame.f_lasti) if frame is not None else None
        waited = self._asked > self._served and here is not None and here == self._stuck
        self._looks = self._looks + 1 if waited else 0
        blocked = self._looks > 1
        if where == "cell" or (where == "engine" and blocked):
            standing = self.cell.standing()
            if standing != "dead":
                self._raise(standing)
        if where == "task" and blocked:
            raise asyncio.CancelledError
        if where == "engine":
            self._trace(callers)
        self._stuck = here
        self._ask()
        again = threading.Timer(LOOK if self._looking else PATIENCE, self._again, (self._asked,))
        again.daemon = True
        again.start()

    def _raise(self, standing: str) -> NoReturn:
        self._served = self._asked  # whoever catches the exception goes on, as in a plain run
        self._looking = False
        if standing == "ahead":
            self._ask()
        raise KeyboardInterrupt

    def _next_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Local trace function. The code of a round of a loop may have no next line, it returns."""
        if event == "call":
            return self._next_line
        if event == "exception":  # it may be the engine's own, which has to arrive
            self._trace_no_more()
            return None
        standing = self.cell.standing()
        self._trace_no_more()
        if self._asked > self._served and standing != "dead":
            self._raise(standing)
        return None

    def _trace(self, callers: list[FrameType]) -> None:
        """Be called at the next line of `callers`, or of code of the cell that begins, in whichever greenlet."""
        if not self._tracing and (sys.gettrace() is not None or greenlet.gettrace() is not None):
            return  # somebody else's
        self._tracing = True
        for caller in callers:
            caller.f_trace = self._next_line
        sys.settrace(self._begins)
        greenlet.settrace(self._switched)

    def _begins(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Global trace function."""
        return self._next_line if self.cell.lowered(frame) else None

    def _switched(self, event: str, greenlets: Any) -> None:
        sys.settrace(self._begins)  # each greenlet has a switch of its own for it

    def _trace_no_more(self) -> None:
        if self._tracing:
            self._tracing = False
            greenlet.settrace(None)
            sys.settrace(None)

    def _ask(self) -> None:
        self._asked += 1
        self.loop.call_soon_threadsafe(self._serve, self._asked)

    def _serve(self, asked: int) -> None:
        if asked > self._served:
            self._served = self._asked
            self._looking = False
            self._trace_no_more()
            self.cell.interrupt()

    def _again(self, asked: int) -> None:
        """On the timer's thread: nobody served us, so something blocks the main thread."""
        if asked > self._served:
            self._looking = True
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _whose(self, frame: FrameType | None) -> tuple[str, list[FrameType]]:
        """What the signal interrupted (see the module docstring), and if that is the engine, the cell's frames below it.

        The frame chain of a greenlet ends where the greenlet began, so this never looks past the unit that runs.
        """
        innermost, callee = frame, None  # `frame` called `callee`
        while frame is not None and not _runs_a_callback(frame):
            if self.cell.of_cell(frame):
                return "cell", []
            if _is_ours(frame):
                if callee is not None and frame.f_code is LiveDispatcher._fly.__code__:
                    return "task", []
                lowered = []
                while frame is not None and not _runs_a_callback(frame):
                    if self.cell.lowered(frame):
                        lowered.append(frame)
                    frame = frame.f_back
                return "engine", lowered
            callee, frame = frame, frame.f_back
        looping = (
            innermost is None
            or callee is None
            or _module(innermost).partition(".")[0] in ("asyncio", "selectors", "tornado", "zmq")
        )
        return ("loop" if looping else "task"), []


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _is_ours(frame: FrameType) -> bool:
    return _module(frame).startswith("poppy_ipython.")


def _runs_a_callback(frame: FrameType) -> bool:
    """`Handle._run`: below it there is only the loop itself."""
    return _module(frame) == "asyncio.events"


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
