"""Chooses while a cell runs: carries out the plan, watches how long calls take, plans again when they leave their profile.

    Flights.submit ─▶ choose(call)      a call of alternatives is ready: which one performs it
    Flights._settle ─▶ ended(…)         an observation; late or early? plan again, and calls that wait move over
                    ─▶ falls_back(…)    it failed: another one that may be taken, if it may be sent twice

* With a plan (the cell has run before) the call at a position of the program takes what the plan says; a call that the plan
  does not know takes what most of its place take.
* Without one, each call is chosen by itself: for `time`, and wherever there is a deadline, what is over soonest, queues
  considered; for `cost` and `energy` the least. What nobody has seen or declared is tried once, if there is no deadline.
* A budget is kept whatever happens: what a call costs is set aside when it is chosen; a call that cannot be paid any more
  fails with `BudgetSpent`, after everything before it.

Decided against: planning again after every call (it moves choices to and fro for nothing). With a deadline, a call must end a
twentieth of the horizon off its plan, or, for the least time too, the calls of an alternative take a quarter more or less than
expected; what is unbounded in time is never planned again. And all of it may cost a twentieth of the horizon at most, reckoned
by a fixed price per call played, so that a run on the simulated clock is the same on every machine.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from poppy_ipython.backends.rates import _DEPTH, _length
from poppy_ipython.choose.alternatives import Alternatives, PerToken, may_repeat
from poppy_ipython.choose.errors import BudgetSpent, ChoiceError
from poppy_ipython.choose.optimizer import optimize
from poppy_ipython.choose.planning import Planned, Sizes, allowed, estimates, host_name, limits_of, project_of, site_of
from poppy_ipython.choose.profiles import Estimate, Observation, machine
from poppy_ipython.choose.project import Pick, Project
from poppy_ipython.effects.registry import host_of
from poppy_ipython.trace.usage import Usage

if TYPE_CHECKING:
    from poppy_ipython.choose.objective import Objective
    from poppy_ipython.choose.store import Store
    from poppy_ipython.trace.trace import Trace

__all__ = ["Chooser", "Fallback", "WARM"]

WARM: set[str] = set()
"""Keys of alternatives that this process has called."""

_OFF = 0.05  # of the horizon, between a planned and a real end, before it is planned again
_SHARE = 0.05  # of the horizon, that planning again may take
_PLAYED = 6e-6  # seconds, to play one call
_DRIFT = 1.25
_SEEN = 3


@dataclass(frozen=True)
class Fallback:
    """An alternative failed and another one was asked."""

    number: int  # of the call
    failed: str
    then: str
    error: str


@dataclass
class _State:
    """What was decided about a call."""

    alternatives: Alternatives
    k: int
    size: float
    tried: list[int] = field(default_factory=list)
    failure: BaseException | None = None
    index: int | None = None  # in the plan
    price: float = 0.0  # set aside


class Chooser:
    """Of one run. Every method is called on the engine's thread."""

    def __init__(
        self,
        objective: Objective | None,
        store: Store,
        clock: Callable[[], float],
        planned: Planned | None = None,
        trace: Trace | None = None,
        sizes: Sizes | None = None,
        again: Callable[[], None] = lambda: None,
    ) -> None:
        self.objective = objective
        self.store = store
        self.clock = clock
        self.planned = planned
        self.trace, self.past_sizes = trace, sizes or {}
        self.sizes: dict[tuple[int, ...], float] = {}
        self.seen: list[Observation] = []
        self.fallbacks: list[Fallback] = []
        self.replanned = 0
        self.chosen = 0
        self.spent = self.energy = 0.0  # of calls that are back, set aside included
        self.began = clock()
        self._again = again  # the plan has changed: `Flights.choose_again`
        self._states: dict[int, _State] = {}
        self._known: dict[int, tuple[list[Estimate], list[int]]] = {}
        self._out: Counter[str] = Counter()  # calls chosen and not back, by key
        self._explored: set[str] = set()
        self._warm = frozenset(WARM)
        self._ratio: dict[str, float] = defaultdict(lambda: 1.0)
        self._count: Counter[str] = Counter()
        self._begun: dict[int, float] = {}  # by index in the plan: when it was sent
        self._took: dict[int, tuple[float, float, int]] = {}  # by index: started, seconds, option
        self._since = 0
        self._planning = 0.0  # seconds, reckoned
        self._trusted: dict[str, float] = {}  # the ratios that the plan reckons with
        self._use(planned)

    def _use(self, planned: Planned | None) -> None:
        self._index: dict[tuple[int, ...], int] = {}
        self._plan: list[Pick] = []
        self._ends: list[float] = []
        self._site: dict[Any, int] = {}
        if planned is None:
            return
        project, choices = planned.project, planned.plan.choices
        self._plan = [row[k] for row, k in zip(project.picks, choices, strict=True)]
        self._ends = project.evaluate(choices).ended
        votes: dict[Any, Counter[int]] = defaultdict(Counter)
        for i, call in enumerate(planned.calls):
            if call.choices:
                self._index[call.position] = i
                votes[site_of(call)][self._plan[i].index] += 1
        self._site = {site: count.most_common(1)[0][0] for site, count in votes.items()}

    # -- a call is ready

    def choose(self, call: Any) -> None:
        alternatives = call.fn
        if alternatives.__class__ is not Alternatives:
            return
        size = float(sum(_length(value, _DEPTH) for value in (*call.args, *call.kwargs.values())))
        self.sizes[call.position] = size
        index = self._index.get(call.position)
        if index is not None and self._plan[index].option not in alternatives.options:
            index = None
        state = self._states[id(call)] = _State(alternatives, 0, size, index=index)
        try:
            k = self._pick(call, state)
        except ChoiceError as error:
            self._refuse(call, error)
            return
        self.chosen += 1
        self._set(call, state, k)

    def _about(self, alternatives: Alternatives) -> tuple[list[Estimate], list[int]]:
        found = self._known.get(id(alternatives))
        if found is None:
            known = estimates(alternatives, self.store)
            found = self._known[id(alternatives)] = known, allowed(alternatives, known, self.objective)
        return found

    def _pick(self, call: Any, state: _State) -> int:
        known, left = self._about(state.alternatives)
        wanted = self.objective
        if wanted is None:
            return left[0]
        if state.index is not None:
            k = self._plan[state.index].index
        else:
            k = self._site.get(site_of(call.record), -1)
        if k not in left:
            k = self._by_itself(state, known, left)
        rest = self._rest
        if (known[k].price or 0.0) > rest:
            k = min(left, key=lambda k: known[k].price or 0.0)
            if (known[k].price or 0.0) > rest:
                one = state.alternatives.options[k]
                raise BudgetSpent(
                    f"line {call.record.line}: the budget of {wanted.budget:g} is spent: {self.spent:.4g} is gone, and the "
                    f"cheapest alternative, {one.name}, costs {known[k].price:.4g}. Everything before this call is done"
                )
        return k

    @property
    def _rest(self) -> float:
        budget = None if self.objective is None else self.objective.budget
        return float("inf") if budget is None else budget * (1 + 1e-9) + 1e-12 - self.spent

    def _by_itself(self, state: _State, known: list[Estimate], left: list[int]) -> int:
        """Nothing was planned for this call."""
        wanted, options = self.objective, state.alternatives.options
        assert wanted is not None
        if wanted.deadline is None:
            for k in left:
                if known[k].source == "unknown" and options[k].key not in self._explored:
                    self._explored.add(options[k].key)
                    return k
            if wanted.goal == "cost":
                return min(left, key=lambda k: (known[k].price or 0.0, known[k].seconds(state.size), k))
            if wanted.goal == "energy":
                return min(left, key=lambda k: (known[k].energy_of(known[k].seconds(state.size)) or 0.0, k))
        payable = left
        if wanted.budget is not None:  # nobody knows how many calls will follow
            payable = [k for k in left if 4 * (known[k].price or 0.0) <= self._rest] or left
            if payable is left:
                return min(left, key=lambda k: (known[k].price or 0.0, k))

        def over(k: int) -> float:
            one = options[k]
            seconds = known[k].seconds(state.size) * self._ratio[one.key]
            at_once = [limit.calls for limit in limits_of(one.call, host_name(one), one.effect.resource) if limit.calls]
            waiting = max(0, self._out[one.key] + 1 - min(at_once)) / min(at_once) if at_once else 0.0
            warmup = 0.0 if one.key in WARM else one.warmup
            return seconds * (1 + waiting) + warmup

        return min(payable, key=lambda k: (over(k), known[k].price or 0.0, k))

    def _set(self, call: Any, state: _State, k: int) -> None:
        one = state.alternatives.options[k]
        known, _ = self._about(state.alternatives)
        self.spent -= state.price
        state.price = known[k].price or 0.0
        self.spent += state.price
        if state.tried or call.fn.__class__ is not Alternatives:
            self._out[state.alternatives.options[state.k].key] -= 1
        state.k = k
        self._out[one.key] += 1
        call.fn, call.effect = one.call, one.effect
        record = call.record
        record.choice, record.choices = one.name, state.alternatives.names
        record.host = host_of(one.effect, one.call, call.args, call.kwargs)

    def _refuse(self, call: Any, error: ChoiceError) -> None:
        """The call fails with this error, without anybody being asked."""
        del self._states[id(call)]

        def refused(*args: Any, **kwargs: Any) -> None:
            raise error

        effect = replace(call.effect, retry=0, timeout=None)
        call.fn, call.effect = refused, effect

    def changes(self, call: Any) -> bool:
        """Whether a call that waits goes to another alternative, by the plan as it is now."""
        state = self._states.get(id(call))
        if state is None or state.tried or state.index is None:
            return False
        k = self._plan[state.index].index
        known, left = self._about(state.alternatives)
        if k == state.k or k not in left or (known[k].price or 0.0) - state.price > self._rest:
            return False
        self._set(call, state, k)
        return True

    # -- a call is back

    def ended(self, call: Any, started: float, now: float, at_once: int, value: Any, error: BaseException | None) -> None:
        state = self._states.get(id(call))
        if state is None:
            return
        known, _ = self._about(state.alternatives)
        one, est = state.alternatives.options[state.k], known[state.k]
        seconds = now - started
        WARM.add(one.key)
        usage = Usage()
        usage.ended(1, value, error)
        tokens = usage.tokens.get(1)
        price = est.price
        if isinstance(one.price, PerToken) and tokens is not None:
            price = one.price.of(*tokens)
            self.spent += price - state.price
        energy = est.energy_of(seconds)
        self.energy += energy or 0.0
        sent, received = tokens if tokens is not None else (None, None)
        told = (one.key, seconds, state.size, at_once, None, sent, received, price, energy, None, error is None)
        self.seen.append(Observation(*told, machine(), time.time()))
        if error is None:
            self._out[one.key] -= 1
            del self._states[id(call)]
            self._watch(state, est, started, now)

    def falls_back(self, call: Any, error: BaseException) -> bool:
        """Whether a call that failed goes to another alternative."""
        state = self._states.get(id(call))
        if state is None or not isinstance(error, Exception):
            return False
        state.failure = state.failure or error
        options = state.alternatives.options
        state.tried.append(state.k)
        known, left = self._about(state.alternatives)
        order = [*range(state.k + 1, len(options)), *range(state.k)]
        rest = self._rest
        able = [k for k in order if k in left and k not in state.tried and (known[k].price or 0.0) <= rest]
        if not able or not may_repeat(options[state.k].effect):
            return False
        failed = options[state.k].name
        state.price = 0.0  # what failed may be billed all the same
        self._set(call, state, able[0])
        self.fallbacks.append(Fallback(call.record.number, failed, options[able[0]].name, type(error).__name__))
        return True

    def failure(self, call: Any, error: BaseException) -> BaseException:
        """All failed: the error of the one that was chosen first."""
        state = self._states.pop(id(call), None)
        if state is None:
            return error
        self._out[state.alternatives.options[state.k].key] -= 1
        return state.failure or error

    # -- the plan, again

    def _watch(self, state: _State, est: Estimate, started: float, now: float) -> None:
        """A call came back well: is the plan still true?"""
        key = state.alternatives.options[state.k].key
        expected = est.seconds(state.size)
        if key not in self._warm and self._count[key] == 0:
            expected += state.alternatives.options[state.k].warmup
        if expected > 0:
            self._count[key] += 1
            self._ratio[key] += 0.3 * ((now - started) / expected - self._ratio[key])
        if state.index is None or self.objective is None or self.planned is None:
            return
        i = state.index
        self._took[i] = started - self.began, now - started, state.k
        self._since += 1
        timed = self.objective.deadline is not None
        if not timed and self.objective.goal != "time":
            return
        horizon = self.objective.deadline or self.planned.plan.end
        cost = self.planned.plan.evaluated * len(self.planned.project) * _PLAYED
        if self._planning + cost > _SHARE * horizon:
            return
        off = timed and abs(now - self.began - self._ends[i]) > _OFF * horizon
        ratio = self._ratio[key] / self._trusted.get(key, 1.0)
        drifts = self._count[key] >= _SEEN and not 1 / _DRIFT < ratio < _DRIFT
        enough = self._since >= max(1, len(self.planned.project.free) // 20)
        if (off or drifts) and enough and len(self._took) < len(self._index):
            self._since = 0
            self._planning += cost
            if drifts:
                self._trusted[key] = self._ratio[key]
            self._replan(now)

    def _replan(self, now: float) -> None:
        """Plan what is left, from what has happened."""
        wanted, trace, planned = self.objective, self.trace, self.planned
        if wanted is None or trace is None or planned is None:
            return
        project, calls = project_of(
            trace, wanted, self.store, {**self.past_sizes, **self.sizes}, frozenset(WARM), lambda key: self._trusted.get(key, 1.0)
        )
        graph, picks = project.graph.copy(), project.picks
        at = now - self.began
        floor = [at] * len(project)
        out = {state.index: state for state in self._states.values() if state.index is not None}
        for i in range(len(project)):
            took = self._took.get(i)
            begun = self._begun.get(i)
            if took is None and (begun is None or i not in out):
                continue
            if took is not None:
                start, seconds, k = took
            else:
                assert begun is not None
                k, start = out[i].k, begun - self.began
                usual = next((p.seconds for p in picks[i] if p.index == k), 0.0)
                seconds = max(usual, (at - start) * 1.1)
            kept = next((p for p in picks[i] if p.index == k), picks[i][0])
            picks[i] = [replace(kept, seconds=seconds, spread=0.0 if took is not None else kept.spread)]
            floor[i] = start
            graph.turn[i], graph.trigger[i], graph.operands[i] = -1, (), ()
            graph.fence[i] = graph.head[i] = False
            graph.lag[i] = graph.busy[i] = graph.late[i] = graph.gap[i] = 0.0
        rest = Project(graph, picks, project.capacity, [], project.warm, floor)
        free = set(rest.free)
        rest.sites = [left for site in project.sites if (left := [i for i in site if i in free])]
        before = [
            next((k for k, pick in enumerate(row) if pick.index == then.index), 0)
            for row, then in zip(picks, self._plan, strict=True)
        ]
        plan = optimize(rest, wanted, start=before)
        self.replanned += 1
        self.planned = Planned(rest, plan, calls, wanted)
        self._use(self.planned)
        self._again()

    def started(self, call: Any, now: float) -> None:
        """A call was sent."""
        state = self._states.get(id(call))
        if state is not None and state.index is not None:
            self._begun[state.index] = now
