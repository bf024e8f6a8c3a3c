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


def once(others: int) -> list[float]:
    """Seconds for each of the others."""
    raised: list[float] = []
    seen: list[float] = []
    flying: set[int] = set()

    @unordered
    async def ask(n: int) -> int:
        flying.add(n)
        if n == 0:
            while len(flying) <= others:
                await asyncio.sleep(0)
            raised.append(time.perf_counter())
            raise ValueError(n)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append(time.perf_counter())
            raise
        return n

    source = f"xs = []\nfor n in range({others + 1}):\n    xs.append(await ask(n))"
    run = poppy_ipython.run(source, {"ask": ask}, options=Options(max_calls=others + 1))
    if not isinstance(run.error, ValueError) or len(seen) != others:
        raise AssertionError(f"{run.error!r}, {len(seen)} of {others} cancelled")
    return [at - raised[0] for at in seen]


def campaign(others: int = 200, rounds: int = 20) -> Part:
    part = Part("Cancellation", ("calls in flight", "rounds", "median ms", "p99 ms", "worst ms"), note=f"Promised: p99 of {PROMISE * 1000:.0f} ms.")
    once(others)  # imports, compiles
    times = sorted(seconds * 1000 for _ in range(rounds) for seconds in once(others))
    p99 = times[int(0.99 * len(times))]
    part.rows.append((str(others), str(rounds), f"{statistics.median(times):.1f}", f"{p99:.1f}", f"{times[-1]:.1f}"))
    if p99 > PROMISE * 1000:
        part.broken.append(f"p99 {p99:.0f} ms")
    return part
