"""`--check`: says "same" where it is so, and sees what is not: in the engine, in a declaration, in each kind of thing compared."""

from __future__ import annotations

import importlib
import itertools
import operator
import random
import sys
import threading
from dataclasses import dataclass
from typing import Any

import httpx
import pandas
import pytest
from openai import OpenAI

import poppy_ipython
from poppy_ipython import Options, local, unordered
from poppy_ipython.record.check import Checked
from poppy_ipython.record.compare import Comparison
from poppy_ipython.record.errors import CheckRefused
from tests.fuzz import breakages
from tests.record.cells import World


def check(source: str, names: dict[str, Any] | None = None, **options: Any) -> Checked:
    run, _ = World().run(source, names, check=True, **options)
    assert run.check is not None, (run.error, run.notices)
    return run.check


SAME = {
    "loops, handlers, repeated calls": """
out = []
for n in range(5):
    try:
        out.append(ask("fail" if n == 3 else n))
    except ValueError as error:
        out.append(error.args)
again = [ask("same") for _ in range(3)]
print(len(out), again[0]["number"])
save(len(out)); save(again)
out
""",
    "classes and functions of the cell, and their globals": """
count = 0
class Base:
    made = []
    def __init__(self, x): self.x = x; Base.made.append(x)
    def go(self): return ask(self.x)
class Child(Base):
    __slots__ = ("y",)
    def go(self):
        global count
        count += 1
        self.y = super().go()["number"]
        return self.y
def outer(k):
    total = [k]
    def inner(v):
        total[0] += ask(v)["number"]
        return total[0]
    return inner
things = [Child(n) for n in range(3)]
gone = [thing.go() for thing in things]
inner = outer(10)
sums = [inner(n) for n in range(3)]
""",
    "callables that are handed on": """
from functools import partial
mapped = list(map(ask, [1, 2]))
best = max([1, 5, 3], key=lambda v: ask(v)["question"])
tools = {"ask": ask}
via = tools["ask"](7)
early = partial(ask, 9)()
""",
    "an error that ends it": "x = ask(1)\nsave(x)\ny = ask('fail')\nsave(2)",
    "an error of its own, with calls that ran ahead": "x = ask(1)\nn = 1 / (x['number'] - x['number'])\nz = [ask(k) for k in range(5)]",
    "clocks and random numbers": """
import random, time, uuid
begin = time.time()
drawn = [random.random() for _ in range(3)] + [random.choice("abc")]
name = str(uuid.uuid4())
asked = ask(drawn[0])
""",
    "sharing": "row = [ask(1)]\nrows = [row, row]\nrows[0].append(ask(2))\nring = {}\nring['me'] = ring",
    "generators and comprehensions": """
def pairs(n):
    for k in range(n):
        yield k, ask(k)
found = {}
for k, v in pairs(3):
    found[k] = v["number"]
counts = [k for k in (j * j for j in range(4))]
half = (n for n in counts)
first = next(half)
""",
    "coroutines": """
import asyncio
async def twice(x):
    await asyncio.sleep(0)
    return x * 2
a = await twice(2)
b = await asyncio.gather(twice(3), twice(4))
c = ask(a)
""",
}


def test_an_error_of_the_real_client_is_the_same(client: OpenAI) -> None:
    """The record keeps what came over the wire, not the connection: the answer inside the exception is compared as such."""
    source = """
def ask(model):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Summarise: a cat."}])
kept = []
for model in ("local-small", "local-small+500"):
    try:
        kept.append(ask(model))
    except Exception as error:
        kept.append(error)
ask("local-small+500")
"""
    found = poppy_ipython.run(source, {"client": client}, options=Options(check=True))
    assert str(found.check).startswith("checked, the same as a plain run: "), str(found.check)
    assert "the InternalServerError" in str(found.check)


@pytest.mark.parametrize("name", SAME)
def test_same(name: str) -> None:
    found = check(SAME[name])
    assert found.same, str(found)
    assert str(found).startswith("checked, the same as a plain run: ")


def test_nothing_of_the_users_is_touched_by_the_plain_run() -> None:
    world = World()
    rows: list[Any] = [1]
    run, names = world.run("rows.append(ask(2)['question'])\nsave(len(rows))", {"rows": rows}, check=True)
    assert run.check.same and names["rows"] is rows and rows == [1, 2]
    assert world.asked == [2] and world.saved == [2]


