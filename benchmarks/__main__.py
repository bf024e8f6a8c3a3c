"""`python -m benchmarks`: all measurements, or some of them.

    python -m benchmarks overhead --rounds 3
"""

from __future__ import annotations

import argparse

from benchmarks import endtoend, overhead

BENCHMARKS = {"overhead": overhead.main, "endtoend": endtoend.main}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"{', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--rounds", type=int, default=9, help="figures are medians of so many (default 9)")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    for name in given.names or BENCHMARKS:
        BENCHMARKS[name](given.rounds)


if __name__ == "__main__":
    main()
