"""From a cell's earlier run and what is known of its alternatives to a plan; and what to say if there is none.

    plan_for(trace, objective, store) ─▶ Planned: a project, the plan, which option each position of the program takes

Which alternatives may be taken at all is decided here, once: by quality, by what their price must be known for, and by
whether there is enough of what they occupy. So nothing later, exploration included, can leave the user's bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

from poppy_ipython.backends.limits import BOOK
from poppy_ipython.choose.alternatives import Alternatives, Option, known
from poppy_ipython.choose.errors import BadObjective, Infeasible
from poppy_ipython.choose.objective import Objective
from poppy_ipython.choose.optimizer import Plan, optimize
from poppy_ipython.choose.profiles import Estimate, estimate
from poppy_ipython.choose.project import Pick, Project
from poppy_ipython.choose.resources import CAPACITIES, ResourceLimit
from poppy_ipython.whatif.graph import graph as graph_of

if TYPE_CHECKING:
    from poppy_ipython.choose.store import Store
    from poppy_ipython.trace.trace import Call, Trace

__all__ = ["Planned", "Sizes", "allowed", "estimates", "feasible", "limits_of", "plan_for", "project_of", "site_of"]

Sizes = Mapping[tuple[int, ...], float]
"""Characters of text among the arguments of a call, by its position."""

_GRAPH = "_choose_graph"


@dataclass(frozen=True)
class Planned:
    """A project with its plan."""

    project: Project
    plan: Plan
    calls: tuple[Call, ...]
    objective: Objective

    def options(self) -> dict[tuple[int, ...], Pick]:
        """By position of the call in the program."""
        rows = zip(self.calls, self.project.picks, self.plan.choices, strict=True)
        return {call.position: row[k] for call, row, k in rows if row[0].option is not None}


def estimates(alternatives: Alternatives, store: Store) -> list[Estimate]:
    """What each of them is expected to take."""
    profiles = [store.profile(one.key) for one in alternatives.options]
    sure = [
        profile.mean if profile is not None else one.seconds
        for one, profile in zip(alternatives.options, profiles, strict=True)
        if profile is not None or one.seconds is not None
    ]
    others = [seconds for seconds in sure if seconds is not None]
    return [estimate(one, profile, others) for one, profile in zip(alternatives.options, profiles, strict=True)]


def allowed(alternatives: Alternatives, found: Sequence[Estimate], objective: Objective | None) -> list[int]:
    """Which of them may be taken. Raises `BadObjective` if what the objective asks about is not known, `Infeasible` if none."""
    options = alternatives.options
    short = {k: why for k, one in enumerate(options) if (why := CAPACITIES.lacking(one.needs))}
    if objective is None:
        return [k for k in range(len(options)) if k not in short] or [0]
    if objective.min_quality is not None:
        unknown = [one.name for one, est in zip(options, found, strict=True) if est.quality is None]
        if unknown:
            raise BadObjective(
                f"--min-quality {objective.min_quality:g}: the quality of {', '.join(unknown)} is not known; "
                f"say it, option({unknown[0]}, quality=…), or mark answers with run.rate(…)"
            )
    reasons: dict[int, str] = dict(short)
    for k, est in enumerate(found):
        if objective.min_quality is not None and (est.quality or 0.0) < objective.min_quality:
            reasons.setdefault(k, f"quality {est.quality:g}")
        if est.price is None and (objective.goal == "cost" or objective.budget is not None):
            reasons.setdefault(k, "its price is not known")
        if objective.goal == "energy" and est.energy_of(1.0) is None:
            reasons.setdefault(k, "its energy is not known")
    left = [k for k in range(len(options)) if k not in reasons]
    if not left:
        said = "; ".join(f"{options[k].name}: {why}" for k, why in sorted(reasons.items()))
        best = max((est.quality for k, est in enumerate(found) if k not in short and est.quality is not None), default=None)
        nearest = None
        hint = ""
        if objective.min_quality is not None and best is not None and best < objective.min_quality:
            nearest = replace(objective, min_quality=best)
            hint = f". The nearest that can be had: {nearest.magic}"
        raise Infeasible(f"none of {alternatives!r} may be taken ({said}){hint}", nearest)
    return left


def project_of(
    trace: Trace,
    objective: Objective | None,
    store: Store,
    sizes: Sizes | None = None,
    warm: frozenset[str] = frozenset(),
    scale: Callable[[str], float] = lambda key: 1.0,
) -> tuple[Project, tuple[Call, ...]]:
    """The cell as calls with options. Calls without alternatives, or whose alternatives are gone, stay as they were."""
    graph = trace.__dict__.get(_GRAPH)
    if graph is None:
        graph = trace.__dict__[_GRAPH] = graph_of(trace)
    pools: dict[Any, int] = {}
    capacity: list[int] = []

    def pool(key: Any, units: int) -> int:
        if key not in pools:
            pools[key] = len(capacity)
            capacity.append(units)
        return pools[key]

    def needs(call: Any, host: str, resource: Any) -> tuple[tuple[int, int], ...]:
        found = []
        for limit in limits_of(call, host, resource):
            if isinstance(limit, ResourceLimit):
                found.append((pool(("resource", limit.resource), limit.capacity), limit.need))
            elif limit.calls is not None:
                found.append((pool(limit.identity, limit.calls), 1))
        if trace.max_calls is not None:
            found.append((pool(("host", host), trace.max_calls), 1))
        return tuple(sorted(found))

    about: dict[int, tuple[Alternatives, list[Estimate], list[int]]] = {}
    occupies: dict[Any, tuple[tuple[int, int], ...]] = {}
    picks: list[list[Pick]] = []
    sites: dict[Any, list[int]] = {}
    for i, call in enumerate(graph.calls):
        alternatives = known(call.choices) if call.choices else None
        if alternatives is None:
            host = call.host or ""
            if host not in occupies:
                occupies[host] = needs(None, host, call.resource)
            picks.append([Pick(None, 0, graph.seconds[i], needs=occupies[host])])
            continue
        if id(alternatives) not in about:
            found = estimates(alternatives, store)
            about[id(alternatives)] = alternatives, found, allowed(alternatives, found, objective)
        alternatives, found, left = about[id(alternatives)]
        size = None if sizes is None else sizes.get(call.position)
        row = []
        for k in left:
            one, est = alternatives.options[k], found[k]
            if one.key not in occupies:
                occupies[one.key] = needs(one.call, host_name(one), one.effect.resource)
            seconds = est.seconds(size) * scale(one.key)
            energy = est.energy_of(seconds) or 0.0
            quality = 1.0 if est.quality is None else est.quality
            row.append(Pick(one, k, seconds, est.price or 0.0, energy, quality, est.spread, occupies[one.key]))
        picks.append(row)
        sites.setdefault(site_of(call), []).append(i)
    return Project(graph, picks, capacity, list(sites.values()), warm), graph.calls


def plan_for(
    trace: Trace, objective: Objective, store: Store, sizes: Sizes | None = None, warm: frozenset[str] = frozenset()
) -> Planned:
    """The plan of a cell's next run. It may break the bounds; `feasible` says what to do then."""
    project, calls = project_of(trace, objective, store, sizes, warm)
    return Planned(project, optimize(project, objective), calls, objective)