def test_one_call_of_output_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    say = unordered(lambda n: print("said", n))
    found = check("for n in range(2): say(n)\nprint('end')", {"say": say})
    assert found.same and "3 lines of output" in str(found)
    assert capsys.readouterr().out == "said 0\nsaid 1\nend\n"


# ------------------------------------------------------------------ it sees what is wrong


def gated() -> dict[str, Any]:
    """`ask(0)` is answered after `ask(1)` was."""
    gate = threading.Event()

    @unordered
    def ask(n: Any) -> Any:
        if n == "fail":
            raise ValueError(n)
        if n == 0:
            assert gate.wait(20)
        gate.set()
        return repr(n)

    return {"ask": ask}


BROKEN = {
    "print-at-once": ("def show(n):\n    print(ask(n))\nfor n in range(2):\n    show(n)", "stdout: "),
    "no-argument-snapshot": ("rows = [7]\nrows.append(ask(1))\ny = ask(rows)\nz = 3", "the plain run makes a call that the parallel run"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_engine_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuzzer's mutants: each takes one rule of the engine away."""
    source, text = BROKEN[name]
    assert check(source, gated()).same

    def replaced(target: str, make: Any) -> None:
        path, _, dotted = target.partition(":")
        name = dotted.rpartition(".")[2]
        original = operator.attrgetter(dotted)(importlib.import_module(path))
        if "." in dotted:
            monkeypatch.setattr(getattr(importlib.import_module(path), dotted.partition(".")[0]), name, make(original))
            return
        for title, module in list(sys.modules.items()):
            if title.startswith("poppy_ipython.engine") and vars(module).get(name) is original:
                monkeypatch.setattr(module, name, make(original))

    monkeypatch.setattr(breakages, "replaced", replaced)
    breakages.MUTANTS[name].install()
    found = check(source, gated())
    assert not found.same and any(one.startswith(text) for one in found.differences), str(found)


def test_a_wrong_declaration_is_seen() -> None:
    """`unordered` promises that nothing older is changed."""
    seen: list[Any] = []

    @unordered
    def note(x: int) -> int:
        seen.append(x)
        return x

    found = check("a = note(1)\nn = len(seen)", {"note": note, "seen": seen})
    assert not found.same and any(text.startswith("seen: 1 items in parallel, 0 plain") for text in found.differences)


def test_a_result_that_is_an_argument_is_seen() -> None:
    """`unordered` promises that the result is new; the engine may pass a copy of what is still being filled."""
    found = check("rows = [7]\nrows.append(ask(1))\ny = same(rows)", {"same": unordered(lambda rows: rows)})
    assert found.differences == ("y: another object that was met before in parallel than plain",)


def test_output_in_another_order_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from poppy_ipython.display.output import Piece

    monkeypatch.setattr(Piece, "replay", lambda self: None)
    say = unordered(lambda n: print("said", n))
    found = check("for n in range(2): say(n)", {"say": say})
    assert not found.same and found.differences[0].startswith("stdout: ")


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ([1, 2], [1, 3], "x[1]"),
        ({"a": 1}, {"a": True}, "x['a']"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "x, a key"),
        ({1, 2}, {1, 3}, "x"),
        ((1, [2]), (1, [2, 3]), "x[1]"),
        (ValueError("a"), ValueError("b"), "x.args[0]"),
        (ValueError("a"), KeyError("a"), "x"),
        (float("nan"), 0.0, "x"),
        (lambda: 1, lambda: 2, "x"),
        (itertools.count(1), itertools.count(2), "x[0][0]"),
        (httpx.Response(200), httpx.Response(404), "x"),
        (httpx.Request("GET", "http://a"), httpx.Request("GET", "http://b"), "x"),
    ],
)
def test_differences_are_found_by_path(one: Any, other: Any, path: str) -> None:
    comparison = Comparison({})
    comparison.of(one, other, "x")
    assert comparison.found and comparison.found[0].startswith(path), comparison.found


