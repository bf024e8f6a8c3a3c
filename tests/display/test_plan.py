"""What is said of a cell before it runs, and of a run afterwards: as text, as a graph, without a `dot` program."""

import ast
import gc
import weakref
import xml.etree.ElementTree as ET

import pytest

import poppy_ipython
from poppy_ipython.display.plan import plan_of
from poppy_ipython.display.steps import steps, steps_shown
from poppy_ipython.effects import sequential, unordered
from poppy_ipython.trace import Trace
from poppy_ipython.trace.run import Run


@unordered
def ask(question):
    return str(question).upper()


CELL = """\
notes = []
for q in "ab":
    notes.append(ask(q))
both = "|".join(notes)
overview = ask(both)
open("/dev/null").close()
"""


def test_a_plan_says_of_each_line_what_is_known():
    @unordered
    def ask(question): ...

    @sequential(lambda user: user)
    def save(user): ...

    text = "out = []\nfor q in 'ab':\n    out.append(ask(q))\nsave('me')\ngc.isenabled()\nclient.create(out)\nmissing()\nprint(len(out))"
    lines = str(plan_of(ast.parse(text), text, {"ask": ask, "save": save, "gc": gc, "client": object()})).splitlines()
    notes = [line.partition(text.splitlines()[number])[2].strip() for number, line in enumerate(lines[1:])]
    assert notes == [
        "",
        "may wait while what follows goes on",
        "ask: unordered, overlaps",
        "save: sequential, by its arguments",
        "gc.isenabled: nobody declared it, it waits for all that is before it",
        "client.create: known when it is reached",
        "missing: known when it is reached",
        "",
    ]


def test_a_plan_of_a_long_cell_is_cut():
    text = "x = 1\n" * 5000
    assert len(str(plan_of(ast.parse(text), text, {})).splitlines()) == 2001


def test_a_run_knows_its_plan():
    run = poppy_ipython.run(CELL, {"ask": ask})
    lines = str(run.plan()).splitlines()
    assert lines[0].startswith("plan of the cell: ") and "nothing was run" not in lines[0]
    assert [line[1:] for line in lines[1:]] == [line[1:] for line in str(plan_of(ast.parse(CELL), CELL, {"ask": ask})).splitlines()[1:]]
    assert "ask: unordered, overlaps" in lines[3] and "open: nobody declared it" in lines[6]


def test_the_plan_of_a_run_is_that_of_its_beginning_and_keeps_nothing_alive():
    class Large:
        def method(self):
            return 1

    namespace = {"ask": ask, "large": Large()}
    alive = weakref.ref(namespace["large"])
    run = poppy_ipython.run("large.method()\nask(1)\ndel large, ask", namespace)
    assert run.error is None
    assert "ask: unordered, overlaps" in str(run.plan())
    gc.collect()
    assert alive() is None


def test_a_run_that_was_made_by_hand_has_no_plan():
    with pytest.raises(LookupError, match="no plan of this run"):
        Run(Trace(())).plan()


def test_the_graph_leads_names_through_what_is_not_worth_a_node():
    found = steps(plan_of(ast.parse(CELL), CELL, {"ask": ask}))
    assert [(step.line, step.waits, step.needs) for step in found] == [(2, False, ()), (5, False, ((0, "both"),)), (6, True, ())]


def test_the_graph_as_dot_and_without_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    plan = poppy_ipython.run(CELL, {"ask": ask}).plan()
    drawn = plan.graph()
    assert drawn.source.count(" -> ") == 2 and "label=both" in drawn.source and drawn.source.count("dotted") == 1
    shown = drawn._repr_mimebundle_()
    assert "dot" in shown["text/plain"] and ET.fromstring(shown["image/svg+xml"]).tag.endswith("svg")


@pytest.mark.parametrize("text", ["", "x = 1", "ask(1)", "def f():\n    return ask(1)", "class A:\n    pass\na = A()\na.b = [1]\na.b[0] = ask(a)"])
def test_small_cells_have_a_plan_too(text):
    plan = plan_of(ast.parse(text), text, {"ask": ask})
    assert str(plan).startswith("plan of the cell") and "digraph" in plan.graph().source
    shown = steps_shown(plan)
    assert shown is None or len(shown["image/svg+xml"]) < 10_000


def test_names_of_a_plan_are_text():
    text = 'ask("<b>&amp;\u202e")\nask("{label}\\\\l|")\nopen("x")'
    plan = plan_of(ast.parse(text), text, {"ask": ask})
    ET.fromstring(steps_shown(plan)["image/svg+xml"])
    assert "&lt;b&gt;" in steps_shown(plan)["image/svg+xml"]


def test_a_cell_of_two_thousand_lines_has_a_plan():
    text = "".join(f"x{n} = ask({n})\n" for n in range(2000))
    plan = plan_of(ast.parse(text), text, {"ask": ask})
    assert str(plan).count("unordered, overlaps") == 2000
    assert plan.graph().source.count("label=") <= 41
