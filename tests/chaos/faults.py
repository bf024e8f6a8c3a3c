"""A fault at a request of a benchmark program, plain and under the engine: the same results or the same exception.

A plan says which request meets which fault, by the digest of its body; so it is the same request in both runs, whatever
the order they are sent in, and on every attempt. What is compared is everything the program leaves: variables, output, the
exception with its words, and for the program with sinks the rows of a database and the lines of a file, which are written in
order: nothing lost, nothing twice.

Faults of the service: statuses with and without `Retry-After`, a connection that is reset, half an answer, an answer that
trickles, an answer that is no JSON, a page instead of one, no answer. Faults of functions (`SYNTHETIC`): a name that
cannot be resolved, a reset, a timeout, a wall clock that jumps.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import random
import socket
import sqlite3
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import poppy_ipython
from benchmarks.contest import Contest
from benchmarks.outcome import Result, differences, measured
from benchmarks.programs import NAMES
from benchmarks.service import World
from poppy_ipython import sequential, unordered
from tests.chaos.record import Part

FAULTS = ("429", "429-after", "500", "503", "reset", "half", "drip", "garbage", "html", "timeout")
PATIENCE = 0.6  # seconds that the client waits
PATIENT = 6.0  # where a machine that is busy with something else must not count: without a fault, and to look twice
SCALE = 0.004  # of the latencies


class Faulty(Contest):
    """A contest whose client does not wait for ever."""

    patience = PATIENT

    def namespace(self) -> dict[str, Any]:
        clients = {"client": self.client.with_options(timeout=self.patience), "claude": self.claude.with_options(timeout=self.patience)}
        return {**super().namespace(), **clients}


def ask(world: World, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(urllib.request.Request(world.root + path, data), timeout=10) as response:
        return json.load(response)


def requests_of(contest: Faulty) -> list[str]:
    """The digests of a plain run's requests, in order; those that are sent twice count once."""
    ask(contest.world, "/stats/plan", {})
    found = contest.plain()  # with all the time it wants
    if found.error is not None:
        raise found.error
    return list(dict.fromkeys(ask(contest.world, "/stats/bodies")["bodies"]))


def compared(contest: Faulty, plan: dict[str, str]) -> tuple[list[str], Result]:
    """What differs, twice if anything: a request that the machine was too busy to answer in time is no fault of the plan."""
    for patience in (PATIENCE, PATIENT):
        contest.patience = patience
        ask(contest.world, "/stats/plan", plan)
        plain = contest.plain()
        found = differences(plain, contest.poppy())
        if not found:
            break
    return found, plain


# ------------------------------------------------------------------ sinks, and functions that fail by themselves

LEDGER = """
kept = []
for i in range(12):
    try:
        answer = call(i)
        if answer % 5 == 0:
            note("fifth", call(answer + 100))
    except OSError as error:
        note("failed", i)
        kept.append(type(error).__name__)
        continue
    note("answer", answer)
total = sum(call(i) for i in range(20, 24))
note("total", total)
"""


def unresolved(n: int) -> Exception:
    return socket.gaierror(-2, f"Name or service not known: {n}")


def in_a_year(n: int) -> Exception:
    """Refused until a date: what that means depends on a wall clock, which may be wrong by any amount."""
    error = OSError(n)
    error.status_code = 503  # type: ignore[attr-defined]
    when = format_datetime(datetime.now(UTC) + timedelta(days=random.choice([-365, 365])), usegmt=True)
    error.response = SimpleNamespace(headers={"Retry-After": when}, status_code=503)  # type: ignore[attr-defined]
    return error


SYNTHETIC: dict[str, Callable[[int], Exception]] = {
    "DNS": unresolved,
    "reset (function)": lambda n: ConnectionResetError(104, f"reset {n}"),
    "timeout (function)": lambda n: TimeoutError(f"too long {n}"),
    "not an OSError": lambda n: ValueError(n),
    "clock jump": in_a_year,
}


