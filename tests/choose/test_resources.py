"""Capacities are respected, whatever needs what."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st
from IPython.core.error import UsageError

from poppy_ipython import unordered
from poppy_ipython.choose import alternatives, option
from poppy_ipython.choose.resources import CAPACITIES
from poppy_ipython.commands import command
from poppy_ipython.trace.export import from_json, to_json
from poppy_ipython.trace.occupied import occupied
from tests.choose.simulated import play


@unordered
def train(x):
    return x


@unordered
def infer(x):
    return x


@unordered
def spare(x):
    return x


def used(run, needs):
    """The most units in use at one time."""
    changes = []
    for call in run.trace.sent:
        units = needs.get(call.choice or call.callee, 0)
        changes += [(call.started, 1, units), (call.ended, 0, -units)]
    most = now = 0
    for _, _, units in sorted(changes):
        now += units
        most = max(most, now)
    return most


@settings(max_examples=25)
@given(capacity=st.integers(2, 6), first=st.integers(1, 2), second=st.integers(1, 2), order=st.text("ti", min_size=1, max_size=12))
def test_never_more_than_there_is(capacity, first, second, order):
    one = alternatives(option(train, seconds=1.0, resource={"gpu": first}), spare)
    two = alternatives(option(infer, seconds=0.3, resource={"gpu": second}), spare)
    CAPACITIES.set({"gpu": capacity})
    source = "\n".join(f"v{n} = {'one' if c == 't' else 'two'}({n})" for n, c in enumerate(order))
    played = play(source, {"one": one, "two": two})
    assert played.error is None
    most = used(played.run, {"train": first, "infer": second})
    assert most <= capacity
    want = sum(first if c == "t" else second for c in order)
    assert most >= min(want, capacity - max(first, second) + 1)  # and what fits is not left idle


def test_a_direct_call_of_an_alternative_occupies_it_too():
    both = alternatives(option(train, seconds=1.0, resource="gpu"), spare)
    CAPACITIES.set({"gpu": 1})
    assert play("a = both(1)\nb = train(2)", {"both": both, "train": train}).seconds == pytest.approx(2.0)


def test_without_a_capacity_there_is_enough():
    both = alternatives(option(train, seconds=1.0, resource="gpu"), spare)
    assert play("out = [both(n) for n in range(5)]", {"both": both}).seconds == pytest.approx(1.0)


def test_the_command_says_and_takes_back():
    assert "No capacity" in command("resources", None, None, None)
    assert command("resources gpu=2 endpoint:vllm=32 cpu=16", None, None, None) == "cpu = 16\nendpoint:vllm = 32\ngpu = 2"
    assert command("resources gpu=none cpu=4", None, None, None) == "cpu = 4\nendpoint:vllm = 32"


@pytest.mark.parametrize("line", ["gpu", "gpu=", "gpu=0", "gpu=-1", "gpu=many", "=2", "9x=1"])
def test_a_capacity_that_cannot_be_meant(line):
    with pytest.raises(UsageError, match="a whole number from 1 on"):
        command(f"resources {line}", None, None, None)


def test_what_can_never_run_is_never_chosen():
    both = alternatives(option(train, seconds=0.1, resource="gpu=4"), option(spare, seconds=1.0))
    CAPACITIES.set({"gpu": 2})
    assert play("x = both(1)", {"both": both}).chosen == ["spare"]


def test_what_calls_occupy_is_in_the_trace_and_never_more_than_there_is():
    one = alternatives(option(train, seconds=1.0, resource="gpu=2, cpu=1"), spare)
    CAPACITIES.set({"gpu": 5})
    run = play("out = [one(n) for n in range(7)]\nx = spare(0)", {"one": one, "spare": spare}, seconds={"spare": 0.5}).run
    assert {call.occupies for call in run.trace.sent} == {(("gpu", 2, 5),), ()}  # of cpu there is enough
    (gpu,) = occupied(run.trace)
    assert (gpu.name, gpu.capacity, gpu.peak, gpu.steps[-1][1]) == ("gpu", 5, 4, 0)
    assert gpu.share(0.0, 3.0) == pytest.approx(4 / 5)
    again = from_json(to_json(run.trace))
    assert occupied(again) == (gpu,)
