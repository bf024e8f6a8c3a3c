"""Results of the user's own functions in flight: as good as a call's own result where nobody else can have them."""

from __future__ import annotations

from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

EXPAND = """\
class P:
    def __init__(self, h):
        self.h, self.b = h, None
    def expand(self, chat):
        self.b = chat(self.h)
        if len(self.b) > 40: self.b += chat(self.h + 'x')
{chat}
ps = [P(str(n)) for n in range(4)]
for p in ps: p.expand(chat)
out = [p.b for p in ps]
"""
CHATS = {
    "plain": ("def chat(c): return ask(c)", 1),
    "stripped": ("def chat(c): return ask(c).strip().lower()", 1),
    "branches": ("def chat(c):\n    r = ask(c)\n    if r == 'zz': return ask(c)\n    return ask(r)", 2),
    "counts": ("n = 0\ndef chat(c):\n    global n\n    n += 1\n    r = ask(c)\n    if r == 'zz': return ask(c)\n    return ask(r)", 2),
}
#: somebody else has the result as well: it is not fresh, and what is done to it must be seen
SHARED = {
    "kept before the stall": "def get(q):\n    r = mk([q])\n    keep.append(r)\n    if flag(q): return r\n    return r\n",
    "kept in an attribute": "class K: pass\nk = K(); k.r = []\ndef get(q):\n    r = mk([q])\n    k.r = r\n    if flag(q): k.r = r\n    return r\n",
    "kept in a name": "last = []\ndef get(q):\n    global last\n    r = mk([q])\n    last = r\n    return r if flag(q) else r\n",
    "an older object": "def get(q):\n    if flag(q): return keep\n    return out\n",
    "an older element": "keep.append([1])\ndef get(q):\n    return keep[0] if flag(q) else keep[-1]\n",
    "by another function": "def put_away(r):\n    keep.append(r)\n    return r\ndef get(q):\n    if flag(q): return put_away(mk([q]))\n    return put_away(mk([q, q]))\n",
    "text that is text": "def get(q):\n    if flag(q): return ask(q).split('a')\n    return ask(q).strip().split()\n",
}
USE = """\
keep, out = [], []
{get}
def use(q):
    x = get(q)
    if flag(q + 1): x.append(q)
    x.append(num(q))
    return len(x)
for q in range(3):
    out.append(use(q))
    print(len(keep), [len(r) if isinstance(r, list) else r for r in keep], len(getattr(globals_(), 'r', [])))
    print(out)
"""


@unordered
def ask(q: Any) -> str:
    return f"a{q}"


@pytest.mark.parametrize("name", CHATS)
def test_results_of_helpers_overlap(name: str) -> None:
    chat, rounds = CHATS[name]
    namespace: dict[str, Any] = {"ask": ask, "__name__": "__main__"}
    outcome = run_simulated(EXPAND.format(chat=chat), namespace, filename="<results>")
    assert outcome.error is None
    assert outcome.makespan == rounds
    agree(EXPAND.format(chat=chat), 1)


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_results_that_somebody_else_has(name: str, seed: int) -> None:
    shown = {"kept in an attribute": "k.r", "kept in a name": "last"}.get(name, "keep")
    source = USE.replace("len(getattr(globals_(), 'r', []))", f"len({shown})").format(get=SHARED[name])
    agree(source, seed)


#: helpers whose second result is a number
PAIRS = [
    "for r in range(3):\n        try: return ask(q), r\n        except ValueError: pass",
    "for i, r in enumerate('ab'):\n        try: return ask(q), i\n        except ValueError: pass\n    return '', -1",
    "try: r = ask(q)\n    except ValueError: return '', 0\n    return r, len(log)",
]


@pytest.mark.parametrize("body", PAIRS)
def test_numbers_among_several_results_are_added_up_later(body: str) -> None:
    source = f"def get(q):\n    {body}\nlog, n = [], 0\nfor k in range(6):\n    a, b = get(k)\n    n += b\nprint(n)\n"
    namespace: dict[str, Any] = {"ask": ask, "__name__": "__main__"}
    outcome = run_simulated(source, namespace, filename="<results>")
    assert outcome.error is None
    assert outcome.makespan == 1


def test_a_range_of_ones_own_gives_what_it_likes() -> None:
    agree("l0 = [1]\ndef range(n): return [l0]\ndef get(q):\n    for r in range(3):\n        try: return ask(q), r\n        except Boom: pass\n"
          "l1 = l0\nfor k in [0, 1]:\n    a, b = get(k)\n    l1 += b\n    print(len(l0), l1 is l0)\ndel range\n", 1)  # fmt: skip


@pytest.mark.parametrize("body", ["if q: n = 1\n    return ask(q), n", "def f():\n        nonlocal m\n        m = n\n    m = 1; f()\n    return ask(q), m"])
@pytest.mark.parametrize("seed", [1, 2])
def test_parameters_and_captured_names_may_be_anything(body: str, seed: int) -> None:
    agree(f"l0 = [1]\ndef get(q, n=l0):\n    {body}\nl1 = l0\nfor k in [0, 0]:\n    a, b = get(k)\n    l1 += b\n    print(l0, a)\n", seed)
