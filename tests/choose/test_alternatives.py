"""Alternatives as such: which go together, and that a plain run takes the first."""

from __future__ import annotations

import asyncio
import copy
import doctest
import importlib

import pytest

import poppy_ipython
from poppy_ipython import Options, pure, sequential, unordered
from poppy_ipython.choose import BadAlternatives, alternatives, option
from poppy_ipython.effects import effect_of
from tests.choose.simulated import play

MODULES = ("alternatives", "listing", "objective", "profiles", "reach", "resources", "store")


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_docstrings(name):
    assert not doctest.testmod(importlib.import_module(f"poppy_ipython.choose.{name}")).failed


@unordered
def large(text):
    return text.upper()


@unordered
def small(text):
    return text.title()


@unordered
def broken(text):
    raise ConnectionError(f"{text}: nobody there")


@unordered
def worse(text):
    raise TimeoutError("too late")


@unordered
async def later(text):
    return text.upper()


@unordered
async def later_small(text):
    raise ConnectionError("no")


@unordered
def asks(text, model="large"):
    return f"{model}: {text}"


def test_a_plain_call_takes_the_first():
    caption = alternatives(large, small)
    assert caption("a dog") == "A DOG"
    assert [caption(text) for text in "ab"] == ["A", "B"]
    assert effect_of(caption).name == "unordered"


def test_a_plain_call_goes_to_the_next_after_a_failure():
    assert alternatives(broken, small)("a dog") == "A Dog"


def test_if_all_fail_it_is_the_error_of_the_first():
    with pytest.raises(ConnectionError, match="nobody"):
        alternatives(broken, worse)("x")


def test_async_alternatives_are_awaited():
    both = alternatives(later_small, later)
    assert asyncio.run(both("a")) == "A"
    run = poppy_ipython.run("x = await both('a')\ny = [await both(c) for c in 'bc']", names := {"both": both})
    assert run.error is None
    assert (names["x"], names["y"]) == ("A", ["B", "C"])


def test_models_of_one_function_are_alternatives():
    ask = alternatives(asks, model=[option("large", quality=0.9), "small"])
    assert ask("hello") == "large: hello"
    assert ask.names == ("large", "small")
    names = {"ask": ask}
    run = poppy_ipython.run("out = [ask(q) for q in 'ab']", names)
    assert names["out"] == ["large: a", "large: b"]
    assert [call.choice for call in run.calls] == ["large", "large"]


def test_under_poppy_without_an_objective_it_is_as_plain():
    source = "out = []\nfor t in 'abc':\n    a = caption(t)\n    if a:\n        out.append(caption(a + '!'))"
    plain: dict = {"caption": alternatives(large, small)}
    exec(source, plain)
    names = {"caption": plain["caption"]}
    assert poppy_ipython.run(source, names).error is None
    assert names["out"] == plain["out"]
    assert play(source, {"caption": plain["caption"]}).run.trace.peak == 3


def test_copies_are_the_same():
    caption = alternatives(large, small)
    assert copy.deepcopy({"x": caption})["x"] is caption
    assert copy.copy(caption) is caption


def test_the_check_takes_them_as_one_call():
    names = {"caption": alternatives(large, small)}
    run = poppy_ipython.run("out = [caption(t) for t in 'abc']", names, options=Options(check=True))
    assert run.error is None
    assert run.check.same, str(run.check)


def test_a_recording_answers_for_them(tmp_path):
    names = {"caption": alternatives(large, small)}
    source = "out = [caption(t) for t in 'abc']"
    assert poppy_ipython.run(source, names, options=Options(record="them")).error is None
    again = poppy_ipython.run(source, names, options=Options(replay="them", latency=0.0))
    assert again.error is None
    assert names["out"] == ["A", "B", "C"]
    refused = poppy_ipython.run(source, names, options=Options(replay="them", objective="time"))
    assert "--replay asks nobody" in str(refused.error)


# ---------------------------------------------------------------- bad input


@unordered
def other_parameters(image, size):
    return ""


@sequential("db")
def ordered(text):
    return ""


@pure
def in_place(text):
    return ""


def undeclared(text):
    return ""


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: alternatives(large), "at least two"),
        (lambda: alternatives(large, other_parameters), r"large\(text\) and other_parameters\(image, size\) take other arguments"),
        (lambda: alternatives(large, ordered), "large is unordered and ordered is sequential.*need the same effect"),
        (lambda: alternatives(large, undeclared), "nobody has declared what .*undeclared does; put @unordered above it"),
        (lambda: alternatives(in_place, in_place), "runs in place"),
        (lambda: alternatives(large, later), "async and the other is not"),
        (lambda: alternatives(large, large), "two alternatives are called large"),
        (lambda: alternatives(large, 3), "3 cannot be called"),
        (lambda: alternatives(asks, model="large"), "a list of values is expected"),
        (lambda: alternatives(asks, tone=["kind", "rude"]), "has no parameter 'tone'"),
        (lambda: alternatives(large, alternatives(small, broken)), "name its functions instead"),
        (lambda: option(large, quality=1.5), "quality=1.5: from 0 to 1"),
        (lambda: option(large, price=-1), "price=-1: a number from 0 on"),
        (lambda: option(large, seconds=float("nan")), "seconds=nan: a number from 0 on"),
        (lambda: option(large, energy=1, power=2), "not both"),
        (lambda: option(large, resource="gpu=0"), "at least 1 of gpu"),
        (lambda: option(large, resource=3), "for example 'gpu=1"),
    ],
)
def test_what_cannot_be_meant_is_said(made, said):
    with pytest.raises(ValueError, match=said):
        made()


def test_it_is_one_kind_of_error():
    with pytest.raises(BadAlternatives):
        alternatives()


def test_a_cell_is_looked_through_only_if_there_are_alternatives(monkeypatch):
    """What every cell of every user would pay."""
    looked = []
    monkeypatch.setattr("poppy_ipython.choose.session.reachable", lambda *given: (looked.append(1), ([], False))[1])
    monkeypatch.setattr("poppy_ipython.performing.some_alternatives", lambda: False)
    assert poppy_ipython.run("x = 1", {}).error is None
    assert looked == []
    monkeypatch.setattr("poppy_ipython.performing.some_alternatives", lambda: True)
    assert poppy_ipython.run("x = 1", {}).error is None
    assert looked == [1]
