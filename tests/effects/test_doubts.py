"""Declarations that are seen to be false are reported: beside the callee in `%poppy effects`, and once as a warning."""

from __future__ import annotations

import json
import random
import time

import pytest

from poppy_ipython.display.effects import effects_table
from poppy_ipython.effects import local, pure, readonly, sequential, unordered
from poppy_ipython.effects.doubts import doubt
from poppy_ipython.engine.run import run_simulated, trace_of


@sequential("db")
def flag(user): ...


@unordered
def search(query): ...


def sleeps(n):
    return time.sleep(n)


def draws():
    return random.random()


def asks(q):
    text = json.dumps(q)
    return search(text)


def flags(user):
    if user:
        return flag(user)
    return None


def computes(x):
    return json.dumps(sorted(x), default=None), [y + 1 for y in x], max(x)


@pytest.mark.parametrize(
    ("function", "effect", "said"),
    [
        (sleeps, pure, "calls time.sleep, which is sequential('clock')"), (draws, local, "calls Random.random, which is sequential('rng')"),
        (asks, pure, "calls tests.effects.test_doubts.search, which is unordered"), (computes, pure, ""), (sleeps, unordered, ""),
        (flags, unordered, "calls tests.effects.test_doubts.flag, which is sequential('db')"), (flags, readonly("files"), ""),
        (flags, readonly("db"), "calls tests.effects.test_doubts.flag, which is sequential('db')"), (flags, sequential("db"), ""), (len, pure, ""),
    ],
)  # fmt: skip
def test_what_its_code_calls(function, effect, said):
    assert doubt(function, effect) == said


def test_it_is_said(caplog):
    @pure
    def half(x):
        time.sleep(0)
        return x / 2

    outcome = run_simulated("out = [half(i) for i in range(3)]\nfor i in range(3): out.append(ask(half(i)))", {"half": half, "ask": unordered(lambda x: x)})
    assert outcome.error is None
    table = effects_table(trace_of(outcome.machine, 0.0, outcome.makespan, 0.0, None, "<cell>"))
    assert "pure?" in table and "calls time.sleep, which is sequential('clock'): the declaration is not true" in table
    assert [record.getMessage().count("calls time.sleep") for record in caplog.records if "declared" in record.getMessage()] == [1]


@unordered
def takes_out(tasks, more=None):
    return tasks.pop()


@unordered
def reads(tasks, more=None):
    return len(tasks)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("takes_out([1, 2])", "changes an argument, a list"), ("takes_out([ask(1), ask(2)])", "changes an argument, a list"),
        ("takes_out({1, 2})", "changes an argument, a set"), ("reads([1, ask(2)], more={'a': [1]})", ""),
        ("xs = [1]; r = reads(xs); xs.append(ask(2)); xs.append(3); r2 = reads(xs)", ""),
        ("xs = [1, 2]; r = reads(xs); r2 = reads(xs, more=xs)", ""),
    ],
)  # fmt: skip
def test_arguments_that_are_changed(source, said, caplog):
    names = {"takes_out": takes_out, "reads": reads, "ask": unordered(lambda x: x)}
    outcome = run_simulated(f"for i in range(3): {source}", names)
    assert outcome.error is None
    doubts = {use.doubt for use in outcome.machine.uses.values() if use.what in ("takes_out", "reads")}
    assert doubts == {said} and len(caplog.records) == bool(said)


@sequential(lambda row: ("row", row["id"]))
def save(row):
    return row.get("id", "none")


@pytest.mark.parametrize(("rows", "said"), [([{"id": 1}, {"id": 2}], ""), ([{"id": 1}, {}, {}], "has a resource that cannot be told (KeyError: 'id')")])
def test_a_resource_that_cannot_be_told(rows, said, caplog):
    """The call is made all the same, in the order of everything; the table and one warning say it."""
    names = {"save": save, "rows": rows}
    outcome = run_simulated("out = [save(row) for row in rows]", names)
    assert outcome.error is None and names["out"] == [row.get("id", "none") for row in rows]
    assert [use.doubt for use in outcome.machine.uses.values() if use.what == "save"] == [said]
    assert [record.getMessage() for record in caplog.records] == ([f"tests.effects.test_doubts.save {said}: ordered with everything"] if said else [])


def test_a_call_that_fails_by_itself_is_no_doubt(caplog):
    outcome = run_simulated("save()", {"save": save})
    assert isinstance(outcome.error, TypeError) and not caplog.records


def test_who_of_several_has_changed_it_is_not_guessed(caplog):
    names = {"takes_out": takes_out, "reads": reads}
    outcome = run_simulated("xs = list(range(9))\na = reads(xs)\nb = takes_out(xs)", names)
    assert outcome.error is None and not caplog.records


def test_a_call_that_nobody_waits_for_any_more_is_not_asked(caplog):
    @unordered
    def fail(x):
        raise ValueError(x)

    source = """
xs = [1]
try:
    out = [fail(0), reads(xs)]
except ValueError:
    xs.append(2)
r = reads(xs)
"""
    names = {"reads": reads, "fail": fail}
    outcome = run_simulated(source, names, latency=lambda call: 1.0 if call.fn is fail else 5.0)
    assert outcome.error is None and names["r"] == 2 and not caplog.records
