"""What a footprint costs: `python -m tests.engine.measure`.

Every footprint of a loop of 300 rounds is made twice more where the unit stalls: once as the run makes it (mostly
remembered from an earlier round) and once from the beginning. Medians, the best of five runs.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import Any

from poppy_ipython.effects import unordered
from poppy_ipython.engine import maywrites
from poppy_ipython.engine.run import run_simulated

BRANCH = """
def f(q):
    r = ask(q)
    if "5" in r: r = ask(r)
    else: r = r + "x"
    return r
out = []
for q in range(300): out.append(f(q))
"""
CELL = """
out = []
for q in range(300):
    r = ask(q)
    if "5" in r: out.append(ask(r))
    else: out.append(r)
"""
METHOD = """
class Agent:
    def __init__(self): self.history = []
    def ask(self, q):
        r = ask(q)
        if "5" in r: return ask(r)
        self.history.append(r)
        return r
agent = Agent()
out = []
for q in range(300): out.append(agent.ask(q))
"""
HELPER = """
seen = []
def note(x): seen.append(x)
def f(q):
    r = ask(q)
    if "5" in r: return r
    note(r); note(q)
    return r
out = []
for q in range(300): out.append(f(q))
"""
CELLS = {
    "a branch in a function": BRANCH,
    "a branch in the cell": CELL,
    "a method that appends to self.history": METHOD,
    "a function that calls another twice": HELPER,
}


@unordered
def ask(q: object) -> str:
    return f"r{q}"


def measured(source: str) -> tuple[float, float]:
    """Microseconds of a remembered footprint, and of one made from the beginning."""
    footprint = maywrites.footprint
    remembered: list[float] = []
    made: list[float] = []

    def timed(machine: Any, unit: Any) -> tuple[Any, ...]:
        slots = footprint(machine, unit)
        begin = perf_counter()
        footprint(machine, unit)
        middle = perf_counter()
        footprints, frames = machine.footprints, machine.footprints.frames(unit)
        footprints.evaluate((*unit.path, unit.n + 1), frames, [frame.f_locals for frame, _ in frames])
        remembered.append(middle - begin)
        made.append(perf_counter() - middle)
        return slots

    maywrites.footprint = timed
    try:
        outcome = run_simulated(source, {"ask": ask})
    finally:
        maywrites.footprint = footprint
    assert outcome.error is None
    return median(remembered) * 1e6, median(made) * 1e6


def main() -> None:
    for name, source in CELLS.items():
        runs = [measured(source) for _ in range(5)]
        print(f"{name:40} remembered {min(r for r, _ in runs):5.1f} µs   made {min(m for _, m in runs):5.1f} µs")


if __name__ == "__main__":
    main()
