"""The line after the cell, word for word, for each situation."""

import doctest

import pytest
from hypothesis import given, strategies as st

from poppy_ipython.display import text
from poppy_ipython.display.text import summary
from poppy_ipython.trace import CallRecord, Trace
from tests.trace.drawing import draw
from tests.trace.test_trace import runs


def test_examples_of_the_docstrings():
    result = doctest.testmod(text)
    assert result.attempted and not result.failed


def test_twelve_calls():
    """The line of the README: eleven summaries at once, and one more of them all."""
    records = [CallRecord(n, "ask", line=3, started=0.01 * n, ended=0.46 + 0.01 * n, outcome="ok") for n in range(1, 12)]
    last = CallRecord(12, "ask", line=5, ready=0.58, started=0.58, ended=0.95, outcome="ok", cause=records[-1])
    last.reason = "data"
    assert summary(Trace.of([*records, last], ended=1.0)) == (
        "12 calls · 5.4 s of calls in 0.94 s (5.8 at once) · critical path 0.84 s"
    )


def test_what_went_wrong_is_counted_and_abandoned_calls_are_named():
    trace = draw("""
        ask   line 1 |==== |
        ask   line 1 |===c |
        ask   line 1 |===c |
        ask   line 1 |===! |
        fetch line 3 |===> |
        fetch line 3 |===> |
        ask   line 4 |...  |
    """)
    assert summary(trace) == (
        "6 calls · 2.6 s of calls in 0.50 s (5.2 at once) · critical path 0.50 s"
        " · 1 failed · 2 cancelled, may be billed · abandoned: fetch (line 3) ×2 · 1 never sent"
    )


def test_only_three_abandoned_calls_are_named():
    trace = draw("\n".join(f"f{n} line {n} |==>|" for n in range(1, 7)))
    assert summary(trace).endswith("abandoned: f1 (line 1), f2 (line 2), f3 (line 3) and 3 more")


def test_the_whole_cell_is_named_if_the_span_is_not_most_of_it():
    line = summary(draw("ask line 1 |   ====            |", cpu=0.1))
    assert line == "1 call · 0.40 s of calls in 0.40 s (1.0 at once) · critical path 0.40 s · whole cell 1.9 s"


def test_calls_that_took_no_time():
    assert summary(Trace.of([CallRecord(1, "ask", started=0.5, ended=0.5, outcome="ok")])).startswith("1 call")


# --- the second line, one golden text for each cause ----------------------------------------------------------------

CAUSES = {
    "chain of dependence (line 2), 0.40 s": draw("""
        ask line 1         |====    |
        ask line 2 data<1  |....====|
    """),
    "unknown effect of `normalise` (line 3), 0.60 s": draw("""
        ask line 1                        |======       |
        ask line 3 unknown<1 [normalise]  |      ====== |
    """),
    "ordered resource db (line 3), 0.50 s": draw("""
        save line 3 [db]         |=====     |
        save line 3 order<1 [db] |.....=====|
    """),
    "branch on a pending value (line 4), 0.80 s": draw("""
        judge  line 2          |========         |
        ask    line 4 branch<1 |        ======   |
    """),
    "limit of 1 at once to api (line 2), 0.50 s": draw(
        """
        ask line 1 @api |=====     |
        ask line 2 @api |-----=====|
        """,
        max_calls=1,
    ),
    "limit: sends to api were held back (line 2), 0.40 s": draw(
        """
        ask line 1 @api |====    |
        ask line 2 @api |----====|
        """,
        max_calls=16,
    ),
    "server slower when busy: `ask` took 0.20 s alone and 0.80 s with others in flight (line 5), 1.2 s": draw("""
        ask line 1 @api         |==                      |
        ask line 2 data<1 @api  |..==                    |
        ask line 5 data<2 @api  |....========            |
        ask line 5 data<2 @api  |....========            |
        ask line 5 data<4 @api  |............========    |
        ask line 5 data<4 @api  |............========    |
    """),
    "kernel busy with Python (before line 7), 1.0 s": draw(
        """
        ask line 2         |==          |
        ask line 7 data<1  |..........==|
        """,
        cpu=1.0,
        ended=1.4,
    ),
    "kernel busy with Python (after line 2), 1.0 s": draw("ask line 2 |==          |", cpu=1.0),
}


@pytest.mark.parametrize("text", CAUSES)
def test_the_second_line(text):
    assert summary(CAUSES[text]).splitlines()[1:] == [f"largest cause: {text}"]


def test_no_external_call_seen():
    assert summary(Trace.of([], ended=0.12)) == (
        "0 calls in 0.12 s\nno external call seen: nothing that was called is declared as one"
    )
    assert summary(draw("ask line 1 |....|")).splitlines()[1] == (
        "no external call seen: each was given up before it was sent"
    )


def test_a_line_elsewhere_is_named_with_its_file():
    one = CallRecord(1, "ask", line=12, filename="/home/me/helpers.py", started=0.0, ended=0.5, outcome="abandoned")
    assert "abandoned: ask (helpers.py:12)" in summary(Trace.of([one], filename="<cell>"))


@given(runs(names=st.text(max_size=200).map(lambda name: name.replace("n", "m"))))
def test_always_one_to_three_short_lines(trace):
    lines = summary(trace).splitlines()
    assert 1 <= len(lines) <= 3 and max(map(len, lines)) < 420
    assert "nan" not in lines[0] and "inf" not in lines[0]