@contextlib.contextmanager
def sinks(fault: Callable[[int], Exception], at: int) -> Iterator[tuple[dict[str, Any], Callable[[], Any]]]:
    """What `LEDGER` calls, over a fresh database and a fresh file, and a look at both."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder, "db"), check_same_thread=False, isolation_level=None)
        database.execute("create table notes (n integer primary key autoincrement, what, value)")
        path = Path(folder, "lines")

        @unordered(retry=0)
        def call(n: int) -> int:
            time.sleep(0.001 * (n * 7 % 5))
            if n == at:
                raise fault(n)
            return n

        @sequential("ledger")
        def note(what: str, value: int) -> None:
            database.execute("insert into notes (what, value) values (?, ?)", (what, value))
            with path.open("a") as file:
                file.write(f"{what} {value}\n")

        def look() -> Any:
            return database.execute("select * from notes order by n").fetchall(), path.read_text() if path.exists() else ""

        try:
            yield {"call": call, "note": note}, look
        finally:
            database.close()


def ledger(fault: Callable[[int], Exception], at: int) -> list[str]:
    """Where the engine's run left anything else than the plain one, with `call(at)` failing."""
    with sinks(fault, at) as (namespace, look):
        plain = measured(dict(namespace), lambda given: exec(LEDGER, given))
        theirs = look()
    with sinks(fault, at) as (namespace, look):

        def perform(given: dict[str, Any]) -> None:
            run = poppy_ipython.run(LEDGER, given)
            if run.error is not None:
                raise run.error

        ours = measured(dict(namespace), perform)
        mine = look()
    found = differences(plain, ours)
    if mine != theirs:
        found.append(f"sinks: {mine}; plain: {theirs}")
    return found


POSITIONS = (*range(12), *range(100, 112, 5), *range(20, 24))


# ------------------------------------------------------------------


def campaign(
    seed: int,
    minutes: float,
    programs: tuple[str, ...] = NAMES,
    faults: tuple[str, ...] = FAULTS,
    positions: tuple[int, ...] = POSITIONS,
    most: int | None = None,
    jobs: int = 1,
) -> Part:
    """Each request of each program with a fault, in an order drawn from the seed, as many as the minutes allow (`most` a
    program); the fault goes round, so that each kind meets as many. Every position for the functions' faults."""
    part = Part("Faults", ("program", "requests", "tried", "raised", "as plain", *faults), note=f"Seed {seed}. Tried: requests "
                "that a fault was put at, one at a time, each kind in turn; the last columns: runs that left what a plain run "
                "left / runs.")  # fmt: skip
    budget = 60 * minutes * jobs / len(programs)
    tasks = [(name, seed, budget, faults, most) for name in programs]
    if jobs == 1:
        reports: Iterable[Report] = map(_program, tasks)
    else:
        pool = multiprocessing.get_context("spawn").Pool(jobs)
        reports = pool.imap(_program, tasks)
    tried = requests = 0
    for name, report in zip(programs, reports, strict=True):
        runs = [good for kind in faults for good in report.runs[kind]]
        tried, requests = tried + len(runs), requests + report.requests
        counts = [f"{sum(report.runs[kind])}/{len(report.runs[kind])}" for kind in faults]
        shown = name.replace("_", " "), str(report.requests), str(len(runs)), str(report.raised), f"{sum(runs)}/{len(runs)}"
        part.rows.append((*shown, *counts))
        part.broken += report.broken
        print(" ".join(part.rows[-1][:5]), flush=True)
    if jobs > 1:
        pool.close()
        pool.join()
    part.note += f" In all {tried:,} of {requests:,} requests."
    for kind, fault in SYNTHETIC.items():
        found = {at: ledger(fault, at) for at in positions}
        bad = [f"ledger, {kind} at call({at}): {lines[0]}" for at, lines in found.items() if lines]
        part.broken += bad
        part.note += f" {kind}: {len(found) - len(bad)}/{len(found)} positions of the program with sinks."
    return part


@dataclass
class Report:
    """What became of one program."""

    requests: int
    runs: dict[str, list[bool]]
    raised: int = 0
    broken: list[str] = field(default_factory=list)


def _program(task: tuple[str, int, float, tuple[str, ...], int | None]) -> Report:
    name, seed, seconds, faults, most = task
    source = random.Random(f"{seed} {name}")
    end = time.monotonic() + seconds
    with World(scale=SCALE, seed=seed) as world, Faulty(name, world) as contest:
        digests = requests_of(contest)
        report = Report(len(digests), {kind: [] for kind in faults})
        places = source.sample(range(len(digests)), len(digests))
        for turn, place in enumerate(places[:most]):
            kind = faults[(turn + seed) % len(faults)]
            found, plain = compared(contest, {digests[place]: kind})
            report.raised += plain.error is not None
            report.runs[kind].append(not found)
            report.broken += [f"{name}, {kind} at request {place + 1}: {found[0]}"] if found else []
            if time.monotonic() > end:
                break
    return report
