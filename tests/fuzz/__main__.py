"""The command line.

    python -m tests.fuzz -n 20000 [--seed S] [--jobs 2] [--record]    a campaign from seed S
    python -m tests.fuzz --seed N                                     one program: shown, compared, shrunk, a test to paste

Either with `--focus NAME`, for programs half of which is of one sort; all else about them is drawn as ever. NAME is a table of
the grammar, a module of this package (`wrappers`, `files`, `specials`, …), or else a regular expression: meant are all fragments
in whose text it is found, where `@` stands for a fresh name and `.` also for the end of a line (`tenacity`, `except NameError`,
`for @l in @:.*read`). A seed stands for one program with each focus, and for one without. Use it when a fragment is new, and
when the engine has changed in one place.

The exit code is 0 only without differences.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from .census import Census
from .check import Verdict, check, check_seed
from .compare import Difference
from .grammar import focused
from .latency import ORDERS
from .program import program
from .shrink import regression, shrink
from .workers import Failure, Hang, Worker, spread

RECORD = Path(__file__).with_name("RECORD.md")


def task(argument: tuple[int, str | None, str | None]) -> Verdict:
    """A worker's work: a seed, the focus of its program or None, and a source to take instead or None."""
    seed, focus, source = argument
    return check_seed(seed, focus=focus) if source is None else check(source, seed)


TASK = "tests.fuzz.__main__:task"


def verdict_of(seed: int, answer: object) -> Verdict:
    """An answer of a worker as a verdict: a hang is a difference."""
    if isinstance(answer, Hang):
        frames = [line.strip() for line in answer.stack.splitlines() if line.strip().startswith("File")]
        return Verdict(seed, (Difference("hang", " < ".join(frames[:3])),), trace=answer.stack)
    if isinstance(answer, Failure):
        raise SystemExit(f"the harness failed at seed {seed}:\n{answer.text}")
    assert isinstance(answer, Verdict)
    return answer


def campaign(
    first: int,
    count: int,
    *,
    focus: str | None = None,
    jobs: int = 1,
    setup: str | None = None,
    quiet: bool = False,
    stop: int | None = None,
) -> Census:
    """Compare `count` programs from seed `first`; at most `stop` differences."""
    census = Census()
    todo = ((seed, focus, None) for seed in range(first, first + count))
    for (seed, *_), answer in spread(TASK, todo, jobs=jobs, setup=setup):
        verdict = verdict_of(seed, answer)
        census.add(verdict)
        if verdict.differences and not quiet:
            print(f"seed {seed}: {verdict.differences[0]}"[:240], flush=True)
        if stop is not None and census.different >= stop:
            break
    return census


def one(seed: int, focus: str | None = None, *, shrinking: bool = True) -> int:
    """Show, compare and shrink one program."""
    source = program(seed, focus).source
    print(source)
    worker = Worker(TASK, seconds=20)
    try:
        verdict = verdict_of(seed, worker.ask((seed, focus, None)))
        found = "skipped" if verdict.skipped else f"{len(verdict.differences)} differences"
        print(f"# seed {seed}, completion {ORDERS[seed % len(ORDERS)]}: {found}")
        for difference in verdict.differences:
            print("#", difference)
        if not verdict.differences:
            return 0
        if verdict.trace:
            print(verdict.trace[-4000:])
        if shrinking:
            kind = verdict.kind

            def fails(text: str) -> bool:
                return verdict_of(seed, worker.ask((seed, None, text))).kind == kind

            if not fails(source):
                print("# does not fail the same way outside its campaign")
                return 1
            small = shrink(source, fails)
            print("# ---- shrunk ----\n" + small)
            final = verdict_of(seed, worker.ask((seed, None, small)))
            print("\n".join(f"# {difference}" for difference in final.differences))
            print(final.trace[-3000:])
            print("# ---- a test to paste into tests/fuzz/regressions ----\n" + regression(small, seed, kind))
        return 1
    finally:
        worker.close()


def record(arguments: argparse.Namespace, census: Census, seconds: float) -> None:
    """Append what was run and what came out."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=RECORD.parent
    )
    focus = f" --focus {arguments.focus!r}" if arguments.focus else ""
    text = (
        f"\n## {datetime.date.today().isoformat()}, commit {described.stdout.strip() or 'unknown'}\n\n"
        f"`python -m tests.fuzz -n {arguments.n} --seed {arguments.seed}{focus}` · "
        f"seeds {arguments.seed}–{arguments.seed + arguments.n - 1} · "
        f"Python {platform.python_version()} · {seconds:.0f} s with {arguments.jobs} worker(s)\n\n```\n{census}\n```\n"
    )
    with RECORD.open("a") as file:
        file.write(text)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", "--n", type=int, help="how many programs")
    parser.add_argument("--seed", "--start", type=int, default=1, help="the first seed; without -n, the only one")
    parser.add_argument("--focus", metavar="NAME", help="a table of the grammar, or text of its fragments")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--record", action="store_true", help="append the result to RECORD.md")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--stop", type=int, help="end after this many differences")
    arguments = parser.parse_args()
    if arguments.focus:
        try:
            focused(arguments.focus)
        except LookupError as error:
            parser.error(str(error))
    if arguments.n is None:
        return one(arguments.seed, arguments.focus, shrinking=not arguments.no_shrink)
    started = time.perf_counter()
    census = campaign(arguments.seed, arguments.n, focus=arguments.focus, jobs=arguments.jobs, stop=arguments.stop)
    seconds = time.perf_counter() - started
    print(census)
    print(f"{census.programs / seconds * 60:.0f} programs a minute")
    if arguments.record:
        record(arguments, census, seconds)
    return 1 if census.different else 0


if __name__ == "__main__":
    sys.exit(main())
