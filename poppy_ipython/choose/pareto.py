"""`run.pareto()`: what could be had of time, cost, energy and quality by choosing otherwise; a picture, and each point a run.

Every plan that the optimizer finds, for each goal, for deadlines between the soonest and the cheapest, and for each quality
that some alternative has; those that another one beats in nothing less are left out. Times are the simulator's.

    front = run.pareto()          # in a notebook: the picture; a click on a point shows its predicted timeline
    front[3].objective            # the line that chooses it
    run.whatif(front[3].lever)    # its prediction, as any other
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poppy_ipython.choose.errors import ChoiceError
from poppy_ipython.choose.lever import planned
from poppy_ipython.choose.objective import Objective
from poppy_ipython.choose.optimizer import Plan, optimize
from poppy_ipython.choose.planning import Planned, Sizes, project_of
from poppy_ipython.whatif.levers import Lever
from poppy_ipython.whatif.result import WhatIf, what_if

if TYPE_CHECKING:
    from poppy_ipython.choose.store import Store
    from poppy_ipython.trace.run import Run
    from poppy_ipython.trace.trace import Trace

__all__ = ["Front", "Point", "front_of", "pareto"]

_STEPS = 5


@dataclass(frozen=True)
class Point:
    """A plan that nothing beats. `objective` is a line that chooses it."""

    objective: Objective
    time: float  # seconds of the whole cell
    cost: float
    energy: float  # Wh
    quality: float | None
    lever: Lever = field(repr=False)
    counts: tuple[tuple[str, int], ...] = ()  # calls by alternative

    def __str__(self) -> str:
        quality = "" if self.quality is None else f", quality {self.quality:.2f}"
        of = ", ".join(f"{name} ×{count}" for name, count in self.counts)
        return f"{self.time:.3g} s, cost {self.cost:.4g}, {self.energy:.3g} Wh{quality}: {of}"


@dataclass(frozen=True)
class Front:
    """Points by time, the soonest first; `here` is the run itself."""

    points: tuple[Point, ...]
    here: tuple[float, float, float]  # time, cost, energy of the run
    trace: Trace = field(repr=False)

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[Point]:
        return iter(self.points)

    def __getitem__(self, number: int) -> Point:
        return self.points[number]

    @cached_property
    def whatifs(self) -> tuple[WhatIf, ...]:
        """Each point as a prediction."""
        return tuple(what_if(self.trace, point.lever) for point in self.points)

    def __str__(self) -> str:
        if not self.points:
            return "There is nothing to choose in this run."
        lines = [f"{n}: {point}\n   %%poppy {point.objective.magic}" for n, point in enumerate(self.points)]
        time, cost, energy = self.here
        return "\n".join([*lines, f"this run: {time:.3g} s, cost {cost:.4g}, {energy:.3g} Wh"])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_svg_(self) -> str:
        from poppy_ipython.display.front import front_svg

        return front_svg(self)

    def _repr_html_(self) -> str:
        from poppy_ipython.display.front import front_html

        return front_html(self)


def pareto(run: Run, min_quality: float | None = None, store: Store | None = None) -> Front:
    """The front of a run. Raises `ChoiceError` where nothing can be chosen."""
    chosen = run.chosen
    if store is None:
        from poppy_ipython.choose.session import STORE

        store = chosen.store if chosen is not None else STORE
    sizes = chosen.chooser.sizes if chosen is not None else {}
    here = (run.trace.wall, chosen.chooser.spent, chosen.chooser.energy) if chosen is not None else (run.trace.wall, 0.0, 0.0)
    return front_of(run.trace, store, sizes, here, min_quality)


def front_of(
    trace: Trace,
    store: Store,
    sizes: Sizes | None = None,
    here: tuple[float, float, float] | None = None,
    min_quality: float | None = None,
) -> Front:
    """The front of a trace."""
    found: dict[tuple[int, ...], Point] = {}
    project, calls = project_of(trace, None, store, sizes)
    if not project.free:
        return Front((), here or (trace.wall, 0.0, 0.0), trace)
    qualities = sorted({pick.quality for i in project.free for pick in project.picks[i]})
    floors: list[float | None] = [None, *qualities[1:]] if min_quality is None else [min_quality]
    priced = any(pick.price for row in project.picks for pick in row)
    powered = any(pick.energy for row in project.picks for pick in row)
    for floor in floors:
        try:
            project, calls = project_of(trace, Objective("time", min_quality=floor), store, sizes)
        except ChoiceError:
            continue  # some quality is not known, or none is as good as that
        for wanted in _wanted(project, floor, priced, powered):
            plan = optimize(project, wanted, margin=False)
            picked = tuple(row[k].index for row, k in zip(project.picks, plan.choices, strict=True))
            if picked not in found and not plan.breaks:
                found[picked] = _point(trace, Planned(project, plan, calls, wanted))
    left = [point for point in found.values() if not any(_beats(other, point) for other in found.values())]
    points: list[Point] = []
    for point in sorted(left, key=lambda point: (point.time, point.cost)):
        if not any(_same(point, other) for other in points):
            points.append(point)
    return Front(tuple(points), here or (trace.wall, 0.0, 0.0), trace)


def _wanted(project: Any, floor: float | None, priced: bool, powered: bool) -> Iterator[Objective]:
    soonest = Objective("time", min_quality=floor)
    yield soonest
    begin = optimize(project, soonest, margin=False).end
    for goal, known in (("cost", priced), ("energy", powered)):
        if known:
            least = replace(soonest, goal=goal)  # type: ignore[arg-type]
            yield least
            end = optimize(project, least, margin=False).end
            for step in range(1, _STEPS):
                if end > begin * 1.01:
                    yield replace(least, deadline=float(f"{begin + (end - begin) * step / _STEPS:.4g}"))


def _point(trace: Trace, made: Planned) -> Point:
    options = made.options()
    lever = planned(options, made.objective.magic)
    counts: dict[str, int] = {}
    for pick in options.values():
        assert pick.option is not None
        counts[pick.option.name] = counts.get(pick.option.name, 0) + 1
    plan: Plan = made.plan
    time = what_if(trace, lever).makespan
    return Point(made.objective, time, plan.cost, plan.energy, plan.quality, lever, tuple(sorted(counts.items())))


def _axes(point: Point) -> tuple[float, ...]:
    """What is to be small."""
    return point.time, point.cost, point.energy, -(point.quality or 0.0)


def _beats(one: Point, other: Point) -> bool:
    """At least as good in everything, a thousandth aside, and better in something."""
    pairs = list(zip(_axes(one), _axes(other), strict=True))
    near = [abs(a - b) <= 1e-3 * max(abs(a), abs(b)) for a, b in pairs]
    no_worse = all(close or a < b for (a, b), close in zip(pairs, near, strict=True))
    return no_worse and any(a < b and not close for (a, b), close in zip(pairs, near, strict=True))


def _same(one: Point, other: Point) -> bool:
    """Within two hundredths in everything: nobody would choose between them."""
    return all(abs(a - b) <= 0.02 * max(abs(a), abs(b)) for a, b in zip(_axes(one), _axes(other), strict=True))
