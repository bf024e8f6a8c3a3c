"""A cell as calls with options: what a plan, one option for each call, would take. The optimizer asks it some dozens of times.

    whatif.graph (who waits for whom, from an earlier run) ─┐
    Estimates (seconds, money, energy of each alternative) ─┼─▶ Project ── evaluate(plan) ─▶ Outcome
    limits and resources (what a call occupies)            ─┘

It plays the same graph as `whatif.play` by simpler rules: the kernel's own thread is a delay, hosts take what they are told
to, waiting calls go oldest first. That is four times faster, and what is reported to the user is played by `whatif.play` all the
same. Times beyond a call's own estimate scale with its input: what the recorded call took, beside what its alternative usually
takes, is not used (one noisy run would be believed), the size of its arguments is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from poppy_ipython.whatif.graph import NOBODY, Graph

if TYPE_CHECKING:
    from poppy_ipython.choose.alternatives import Option

__all__ = ["Outcome", "Pick", "Project", "Rule"]

Rule = Callable[[int, float, "Project", list[int], list[float]], int]
"""Which option a call takes when it is ready: call, time, project, units used and seconds queued by pool."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One option of one call: what it would take."""

    option: Option | None  # None: a call without alternatives
    index: int
    seconds: float
    price: float = 0.0
    energy: float = 0.0
    quality: float = 1.0
    spread: float = 0.0  # relative standard deviation of the seconds
    needs: tuple[tuple[int, int], ...] = ()  # pools and units


@dataclass(frozen=True, slots=True)
class Outcome:
    """A plan, played."""

    end: float
    started: list[float]
    ended: list[float]
    plan: list[int]


