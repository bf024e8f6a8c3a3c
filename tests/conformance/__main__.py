"""The command line; see the package."""

from __future__ import annotations

import argparse
import sys
import time

from .campaign import SECONDS, campaign
from .modules import FEW, MODULES
from .record import keep


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("modules", nargs="*", help="names from the `test` package (all of modules.py)")
    parser.add_argument("--mode", choices=["module", "cell"], default="module")
    parser.add_argument("--stress", action="store_true")
    parser.add_argument("--few", action="store_true", help="what `make test` runs")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="per module")
    parser.add_argument("--record", action="store_true", help="write RECORD.md")
    given = parser.parse_args()
    modules = given.modules or list(FEW if given.few else MODULES)
    way = "stress" if given.stress else "shipped"
    tests = different = 0
    kept = []
    begun = time.monotonic()
    for found in campaign(modules, way, given.mode, given.jobs, given.seconds):
        kept.append(found)
        tests += found.tests
        different += len(found.differences)
        print(
            f"{found.module:28} {found.tests:5} tests, {found.passed:5} passed, {len(found.differences):3} different"
            f"   {found.plain.seconds:.0f} s / {found.poppy.seconds:.0f} s",
            flush=True,
        )
        for name, plain, poppy in found.differences:
            print(f"    {name}\n        plain: {plain[:300]}\n        poppy: {poppy[:600]}", flush=True)
    if given.record:
        keep(given.mode, "under stress" if given.stress else "as shipped", kept, time.monotonic() - begun)
    print(f"{len(modules)} modules, {tests} tests, {different} different, {time.monotonic() - begun:.0f} s")
    return min(different, 1)


if __name__ == "__main__":
    sys.exit(main())
