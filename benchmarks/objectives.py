"""`python -m benchmarks.objectives`: the video workload by objective, beside tightly coupled code and beside trying everything.

    python -m benchmarks.objectives --picture docs/pareto.svg      the picture of what could be had

Played by the engine on the simulated clock, with the profiles of `notebooks/video.py` (each figure with its source there), so a
busy machine changes nothing and every run says the same. (a) is the program with the first model of each stage, one call after
the other; (b) the same under `%%poppy`; then each objective. Written beside Murakkab's own figures, which are from another
cluster with other models: what is comparable is that choosing and overlapping give factors of the same kind.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from poppy_ipython.choose import Infeasible, session
from poppy_ipython.choose.objective import Objective
from poppy_ipython.choose.optimizer import exhaustive, optimize
from poppy_ipython.choose.planning import project_of
from poppy_ipython.choose.resources import CAPACITIES
from poppy_ipython.choose.store import Store
from poppy_ipython.whatif.levers import sequentially
from poppy_ipython.whatif.simulate import predict
from tests.choose.simulated import Played, play

NOISE, DEADLINES, SEEDS = 0.2, 20, 5
FLOOR = 0.9
MURAKKAB = "Murakkab: 3.4x sooner, 4.5x less energy (arXiv 2501.16634), 4.3x less cost (arXiv 2508.18298)"


def workload() -> ModuleType:
    """`notebooks/video.py`."""
    found = sys.modules.get("video_workload")
    if found is None:
        path = Path(__file__).parents[1] / "notebooks" / "video.py"
        spec = importlib.util.spec_from_file_location("video_workload", path)
        assert spec is not None and spec.loader is not None
        found = sys.modules["video_workload"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        found.SPEED = float("inf")  # the simulated clock says what time it is; nobody waits
    return found


@dataclass(frozen=True)
class Row:
    """One way to run the workload."""

    name: str
    seconds: float
    dollars: float
    wh: float
    quality: float
    foreseen: float | None = None  # seconds
    best: float | None = None  # of the goal, by exhaustive search, as a share of ours


def run(
    objective: Objective | None, video: ModuleType, names: dict[str, Any], store: Store, noise: float = 0.0, seed: int = 0
) -> Played:
    """The workload's program, once; its first run with an objective is planned from the latest one without."""
    seconds = video.SECONDS

    def took(call: Any) -> float:
        return float(seconds.get(call.record.choice or call.record.callee, 0.02))  # cutting into scenes is measured at 20 ms

    played = play(video.PROGRAM, names, objective, store, noise, seed, took)
    if played.error is not None:
        raise played.error
    return played


def quality_of(played: Played, video: ModuleType) -> float:
    of = {profile.name: profile.quality for profile in video.PROFILES}
    return min(of[call.choice] for call in played.run.calls if call.choice in of)


def table(video: ModuleType) -> list[Row]:
    """Every way, the tightly coupled one first."""
    CAPACITIES.set(video.CAPACITY)
    store = Store(Path(tempfile.mkdtemp()) / "profiles.sqlite")
    names = video.stages()
    first = run(None, video, names, store)
    chooser = first.choices.chooser  # type: ignore[union-attr]
    coupled = predict(first.run.trace, sequentially()).makespan
    quality = quality_of(first, video)
    rows = [Row("(a) coupled, in order", coupled, chooser.spent, chooser.energy, quality)]
    rows.append(Row("(b) %%poppy alone", first.seconds, chooser.spent, chooser.energy, quality))
    for goal in ("time", "cost", "energy"):
        wanted = Objective(goal, min_quality=FLOOR)  # type: ignore[arg-type]
        rows.append(chosen(f"(c) {wanted.magic}", wanted, video, names, store))
    soon, cheap = rows[2].seconds, rows[3].seconds
    wanted = Objective("cost", deadline=round((soon + cheap) / 2, 2), min_quality=FLOOR)
    rows.append(chosen(f"(c) {wanted.magic}", wanted, video, names, store))
    return rows


def chosen(name: str, wanted: Objective, video: ModuleType, names: dict[str, Any], store: Store) -> Row:
    played = run(wanted, video, names, store)
    choices: Any = played.choices
    project, calls = project_of(played.run.trace, wanted, store, choices.chooser.sizes)
    stages: dict[str, list[int]] = {}
    for i in project.free:
        stages.setdefault(calls[i].callee, []).append(i)
    best, ours = exhaustive(project, wanted, list(stages.values())), optimize(project, wanted)
    goal = {"time": (best.end, ours.end), "cost": (best.cost, ours.cost), "energy": (best.energy, ours.energy)}[wanted.goal]
    figures = played.seconds, choices.chooser.spent, choices.chooser.energy, quality_of(played, video)
    return Row(name, *figures, choices.foreseen.plan.end, goal[1] / goal[0] if goal[0] else 1.0)


@dataclass(frozen=True)
class Kept:
    """A grid of deadlines under noise."""

    kept: int
    runs: int
    refused: int  # said to be impossible, before anything ran
    time_off: float  # foreseen beside had, in the mean
    cost_off: float


