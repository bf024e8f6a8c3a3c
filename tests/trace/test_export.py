"""Traces leave the process and come back; Perfetto's file is checked against the trace-event format."""

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from poppy_ipython.trace import Trace, Wait
from poppy_ipython.trace.records import Folded
from poppy_ipython.trace.usage import Tokens, Usage, with_usage
from poppy_ipython.trace.uses import Use
from tests.trace.consistency import inconsistencies
from tests.trace.drawing import draw
from tests.trace.perfetto import problems
from tests.trace.test_trace import runs

RUN = """
    ask   line 1            @h |======              |
    save  line 2  order<1 [db] |......====!         |
    ask   line 3  branch<1  @h |......--====c       |
    never line 4               |    ....            |
"""


@given(runs(names=st.text()))
@settings(max_examples=60)
def test_any_trace_comes_back_from_json(trace):
    assert Trace.from_json(trace.to_json()) == trace


def test_everything_comes_back_from_json():
    wait, use = Wait("unknown", 3, "f", 0.1, 0.2), Use("m.f", "f", calls=2, held=0.1)
    more = {"titles": (("<a>", "In [1]"),), "sources": (("<a>", "x"),), "uses": (use,), "waits": (wait,), "max_calls": 3, "cpu": 0.5, "at": 1.5e9, "compiling": 0.01, "python": 0.02}
    more["folded"] = Folded(3, 2.0, 0.5, 1.5)
    usage = Usage()
    usage.models[1], usage.tokens[1] = "small", Tokens(7, 3)
    trace = with_usage(replace(draw(RUN), filename="<a>", **more), usage)
    assert all(value for value in vars(trace).values() if value != 0.0)
    assert Trace.from_json(trace.to_json()) == trace


@given(runs())
@settings(max_examples=60)
def test_any_trace_is_consistent(trace):
    assert inconsistencies(trace) == []


@pytest.mark.parametrize("text", ["{}", "[]", "3", '{"format": "other", "version": 1}'])
def test_something_else_is_refused(text):
    with pytest.raises(ValueError, match="not a trace"):
        Trace.from_json(text)


def test_chrome_trace_follows_the_format():
    data = draw(RUN).to_chrome_trace()
    assert problems(data) == []
    slices = [event for event in data["traceEvents"] if event["ph"] == "X"]
    assert sorted(event["name"] for event in slices if event["cat"] == "call") == ["ask", "ask", "save"]
    assert sorted(event["name"] for event in slices if event["cat"] == "waiting") == ["waiting: ask", "waiting: never", "waiting: save"]
    assert sum(event["ph"] == "s" for event in data["traceEvents"]) == 2


@given(runs(names=st.text()))
@settings(max_examples=60)
def test_any_chrome_trace_follows_the_format(trace):
    assert problems(trace.to_chrome_trace()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda events: events[-1].pop("ts"),
        lambda events: events.append({**events[-1]}),
        lambda events: events[-1].update(ts=events[-1]["ts"] + 1e9),
        lambda events: next(e for e in events if e["ph"] == "X").update(dur=-1),
        lambda events: events.append({**next(e for e in events if e.get("cat") == "call"), "ts": 1e5}),
        lambda events: next(e for e in events if e["ph"] == "X").update(ts=float("nan")),
        lambda events: events[0].update(name="thread_color"),
        lambda events: events[0].update(ph="Q"),
    ],
)
def test_the_check_of_the_format_sees_what_is_wrong(change):
    data = draw(RUN).to_chrome_trace()
    change(data["traceEvents"])
    assert problems(data)


def test_frame_has_a_row_for_each_call():
    frame = draw(RUN).to_frame()
    assert list(frame.index) == [1, 2, 3, 4]
    assert list(frame["outcome"]) == ["ok", "error", "cancelled", "unsent"]
    assert frame["seconds"].sum() == pytest.approx(draw(RUN).call_seconds)
    assert bool(frame.loc[1, "critical"])
