"""Traces leave the process and come back; Perfetto's file is checked against the trace-event format."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from poppy_ipython.trace import Trace, Wait
from poppy_ipython.trace.usage import Tokens, Usage, with_usage
from poppy_ipython.trace.uses import Use
from tests.trace.consistency import inconsistencies
from tests.trace.drawing import draw
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
    more = {"titles": (("<a>", "In [1]"),), "sources": (("<a>", "x"),), "uses": (use,), "waits": (wait,), "max_calls": 3, "cpu": 0.5, "at": 1.5e9}
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
    events = json.loads(json.dumps(draw(RUN).to_chrome_trace()))["traceEvents"]
    for event in events:
        assert event["ph"] in "XMsf" and {"name", "pid", "tid"} <= set(event)
        assert event["ph"] == "M" or (isinstance(event["ts"], float) and event["ts"] >= 0)
    slices = [event for event in events if event["ph"] == "X"]
    assert all(event["dur"] >= 0 for event in slices)
    assert sorted(event["name"] for event in slices if event["cat"] == "call") == ["ask", "ask", "save"]
    for thread in {(event["pid"], event["tid"]) for event in slices}:
        mine = sorted((e for e in slices if (e["pid"], e["tid"]) == thread), key=lambda e: e["ts"])
        assert all(one["ts"] + one["dur"] <= two["ts"] + 0.001 for one, two in pairwise(mine))
    begins = {event["id"]: event["ts"] for event in events if event["ph"] == "s"}
    ends = {event["id"]: event["ts"] for event in events if event["ph"] == "f"}
    assert begins and begins.keys() == ends.keys()
    assert all(begins[name] <= ends[name] for name in begins)


def test_frame_has_a_row_for_each_call():
    frame = draw(RUN).to_frame()
    assert list(frame.index) == [1, 2, 3, 4]
    assert list(frame["outcome"]) == ["ok", "error", "cancelled", "unsent"]
    assert frame["seconds"].sum() == pytest.approx(draw(RUN).call_seconds)
    assert bool(frame.loc[1, "critical"])
