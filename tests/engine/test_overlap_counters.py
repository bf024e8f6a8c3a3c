"""Counters on shared objects and global names do not serialise the calls they count, and count as in a plain run."""

from __future__ import annotations

from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

CALL = "class B: pass\nb = B(); b.n = 0; b.s = ''; n = 0\nout = []\ndef call(i):\n    global n\n{body}    return r\n"
LOOP = "for i in range(5):\n    if call(i) != 'x': out.append(call(i + 10))\nprint(getattr(b.n, 'x', b.n), b.s, n, out)\n"
#: body of `call` -> rounds of calls
COUNTERS = {
    "before the call": "    b.n += 1\n    r = ask(i)\n",
    "after the call": "    r = ask(i)\n    b.n += 1\n",
    "of something known": "    r = ask(i)\n    b.n += len(str(i))\n",
    "of the answer": "    r = ask(i)\n    b.n += len(r)\n",
    "text": "    r = ask(i)\n    b.s += r[:1]\n",
    "a global name": "    r = ask(i)\n    n += 1\n",
    "all of them": "    b.n += 1\n    r = ask(i)\n    n -= len(r)\n    b.s += str(i)\n    b.n *= 2\n",
}
#: nothing is known of what stands there: these wait, and are right
OTHERS = {
    "becomes a list": "    b.n = [i] if ask(i) == 'x' else [0]\n    r = ask(i)\n    b.n += [i]\n",
    "alias of a list": "    b.n = out\n    r = ask(i)\n    b.n += [i]\n    print(len(out))\n",
    "becomes a string": "    b.n = ask(i) + 'z'\n    r = ask(i)\n    b.n += 'y'\n",
    "an object with __iadd__": "    b.n = V(i) if ask(i) != 'x' else 0\n    r = ask(i)\n    v = b.n\n    b.n += 1\n    print(v.x, b.n.x)\n",
    "deleted": "    r = ask(i)\n    b.n += 1\n    if r == 'q': del b.n\n",
    "fails": "    r = ask(i)\n    b.n += 1\n    b.s += 1\n",
    "missing": "    r = ask(i)\n    if r != 'x': b.m += 1\n",
    "class attribute": "    r = ask(i)\n    B.k = getattr(B, 'k', 0)\n    B.k += 1\n    print(B.k)\n",
}
V = "class V:\n    def __init__(self, x): self.x = x\n    def __iadd__(self, y):\n        self.x += y\n        return self\n"


@unordered
def ask(q: Any) -> str:
    return f"a{q}"


@pytest.mark.parametrize("name", COUNTERS)
def test_counters_overlap(name: str) -> None:
    source = CALL.format(body=COUNTERS[name]) + LOOP
    namespace: dict[str, Any] = {"ask": ask, "__name__": "__main__"}
    outcome = run_simulated(source, namespace, filename="<counters>")
    assert outcome.error is None
    assert outcome.makespan == 2


@pytest.mark.parametrize("name", [*COUNTERS, *OTHERS])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_counters_count(name: str, seed: int) -> None:
    agree(V + CALL.format(body={**COUNTERS, **OTHERS}[name]) + LOOP, seed)
