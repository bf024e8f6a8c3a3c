"""`run.whatif(…)`: one changed run as the user looks at it, and whether it came true.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> calls = [CallRecord(n, "ask", issued=0, ready=0, started=0, ended=3.0, outcome="ok", position=(n,)) for n in (1, 2)]
    >>> what_if(Trace.of(calls), ask=faster(2), limit=1)
    <what if ask=faster(2), limit=1: 3.0 s instead of 3.0 s>

Keywords are names of callees with a lever each, or with several in a list, and the words for the whole run below. What
has no name that Python takes as a keyword is given as a finished lever: `run.whatif(faster(2, "client.embeddings.create"))`.

Prices and energies that are given are per call, in a unit of the caller's. Without prices a call costs what its tokens cost, in
dollars, where that is known (`trace/prices.py`). A cached call costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poppy_ipython.trace.units import count, duration
from poppy_ipython.whatif.levers import BadLever, Lever, at_once, faster, matches, per_minute, sequentially, streaming, unlimited
from poppy_ipython.whatif.scaled import rounds, scaled
from poppy_ipython.whatif.simulate import Prediction, predict

if TYPE_CHECKING:
    from poppy_ipython.trace.critical_path import CriticalPath
    from poppy_ipython.trace.run import Run
    from poppy_ipython.trace.trace import Trace

__all__ = ["Check", "WhatIf", "costs", "faster", "known_costs", "what_if"]

_WORDS = ("limit", "rate", "rounds", "scaled", "streaming")


def what_if(
    trace: Trace,
    *levers: Lever,
    prices: Mapping[str, float] | None = None,
    energy: Mapping[str, float] | None = None,
    **changes: Any,
) -> WhatIf:
    """The run with these changes: `limit=20`, `rate=600`, `rounds=1000`, `streaming=False`, `ask=faster(2)`."""
    found = list(levers)
    words = [f"{lever.name}={lever}" if lever.name else str(lever) for lever in levers]
    for name, value in changes.items():
        if name in _WORDS and not isinstance(value, Lever):
            found.append(_word(name, value))
        else:
            several = value if isinstance(value, list | tuple) else [value]
            if any(not isinstance(one, Lever) for one in several):
                raise BadLever(f"{name}={value!r}: a lever is expected, for example {name}=faster(2)")
            found += [one.on(name) for one in several]
        words.append(f"{name}=[{', '.join(map(str, value))}]" if isinstance(value, list | tuple) else f"{name}={value}")
    return WhatIf(predict(trace, *found), tuple(found), ", ".join(words), dict(prices or {}), dict(energy or {}))


def _word(name: str, value: Any) -> Lever:
    match name:
        case "limit":
            return unlimited() if value is None else at_once(value)
        case "rate":
            return per_minute(value)
        case "rounds":
            return rounds(value)
        case "scaled":
            return scaled(value)
        case _:
            return streaming(bool(value))


@dataclass(frozen=True, repr=False)
class WhatIf:
    """A prediction. `makespan` is of the whole run, as `recorded` is."""

    prediction: Prediction
    levers: tuple[Lever, ...]
    words: str
    prices: dict[str, float] = field(default_factory=dict)
    energies: dict[str, float] = field(default_factory=dict)

    @property
    def makespan(self) -> float:
        return self.prediction.makespan

    @property
    def recorded(self) -> float:
        return self.prediction.recorded

    @property
    def saved(self) -> float:
        return self.prediction.saved

    @property
    def where(self) -> tuple[tuple[str, float], ...]:
        """Where the time goes, the most first; adds up to `makespan`."""
        return self.prediction.walk.where

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be known before it is believed."""
        return self.prediction.notes

    @cached_property
    def trace(self) -> Trace:
        """The predicted run."""
        return self.prediction.trace()

    @property
    def critical_path(self) -> CriticalPath:
        return self.trace.critical_path

    @property
    def sequential(self) -> float:
        """As a plain run, for comparison."""
        return predict(self.prediction.scene.trace, sequentially()).makespan

    @property
    def unlimited(self) -> float:
        """With these changes and no limit of calls at once, for comparison."""
        return predict(self.prediction.scene.trace, *self.levers, unlimited()).makespan

    @cached_property
    def cost(self) -> tuple[float, float] | None:
        """What the calls cost, as recorded and so; None if no price is known. In dollars, if `prices` says nothing else."""
        return costs(self.prediction, known_costs(self.prediction.scene.trace), self.prices)

    @cached_property
    def energy(self) -> tuple[float, float] | None:
        return _sums(self.prediction, self.energies, self.prediction.scene.energy, {})

    def check(self, run: Run | Trace) -> Check:
        """Compare with a run that was made after the change was applied."""
        trace: Any = getattr(run, "trace", run)
        return Check(self.makespan, trace.wall, self.words)

    def expect(self) -> WhatIf:
        """Say after the next run how far off this was."""
        from poppy_ipython.whatif import expected

        expected.put(self)
        return self

    def __str__(self) -> str:
        lines = [f"what if {self.words or 'nothing changes'}"]
        change = 1 - self.makespan / self.recorded if self.recorded else 0.0
        less = f"{change:.0%} less" if change >= 0.005 else f"{-change:.0%} more" if change <= -0.005 else "the same"
        lines.append(f"  {duration(self.makespan)} instead of {duration(self.recorded)}: {less}")
        path = self.critical_path
        lines.append(f"  critical path {duration(path.length)}, {count(len(path.steps), 'call')}")
        parts = [f"{name} {duration(seconds)}" for name, seconds in self.where[:5]]
        lines.append(f"  where it goes: {', '.join(parts)}" if parts else "  no call was sent")
        for name, sums in (("cost", self.cost), ("energy", self.energy)):
            if sums is not None:
                lines.append(f"  {name} {sums[1]:.4g}" + (f" instead of {sums[0]:.4g}" if sums[0] else ""))
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])

    def __repr__(self) -> str:
        return f"<what if {self.words or 'nothing changes'}: {duration(self.makespan)} instead of {duration(self.recorded)}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_svg_(self) -> str:
        from poppy_ipython.display.compared import compared_svg

        return compared_svg(self.prediction.scene.trace, self.trace, self.words)


