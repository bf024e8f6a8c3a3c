"""What a view has to bear: real runs of nasty programs, and traces in which no time passes."""

import json

import pytest

import poppy_ipython
from poppy_ipython import Options, unordered
from poppy_ipython.display.chars import timeline
from poppy_ipython.display.page import page
from poppy_ipython.display.saved import interactive, picture
from poppy_ipython.display.svg import MOST_BYTES
from poppy_ipython.trace import CallRecord, Trace
from poppy_ipython.trace.run import Run
from tests.display.test_page import data_of
from tests.trace.consistency import inconsistencies
from tests.trace.perfetto import problems


class Unprintable(Exception):
    def __repr__(self):
        raise RuntimeError("no repr")

    __str__ = __repr__


@unordered
def ask(value):
    if value == "fail":
        raise Unprintable
    return value


def made_without_source():
    space = {}
    exec("def nameless(x): return x * 2", space)
    return unordered(space["nameless"])


def everything(run):
    """Each way to look at a run, and what must hold of it."""
    trace = run.trace
    assert inconsistencies(trace) == [] and problems(trace.to_chrome_trace()) == []
    assert Trace.from_json(trace.to_json()) == trace
    shown = {**picture(run), **interactive(run, values=True)}
    assert len(shown["image/svg+xml"].encode()) <= MOST_BYTES
    assert len(page(trace).encode()) < 1_500_000 and len(shown["text/html"].encode()) < 1_500_000
    assert str(run) and timeline(trace, 80) and run.graph().source and trace.to_text(80)
    assert len(trace.to_frame()) == len(trace.calls)
    assert all(trace.why_not_earlier(call.number) for call in trace.calls)
    return data_of(page(trace, error=run.failure))


def run(source, **space):
    return poppy_ipython.run(source, {"ask": ask, **space}, options=Options(save_values=True))


def test_an_exception_whose_repr_raises():
    found = run("one = ask(1)\nask('fail')")
    assert isinstance(found.error, Unprintable)
    assert found.calls[1].outcome == "error" and "Unprintable" in found.calls[1].error
    assert everything(found)["error"] == "Unprintable"


def test_results_of_ten_megabytes():
    found = run("large = ask('word ' * 2_000_000)\nnext = ask(large)\nbytes = ask(b'x' * 10_000_000)\nmany = ask(list(range(1_000_000)))")
    assert found.error is None and len(found.values.of(1)[1]) < 1500
    everything(found)
    assert len(interactive(found, values=True)["text/html"]) < 300_000


def test_a_callee_without_source():
    found = run("a = nameless(ask(1))\nb = nameless(a)", nameless=made_without_source())
    assert found.error is None and [call.callee for call in found.calls] == ["ask", "nameless", "nameless"]
    everything(found)


def test_a_cell_of_two_thousand_lines():
    found = run("".join(f"x{n} = ask({n})\n" if n % 10 == 0 else f"y{n} = {n}\n" for n in range(2000)))
    assert found.error is None and len(found.calls) == 200
    data = everything(found)
    assert data["sources"][0][1].count("\n") == 2000
    assert str(found.plan()).count("\n") == 2000


@pytest.mark.parametrize("outcome", ["ok", "error", "cancelled", "abandoned"])
def test_a_clock_that_goes_nowhere(outcome):
    records = [CallRecord(n, "ask", line=n, position=(n,), issued=0.0, ready=0.0, started=0.0, ended=0.0, outcome=outcome) for n in range(1, 51)]
    for one, two in zip(records, records[1:]):
        two.needs = [(one, "data", 3, None)]
    trace = Trace.of(records, started=0.0, ended=0.0)
    assert trace.wall == trace.span == trace.at_once == trace.critical_path.length == 0.0
    everything(Run(trace))


def test_a_run_of_no_call_and_no_time():
    everything(Run(Trace(())))


def test_a_trace_from_a_newer_version_says_so():
    data = json.loads(Trace(()).to_json()) | {"version": 2}
    with pytest.raises(ValueError, match="newer poppy_ipython.*please update"):
        Trace.from_json(json.dumps(data))
