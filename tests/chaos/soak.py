"""Long runs: many calls in one cell, many cells in one kernel, and what they leave in memory.

One cell: 100,000 calls whose results are used and dropped, in rounds. Memory is the process's resident set; its middle, after
the first tenth (arenas, caches, threads) against the end. Many cells: 1,000 in one kernel, with failures and output among
them; resident set after the first tenth against the end, and the number of objects that the collector sees.
"""

from __future__ import annotations

import ast
import time

from tests.chaos.record import Part
from tests.jupyter import kernel as kernels
from tests.jupyter.kernel import Kernel

FLAT = 1.05

PRELUDE = """
import asyncio, gc, os, psutil, poppy_ipython
from poppy_ipython import unordered
process = psutil.Process()
seen = []

@unordered
async def ask(n):
    await asyncio.sleep(0)
    return n

@unordered
def tool(n):
    if n == 13:
        raise ValueError(n)
    return n

def measure(n):
    gc.collect()
    seen.append((n, process.memory_info().rss, len(gc.get_objects())))
"""

ONE = """%%poppy --quiet
total = 0
for part in range(parts):
    for n in range(size):
        total += await ask(n)
    measure(part)
total
"""

MANY = """%%poppy --quiet
xs = [tool(n) for n in range({count})]
y = await ask(sum(xs))
print(y)
y
"""


def campaign(calls: int, cells: int) -> Part:
    kernels.PATIENCE = 3600
    part = Part("Soak", ("what", "seconds", "at the first tenth, MB", "at the end, MB", "ratio", "objects"))
    kernel = Kernel()
    try:
        for code in ("%load_ext poppy_ipython", PRELUDE):
            assert kernel.run(code).reply["status"] == "ok"
        size = max(1, calls // 50)
        kernel.run(f"parts, size = 50, {size}")
        began = time.monotonic()
        cell = kernel.run(ONE)
        took = time.monotonic() - began
        expected = str(50 * size * (size - 1) // 2)
        if cell.value != expected:
            part.broken.append(f"one cell: {cell.value} instead of {expected}; {cell.error}")
        _row(part, kernel, f"{50 * size:,} calls in one cell", took, 5)

        kernel.run("seen.clear()")
        began = time.monotonic()
        for n in range(cells):
            cell = kernel.run(MANY.format(count=14 if n % 10 == 9 else 10))
            if (cell.value != "45") != (n % 10 == 9):
                part.broken.append(f"cell {n}: {cell.value} {cell.error}")
            if n % max(1, cells // 50) == 0:
                kernel.run(f"measure({n})", silent=True)
        _row(part, kernel, f"{cells:,} cells in one kernel", time.monotonic() - began, 5)
    finally:
        kernel.close()
    part.note = f"Flat is a ratio of at most {FLAT}."
    return part


def _row(part: Part, kernel: Kernel, what: str, took: float, skip: int) -> None:
    seen = ast.literal_eval(str(kernel.run("seen").value))
    (_, early, objects), (_, late, more) = seen[min(skip, len(seen) - 1)], seen[-1]
    ratio = late / early
    part.rows.append((what, f"{took:.0f}", f"{early / 1e6:.1f}", f"{late / 1e6:.1f}", f"{ratio:.3f}", f"{objects:,} → {more:,}"))
    if ratio > FLAT:
        part.broken.append(f"{what}: memory grew by {ratio - 1:.1%}")
