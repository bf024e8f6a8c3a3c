"""docs/same.md: every test that it names exists; and what it says may differ does so as it says."""

from __future__ import annotations

import random
import re
import threading
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from poppy_ipython import cell, magic, sequential, unordered
from poppy_ipython.engine.run import run_simulated

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "same.md"
_ROW = re.compile(r"^\|(?! \||---)(.*)\|(.*)\|$", re.M)
_NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_every_line_names_a_test_and_every_test_exists() -> None:
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 25
    for said, tests in rows:
        assert _NAMED.search(tests) or re.search(r"untried|tried on \d", tests) or "every test above" in tests, said
    for path, name in _NAMED.findall(PAGE.read_text(encoding="utf-8")):
        assert re.search(rf"^(async )?def {name}\(", (TESTS / path).read_text(encoding="utf-8"), re.M), f"{path}::{name}"


def run(source: str, **names: object) -> dict[str, object]:
    namespace = {"__name__": "__main__", **names}
    assert cell.run(source, namespace).error is None
    return namespace


def test_between_two_looks_at_the_clock_other_calls_run_too() -> None:
    """The clock is read in order; but the second call, which the first waits for, has been sent before."""
    seen: list[str] = []
    together = threading.Barrier(2)

    @unordered
    def ask(n: int) -> int:
        seen.append("call")
        together.wait(10)
        return n

    @sequential("clock")
    def clock() -> int:
        seen.append("clock")
        return len(seen)

    run("t0 = clock()\na = ask(1)\nt1 = clock()\nb = ask(2)\nt2 = clock()", ask=ask, clock=clock)
    assert seen[-2:] == ["clock", "clock"] and sorted(seen) == ["call", "call", "clock", "clock", "clock"]


def test_items_behind_one_whose_own_method_fails() -> None:
    """The error is that of a plain run, and so is what precedes it."""
    source = """
        class Key:
            def __init__(self, n): self.n = n
            def __hash__(self): return 1 // ask(1 - self.n)
        x = {Key(ask(n)): note(n) for n in range(3)}
    """
    notes: list[int] = []
    names = {"ask": unordered(lambda n: n), "note": sequential("notes")(notes.append)}
    result = cell.run(dedent(source), {"__name__": "__main__", **names})
    assert type(result.error) is ZeroDivisionError
    assert notes == [0, 1, 2]  # (a plain run: [0, 1])


def test_an_external_call_has_a_thread_of_its_own() -> None:
    assert run("x = where()", where=unordered(threading.get_ident))["x"] != threading.get_ident()


def test_random_numbers_that_a_call_draws_for_itself_come_when_it_runs() -> None:
    source = "random.seed(3)\na = ask(1)\nx = random.random()\ny = random.random()"
    plain: dict[str, Any] = {"random": random, "ask": lambda _: random.random()}
    exec(source, plain)
    ours: dict[str, Any] = {"__name__": "__main__", "random": random, "ask": unordered(lambda _: random.random())}
    assert run_simulated(source, ours).error is None  # the call answers after the cell has drawn
    assert (ours["x"], ours["y"]) == (plain["a"], plain["x"])


def test_raw_writes_of_external_calls_come_when_they_run(capfd: pytest.CaptureFixture[str]) -> None:
    import os

    together = threading.Barrier(2)

    @unordered
    def ask(n: int) -> int:
        together.wait(10)
        os.write(1, b"raw ")
        together.wait(10)
        return n

    run("print(ask(1), flush=True)\nprint(ask(2), flush=True)", ask=ask)
    assert capfd.readouterr().out == "raw raw 1\n2\n"


def test_a_cell_in_a_terminal_has_a_running_loop() -> None:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    try:
        magic.load(shell)
        text = "import asyncio\nasync def main(): return 3\nasyncio.run(main())"
        assert shell.run_cell(text).result == 3
        assert isinstance(shell.run_cell("%%poppy --quiet\n" + text).error_in_exec, RuntimeError)
    finally:
        magic.unload(shell)
        InteractiveShell.clear_instance()


def test_a_stopiteration_that_leaves_the_cell() -> None:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    try:
        magic.load(shell)
        assert isinstance(shell.run_cell("next(iter([]))").error_in_exec, StopIteration)
        error = shell.run_cell("%%poppy --quiet\nnext(iter([]))").error_in_exec
        assert isinstance(error, RuntimeError) and isinstance(error.__cause__, StopIteration)
    finally:
        magic.unload(shell)
        InteractiveShell.clear_instance()


def test_a_dict_that_outgrows_its_room_in_a_loop_over_it() -> None:
    """CPython moves the entries of the dict then, which decides what its loop meets; the engine knows their order only."""
    source = "d = {k: ask(k) for k in range(3)}\nmet = []\nfor k in d:\n    met.append(k)\n    d[k + 5] = d.pop(k)\n"
    names: dict[str, Any] = {"ask": unordered(lambda k: f"r{k}")}
    run = run_simulated(source, names)  # the loop goes on while the answers are on their way
    assert isinstance(run.error, RuntimeError) and names["met"] == [0, 1, 2]
    plain: dict[str, Any] = {"ask": lambda k: f"r{k}"}
    exec(source, plain)
    assert plain["met"] == [0, 1, 2] and plain["d"] == names["d"]


def test_what_a_sum_from_another_cell_keeps_until_later() -> None:
    """The generator is made of the values that the caller's variables have at the call."""
    kept: list[Any] = []
    source = "def f(q):\n    sum(ask((q, k)) for k in range(2))\n    q = 7\nf(1)\nout = [*kept.pop()]\n"
    names: dict[str, Any] = {"ask": unordered(lambda q: str(q)), "sum": kept.append, "kept": kept}
    assert run_simulated(source, names).error is None and names["out"] == ["(1, 0)", "(1, 1)"]
    plain: dict[str, Any] = {"ask": str, "sum": kept.append, "kept": kept}
    exec(source, plain)
    assert plain["out"] == ["(7, 0)", "(7, 1)"]
