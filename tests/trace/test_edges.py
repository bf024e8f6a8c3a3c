"""Edges with their causes: through which variable, by which line; slack; the chain of "why not earlier?"."""

import doctest
import gc
import importlib
from types import SimpleNamespace

import pytest

from poppy_ipython.effects import sequential, unordered
from poppy_ipython.engine.run import run_simulated, trace_of
from poppy_ipython.trace.edges import Edge
from poppy_ipython.trace.flow import Flow, Via
from tests.fuzz.latency import latency
from tests.fuzz.program import program
from tests.fuzz.runs import Result, Runaway, plain, run_in
from tests.fuzz.world import World, declared
from tests.trace.consistency import inconsistencies
from tests.trace.drawing import draw


@pytest.mark.parametrize("name", ["edges", "flow", "sources", "slack", "explain", "lanes", "export"])
def test_examples_of_the_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"poppy_ipython.trace.{name}"))
    assert result.attempted and not result.failed


def simulated(source, **names):
    outcome = run_simulated(source, names, filename="<edges>", latency=lambda call: {"slow": 2.0}.get(call.fn.__name__, 1.0))
    assert outcome.error is None
    return trace_of(outcome.machine, 0.0, outcome.makespan, 0.0, None, "<edges>")


@unordered
def ask(question):
    return f"answer to {question}"


@unordered
def slow(question):
    return f"slow answer to {question}"


@sequential("db")
def save(text): ...


def edges(trace):
    """{(cause, call): words}"""
    return {(edge.cause, call.number): edge.words() for call in trace.calls for edge in trace.edges[call.number]}


def test_through_a_variable():
    trace = simulated("first = ask('a')\ntext = first.upper()\nsecond = ask('better: ' + text)", ask=ask)
    assert edges(trace) == {(1, 2): "its answer came through `text`"}


def test_through_a_container_every_element_was_needed():
    source = "notes = []\nfor d in 'abc':\n    notes.append(ask(d))\nall = '; '.join(notes)\nask(all)"
    trace = simulated(source, ask=ask)
    last = trace.calls[-1]
    assert [(edge.cause, edge.through) for edge in trace.edges[last.number]] == [(1, "all"), (2, "all"), (3, "all")]
    assert sum(not edge.inferred for edge in trace.edges[last.number]) >= 1


def test_through_an_element_only_that_one_was_needed():
    source = "notes = []\nfor d in 'abc':\n    notes.append(ask(d))\nfor n in notes:\n    slow(n)"
    assert set(edges(simulated(source, ask=ask, slow=slow))) == {(1, 4), (2, 5), (3, 6)}


def test_through_a_function_of_the_cell():
    source = "def refine(q):\n    draft = ask(q)\n    return ask('better: ' + draft)\nout = [refine(q) for q in 'ab']\nask(out)"
    trace = simulated(source, ask=ask)
    assert {pair: words for pair, words in edges(trace).items() if pair[1] < 5} == {
        (1, 2): "its answer came through `draft`",
        (3, 4): "its answer came through `draft`",
    }
    assert [edge.through for edge in trace.edges[5]] == ["out", "out"]
    assert [trace.within(call) for call in trace.calls] == ["refine"] * 4 + [""]
    assert trace.calls[0].stack[0][:3] == ("refine", "<edges>", 4)
    assert [trace.sites.turn(call) for call in trace.calls] == [0, 0, 0, 0, 0]


def test_turns_of_a_loop():
    trace = simulated("for n in range(3):\n    ask(n)\n    slow(n)", ask=ask, slow=slow)
    assert [(call.callee, trace.sites.turn(call)) for call in trace.calls] == [("ask", 1), ("slow", 1), ("ask", 2), ("slow", 2), ("ask", 3), ("slow", 3)]


def test_a_branch_names_the_line_that_had_to_know():
    trace = simulated("a = ask('a')\nif 'x' not in a:\n    b = ask('b')", ask=ask)
    assert edges(trace) == {(1, 2): "line 2 had to know its answer"}


def test_ordered_effects_name_their_resource():
    trace = simulated("slow('a')\nsave('1')\nsave('2')", slow=slow, save=save)
    assert edges(trace) == {
        (1, 2): "line 2 had to wait until everything before it was done",
        (2, 3): "both keep the order of `db`",
    }


def test_a_fence_names_the_function_that_nobody_declared():
    trace = simulated("slow('a')\nmystery()\nask('c')", slow=slow, ask=ask, mystery=gc.isenabled)
    assert edges(trace) == {(1, 2): "line 2 calls `isenabled`, which nobody declared"}


