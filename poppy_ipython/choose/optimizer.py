"""The plan that meets an objective: which option each call takes.

    rules     every call takes, when it is ready, what is over soonest, money weighed against seconds; a dozen weights
    places    all calls of one place in the program together, one place after the other
    slack     calls that may take longer go to what is cheaper, half of them if all are too many
    single    one call after the other, and one up for one down, as often as the number of calls allows

Each step keeps the best plan so far; a plan is better if it breaks the bounds by less, then by the goal, then by cost, energy,
time. `Project.evaluate` says what a plan takes; how often it is asked depends on the number of calls, so that 200 places take
under 50 ms. In the tests it is within 5 % of trying everything.

With latencies that spread, a deadline is planned for with a margin: the plan is played with a few draws, and the mean of their
ends and two standard deviations must be within it.

Decided against: integer programming (HiGHS). Without places to queue for it is a time-cost trade-off that a solver does
well, but with resources every pair of calls that may compete is a disjunction; that is hundreds of binaries for a cell of
fifty calls, and nothing is left of the 50 ms. scipy is also not among what this package brings.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from poppy_ipython.choose.objective import Objective
from poppy_ipython.choose.project import Outcome, Project, Rule

__all__ = ["Plan", "exhaustive", "optimize"]

_WORK = 6_000  # calls played in one optimization, about
_LEAST, _MOST = 30, 600  # evaluations
_WEIGHTS = (0.0, 0.05, 0.15, 0.4, 1.0, 2.5, 6.0, 15.0, 40.0)
_DRAWS, _SURE = 10, 2.0
_NEARLY = 1e-9

Key = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Plan:
    """One option for each call, and what that takes. `late` is how much later than `end` it may well be."""

    choices: list[int]
    end: float
    cost: float
    energy: float
    quality: float | None
    late: float = 0.0
    drawn: float | None = None  # the mean of its ends if latencies spread: where many calls end together, the last is late
    breaks: float = 0.0  # how far beyond the bounds, relative
    evaluated: int = 0

    @property
    def expected(self) -> float:
        """Seconds, as they are to be expected."""
        return self.end if self.drawn is None else self.drawn

    def keeps(self, objective: Objective) -> bool:
        """Whether it is within the bounds, with what the deadline needs for safety."""
        soon = objective.deadline is None or self.end + self.late <= objective.deadline * (1 + _NEARLY)
        paid = objective.budget is None or self.cost <= objective.budget * (1 + _NEARLY) + 1e-12
        return soon and paid


class _Search:
    """The best plan so far, and how many more may be tried."""

    def __init__(self, project: Project, objective: Objective, deadline: float | None, tries: int) -> None:
        self.project, self.objective, self.deadline = project, objective, deadline
        self.left = tries
        self.count = 0
        self.best: Outcome | None = None
        self.key: Key = (float("inf"),) * 5
        self.unit = max(1e-12, sum(min(p.seconds for p in row) for row in project.picks))
        self.seen: set[tuple[int, ...]] = set()

    def key_of(self, outcome: Outcome) -> Key:
        project, wanted = self.project, self.objective
        cost, energy, end = project.cost(outcome.plan), project.energy(outcome.plan), outcome.end
        breaks = 0.0
        if self.deadline is not None:
            breaks += max(0.0, end / self.deadline - 1 - _NEARLY)
        if wanted.budget is not None:
            breaks += max(0.0, (cost - wanted.budget) / max(wanted.budget, 1e-9) - _NEARLY)
        soon = round(end / self.unit, 5)
        goal = {"time": soon, "cost": round(cost, 12), "energy": round(energy, 12)}[wanted.goal]
        return (breaks, goal, round(cost, 12), round(energy, 12), soon)

    def try_plan(self, plan: Sequence[int], rule: Rule | None = None) -> bool:
        """Play it; whether it is the best so far."""
        if self.left <= 0:
            return False
        if rule is None:
            known = tuple(plan)
            if known in self.seen:
                return False
            self.seen.add(known)
        self.left -= 1
        self.count += 1
        return self.take(self.project.evaluate(plan, rule=rule))

    def take(self, outcome: Outcome) -> bool:
        key = self.key_of(outcome)
        if key >= self.key:
            return False
        self.best, self.key = outcome, key
        return True

    def plan(self) -> Plan:
        """What was found."""
        assert self.best is not None
        project, plan = self.project, self.best.plan
        figures = self.best.end, project.cost(plan), project.energy(plan), project.quality(plan)
        return Plan(plan, *figures, breaks=self.key[0], evaluated=self.count)


def optimize(project: Project, objective: Objective, start: Sequence[int] | None = None, margin: bool = True) -> Plan:
    """The best plan that was found. It may break the bounds: `Plan.keeps` says."""
    tries = max(_LEAST, min(_MOST, _WORK // max(1, len(project))))
    found = _best(project, objective, objective.deadline, start, tries)
    if not margin or not any(p.spread for row in project.picks for p in row):
        return found
    found = _drawn(project, found)
    if objective.deadline is None:
        return found
    deadline = objective.deadline or 0.0
    for last in (False, False, True):
        if found.keeps(objective):
            break
        deadline = min(0.99 * deadline, (objective.deadline or 0.0) - found.late)
        wanted = replace(objective, goal="time") if last or deadline <= 0 else objective
        closer = _best(project, wanted, None if last else deadline, found.choices, max(_LEAST // 2, tries // 3))
        closer = replace(_drawn(project, closer), evaluated=found.evaluated + closer.evaluated)
        if closer.end + closer.late < found.end + found.late:
            found = closer
    return found


def _best(project: Project, objective: Objective, deadline: float | None, start: Sequence[int] | None, tries: int) -> Plan:
    search = _Search(project, objective, deadline, tries)
    picks = project.picks
    first = list(start) if start is not None else [0] * len(project)
    search.try_plan(first)
    if project.free:
        goals: list[Callable[[int, int], tuple[float, ...]]] = [
            lambda i, k: (picks[i][k].seconds, picks[i][k].price),
            lambda i, k: (picks[i][k].price, picks[i][k].energy, picks[i][k].seconds),
            lambda i, k: (picks[i][k].energy, picks[i][k].price, picks[i][k].seconds),
        ]
        for goal in goals:
            search.try_plan([min(range(len(row)), key=lambda k: goal(i, k)) for i, row in enumerate(picks)])
        for weight in _WEIGHTS if start is None else _WEIGHTS[::3]:
            search.try_plan(first, _rule(project, objective, weight))
        while search.left > 0:
            before = search.key
            if len(project.sites) <= search.left:
                _places(search)
            _slack(search)
            _single(search)
            if search.key == before:
                break
    return search.plan()


def _rule(project: Project, objective: Objective, weight: float) -> Rule:
    """What is over soonest, `weight` times the typical seconds for the typical money."""
    by_energy = objective.goal == "energy"
    rows = [project.picks[i] for i in project.free]
    seconds = sum(max(p.seconds for p in row) - min(p.seconds for p in row) for row in rows)
    money = sum(max(_money(p, by_energy) for p in row) - min(_money(p, by_energy) for p in row) for row in rows)
    factor = weight * seconds / money if money > 0 else 0.0
    capacity, picks = project.capacity, project.picks

    def rule(i: int, now: float, project: Project, used: list[int], queued: list[float]) -> int:
        best, least = 0, float("inf")
        for k, pick in enumerate(picks[i]):
            wait = 0.0
            for pool, units in pick.needs:
                if used[pool] + units > capacity[pool]:
                    wait = max(wait, (queued[pool] + 0.5 * pick.seconds * used[pool]) / capacity[pool])
            value = wait + pick.seconds + factor * _money(pick, by_energy)
            if value < least - _NEARLY:
                best, least = k, value
        return best

    return rule


def _money(pick: object, by_energy: bool) -> float:
    return pick.energy if by_energy else pick.price  # type: ignore[attr-defined, no-any-return]


def _places(search: _Search) -> None:
    """All calls of one place take the same option."""
    project = search.project
    for site in project.sites:
        for k in range(len(project.picks[site[0]])):
            assert search.best is not None
            plan = list(search.best.plan)
            for i in site:
                plan[i] = min(k, len(project.picks[i]) - 1)
            search.try_plan(plan)
            if search.left <= 0:
                return


def _slack(search: _Search) -> None:
    """Calls that may take longer go to what is better otherwise: first all of them, then the half that gains most, and so on."""
    project, picks = search.project, search.project.picks
    assert search.best is not None
    outcome = search.best
    slack = project.slack(outcome)
    if search.deadline is not None and search.objective.goal != "time":
        spare = max(0.0, search.deadline - outcome.end)
        slack = [one + spare for one in slack]
    by_energy = search.objective.goal == "energy"
    moves: list[tuple[float, int, int]] = []
    for i in project.free:
        now = picks[i][outcome.plan[i]]
        fitting = [
            (_money(now, by_energy) - _money(pick, by_energy), -pick.seconds, k)
            for k, pick in enumerate(picks[i])
            if pick.seconds - now.seconds <= slack[i] + _NEARLY and _money(pick, by_energy) < _money(now, by_energy)
        ]
        if fitting:
            gain, _, k = max(fitting)
            moves.append((gain, i, k))
    moves.sort(reverse=True)
    while moves and search.left > 0:
        plan = list(outcome.plan)
        for _, i, k in moves:
            plan[i] = k
        if search.try_plan(plan):
            return
        if len(moves) == 1:
            return
        moves = moves[: len(moves) // 2]


def _single(search: _Search) -> None:
    """One call after the other, those on the longest chain first; then one up and one down."""
    project, picks = search.project, search.project.picks
    assert search.best is not None
    slack = project.slack(search.best)
    order = sorted(project.free, key=lambda i: (slack[i], i))
    for i in order:
        for k in range(len(picks[i])):
            if search.left <= 0:
                return
            plan = list(search.best.plan)
            plan[i] = k
            search.try_plan(plan)
    if len(order) * len(order) > search.left:
        return
    for i, j in product(order, order):
        for k in range(len(picks[i])):
            for m in range(len(picks[j])):
                if i < j and search.left > 0:
                    plan = list(search.best.plan)
                    plan[i], plan[j] = k, m
                    search.try_plan(plan)


def _drawn(project: Project, plan: Plan) -> Plan:
    """When the plan is to be expected to end, and how much later than planned it may well be, given how calls spread."""
    draw = random.Random(0)
    ends = []
    for _ in range(_DRAWS):
        factors = [max(0.05, 1 + row[k].spread * draw.gauss(0, 1)) for row, k in zip(project.picks, plan.choices, strict=True)]
        ends.append(project.evaluate(plan.choices, factors).end)
    mean = statistics.fmean(ends)
    return replace(plan, drawn=mean, late=max(0.0, mean + _SURE * statistics.stdev(ends) - plan.end))


def exhaustive(project: Project, objective: Objective, groups: Sequence[Sequence[int]] | None = None) -> Plan:
    """Every plan tried, one option for each group of calls (default: each call by itself). For tests and small cells."""
    groups = [[i] for i in project.free] if groups is None else groups
    search = _Search(project, objective, objective.deadline, 1 << 60)
    for combination in product(*(range(len(project.picks[group[0]])) for group in groups)):
        plan = [0] * len(project)
        for group, k in zip(groups, combination, strict=True):
            for i in group:
                plan[i] = k
        search.try_plan(plan)
    return search.plan()
