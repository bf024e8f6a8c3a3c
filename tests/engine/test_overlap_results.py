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
