"""The command line; see the package."""

from __future__ import annotations

import argparse
import sys
import time

from .campaign import SECONDS, Compared, campaign
from .modules import FEW, slowest_first
from .record import keep

MODES = ("module", "cell")
TITLES = {"shipped": "as shipped", "stress": "under stress"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("modules", nargs="*", help="names from the `test` package (all of modules.py)")
    parser.add_argument("--mode", choices=MODES, action="append", help="both")
    parser.add_argument("--way", choices=TITLES, action="append", help="both")
    parser.add_argument("--few", action="store_true", help="what `make test` runs")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="per module")
    parser.add_argument("--record", action="store_true", help="write RECORD.md")
    given = parser.parse_args()
    modules = given.modules or list(FEW if given.few else slowest_first())
    ways = given.way or list(TITLES)
    different = 0
    for mode in given.mode or MODES:
        kept: list[Compared] = []
        begun = time.monotonic()
        for found in campaign(modules, ways, mode, given.jobs, given.seconds):
            kept.append(found)
            show(found)
        for way in ways:
            done = [found for found in kept if found.way == way]
            seconds = sum(found.plain.seconds + found.poppy.seconds for found in done)
            if given.record:
                keep(mode, TITLES[way], done, seconds)
            wrong = sum(len(found.differences) for found in done)
            different += wrong
            print(f"{mode}, {TITLES[way]}: {len(done)} modules, {sum(found.tests for found in done)} tests, {wrong} different")
        print(f"{mode}: {time.monotonic() - begun:.0f} s", flush=True)
    return min(different, 1)


def show(found: Compared) -> None:
    print(
        f"{found.module:28} {found.way:8}{found.tests:5} tests, {found.passed:5} passed, {len(found.differences):3} different"
        f"   {found.plain.seconds:.0f} s / {found.poppy.seconds:.0f} s",
        flush=True,
    )
    for name, plain, poppy in found.differences:
        print(f"    {name}\n        plain: {plain[:300]}\n        poppy: {poppy[:600]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
