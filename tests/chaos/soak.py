"""Long runs: many calls in one cell, many cells in one kernel, and what they leave in memory.

One cell: 100,000 calls whose results are used and dropped, in rounds; a loop over a generator of a million items, of which each
fortieth asks; an endless loop whose every round waits for the answer that may end it. Memory is the process's resident set, after
the warm-up against the end. A cell is warm after 10,000 calls: so many are kept one by one for the view, and then no more.
Many cells: 1,000 in one kernel, with failures and output among them, warm after a tenth; also the number of objects that the
collector sees.
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
async def look(n):
    await asyncio.sleep(0)
    return {"n": n}

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
        total += (await look(n))["n"]
    measure(part)
total
"""

ITEMS = """%%poppy --quiet
def items():
    for n in range(50 * size):
        yield n

total = 0
for n in items():
    if n % 40 == 0:
        total += await ask(n)
    if n % size == 0:
        measure(n)
total
"""

WHILE = """%%poppy --quiet
n = 0
while True:
    answer = await ask(n)
    if answer >= 50 * size - 1:
        break
    n += 1
    if n % size == 0:
        measure(n)
n
"""

MANY = """%%poppy --quiet
xs = [tool(n) for n in range({count})]
y = await ask(sum(xs))
print(y)
y
"""


def campaign(calls: int, cells: int) -> Part:
    kernels.PATIENCE = 3600
    part = Part("Soak", ("what", "seconds", "after the warm-up, MB", "at the end, MB", "ratio", "objects"))
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
        _row(part, kernel, f"{50 * size:,} calls in one cell", took, 6)

        for what, source, size, expected, warm in (
            (f"a generator of {10 * calls:,} items", ITEMS, calls // 5, sum(range(0, 10 * calls, 40)), 22),
            (f"an endless loop that ends after {calls // 5:,} answers", WHILE, calls // 250, 50 * (calls // 250) - 1, 27),
        ):
            kernel.run(f"seen.clear(); size = {size}")
            began = time.monotonic()
            cell = kernel.run(source)
            if cell.value != str(expected):
                part.broken.append(f"{what}: {cell.value} instead of {expected}; {cell.error}")
            _row(part, kernel, what, time.monotonic() - began, warm)

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
    part.note = (
        f"Flat is a ratio of at most {FLAT}. Warm is a cell after its first 10,000 calls, which are kept one by one; "
        "a kernel after a tenth of its cells."
    )
    return part


def _row(part: Part, kernel: Kernel, what: str, took: float, skip: int) -> None:
    seen = ast.literal_eval(str(kernel.run("seen").value))
    (_, early, objects), (_, late, more) = seen[min(skip, len(seen) - 1)], seen[-1]
    ratio = late / early
    part.rows.append((what, f"{took:.0f}", f"{early / 1e6:.1f}", f"{late / 1e6:.1f}", f"{ratio:.3f}", f"{objects:,} → {more:,}"))
    if ratio > FLAT:
        part.broken.append(f"{what}: memory grew by {ratio - 1:.1%}")
