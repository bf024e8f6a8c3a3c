"""Each lever does what its sentence says, and refuses what cannot be meant."""

from __future__ import annotations

import pytest

from poppy_ipython.trace import CallRecord, Trace
from poppy_ipython.trace.run import Run
from poppy_ipython.whatif import (
    BadLever,
    after_loop,
    at_once,
    cached,
    effect,
    expected,
    faster,
    per_minute,
    predict,
    profile,
    rounds,
    scaled,
    slower,
    streaming,
    what_if,
    without_retries,
)  # fmt: skip
from tests.trace.drawing import draw
from tests.whatif.simulated import PROGRAMS, ask, judge, record, save


def test_effects_are_predicted_as_the_engine_then_runs():
    from poppy_ipython.effects import readonly, unordered

    source = "for d in 'abcdef':\n    save(ask(d))"
    trace = record(source)
    for word, declare in (("unordered", unordered), ("readonly('db')", readonly("db"))):

        def save(text):
            return len(text)

        save.__qualname__ = "save"
        declared = declare(save)
        measured = record(source, names={"ask": ask, "save": declared})
        assert predict(trace, effect(word, "save")).makespan == pytest.approx(measured.wall, rel=0.02)


def test_an_undeclared_function_that_is_declared():
    import gc

    source = "a = ask('a')\nok = gc.isenabled()\nb = judge('b')"
    trace = record(source, names={"ask": ask, "judge": judge, "gc": gc})
    assert trace.wall == pytest.approx(trace.call_seconds)
    overlapped = max(call.seconds for call in trace.calls)
    assert predict(trace, effect("unordered", "isenabled")).makespan == pytest.approx(overlapped)


def test_ordered_calls_moved_below_the_loop():
    source = "out = []\nfor d in 'abcd':\n    out.append(judge(ask(d)))\n    save(d)"
    below = "out = []\nfor d in 'abcd':\n    out.append(judge(ask(d)))\nfor d in 'abcd':\n    save(d)"
    trace = record(source)
    latest = max(call.ended for call in trace.calls if call.callee != "save")
    saving = sum(call.seconds for call in trace.calls if call.callee == "save")
    assert predict(trace, after_loop("save")).makespan == pytest.approx(latest + saving)
    assert record(below).wall > 0


def test_more_rounds():
    source = "out = []\nfor d in docs:\n    out.append(judge(ask(d)))\nend = ask(''.join(out))"
    names = {"ask": ask, "judge": judge}
    trace = record(source, limit=4, names={**names, "docs": "abcde"}, seed=None)
    measured = record(source, limit=4, names={**names, "docs": "abcdefgh" * 10}, seed=None)
    for lever in (scaled(16), rounds(80)):
        made = predict(trace, lever)
        assert len(made.played.ended) == 161
        assert made.makespan == pytest.approx(measured.wall, rel=0.02)
        assert "80 rounds" in made.notes[0]
    assert len(predict(trace, rounds(2)).played.ended) == 5


def test_a_chain_stays_one_when_it_grows():
    trace = record("x = 'a'\nfor n in range(5):\n    x = ask(x)")
    seconds = sum(call.seconds for call in trace.calls)
    assert 3 * seconds < predict(trace, scaled(4)).makespan < 5 * seconds


def test_cached_calls_take_no_time_and_no_place():
    trace = record("out = [ask(d) for d in 'abcdefgh']", limit=2)
    made = predict(trace, cached(0.5, "ask"))
    assert sum(made.scene.graph.at_once) == 4
    assert predict(trace, cached(1, "ask")).makespan == 0
    assert made.makespan < trace.wall


def test_a_rate():
    trace = record("out = [ask(d) for d in 'abcd']")
    made = predict(trace, per_minute(2, "ask"))
    assert made.makespan > 60
    assert made.walk.where[0][0].startswith("waiting for a place")


def test_a_limit_of_one_callee():
    trace = record("out = [ask(d) for d in 'abcd'] + [judge(d) for d in 'abcd']")
    made = predict(trace, at_once(1, "judge"))
    assert made.makespan == pytest.approx(sum(call.seconds for call in trace.calls if call.callee == "judge"))


def test_another_profile():
    trace = record("out = [judge(ask(d)) for d in 'abcd']")
    assert predict(trace, profile(0.0, "ask"), profile(1.0, "judge")).makespan == pytest.approx(1.0)
    other = record("out = [ask(d) for d in 'ab']", {"ask": 10.0})
    assert predict(trace, profile(other, "ask")).makespan > predict(trace).makespan
    what = what_if(trace, ask=profile(0.1, price=0.01), judge=cached(1.0), prices={"ask": 0.04, "judge": 0.5})
    assert what.cost == pytest.approx((4 * 0.54, 0.04))
    assert "cost 0.04 instead of 2.16" in str(what)


