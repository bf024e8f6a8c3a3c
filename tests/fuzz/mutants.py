"""Break the engine on purpose and see that the fuzzer notices each breakage within 500 programs: ``make mutants``.

    python -m tests.fuzz.mutants            all of them, and first the engine as it is over the same seeds
    python -m tests.fuzz.mutants NAME …     some

The breakages are in `breakages.py`; each is installed in a worker process of its own. What counts as noticed is a
difference from the plain run, a failed invariant, or a hang; the table says which. A breakage that cannot be installed
ends the run: it would prove nothing.
"""

from __future__ import annotations

import importlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from . import breakages_ahead, breakages_managers  # noqa: F401  (register)
from .__main__ import campaign
from .breakages import MUTANTS

PROGRAMS = 500
FIRST = 1


def install(name: str) -> None:
    """What a worker calls before its first program."""
    importlib.import_module("poppy_ipython.engine.run")
    MUTANTS[name].install()


def caught(name: str | None, programs: int = PROGRAMS) -> tuple[int | None, str]:
    """After how many programs the mutant was noticed, and as what; None if it survived."""
    setup = f"tests.fuzz.mutants:install={name}" if name else None
    census = campaign(FIRST, programs, setup=setup, quiet=True, stop=1)
    if not census.different:
        return None, ""
    return census.programs, next(iter(census.kinds))


def timed(name: str | None) -> tuple[int | None, str, float]:
    started = time.perf_counter()
    return *caught(name), time.perf_counter() - started


def main() -> int:
    names = sys.argv[1:] or list(MUTANTS)
    survived = 0
    with ThreadPoolExecutor(2) as pool:  # each waits for a worker process of its own
        results = pool.map(timed, [None, *names])
        for name, (after, kind, seconds) in zip([None, *names], results, strict=True):
            if name is None:
                sound = after is None
                verdict = "no difference" if sound else f"DIFFERS at program {after}: {kind}"
            else:
                survived += after is None
                verdict = "SURVIVED" if after is None else f"caught at program {after:3d}: {kind}"
            print(f"{name or '(the engine as it is)':34} {verdict[:70]:70} {seconds:5.1f} s", flush=True)
    print(f"{len(names) - survived} of {len(names)} caught within {PROGRAMS} programs")
    return 1 if survived or not sound else 0


if __name__ == "__main__":
    sys.exit(main())
