"""Attempts, pieces of streams, spans of units, waiting by reason, costs, overhead: what a trace knows beside its calls."""

import sys

import pytest

import poppy_ipython
from poppy_ipython import unordered
from poppy_ipython.display.sampler import Sampler
from poppy_ipython.streams import lines
from poppy_ipython.trace import CallRecord, Trace
from poppy_ipython.trace.prices import Costs, _declared, _known, declare_price, price_of
from poppy_ipython.trace.usage import Tokens, Usage, with_usage
from tests.backends.calls import Call, Refused
from tests.backends.test_retries import THREE, failing, simulated
from tests.trace.consistency import inconsistencies
from tests.trace.drawing import draw
from tests.trace.perfetto import problems

# --- attempts --------------------------------------------------------------------------------------------------------


def test_every_attempt_has_its_times_and_what_it_failed_with():
    good, once = Call(failing(Refused(500), ConnectionResetError()), effect=THREE), Call(failing(), at=1, effect=THREE)
    simulated(good, once)
    first, second, last = good.record.tries
    assert first == (0.0, 1.0, "Refused 500")
    assert second[1] - second[0] == pytest.approx(1.0) and second[2] == "ConnectionResetError"
    assert last[0] > second[1] > first[1] and last[1:] == (None, "")
    assert good.record.ended == pytest.approx(last[0] + 1.0)
    assert once.record.tries is None


def test_attempts_are_in_the_trace_and_in_its_files():
    record = CallRecord(1, "ask", line=1, issued=10.0, ready=10.0, started=10.0, ended=12.0, outcome="ok", attempts=2)
    record.tries = [(10.0, 10.5, "Timeout"), (11.0, None, "")]
    trace = Trace.of([record], started=10.0)
    assert trace.calls[0].tries == ((0.0, 0.5, "Timeout"), (1.0, None, ""))
    assert Trace.from_json(trace.to_json()) == trace
    chrome = trace.to_chrome_trace()
    assert problems(chrome) == []
    assert [e["name"] for e in chrome["traceEvents"] if e.get("cat") == "attempt"] == ["attempt 1: Timeout", "attempt 2"]


# --- streams ---------------------------------------------------------------------------------------------------------


@unordered(result="stream")
def write(texts):
    return iter(texts)


@unordered
def ask(text):
    return text.upper()


def test_a_stream_is_one_call_that_knows_when_its_pieces_came():
    cell = "out = []\nfor line in lines(write(texts)):\n    out.append(ask(line))\n"
    run = poppy_ipython.run(cell, {"lines": lines, "write": write, "ask": ask, "texts": ["one\n", "two\n", "th", "ree\n"]})
    assert run.error is None
    stream = next(call for call in run.calls if call.callee == "stream")
    assert len(stream.chunks) == 3 and stream.started <= stream.chunks[0] <= stream.chunks[-1] <= stream.ended
    assert stream.cause == next(call for call in run.calls if call.callee == "write").number
    assert inconsistencies(run.trace) == [] and problems(run.trace.to_chrome_trace()) == []
    for place, call in enumerate(call for call in run.calls if call.callee == "ask"):  # each waited for its own piece
        assert [edge.cause for edge in run.trace.edges[call.number]] == [stream.number]
        assert stream.served(call) == stream.chunks[place]
    assert Trace.from_json(run.trace.to_json()) == run.trace


def streaming(*pieces):
    record = CallRecord(2, "stream", host="streams", line=2, issued=0.0, ready=0.0, started=0.0, ended=pieces[-1], outcome="ok")
    record.chunks = [0.0, *pieces]
    return record


def test_what_uses_a_piece_waited_for_that_piece_only():
    record = streaming(0.3, 0.6, 0.9)
    third = CallRecord(3, "ask", line=3, issued=0.6, ready=0.6, started=0.6, ended=0.7, outcome="ok", cause=record, reason="data")
    trace = Trace.of([record, third], started=0.0)
    assert "waited for a piece of #2 stream (line 2), until 0.60 s" in trace.why_not_earlier(3)
    assert trace.why_not_earlier(3).endswith("most of it: #2 stream (line 2) took 0.60 s; line 3 makes it wait")
    assert trace.critical_path.length == pytest.approx(0.9) and trace.slack[3] == pytest.approx(0.2)
    assert inconsistencies(trace) == []


