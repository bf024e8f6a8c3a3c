"""Records in bounded memory: what is kept of a long run, and what it adds up to."""

from __future__ import annotations

import gc
import weakref

import pytest
from hypothesis import given, strategies as st

import poppy_ipython
from poppy_ipython import unordered
from poppy_ipython.engine import external
from poppy_ipython.trace.events import CallRecord
from poppy_ipython.trace.records import Records
from poppy_ipython.trace.trace import Trace

OUTCOMES = ("ok", "ok", "ok", "error", "abandoned", "cancelled", "unsent", "running")


def record(number, outcome="ok", cause=None):
    made = CallRecord(number, "ask", line=1, cause=cause, outcome=outcome)
    if outcome != "unsent":
        made.started = float(number)
    if outcome not in ("unsent", "running"):
        made.ended = number + 2.0
    return made


@given(st.lists(st.sampled_from(OUTCOMES), max_size=200), st.integers(1, 20), st.integers(1, 5))
def test_nothing_is_lost_from_the_sums_and_no_failure_from_what_is_kept(outcomes, kept, latest):
    records = Records(kept, latest)
    for number, outcome in enumerate(outcomes, 1):
        records.append(record(number, outcome))
    folded, numbers = records.folded(), [one.number for one in records]
    assert len(records) == len(outcomes) and numbers == sorted(set(numbers))
    assert numbers[:kept] == list(range(1, min(kept, len(outcomes)) + 1))
    assert set(range(len(outcomes) - latest + 1, len(outcomes) + 1)) & set(range(1, len(outcomes) + 1)) <= set(numbers)
    gone = [outcome for number, outcome in enumerate(outcomes, 1) if number not in numbers]
    assert folded.calls == len(gone) - gone.count("unsent") and folded.seconds == 2.0 * folded.calls
    assert "running" not in gone
    troubles = sum(outcome in ("error", "abandoned") for outcome in outcomes[kept:])
    assert troubles > kept or not {"error", "abandoned"} & set(gone)


def test_a_chain_of_causes_does_not_keep_the_whole_run():
    records, before, first = Records(10, 10), None, None
    for number in range(1, 2_000):
        before = record(number, cause=before)
        records.append(before)
        if number == 500:
            first = before
    assert first.cause is None and first.needs is None
    length, at = 0, before
    while at is not None:
        length, at = length + 1, at.cause
    assert length <= 100


def test_a_long_run_keeps_its_totals_and_its_failures(monkeypatch):
    monkeypatch.setattr(external, "Records", lambda: Records(100, 20))

    @unordered(retry=0)
    async def ask(n):
        if n == 222:
            raise ValueError(n)
        return n

    found = poppy_ipython.run(
        "total = 0\nfor n in range(300):\n    try:\n        total += await ask(n)\n    except ValueError:\n        total += 1",
        namespace := {"ask": ask},
    )
    assert found.error is None and namespace["total"] == sum(range(300)) - 222 + 1
    trace = found.trace
    assert 100 < len(trace.calls) <= 121 and trace.folded.calls == 300 - len(trace.calls)
    assert trace.count == 300 and [call.number for call in found.failures] == [223]
    assert trace.call_seconds > trace.folded.seconds > 0 and trace.span <= trace.wall
    assert str(found).startswith("300 calls") and f"details of {len(trace.calls)}" in str(found)
    again = Trace.from_json(trace.to_json())
    assert again.folded == trace.folded and again.calls == trace.calls


@pytest.mark.parametrize("many", [120, 1_000])
def test_what_is_folded_is_gone(many):
    class Marked(CallRecord):  # a record that can be watched
        __slots__ = ("__weakref__",)

    records, watched = Records(100, 20), []
    for number in range(1, many + 1):
        records.append(one := Marked(number, "ask", started=0.0, ended=1.0, outcome="ok"))
        watched.append(weakref.ref(one))
    del one
    records.folded()
    gc.collect()
    assert sum(ref() is not None for ref in watched) == 120
