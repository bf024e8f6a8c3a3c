"""Break the engine on purpose and see that the fuzzer notices each breakage within 500 programs: ``make mutants``.

    python -m tests.fuzz.mutants [--seed S]            all of them
    python -m tests.fuzz.mutants [--seed S] NAME …     some

The breakages are in `breakages.py`; each is installed in a worker process of its own. What counts as noticed is a
difference from the plain run, a failed invariant, or a hang; the table says which. The engine as it is must agree on the
very program that gave a breakage away. A breakage that cannot be installed ends the run: it would prove nothing.

A breakage may name a *focus*, as `python -m tests.fuzz --focus` takes it: then it is looked for in programs that have
many fragments about its rule, since in the general mix each new fragment makes all others rarer.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import breakages_ahead, breakages_managers  # noqa: F401  (register)
from .__main__ import TASK, campaign, verdict_of
from .breakages import MUTANTS
from .workers import Worker

PROGRAMS = 500
FIRST = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant: the seed of the program that gave it away, or None, and the kind of difference."""

    seed: int | None = None
    kind: str = ""
    seconds: float = 0.0


def install(name: str) -> None:
    """What a worker calls before its first program."""
    importlib.import_module("poppy_ipython.engine.run")
    MUTANTS[name].install()


def tried(name: str, first: int = FIRST, programs: int = PROGRAMS) -> Outcome:
    started = time.perf_counter()
    setup = f"tests.fuzz.mutants:install={name}"
    census = campaign(first, programs, focus=MUTANTS[name].focus, setup=setup, quiet=True, stop=1)
    seconds = time.perf_counter() - started
    for kind, seeds in census.failing.items():
        return Outcome(seeds[0], kind, seconds)
    return Outcome(seconds=seconds)


class Sound:
    """The engine as it is, in a process of its own."""

    def __init__(self) -> None:
        self._worker = Worker(TASK)
        self._lock = threading.Lock()

    def agrees(self, seed: int, focus: str | None) -> bool:
        with self._lock:
            verdict = verdict_of(seed, self._worker.ask((seed, focus, None)))
        return not verdict.differences and not verdict.skipped

    def close(self) -> None:
        self._worker.close()


def reported(name: str, outcome: Outcome, first: int, agrees: Callable[[int, str | None], bool]) -> bool:
    """Print a line of the table. Has the mutant been caught?"""
    focus = MUTANTS[name].focus
    if outcome.seed is None:
        verdict = "SURVIVED"
    elif not agrees(outcome.seed, focus):
        verdict = f"THE ENGINE AS IT IS DOES NOT AGREE, EITHER, at seed {outcome.seed}"
    else:
        verdict = f"caught at program {outcome.seed - first + 1:3d}: {outcome.kind}"
    print(f"{name:46} {verdict[:60]:60} {outcome.seconds:5.1f} s  {focus or ''}"[:150].rstrip(), flush=True)
    return verdict.startswith("caught")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz.mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a breakage")
    parser.add_argument("--seed", type=int, default=FIRST, help="of the first program")
    arguments = parser.parse_args()
    names = arguments.names or list(MUTANTS)
    sound = Sound()
    try:
        with ThreadPoolExecutor(2) as pool:  # each waits for a worker process of its own
            outcomes = pool.map(lambda name: tried(name, arguments.seed), names)
            pairs = zip(names, outcomes, strict=True)
            caught = [reported(name, outcome, arguments.seed, sound.agrees) for name, outcome in pairs]
    finally:
        sound.close()
    print(f"{sum(caught)} of {len(names)} caught within {PROGRAMS} programs")
    return 0 if all(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
