"""A run goes so far ahead and no further: entries, units, bytes of arguments, results that nobody can read."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine import window
from poppy_ipython.engine.machine import Machine
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import check_seed

BOUND = 60


@unordered
def ask(q: object) -> str:
    return f"r{q}"


@unordered
def num(q: int) -> int:
    return q


class Answer:
    alive: weakref.WeakSet[Answer] = weakref.WeakSet()

    def __init__(self, text: str) -> None:
        self.text = text
        self.alive.add(self)


@unordered
def answer(q: object) -> Answer:
    return Answer(f"r{q}")


def ran(source: str, bound: int = BOUND, held: int = window.MOST_HELD) -> tuple[dict[str, Any], float, dict[str, int]]:
    """What a cell leaves, how long it takes where a call takes a second, and the most of everything while it ran."""
    most = {"outstanding": 0, "held": 0, "alive": 0}

    def narrow(machine: Machine) -> None:
        machine.window, machine.most_held = bound, held
        settle = machine.settle

        def look(entry: Any) -> None:
            for name, now in (("outstanding", machine.outstanding), ("held", machine.held), ("alive", len(Answer.alive))):
                most[name] = max(most[name], now)
            settle(entry)

        machine.settle = look  # type: ignore[method-assign]

    names: dict[str, Any] = {"ask": ask, "num": num, "answer": answer}
    outcome = run_simulated(source, names, mutate=narrow)
    assert outcome.error is None
    assert (outcome.machine.outstanding, outcome.machine.held) == (0, 0)
    return names, outcome.makespan, most


LOOPS = {
    "calls": ("out = [ask(i) for i in range(600)]", 1.0),
    "units": ("def f(i): return ask(i)\nout = []\nfor i in range(600): out.append(f(i))", 1.0),
    "two steps": (
        "def f(i):\n    a = ask(i)\n    return ask(a) if a > 'r2' else a\nout = []\nfor i in range(600): out.append(f(i))",
        2.0,
    ),
    "branches": ("out = []\nfor i in range(600):\n    a = ask(i)\n    if a > 'r3': out.append(a)", 1.0),
    "decided alike": ("a = ask(0)\nout = []\nfor i in range(600):\n    if a > 'r': out.append(i)", 1.0),
    "a generator": (
        "def items():\n    for n in range(9000): yield n\nout = []\nfor n in items():\n    if n % 15 == 0: out.append(ask(n))",
        1.0,
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_long_loop_is_bounded_whatever_it_consists_of(name):
    source, ideal = LOOPS[name]
    plain: dict[str, Any] = {"ask": ask, "num": num}
    exec(source, plain)
    names, makespan, most = ran(source)
    assert names["out"] == plain["out"]
    assert most["outstanding"] <= 3 * BOUND + 20  # stores up to the next call
    _, unbounded, all_of_it = ran(source, bound=10**9)
    assert unbounded == ideal and (all_of_it["outstanding"] >= 600 or name == "a generator")
    entries = 9000 + 3 * 600 if name == "a generator" else 5 * 600  # stores of the loop's variable are counted
    assert makespan <= ideal * (1 + entries / BOUND), "what is begun is finished first: the window stays in use"


def test_an_endless_loop_that_waits_for_its_condition_has_one_round_outstanding():
    names, makespan, most = ran("n = 0\nwhile True:\n    a = num(n)\n    if a >= 500: break\n    n += 1", bound=10**9)
    assert (names["n"], makespan) == (500, 501.0) and most["outstanding"] < 8


def test_arguments_are_bounded_by_their_bytes_and_shared_ones_counted_once():
    fresh = "out = [len(ask([{'content': str(i) * 10_000}])) for i in range(200)]"
    _, makespan, most = ran(fresh, bound=10**9, held=400_000)
    assert most["held"] <= 400_000 + 30_049 and makespan > 5
    _, makespan, most = ran("text = 'x' * 100_000\nout = [ask((i, text)) for i in range(200)]", bound=10**9, held=400_000)
    assert makespan == 1.0 and 100_000 < most["held"] < 101_000


def test_results_that_nobody_can_read_any_more_are_let_go():
    names, _, most = ran("n = 0\nfor i in range(6000):\n    n += len(answer(i).text)", bound=200)
    assert names["n"] == sum(len(f"r{i}") for i in range(6000))
    assert most["alive"] < 2500
    names.clear()


@pytest.mark.parametrize(("bound", "first"), [(2, 30), (5, 60), (12, 100)])
def test_programs_leave_the_same_in_any_window(monkeypatch, bound, first):
    monkeypatch.setattr(window, "WINDOW", bound)
    monkeypatch.setattr(window, "MOST_HELD", 10)
    monkeypatch.setattr(window, "LARGE", 1)
    left = []
    close = Machine.close

    def closed(machine: Machine) -> None:
        left.append((machine.outstanding, machine.held))
        close(machine)

    monkeypatch.setattr(Machine, "close", closed)
    verdicts = [check_seed(seed) for seed in range(first, first + 12)]
    assert [verdict.differences for verdict in verdicts] == [()] * 12
    assert len(left) > 6 and set(left) == {(0, 0)}
