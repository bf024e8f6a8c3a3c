"""Objects that an unfinished loop is still putting somewhere: their class is known, and with it what their methods may write."""

from __future__ import annotations

from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

POINT = """\
class P:
    def __init__(self, h): self.h, self.b = h, None
    def expand(self):
        self.b = ask(self.h)
        if self.b != "x": self.b = self.b + ask(self.h + "y")
    def text(self): return f"{self.h}: {self.b}"
class S:
    def __init__(self, q): self.q, self.ps = q, []
    def build(self):
        for line in ask(self.q).split("z"):
            if line: self.ps.append(P(line))
        return self
    def fill(self):
        for p in self.ps: p.expand()
        return self
    def text(self): return " ".join([p.text() for p in self.ps])
out = []
"""
#: cell -> rounds of calls, and of a plain run
CELLS = {
    "elements of a list that is being filled": (POINT + "s = S('1z2z3z')\ns.build()\ns.fill()\nprint(s.text())\n", 3),
    "the receiver is the result of a method in flight": (POINT + "s = S('1z2z3z').build().fill()\nprint(s.text())\n", 3),
    "round for round": (POINT + "for q in ['1z2z', '3z4z5z', '6z'][:3]:\n    s = S(q).build().fill()\n    out.append(s.text())\n", 3),
    "a dict that every round stores in, and looks up": (POINT + "d = {}\nfor q in list('abcd'):\n    p = P(q)\n    p.expand()\n    d[q] = p.text()\n    print(q, len(d[q]), d.get(q))\n    out.append(ask(d[q]))\n", 3),
    "a counter of what the answer has": (
        "class B:\n    def __init__(self): self.n = 0\n    def charge(self, r): self.n += r.total\nb = B()\n"
        "def call(q):\n    r = thing(q)\n    b.charge(r)\n    return r.text\n"
        "for i in range(5):\n    if call(i) != 'x': call(i + 10)\nprint(b.n)\n",
        2,
    ),
}


class Thing:
    def __init__(self, q: Any) -> None:
        self.total, self.text = 3, f"a{q}"


@unordered
def ask(q: Any) -> str:
    return str(q)


@unordered
def thing(q: Any) -> Thing:
    return Thing(q)


@pytest.mark.parametrize("name", CELLS)
def test_rounds(name: str) -> None:
    source, rounds = CELLS[name]
    outcome = run_simulated(source, {"ask": ask, "thing": thing, "__name__": "__main__"}, filename="<kinds>")
    assert outcome.error is None
    assert outcome.makespan <= rounds


@pytest.mark.parametrize("kinds", [True, False])
def test_the_switch(kinds: bool) -> None:
    source, rounds = CELLS["round for round"]

    def off(machine: Any) -> None:
        machine.stored_kinds = kinds

    outcome = run_simulated(source, {"ask": ask, "__name__": "__main__"}, filename="<kinds>", mutate=off)
    assert (outcome.makespan <= rounds) is kinds


#: who else holds such an object sees what a younger statement writes in it, and nothing too early
ALIASES = [
    "xs = []\nfor q in mk(3):\n    if flag(q): xs.append(C(q))\nfor c in xs: c.v = num(c.v)\nys = [c.v for c in xs]\nprint(ys)\n",
    "xs = []\nfor q in mk(3):\n    xs.append(C(num(q)))\n    keep.append(xs[-1])\nfor c in xs: c.bump()\nprint([c.v for c in keep])\nsize([c.v for c in keep])\n",
    "xs = [C(1)]\nif flag(1): xs.append(D(2))\nfor c in xs: c.bump()\nnum(xs[0].v)\nprint([c.v for c in xs], [type(c).__name__ for c in xs])\n",
    "def make(q):\n    c = C(num(q))\n    if flag(q): c = keep[0]\n    return c\nkeep.append(C(7))\nfor q in range(3):\n    c = make(q)\n    c.bump()\n    num(keep[0].v)\nprint(keep[0].v)\n",
    "xs = []\nfor q in mk(2):\n    xs.append(E(q) if flag(q) else C(q))\nfor c in xs: c.bump()\nprint(log, [c.v for c in xs])\nsize(log)\n",
    "a = C(1)\nb = a\nif flag(2): b = C(num(2))\nif flag(3): b.bump()\nnum(a.v)\nb.v += num(a.v)\nprint(a.v, b.v)\n",
]
CLASSES = """\
keep, log = [], []
class C:
    def __init__(self, v): self.v = v
    def bump(self): self.v += num(self.v)
class D(C):
    def bump(self):
        super().bump()
        self.v -= 1
class E(C):
    def __setattr__(self, name, value):
        log.append(name)
        object.__setattr__(self, name, value)
"""


