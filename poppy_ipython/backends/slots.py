"""Which call may be sent now: at most `limit` at once per host, in program order, and none after a refusal.

    waiting (heap by position) ──▶ sent ──▶ left
                     ▲               │
              hold ──┘               └─ given up by the engine, still out there: `lost`, keeps its slot until it is back

* **Program order.** Of the calls that wait, the smallest position goes first. Calls already out are never recalled.
* **Holds.** The first answer 401, 403 or 404 of a host, and every 429, holds what comes *after* the refused call in
  program order until the engine says that the failure was handled: with a wrong key, sixteen requests are refused and not
  a thousand. What comes *before* it in program order still goes: a plain run would have sent it too, and the engine may
  need it to get as far as the failure. So the oldest unfinished call of a program is never held, and nothing can
  deadlock on a hold. A 401, 403 or 404 that the program has handled once is taken as its way of working and does not
  hold again; 429 does, because it is the server that asks for it.
* **Lost calls.** An abandoned blocking call cannot be stopped. It is still at work at the host, so it counts. But it may
  never return, so one call may always be out that is not lost: a run always goes on, at worst one call at a time.

Pure bookkeeping: no clock, no loop, no threads. An `asyncio.Semaphore` was decided against: it wakes in order of
arrival, must be awaited, and knows no threads.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

__all__ = ["HOLDING", "Host", "Slots"]

HOLDING = frozenset({401, 403, 404, 429})


class Host:
    """One host's row: what is out, what waits, what holds."""

    __slots__ = ("forgiven", "holds", "lost", "name", "out", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.out = 0  # sent and not back, `lost` included
        self.lost = 0
        self.waiting: list[tuple[Any, int, Any]] = []  # (position, arrival, call); withdrawn calls stay until they come up
        self.holds: dict[int, tuple[Any, int]] = {}  # id(refused call) -> (its position, status)
        self.forgiven: set[int] = set()


class Slots:
    """Admission per host. `send(call, host)` is called for each call whose turn it is, possibly inside `submit`.

    >>> sent = []
    >>> slots = Slots(1, lambda call, host: sent.append(call.position))
    >>> class Call:
    ...     def __init__(self, *position): self.position = position
    >>> for n in (1, 3, 2): slots.submit(Call(n), "api.example.org")
    >>> sent
    [(1,)]
    >>> slots.left(slots.hosts["api.example.org"]); sent    # (2,) goes before (3,)
    [(1,), (2,)]
    """

    __slots__ = ("_arrivals", "_send", "_waiting", "hosts", "limit")

    def __init__(self, limit: int, send: Callable[[Any, Host], None]) -> None:
        if limit < 1:
            raise ValueError(f"at most {limit} calls at once: at least 1 is needed.")
        self.limit = limit
        self.hosts: dict[str, Host] = {}
        self._send = send
        self._arrivals = count()
        self._waiting: dict[int, Host] = {}  # id(call) -> where it waits

    def submit(self, call: Any, name: str) -> None:
        host = self.hosts.get(name)
        if host is None:
            host = self.hosts[name] = Host(name)
        if not host.waiting and not host.holds and host.out < self.limit:
            host.out += 1
            self._send(call, host)
            return
        heappush(host.waiting, (call.position, next(self._arrivals), call))
        self._waiting[id(call)] = host
        self.pump(host)

    def withdraw(self, call: Any) -> bool:
        """Take back a call that waits; whether it did."""
        return self._waiting.pop(id(call), None) is not None

    def left(self, host: Host, lost: bool = False) -> None:
        """A call is back: its slot is free."""
        host.out -= 1
        if lost:
            host.lost -= 1
        if host.waiting:
            self.pump(host)

    def lose(self, host: Host) -> None:
        """A call that is out was given up; it keeps its slot until `left(host, lost=True)`."""
        host.lost += 1
        if host.waiting:
            self.pump(host)

    def refuse(self, host: Host, call: Any, status: int | None) -> None:
        """A call failed; hold what comes after it if its status says so."""
        if status in HOLDING and status not in host.forgiven:
            host.holds[id(call)] = (call.position, status)

    def release(self, call: Any) -> None:
        """A refused call was handled."""
        for host in self.hosts.values():
            hold = host.holds.pop(id(call), None)
            if hold is not None:
                if hold[1] != 429:
                    host.forgiven.add(hold[1])
                self.pump(host)

    def pump(self, host: Host) -> None:
        """Send whatever may go."""
        waiting = host.waiting
        while waiting and (host.out < self.limit or host.out == host.lost):
            position, _, call = waiting[0]
            if id(call) not in self._waiting:
                heappop(waiting)  # withdrawn
                continue
            if host.holds and position > min(hold[0] for hold in host.holds.values()):
                return
            heappop(waiting)
            del self._waiting[id(call)]
            host.out += 1
            self._send(call, host)

    @property
    def unsent(self) -> list[Any]:
        """The calls that wait, in no order."""
        return [entry[2] for host in self.hosts.values() for entry in host.waiting if id(entry[2]) in self._waiting]