Known = dict[tuple[int, ...], float]
"""What each call costs, by its place in the program."""


def known_costs(trace: Trace) -> Known:
    """What is known by itself: from tokens and prices (`trace/prices.py`), in dollars."""
    found = trace.costs.by_call
    return {call.position: found[call.number] for call in trace.sent if call.number in found}


def costs(prediction: Prediction, known: Known, prices: Mapping[str, float] | None = None) -> tuple[float, float] | None:
    """What the calls cost, as recorded and as predicted: what `prices` says of each callee, else what is known."""
    return _sums(prediction, prices or {}, prediction.scene.price, {} if prices else known)


def _sums(
    prediction: Prediction, by_name: Mapping[str, float], changed: dict[int, float], known: Known
) -> tuple[float, float] | None:
    """Over all calls, recorded and predicted. Another round of a loop costs what the round costs that it is a copy of."""
    if not by_name and not changed and not known:
        return None
    graph = prediction.scene.graph

    def of(call: Any) -> float:
        return next((price for name, price in by_name.items() if matches(call, name)), known.get(call.position, 0.0))

    now = sum(of(call) for call in prediction.scene.trace.sent)
    then = sum(changed.get(i, of(call)) for i, call in enumerate(graph.calls) if not graph.at_once[i])
    return now, then


@dataclass(frozen=True)
class Check:
    """Predicted against measured."""

    predicted: float
    measured: float
    words: str = field(default="", compare=False)

    @property
    def error(self) -> float:
        """Of the measured time."""
        return abs(self.predicted - self.measured) / self.measured if self.measured else 0.0

    def __str__(self) -> str:
        return f"predicted {duration(self.predicted)}, measured {duration(self.measured)}: {self.error:.1%} off"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))