def test_a_stream_stays_in_the_live_view_until_the_run_ends():
    records = [streaming(0.3)]
    records[0].number = 1
    sampler = Sampler(records, 0.0, "<cell>", lambda name: None)
    assert sampler.look(0.31)["rows"][0][24] == [1, 30_000]
    records[0].outcome, records[0].started = "running", 0.4  # the next piece is on its way
    (row,) = sampler.look(0.41)["rows"]
    assert row[11] == 0 and row[12] is None and row[13] == 7, "it began when it began, and is streaming"
    records[0].chunks.append(0.5)
    records[0].ended, records[0].outcome = 0.5, "ok"
    assert sampler.look(0.51)["rows"][0][24] == [2, 30_000, 20_000]
    assert sampler.look(0.61) is None


# --- units and waiting -----------------------------------------------------------------------------------------------

TWO_UNITS = """
def summarise(text):
    return ask(ask(text))
a = summarise("one")
b = summarise("two")
"""


def test_units_span_their_calls():
    run = poppy_ipython.run(TWO_UNITS, {"ask": ask})
    spans = run.trace.spans
    assert [(span.name, span.turn, span.line, len(span.calls)) for span in spans] == [("summarise", 1, 4, 2), ("summarise", 2, 5, 2)]
    for span in spans:
        calls = [run.calls[number - 1] for number in span.calls]
        assert span.begin == min(call.issued for call in calls) and span.end == max(call.ended for call in calls)
        assert span.seconds >= max(call.seconds for call in calls)


def test_waiting_is_split_by_reason():
    trace = draw("""
        ask  line 1            @h |======          |
        ask  line 2  branch<1  @h |......====      |
        ask  line 3            @h |------====      |
    """)  # fmt: skip
    assert {reason: round(seconds, 6) for reason, seconds in trace.waited.items()} == {"branch": 0.6, "limit": 0.6}
    assert list(trace.waited.values()) == sorted(trace.waited.values(), reverse=True)


def test_the_engine_s_own_time_is_bounded_from_above():
    run = poppy_ipython.run("x = [ask(str(n)) for n in range(200)]", {"ask": ask})
    trace = run.trace
    assert 0 < trace.compiling and 0 < trace.python < trace.wall
    assert trace.overhead == trace.compiling + trace.python


# --- costs -----------------------------------------------------------------------------------------------------------


def bought(model, tokens=Tokens(1000, 100)):
    usage = Usage()
    usage.models[1], usage.tokens[1] = model, tokens
    return with_usage(draw("ask line 1 |===|"), usage)


def test_a_listed_price_is_an_estimate_from_the_table():
    costs = bought("gpt-4o-mini").costs
    assert costs.by_call == {1: pytest.approx(0.00021)} and str(costs) == "about $0.00021"


def test_a_declared_price_comes_first(monkeypatch):
    monkeypatch.setitem(_declared, "gpt-4o-mini", (0.0, 0.0))
    declare_price("gpt-4o-mini", sent=2.0, received=10.0)
    assert bought("gpt-4o-mini").costs.total == pytest.approx(0.003)
    with pytest.raises(ValueError, match="not negative"):
        declare_price("gpt-4o-mini", sent=-1, received=0)


def test_what_is_not_known_has_no_price(monkeypatch):
    assert bought("a model of nobody's").costs == Costs({}, 1)
    assert price_of(None, Tokens(1, 1)) is None and price_of("gpt-4o", None) is None
    monkeypatch.setitem(sys.modules, "genai_prices", None)  # not installed
    _known.clear()
    assert bought("gpt-4o-mini").costs == Costs({}, 1)
    _known.clear()
