"""Workers, their time limits, and the comparison of what two ways made of a module.

A test that does not come back within the limit of its module ends the process, with all that it has started; the worker is started
again without it, and the test counts as `hung`. A plain run that hangs is no oracle: such a test is left out of both. After
`MOST_HANGS` of them a module is given up: what did not run is a difference. So a campaign ends, whatever hangs.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from .modules import excluded
from .outcome import Outcome

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 180.0
MOST_HANGS = 2


def scratch() -> Path:
    return ROOT / ".build" / "conformance" / f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass
class Part:
    """What one way made of one module."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        self.outcomes.setdefault(outcome.name, []).append(outcome)


@dataclass
class Compared:
    module: str
    way: str
    plain: Part
    poppy: Part
    differences: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def tests(self) -> int:
        return sum(map(len, self.plain.outcomes.values()))

    @property
    def passed(self) -> int:
        return sum(o.status == "passed" for found in self.plain.outcomes.values() for o in found)


def part_of(module: str, way: str, mode: str, seconds: float, only: str | None = None) -> Part:
    """Run a worker to its end, again without what hung or crashed."""
    part = Part()
    begun = time.monotonic()
    left_out: list[str] = []
    while True:
        running, ended, stderr = _once(part, module, way, mode, seconds, left_out)
        if running is None:
            break
        part.add(Outcome(running, "hung" if ended is None else "crashed", "" if ended is None else f"exit {ended}: {stderr[-1500:]}"))
        left_out.append(running)
        if len(left_out) > MOST_HANGS or not running:
            break
        left_out += [name for name in part.outcomes if name not in left_out]
    part.seconds = time.monotonic() - begun
    return part


def _once(part: Part, module: str, way: str, mode: str, seconds: float, left_out: list[str]) -> tuple[str | None, int | None, str]:
    """The test that was running when the process ended before its time (None: it ended in order)."""
    command = [sys.executable, "-m", "tests.conformance.worker", module, way, mode, str(scratch()), *left_out]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    work = scratch().parent / "cwd" / f"{module}-{way}-{mode}-{os.getpid()}"
    work.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
        start_new_session=True,
    )  # fmt: skip
    hung = threading.Event()

    def give_up() -> None:
        hung.set()
        end()

    def end() -> None:
        """The worker and its children, which would hold our ends of its pipes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(seconds, give_up)
    timer.start()
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))  # type: ignore[union-attr]
    reader.start()
    running = ""
    in_order = False
    assert process.stdout is not None
    for line in process.stdout:
        row = json.loads(line)
        if "begin" in row:
            running = row["begin"]
        elif "end" in row:
            part.add(Outcome(**row["end"]))
            in_order = row["end"]["status"] == "not loaded"
        elif "counts" in row:
            part.counts.update(row["counts"])
            in_order = True
            break
    if in_order:
        end()
    timer.cancel()
    code = process.wait()
    reader.join()
    if in_order:
        return None, code, ""
    return running, None if hung.is_set() else code, errors[0] if errors else ""


def compare(module: str, way: str, mode: str, plain: Part, poppy: Part) -> Compared:
    """One plain run is there for all ways; it may have run tests that are left out of this one."""
    outcomes = {name: found for name, found in plain.outcomes.items() if excluded(name, mode, way) is None}
    plain = Part(outcomes, plain.counts, plain.seconds)
    found = Compared(module, way, plain, poppy)
    for name in {**plain.outcomes, **poppy.outcomes}:
        expected, actual = plain.outcomes.get(name, []), poppy.outcomes.get(name, [])
        if any(o.status == "hung" for o in expected):
            continue
        if expected != actual:
            found.differences.append((name, "; ".join(map(str, expected)) or "(nothing)", "; ".join(map(str, actual)) or "(nothing)"))
    return found


def campaign(modules: Sequence[str], ways: Sequence[str], mode: str, jobs: int = 1, seconds: float = SECONDS) -> Iterator[Compared]:
    """Each module by each way as it is done; one plain run is compared with all ways."""
    from .load import prepare

    def all_ways(module: str) -> list[Compared]:
        plain = part_of(module, "plain", mode, seconds)
        return [compare(module, way, mode, plain, part_of(module, way, mode, seconds)) for way in ways]

    prepare(scratch())
    with ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(all_ways, module) for module in modules]):
            yield from done.result()
