"""Totals of a run, the critical path, the table: each on a drawn situation, and properties over arbitrary runs."""

import doctest
import importlib

import pytest
from hypothesis import given, strategies as st

from poppy_ipython.trace import CallRecord, Trace, Wait
from poppy_ipython.trace.table import table
from poppy_ipython.trace.units import cells, duration, place, shorten
from tests.trace.drawing import draw

MODULES = ["events", "trace", "critical_path", "load", "why", "table", "units", "spans", "prices", "occupied"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"poppy_ipython.trace.{name}"))
    assert result.attempted and not result.failed


# --- totals ---------------------------------------------------------------------------------------------------------


def test_totals_are_over_the_span_of_the_calls():
    trace = draw("""
        ask line 1 |  ======     |
        ask line 2 |   ====      |
        ask line 3 |   ...=====  |
    """)
    assert len(trace.sent) == 3
    assert trace.call_seconds == pytest.approx(1.5)
    assert (trace.span, trace.wall) == (pytest.approx(0.9), pytest.approx(1.3))
    assert trace.at_once == pytest.approx(1.5 / 0.9)
    assert trace.peak == 3


def test_a_call_that_was_never_sent_counts_nowhere():
    trace = draw("""
        ask line 1 |====    |
        ask line 2 |........|
        ask line 3 |..------|
    """)
    assert [call.number for call in trace.sent] == [1]
    assert [call.ready for call in trace.unsent] == [None, pytest.approx(0.2)]
    assert trace.call_seconds == trace.span == pytest.approx(0.4)
    assert trace.critical_path.calls == trace.sent


def test_a_call_that_never_ended_is_counted_to_the_end_of_the_run():
    trace = draw("ask line 1 |  ===>  |")
    (call,) = trace.calls
    assert call.ended is None and call.until == pytest.approx(0.8)
    assert call.seconds == pytest.approx(0.6)


def test_a_call_that_ends_makes_room_before_the_next_one_starts():
    assert (
        draw("""
        ask line 1 |===   |
        ask line 2 |---===|
    """).peak
        == 1
    )


def test_times_are_seconds_since_the_run_began():
    record = CallRecord(1, "ask", issued=1001.0, ready=1001.0, started=1001.5, ended=1002.0, outcome="ok")
    trace = Trace.of([record], [Wait("data", 1, None, 1000.5, 1001.0)], started=1000.0, ended=1003.0)
    assert (trace.started, trace.ended) == (0.0, 3.0)
    assert (trace.calls[0].started, trace.calls[0].ended) == (1.5, 2.0)
    assert (trace.waits[0].begin, trace.waits[0].end) == (0.5, 1.0)


def test_a_trace_is_cut_off_from_its_records():
    record = CallRecord(1, "ask", started=0.0, ended=1.0)
    trace = Trace.of([record])
    record.ended, record.callee = 9.0, "other"
    assert (trace.calls[0].ended, trace.calls[0].callee) == (1.0, "ask")
    with pytest.raises(AttributeError):
        trace.calls[0].ended = 2.0


def test_a_resource_is_named_without_running_code_of_the_users():
    class Client:
        def __repr__(self):
            raise AssertionError("repr was called")

        __str__ = __repr__

    resources = ["db", ("files", 3), Client(), None]
    trace = Trace.of([CallRecord(n, "ask", resource=r) for n, r in enumerate(resources)])
    names = [call.resource for call in trace.calls]
    assert names[:2] == ["db", "files:3"] and names[2].endswith("Client") and names[3] is None


def test_nothing_happened():
    trace = Trace.of([])
    assert (trace.wall, trace.span, trace.at_once, trace.peak, trace.call_seconds) == (0, 0, 0, 0, 0)
    assert str(trace.critical_path) == "critical path: no call was sent"
    assert repr(trace) == "Trace(0 calls, 0 s of calls in 0 s)"


# --- critical path --------------------------------------------------------------------------------------------------


def test_the_path_is_the_chain_with_its_gaps():
    trace = draw("""
        ask line 1          |=====          |
        ask line 2          |=======        |
        ask line 3 data<2   |........====   |
        ask line 4 branch<3 |           ....|
    """)
    path = trace.critical_path
    assert [call.number for call in path.calls] == [2, 3]
    assert path.length == pytest.approx(1.2)
    assert path.steps[1].gap == pytest.approx(0.1)
    assert "+ 0.10 s  data (line 3)" in str(path)


