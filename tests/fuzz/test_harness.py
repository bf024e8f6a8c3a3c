"""The fuzzer tested against itself: plain against plain agrees, runs that are wrong on purpose are noticed, shrinking
shrinks."""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable

import pytest

from . import faulty, mutants
from .check import Other, check, check_seed
from .program import program
from .runs import plain
from .shrink import regression, shrink
from .workers import Failure, Hang, Worker
from .world import World

PROGRAMS = 60


def noticed(other: Other, programs: int = PROGRAMS) -> int:
    return sum(bool(check_seed(seed, other).differences) for seed in range(programs))


def test_plain_agrees_with_plain() -> None:
    assert noticed(plain, 120) == 0


@pytest.mark.parametrize("fault", faulty.SOURCES, ids=lambda fault: fault.__name__)
def test_a_changed_program_is_noticed(fault: faulty.Fault) -> None:
    assert noticed(faulty.by_source(fault)) >= 3


@pytest.mark.parametrize("spoil", faulty.AFTERTHOUGHTS, ids=lambda spoil: spoil.__name__)
def test_a_spoiled_result_is_noticed(spoil: Callable) -> None:
    assert noticed(faulty.by_afterthought(spoil)) >= 3


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_every_generated_program_compiles() -> None:
    for seed in range(400):
        compile(program(seed).source, f"<{seed}>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def test_a_seed_replays_exactly() -> None:
    assert [program(seed) for seed in range(30)] == [program(seed) for seed in range(30)]


def test_worlds_answer_alike_and_share_nothing() -> None:
    a, b = World(), World()
    assert a.functions["mk"](3) == b.functions["mk"](3)
    a.functions["put"](1, 2)
    assert b.events == [] and a.events[0][0] == "put"


def test_shrinking_keeps_what_matters() -> None:
    source = "x = [1, 2]\nfor q in x:\n    if q:\n        y = f(q, g(len(x) + 1))\n    else:\n        pass\nprint(y)\n"
    small = shrink(source, lambda text: "g(" in text and "for " in text)
    assert small == "for q in x:\n    g()\n"


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_a_shrunk_failure_still_fails_in_the_same_way() -> None:
    other = faulty.by_source(faulty.swallowed)
    seed = next(seed for seed in range(2000) if check_seed(seed, other).kind == "output")
    kind = check_seed(seed, other).kind
    small = shrink(program(seed).source, lambda text: check(text, seed, other).kind == kind, tries=400)
    assert check(small, seed, other).kind == kind
    assert len(small) < len(program(seed).source) / 2
    compile(regression(small, seed, kind), "?", "exec")


def machines_left(_: object) -> int:
    from poppy_ipython.engine.machine import Machine

    for seed in range(1_000_020, 1_000_040):
        check_seed(seed)
    gc.collect()
    return len([thing for thing in gc.get_objects() if type(thing) is Machine])


def test_nothing_of_the_engine_outlives_its_run() -> None:
    """In a process of its own: other tests keep failures, and with them what those happened in."""
    worker = Worker(f"{__name__}:machines_left")
    try:
        assert worker.ask(None) == 0
    finally:
        worker.close()


def install_all(_: object) -> list[str]:
    for name in mutants.MUTANTS:
        mutants.install(name)
    return list(mutants.MUTANTS)


def test_every_mutant_finds_what_it_breaks() -> None:
    """In a process of its own. A rule that has moved is a failure of the harness, not a mutant caught."""
    worker = Worker(f"{__name__}:install_all")
    try:
        assert worker.ask(None) == list(mutants.MUTANTS)
    finally:
        worker.close()
    worker = Worker(f"{__name__}:hang_or_answer", setup="tests.fuzz.mutants:install=no such mutant")
    try:
        assert isinstance(worker.ask(False), Failure)
    finally:
        worker.close()


def hang_or_answer(argument: bool) -> str:
    while argument:
        pass
    return "answer"


def test_a_hang_is_reported_with_its_stack_and_the_worker_goes_on() -> None:
    worker = Worker(f"{__name__}:hang_or_answer", seconds=0.3)
    try:
        hung = worker.ask(True)
        assert isinstance(hung, Hang) and "hang_or_answer" in hung.stack
        assert worker.ask(False) == "answer"
    finally:
        worker.close()
