"""`backend="dask"`: calls on a Dask cluster; an existing one, or one of this machine, started when it is first needed.

    launch ─▶ (what is sent in one go) ─▶ a thread: client.map ─▶ finished ─┬─▶ gather ─▶ land
                                                                            └─▶ stays there ─▶ the next call

Which cluster: what `use_cluster(client or address)` said; else the client that the notebook has made; else the address that
Dask's own configuration names (`DASK_SCHEDULER_ADDRESS`); else a `LocalCluster` with a process per CPU.

* **Scheduling is Dask's.** The engine hands over whatever may run (`WIDTH` calls); `resources=` of a declaration are Dask's.
* **Worker loss.** Dask moves the calls of a dead worker to another one, three times. What must not be done twice (`sequential`
  without `idempotent`, `retry=0`) asks an event of the scheduler first whether it has begun before, and is an error then.
* **Cancelling.** Dask forgets what has not begun; into what runs, KeyboardInterrupt is raised, in its thread, at its next line.
* **Large arguments** are scattered to the workers and do not go through the scheduler.
* **Results stay** on the cluster where nobody but other calls on it can read them: `total(transform(load(path)))`, or the same
  with names inside a function. At the end of a call its pending value is looked at: if only cluster calls wait for it, and
  nothing else holds it (Python's own count of references tells), they get Dask's future, and the value never comes here.
  Anything else is fetched at once: names of the cell, what native code reads. Decided against fetching lazily: a value that
  something might still read would have to be looked for at every read.

Every call of the client is made in a thread of its own, because it may wait for a network; results are gathered in batches.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import uuid
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import dask
from distributed import Client, LocalCluster, as_completed, default_client
from distributed.scheduler import KilledWorker

from poppy_ipython.backends.cluster_worker import about, interrupt, perform_there
from poppy_ipython.backends.parcel import pack_call
from poppy_ipython.backends.remote import Remote, WorkerLost
from poppy_ipython.backends.retries import may_repeat
from poppy_ipython.backends.threads import POOL, Mailbox

__all__ = ["Cluster", "ClusterError", "Kept", "complaint", "use_cluster"]

WIDTH = 10_000
SCATTERED = 1_000_000  # bytes of arguments from which on they are
CONNECT_SECONDS = "15s"
_log = logging.getLogger("poppy_ipython.backends")


class ClusterError(ConnectionError):
    """The cluster is not there, not ours, or too small."""


class Kept:
    """Stands for a result that has stayed on the cluster. Only calls on it ever get one."""

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key

    def __repr__(self) -> str:
        return "<kept on the cluster>"


# ---------------------------------------------------------------- which cluster


class _Home:
    """The client of this process, made or found once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.said: Any = None
        self.client: Any = None

    def open(self) -> Any:
        """From any thread but the engine's: it may take seconds. Raises `ClusterError`."""
        with self.lock:
            if self.client is None or self.client.status != "running":
                self.client = _checked(self._find())
            return self.client

    def _find(self) -> Any:
        said = self.said
        if said is not None and not isinstance(said, str):
            return said
        if said is None:
            try:
                return default_client()
            except ValueError:  # there is none
                pass
        address = said or dask.config.get("scheduler-address", None)
        if address is None:
            return Client(LocalCluster(threads_per_worker=1, processes=True), set_as_default=False)
        try:
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise ClusterError(
                f"no Dask scheduler answers at {address} ({type(error).__name__}); start one (`dask scheduler`), or name another "
                "with poppy_ipython.use_cluster(address)"
            ) from None


_home = _Home()


def use_cluster(client: Any) -> None:
    """Where calls with `backend="dask"` go: a `distributed.Client`, a scheduler's address, or None for Dask's own choice."""
    with _home.lock:
        _home.said, _home.client = client, None


def _checked(client: Any) -> Any:
    found = complaint(client.get_versions(packages=["cloudpickle", "poppy_ipython"]))
    if found is not None:
        raise ClusterError(found)
    return client


def complaint(versions: dict[str, Any]) -> str | None:
    """What of a cluster's versions makes it useless to us, in words; differences that need not matter are logged.

    >>> ours = {"host": {"python": "3.11.7.final.0"}, "packages": {"cloudpickle": "3.1", "poppy_ipython": "0.1"}}
    >>> other = {"host": {"python": "3.12.1.final.0"}, "packages": ours["packages"]}
    >>> complaint({"client": ours, "scheduler": ours, "workers": {"tcp://a": ours}})
    >>> complaint({"client": ours, "scheduler": ours, "workers": {"tcp://a": other}})
    "the worker tcp://a runs Python 3.12, this process 3.11: functions cannot travel between them; use the same one on both sides"
    """
    ours = versions["client"]
    python = _minor(ours)
    for name, theirs in [*versions["workers"].items()]:
        if _minor(theirs) != python:
            return (
                f"the worker {name} runs Python {_minor(theirs)}, this process {python}: functions cannot travel between them; "
                "use the same one on both sides"
            )
        packages = theirs["packages"]
        if packages.get("poppy_ipython") in (None, "MISSING"):
            return f"the worker {name} has no poppy_ipython: pip install 'poppy-ipython[dask]' there"
        for package, version in packages.items():
            if ours["packages"].get(package) not in (None, version):
                _log.warning("the worker %s has %s %s, this process %s", name, package, version, ours["packages"][package])
    return None