@dataclass
class Project:
    """Calls in the order of issue, with what each could be; `capacity` by pool."""

    graph: Graph
    picks: list[list[Pick]]
    capacity: list[int]
    sites: list[list[int]] = field(default_factory=list)  # calls that can be chosen, by place in the program
    warm: frozenset[Any] = frozenset()  # keys of alternatives that need no warm-up any more
    floor: list[float] = field(default_factory=list)  # before which nothing is issued that was not by now

    def __post_init__(self) -> None:
        graph, n = self.graph, len(self.graph)
        self.floor = self.floor or [0.0] * n
        self.delay = [lag + busy for lag, busy in zip(graph.lag, graph.busy, strict=True)]
        self.wait_issue, self.wait_ready = [0] * n, [1] * n
        self.turns: list[list[int]] = [[] for _ in range(n)]
        self.of_end: list[list[int]] = [[] for _ in range(n)]  # c: issue of c; ~c: readiness of c
        self.of_part: dict[int, list[tuple[float, int]]] = {}
        behind = []
        for i in range(n):
            if graph.turn[i] != NOBODY:
                self.turns[graph.turn[i]].append(i)
                self.wait_issue[i] += 1
            for causes, who, counts in ((graph.trigger[i], i, self.wait_issue), (graph.operands[i], ~i, self.wait_ready)):
                for cause, part in causes:
                    counts[i] += 1
                    if part == 1.0:
                        self.of_end[cause].append(who)
                    else:
                        self.of_part.setdefault(cause, []).append((part, who))
            if graph.fence[i]:
                self.wait_issue[i] += 1
                behind.append((graph.rank[i], i))
            if graph.head[i]:
                self.wait_ready[i] += 1
                behind.append((graph.rank[i], ~i))
        self.behind = sorted(behind, reverse=True)
        self.free = [i for i in range(n) if len(self.picks[i]) > 1]
        options = [pick.option for row in self.picks for pick in row if pick.option is not None]
        self.cold = any(one.warmup and one.key not in self.warm for one in options)
        self.by_rank = sorted(range(n), key=graph.rank.__getitem__)

    def __len__(self) -> int:
        return len(self.picks)

    def cost(self, plan: Sequence[int]) -> float:
        return sum(row[choice].price for row, choice in zip(self.picks, plan, strict=True))

    def energy(self, plan: Sequence[int]) -> float:
        return sum(row[choice].energy for row, choice in zip(self.picks, plan, strict=True))

    def quality(self, plan: Sequence[int]) -> float | None:
        """That of the weakest call among those that were chosen."""
        rows = [(row, k) for row, k in zip(self.picks, plan, strict=True) if row[0].option is not None]
        return min((row[k].quality for row, k in rows), default=None)

    def evaluate(self, plan: Sequence[int], factors: Sequence[float] | None = None, rule: Rule | None = None) -> Outcome:
        """Play the plan; `factors` on the seconds of each call; with a rule, choices are made as calls become ready."""
        n, picks, delay, graph = len(self), self.picks, self.delay, self.graph
        rank, late, gap, gone = graph.rank, graph.late, graph.gap, graph.gone
        chosen = list(plan)
        to_issue, to_ready = self.wait_issue[:], self.wait_ready[:]
        at_issue, at_ready = self.floor[:], [0.0] * n
        started, ended = [0.0] * n, [0.0] * n
        used = [0] * len(self.capacity)
        queued = [0.0] * len(self.capacity)
        lanes: dict[tuple[tuple[int, int], ...], list[tuple[int, int]]] = {}
        heap: list[tuple[float, int, int]] = []  # when, rank, who: i ready, ~i over
        behind, over, oldest = self.behind[:], [False] * (n + 1), 0
        warmed: set[Any] = set()
        of_end, of_part, turns, capacity = self.of_end, self.of_part, self.turns, self.capacity
        work: list[tuple[int, float]] = []
        now = 0.0

        def tell(who: int, when: float) -> None:
            work.append((who, when))
            while work:
                who, when = work.pop()
                if who >= 0:
                    if when > at_issue[who]:
                        at_issue[who] = when
                    to_issue[who] -= 1
                    if to_issue[who] == 0:
                        when = at_issue[who] + delay[who]
                        work.append((~who, when))
                        for other in turns[who]:
                            work.append((other, when))
                else:
                    who = ~who
                    if when > at_ready[who]:
                        at_ready[who] = when
                    to_ready[who] -= 1
                    if to_ready[who] == 0:
                        heappush(heap, (at_ready[who] + late[who], rank[who], who))

        def start(i: int, pick: Pick) -> None:
            for pool, units in pick.needs:
                used[pool] += units
            seconds = pick.seconds if factors is None else pick.seconds * factors[i]
            if self.cold and pick.option is not None and pick.option.warmup:
                key = pick.option.key
                if key not in warmed and key not in self.warm:
                    warmed.add(key)
                    seconds += pick.option.warmup
            begun = started[i] = now + gap[i]
            heappush(heap, (begun + seconds, rank[i], ~i))
            if i in of_part:
                for part, who in of_part[i]:
                    tell(who, begun + part * seconds)

        def pump() -> None:
            blocked: set[int] = set()
            heads = sorted((lane[0], needs) for needs, lane in lanes.items() if lane)
            while heads:
                (_, i), needs = heads.pop(0)
                if any(pool in blocked or used[pool] + units > capacity[pool] for pool, units in needs):
                    blocked.update(pool for pool, _ in needs)
                    continue
                lane = lanes[needs]
                heappop(lane)
                pick = picks[i][chosen[i]]
                for pool, units in needs:
                    queued[pool] -= pick.seconds * units
                start(i, pick)
                if lane:
                    heads.append((lane[0], needs))
                    heads.sort()

        def pass_by() -> None:
            nonlocal oldest
            while over[oldest]:
                oldest += 1
            while behind and behind[-1][0] <= oldest:
                tell(behind.pop()[1], now)

        for i in range(n):
            if gone[i]:
                over[rank[i]] = True
        for i in range(n):
            if self.wait_issue[i] == 0:
                to_issue[i] = 1
                tell(i, 0.0)
        pass_by()
        left = n
        while left:
            if not heap:
                stuck = next((i for i in self.by_rank if to_ready[i] > 0), None)
                if stuck is None:
                    break
                to_ready[stuck] = 0  # a graph that contradicts itself: the oldest goes on
                heappush(heap, (now, rank[stuck], stuck))
            now, _, who = heappop(heap)
            if who >= 0:
                to_ready[who] = -1
                if rule is not None and len(picks[who]) > 1:
                    chosen[who] = rule(who, now, self, used, queued)
                pick = picks[who][chosen[who]]
                needs = pick.needs
                if needs:
                    lane = lanes.setdefault(needs, [])
                    if lane or any(used[pool] + units > capacity[pool] for pool, units in needs):
                        heappush(lane, (rank[who], who))
                        for pool, units in needs:
                            queued[pool] += pick.seconds * units
                        continue
                start(who, pick)
                continue
            i = ~who
            ended[i] = now
            left -= 1
            needs = picks[i][chosen[i]].needs
            for pool, units in needs:
                used[pool] -= units
            for other in of_end[i]:
                tell(other, now)
            if not over[rank[i]]:
                over[rank[i]] = True
                if rank[i] == oldest:
                    pass_by()
            if needs and lanes:
                pump()
        end = max((ended[i] for i in range(n) if not gone[i]), default=0.0)
        return Outcome(end + graph.tail, started, ended, chosen)

    def slack(self, outcome: Outcome) -> list[float]:
        """How much longer each call could take before the end moves, places aside."""
        n, graph = len(self), self.graph
        started, ended = outcome.started, outcome.ended
        found = [outcome.end - graph.tail - end for end in ended]
        fences = self.behind  # by rank, largest first
        for i in sorted(range(n), key=started.__getitem__, reverse=True):
            most = found[i]
            for who in self.of_end[i]:
                j = who if who >= 0 else ~who
                wait = started[j] - ended[i] - (self.delay[j] if who >= 0 else 0.0) - graph.late[j]
                most = min(most, max(0.0, wait) + found[j])
            for part, who in self.of_part.get(i, ()):
                j = who if who >= 0 else ~who
                most = min(most, max(0.0, started[j] - started[i] - part * (ended[i] - started[i])) + found[j])
            found[i] = most
        if fences:
            self._fenced(found, outcome)
        return found

    def _fenced(self, found: list[float], outcome: Outcome) -> None:
        """What stands before a barrier may be late by no more than what stands behind it."""
        limit = float("inf")
        bars = {rank: who if who >= 0 else ~who for rank, who in self.behind}
        for i in reversed(self.by_rank):
            found[i] = min(found[i], max(0.0, limit - outcome.ended[i]))
            bar = bars.get(self.graph.rank[i])
            if bar is not None:
                limit = min(limit, outcome.started[bar] + found[bar])