def test_retries_that_are_gone():
    calls = [CallRecord(n, "ask", position=(n,), issued=0, ready=0, started=0, ended=1.0 if n < 4 else 9.0, outcome="ok") for n in (1, 2, 3, 4)]
    calls[3].attempts = 3
    assert predict(Trace.of(calls), without_retries("ask")).makespan == 1.0


def test_streams():
    stream = CallRecord(1, "ask", position=(1,), issued=0, ready=0, started=0, ended=10.0, outcome="ok")
    each = [
        CallRecord(n, "judge", position=(n,), issued=at, ready=at, started=at, ended=at + 1, outcome="ok", needs=[(stream, "data", 2, None)], cause=stream)
        for n, at in ((2, 2.0), (3, 5.0), (4, 9.0))
    ]
    trace = Trace.of([stream, *each])
    assert predict(trace).makespan == 10.0
    assert predict(trace, faster(2, "ask")).makespan == pytest.approx(5.5)
    off = predict(trace, streaming(False, "ask"))
    assert off.makespan == pytest.approx(11.0)
    assert predict(off.trace(), streaming(True, "ask")).makespan < 11.5


def test_two_on_one_callee_and_names_of_helpers():
    source = "def work(d):\n    return judge(ask(d))\nout = [work(d) for d in 'ab']"
    trace = record(source)
    assert predict(trace, faster(2, "work")).makespan == pytest.approx(trace.wall / 2)
    assert predict(trace, slower(2, "ask"), faster(2, "ask")).makespan == pytest.approx(trace.wall)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nobody": faster(2)}, "no call of `nobody` in this run; it called ask"),
        ({"ask": 2}, "a lever is expected, for example ask=faster"),
        ({"limit": 0}, "from 1 on"),
        ({"limit": 2.5}, "a whole number"),
        ({"rate": -1}, "above 0"),
        ({"scaled": 1e9}, "the most that are played"),
        ({"rounds": float("nan")}, "above 0"),
    ],
)
def test_what_cannot_be_meant(change, words):
    with pytest.raises(BadLever, match=words):
        what_if(record(PROGRAMS["map"]), **change)


@pytest.mark.parametrize("make", [lambda: faster(0), lambda: slower(-1), lambda: cached(1.5), lambda: effect("fast"), lambda: faster(float("inf"))])
def test_levers_that_are_none(make):
    with pytest.raises(BadLever):
        make()


def test_the_result_shows_itself():
    run = Run(record(PROGRAMS["two steps"], limit=2))
    what = run.whatif(ask=faster(2), limit=20)
    assert repr(what).startswith("<what if ask=faster(2), limit=20:")
    assert "instead of" in str(what) and "where it goes" in str(what)
    assert what._repr_svg_().count("<svg") == 3
    assert what.saved == pytest.approx(what.recorded - what.makespan)
    assert sum(seconds for _, seconds in what.where) == pytest.approx(what.makespan)
    assert what.unlimited <= what.makespan <= what.sequential


def test_predicted_against_measured():
    what = what_if(record(PROGRAMS["map"], limit=1), limit=4)
    check = what.check(record(PROGRAMS["map"], limit=4))
    assert check.error < 0.02
    assert str(check).startswith("predicted ")


def test_the_next_run_that_ends_well_is_compared_and_no_other():
    what = what_if(record(PROGRAMS["map"], limit=1), limit=4)
    assert expected.check(Run(record(PROGRAMS["map"]))) is None
    what.expect()
    assert expected.check(Run(record(PROGRAMS["map"]), error=ValueError())) is None
    run = Run(record(PROGRAMS["map"], limit=4))
    assert expected.words(run) == expected.words(run)
    assert expected.words(run)[0].startswith("what if limit=4: predicted ")
    assert expected.words(Run(record(PROGRAMS["map"], limit=4))) == ()


def test_most_of_the_time_in_python_is_said():
    calls = [CallRecord(1, "ask", position=(1,), issued=0, ready=0, started=0, ended=1.0, outcome="ok")]
    what = what_if(Trace.of(calls, ended=1.0, cpu=0.4), ask=faster(4))
    assert what.notes == ("unreliable: CPU-bound (100% of the time would be Python)",)
    assert not what_if(Trace.of(calls, ended=1.0, cpu=0.4)).notes


def test_a_run_drawn_by_hand():
    trace = draw("""
        ask line 1 @h |====        |
        ask line 2 @h |....====    |
    """)
    assert predict(trace).makespan == pytest.approx(trace.wall)


assert save  # its effect is what these cells are about
