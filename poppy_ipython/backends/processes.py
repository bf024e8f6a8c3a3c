"""`backend="processes"`: calls that compute, in processes of this machine.

    launch ─▶ Parcel ─▶ loky's reusable executor ─▶ worker.perform ─▶ Mailbox ─▶ land

The pool is loky's: it survives a worker's death, has no `if __name__ == "__main__"` to ask for, and is kept between cells, so
only the first call of a session waits for processes to start. As many workers as the machine lets this process use; twice as
many calls are with the pool at a time, so that a worker finds its next one there, and all others wait in the engine's own
queue, where they can be taken back for nothing.

What a call finds around it (the promise is that of a plain run, as far as another process can keep it):

    environment, working directory, sys.path    as they are in the notebook when the call is sent
    logging                                     the root logger's level; records come back, to the notebook's own handlers
    print, warnings                             come back when the call is over, into their place
    random numbers                              each worker has its own, differently seeded: seed inside the function
    globals of a notebook function              a copy; what it changes there stays in that worker, for its next call

A worker that dies takes the pool with it: loky says so to every call that is out, and starts anew with the next one. A call
that may be repeated is: three times if it may have been the one to blame, always if it had not begun.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from loky import cpu_count, get_reusable_executor
from loky.process_executor import BrokenProcessPool

from poppy_ipython.backends.parcel import Parcel, pack_call
from poppy_ipython.backends.remote import Remote, WorkerLost
from poppy_ipython.backends.worker import Slots, perform, prepare

__all__ = ["Processes", "workers"]

IDLE_SECONDS = 300.0


def workers() -> int:
    """How many processes the pool has: the CPUs that this process may use."""
    return int(cpu_count())


class _Pool:
    """What this process has of workers, shared by all its runs."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        shared = "/dev/shm"
        self.folder = tempfile.mkdtemp(prefix="poppy-", dir=shared if os.access(shared, os.W_OK) else None)
        self.slots = Slots(os.path.join(self.folder, "slots"), create=True)
        self.environ = dict(os.environ)
        self.names: dict[int, str] = {}
        self.executor: Any = None
        self.touched: set[str] = set()  # names in the environment that changed since the workers started
        atexit.register(self._clear)

    def _clear(self) -> None:
        if os.getpid() == self.pid:
            shutil.rmtree(self.folder, ignore_errors=True)

    def submit(self, parcel: Parcel, slot: int) -> Any:
        executor = get_reusable_executor(
            max_workers=workers(), timeout=IDLE_SECONDS, initializer=prepare, initargs=(self.slots.path,), reuse=True
        )
        if executor is not self.executor:
            self.executor = executor
            self.environ, self.touched, self.names = dict(os.environ), set(), {}
        return executor.submit(perform, parcel, slot, self.around())

    def around(self) -> dict[str, Any]:
        """The notebook's surroundings as they are now: what differs from what the workers were started with."""
        now = dict(os.environ)
        if now != self.environ:
            self.touched |= {name for name in now.keys() | self.environ.keys() if self.environ.get(name) != now.get(name)}
        environ, level = {name: now.get(name) for name in self.touched}, logging.getLogger().level
        return {"environ": environ, "cwd": os.getcwd(), "path": sys.path, "level": level}

    def name_of(self, pid: int) -> str:
        return self.names.setdefault(pid, f"process {len(self.names) + 1}")

    def dead(self) -> set[int]:
        """Workers that ended by themselves; asked before loky ends the others."""
        try:
            return {pid for pid, process in dict(self.executor._processes).items() if process.exitcode is not None}
        except Exception:  # loky keeps them elsewhere: then nobody is cleared of suspicion
            return set()


_pool: _Pool | None = None


def _the_pool() -> _Pool:
    global _pool
    if _pool is None or _pool.pid != os.getpid():
        _pool = _Pool()
    return _pool


class _Ticket:
    """A call that is with the pool."""

    __slots__ = ("flight", "future", "parcel", "slot", "wanted")

    def __init__(self, flight: Any, parcel: Parcel, slot: int) -> None:
        self.flight = flight
        self.parcel = parcel
        self.slot = slot
        self.future: Any = None
        self.wanted = True


class Processes(Remote):
    """The processes of this machine, for one run."""

    def __init__(self, loop: Any, landed: Any, clock: Callable[[], float]) -> None:
        super().__init__(loop, landed, clock)
        self.width = 2 * workers()
        self.pool = _the_pool()

    def launch(self, flight: Any) -> None:
        pool = self.pool
        parcel = pack_call(flight.call, pool.folder)
        ticket = flight.remote = _Ticket(flight, parcel, pool.slots.take())
        try:
            ticket.future = pool.submit(parcel, ticket.slot)
        except BaseException:
            parcel.discard()
            pool.slots.give_back(ticket.slot)
            raise
        ticket.future.add_done_callback(lambda future: self._back(ticket, future))

    def _back(self, ticket: _Ticket, future: Any) -> None:
        """In loky's thread."""
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self.box.post(ticket, future.result(), None)
        else:
            self.box.post(ticket, self.pool.dead(), error)

    def _deliver(self, ticket: _Ticket, value: Any, error: BaseException | None) -> None:
        slots = self.pool.slots
        pid = slots.pid(ticket.slot) if ticket.slot >= 0 else 0
        slots.give_back(ticket.slot)
        if error is None:
            self.land(ticket.flight, value, self.pool.name_of(value[-1]))
            return
        ticket.parcel.discard()
        if isinstance(error, BrokenProcessPool):
            name = ticket.flight.call.record.callee
            begun = pid != 0 or ticket.slot < 0
            guilty = begun and (not value or pid in value)
            error = WorkerLost(
                f"a worker process died while {name} ran in it: killed, out of memory, or crashed in native code. "
                f"loky says: {_first_lines(error)}",
                begun,
                guilty,
            )
        elif isinstance(error, CancelledError):
            error = WorkerLost(f"the pool of processes was shut down before {ticket.flight.call.record.callee} was done")
        self._landed(ticket.flight, None, error)

    def cancel(self, flight: Any) -> str:
        ticket: _Ticket = flight.remote
        if ticket.future.cancel():
            ticket.parcel.discard()
            self.pool.slots.give_back(ticket.slot)
            return "unsent"
        if ticket.slot < 0 or os.name == "nt":
            return "abandoned"
        slots = self.pool.slots
        slots.flag(ticket.slot)
        pid = slots.pid(ticket.slot)
        if pid:
            try:
                os.kill(pid, signal.SIGINT)
            except OSError:  # gone already
                pass
        return "cancelled"


def _first_lines(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
