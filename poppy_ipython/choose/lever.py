"""An objective as a lever of the what-if: `run.whatif(chosen("cost", deadline=8))`, and any plan as one.

What the plan needs of resources is put into the rules that the run is played by, so the prediction is the simulator's, not
the optimizer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from poppy_ipython.choose.objective import Objective
from poppy_ipython.choose.planning import host_name, limits_of, plan_for
from poppy_ipython.choose.project import Pick
from poppy_ipython.choose.store import Store
from poppy_ipython.whatif.levers import BadLever, Lever, Scene

__all__ = ["chosen", "planned"]


def chosen(
    goal: str = "time",
    deadline: float | None = None,
    budget: float | None = None,
    min_quality: float | None = None,
    store: Store | None = None,
) -> Lever:
    """The run as it would have been with the alternatives that this objective chooses."""
    wanted = Objective(goal, deadline, budget, min_quality)  # type: ignore[arg-type]

    def apply(scene: Scene) -> None:
        from poppy_ipython.choose.session import STORE

        made = plan_for(scene.trace, wanted, store if store is not None else STORE)
        if not made.options():
            raise BadLever("this run called no alternatives, or they are gone: there is nothing to choose")
        _apply(scene, made.options())
        if not made.plan.keeps(wanted):
            scene.notes.append(f"no choice gives {wanted}; this is the nearest")

    return Lever("chosen", str(wanted), None, apply)


def planned(picks: Mapping[tuple[int, ...], Pick], words: str = "a plan") -> Lever:
    """The run with these options, by position of the call."""
    return Lever("chosen", words, None, lambda scene: _apply(scene, picks))


def _apply(scene: Scene, picks: Mapping[tuple[int, ...], Pick]) -> None:
    graph = scene.graph
    bounds: dict[Any, tuple[Any, set[int]]] = {}
    calls = list(graph.calls)
    warmed: set[str] = set()
    for i in sorted(range(len(graph)), key=graph.rank.__getitem__):
        pick = picks.get(calls[i].position)
        if pick is None or pick.option is None:
            continue
        one = pick.option
        graph.seconds[i] = pick.seconds
        if one.warmup and one.key not in warmed:
            from poppy_ipython.choose.chooser import WARM

            warmed.add(one.key)
            graph.seconds[i] += 0.0 if one.key in WARM else one.warmup
        graph.host[i] = host_name(one)
        scene.price[i], scene.energy[i] = pick.price, pick.energy
        calls[i] = calls[i]._replace(choice=one.name, host=host_name(one))
        for limit in limits_of(one.call, host_name(one), one.effect.resource):
            bounds.setdefault(limit, (limit, set()))[1].add(i)
    graph.calls = tuple(calls)
    added = tuple((limit, frozenset(of)) for limit, of in bounds.values())
    # how many calls at once the recorded run had room for says nothing: it was other resources that they waited for
    scene.rules = replace(scene.rules, max_calls=scene.trace.max_calls, limits=(*scene.rules.limits, *added))