@pytest.mark.parametrize("number", range(len(ALIASES)))
def test_same_as_plain(number: int) -> None:
    for seed in range(1, 9):
        agree(CLASSES + ALIASES[number], seed=seed)


@pytest.mark.parametrize("name", [name for name in CELLS if "answer" not in name])
def test_cells_same_as_plain(name: str) -> None:
    for seed in range(1, 5):
        agree(CELLS[name][0], seed=seed)


def test_a_copy_holds_what_is_on_its_way() -> None:
    source = (
        "import copy\nout = []\nfor i in range(4):\n    d = {}\n    for n in 'ab': d[n] = ask(f'{n}{i}')\n"
        "    c = copy.copy(d)\n    ys = [d['a']] + [d['b'], 1]\n    ys += [2]\n    xs = copy.copy([d['a'], i])\n    d['c'] = 1\n    out.append((c, xs, ys, ys + xs))\n    if ask(i) == 'x': break\n"
        "print(out, c is d)\n"
    )
    outcome = run_simulated(source, {"ask": ask, "__name__": "__main__"}, filename="<copies>")
    assert outcome.error is None and outcome.makespan <= 4
    for seed in range(1, 5):
        agree(source, seed=seed)


def test_slices_may_be_views() -> None:
    source = """\
import numpy as np
arr = np.array([1, 2, 3, 4])
for q in mk(3):
    if flag(q):
        v = arr[1:3]
        v[0] = num(q) + 10
    s = int(arr[1])
    num(s)
for q in mk(3):
    if flag(q): arr[1:].fill(num(q))
    num(int(arr[2]))
print(arr.tolist())
"""
    for seed in range(1, 9):
        agree(source, seed=seed)


def test_slices_of_ones_own_class() -> None:
    source = """\
class V:
    def __init__(self): self.xs = [1]
    def __getitem__(self, k): return self
    def bump(self, q): self.xs.append(q)
v = V()
for q in mk(3):
    if flag(q): v[1:2].bump(num(q))
    num(v.xs)
print(v.xs)
"""
    for seed in range(1, 9):
        agree(source, seed=seed)


def test_lists_made_in_the_for_statement() -> None:
    source = """\
l0 = [num(1), num(2)]
for q in list(l0):
    l0.append(ask(q))
    if len(l0) > 9: break
for q in sorted(l0, key=str):
    l0.append(num(q))
    if len(l0) > 20: break
print(l0)
"""
    for seed in range(1, 9):
        agree(source, seed=seed)


def test_what_looks_like_a_new_list() -> None:
    source = """\
def list(x): return x
l0 = [num(1), num(2)]
for q in list(l0):
    if len(l0) < 9: l0.append(num(q))
print(l0)
class V:
    def __init__(self): self.xs = [1, num(2)]
    def __getitem__(self, k): return self.xs
v = V()
for q in v[1:3]:
    if len(v.xs) < 9: v.xs.append(num(q))
ys = l0[:2]
class W:
    def __getitem__(self, k): return ys
for q in W()[0:2]:
    if len(ys) < 9: ys.append(num(q))
print(ys, v.xs, l0)
"""
    for seed in range(1, 9):
        agree(source, seed=seed)


def test_attributes_that_code_of_the_users_gives() -> None:
    source = """\
class G:
    def __getattr__(self, name):
        return keep
class H:
    def __init__(self): self.a = 1
    def __getattribute__(self, name):
        return keep if name == 'b' else object.__getattribute__(self, name)
keep = []
for q in mk(3):
    g = G(); h = H()
    if flag(q): g.x.append(q)
    if flag(q): h.b.append(q)
    num(keep)
print(keep)
"""
    for seed in range(1, 9):
        agree(source, seed=seed)