def deadlines(video: ModuleType, seeds: int = SEEDS) -> Kept:
    """The least cost within each of a grid of deadlines, from what is just possible to what the cheapest takes."""
    CAPACITIES.set(video.CAPACITY)
    store = Store(Path(tempfile.mkdtemp()) / "profiles.sqlite")
    names = video.stages()
    for seed in range(6):
        run(None, video, names, store, NOISE, 1000 + seed)
    plans = {}
    for goal in ("time", "cost"):
        for seed in range(2):
            plans[goal] = run(Objective(goal, min_quality=FLOOR), video, names, store, NOISE, 2000 + seed)  # type: ignore[arg-type]
    late = plans["cost"].choices.foreseen.plan.end  # type: ignore[union-attr]
    soon = _soonest(video, names, store)
    kept = runs = refused = 0
    time_off, cost_off = [], []
    for step in range(DEADLINES):
        deadline = soon + (late * 1.15 - soon) * step / (DEADLINES - 1)
        for seed in range(seeds):
            wanted = Objective("cost", deadline=deadline, min_quality=FLOOR)
            try:
                played = run(wanted, video, names, store, NOISE, 100 * step + seed)
            except Infeasible:
                refused += 1
                continue
            plan = played.choices.foreseen.plan  # type: ignore[union-attr]
            kept += played.seconds <= deadline
            runs += 1
            time_off.append(abs(plan.expected - played.seconds) / played.seconds)
            cost_off.append(abs(plan.cost - played.cost) / played.cost)
    return Kept(kept, runs, refused, statistics.fmean(time_off), statistics.fmean(cost_off))


def _soonest(video: ModuleType, names: dict[str, Any], store: Store) -> float:
    """The deadline that is offered to who asks for the impossible."""
    try:
        run(Objective("cost", deadline=0.1, min_quality=FLOOR), video, names, store)
    except Infeasible as offered:
        return float(offered.nearest.deadline)  # type: ignore[attr-defined]
    raise AssertionError("nothing takes a tenth of a second")


def optimizer_ms(sites: int = 200) -> float:
    """CPU milliseconds of one optimization for so many places, the least of five."""
    from tests.choose.programs import names

    CAPACITIES.set({"gpu": 8, "cpu": 16})
    lines = [f"v{n} = see('{n}')" if n < 20 else f"v{n} = {'tell' if n % 3 else 'see'}(v{n - 20})" for n in range(sites)]
    played = play("\n".join(lines), names())
    project, _ = project_of(played.run.trace, Objective("time"), Store(Path(tempfile.mkdtemp()) / "p.sqlite"))
    took = []
    for _ in range(5):
        began = time.thread_time()
        optimize(project, Objective("cost", deadline=14.0))
        took.append(time.thread_time() - began)
    return 1000 * min(took)


def markdown(rows: list[Row]) -> str:
    """The table, factors beside (a)."""
    first = rows[0]
    head = ("", "s", "$", "Wh", "quality", "sooner", "cheaper", "less energy", "foreseen s", "ours / best of all")
    lines = [f"| {' | '.join(head)} |", "|---|" + "--:|" * (len(head) - 1)]
    for row in rows:
        name = f"(c) `{row.name[4:]}`" if row.name.startswith("(c)") else row.name
        cells = [name, f"{row.seconds:.2f}", f"{row.dollars:.4f}", f"{row.wh:.3f}", f"{row.quality:.2f}"]
        cells += [f"{first.seconds / row.seconds:.1f}x", f"{first.dollars / row.dollars:.1f}x", f"{first.wh / row.wh:.1f}x"]
        cells += ["" if row.foreseen is None else f"{row.foreseen:.2f}", "" if row.best is None else f"{row.best:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def picture(video: ModuleType, path: Path) -> None:
    """The front of time, cost, energy and quality of the workload, as a file."""
    CAPACITIES.set(video.CAPACITY)
    store = Store(Path(tempfile.mkdtemp()) / "profiles.sqlite")
    names = video.stages()
    first = run(None, video, names, store)
    front = first.run.pareto()
    path.write_text(front._repr_svg_(), "utf-8")
    print(f"{front}\n{path}")


def main() -> int:
    os.environ["POPPY_IPYTHON_DATA"] = tempfile.mkdtemp()
    session.STORE = Store()
    video = workload()
    if sys.argv[1:2] == ["--picture"]:
        picture(video, Path(sys.argv[2]))
        return 0
    rows = table(video)
    print(markdown(rows))
    print(f"\n{MURAKKAB}\n")
    grid = deadlines(video)
    print(f"deadlines kept: {grid.kept} of {grid.runs} runs, a grid of {DEADLINES}, each latency ± {NOISE:.0%}")
    print(f"refused before anything ran: {grid.refused}")
    print(f"foreseen beside had, under that noise: time {grid.time_off:.1%}, cost {grid.cost_off:.1%} off in the mean")
    print(f"optimizer: {optimizer_ms():.0f} ms for 200 places")
    print("\nassumed: " + "; ".join(video.ASSUMED))
    worse = [row for row in rows if row.best is not None and row.best > 1.05]
    return int(bool(worse) or grid.kept < 0.95 * grid.runs)


if __name__ == "__main__":
    sys.exit(main())
