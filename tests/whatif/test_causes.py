"""All the answers that a call waited for are in the trace, not only the one that came last."""

from __future__ import annotations

import pytest

from poppy_ipython.engine.scheduler import MOST_CAUSES
from tests.whatif.simulated import record

CELLS = {
    "an expression": "c = judge(ask('a') + ask('b'))",
    "of an expression": "x = ask('a') + ask('b')\nc = judge(x.upper() + ask('c'))",
    "a text joined": "notes = [ask(d) for d in 'abcd']\nc = judge(', '.join(f'- {n}' for n in notes))",
    "a slice joined": "notes = [f'- {ask(d)}' for d in 'abcd']\nc = judge(''.join(notes[1:3]))",
    "a named tuple": "from typing import NamedTuple\nclass Two(NamedTuple):\n    a: str\n    b: str\nc = judge(Two(ask('a'), ask('b')))",
    "a comparison": "if ask('a') < ask('b') + '~':\n    c = judge('c')",
    "a function's result": "def both():\n    return ask('a') + ask('b')\nc = judge(both())",
    "one after the other": "a, b, d = ask('a'), ask('b'), {}\nd.setdefault(a, 1)\nd.setdefault(b, 2)\nc = judge('c')",
}
WAITED = {"of an expression": {1, 2, 3}, "a text joined": {1, 2, 3, 4}, "a slice joined": {2, 3}}


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("first", [0.3, 3.0])
def test_every_answer_is_noted(name, first):
    """Whichever came last: the first calls take longer than the others, or not."""
    trace = record(CELLS[name], {"ask": first}, seed=3)
    last = trace.calls[-1]
    assert last.callee == "judge"
    assert {need[0] for need in last.needs} == WAITED.get(name, {1, 2})


def test_what_a_cause_has_waited_for_itself_is_left_out():
    """A chain of ten rounds: each call names the one before it."""
    trace = record("x = ask('a')\nfor n in range(9):\n    if x:\n        x = ask(x)")
    assert [{need[0] for need in call.needs} for call in trace.calls[1:]] == [{number} for number in range(1, 10)]


def test_there_is_an_end_to_it():
    """Memory: of a sum of many answers the youngest arrivals are kept."""
    trace = record("total = ''\nfor n in range(200):\n    total += ask(n)\nc = judge(total)")
    assert len(trace.calls[-1].needs) == MOST_CAUSES
