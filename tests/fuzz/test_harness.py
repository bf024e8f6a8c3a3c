"""The fuzzer tested against itself: plain against plain agrees, runs that are wrong on purpose are noticed, shrinking
shrinks."""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable

import pytest

from . import faulty, mutants
from .check import Other, check, check_seed
from .grammar import EXPRESSIONS, STATEMENTS, Production, Writer, focused
from .idioms import idiom
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


def test_a_focus_fills_a_program_with_some_productions() -> None:
    plain, narrow = ([program(seed, focus).source for seed in range(40)] for focus in (None, "tenacity"))
    assert sum("tenacity" in text for text in plain) < 8 < 30 < sum("tenacity" in text for text in narrow)
    assert sum(text.count("tenacity as") for text in narrow) > 60  # and other statements beside them
    assert sum("tenacity" not in line for text in narrow for line in text.splitlines() if line[:4] in ("for ", "try:")) > 20


def test_a_focus_is_a_table_or_a_text() -> None:
    assert {one.table for one in focused("files")} == {"files"}  # not what has this word in its text
    assert all("except NameError" in one.text for one in focused("except NameError"))
    assert {one.text for one in focused("^_(try|with)$")} == {"_try", "_with"}
    assert len({one.table for one in focused("^")}) > 15
    with pytest.raises(LookupError, match="no table is called"):
        program(1, "no such fragment")


class Suspending(Writer):
    """Each expression is one that only some places allow, wherever the generator takes a place for one of these."""

    def __init__(self, seed: int, needs: str, text: str) -> None:
        super().__init__(seed)
        self._needs, self._text = needs, text
        self.functions = [("f", "int", "f(<int>)"), ("f", "list", "f(<int>)")]
        self.methods = [("int", "m(<int>)")]
        self.generators = ["g"]

    def expr(self, kind: str) -> str:
        return self._text if self.has(self._needs) else "i0"

    def block(self, least: int = 1, most: int = 3) -> None:
        self.lines.append("    " * (self.indent + 1) + "pass")


def misplaced(production: Production) -> str | None:
    """The text of a production whose holes stand where their expressions cannot."""
    for needs, text in (("top", "(await anum(1))"), ("binding", "(i2 := 2)")):
        for seed in range(1 if production.text[:1] != "_" else 6):
            w = Suspending(seed, needs, text)
            w.lines = ["while i0:" if production.needs == "loop" else "def f():" if production.needs == "function" else "if i0:"]
            w.in_function = production.needs == "function"
            w.indent = 1
            if written := production.write(w):
                w.line(written)
            source = "\n".join(w.lines)
            try:
                compile(source, "?", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            except SyntaxError:
                return source
    return None


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_fragments_have_holes_only_where_any_expression_may_stand() -> None:
    """An `{int}` may be an `await`, which no function of a fragment can hold."""
    assert [text for productions in (STATEMENTS, *EXPRESSIONS.values()) for one in productions if (text := misplaced(one))] == []
    kept = len(STATEMENTS)
    try:
        for text in ("def @(q): return {int}", "class @:\n    n = {int}", "@ = sorted({list}, key=lambda q:\n    {int})"):
            idiom(1, text)
        assert all(misplaced(one) for one in STATEMENTS[kept:])
    finally:
        del STATEMENTS[kept:]


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

    for seed in [*range(1_000_000, 1_000_020), 1_000_182]:
        check_seed(seed)
    for _ in range(3):  # a greenlet or generator that is killed as garbage is freed, with what it held, by the next collection
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


def test_every_mutant_is_looked_for_where_its_rule_is_met() -> None:
    for mutant in mutants.MUTANTS.values():
        assert mutant.focus is None or focused(mutant.focus)


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
