"""What `%%poppy` costs where there is nothing to overlap, and what native code costs while a call is outstanding.

Each cell of `cells/` is ordinary Python without an external call. A round runs it plain (`exec` of code compiled in the
round, as a notebook does) and under `poppy_ipython.run`, one after the other; a ratio is the median of the rounds' ratios
of process CPU, so that other work on the machine counts for little. The *first* ratio is that of the first round, in which
the engine compiles the cell anew. Every cell takes 20 ms or more: of a smaller one the fixed cost of a run would be
what is seen, which is measured by itself, with a cell of one assignment.

With a call outstanding: the cell begins with `answer = ask()`, 50 ms outside, and ends with a look at it. The time is wall
time; best would be the longer one of the call and the cell.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

import poppy_ipython
from benchmarks import report
from poppy_ipython import unordered

CELLS = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "cells").glob("*.py"))}
CALL = 0.05
OUTSTANDING_ROUNDS = 3


@unordered
async def ask() -> int:
    await asyncio.sleep(CALL)
    return 1


@dataclass
class Speed:
    """One cell."""

    cell: str
    plain: list[float] = field(default_factory=list)
    poppy: list[float] = field(default_factory=list)
    outstanding: list[float] = field(default_factory=list)
    """Wall seconds with a call outstanding, divided by the longer one of the call and a plain run beside it."""
    missing: str | None = None
    same: bool = True

    @property
    def ratio(self) -> float:
        return median(ours / theirs for ours, theirs in zip(self.poppy[1:], self.plain[1:], strict=True))

    @property
    def first(self) -> float:
        return self.poppy[0] / self.plain[0]


def plain(source: str, namespace: dict[str, Any]) -> None:
    exec(compile(source, "<plain>", "exec"), namespace)


def poppy(source: str, namespace: dict[str, Any]) -> None:
    run = poppy_ipython.run(source, namespace)
    if run.error is not None:
        raise run.error


def timed(how: Callable[[str, dict[str, Any]], None], source: str) -> tuple[dict[str, Any], float, float]:
    """The namespace, wall and CPU seconds."""
    namespace: dict[str, Any] = {"__name__": "__main__", "ask": ask}
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    how(source, namespace)
    return namespace, time.perf_counter() - began, time.process_time() - cpu


def measure(name: str, rounds: int) -> Speed:
    """Measure one cell; a library that is not here is reported."""
    one, source = Speed(name), CELLS[name]
    waiting = f"answer = await ask()\n{source}\nanswer = answer + 1\n"
    try:
        timed(plain, source)  # imports, and what Python itself warms
    except ImportError as error:
        one.missing = str(error)
        return one
    for number in range(rounds + 1):
        theirs, wall, theirs_cpu = timed(plain, source)
        ours, _, ours_cpu = timed(poppy, source)
        one.plain.append(theirs_cpu)
        one.poppy.append(ours_cpu)
        one.same = one.same and atoms(theirs) == atoms(ours)
        if number < OUTSTANDING_ROUNDS:
            one.outstanding.append(timed(poppy, waiting)[1] / max(CALL, wall))
    return one


def fixed(runs: int = 100) -> float:
    """CPU seconds of one more run of a cell that assigns a number: what a run costs whatever is in it."""
    for _ in range(runs):
        timed(poppy, "x = 1\n")
    began = time.process_time()
    for _ in range(runs):
        poppy("x = 1\n", {"__name__": "__main__"})
    return (time.process_time() - began) / runs


def atoms(namespace: dict[str, Any]) -> dict[str, Any]:
    """What can be compared by value: the cells leave their results in such names."""
    kinds = (int, float, str, tuple, list, dict)
    return {
        name: repr(value)
        for name, value in namespace.items()
        if type(value) in kinds and not name.startswith("__") and " at 0x" not in repr(value)[:300]
    }


def main(rounds: int = 5, names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Measure all cells and write the table."""
    measured = []
    for name in names or tuple(CELLS):
        print(f"  native: {name}", end=" ", flush=True)
        measured.append(measure(name, rounds))
        one = measured[-1]
        print(f"not measured: {one.missing}" if one.missing else f"{one.ratio:.2f}", flush=True)
    there = [one for one in measured if one.missing is None]
    rows = [
        (
            one.cell.replace("_", " "),
            f"{median(one.plain[1:]) * 1000:.0f}",
            f"{one.ratio:.2f}",
            f"{one.first:.2f}",
            f"{median(one.outstanding[1:]):.2f}",
            "yes" if one.same else "NO",
        )
        for one in there
    ]
    rows += [(one.cell, "", one.missing or "", "", "", "") for one in measured if one.missing]
    mean, worst = geometric_mean(one.ratio for one in there), max(one.ratio for one in there)
    waited = max(median(one.outstanding[1:]) for one in there)
    rows.append(("geometric mean", "", f"{mean:.2f}", "", "", ""))
    head = ("cell", "plain CPU ms", "poppy / plain", "first run", "with a call out", "same")
    note = f"CPU ratios, median of {rounds}; aims: mean 1.05, worst 1.2 (worst here {worst:.2f}). With a call of 50 ms out: "
    note += f"wall time over the longer one of call and cell; aim 1.1 (worst here {waited:.2f}). "
    note += f"A cell of one assignment, run again: {fixed() * 1000:.1f} ms of CPU."
    raw = [asdict(one) | ({} if one.missing else {"ratio": one.ratio}) for one in measured]
    report.publish("native", "Native speed", head, rows, note, raw)
    return raw
