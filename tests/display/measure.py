"""What the view costs: `python -m tests.display.measure`.

A real kernel runs a cell of many short asynchronous calls, about a thousand a second, with `--view line` and `--view live`
in turn; a front end reads the messages and says nothing. Compared is the process CPU of the runs, medians of some.
"""

from __future__ import annotations

import argparse
import statistics

from tests.jupyter.kernel import Kernel

SETUP = """
%load_ext poppy_ipython
import asyncio, poppy_ipython
from poppy_ipython import unordered
@unordered(host="here")
async def ask(question):
    await asyncio.sleep(0.016 * PACE)
    return question
"""
CELL = "%%poppy --view {view} --max-calls 16\nout = []\nfor n in range({calls}):\n    out.append(await ask(n))\nlen(out)"


def measure(calls: int, rounds: int) -> dict[str, dict[str, float]]:
    """By view the seconds of CPU and of wall time of a cell with so many calls, medians; the first round warms."""
    kernel = Kernel()
    try:
        kernel.run("PACE = 1.0" + SETUP)
        found: dict[str, list[tuple[float, float]]] = {"line": [], "live": []}
        for _ in range(rounds + 1):
            for view, figures in found.items():
                kernel.run(CELL.format(view=view, calls=calls))
                cell = kernel.run("print(poppy_ipython.last_run.trace.cpu, poppy_ipython.last_run.trace.wall)")
                cpu, wall = map(float, cell.stdout.split())
                figures.append((cpu, wall))
    finally:
        kernel.close()
    return {
        view: {"cpu": statistics.median(cpu for cpu, _ in figures[1:]), "wall": statistics.median(wall for _, wall in figures[1:])}
        for view, figures in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.display.measure", description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found = measure(given.calls, given.rounds)
    line, live = found["line"], found["live"]
    rate = given.calls / live["wall"]
    print(f"{given.calls} calls, {rate:,.0f} a second: CPU {line['cpu']:.3f} s without the view, {live['cpu']:.3f} s with it")
    share = (live["cpu"] - line["cpu"]) / live["wall"]
    print(f"the view takes {share:.1%} of the time; wall {line['wall']:.2f} s and {live['wall']:.2f} s")


if __name__ == "__main__":
    main()
