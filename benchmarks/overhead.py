"""What the engine costs: process CPU and memory per call, against hand-written asyncio, with coroutines that only sleep.

A call is `await ask(i)` in the cell, `ask` an `unordered` coroutine function of 50 ms. CPU is `time.process_time()` of the
whole run, compilation included, minus that of the twin in the same round, divided by the number of calls; the figures
are medians of the rounds.

Memory is measured in a process of its own: all calls are held open until the last has arrived (or no more arrive), and
`tracemalloc` tells what is allocated then. It counts what Python allocates, the saved stacks of greenlets included.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import poppy_ipython
from benchmarks import report
from poppy_ipython import unordered
from poppy_ipython.options import Options

SLEEP = 0.05
SIZES = (1_000, 5_000, 10_000)
MANY = 100_000
"""Once, and only plain calls: is CPU still linear?"""
CELLS = {
    "plain call": """
out = []
for i in range(N):
    out.append(await ask(i))
""",
    "branch on its result": """
odd, even = [], []
for i in range(N):
    answer = await ask(i)
    if answer % 2:
        odd.append(answer)
    else:
        even.append(answer)
""",
}
Ask = Callable[[int], Awaitable[int]]


async def plain_twin(ask: Ask, n: int) -> dict[str, Any]:
    return {"out": list(await asyncio.gather(*(ask(i) for i in range(n))))}


async def branch_twin(ask: Ask, n: int) -> dict[str, Any]:
    odd: list[int] = []
    even: list[int] = []

    async def one(i: int) -> tuple[bool, int]:
        answer = await ask(i)
        return (True, answer) if answer % 2 else (False, answer)

    for is_odd, answer in await asyncio.gather(*(one(i) for i in range(n))):
        (odd if is_odd else even).append(answer)
    return {"odd": odd, "even": even}


TWINS = {"plain call": plain_twin, "branch on its result": branch_twin}


def run_cell(name: str, ask: Ask, n: int) -> dict[str, Any]:
    namespace: dict[str, Any] = {"ask": ask, "N": n}
    run = poppy_ipython.run(CELLS[name], namespace, options=Options(max_calls=n))
    if run.error is not None:
        raise run.error
    return namespace


def cpu(what: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], float]:
    """What it leaves and the process CPU seconds it took."""
    gc.collect()
    began = time.process_time()
    left = what()
    return left, time.process_time() - began


def measure_cpu(name: str, n: int, rounds: int) -> dict[str, Any]:
    @unordered
    async def ask(i: int) -> int:
        await asyncio.sleep(SLEEP)
        return i

    pairs = []
    for _ in range(rounds + 1):
        ours, ours_cpu = cpu(lambda: run_cell(name, ask, n))
        twin, twin_cpu = cpu(lambda: asyncio.run(TWINS[name](ask, n)))
        if any(ours[key] != value for key, value in twin.items()):
            raise AssertionError(f"{name}, N = {n}: the results differ")
        pairs.append((ours_cpu, twin_cpu))
    pairs = pairs[1:]  # the first one warms
    return {
        "cell": name,
        "n": n,
        "poppy": median(ours for ours, _ in pairs),
        "asyncio": median(twin for _, twin in pairs),
        "extra_us": median((ours - twin) / n for ours, twin in pairs) * 1e6,
        "rounds": pairs,
    }


class Gate:
    """Holds every call until all have arrived, or none has for a second, and weighs the process at that moment."""

    def __init__(self, n: int) -> None:
        self.n, self.arrived, self.seen, self.bytes = n, 0, -1, 0
        self.open = asyncio.Event()
        self.watch: asyncio.TimerHandle | None = None

    async def __call__(self, i: int) -> int:
        self.arrived += 1
        if self.watch is None:
            self.look()
        if self.arrived == self.n:
            # Let whoever issued the last call finish doing so.
            asyncio.get_running_loop().call_soon(self.weigh)
        await self.open.wait()
        return i

    def look(self) -> None:
        if self.open.is_set():
            return
        if self.seen == self.arrived:
            self.weigh()
        self.seen = self.arrived
        self.watch = asyncio.get_running_loop().call_later(1.0, self.look)

    def weigh(self) -> None:
        if not self.open.is_set():
            gc.collect()
            self.bytes, self.held = tracemalloc.get_traced_memory()[0], self.arrived
            self.open.set()


def weigh(name: str, who: str, n: int) -> dict[str, float]:
    """In this process: bytes per call while `n` calls are outstanding."""

    def once(size: int) -> tuple[int, int]:
        gate = Gate(size)

        @unordered
        async def ask(i: int) -> int:
            return await gate(i)

        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        if who == "poppy":
            run_cell(name, ask, size)
        else:
            asyncio.run(TWINS[name](ask, size))
        return gate.bytes - before, gate.held

    tracemalloc.start()
    once(10)  # imports and caches
    held_bytes, held = once(n)
    return {"bytes": held_bytes / held, "held": held}


def measure_memory(name: str, n: int) -> dict[str, Any]:
    def measured(who: str) -> dict[str, float]:
        command = [sys.executable, "-m", "benchmarks.overhead", name, who, str(n)]
        return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))

    return {"cell": name, "n": n, "poppy": measured("poppy"), "asyncio": measured("asyncio")}


def main(rounds: int) -> None:
    print("Overhead against hand-written asyncio:", flush=True)
    cpus = []
    for name in CELLS:
        for n in SIZES:
            print(f"  CPU, {name}, N = {n:,}", flush=True)
            cpus.append(measure_cpu(name, n, rounds))
    print(f"  CPU, plain call, N = {MANY:,}", flush=True)
    cpus.insert(len(SIZES), measure_cpu("plain call", MANY, 1))
    rows = []
    for one in cpus:
        half = next((other for other in cpus if other["cell"] == one["cell"] and other["n"] * 2 == one["n"]), None)
        rows.append(
            (
                one["cell"],
                f"{one['n']:,}",
                f"{one['poppy'] * 1000:.0f}",
                f"{one['asyncio'] * 1000:.0f}",
                f"{one['extra_us']:.1f}",
                f"{one['poppy'] / one['n'] * 1e6:.0f}",
                f"{one['poppy'] / half['poppy']:.2f}x" if half else "",
            )
        )
    head = ("call", "N", "poppy CPU ms", "asyncio CPU ms", "extra µs per call", "poppy µs per call", "CPU of twice the N")
    note = f"Median of {rounds}, process CPU; calls sleep {SLEEP * 1000:.0f} ms, all N may be in flight at once."
    report.publish("cpu", "CPU per call", head, rows, note, cpus)

    print("  memory", flush=True)
    memory = [measure_memory(name, SIZES[-1]) for name in CELLS]
    rows = [
        (
            one["cell"],
            f"{one['poppy']['held']:,.0f}",
            f"{one['poppy']['bytes'] / 1024:.1f}",
            f"{one['asyncio']['bytes'] / 1024:.1f}",
        )
        for one in memory
    ]
    head = ("call", "outstanding", "poppy KB", "asyncio KB")
    note = "KB (1024 bytes) per outstanding call, all held open at once; tracemalloc, one process each."
    report.publish("memory", "Memory per outstanding call", head, rows, note, memory)


if __name__ == "__main__":
    print(json.dumps(weigh(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
