"""`python -m benchmarks`: all measurements, or some of them.

    python -m benchmarks overhead --rounds 3
    python -m benchmarks programs trading_desk debate
    python -m benchmarks native
    python -m benchmarks simulate
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import endtoend, overhead, simulate
from benchmarks.native import speed
from benchmarks.programs import NAMES


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    what = parser.add_subparsers(dest="what", metavar="{overhead,programs,native,simulate}")
    one = what.add_parser("overhead", help="CPU and memory per call")
    one.add_argument("--rounds", type=int, default=9, help="figures are medians of so many (default 9)")
    one = what.add_parser("native", help="cells without a call, against plain CPython")
    one.add_argument("--rounds", type=int, default=5, help="figures are medians of so many (default 5)")
    one.add_argument("cells", nargs="*", metavar="cell", help="default: all")
    for name, about in (("programs", "end to end, against asyncio"), ("simulate", "what overlaps, on a simulated clock")):
        one = what.add_parser(name, help=about)
        one.add_argument("names", nargs="*", metavar="program", help="default: all")
        if name == "programs":
            one.add_argument("--rounds", type=int, default=3, help="figures are medians of so many (default 3)")
    given = parser.parse_args()
    if unknown := set(getattr(given, "names", ())) - set(NAMES):
        parser.error(f"no such program: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    match given.what:
        case "simulate":
            sys.exit(simulate.main(tuple(given.names) or NAMES))
        case "programs":
            endtoend.main(given.rounds, tuple(given.names) or NAMES)
        case "native":
            speed.main(given.rounds, tuple(given.cells))
        case "overhead":
            overhead.main(given.rounds)
        case None:
            overhead.main(9)
            speed.main()
            endtoend.main(3, NAMES)


if __name__ == "__main__":
    main()
