"""`python -m benchmarks`: all measurements, or some of them.

python -m benchmarks programs trading_desk debate
python -m benchmarks simulate
python -m benchmarks compare benchmarks/results/2026-11-22-0123abc.json
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from benchmarks import clients, compiling, endtoend, history, overhead, report, results, simulate, streaming, viewing
from benchmarks.native import speed
from benchmarks.programs import NAMES


def parser() -> argparse.ArgumentParser:
    """One word for each measurement, and none for all of them."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    what = made.add_subparsers(dest="what", metavar="what")

    def add(name: str, about: str) -> argparse.ArgumentParser:
        return what.add_parser(name, help=about)

    programs = add("programs", "end to end, against asyncio and threads")
    programs.add_argument("--scale", type=float, help="latency scale (default: 0.1 and 1.0)")
    programs.add_argument("--rounds", type=int, help="figures are medians of so many (default: 3 at 0.1, 1 at 1.0)")
    simulated = add("simulate", "what overlaps, on a simulated clock; not a measurement of time")
    for one in (programs, simulated):
        one.add_argument("names", nargs="*", metavar="program", help="default: all")
    for name, about, rounds in (
        ("overhead", "CPU and memory per call", 9),
        ("compile", "time to compile a cell", 5),
        ("native", "cells without a call, against plain CPython", 5),
        ("clients", "1,000 calls through a real client; looking an effect up", 3),
        ("view", "the live view on and off", 5),
        ("streaming", "six streaming answers, each idea expanded", 3),
    ):
        one = add(name, about)
        one.add_argument("--rounds", type=int, default=rounds, help=f"figures are medians of so many (default {rounds})")
        if name == "native":
            one.add_argument("cells", nargs="*", metavar="cell", help="default: all")
    add("report", "write benchmarks/RESULTS.md, the README's table and the history from what was measured last")
    add("compare", "what was measured last with an earlier run").add_argument("base", type=Path, help="benchmarks/results/*.json")
    return made


def main() -> None:
    given = parser().parse_args()
    if unknown := set(getattr(given, "names", ())) - set(NAMES):
        sys.exit(f"no such program: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    match given.what:
        case "programs":
            scales = endtoend.ROUNDS if given.scale is None else (given.scale,)
            rounds = {scale: given.rounds or endtoend.ROUNDS.get(scale, 3) for scale in scales}
            endtoend.main(tuple(given.names) or NAMES, rounds)
        case "simulate":
            sys.exit(simulate.main(tuple(given.names) or NAMES))
        case "overhead":
            overhead.main(given.rounds)
        case "compile":
            compiling.main(given.rounds)
        case "native":
            speed.main(given.rounds, tuple(given.cells))
        case "clients":
            clients.main(given.rounds)
        case "view":
            viewing.main(given.rounds)
        case "streaming":
            streaming.main(given.rounds)
        case "report":
            results.main()
        case "compare":
            sys.exit(history.compare(given.base))
        case None:
            sys.exit(everything())


SUITES: dict[str, Callable[[], object]] = {
    "compile": compiling.main,
    "overhead": lambda: overhead.main(3),
    "view": lambda: viewing.main(3),
    "native": lambda: speed.main(3),
    "clients": lambda: clients.main(1, seconds=0.5),
    "streaming": lambda: streaming.main(3),
    "programs": endtoend.main,
}


def everything() -> int:
    """All suites, then the pages. One that fails is said to have failed and costs the others nothing; how many did."""
    report.forget(results.PARTS)  # what an earlier commit left is not to be taken for this one's
    failures, first = [], time.perf_counter()
    for name, suite in SUITES.items():
        began = time.perf_counter()
        try:
            suite()
        except Exception as error:
            traceback.print_exc()
            failures.append(f"{name}: {type(error).__name__}: {error}".splitlines()[0])
        print(f"-- {name}: {time.perf_counter() - began:.0f} s\n", flush=True)
    results.main(failures)
    print(f"{(time.perf_counter() - first) / 60:.1f} minutes in all")
    for line in failures:
        print(f"FAILED {line}")
    return len(failures)


if __name__ == "__main__":
    main()
