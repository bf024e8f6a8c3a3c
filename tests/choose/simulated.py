"""Runs with choices on the simulated clock: what a call takes is drawn around what its alternative declares."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Mapping
from typing import Any

from poppy_ipython.backends.limits import BOOK
from poppy_ipython.choose.objective import Objective
from poppy_ipython.choose.reach import reachable
from poppy_ipython.choose.session import Choices, digest
from poppy_ipython.choose.store import Store
from poppy_ipython.engine.run import Outcome, run_simulated, trace_of
from poppy_ipython.trace.run import Run


class Played:
    """One simulated run."""

    def __init__(self, outcome: Outcome, choices: Choices | None, namespace: dict[str, Any]) -> None:
        self.outcome, self.namespace = outcome, namespace
        self.choices = choices
        self.error = outcome.error
        self.seconds = outcome.makespan
        trace = trace_of(outcome.machine, 0.0, outcome.makespan, 0.0, None, "<cell>")
        self.run = Run(trace, outcome.value, outcome.error, chosen=choices)
        self.words = choices.finish(self.run) if choices is not None else ()

    @property
    def chosen(self) -> list[str | None]:
        return [call.choice for call in sorted(self.run.calls, key=lambda call: call.position)]

    @property
    def cost(self) -> float:
        assert self.choices is not None
        return self.choices.chooser.spent


class _Stands:
    """What `Choices` asks of a session."""

    def __init__(self, dispatcher: Any) -> None:
        self.dispatcher = dispatcher


def play(
    source: str,
    names: Mapping[str, Any],
    objective: Objective | None = None,
    store: Store | None = None,
    noise: float = 0.0,
    seed: int = 0,
    seconds: Mapping[str, float] | Callable[[Any], float] | None = None,
    plain: bool = False,
) -> Played:
    """Run the cell. A call takes what its alternative declares (or `seconds` says by name), evenly ± `noise`."""
    namespace = dict(names)
    made: list[Choices] = []
    tree = ast.parse(source)

    def begin(machine: Any) -> None:
        machine.dispatcher._slots._book = BOOK
        if not plain:
            found, _ = reachable(tree, namespace)
            made.append(Choices(objective, _Stands(machine.dispatcher), digest(tree), found, store))

    def latency(call: Any) -> float:
        name = call.record.choice or call.record.callee
        if callable(seconds):
            took = seconds(call)
        elif seconds is not None and name in seconds:
            took = seconds[name]
        else:
            took = declared(names, name)
        draw = random.Random(f"{seed} {call.position} {name}").uniform(-noise, noise)
        return took * (1 + draw)

    outcome = run_simulated(source, namespace, latency=latency, debug=False, mutate=begin)
    return Played(outcome, made[0] if made else None, namespace)


def declared(names: Mapping[str, Any], name: str) -> float:
    for one in names.values():
        for option in getattr(one, "options", ()):
            if option.name == name and option.seconds is not None:
                return option.seconds
    return 1.0
