"""Nothing unknown stays silent: uses in the trace, the line below the cell, and `%poppy effects` in a real kernel."""

from __future__ import annotations

import functools
import re

import pytest

from poppy_ipython.display.effects import effects_table, unknown_text
from poppy_ipython.display.text import summary
from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated, trace_of
from poppy_ipython.trace.uses import unknown_uses
from tests.jupyter.kernel import Kernel


@unordered
def ask(question):
    return f"{question}!"


@functools.lru_cache(maxsize=0)
def odd(value):
    """Undeclared: what somebody's decorator has made of it is not looked into."""
    return value


def trace(source, **names):
    outcome = run_simulated(source, {"ask": ask, "odd": odd, **names})
    assert outcome.error is None
    return trace_of(outcome.machine, 0.0, outcome.makespan, 0.0, None, "<cell>")


def rows(text):
    return {line.split("   ")[0].strip(): re.split(r"\s{2,}", line.strip()) for line in text.splitlines()[1:] if "   " in line}


def test_every_callee_with_its_effect_and_how_often():
    found = trace("import json, time\nfor i in range(3):\n  odd(json.dumps(ask(i)))\nnow = time.time()")
    uses = {use.callee: (use.effect, use.calls) for use in found.uses}
    assert uses["json.dumps"] == ("pure", 3) and uses["time.time"] == ("sequential('clock')", 1)
    assert uses["tests.effects.test_table.ask"] == ("unordered", 3)
    (unknown,) = [use for use in found.uses if use.effect == "unknown"]
    assert (unknown.callee, unknown.calls, unknown.held) == ("tests.effects.test_table.odd", 3, 3.0)


def test_the_table_names_who_said_it():
    table = effects_table(trace("import json\nfor i in range(3): odd(json.dumps(ask(i)))"))
    found = rows(table)
    assert found["tests.effects.test_table.odd"][1:] == ["unknown", "wrapped by functools.lru_cache, which is not looked into", "3", "3.0 s"]
    assert found["json.dumps"][1:] == ["pure", "library/stdlib.toml", "3"]
    assert re.match(r"test_table.py:\d+", found["tests.effects.test_table.ask"][2])
    assert "%poppy effects set tests.effects.test_table.odd unordered" in table


def test_the_line_says_what_unknown_calls_cost():
    many = "xs = [ask(i) for i in range(30)]\n"
    found = trace(many + "for i in range(3): odd(ask(i))")
    assert unknown_text(found) == "`tests.effects.test_table.odd` ran in order 3× (unknown effect): 2.0 s on the critical path · %poppy effects"
    assert unknown_text(found) in summary(found).splitlines()
    assert unknown_text(trace(many + "odd(1)")) is None


def test_what_is_no_call_is_named_too():
    class Strange:
        def __iter__(self):
            return iter([1, 2])

    (unknown,) = unknown_uses(trace("x = ask(1)\nfor y in strange: pass", strange=Strange()))
    assert (unknown.callee, unknown.effect) == ("Strange", "unknown") and unknown.held == 1.0


def test_nothing_at_all():
    assert effects_table(trace("x = 1")) == "The last cell called nothing whose effect matters."


@pytest.fixture(scope="module")
def kernel():
    started = Kernel()
    try:
        started.run("%load_ext poppy_ipython")
        yield started
    finally:
        started.close()


def test_in_a_kernel(kernel):
    assert kernel.run("%poppy effects").stdout == "No %%poppy cell has run yet.\n"
    kernel.run("import time, functools\n@functools.cache\ndef search(q):\n  time.sleep(0.01)\n  return q.upper()")
    kernel.run("%%poppy\nout = [search(q) for q in 'abc']")
    assert rows(kernel.run("%poppy effects").stdout)["search"][1:4] == ["unknown", "wrapped by functools.lru_cache, which is not looked into", "3"]
    assert kernel.run("%poppy effects set search unordered").stdout == "search is unordered from now on.\n"
    cell = kernel.run("%%poppy\nout = [search(q) for q in 'def']\nout")
    assert cell.value == "['D', 'E', 'F']" and cell.displays[0].startswith("3 calls")
    assert rows(kernel.run("%poppy effects").stdout)["search"][1:4] == ["unordered", "%poppy effects set", "3"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("effects set serch unordered", "the notebook has no 'serch'; did you mean 'search'?"),
        ("effects set search unorderd", "'unorderd' is no effect; did you mean 'unordered'?"),
        ("effects set search", "usage: %poppy"), ("efects", "did you mean 'effects'?"),
        ("effects set no_such_module.f pure", "there is no module 'no_such_module'"),
    ],
)  # fmt: skip
def test_mistakes(kernel, line, says):
    kernel.run("def search(q): ...")
    cell = kernel.run(f"%poppy {line}")
    assert says in cell.stderr and cell.reply["ename"] == "UsageError"


def test_unloading_takes_it_away():
    started = Kernel()
    try:
        started.run("%load_ext poppy_ipython\n")
        started.run("%unload_ext poppy_ipython")
        assert "not found" in started.run("%poppy effects").stderr
    finally:
        started.close()
