"""What backends in other processes share: how a call leaves, how it lands, and the errors on the way.

    LiveDispatcher ─▶ Remote.launch(flight) ─▶ (a pool, a cluster) ─▶ Mailbox ─▶ Remote._arrived ─▶ landed(flight, value, error)

A call that leaves is packed at once, on the engine's thread: what its arguments are then is what it gets, whatever the
program does next, and nothing that is pending is among them, because the engine hands over values only.

What comes back is more than a value: what the call has written, which is written again here, in the call's own context and
so in its own place of the ordered output; when it began and ended there; and who did it.

Clocks: a worker tells the time of day. On this machine that is ours; of another machine it is as good as its clock is kept, and
times outside of what was measured here are moved inside.
"""

from __future__ import annotations

import logging
import sys
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Any

from poppy_ipython.backends.threads import Mailbox

__all__ = ["REMOTE", "Nowhere", "Remote", "RemoteError", "WorkerLost", "open_remote", "replay_tape"]

REMOTE = ("processes", "dask")
"""Names of backends whose calls leave this process."""

Landed = Callable[[Any, Any, BaseException | None], None]


class RemoteError(RuntimeError):
    """Something that a worker could not say as it should be said."""


class WorkerLost(RuntimeError):
    """The process that performed a call is gone, and with it what the call had done so far.

    ``begun``: whether the call had begun; ``guilty``: whether it may have been the call that ended it; ``final``: it was tried
    again already.
    """

    final = False

    def __init__(self, text: str, begun: bool = True, guilty: bool = True) -> None:
        super().__init__(text)
        self.begun = begun
        self.guilty = guilty


class Remote:
    """Base of a backend in other processes, for one run. Every method is called on the engine's thread.

    A subclass gives `launch(flight)`, which may raise (then the call fails with that), and `cancel(flight)`, which says what
    has become of the call: unsent, cancelled or abandoned.
    """

    #: calls at once that it is given; more wait here, where they can still be taken back
    width = 1
    #: whether results may stay where they are, for other calls there
    keeps = False

    def __init__(self, loop: AbstractEventLoop, landed: Landed, clock: Callable[[], float]) -> None:
        self.loop = loop
        self.clock = clock
        self._landed = landed
        self.box = Mailbox(loop, self._deliver)

    def launch(self, flight: Any) -> None:
        raise NotImplementedError

    def cancel(self, flight: Any) -> str:
        raise NotImplementedError

    def close(self) -> None:
        """The run is over."""

    def _deliver(self, flight: Any, value: Any, error: BaseException | None) -> None:
        raise NotImplementedError

    def land(self, flight: Any, answer: tuple[Any, ...], worker: str, raw: bool = False) -> None:
        """Take in what `worker.perform` answered; ``raw``: its value is not packed."""
        from poppy_ipython.backends.parcel import unpack
        from poppy_ipython.backends.worker import CANCELLED, unpack_error

        word, packed, tape, began, ended, _ = answer
        record = flight.call.record
        now, today = self.clock(), time.time()
        record.worker = worker
        record.began = min(max(now - (today - began), flight.started), now)
        record.finished = min(max(now - (today - ended), record.began), now)
        value: Any = None
        error: BaseException | None = None
        try:
            if word == "error":
                error = unpack_error(unpack(packed))
            elif word != CANCELLED:
                value = packed if raw else unpack(packed)
        except BaseException as mistake:  # a class whose reading fails here
            error = mistake.with_traceback(None)
        if tape and word != CANCELLED:
            replay_tape(tape, getattr(flight.call, "context", None))
        self._landed(flight, value, error)


class Nowhere(Remote):
    """A backend that could not be opened: every call fails with the reason."""

    def __init__(self, reason: Exception, loop: AbstractEventLoop, landed: Landed, clock: Callable[[], float]) -> None:
        super().__init__(loop, landed, clock)
        self.reason = reason

    def launch(self, flight: Any) -> None:
        raise self.reason

    def cancel(self, flight: Any) -> str:
        return "unsent"


def replay_tape(tape: list[tuple[str, Any]], context: Any) -> None:
    """Write what a call has written elsewhere, as if it wrote it now."""

    def write() -> None:
        for name, what in tape:
            if name == "log":
                logger = logging.getLogger(what.name)
                if logger.isEnabledFor(what.levelno):
                    logger.handle(what)
            else:
                stream = getattr(sys, name, None)
                if stream is not None:
                    stream.write(what)

    if context is None:
        write()
    else:
        context.run(write)


def open_remote(name: str, loop: AbstractEventLoop, landed: Landed, clock: Callable[[], float]) -> Remote:
    """The backend of that name, for one run. Raises `ImportError` with what to install."""
    made: Remote
    try:
        if name == "processes":
            from poppy_ipython.backends.processes import Processes

            made = Processes(loop, landed, clock)
            return made
        from poppy_ipython.backends.cluster import Cluster

        made = Cluster(loop, landed, clock)
        return made
    except ImportError as missing:
        raise ImportError(
            f"backend={name!r} needs {missing.name or 'a package that is not installed'}: pip install 'poppy-ipython[{name}]'"
        ) from None
