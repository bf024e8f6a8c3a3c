"""Pure functions and external calls see their arguments as a plain run would, through slots and C containers too, and
run ahead where nothing buffered is reachable from them. On the simulated clock, against plain `exec`."""

from __future__ import annotations

import collections
import datetime
import re

import pytest

from poppy_ipython.effects import pure, unordered
from poppy_ipython.engine.run import run_simulated


@unordered
def ask(question):
    return f"{question} is 7"


@unordered
def send(value):
    return repr(value)


class Basket:
    def __init__(self):
        self.items, self.count = [], 0

    @pure
    def total(self):
        return len(self.items), self.count


class Slotted:
    __slots__ = ("items",)

    def __init__(self):
        self.items = []

    def __repr__(self):
        return f"Slotted({self.items})"


class Loud:
    def __str__(self):
        said.append("looked at")
        return "loud"


said: list[str] = []


def namespace():
    said.clear()
    return {
        "ask": ask, "send": send, "basket": Basket(), "slotted": Slotted(), "loud": Loud(), "qs": list("abcdef"),
        "collections": collections, "re": re, "datetime": datetime, "inner": [], "out": [], "said": said,
    }  # fmt: skip


def both(source, latency=1.0):
    """What a plain run leaves, and what ours does."""
    plain, ours = namespace(), namespace()
    exec(source, plain)
    plain_said, plain_out = list(said), plain["out"]
    said.clear()
    outcome = run_simulated(source, ours, latency=latency)
    assert outcome.error is None
    assert (ours["out"], said) == (plain_out, plain_said)
    return outcome


@pytest.mark.parametrize(
    "source",
    [
        "inner.append(ask(1))\nout.append(send(collections.deque([inner])))",
        "box = collections.deque([inner])\ninner.append(ask(1))\nout.append(send(box))",
        "box = collections.OrderedDict(a=inner)\ninner.append(ask(1))\nout.append(send(box))",
        "slotted.items.append(ask(1))\nout.append(send(slotted))",
        "basket.items.append(ask(1))\nout.append(basket.total())",
        "basket.count = ask(1)\nout.append(basket.total())",
        "out.append(ask(1))\nout.append(str(loud))\nout.append(f'{loud}')",
        "out.append(ask(1))\nbox = collections.defaultdict(list)\nout.append('{a}'.format_map(box))\nout.append(len(box))",
    ],
)
def test_arguments_and_receivers_are_current(source):
    both(source, latency=lambda call: 3.0 if call.fn is ask else 1.0)


def test_a_chain_of_thousands_of_objects_is_walked():
    head = None
    for _ in range(5000):
        node = Basket()
        node.items, head = head, node
    spaces = {"ask": ask, "take": unordered(lambda chain: 1), "head": head, "out": []}
    outcome = run_simulated("out.append(ask(1))\nout.append(take(head))", spaces)
    assert outcome.error is None and spaces["out"] == ["1 is 7", 1]


@pytest.mark.parametrize(
    ("source", "makespan"),
    [
        ("for q in qs:\n m = re.search(r'\\d', ask(q))\n out.append(m.group(0))", 1.0),
        ("for q in qs:\n m = re.search(r'(\\d)', ask(q))\n if m:\n  out.append(ask(m.group(1)))", 2.0),
        ("for q in qs:\n out.append(ask(datetime.date(2026, 1, 1).isoformat() + q))\n day = datetime.datetime.now()", 1.0),
    ],
)
def test_what_follows_an_answer_runs_ahead(source, makespan):
    assert both(source).makespan == makespan