def test_waiting_for_a_slot_is_not_part_of_the_length():
    trace = draw("""
        ask line 1         |=====                  |
        ask line 2 data<1  |.....----------======  |
    """)
    path = trace.critical_path
    assert path.length == pytest.approx(1.1)
    assert path.steps[1].held == pytest.approx(1.0)
    assert "(1.0 s held back at a limit, not counted)" in str(path)


def test_an_edge_that_only_freed_a_slot_does_not_make_a_chain():
    trace = draw("""
        ask line 1 @a         |=====          |
        ask line 2 limit<1 @a |-----=====     |
        ask line 3 limit<2 @a |----------=====|
    """)
    assert trace.critical_path.length == pytest.approx(0.5)


@pytest.mark.parametrize("reason", ["limit", "window"])
def test_what_a_larger_limit_would_remove_does_not_make_a_chain_even_if_the_next_call_came_after(reason):
    trace = draw(f"""
        ask line 1           |=====      |
        ask line 2 {reason}<1 |     ===== |
    """)
    assert trace.critical_path.length == pytest.approx(0.5)
    assert [call.number for call in trace.critical_path.calls] == [2]


def test_the_longest_chain_wins_over_the_one_that_ended_last():
    trace = draw("""
        ask line 1         |====       |
        ask line 2 data<1  |    =====  |
        ask line 9         |       ====|
    """)
    assert [call.number for call in trace.critical_path.calls] == [1, 2]


def test_among_equal_chains_the_one_that_ended_last():
    trace = draw("""
        ask line 1 |====   |
        ask line 2 |   ====|
    """)
    assert [call.number for call in trace.critical_path.calls] == [2]


def test_a_cause_may_have_been_issued_later():
    """`x = f()` was forked: its body's call gets a larger number than the call that waits for x."""
    trace = draw("""
        ask line 2 data<2 |.......====|
        ask line 8        | ======    |
    """)
    assert [call.number for call in trace.critical_path.calls] == [2, 1]


def test_a_cause_that_the_times_contradict_is_not_followed():
    trace = draw("""
        ask line 1        |======     |
        ask line 2 data<1 |...======  |
    """)
    assert trace.critical_path.length == pytest.approx(0.6)


def test_waits_without_calls():
    trace = Trace.of([], [Wait("unknown", 3, "f", 0.0, 0.5)])
    assert trace.critical_path.steps == () and trace.critical_path.length == 0
    assert trace.wall == 0.5


def test_instants_that_name_each_other_end_somewhere():
    one, two = CallRecord(1, "a"), CallRecord(2, "b")
    for record, cause in ((one, two), (two, one)):
        record.issued = record.ready = record.started = record.ended = 1.0
        record.cause, record.reason = cause, "data"
    assert len(Trace.of([one, two]).critical_path.calls) == 2


def test_a_long_path_is_shown_by_its_ends():
    rows = "\n".join(f"ask line {n} {f'data<{n - 1}' if n > 1 else ''} |{' ' * n}=|" for n in range(1, 101))
    text = str(draw(rows).critical_path)
    assert "… 60 more calls …" in text and len(text.splitlines()) == 42


# --- properties -----------------------------------------------------------------------------------------------------

times = st.floats(0, 100, allow_nan=False) | st.integers(0, 5).map(float)
reasons = st.sampled_from(["start", "data", "branch", "order", "unknown", "limit", "window", "commit"])
outcomes = st.sampled_from(["ok", "error", "cancelled", "abandoned", "running"])


@st.composite
def runs(draw, names=st.just("ask")):
    """Any run an engine could record: times in order within each call; causes of every kind, absurd ones included."""
    records = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        begin = draw(st.integers(0, 4)) * draw(st.sampled_from([0.0, 20.0]))  # so that some follow others
        known = sorted(begin + draw(times) / 5 for _ in range(4))
        sent = draw(st.integers(0, 9)) > 0
        over = sent and draw(st.integers(0, 9)) > 0
        records.append(
            CallRecord(
                number,
                draw(names),
                host=draw(st.sampled_from([None, "a", "b"])),
                line=draw(st.integers(0, 9)),
                issued=known[0],
                ready=known[1],
                started=known[2] if sent else None,
                ended=known[3] if over else None,
                outcome=draw(outcomes) if sent else "unsent",
                reason=draw(reasons),
                reason_line=draw(st.none() | st.integers(1, 9)),
                reason_detail=draw(st.none() | names),
            )
        )
    for record in records:
        ended = [c for c in records if c.ended is not None and c.ended <= record.ready]
        likely = st.sampled_from(ended or records)
        record.cause = draw(likely | likely | likely | st.none() | st.sampled_from(records))
    waits = []
    for _ in range(draw(st.integers(0, 4))):
        begin, end = sorted((draw(times), draw(times)))
        waits.append(Wait(draw(reasons), draw(st.none() | st.integers(1, 9)), draw(st.none() | names), begin, end))
    last = max([100.0, *(r.ended or 0.0 for r in records)])
    return Trace.of(records, waits, 0.0, last, draw(times), draw(st.sampled_from([None, 1, 16])))


