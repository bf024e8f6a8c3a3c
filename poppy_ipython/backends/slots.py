"""Which call may be sent now: within every limit that names it, oldest first, and none after a refusal.

    submit ─▶ Lane (a queue each) ─▶ sent ─▶ left
                    ▲   ▲   ▲              │
      declared limits   │   hold ──────────┤
      the host's pace ──┘                  └─ given up by the engine, still out there: `lost`, keeps its place until it is back

A *lane* is the calls that need the same: one host and the same declared limits. A call takes its place in all of them at
the same moment or waits for all of them, so that nothing can deadlock between two limits.

* **Program order.** Of the calls that wait and may go, the smallest position goes first, over all lanes; within a lane one
  that heads a long chain may pass it (`order.py`). Calls already out are never recalled. While the oldest call of all waits
  for one limit, its place in its others is kept free: otherwise younger calls, which need less, could pass it for ever.
* **Holds.** The first answer 401, 403 or 404 of a host, and every 429 that the program gets to see, holds what comes *after*
  the refused call in program order until the engine says that the failure was handled: with a wrong key, sixteen requests are
  refused and not a thousand. What comes *before* it in program order still goes: a plain run would have sent it too, and
  the engine may need it to get as far as the failure. So the oldest unfinished call of a program is never held, and
  nothing can deadlock on a hold. A 401, 403 or 404 that the program has handled once is taken as its way of working
  and does not hold again; 429 does, because it is the server that asks for it.
* **Doomed calls.** Whatever a failed call's own unit has issued after it will be killed when the failure comes to the head, for
  certain: such calls are not sent any more. (The same position up to its last number: what a handler around the unit would
  go on with is elsewhere.)
* **Lost calls.** An abandoned blocking call cannot be stopped. It is still at work at the host, so it counts. But it may
  never return, so one call may always be out that is not lost: a run always goes on, at worst one call at a time.
* **Time.** What only time can let through (a rate, a host's `Retry-After`, the pause before a retry) is asked for by
  `wake(when)`; whoever owns the clock then calls `pump()`.

Pure bookkeeping: no loop, no threads, and no clock but the one that it is given. `asyncio.Semaphore` and `aiolimiter` were
decided against: they wake in order of arrival, must be awaited, know no threads, and none of them can be held together
with another one.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from random import Random
from typing import Any

from poppy_ipython.backends.hosts import Host, Lane
from poppy_ipython.backends.learned import SHORTEST, Lessons, believed, learned, named, raised
from poppy_ipython.backends.limits import Book, Limit
from poppy_ipython.backends.order import Chains, Waiting
from poppy_ipython.backends.pace import Pace
from poppy_ipython.backends.rates import Gate, Windows, estimated_tokens, used_tokens

__all__ = ["HOLDING", "Host", "Lane", "Slots"]

HOLDING = frozenset({401, 403, 404, 429})
_HELD = -1.0


class Slots:
    """Admission. `send(call, lane)` is called for each call whose turn it is, possibly inside `submit`.

    >>> sent = []
    >>> slots = Slots(1, lambda call, lane: sent.append(call.position))
    >>> class Call:
    ...     def __init__(self, *position): self.position, self.record = position, None
    >>> for n in (1, 3, 2): slots.submit(Call(n), "api.example.org")
    >>> sent
    [(1,)]
    >>> slots.left(slots.lanes["api.example.org"]); sent    # (2,) goes before (3,)
    [(1,), (2,)]

    `start` calls at once per host to begin with, `ceiling` at most; `book` has the declared limits, `windows` what was
    counted against them and `lessons` what was learned, which may both outlast a run. `chains` lets those
    that head a long chain pass; None: program order.
    """

    def __init__(
        self,
        start: int,
        send: Callable[[Any, Lane], None],
        *,
        ceiling: int | None = None,
        clock: Callable[[], float] = lambda: 0.0,
        wake: Callable[[float], None] = lambda when: None,
        book: Book | None = None,
        windows: Windows | None = None,
        lessons: Lessons | None = None,
        random: Random | None = None,
    ) -> None:
        if start < 1:
            raise ValueError(f"at most {start} calls at once: at least 1 is needed.")
        self.start = start
        self.ceiling = start if ceiling is None else ceiling
        self.clock = clock
        self.hosts: dict[str, Host] = {}
        self.lanes: dict[Any, Lane] = {}
        self.random = random if random is not None else Random(0)
        self._book = book if book is not None else Book(file=False)
        self._windows: Windows = windows if windows is not None else {}
        self._lessons: Lessons = lessons if lessons is not None else {}
        self.chains: Chains | None = Chains()
        self._gates: dict[object, Gate] = {}
        #: calls at once to hosts of which that is known, and neither learned nor more than there is
        self.widths: dict[str, int] = {}
        self._send = send
        self._wake = wake
        self._arrivals = count()
        self._waiting: dict[int, Lane] = {}  # id(call) -> where it waits
        self._failed: dict[int, Any] = {}  # id(failed call) -> its position, until the failure was handled
        self._doomed: list[tuple[Waiting, Lane]] = []  # waiting, and taken out of their lanes
        self._pausing: list[tuple[float, int, Any, Lane]] = []  # heap: calls that wait before they may wait
        self._paused: set[int] = set()  # their ids

    # -- in

    def submit(self, call: Any, name: str, at: float = 0.0) -> None:
        """Send the call as soon as everything that bounds it allows, not before the time `at`."""
        if self._book.some:
            lane = self._bounded(call, name)
        else:
            lane = self.lanes.get(name) or self._lane(name, name, ())
            host = lane.host
            bounded = host.waiting or host.holds or host.out >= host.pace.calls or host.pace.until or self._failed or at
            if not bounded and not lane.gates:
                host.out += 1
                self._send(call, lane)
                return
        self._waiting[id(call)] = lane
        lane.host.waiting += 1
        if at > self.clock():
            heappush(self._pausing, (at, next(self._arrivals), call, lane))
            self._paused.add(id(call))
            self._wake(at)
            return
        self._line_up(call, lane)
        self.pump(lane)

    def _line_up(self, call: Any, lane: Lane) -> None:
        tokens = max((estimated_tokens(gate.limit, call) for gate in lane.gates if gate.tokens is not None), default=0.0)
        if self.chains is not None:
            self.chains.ready(call.record)
        lane.waiting.add((call.position, next(self._arrivals), call, tokens))

    def _bounded(self, call: Any, name: str) -> Lane:
        limits = self._book.of(call.fn, name, getattr(call.record, "resource", None))
        key: Any = (name, *(limit.identity for limit in limits)) if limits else name
        lane = self.lanes.get(key)
        if lane is None:
            gates = []
            for limit in limits:
                gate = self._gates.get(limit.identity)
                if gate is None:
                    gate = self._gates[limit.identity] = limit.gate(self._windows, self._gates)
                gates.append(gate)
            lane = self._lane(key, name, tuple(gates))
        for gate, limit in zip(lane.declared, limits, strict=True):
            if gate.limit is not limit:
                gate.change(limit, self._windows)
        return lane

    def _lane(self, key: Any, name: str, gates: tuple[Gate, ...]) -> Lane:
        host = self.hosts.get(name)
        if host is None:
            said = max((gate.limit.calls or 0 for gate in gates), default=0)  # somebody knows how many it takes
            start = max(self.start, said) if self.ceiling > self.start else self.start
            start, ceiling = (start, max(start, self.ceiling)) if name not in self.widths else (self.widths[name],) * 2
            host = self.hosts[name] = Host(name, Pace(self.random, start, ceiling))
        lane = self.lanes[key] = Lane(host, gates, self._waits_in, self.chains)
        if name in self._lessons:
            self._teach(lane)
        return lane

    def _waits_in(self, call: Any, lane: Lane) -> bool:
        return self._waiting.get(id(call)) is lane

    def withdraw(self, call: Any) -> bool:
        """Take back a call that waits; whether it did."""
        lane = self._waiting.pop(id(call), None)
        if lane is None:
            return False
        lane.host.waiting -= 1
        if id(call) in self._paused:
            self._paused.remove(id(call))
        else:
            lane.waiting.withdrawn(call)
        return True

    # -- out

    def left(self, lane: Lane, now: float | None = None, lost: bool = False) -> None:
        """A call is back: its places are free."""
        host = lane.host
        if host.out > 1:
            host.crowded = self.clock() if now is None else now
        host.out -= 1
        host.lost -= lost
        for gate in lane.gates:
            gate.out -= 1
            gate.lost -= lost
        if self._waiting:
            self.pump(lane)

    def lose(self, lane: Lane) -> None:
        """A call that is out was given up; it keeps its places until `left(lane, lost=True)`."""
        lane.host.lost += 1
        for gate in lane.gates:
            gate.lost += 1
        if self._waiting:
            self.pump(lane)

    def answered(self, lane: Lane, call: Any, started: float, seconds: float, value: Any) -> None:
        """A call came back well: what it tells about its host, and about tokens. Calls that are only played have no `call`."""
        for gate in lane.gates:
            if gate.tokens is not None:
                gate.correct(call, used_tokens(value))
        lane.host.pace.answered(started, seconds, lane.host.waiting > 0)
        if self.chains is not None and self._waiting and call is not None:
            self.chains.ended(call.record, seconds)

    def overloaded(self, lane: Lane, started: float, after: float | None, error: BaseException | None = None) -> None:
        """The host had too much: it gets less, and nothing before its `Retry-After` is over."""
        host, now = lane.host, self.clock()
        said = None if error is None else named(error)
        if not any(gate.requests is not None for gate in lane.declared):
            after = SHORTEST if after is None and said is not None else after
            if after is not None and after >= SHORTEST and (said or host.tally.until is not None or host.tally.fits(now, after)):
                host.pace.wait(now, after)
                host.tally.full(now, host.pace.until, said)  # how many came through is known when all are back
                return
        host.pace.refused(now, started, after)

    # -- what a host lets through per minute

    def _learn(self, host: Host, most: int, now: float) -> None:
        before = self._lessons.get(host.name)
        self._lessons[host.name] = learned(host.name, most, before and before[0]), now
        for lane in self.lanes.values():
            if lane.host is host:
                self._teach(lane)

    def _teach(self, lane: Lane) -> None:
        """Have the lane go by what was learned of its host, unless somebody has said better."""
        host = lane.host
        limit: Limit = self._lessons[host.name][0]
        gate = self._gates.get(limit.identity)
        if gate is None:
            fresh = limit.identity not in self._windows
            gate = self._gates[limit.identity] = limit.gate(self._windows, self._gates)
            gate.out, gate.lost = host.out, host.lost
            if fresh and gate.requests is not None:
                for when, count in host.tally.spent(self.clock()):
                    gate.requests.take(when, count)
        elif gate.limit is not limit:
            gate.change(limit, self._windows)
        if gate not in lane.gates and not any(one.requests is not None for one in lane.declared):
            lane.gates = (*lane.gates, gate)

    def _recall(self, host: Host, now: float) -> None:
        """A pause is over that a limit per minute has asked for, or nothing was refused for long."""
        if host.tally.until is not None:
            if host.tally.until > now:
                return
            host.tally.until = None
            count = host.tally.limit()
            if believed(count):
                self._learn(host, count, now)
        lesson = self._lessons.get(host.name)
        more = None if lesson is None else raised(*lesson, now)
        if more is not None:
            self._lessons[host.name] = more, now
            gate = self._gates.get(more.identity)
            if gate is not None:
                gate.change(more, self._windows)

    def in_company(self, lane: Lane, since: float) -> bool:
        """Whether calls of ours were out together at that host at any time since then."""
        return lane.host.out > 1 or lane.host.crowded >= since

    def refuse(self, lane: Lane, call: Any, status: int | None) -> None:
        """A call failed: hold what its unit issued after it, and all that comes after it if its status says so."""
        self._failed[id(call)] = call.position
        host = lane.host
        if status in HOLDING and status not in host.forgiven:
            host.holds[id(call)] = (call.position, status)

    def release(self, call: Any) -> None:
        """A failed call was handled."""
        if self._failed.pop(id(call), None) is not None and self._waiting:
            for entry, lane in self._doomed:
                heappush(lane.waiting.heap, entry)
            self._doomed.clear()
            self.pump()
        for host in self.hosts.values():
            hold = host.holds.pop(id(call), None)
            if hold is not None:
                if hold[1] != 429:
                    host.forgiven.add(hold[1])
                self.pump()

    # -- through

    def pump(self, lane: Lane | None = None) -> None:
        """Send whatever may go, of one lane that shares with no other, or of all."""
        now = self.clock()
        pausing = self._pausing
        while pausing and pausing[0][0] <= now:
            _, _, call, its = heappop(pausing)
            if self._waiting.get(id(call)) is its and id(call) in self._paused:
                self._paused.remove(id(call))
                self._line_up(call, its)
                lane = None
        lanes = (lane,) if lane is not None and not self._gates else tuple(self.lanes.values())
        heads = [(head[0], head[1], one) for one in lanes if (head := self._head(one)) is not None]
        heapify(heads)
        when, keeper = inf, None
        while heads:
            one = heads[0][2]
            at = self._opens(one, now)
            if at == now:
                self._go(one, now)
                head = self._head(one)
                if head is not None:
                    heappop(heads)
                    heappush(heads, (head[0], head[1], one))
                    continue
            elif at != _HELD:
                when = min(when, at)
                if keeper is None and len(heads) > 1:
                    keeper = one
                    self._reserve(one, 1)
            heappop(heads)
        if keeper is not None:
            self._reserve(keeper, 0)
        if pausing:
            when = min(when, pausing[0][0])
        if when < inf:
            self._wake(when)

    def _head(self, lane: Lane) -> Waiting | None:
        waiting = lane.waiting.heap
        while waiting:
            if self._waiting.get(id(waiting[0][2])) is lane:
                if not self._failed or not self.is_doomed(waiting[0][0]):
                    return waiting[0]
                self._doomed.append((waiting[0], lane))
            heappop(waiting)  # withdrawn, sent or doomed
        return None

    def is_doomed(self, position: Any) -> bool:
        """Whether what is issued there will be killed for certain, by a failure on its way to the head."""
        return any(
            len(position) >= len(failed) and position > failed and position[: len(failed) - 1] == failed[:-1]
            for failed in self._failed.values()
        )

    def _opens(self, lane: Lane, now: float) -> float:
        """When the lane's first call may go: `now`, later, `inf` (when another one is back) or `_HELD`."""
        host = lane.host
        position, _, _, tokens = lane.waiting.heap[0]
        if self._is_held(host, position):
            return _HELD
        if self._lessons or host.tally.until is not None:
            self._recall(host, now)
        if host.out + host.reserved >= host.pace.calls and (host.reserved or host.out != host.lost):
            return inf
        when = now
        if host.pace.until:
            if host.pace.until > now:
                when = host.pace.until
            else:
                host.pace.until = 0.0
        for gate in lane.gates:
            at = gate.opens(now, tokens)
            if at is None:
                return inf
            when = max(when, at)
        return when

    def _is_held(self, host: Host, position: Any) -> bool:
        return bool(host.holds) and position > min(hold[0] for hold in host.holds.values())

    def _go(self, lane: Lane, now: float) -> None:
        host = lane.host
        _, _, call, tokens = lane.waiting.take(
            lane.width, lambda entry: not self._is_held(host, entry[0]) and not (self._failed and self.is_doomed(entry[0]))
        )
        del self._waiting[id(call)]
        lane.host.waiting -= 1
        lane.host.out += 1
        for gate in lane.gates:
            gate.take(now, call, tokens)
        self._send(call, lane)

    def _reserve(self, lane: Lane, calls: int) -> None:
        lane.host.reserved = calls
        for gate in lane.gates:
            gate.reserved = (calls, lane.waiting.heap[0][3] if calls else 0.0)

    def forget(self, lane: Lane, call: Any) -> None:
        """A call will not come back well: what it was estimated to take of the tokens stays counted."""
        for gate in lane.gates:
            gate.tickets.pop(id(call), None)

    def clear(self) -> None:
        """Nothing waits any more, and nothing will: let go of the calls that were withdrawn, and of what they hold."""
        for lane in self.lanes.values():
            lane.waiting.clear()
        self._doomed.clear()
        self._pausing.clear()

    def waits(self, call: Any) -> bool:
        """Whether the call is still to be sent."""
        return id(call) in self._waiting

    @property
    def unsent(self) -> list[Any]:
        """The calls that wait, in no order."""
        found = [entry[2] for lane in self.lanes.values() for entry in lane.waiting.heap if self._waits_in(entry[2], lane)]
        found += [entry[2] for entry, lane in self._doomed if self._waiting.get(id(entry[2])) is lane]
        return found + [entry[2] for entry in self._pausing if self._waiting.get(id(entry[2])) is entry[3]]