def _minor(side: dict[str, Any]) -> str:
    return ".".join(str(side["host"]["python"]).split(".")[:2])


# ---------------------------------------------------------------- one run


class _Ticket:
    """A call on its way."""

    __slots__ = ("flight", "future", "indices", "once", "parcel", "token", "uses", "wanted")

    def __init__(self, flight: Any, parcel: Any, token: str, once: bool) -> None:
        self.flight = flight
        self.parcel = parcel
        self.token = token
        self.once = once
        self.indices: list[int] = []  # arguments that are on the cluster
        self.uses: list[Any] = []  # and their futures
        self.future: Any = None
        self.wanted = True


class Cluster(Remote):
    """A cluster, for one run."""

    width = WIDTH

    def __init__(self, loop: Any, landed: Any, clock: Callable[[], float]) -> None:
        super().__init__(loop, landed, clock)
        self.client: Any = None
        self._batch: list[_Ticket] = []
        self._kept: dict[str, Any] = {}
        self._idle = Mailbox(loop, lambda ticket, value, error: None)
        self._finished = Mailbox(loop, self._sort)

    def launch(self, flight: Any) -> None:
        call = flight.call
        args, uses = list(call.args), []
        for index, value in enumerate(args):
            if type(value) is Kept:
                uses.append((index, self._kept[value.key]))
                args[index] = None
        bare = SimpleNamespace(fn=call.fn, args=tuple(args), kwargs=call.kwargs, frame=getattr(call, "frame", None))
        effect = call.effect
        once = effect.retry == 0 or not may_repeat(effect)
        ticket = flight.remote = _Ticket(flight, pack_call(bare, stays=True), f"poppy-{uuid.uuid4().hex}", once)
        ticket.indices, ticket.uses = [index for index, _ in uses], [future for _, future in uses]
        if not self._batch:
            self.loop.call_soon(self._ship)
        self._batch.append(ticket)

    def _ship(self) -> None:
        batch, self._batch = self._batch, []
        self._in_thread(self._send, [ticket for ticket in batch if ticket.wanted])

    def _in_thread(self, what: Callable[..., None], *arguments: Any) -> None:
        POOL.submit(None, self._idle, what, arguments, {})

    def cancel(self, flight: Any) -> str:
        ticket: _Ticket = flight.remote
        ticket.wanted = False
        if ticket.future is not None:
            self._in_thread(self._recall, [ticket])
        return "unsent" if ticket.future is None and ticket in self._batch else "cancelled"

    def close(self) -> None:
        self._kept.clear()

    def land_ticket(self, ticket: _Ticket, answer: tuple[Any, ...]) -> None:
        ticket.uses = []
        self.land(ticket.flight, answer, f"worker {answer[-1]}", raw=True)

    # -- in threads

    def _send(self, batch: list[_Ticket]) -> None:
        try:
            client = self.client = _home.open()
            groups: dict[tuple[Any, ...], list[_Ticket]] = {}
            for ticket in batch:
                groups.setdefault(ticket.flight.call.effect.resources, []).append(ticket)
            for resources, tickets in groups.items():
                _have(client, dict(resources))
                self._submit(client, tickets, dict(resources) or None)
            waiting = {ticket.future.key: ticket for ticket in batch}
            self._recall([ticket for ticket in batch if not ticket.wanted])
        except Exception as error:
            for ticket in batch:
                self.box.post(ticket, None, error)
            return
        try:
            with client.as_current():
                finished = as_completed([ticket.future for ticket in batch])
            for done in finished.batches():
                tickets = [waiting.pop(future.key) for future in done]
                self._finished.post(tickets, None, None)
        except Exception as error:  # the client was closed meanwhile, for example
            for ticket in waiting.values():
                self.box.post(ticket, None, error)

    def _submit(self, client: Any, tickets: list[_Ticket], resources: dict[str, float] | None) -> None:
        plain = [ticket for ticket in tickets if not ticket.uses and ticket.parcel.nbytes < SCATTERED]
        if plain:
            futures = client.map(
                perform_there,
                [ticket.parcel for ticket in plain],
                [ticket.token for ticket in plain],
                [ticket.once for ticket in plain],
                key=[_key(ticket) for ticket in plain],
                resources=resources,
                pure=False,
            )
            for ticket, future in zip(plain, futures, strict=True):
                ticket.future = future
        for ticket in tickets:
            if ticket.future is None:
                parcel = ticket.parcel
                if parcel.nbytes >= SCATTERED:
                    parcel = client.scatter(parcel, hash=False)
                ticket.future = client.submit(
                    perform_there, parcel, ticket.token, ticket.once, ticket.indices, *ticket.uses,
                    key=_key(ticket), resources=resources, pure=False,
                )  # fmt: skip
            ticket.parcel = None

    def _recall(self, tickets: list[_Ticket]) -> None:
        if tickets and self.client is not None:
            try:
                self.client.cancel([ticket.future for ticket in tickets if ticket.future is not None], force=True)
                self.client.run(interrupt, [ticket.token for ticket in tickets], on_error="ignore")
            except Exception as error:
                _log.debug("cancelling on the cluster failed: %r", error)

    def _fetch(self, tickets: list[_Ticket], staying: list[_Ticket]) -> None:
        client = self.client
        try:
            outlines = [client.submit(about, ticket.future, key=f"about-{ticket.token}", pure=False) for ticket in staying]
            answers = client.gather([ticket.future for ticket in tickets] + outlines)
        except BaseException:  # one that was cancelled meanwhile raises CancelledError for all
            for ticket in (*tickets, *staying):
                self._fetch_one(ticket)
            return
        for ticket, answer in zip((*tickets, *staying), answers, strict=True):
            self.box.post(ticket, answer, None)

    def _fetch_one(self, ticket: _Ticket) -> None:
        try:
            self.box.post(ticket, self.client.gather(ticket.future), None)
        except BaseException as error:
            self.box.post(ticket, None, error)

    # -- on the engine's thread

    def _sort(self, tickets: Iterable[_Ticket], value: Any, error: BaseException | None) -> None:
        """Calls have finished on the cluster: fetch, keep, or say what became of them."""
        fetched: list[_Ticket] = []
        staying: list[_Ticket] = []
        for ticket in tickets:
            status = ticket.future.status
            if not ticket.wanted:
                self._landed(ticket.flight, None, None)  # for its place
            elif status == "finished":
                (staying if self.keeps and _only_there(ticket.flight.call) else fetched).append(ticket)
            else:
                self._in_thread(self._fetch_one, ticket)
        if fetched or staying:
            self._in_thread(self._fetch, fetched, staying)

    def _deliver(self, ticket: _Ticket, answer: Any, error: BaseException | None) -> None:
        name = ticket.flight.call.record.callee
        if error is None and answer[0] != "lost":
            if answer[0] == "stays":
                key = ticket.future.key
                self._kept[key] = ticket.future
                answer = ("ok", Kept(key), *answer[2:])
            self.land_ticket(ticket, answer)
            return
        if error is None or isinstance(error, KilledWorker):
            times = "" if error is None else f", {_failures()} times"
            error = WorkerLost(
                f"the worker of the Dask cluster that ran {name} died{times}: killed, out of memory, or crashed in native code"
                + ("; the call may have been done in part, and must not be done twice" if ticket.once else "")
            )
            error.final = True
        elif type(error).__name__ in ("CancelledError", "FutureCancelledError", "CommClosedError"):
            error = ClusterError(f"the Dask cluster went away while {name} was there ({error})")
        self._landed(ticket.flight, None, error.with_traceback(None))


