"""Statements that bind, unbind and choose by an answer: they hold up nobody who does not need what they wait for."""

from __future__ import annotations

import pytest

from tests.engine.overlap import makespan
from tests.fuzz.check import agree

DELETED = {
    "in a loop": "out = []\nfor q in range(6):\n    a = ask(q)\n    out.append(a)\n    del a",
    "two names": "out = []\nfor q in range(6):\n    a, b = ask(q), num(q)\n    out.append((a, b))\n    del a, b",
    "of a function": "def f():\n    out = []\n    for q in range(6):\n        a = ask(q)\n        out.append(a)\n        del a\n    return out\nout = f()",
    "declared global": "def f(q):\n    global a\n    a = ask(q)\n    r = a\n    del a\n    return r\nout = [f(q) for q in range(6)]",
    "in a branch": "out = []\nfor q in range(6):\n    a = ask(q)\n    if q % 2:\n        out.append(a)\n        del a",
    "of an item": "out = {q: 0 for q in range(6)}\nfor q in range(6):\n    if num(q) != 9: del out[q]",
}


@pytest.mark.parametrize("source", DELETED.values(), ids=DELETED)
def test_del_of_a_name_waits_for_nothing(source: str) -> None:
    assert makespan(source) == 1.0


UNBOUND = {
    "twice": "a = num(1)\ndel a\nb = num(2)\ndel a",
    "in a branch": "a = 1\nif num(1): del a\nb = num(2)\na += 1",
    "in a branch, deleted again": "a = 1\nif num(1): del a\nb = num(2)\ndel a",
    "of a builtin": "len = num(1)\ndel len\nprint(len('abc'))\ndel len",
    "left by a fault": "a = num(1)\ntry:\n    bad(2)\n    del a\nexcept Boom: print(a)\ndel a\nprint(a)",
    "of a list": "a = [num(1)]\nb = num(2)\ndel a\nprint(a)",
    "of a function": "def f(q):\n    a = num(q)\n    if num(a): del a\n    return a\nf(1)",
}


@pytest.mark.parametrize("source", UNBOUND.values(), ids=UNBOUND)
def test_a_name_that_is_gone_is_missed_in_its_place(source: str) -> None:
    agree(source + "\n", seed=3)