@given(runs())
def test_the_path_is_causal_and_never_longer_than_the_run(trace):
    path = trace.critical_path
    assert path.length <= trace.span + 1e-9 <= trace.wall + 2e-9
    assert path.length >= max((call.seconds for call in trace.sent), default=0.0)
    for before, after in zip(path.steps, path.steps[1:]):
        assert after.call.cause == before.call.number
        assert before.call.until <= after.call.ready_at <= after.call.started
        assert after.reason not in ("limit", "window")
    assert path.length == pytest.approx(sum(step.call.seconds + step.gap for step in path.steps))


@given(runs())
def test_at_once_lies_between_what_is_possible(trace):
    assert trace.at_once <= trace.peak + 1e-9
    assert 0 <= trace.peak <= len(trace.sent)
    assert trace.span <= trace.wall + 1e-9


@given(runs(names=st.text(max_size=30)), st.integers(1, 200))
def test_the_table_fits_any_width(trace, width):
    for line in table(trace, width).splitlines():
        assert cells(line) <= max(width, 40) if not trace.calls else cells(line) <= width


# --- the table ------------------------------------------------------------------------------------------------------


def golden():
    trace = draw(
        """
        client.chat.completions.create line 1 @api |=====            |
        client.chat.completions.create line 2 @api |======!          |
        store_in_the_archive line 4 order<2 [db]   |.......--====    |
        translate line 5 data<3                    |.............====|
        translate line 6 branch<4                  |.................|
        """
    )
    return trace


def test_the_table():
    assert table(golden(), width=120) == (
        "5 calls; times in ms since the run began\n"
        "#  call                            line    issued  ready  started  ended  took  waited for   result\n"
        "1  client.chat.completions.create  line 1       0      0        0    500   500               ok\n"
        "2  client.chat.completions.create  line 2       0      0        0    700   700               failed\n"
        "3  store_in_the_archive            line 4       0    700      900   1300   400  #2 order db  ok\n"
        "4  translate                       line 5       0   1300     1300   1700   400  #3 data      ok\n"
        "5  translate                       line 6       0      –        –      –     –  #4 branch    never sent"
    )


def test_a_narrow_table_drops_columns_before_it_shortens_names():
    assert "ready" not in table(golden(), width=95) and "issued" in table(golden(), width=95)
    narrow = table(golden(), width=60)
    assert "issued" not in narrow and "client…reate" in narrow
    assert max(map(len, narrow.splitlines())) <= 60


def test_a_long_table_shows_both_ends():
    trace = Trace.of([CallRecord(n, "ask", line=1, started=n / 100, ended=n / 50) for n in range(1, 1001)])
    lines = trace.to_text(width=100, rows=20).splitlines()
    assert lines[2].split()[0] == "1" and lines[-1].split()[0] == "1000"
    assert lines[17] == "… 980 more calls …" and len(lines) == 23


def test_the_table_without_calls():
    assert table(Trace.of([], ended=0.5)) == "no external call seen in 0.50 s"


# --- numbers, names, places -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (1e-9, "0 s"), (1e-6, "1 µs"), (999.4e-6, "999 µs"), (0.0009999, "1.0 ms"), (0.00994, "9.9 ms"),
        (0.00996, "10 ms"), (0.0994, "99 ms"), (0.0996, "0.10 s"), (0.994, "0.99 s"), (0.996, "1.0 s"),
        (9.94, "9.9 s"), (9.96, "10 s"), (99.4, "99 s"), (99.6, "1 min 40 s"), (119.7, "2 min 00 s"),
        (3599.6, "1 h 00 min"), (7260, "2 h 01 min"), (-0.5, "-0.50 s"),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text


@given(st.text(max_size=200), st.integers(1, 60))
def test_shortened_text_fits_and_is_one_harmless_line(text, width):
    short = shorten(text, width)
    assert cells(short) <= width
    assert not any(ord(c) < 32 or 0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069 for c in short)


def test_ten_megabytes_are_shortened_without_being_walked():
    assert shorten("x" * 10_000_000, 5) == "xx…xx"


def test_places():
    assert place("/tmp/ipykernel_12/345.py", 3) == "line 3"
    assert place("/home/me/cell.py", 3, "/home/me/cell.py") == "line 3"
    assert place("<cell>", 0) == place("<cell>", None) == ""
