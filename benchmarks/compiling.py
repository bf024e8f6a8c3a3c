"""How long it takes to compile a cell: every program, again and again, without the compiler's memory of it."""

from __future__ import annotations

import time
from statistics import median

from benchmarks import report
from benchmarks.contest import PROGRAMS
from benchmarks.programs import NAMES
from poppy_ipython.compiler import compile_cell


def main(rounds: int = 5) -> None:
    rows, raw = [], []
    for name in NAMES:
        source = (PROGRAMS / f"{name}.py").read_text()
        took = []
        for number in range(rounds + 1):
            text = f"{source}\n# {number}\n"  # an unchanged cell would be remembered
            began = time.process_time()
            compile_cell(text, f"<{name}>")
            took.append((time.process_time() - began) * 1000)
        took = took[1:]
        lines = sum(1 for line in source.splitlines() if line.strip())
        raw.append({"program": name, "lines": lines, "ms": median(took), "spread": (max(took) - min(took)) / median(took)})
        rows.append((name.replace("_", " "), str(lines), f"{median(took):.1f}", f"{median(took) / lines * 30:.1f}"))
    worst = max(one["ms"] / one["lines"] * 30 for one in raw)
    note = f"CPU, median of {rounds}. Aim: 20 ms for 30 lines (worst here {worst:.0f})."
    report.publish("compile", "Compiling a cell", ("program", "lines", "ms", "ms for 30 lines"), rows, note, raw)
