"""How far off are predictions? Each program is recorded once, and run again for real under every change that is predicted.

    python -m benchmarks.whatif_error [program …] [--scale 0.5] [--jobs 4] [--quick]
    python -m benchmarks.whatif_error --simulated [program …]

The changes: calls at once from 1 to 64, a service that is from four times faster to twice as slow, and, in cells of their
own, a callee declared as something else or moved out of its loop. A run that is repeated unchanged is in the table as well:
no prediction can be better than that. Errors are of the measured time. Predictions that call themselves unreliable
(more than half of the time would be Python) are shown and counted apart.

`--simulated` is the same on the simulated clock, with the same clients and drawn latencies: what the method itself gets wrong,
without anything that a busy machine adds. There each line that leads to a call gets slower and faster by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median
from typing import Any

import poppy_ipython
from benchmarks.contest import LIMIT, Contest
from benchmarks.service import World
from poppy_ipython import readonly, sequential, unordered
from poppy_ipython.trace import Trace
from poppy_ipython.whatif import Lever, Scene, after_loop, at_once, effect, faster, predict

PROGRAMS = (
    "map_reduce",
    "tree_of_thoughts",
    "branchy_helper",
    "self_consistency",
    "chain_of_verification",
    "mixture_of_agents",
    "react_agent",
    "trading_desk",
    "memory_agent",
)
"""Those in which something overlaps; what runs in order is easily predicted."""
_LONG = ("branchy_helper", "self_consistency", "react_agent")
"""These begin: what takes longest must not be left for the end."""
LIMITS = (1, 4, 8, 32, 64)
SPEEDS = (0.5, 2.0, 4.0)
OUT = Path(__file__).parent.parent / ".build" / "bench" / "whatif_error.json"

SAVES = """
out = []
for name, text in list(documents.items())[:12]:
    answer = ask("Summarise in one sentence:", text)
    save(answer)
    out.append(ask("Shorter:", answer))
"""
MOVED = """
out, kept = [], []
for name, text in list(documents.items())[:12]:
    answer = ask("Summarise in one sentence:", text)
    kept.append(answer)
    out.append(ask("Shorter:", answer))
for answer in kept:
    save(answer)
