"""Footprints: what is published, that nothing is missing, and what overlaps because of it.

`ask` takes one simulated second and answers `r<q>`; `num` answers `q % 3`; `jask` a new dict.
"""

from __future__ import annotations

import ast
import functools
import textwrap
from dataclasses import dataclass
from typing import Any

import pytest

from poppy_ipython.compiler.maywrites import continuation, summarise
from poppy_ipython.effects import readonly, sequential, unordered
from poppy_ipython.engine.run import Outcome, run_simulated
from tests.fuzz.latency import latency
from tests.fuzz.program import program
from tests.fuzz.runs import Result as FuzzResult, Runaway, filename, plain, run_in
from tests.fuzz.world import World, declared

from .monitor import Monitor


@unordered
def ask(q: object) -> str:
    return f"r{q}"


@unordered
def num(q: int) -> int:
    return q % 3


@unordered
def jask(q: object) -> dict[str, Any]:
    return {"q": q, "l": [q]}


@dataclass(frozen=True)
class Ran:
    outcome: Outcome
    names: dict[str, Any]
    monitor: Monitor

    @property
    def makespan(self) -> float:
        return self.outcome.makespan

    def published(self) -> list[set[Any]]:
        """What was published, with names of the cell for identities."""
        by_id = {id(self.names): "cell"}
        for name, value in self.names.items():
            by_id.setdefault(id(value), name)
        for name, value in self.names.items():
            for attribute, inner in getattr(value, "__dict__", {}).items():
                by_id.setdefault(id(inner), f"{name}.{attribute}")
        return [
            {tuple([by_id.get(part, part) for part in slot]) if type(slot) is tuple else slot for slot in slots if slot[0] != "="}
            for _, _, slots in self.monitor.published.values()
        ]


def ran(source: str, **names: Any) -> Ran:
    """The cell has run, nothing was missing from any footprint, and it left what a plain run leaves."""
    externals = {"ask": ask, "num": num, "jask": jask, "undeclared": functools.reduce}
    namespace: dict[str, Any] = {"__name__": "__main__", **externals, **names}
    expected = dict(namespace)
    exec(compile(source, "<plain>", "exec"), expected)
    monitor = Monitor()
    outcome = run_simulated(source, namespace, filename="<footprint>", mutate=monitor.install)
    assert outcome.error is None
    assert monitor.missed() == []
    for name, value in expected.items():
        if type(value) in (int, str, list, dict, tuple, set) and not name.startswith("__"):
            assert namespace[name] == value, name
    return Ran(outcome, namespace, monitor)


# ---------------------------------------------------------------------- the static half


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (1, ["a()", "if t:\n    b()\n    c()\nelse:\n    d()", "e()"]),
        (2, ["if t:\n    b()\n    c()\nelse:\n    d()", "e()"]),
        (4, ["c()", "e()"]),
        (6, ["d()", "e()"]),
        (7, ["e()"]),
    ],
)
def test_continuation(line: int, expected: list[str]) -> None:
    body = ast.parse("a()\nif t:\n  b()\n  c()\nelse:\n  d()\ne()").body
    assert [ast.unparse(s) for s in continuation(body, line)] == expected


def test_continuation_keeps_loops_and_tries_whole() -> None:
    body = ast.parse("a()\nfor x in y:\n  b()\n  try:\n    c()\n    d()\n  except E: e()\nf()").body
    assert continuation(body, 6) == body[1:]
    assert continuation(body[1].body, 6) == [body[1].body[1]]  # type: ignore[attr-defined]


def test_statements_of_one_line_count() -> None:
    body = ast.parse("a(); b()\nc()").body
    assert continuation(body, 1) == body


def test_names_are_written_in_the_cell_and_where_declared_global() -> None:
    body = ast.parse("global g\ng = 1\nfor x in y: z = [w for w in x]").body
    assert set(summarise(body, cell=True).names) == {"g", "x", "z"}
    assert summarise(body, cell=False, global_names=["g"]).names == ("g",)


@pytest.mark.parametrize("source", ["yield x", "class A: pass", "async with x: pass", "[x async for x in y]"])
def test_what_is_not_understood_may_write_anything(source: str) -> None:
    assert summarise(ast.parse(f"async def f():\n  {source}").body[0].body, cell=False).top is not None  # type: ignore[attr-defined]


# ---------------------------------------------------------------------- what is published

