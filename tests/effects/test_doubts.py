"""Declarations that are seen to be false: what the code of a declared function calls against its own word."""

from __future__ import annotations

import json
import random
import time

import pytest

from poppy_ipython.effects import local, pure, readonly, sequential, unordered
from poppy_ipython.effects.doubts import doubt


@sequential("db")
def flag(user): ...


@unordered
def search(query): ...


def sleeps(n):
    return time.sleep(n)


def draws():
    return random.random()


def asks(q):
    text = json.dumps(q)
    return search(text)


def flags(user):
    if user:
        return flag(user)
    return None


def computes(x):
    return json.dumps(sorted(x), default=None), [y + 1 for y in x], max(x)


@pytest.mark.parametrize(
    ("function", "effect", "said"),
    [
        (sleeps, pure, "calls time.sleep, which is sequential('clock')"), (draws, local, "calls Random.random, which is sequential('rng')"),
        (asks, pure, "calls tests.effects.test_doubts.search, which is unordered"), (computes, pure, ""), (sleeps, unordered, ""),
        (flags, unordered, "calls tests.effects.test_doubts.flag, which is sequential('db')"), (flags, readonly("files"), ""),
        (flags, readonly("db"), "calls tests.effects.test_doubts.flag, which is sequential('db')"), (flags, sequential("db"), ""), (len, pure, ""),
    ],
)  # fmt: skip
def test_what_its_code_calls(function, effect, said):
    assert doubt(function, effect) == said