"""


@dataclass(frozen=True)
class Row:
    """One change of one program."""

    program: str
    change: str
    recorded: float
    predicted: float
    measured: float
    cpu: float
    """Of the measured run, as a part of its time."""
    unreliable: str

    @property
    def error(self) -> float:
        return abs(self.predicted - self.measured) / self.measured


Run = Callable[[int], Trace]


def runs_of(contest: Contest) -> Run:
    """Runs the program with so many calls at once."""

    def run(limit: int) -> Trace:
        options = poppy_ipython.Options(max_calls=limit)
        with contextlib.redirect_stdout(io.StringIO()):
            found = poppy_ipython.run(contest.source, contest.namespace(), filename=str(contest.path), options=options)
        if found.error is not None:
            raise found.error
        return found.trace

    return run


def compare(program: str, change: str, recorded: Trace, levers: list[Lever], measured: Trace) -> Row:
    made = predict(recorded, *levers)
    cpu = measured.cpu / measured.wall if measured.wall else 0.0
    row = Row(program, change, recorded.wall, made.makespan, measured.wall, cpu, made.unreliable)
    mark = "  unreliable: CPU-bound" if made.unreliable else ""
    times = f"{row.recorded:7.2f}{row.predicted:10.2f}{row.measured:9.2f}{row.error:8.1%}{cpu:7.0%}"
    print(f"{program:24}{change:30}{times}{mark}", flush=True)
    return row


def of_program(name: str, scale: float, limits: tuple[int, ...], speeds: tuple[float, ...]) -> list[Row]:
    """One program under every limit and speed."""
    rows: list[Row] = []
    with World(scale) as world, Contest(name, world) as contest:
        run = runs_of(contest)
        run(max(LIMITS))  # opens the connections
        recorded = run(LIMIT)
        rows.append(compare(name, "the same again", recorded, [], run(LIMIT)))
        for limit in limits:
            rows.append(compare(name, f"limit={limit}", recorded, [at_once(limit)], run(limit)))
    for speed in speeds:
        with World(scale / speed) as world, Contest(name, world) as contest:
            run = runs_of(contest)
            run(max(LIMITS))
            rows.append(compare(name, f"all calls {speed:g}x faster", recorded, [faster(speed)], run(LIMIT)))
    return rows


def by_jobs(parts: list[Callable[[], list[Row]]], jobs: int) -> list[Row]:
    """Each part in a process of its own, several at a time: they wait, all of them, for most of their time."""
    with ProcessPoolExecutor(jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        return [row for one in as_completed([pool.submit(part) for part in parts]) for row in one.result()]


def of_effects(scale: float) -> list[Row]:
    """An ordered effect inside a loop: declared otherwise, and moved below it."""
    rows: list[Row] = []
    with World(scale) as world, Contest("map_reduce", world) as contest:

        def call(instruction: str, text: str) -> str:
            messages: Any = [{"role": "user", "content": f"{instruction}\n\n{text}"}]
            return contest.client.chat.completions.create(model="local-small", messages=messages).choices[0].message.content or ""

        def ask(instruction: str, text: str) -> str:
            return call(instruction, text)

        def made(name: str, declare: Callable[[Any], Any]) -> Any:
            def save(text: str) -> str:
                return call("Keep:", text)

            save.__qualname__ = name
            return declare(save)

        unordered(ask)

        def run(source: str, save: Any) -> Trace:
            namespace = {**contest.given(), "ask": ask, "save": save}
            found = poppy_ipython.run(source, namespace, options=poppy_ipython.Options(max_calls=LIMIT))
            if found.error is not None:
                raise found.error
            return found.trace

        ordered = made("save", sequential("db"))
        run(SAVES, ordered)
        recorded = run(SAVES, ordered)
        rows.append(compare("ordered effect", "the same again", recorded, [], run(SAVES, ordered)))
        for word, declare in (("unordered", unordered), ("readonly('db')", readonly("db"))):
            lever = effect(word, "save")
            rows.append(compare("ordered effect", f"save is {word}", recorded, [lever], run(SAVES, made("save", declare))))
        rows.append(compare("ordered effect", "save below the loop", recorded, [after_loop("save")], run(MOVED, ordered)))
    return rows


def on_the_simulated_clock(name: str) -> list[Row]:
    """Limits, and for each line that leads to calls a factor on their latencies: a run each, compared with its prediction."""
    rows: list[Row] = []
    with World(scale=0) as world, Contest(name, world) as contest:
        cell = str(contest.path)
        recorded = simulated(contest, LIMIT)
        rows.append(compare(name, "the same again", recorded, [], simulated(contest, LIMIT)))
        rows += [compare(name, f"limit={n}", recorded, [at_once(n)], simulated(contest, n)) for n in LIMITS]
        for place in sorted({outer(call, cell) for call in recorded.sent}):
            for factor in (0.25, 0.5, 2.0):
                measured = simulated(contest, LIMIT, place, factor)
                change = f"{place} {1 / factor:g}x faster"
                rows.append(compare(name, change, recorded, [_of_place(place, cell, factor)], measured))
    return rows


def simulated(contest: Contest, limit: int, slow: str = "", factor: float = 1.0) -> Trace:
    """Run the program on the simulated clock; what `slow` leads to takes `factor` times as long as it was drawn."""
    from poppy_ipython.engine.run import run_simulated, trace_of

    cell = str(contest.path)

    def latency(call: Any) -> float:
        key = re.sub("0x[0-9a-f]+", "", repr((getattr(call.fn, "__qualname__", ""), call.args, call.kwargs)))
        drawn = random.Random(key).lognormvariate(-0.5, 0.5)
        return drawn * (factor if outer(call.record, cell) == slow else 1.0)

    with contextlib.redirect_stdout(io.StringIO()):
        found = run_simulated(
            contest.source, contest.namespace(), filename=cell, latency=latency, max_calls=limit, debug=False
        )  # fmt: skip
    return trace_of(found.machine, 0.0, found.makespan, 0.0, limit, cell)


def outer(call: Any, cell: str) -> str:
    """The line from which the function was called that makes the call: helpers all stand in one place."""
    frames = [frame for frame in call.stack if not frame[0].startswith("<")]
    return f"line {frames[0][2] if frames else call.line}"


def _of_place(place: str, cell: str, factor: float) -> Lever:
    def apply(scene: Scene) -> None:
        for i, call in enumerate(scene.graph.calls):
            if outer(call, cell) == place:
                scene.graph.seconds[i] *= factor

    return Lever("place", factor, None, apply)


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("names", nargs="*", metavar="program", default=PROGRAMS)
    made.add_argument("--scale", type=float, default=0.5, help="of the latencies (default 0.5)")
    made.add_argument("--jobs", type=int, default=4, help="programs at a time (default 4)")
    made.add_argument("--quick", action="store_true", help="two limits and one speed")
    made.add_argument("--simulated", action="store_true", help="on the simulated clock")
    given = made.parse_args()
    limits, speeds = ((4, 64), (2.0,)) if given.quick else (LIMITS, SPEEDS)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'program':24}{'change':30}{'recorded':>7}{'predicted':>10}{'measured':>9}{'error':>8}{'CPU':>7}")
    began = time.perf_counter()
    names = sorted(given.names, key=lambda name: name not in _LONG)
    if given.simulated:
        rows = by_jobs([partial(on_the_simulated_clock, name) for name in names], min(given.jobs, os.cpu_count() or 1))
    else:
        parts = [partial(of_program, name, given.scale, limits, speeds) for name in names]
        rows = by_jobs([*parts, partial(of_effects, given.scale)], given.jobs)
    changed = [row for row in rows if row.change != "the same again"]
    reliable = [row.error for row in changed if not row.unreliable]
    again = [row.error for row in rows if row.change == "the same again"]
    bound = len(changed) - len(reliable)
    print(f"\n{len(changed)} predictions, {bound} of them unreliable (CPU-bound), {time.perf_counter() - began:.0f} s")
    if reliable:
        print(f"error of the others: median {median(reliable):.1%}, mean {mean(reliable):.1%}, worst {max(reliable):.1%}")
        for name in dict.fromkeys(row.program for row in changed):
            own = [row.error for row in changed if row.program == name and not row.unreliable]
            if own:
                print(f"  {name:24}{len(own):3} predictions, mean {mean(own):.1%}, worst {max(own):.1%}")
    print(f"the same run again differs by: median {median(again):.1%}, worst {max(again):.1%}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps([{**asdict(row), "error": row.error} for row in rows], indent=1))


if __name__ == "__main__":
    main()
