"""How much of each declared resource was in use, when: `%poppy resources gpu=2` and calls that occupy some of it.

    Call.occupies ─▶ occupied(trace) ─▶ Occupied("gpu", 2, steps) ─▶ a strip under the Gantt

From when a call is sent until it is back, as admission counts it (`choose/resources.py`); of one that was abandoned until the
end of the run, because nobody knows when it gave its units back.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from poppy_ipython.trace.load import Load
from poppy_ipython.trace.trace import Trace

__all__ = ["Occupied", "occupied"]


@dataclass(frozen=True, slots=True)
class Occupied:
    """Units of one resource in use from each time on, as steps; `capacity` is the most there was at any time."""

    name: str
    capacity: int
    steps: tuple[tuple[float, int], ...]

    @property
    def peak(self) -> int:
        """The most units in use at one time."""
        return max(used for _, used in self.steps)

    def share(self, begin: float, end: float) -> float:
        """Which part of the capacity was in use on average from `begin` to `end` seconds, 0 to 1.

        >>> Occupied("gpu", 2, ((0.0, 2), (1.0, 1), (2.0, 0))).share(0.0, 2.0)
        0.75
        """
        return Load(self.steps).average(begin, end) / self.capacity


def occupied(trace: Trace) -> tuple[Occupied, ...]:
    """The declared resources that calls of the run occupied, by name.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> call = CallRecord(1, "train", started=0.0, ended=0.5, outcome="ok", occupies=(("gpu", 1, 2),))
    >>> occupied(Trace.of([call]))
    (Occupied(name='gpu', capacity=2, steps=((0.0, 1), (0.5, 0))),)
    """
    changes: dict[str, dict[float, int]] = defaultdict(lambda: defaultdict(int))
    capacities: dict[str, int] = {}
    for call in trace.sent:
        for name, units, capacity in call.occupies:
            capacities[name] = max(capacity, capacities.get(name, 1))
            changes[name][call.started or 0.0] += units
            changes[name][call.until or 0.0] -= units
    found = []
    for name in sorted(changes):
        used, steps = 0, []
        for time, change in sorted(changes[name].items()):
            used += change
            steps.append((time, used))
        found.append(Occupied(name, capacities[name], tuple(steps)))
    return tuple(found)