AGENT = """
class Agent:
    def __init__(self):
        self.history = []
        self.n = 0
    def ask(self, q):
        r = ask(q)
        if "2" in r: return ask(r)
        {rest}
        return r
agent = Agent()
out = []
for q in range(4): out.append(agent.ask(q))
"""


@pytest.mark.parametrize(
    ("rest", "slots"),
    [
        ("pass", set()),
        ("self.history.append(q)", {("e", "agent.history")}),
        ("self.n += 1", {("a", "agent", "n")}),
        ("self.history[0:0] = [r]", {("e", "agent.history")}),
        ("self.last, self.history = r, self.history", {("a", "agent", "last"), ("a", "agent", "history")}),
        ("log = self.history; log.append(q)", {("e", "agent.history")}),
        ("for log in (self.history,): log.append(q)", {("e", "agent.history")}),
        ("(self.history if q else [0]).append(q)", {("e", "agent.history")}),
        ("fresh = [self.history]; fresh.append(1)", set()),
        ("fresh = [self.history]; fresh[0].append(1)", {("e", "agent.history")}),
        ("fresh = {'k': [q]}; fresh['k'] = 1", set()),
        ("setattr(self, 'n', 5)", {("a", "agent", "n")}),
        ("getattr(self, 'history').append(q)", {("e", "agent.history")}),
        ("undeclared(max, [1, 2])", {"top"}),
        ("(lambda: self.history.append(q))()", {("e", "agent.history")}),
    ],
)
def test_method(rest: str, slots: set[Any]) -> None:
    found = ran(AGENT.format(rest=rest)).published()
    assert found[0] == slots


def test_a_rebound_path_holds_what_is_stored_there() -> None:
    published = ran(AGENT.format(rest="self.history = list(self.history); self.history.append(1)")).published()
    assert ("a", "agent", "history") in published[0] and not any("*k" in slot for slot in published[0])
    published = ran(AGENT.format(rest="self.other = out; self.other.append(1)")).published()
    assert published[0] == {("a", "agent", "other"), ("e", "out")}


def test_elements_that_change_places() -> None:
    """`pair[0]` may be `out` by then."""
    source = AGENT.format(rest="self.pair[0].append(1)").replace("self.n = 0", "self.n = 0; self.pair = [self.history, out]")
    source = source.replace("agent = Agent()\nout = []", "out = []\nagent = Agent()")
    assert ran(source).published()[0] == {("e", "agent.history")}
    source = source.replace("self.pair[0].append(1)", "self.pair.reverse(); self.pair[0].append(1)")
    assert ran(source).published()[0] == {("e", "agent.pair"), ("e", "agent.history"), ("*k", list)}


def test_plain_data_does_not_make_a_path_unknown() -> None:
    published = ran(AGENT.format(rest="self.n = 7; self.history.append(self.n)")).published()
    assert published[0] == {("a", "agent", "n"), ("e", "agent.history")}


HELPERS = """
seen, other, memo = [], [], {{}}
def note(x, into=seen): into.append(x)
def deep(n, into):
    if n: return deep(n - 1, into)
    into.append(n)
    return into
def same(x): return x
class Point:
    def __init__(self, x): self.x = x
    def move(self): self.x += 1
    def store(self): other.append(self.x)
def f(q):
    r = num(q)
    if r: return r
    {rest}
    return r
out = [f(q) for q in range(4)]
"""


@pytest.mark.parametrize(
    ("rest", "slots"),
    [
        ("note(r)", {("e", "seen")}),
        ("note(r, other)", {("e", "other")}),
        ("note(r, into=[])", set()),
        ("deep(3, other)", {("e", "other")}),
        ("same(other).append(r)", {("e", "other")}),
        ("deep(2, same(seen)).append(r)", {("e", "seen")}),
        ("p = Point(q); p.move(); p.x = 3", set()),
        ("p = Point(q); p.store()", {("e", "other")}),
        ("memo[q] = r", {("e", "memo")}),
        ("memo.setdefault(q, []).append(1)", {("e", "memo")}),
        ("memo['k'] = other; memo['k'].append(1)", {("e", "memo"), ("e", "other")}),
        ("memo['k'] = other; memo['l'] = [5]; memo['l'].append(1)", {("e", "memo")}),
        ("a = sorted(other, key=lambda x: note(x))", {("e", "seen")}),
        ("a = [note(x) for x in range(r)]", {("e", "seen")}),
        ("print(r, len(other), max(1, r), str(r).join(['a']))", set()),
    ],
)
def test_calls(rest: str, slots: set[Any]) -> None:
    assert ran(HELPERS.format(rest=rest)).published()[0] == slots


