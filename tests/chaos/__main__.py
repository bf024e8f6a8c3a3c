"""The command line; see the package."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.chaos.record import Part, keep


def interrupts(given: argparse.Namespace) -> list[Part]:
    from tests.chaos.interrupts import both

    return both(given.n)


def faults(given: argparse.Namespace) -> list[Part]:
    from tests.chaos.faults import campaign

    return [campaign(given.seed, given.minutes, jobs=given.jobs)]


def soak(given: argparse.Namespace) -> list[Part]:
    from tests.chaos.soak import campaign

    return [campaign(given.calls, given.cells)]


def limits(given: argparse.Namespace) -> list[Part]:
    from tests.chaos.limited import campaign

    return [campaign()]


def cancelled(given: argparse.Namespace) -> list[Part]:
    from tests.chaos.cancelled import campaign

    return [campaign()]


WHAT = {"interrupts": interrupts, "faults": faults, "limits": limits, "cancelled": cancelled, "soak": soak}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("what", choices=[*WHAT, "all"])
    parser.add_argument("-n", type=int, default=200, help="signals, for each of the two generations of Jupyter's kernel")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=13, help="for the faults at requests of programs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes for them")
    parser.add_argument("--calls", type=int, default=100_000, help="calls in the soak's one cell")
    parser.add_argument("--cells", type=int, default=1_000, help="cells in the soak's one kernel")
    parser.add_argument("--record", action="store_true", help="write RECORD.md")
    given = parser.parse_args()
    bad = 0
    for name in WHAT if given.what == "all" else [given.what]:
        began = time.monotonic()
        for part in WHAT[name](given):
            print(part.text(), flush=True)
            bad += len(part.broken)
            if given.record:
                keep(part)
        print(f"{name}: {time.monotonic() - began:.0f} s\n", flush=True)
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
