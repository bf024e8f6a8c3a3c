"""Branches on values in flight: not started before their test is there, and nobody can tell.

        a ──▶ if a ──▶ …            the log of the cell: a call, a unit, a call, a unit
        b ──▶ if b ──▶ …            each unit starts when *its* call is back, whatever the order
"""

from __future__ import annotations

import linecache
import traceback
from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import Outcome, run_simulated

LATER = {n: float(9 - n) for n in range(9)}  # the first call is back last


@unordered
def num(n: int) -> int:
    return n


def ran(source: str, latency: Any = 1.0, **names: Any) -> tuple[Outcome, dict[str, Any]]:
    """The cell on the simulated clock; it has left what a plain run leaves, the exception's text included."""
    plain: dict[str, Any] = {"num": num, **names}
    ours: dict[str, Any] = {"num": num, **names}
    linecache.cache["<branches>"] = (len(source), None, source.splitlines(True), "<branches>")
    expected = None
    try:
        exec(compile(source, "<branches>", "exec"), plain)
    except Exception as error:
        expected = error.with_traceback(error.__traceback__.tb_next if error.__traceback__ else None)
    outcome = run_simulated(source, ours, filename="<branches>", latency=latency)
    assert text(outcome.error) == text(expected)
    del plain["__builtins__"]
    ours.pop("__builtins__", None)
    assert {k: v for k, v in ours.items() if not callable(v)} == {k: v for k, v in plain.items() if not callable(v)}
    return outcome, ours


def text(error: BaseException | None) -> str:
    return "" if error is None else "".join(traceback.format_exception(error))


LOOP = """
odd, even = [], []
for i in range(8):
    answer = num(i)
    if answer % 2:
        odd.append(answer)
    else:
        even.append(answer)
"""


def test_one_greenlet_is_enough_for_branches_that_run_to_their_end() -> None:
    used: list[Any] = []

    def watch(machine: Any) -> None:
        worker = machine.worker
        machine.worker = lambda: used.append(worker()) or used[-1]  # type: ignore[func-returns-value]

    outcome = run_simulated(LOOP, {"num": num}, latency=lambda call: LATER[call.args[0]], mutate=watch)
    assert outcome.overlap == 8 and outcome.makespan == 9.0
    assert len(used) == 9  # the loop and eight branches,
    assert len(set(map(id, used))) <= 2  # all branches one after another in the same greenlet


def test_calls_of_branches_overlap() -> None:
    outcome, _ = ran("out = []\nfor i in range(6):\n    r = num(i)\n    if r % 2:\n        r = num(r + 1)\n    out.append(r)")
    assert outcome.makespan == 2.0 and outcome.overlap == 6


def test_a_younger_read_waits_for_what_the_branch_may_write() -> None:
    outcome, left = ran("d = {'n': 1}\nif num(0) < 1:\n    d['n'] = 2\nx = num(d['n'])\nif num(3) > 5:\n    d = None\ny = d['n']")
    assert left["x"] == left["y"] == 2
    assert outcome.makespan >= 2.0


@pytest.mark.parametrize(
    "test", ["num(i) / (i - 2) > 0", "num(i) + ''", "num(i)[0]", "not num(i).nothing", "num(i) < 1 < ''", "num(i)"]
)
@pytest.mark.parametrize("scope", ["cell", "function"])
def test_a_test_that_raises_does_so_where_it_stands(test: str, scope: str) -> None:
    source = f"out = []\nfor i in range(4):\n    if {test}:\n        out.append(1 / (i - 3))\n    else:\n        out.append(i)"
    if scope == "function":
        source = "def f(out):\n" + "\n".join("    " + line for line in source.splitlines()[1:]) + "\nout = []\nf(out)"
    ran(source)


def test_a_branch_behind_a_fault_never_runs() -> None:
    source = """
seen = []
for i in range(4):
    if num(i) == 1:
        raise ValueError(i)
    if num(10 + i) > 5:
        seen.append(num(i))
"""
    outcome, left = ran(source, latency=lambda call: LATER[call.args[0] % 10])
    assert isinstance(outcome.error, ValueError) and left["seen"] == [0]


def test_a_caught_fault_drops_branches_that_have_not_begun() -> None:
    source = """
seen = []
try:
    a = 1 / num(0)
    if num(1) > 0:
        seen.append('no')
    b = 1 if num(2) > 1 else 2
except ZeroDivisionError:
    seen.append('yes')
"""
    _, left = ran(source)
    assert left["seen"] == ["yes"] and "b" not in left


def test_user_code_in_a_test_runs_in_order() -> None:
    source = """
class Counted:
    def __init__(self, n): self.n = n
    def __gt__(self, other):
        log.append(self.n)
        return self.n > other
log, out = [], []
def one(n):
    c = Counted(num(n))
    if c > 1:
        out.append(n)
for n in range(4):
    one(n)
    log.append('after')
"""
    _, left = ran(source, latency=lambda call: LATER[call.args[0]])
    assert left["log"] == [0, "after", 1, "after", 2, "after", 3, "after"]


def test_what_an_inner_function_closes_over_is_written_by_its_branches() -> None:
    source = """
items = []
def outer(kept):
    def one(q):
        if num(q) > 1:
            kept.append(q)
        return q
    return [one(q) for q in range(4)]
outer(items)
n = num(len(items))
"""
    _, left = ran(source, latency=lambda call: LATER[call.args[0]])
    assert left["n"] == 2