def test_global_names_and_cell_names() -> None:
    published = ran("n = 0\ndef f(q):\n    global n\n    r = num(q)\n    if r: return r\n    n += 1\nout = [f(q) for q in range(3)]").published()
    assert published[0] == {("n", "cell", "n")}
    published = ran("x = num(1)\nif x:\n    y = ask(2); z = y\n    if y == 'r2': w = 1").published()
    assert published[0] == {("n", "cell", "y"), ("n", "cell", "z"), ("n", "cell", "w")}


def test_adding_to_a_number_changes_no_list() -> None:
    """`total` is pending from the second round on; reading `qs` must not wait for it."""
    source = "qs = [1, 2, 3, 4, 5]\ntotal = 0\nfor q in qs:\n    r = num(q)\n    if r: total += r\nn = len(qs)"
    assert ran(source).makespan == 1.0
    assert ran(f"def f(qs):\n{textwrap.indent(source, '    ')}\n    return total\nx = f(0)").makespan == 1.0


def test_adding_to_what_may_be_a_list_changes_lists() -> None:
    source = "qs = [1, 2, 3, 4, 5]\nold = [0]\ntotal = {start}\nfor q in qs:\n    r = num(q)\n    if r: total += [r]\nn, m = len(total), len(old)"
    names = ran(source.format(start="old")).names
    assert (names["n"], names["m"]) == (5, 5)
    names = ran(source.format(start="[*old]")).names
    assert (names["n"], names["m"]) == (5, 1)


def test_a_global_declaration_elsewhere_counts() -> None:
    source = (
        "total, l = 0, []\ndef other():\n    global total\n    total = l\ndef f(q):\n    r = num(q)\n    if r: other()\n    return [r]\n"
        "x = f(1)\nif num(2): total += x\nn = len(l)"
    )
    assert ran(source).names["n"] == 1


JSON = """
qs, out, old = [1, 2, 3, 4, 5], [], []
for q in qs:
    d = jask(q)
    {rest}
    out.append(d)
n, m = len(out), len(old)
"""


@pytest.mark.parametrize(
    ("rest", "makespan"),
    [
        ("d['y'] = q; d['l'].append(7)", 1.0),
        ("d['m'] = [q]; d['m'].append(q)", 1.0),
        ("d['m'] = old; d['m'].append(q)", 1.0),
        ("d.update(k=old); d['k'].append(q)", 1.0),
        ("e = d['l']; e.append(q)", 5.0),
    ],
)
def test_what_is_in_flight_is_written_through_nothing_that_exists(rest: str, makespan: float) -> None:
    """Only what is computed from a pending could be something that somebody has."""
    assert ran(JSON.format(rest=rest)).makespan <= makespan


def test_an_older_unit_may_put_something_older_into_a_result() -> None:
    source = (
        "old = []\nd = jask(1)\ne = num(ask(num(1)) == 'r1')\nif e: d['l'] = old\nf = num(2)\nif f: d['l'].append(1)\n"
        "n, m = len(old), len(d['l'])"
    )
    assert ran(source).names["n"] == 1


def test_a_class_attribute_is_read_through_younger_instances() -> None:
    source = "class A:\n    n = 0\ndef f(q):\n    if num(q): A.n = 5\nf(1)\nz = ask(2)\na = A()\nb = a.n"
    assert ran(source).names["b"] == 5


def test_an_instance_as_argument_waits_for_those_who_write_it_only() -> None:
    source = (
        "class Doc:\n    def __init__(self, t): self.t = t\ndocs = {{d: Doc(d) for d in 'abc'}}\nout = []\nfor d in docs:\n"
        "    r = title(docs[d])\n    if r: {rest}\nout = [*out, *[docs[d].t for d in docs]]\ndocs = 0"
    )

    @unordered
    def title(doc: Any) -> str:
        return str(doc.t)

    assert ran(source.format(rest="out.append(ask(r))"), title=title).makespan == 2.0
    assert ran(source.format(rest="docs['c'].t += r"), title=title).names["out"] == ["a", "b", "cabcab"]