def feasible(planned: Planned) -> None:
    """Raises `Infeasible`, with the nearest that can be kept, if the plan does not keep the bounds."""
    plan, wanted, project = planned.plan, planned.objective, planned.project
    if plan.keeps(wanted):
        return
    near: list[Objective] = []
    if wanted.deadline is not None:
        soonest = optimize(project, replace(wanted, goal="time", deadline=None))
        late = optimize(project, replace(wanted, goal="time", deadline=soonest.end))
        if wanted.budget is None or soonest.cost <= wanted.budget * (1 + 1e-9):
            near.append(replace(wanted, deadline=_up(min(soonest.end + late.late, late.end + late.late))))
    if wanted.budget is not None:
        cheapest = optimize(project, replace(wanted, goal="cost", budget=None))
        if wanted.deadline is None or cheapest.end + cheapest.late <= wanted.deadline * (1 + 1e-9):
            near.append(replace(wanted, budget=_up(cheapest.cost)))
        elif not near:
            least = optimize(project, replace(wanted, goal="cost", budget=None, deadline=None))
            near.append(replace(wanted, budget=_up(least.cost), deadline=_up(least.end * 1.05 + least.late)))
    foreseen = f"{plan.end:.3g} s" + (f" (up to {plan.end + plan.late:.3g} s)" if plan.late > 0.01 * plan.end else "")
    text = f"no choice among the alternatives gives {wanted}: the best plan takes {foreseen} and costs {plan.cost:.4g}. "
    text += "Nothing was run. The nearest that can be had: " + "; or ".join(f"%%poppy {one.magic}" for one in near)
    raise Infeasible(text, near[0] if near else None)


def _up(value: float) -> float:
    """Rounded up to three figures, so that what is offered can be kept."""
    from math import ceil, floor, log10

    if value <= 0 or value == inf:
        return value
    unit = 10.0 ** (floor(log10(value)) - 2)
    return ceil(value / unit - 1e-9) * unit


def limits_of(call: Any, host: str, resource: Any) -> tuple[Any, ...]:
    """The limits that bound a call of an alternative (None: of something else, at that host)."""
    return BOOK.of(call if call is not None else _nobody, host, resource) if BOOK.some else ()


def _nobody() -> None:
    """Stands for a callee that is not known any more."""


def host_name(one: Option) -> str:
    host = one.effect.host
    return host if isinstance(host, str) else one.key


def site_of(call: Any) -> tuple[Any, ...]:
    """The place of a call in the program, the same in the next run of the cell; of a record or of a trace's call."""
    return (call.line, call.col, *[frame[2] for frame in call.stack])
