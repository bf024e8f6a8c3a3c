"""Which function is called may be an answer: such calls overlap, and call what a plain run calls."""

from __future__ import annotations

from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

TOOLS = """\
def fa(i, *more): return ask(('a', i))
def fb(i, *more):
    kept.append(i)
    return ask(ask(i))
tools = {0: fa, 1: fb}
kept, out = [], []
"""
#: statement -> rounds of calls for four of them at once
CALLS = {
    "out.append(tools[num(i) % 2](i))": 3,
    "out.append(str(tools[num(i) % 2](i, *[i], **{})))": 3,
}
OTHERS = [
    "t = tools[num(i) % 2]\n    out.append(t(i))",
    "t = tools.get(num(i) % 2, fa)\n    out.append(t(i, ask(i)))",
    "out.append(tools[num(i)](i))",
    "out.append(tools.get(num(i))(i))",
    "t = tools[num(i) % 2]\n    print(t.__name__, t(i))",
    "tools[num(i) % 2] = fb\n    out.append(tools[num(i) % 2](i))",
    "out.append(tools[num(i) % 2](1 // (num(i) % 3)))",
    "try: out.append(tools[num(i)](i))\n    except KeyError as e: out.append(str(e))",
]


@unordered
def ask(q: Any) -> str:
    return f"a{q}"


@unordered
def num(q: Any) -> int:
    return int(q) * 3 + 1


@pytest.mark.parametrize("call", CALLS)
def test_calls_of_what_is_looked_up_overlap(call: str) -> None:
    namespace: dict[str, Any] = {"ask": ask, "num": num, "__name__": "__main__"}
    outcome = run_simulated(f"{TOOLS}for i in range(4):\n    {call}\n", namespace, filename="<dispatch>")
    assert outcome.error is None
    assert outcome.makespan <= CALLS[call]


@pytest.mark.parametrize("call", [*CALLS, *OTHERS])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_calls_of_what_is_looked_up_are_right(call: str, seed: int) -> None:
    agree(f"{TOOLS}for i in range(4):\n    {call}\nprint(kept, out)\n", seed)
