"""Break the engine on purpose, ten times, and see that the fuzzer notices each within 500 programs: ``make mutants``.

    python -m tests.fuzz.mutants            all of them, and first the engine as it is over the same seeds
    python -m tests.fuzz.mutants NAME …     some

A mutant replaces one function of the engine by name, in a worker process of its own. `replaced` insists that the
name exists, so a mutant cannot turn into a no-op when the engine is rearranged; and every mutant removes one *rule*
of the design, not just any line. What counts as noticed is a difference from the plain run, a failed invariant, or a
hang; the table says which.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .__main__ import campaign

PROGRAMS = 500
FIRST = 2_000_000


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule."""

    name: str
    rule: str
    install: Callable[[], None]


MUTANTS: dict[str, Mutant] = {}


def mutant(rule: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register the decorated function, which installs the breakage, under its own name."""

    def register(install: Callable[[], None]) -> Callable[[], None]:
        name = install.__name__.strip("_").replace("_", "-")
        MUTANTS[name] = Mutant(name, rule, install)
        return install

    return register


def replaced(target: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of `module:name` or `module:Class.name`, wherever the engine's modules bound it."""
    path, _, dotted = target.partition(":")
    owner: Any = importlib.import_module(path)
    *classes, name = dotted.split(".")
    for part in classes:
        owner = getattr(owner, part)
    original = owner.__dict__[name]
    replacement = make(original)
    setattr(owner, name, replacement)
    if not classes:
        for module in list(sys.modules.values()):
            if getattr(module, "__name__", "").startswith("poppy_ipython.") and module.__dict__.get(name) is original:
                setattr(module, name, replacement)


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


def main() -> int:
    names = sys.argv[1:] or list(MUTANTS)
    survived = []
    after, kind = caught(None)
    print(
        f"{'(the engine as it is)':34} {'no difference' if after is None else f'DIFFERS after {after}: {kind}'}",
        flush=True,
    )
    for name in names:
        started = time.perf_counter()
        after, kind = caught(name)
        if after is None:
            survived.append(name)
        verdict = "SURVIVED" if after is None else f"caught after {after:3d}: {kind}"
        print(f"{name:34} {verdict[:70]:70} {time.perf_counter() - started:5.1f} s", flush=True)
    print(f"{len(names) - len(survived)} of {len(names)} caught within {PROGRAMS} programs")
    return 1 if survived or caught(None)[0] is not None else 0


if __name__ == "__main__":
    sys.exit(main())
