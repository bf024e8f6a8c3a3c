"""Small cells with choices, one for each shape, and alternatives that differ in all that counts."""

from __future__ import annotations

from typing import Any

from poppy_ipython import sequential, unordered
from poppy_ipython.choose import alternatives, option


@unordered
def see_large(x):
    return f"{x}."


@unordered
def see_small(x):
    return f"{x}."


@unordered
def see_cpu(x):
    return f"{x}."


@unordered
def tell_large(x):
    return f"{x}!"


@unordered
def tell_small(x):
    return f"{x}!"


@sequential("log")
def note(x):
    return len(x)


def names() -> dict[str, Any]:
    see = alternatives(
        option(see_large, seconds=0.6, price=0.010, power=300, quality=0.95, resource="gpu"),
        option(see_small, seconds=0.3, price=0.004, power=250, quality=0.85, resource="gpu"),
        option(see_cpu, seconds=1.7, price=0.001, power=60, quality=0.85, resource="cpu=2"),
    )
    tell = alternatives(
        option(tell_large, seconds=1.2, price=0.030, power=500, quality=0.98),
        option(tell_small, seconds=2.0, price=0.006, power=200, quality=0.80),
    )
    return {"see": see, "tell": tell, "note": note}


CAPACITY = {"gpu": 2, "cpu": 4}

PROGRAMS = {
    "map": "out = [see(x) for x in 'abcdef']",
    "chain": "x = 'a'\nfor n in range(3):\n    x = tell(see(x))",
    "two steps": "out = []\nfor x in 'abc':\n    out.append(tell(see(x)))",
    "reduce": "row = [see(x) for x in 'abcd']\nend = tell(''.join(row))",
    "side line": "a = see('a')\nb = tell(tell(tell('b')))\nc = see(a)",
    "branch": "out = []\nfor x in 'abc':\n    y = see(x)\n    if y:\n        out.append(tell(y))",
    "ordered": "for x in 'abc':\n    note(see(x))\nend = tell('x')",
    "tree": "row = [see(x) for x in 'abcd']\nwhile len(row) > 1:\n    row = [tell(row[i] + row[i + 1]) for i in range(0, len(row), 2)]",
}