def test_shared_and_equal_are_not_the_same() -> None:
    shared: list[int] = []
    comparison = Comparison({})
    comparison.of([shared, shared], [[], []], "x")
    assert comparison.found == ["x[1]: another object that was met before in parallel than plain"]


def test_no_difference_between_equal_numbers_that_are_not_numbers() -> None:
    comparison = Comparison({})
    comparison.of([float("nan"), -0.0], [float("nan"), -0.0], "x")
    assert not comparison.found
    comparison.of(0.0, -0.0, "x")
    assert comparison.found


def test_rows_of_a_table_are_the_same_although_each_run_makes_their_class() -> None:
    one, other = (next(pandas.DataFrame({"a": [1, 2]}).itertuples()) for _ in range(2))
    comparison = Comparison({})
    comparison.of(one, other, "x")
    assert not comparison.found
    comparison = Comparison({})
    comparison.of(one, other._replace(a=2), "x")
    assert comparison.found == ["x[1]: 1 in parallel, 2 plain"]


# ------------------------------------------------------------------ it refuses


def test_what_cannot_be_copied_is_named_and_nothing_runs() -> None:
    world = World()
    with open(__file__) as file:
        run, names = world.run("box = []\nx = ask(1)\nfile.readline()", {"file": file, "box": 1}, check=True)
        assert isinstance(run.error, CheckRefused) and run.error.names == ("file (TextIOWrapper)",)
        assert "x" not in names and not world.asked
        run, _ = world.run("x = ask(1)\nname = file.name", {"file": file}, check=True, check_anyway=True)
        assert run.error is None and run.check.same


def test_a_call_of_unknown_effect_is_named_and_not_made_twice() -> None:
    import os

    world = World()
    counted = itertools.count()
    source = "x = ask(1)\ntick = next(counted)\nos.getpid()\ny = ask(2)"
    run, names = world.run(source, {"os": os, "counted": counted}, check=True)
    assert run.error is None and "y" in names
    assert run.check.refused == "posix.getpid (line 3) has no declared effect, and would run twice" and not run.check.same
    assert "not checked: posix.getpid (line 3)" in run.notices[0]
    assert names["tick"] == 0 and next(counted) == 1
    run, _ = world.run("x = ask(1)\nos.getpid()", {"os": os}, check=True, check_anyway=True)
    assert run.check.same


def test_a_call_inside_code_that_runs_as_written_is_named() -> None:
    source = "async def twice(x):\n  try:\n    yield ask(x)['question'] * 2\n  finally: pass\na = [x async for x in twice(2)]"
    found = check(source)
    assert "ask(2), line 3 is made inside twice, which runs as it is written" in found.refused


def test_a_result_that_cannot_be_copied_is_named() -> None:
    opened = unordered(lambda: open(__file__))
    run, names = World().run("f = opened()", {"opened": opened}, check=True)
    names["f"].close()
    assert "the result of opened (line 1)" in run.check.refused


def test_random_goes_on_as_if_there_had_been_no_check() -> None:
    random.seed(3)
    World().run("import random\nx = random.random()", check=True)
    after = random.random()
    random.seed(3)
    random.random()
    assert after == random.random()


@dataclass
class Point:
    x: int
    y: list[int]


def test_instances_of_classes_beside_the_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    point = Point(1, [2])
    names = {"point": point, "also": point}
    found = check("point.y.append(ask(3)['question'])\nalso.x = len(point.y)", names)
    assert found.same and (point.x, point.y) == (2, [2, 3])


def test_a_local_function_may_change_what_it_is_given() -> None:
    @local
    def push(rows: list[Any], row: Any) -> None:
        rows.append(row)

    assert check("rows = []\nfor n in range(3):\n    push(rows, ask(n))", {"push": push}).same


def test_check_and_record_in_one_run() -> None:
    world = World()
    run, names = world.run("x = ask(1)", check=True, record="a")
    assert run.check.same and "1 call recorded as 'a'" in run.notices[1]
    again, replayed = world.run("x = ask(1)", replay="a", latency=0)
    assert replayed["x"] == names["x"] and again.error is None


def test_time_inside_a_guarded_loop_is_said_rather_than_compared() -> None:
    found = check("import time\nbegin = time.perf_counter()\nx = ask(1)\nspent = time.perf_counter() - begin")
    assert found.same, str(found)