def _key(ticket: _Ticket) -> str:
    return f"{ticket.flight.call.record.callee}-{ticket.token}"


def _failures() -> int:
    return int(dask.config.get("distributed.scheduler.allowed-failures", 3)) + 1


def _have(client: Any, resources: dict[str, float]) -> None:
    """Whether any worker could ever run it; raises `ClusterError`."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values() if resources else ()
    if not workers:
        return
    if not any(all(worker["resources"].get(name, 0) >= amount for name, amount in resources.items()) for worker in workers):
        most = {name: max(worker["resources"].get(name, 0) for worker in workers) for name in resources}
        raise ClusterError(
            f"resources={resources} are declared, and no worker of the cluster has them; the most that one has is {most}. "
            "Start a worker with `dask worker --resources`, or declare less"
        )


def _only_there(call: Any) -> bool:
    """Whether nobody but other calls on the cluster, which wait for it, can ever read the result of a call."""
    pending = getattr(call, "pending", None)
    if pending is None or not may_repeat(call.effect) or pending.callbacks is None:
        return False
    followers = {id(follower): follower for follower in call.followers()}
    if not all(follower is not None and _takes(follower, pending) for follower in followers.values()):
        return False
    holders = [call, *(follower.args for follower in followers.values())]
    # A function that has run to its end keeps its variables for tracebacks only.
    entries = (call, *followers.values())
    holders += {id(entry.frame): entry.frame for entry in entries if entry.unit.code_done and entry.frame is not None}.values()
    known = sum(sum(one is pending for one in gc.get_referents(holder)) for holder in holders)
    return sys.getrefcount(pending) == known + 2  # the name here, and the argument of the question


def _takes(entry: Any, pending: Any) -> bool:
    effect = entry.effect
    if effect is None or not effect.external or effect.backend != "dask" or entry.holes or entry.dead:
        return False
    return not any(value is pending for value in (entry.kwargs or {}).values())

