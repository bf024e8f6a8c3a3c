"""How long it takes until calls in flight are cancelled, once an earlier one has failed for good.

Measured inside the calls: from the instant at which one raises to the instant at which each of the others, all of them
asynchronous and in flight, gets its `CancelledError`.
"""

from __future__ import annotations

import asyncio
import statistics
import time

import poppy_ipython
from poppy_ipython import Options, unordered
from tests.chaos.record import Part

PROMISE = 0.1


def once(others: int, behind: bool = False) -> list[float]:
    """Seconds for each of the others. `behind`: the failing call follows one that is back only when they are gone."""
    raised: list[float] = []
    seen: list[float] = []
    flying: set[int] = set()
    bad = int(behind)

    @unordered
    async def ask(n: int) -> int:
        flying.add(n)
        if n < bad:
            while len(seen) < others:
                await asyncio.sleep(0)
            return n
        if n == bad:
            while len(flying) <= others + bad:
                await asyncio.sleep(0)
            raised.append(time.perf_counter())
            raise ValueError(n)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append(time.perf_counter())
            raise
        return n

    source = f"xs = []\nfor n in range({others + 1 + bad}):\n    xs.append(await ask(n))"
    run = poppy_ipython.run(source, {"ask": ask}, options=Options(max_calls=others + 1 + bad))
    if not isinstance(run.error, ValueError) or len(seen) != others:
        raise AssertionError(f"{run.error!r}, {len(seen)} of {others} cancelled")
    return [at - raised[0] for at in seen]


def campaign(others: int = 200, rounds: int = 20) -> Part:
    columns = ("the failing call", "calls in flight", "rounds", "median ms", "p99 ms", "worst ms")
    part = Part("Cancellation", columns, note=f"Promised: p99 of {PROMISE * 1000:.0f} ms.")
    once(others)  # imports, compiles
    for what, behind in (("is the oldest", False), ("follows one that is not back", True)):
        times = sorted(seconds * 1000 for _ in range(rounds) for seconds in once(others, behind))
        p99 = times[int(0.99 * len(times))]
        part.rows.append((what, str(others), str(rounds), f"{statistics.median(times):.1f}", f"{p99:.1f}", f"{times[-1]:.1f}"))
        if p99 > PROMISE * 1000:
            part.broken.append(f"{what}: p99 {p99:.0f} ms")
    return part
