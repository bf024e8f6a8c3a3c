"""Wrappers: those that library data lists are what they wrap; the user's own are looked into; others are named with a reason."""

from __future__ import annotations

import functools

import pytest

from poppy_ipython.effects import declare, effect_of, effect_of_call, host_of, resource_of, sequential, unordered, wrappers
from poppy_ipython.effects.wrappers import Wrappers, bare, code_at, reason_of
from poppy_ipython.engine.run import run_simulated


def traced(func):
    """Somebody's decorator."""

    @functools.wraps(func)
    def inner(*args, **kwargs):
        return func(*args, **kwargs)

    return inner


@pytest.fixture
def listed(monkeypatch):
    monkeypatch.setattr(wrappers, "_calls", dict(wrappers._calls))
    found = Wrappers()
    found.add({f"{__name__}.traced.<locals>.inner": "func"})
    assert found.refresh() == []


class Table:
    @sequential(lambda self, key: ("row", key), host="db.example.org")
    def put(self, key): ...


def ask(question): ...


def test_a_listed_wrapper_is_what_it_wraps(listed):
    declare(ask, unordered)
    for wrapper in (traced(ask), traced(traced(ask)), functools.partial(traced(ask), 1)):
        assert effect_of(wrapper).name == "unordered"
    put = traced(Table().put)
    effect = effect_of_call(put, (3,), {})
    assert (effect.name, resource_of(effect, put, (3,), {}), host_of(effect, put)) == ("sequential", ("row", 3), "db.example.org")
    assert bare(traced(traced(ask))) is ask
    assert effect_of(traced(lambda: 1)) is None


def test_what_is_wrapped_may_be_declared_later(listed):
    def later(): ...

    wrapper = traced(later)
    assert effect_of(wrapper) is None
    declare(later, unordered)
    assert effect_of(wrapper).name == "unordered"


def test_the_name_alone_proves_nothing(listed):
    def other(func):
        @functools.wraps(func)
        def inner(*args, **kwargs):
            return None

        return inner

    assert effect_of(other(ask)) is None and bare(other(ask)) is not ask


def test_a_wrapper_that_was_declared_itself_keeps_its_own_word(listed):
    declare(ask, unordered)
    wrapper = declare(traced(ask), sequential("mine"))
    assert effect_of_call(wrapper, (), {}).resource == "mine" and effect_of(ask).name == "unordered"


def test_code_is_found_from_the_decorators_name():
    assert code_at(wrappers, "code_at").co_name == "code_at"
    assert code_at(wrappers, "no_such.<locals>.inner") is None and code_at(wrappers, "code_at.<locals>.no_such") is None


def test_reasons():
    assert reason_of(functools.lru_cache(ask)) == "wrapped by functools.lru_cache, which is not looked into"
    assert reason_of(traced(ask)) == f"wrapped by {__name__}.traced, which is not looked into"
    assert reason_of(ask) == reason_of(5) == ""


def test_ones_own_decorators_are_looked_into():
    """No declaration of the wrapper: it is a function like any other, and what it calls is known."""
    source = """
import functools
def counted(func):
    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        calls.append(func.__name__)
        answer = func(*args, **kwargs)
        return answer
    return wrapper
asked = counted(ask)
out = [asked(i) for i in range(5)]
"""

    @unordered
    def ask(question):
        return question * 2

    names = {"ask": ask, "calls": []}
    outcome = run_simulated(source, names)
    assert outcome.error is None and names["out"] == [0, 2, 4, 6, 8] and names["calls"] == ["ask"] * 5
    assert outcome.makespan == 1.0