def test_resources() -> None:
    @sequential("db")
    def put(q: int) -> None: ...

    @sequential(lambda q: ("row", q))
    def keyed(q: int) -> None: ...

    source = "def f(q):\n    r = num(q)\n    if r: put(q)\n    return r\nout = [f(q) for q in range(3)]"
    assert ran(source, put=put).published()[0] == {("r", "db")}
    assert ran(source, put=keyed).published()[0] == {("r", "*")}


# ---------------------------------------------------------------------- who waits, and who does not


def test_a_younger_read_of_what_may_be_written_waits() -> None:
    """`len(l)` waits for the first answer, the second branch for nothing."""
    ran_ = ran("l = []\ndef f(q):\n    r = num(q)\n    if r: l.append(q)\n    return r\na = f(1)\nn = len(l)\nb = f(2); m = len(l)")
    assert (ran_.names["n"], ran_.names["m"], ran_.makespan) == (1, 2, 2.0)


def test_a_younger_read_of_something_else_does_not_wait() -> None:
    ran_ = ran("l, k = [], [1]\ndef f(q):\n    r = num(q)\n    if r: l.append(q)\n    return r\na = f(1)\nn = ask(len(k))\nb = f(2)")
    assert ran_.makespan == 1.0


def test_attributes_of_one_object_do_not_hold_up_another() -> None:
    source = (
        "class A:\n    def __init__(self): self.n = 0\n    def up(self, q):\n        if num(q): self.n += 1\n"
        "x, y = A(), A()\nx.up(1)\nr = ask(y.n)\ny.up(2)\ns = ask({what})"
    )
    assert ran(source.format(what="y.__class__.__name__")).makespan == 1.0
    assert ran(source.format(what="y.n")).makespan == 2.0


def test_try_goes_back_to_earlier_values() -> None:
    """After the fault `x` is `a` again, and the handler stores into `a`."""
    source = (
        "a, b = [], []\ndef check(q):\n    if num(q) == 1: raise ValueError(q)\n"
        "def f(q):\n    x = a\n    try:\n        x = b; check(q); x.append(q)\n    except ValueError: x.append(-q); a.append(0)\n"
        "    return q\nf(1)\nn = ask(len(a))\nm = ask(len(b))\n"
    )
    ran(source)


def test_a_loop_that_is_left_midway_is_whole() -> None:
    source = (
        "first, second = [], []\ndef f(n):\n    target = first\n    for i in range(n):\n"
        "        if num(i) == 2: break\n        target.append(i)\n        target = second\n    return n\nf(3)\nn, m = ask(len(first)), ask(len(second))"
    )
    ran(source)


def test_read_behind_a_possible_write_of_a_resource() -> None:
    rows: list[int] = []

    @readonly("db")
    def get() -> int:
        return len(rows)

    @sequential("db")
    def put(q: int) -> None:
        rows.append(q)

    source = "def f(q):\n    if num(q): put(q)\n    return q\nf(1)\nn = get()\nf(0)\nm = get()"
    namespace = {"get": get, "put": put, "num": num}
    outcome = run_simulated(source, namespace)
    assert (namespace["n"], namespace["m"], outcome.error) == (1, 1, None)


@pytest.mark.parametrize("seed", range(1, 46))
def test_no_store_is_missing_in_random_programs(seed: int) -> None:
    source = program(seed).source
    try:
        plain(source, seed)
    except (Runaway, SyntaxError):
        return
    monitor = Monitor()

    def run(text: str, namespace: dict[str, Any], name: str) -> FuzzResult:
        run_simulated(text, namespace, filename=name, latency=latency(seed, None), mutate=monitor.install)
        return FuzzResult()

    run_in(World(declared), source, seed, run)
    assert monitor.missed() == [], filename(seed)


def test_the_monitor_sees_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without slots the read does not wait, and the monitor says which store was not announced."""
    from poppy_ipython.engine import maywrites

    monkeypatch.setattr(maywrites, "footprint", lambda machine, unit: ())
    monitor = Monitor()
    namespace = {"num": num}
    source = "l = []\ndef f(q):\n    r = num(q)\n    if r: l.append(q)\n    return r\na = f(1)\nn = len(l)"
    run_simulated(source, namespace, filename="<footprint>", mutate=monitor.install)
    assert namespace["n"] == 0
    assert len(monitor.missed()) >= 1
