"""Predictions against the engine itself, on the simulated clock; and what must hold for every one of them."""

from __future__ import annotations

import doctest
import importlib
import time

import pytest
from hypothesis import given, settings, strategies as st

from poppy_ipython.trace import CallRecord, Trace
from poppy_ipython.whatif import at_once, faster, predict, sequentially, simulate, slower, unlimited
from tests.fuzz.program import program
from tests.fuzz.runs import Result, Runaway, plain, run_in
from tests.fuzz.world import World, declared
from tests.trace.consistency import inconsistencies
from tests.whatif.simulated import PROGRAMS, record

MODULES = ("advice", "graph", "levers", "menu", "play", "result", "scaled", "simulate", "undecided", "walk")
everywhere = pytest.mark.parametrize("name", PROGRAMS)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_docstrings(name):
    assert not doctest.testmod(importlib.import_module(f"poppy_ipython.whatif.{name}")).failed


@everywhere
@pytest.mark.parametrize("limit", [None, 2])
def test_without_a_lever_it_is_as_it_was(name, limit):
    trace = record(PROGRAMS[name], limit=limit)
    again = simulate(trace)
    assert again.wall == pytest.approx(trace.wall, rel=1e-9)
    for was, now in zip(trace.calls, again.calls, strict=True):
        assert (now.started, now.ended) == pytest.approx((was.started, was.ended))
    assert inconsistencies(again) == []


@everywhere
@pytest.mark.parametrize("callee", ["ask", "judge", "save"])
@pytest.mark.parametrize("factor", [0.25, 0.5, 4.0])
def test_another_latency_is_predicted(name, callee, factor):
    trace = record(PROGRAMS[name])
    if callee not in {call.callee for call in trace.calls}:
        factor, callee = 2.0, trace.calls[0].callee
    measured = record(PROGRAMS[name], {callee: factor})
    assert predict(trace, slower(factor, callee)).makespan == pytest.approx(measured.wall, rel=0.02)


@everywhere
@pytest.mark.parametrize("limit", [1, 2, 3, 64])
def test_another_limit_is_predicted(name, limit):
    trace = record(PROGRAMS[name], limit=4)
    measured = record(PROGRAMS[name], limit=limit)
    assert predict(trace, at_once(limit)).makespan == pytest.approx(measured.wall, rel=0.08)


@everywhere
def test_one_at_once_is_sequential(name):
    """All these calls go to one host."""
    trace = record(PROGRAMS[name])
    if len({call.host for call in trace.calls}) == 1:
        assert predict(trace, at_once(1)).makespan == pytest.approx(trace.call_seconds)
    assert predict(trace, sequentially()).makespan == pytest.approx(trace.call_seconds)


@everywhere
@given(factor=st.floats(1.0, 16.0), seed=st.integers(0, 3))
@settings(max_examples=8, deadline=None)
def test_faster_is_never_slower_where_nothing_is_limited(name, factor, seed):
    trace = record(PROGRAMS[name], seed=seed)
    now = predict(trace).makespan
    for callee in {call.callee for call in trace.calls}:
        assert predict(trace, faster(factor, callee)).makespan <= now + 1e-9
    assert predict(trace, unlimited()).makespan <= now + 1e-9


@pytest.mark.parametrize("seed", [2, 5, 8, 12, 14, 17, 20, 23, 26])
def test_programs_of_the_fuzzer(seed):
    """Any program at all is played as it was; and twice as slow in all its parts it takes twice as long."""
    text = program(seed)
    source = text if isinstance(text, str) else text.source
    try:
        plain(source, seed)
    except Runaway:
        pytest.fail("choose another seed: this program runs away")
    found = []

    def run(source, namespace, name):
        from poppy_ipython.engine.run import run_simulated, trace_of

        outcome = run_simulated(source, namespace, filename=name, latency=lambda call: 0.5 + len(call.record.callee) / 7, debug=False)
        found.append(trace_of(outcome.machine, 0.0, outcome.makespan, 0.0, None, name))
        return Result(outcome.value, outcome.error, 0, outcome.overlap, outcome.makespan)

    run_in(World(declared), source, seed, run)
    (trace,) = found
    assert predict(trace).makespan == pytest.approx(trace.wall, rel=0.02)
    assert predict(trace, slower(2)).makespan == pytest.approx(2 * trace.wall, rel=0.02)


def many(count: int) -> Trace:
    times = [0.0001 * number for number in range(count)]
    calls = [
        CallRecord(number, "ask", position=(number,), issued=at, ready=at, started=at, ended=at + 0.5, outcome="ok")
        for number, at in enumerate(times, 1)
    ]
    return Trace.of(calls)


def test_forty_thousand_calls_a_second():
    """CPU time, the best of three: the machine may be busy."""
    trace = many(4000)
    predict(trace)
    best = 9.0
    for _ in range(3):
        began = time.process_time()
        predict(trace, faster(2, "ask"), at_once(64))
        best = min(best, time.process_time() - began)
    assert 4000 / best > 40_000


def test_a_run_without_calls():
    trace = Trace.of([], ended=0.5)
    assert predict(trace, faster(2)).makespan == 0.5
    assert simulate(trace).wall == 0.5


def test_a_clock_that_jumped():
    """Times that contradict each other: a prediction comes out, and no call before the run."""
    one = CallRecord(1, "ask", position=(1,), issued=0.0, ready=0.0, started=0.0, ended=-5.0, outcome="ok")
    two = CallRecord(2, "ask", position=(2,), issued=9.0, ready=1.0, started=1.0, ended=2.0, outcome="ok", needs=[(one, "data", 1, None)], cause=one)
    trace = simulate(Trace.of([one, two], ended=10.0), faster(2, "ask"))
    assert all(0 <= call.issued <= call.ready <= call.started <= call.ended for call in trace.calls)