def test_a_call_held_back_at_a_limit_names_the_one_that_made_room():
    trace = draw("""
        ask line 1 @h |====      |
        ask line 1 @h |======    |
        ask line 1 @h |----====  |
        ask line 2 @i |-====     |
    """)
    assert edges(trace) == {(1, 3): "all places at h were taken until it ended"}


def test_an_edge_that_the_times_contradict_is_left_out():
    trace = draw("""
        ask line 1        |======     |
        ask line 2 data<1 |...======  |
    """)
    assert edges(trace) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = ask(1)\nask(x)", Via("x")),
        ("x = [ask(1)]\nask(x)", Via("x")),
        ("x = [ask(q) for q in qs]\nask(x)", Via("x", True)),
        ("x = [ask(q) for q in qs]\nask(x[0])", Via("x")),
        ("x = [ask(q) for q in qs]\nask(x[:2])", Via("x", True)),
        ("d['k'] = ask(1)\nask(d)", Via("d", True)),
        ("if (x := ask(1)):\n    pass\nask(x)", Via("x")),
        ("a = ask(1)\nb = a + 1\nc = f'{b}'\nask(c)", Via("c")),
        ("ask(1)\nask(2)", None),
        ("x = ask(1)\ny = 2\nask(y)", None),
        ("this is no Python\nask(ask(1))", None),
    ],
)
def test_names_are_followed_through_the_text(text, expected):
    lines = text.splitlines()
    last = len(lines)

    def place(line, column):
        text = lines[line - 1][column:]
        depth = end = 0
        for end, char in enumerate(text, 1):
            depth += (char == "(") - (char == ")")
            if char == ")" and not depth:
                break
        return SimpleNamespace(filename="<t>", line=line, col=column, end_line=line, end_col=column + end, stack=())

    producer = place(1, lines[0].find("ask(")) if "ask(" in lines[0] else place(2, 4)
    assert Flow([("<t>", text)]).through(producer, place(last, lines[-1].find("ask("))) == expected


def test_without_the_text_there_is_no_name():
    one = SimpleNamespace(filename="<t>", line=1, col=4, end_line=1, end_col=10, stack=())
    assert Flow().through(one, one) is None


# --- slack and "why not earlier?" ------------------------------------------------------------------------------------

CHAIN = """
    ask  line 1           |======           |
    ask  line 2           |===              |
    ask  line 3 branch<1  |......====       |
    ask  line 4 data<3    |..........=====  |
"""


def test_slack():
    slack = draw(CHAIN).slack
    assert {number: round(seconds, 6) for number, seconds in slack.items()} == {1: 0, 2: 1.2, 3: 0, 4: 0}


def test_why_not_earlier():
    assert draw(CHAIN).why_not_earlier(4).splitlines() == [
        "#4 ask (line 4) was sent at 1.0 s, because",
        "  it waited for #3 ask (line 3), until 1.0 s: its answer was an argument",
        "  #3 waited for #1 ask (line 1), until 0.60 s: what follows had to know its answer",
        "  #1 was sent as soon as its line was reached, at 0 s",
        "most of it: #1 ask (line 1) took 0.60 s; line 3 makes it wait",
    ]
    assert draw(CHAIN).why_not_earlier(2).endswith("it waited for no call, only for its line to be reached, at 0 s")
    with pytest.raises(KeyError):
        draw(CHAIN).why_not_earlier(5)


def test_a_long_chain_is_cut():
    rows = "\n".join(f"ask line {n} {f'data<{n - 1}' if n > 1 else ''} |{' ' * n}=|" for n in range(1, 40))
    assert "… and 26 more steps …" in draw(rows).why_not_earlier(39)


# --- properties ------------------------------------------------------------------------------------------------------


def test_the_words_of_every_reason_are_a_sentence():
    for reason in ("start", "data", "branch", "order", "unknown", "limit", "window", "commit"):
        for edge in (Edge(1, reason), Edge(1, reason, 4, "f", "x")):
            assert edge.words() and "None" not in edge.words()


def test_traces_of_generated_programs_are_consistent():
    calls = 0
    for seed in range(30):

        def run(source, namespace, name):
            outcome = run_simulated(source, namespace, filename=name, latency=latency(seed, None), debug=False)
            trace = trace_of(outcome.machine, 0.0, outcome.makespan, 0.0, None, name)
            assert inconsistencies(trace) == [], source
            nonlocal calls
            calls += len(trace.calls)
            assert all(trace.why_not_earlier(call.number) for call in trace.calls)
            return Result(outcome.value, outcome.error)

        source = program(seed).source
        try:
            plain(source, seed)
        except (Runaway, SyntaxError):
            continue
        run_in(World(declared), source, seed, run)
    assert calls > 100
