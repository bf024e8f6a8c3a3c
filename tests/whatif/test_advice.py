"""Advice: ranked, with a line to add, and only what a prediction bears out."""

from __future__ import annotations

import ast
import gc

import pytest

from poppy_ipython.trace import CallRecord, Trace
from poppy_ipython.trace.run import Run
from poppy_ipython.whatif import advice
from tests.whatif.simulated import PROGRAMS, ask, judge, record


def titles(trace):
    return [one.title for one in advice(trace)]


def test_more_places_for_calls_that_were_held():
    trace = record(PROGRAMS["map"], limit=2)
    best = advice(trace)[0]
    assert best.code.startswith("%%poppy --max-calls ")
    limit = int(best.code.split()[-1])
    assert record(PROGRAMS["map"], limit=limit).wall == pytest.approx(best.makespan)
    assert best.saves == pytest.approx(trace.wall - best.makespan)
    assert best.whatif().makespan == best.makespan


def test_nothing_to_say_where_nothing_was_held():
    assert titles(record(PROGRAMS["map"])) == []
    assert titles(record(PROGRAMS["chain"])) == []
    assert titles(Trace.of([])) == []
    assert str(advice(Trace.of([]))).startswith("Nothing that the engine held back")


def test_an_undeclared_function_with_the_line_that_declares_it():
    source = "a = ask('a')\nok = gc.isenabled()\nb = judge('b')"
    trace = record(source, names={"ask": ask, "judge": judge, "gc": gc})
    (one,) = advice(trace)
    assert "isenabled" in one.title and one.place == ("<cell>", 2)
    ast.parse(one.code)
    assert one.code.startswith("declare(") and one.code.endswith("unordered)")
    assert one.makespan == pytest.approx(max(call.seconds for call in trace.calls))


def test_ordered_effects():
    trace = record("for d in 'abcdef':\n    save(ask(d))")
    found = advice(trace)
    assert any("declare `save`" in one.title for one in found)
    assert all(one.risk and one.evidence and one.code for one in found)
    assert [one.saves for one in found] == sorted((one.saves for one in found), reverse=True)


def test_a_decision_in_every_round():
    source = "seen = []\nfor d in 'abcdef':\n    a = ask(d)\n    seen.append(a)\n    if len(a) > 9:\n        break\n"
    trace = record(source)
    found = [one for one in advice(trace) if "after the loop" in one.title]
    assert found and found[0].place == ("<cell>", 5)
    assert found[0].makespan == pytest.approx(max(call.seconds for call in trace.calls))


def test_calls_that_were_sent_again():
    calls = [CallRecord(n, "ask", position=(n,), host="h", issued=0, ready=0, started=0, ended=1.0 + 4 * (n == 4), outcome="ok") for n in range(1, 5)]
    calls[3].attempts = 4
    (one,) = advice(Trace.of(calls))
    assert one.code == 'limit("h", calls=2)' and one.saves == pytest.approx(4.0)


def test_it_is_a_list_to_read():
    run = Run(record(PROGRAMS["map"], limit=1))
    text = str(run.advice())
    assert text.startswith("1. raise the limit to ") and "because" in text and "risk" in text


def test_calls_that_compute_in_threads_belong_into_processes(monkeypatch):
    """All at a time, each computing for a quarter of it, as threads of one interpreter do."""
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    calls = [CallRecord(n, "parse", position=(n,), issued=0, ready=0, started=0.0, ended=4.0, outcome="ok", cpu=1.0, line=3) for n in range(1, 5)]
    (one,) = advice(Trace.of(calls))
    assert one.title == "run `parse` in processes" and one.code == 'declare(parse, unordered(backend="processes"))'
    assert "computed for 4.0 s in threads" in one.evidence and one.saves > 0
    idle = [CallRecord(n, "ask", position=(n,), issued=0, ready=0, started=0.0, ended=4.0, outcome="ok", cpu=0.01) for n in range(1, 5)]
    assert not advice(Trace.of(idle))
