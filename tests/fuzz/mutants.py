"""Break the engine on purpose and see that the fuzzer notices each breakage within 500 programs: ``make mutants``.

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
from concurrent.futures import ThreadPoolExecutor
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


# ------------------------------------------------------------------ the breakages


@mutant("the log retires from its head, in program order")
def retire_out_of_order() -> None:
    def make(advance: Any) -> Any:
        def broken(self: Any, unit: Any) -> None:
            log = unit.log
            if unit.head and len(log) > 1 and not isinstance(log[0], tuple) and isinstance(log[1], tuple):
                log[0], log[1] = log[1], log[0]
            advance(self, unit)

        return broken

    replaced("poppy_ipython.engine.retirement:Retirement.advance", make)


@mutant("an external call gets its arguments as of its issue")
def no_argument_snapshot() -> None:
    replaced("poppy_ipython.engine.snapshot:look", lambda look: lambda machine, value, picture: value)


@mutant("a fault drops the stores of what it kills")
def stores_of_a_killed_unit_kept() -> None:
    def make(rollback: Any) -> Any:
        def broken(self: Any, log: Any) -> None:
            for entry in [entry for entry in log if isinstance(entry, tuple)]:
                try:
                    entry[0].retire(entry[1])
                except Exception:
                    continue
                log.remove(entry)
            rollback(self, log)

        return broken

    replaced("poppy_ipython.engine.retirement:Retirement._rollback", make)


@mutant("a read waits for older units that may still write what it reads")
def read_ignores_footprints() -> None:
    replaced("poppy_ipython.engine.maywrites:MayWrites.older_writer", lambda _: lambda *a, **k: None)


@mutant("readiness is deep: an answer that arrived may still be shadowed")
def shallow_readiness() -> None:
    replaced("poppy_ipython.engine.external:External.arrived_value", lambda _: lambda self, entry, value: value)


@mutant("a readonly call waits for older outstanding and possible writes")
def readonly_passes_writes() -> None:
    replaced("poppy_ipython.engine.external:External.await_writes", lambda _: lambda self, resource: None)


@mutant("print is written at the head")
def print_at_once() -> None:
    def make(_: Any) -> Any:
        def broken(self: Any, *args: Any, **kwargs: Any) -> None:
            print(*[self.force(arg) for arg in args], **{key: self.force(value) for key, value in kwargs.items()})

        return broken

    replaced("poppy_ipython.engine.natives:Natives.n_print", make)


@mutant("undeclared code runs at the head, with everything retired")
def fence_without_drain() -> None:
    def make(_: Any) -> Any:
        def broken(self: Any, fn: Any, args: Any, kwargs: Any, what: str = "", pure: bool = False) -> Any:
            return fn(*[self.force(arg) for arg in args], **{key: self.force(value) for key, value in kwargs.items()})

        return broken

    replaced("poppy_ipython.engine.calls:Calls.fence", make)


@mutant("a handler runs only when all older calls have finished")
def handler_before_older_calls() -> None:
    def make(caught: Any) -> Any:
        def broken(self: Any, error: BaseException, mark: int) -> BaseException:
            if not isinstance(error, Exception):  # a kill or a fault of the engine
                return caught(self, error, mark)
            self.cur.fault = None
            return error

        return broken

    replaced("poppy_ipython.engine.control:Control.caught", make)


@mutant("a handler finds the locals of the failing statement")
def locals_not_restored() -> None:
    def make(restore: Any) -> Any:
        def broken(self: Any, bindings: Any, names: Any) -> Any:
            self.cur.fault = None
            return restore(self, bindings, names)

        return broken

    replaced("poppy_ipython.engine.control:Control.restore", make)


@mutant("a read sees the stores that are older than it, and only those")
def reads_see_younger_stores() -> None:
    replaced("poppy_ipython.engine.buffer:Chain.before", lambda _: lambda self, position: len(self.ops))


@mutant("a store to an object that is not young waits for its turn")
def stores_not_buffered() -> None:
    replaced("poppy_ipython.engine.heap:Heap.direct", lambda _: lambda self, target, key: key not in self.chains)


@mutant("a container is viewed when the keys of its older stores have arrived")
def views_with_keys_in_flight() -> None:
    replaced("poppy_ipython.engine.buffer:Chain.waiting_key", lambda _: lambda self, position: None)


@mutant("an ordered call is sent when its turn comes")
def ordered_calls_at_once() -> None:
    def make(external: Any) -> Any:
        def broken(self: Any, *args: Any, **kwargs: Any) -> Any:
            pending = external(self, *args, **kwargs)
            entry: Any = self.cur.log[-1] if self.cur.log else None
            if getattr(entry, "resource", None) is not None and entry.pending is pending and not entry.started:
                given = (*entry.args, *entry.kwargs.values())
                if all(value.done for value in given if value.__class__.__name__ == "Pending"):
                    self.run_external(entry)
            return pending

        return broken

    replaced("poppy_ipython.engine.external:External.external", make)


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
