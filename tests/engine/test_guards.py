"""Native forms behind guards: used where nothing external can be called, never elsewhere, and never with another result."""

from __future__ import annotations

from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import Outcome, run_simulated
from tests.fuzz.check import agree

#: what must run natively, by what it is about
NATIVE = {
    "loop": "total = 0\nfor i in range(9):\n    total += i",
    "while": "n = 0\nwhile n < 9:\n    n += 1",
    "methods of known containers": "d = {}\nfor i in range(9):\n    d[i % 3] = d.get(i % 3, 0) + 1",
    "elements of a list": "rows = [{'x': 1}, {'x': 2}]\nout = []\nfor row in rows:\n    out.append(row.get('x'))",
    "comprehension": "xs = [i * i for i in range(9) if i % 2]",
    "consumer": "s = sum(i for i in range(9))",
    "leaf function": "def f(x):\n    return x + 1\nout = [f(i) for i in range(9)]",
    "recursion": "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nx = fib(9)",
    "user class": "class P:\n    def __init__(self, x):\n        self.x = x\n    def norm(self):\n        return abs(self.x)\n"
    "ps = [P(i - 4) for i in range(9)]\nout = []\nfor p in ps:\n    out.append(p.norm())",
    "library": "import math\nout = []\nfor i in range(9):\n    out.append(math.sqrt(i))",
    "in a function": "def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t, [j for j in range(t)]\nx = f(4)",
    "lambda": "xs = sorted(range(9), key=lambda x: -x)\nout = [sorted(xs, key=lambda x: x % k) for k in (2, 3)]",
}
#: what must stay lowered, because it calls `ask`
LOWERED = {
    "by name": "out = [ask(q) for q in range(4)]",
    "by another name": "a = ask\nout = []\nfor q in range(4):\n    out.append(a(q))",
    "in a function": "def f(q):\n    return ask(q)\nout = [f(q) for q in range(4)]",
    "two functions deep": "def f(q):\n    return ask(q)\ndef g(q):\n    return f(q)\nout = []\nfor q in range(4):\n    out.append(g(q))",
    "method of elements": "class A:\n    def go(self, q):\n        return ask(q)\nout = []\nfor a in [A(), A(), A(), A()]:\n    out.append(a.go(1))",
    "attribute that holds it": "class A:\n    def __init__(self):\n        self.llm = ask\n    def go(self, q):\n        return self.llm(q)\n"
    "a = A()\nout = []\nfor q in range(4):\n    out.append(a.go(q))",
    "closure": "def made(f):\n    def g(q):\n        return f(q)\n    return g\ng = made(ask)\nout = []\nfor q in range(4):\n    out.append(g(q))",
    "partial": "import functools\ng = functools.partial(ask)\nout = []\nfor q in range(4):\n    out.append(g(q))",
    "element of a dict": "tools = {'a': ask}\nout = []\nfor q in range(4):\n    out.append(tools['a'](q))",
    "nested loop": "out = []\nfor i in range(2):\n    for j in range(2):\n        out.append(ask(i + j))",
}


@unordered
def ask(q: Any) -> int:
    return q * 7 % 5


class Watch:
    """Notes what the guards of a run say."""

    def __init__(self) -> None:
        self.verdicts: list[bool] = []

    def install(self, machine: Any) -> None:
        self.quiet_for, self.is_leaf = machine.quiet_for, machine.is_leaf
        machine.quiet_for, machine.is_leaf = self.watched, self.leaf

    def watched(self, *args: Any) -> Any:
        return Watched(self.verdicts, self.quiet_for(*args))

    def leaf(self, fn: Any) -> bool:
        self.verdicts.append(self.is_leaf(fn))
        return self.verdicts[-1]


class Watched:
    def __init__(self, verdicts: list[bool], quiet: Any) -> None:
        self.verdicts, self.quiet = verdicts, quiet

    def __call__(self, *values: Any) -> bool:
        self.verdicts.append(self.quiet(*values))
        return self.verdicts[-1]


def run(source: str, **options: Any) -> tuple[Outcome, list[bool]]:
    watch = Watch()
    outcome = run_simulated(source, {"ask": ask}, filename="<guards>", mutate=watch.install, **options)
    return outcome, watch.verdicts


@pytest.mark.parametrize("name", NATIVE)
def test_native_where_nothing_external_is_called(name: str) -> None:
    outcome, verdicts = run(NATIVE[name])
    assert outcome.error is None
    assert verdicts and all(verdicts)
    agree(NATIVE[name] + "\n", 1)


@pytest.mark.parametrize("name", LOWERED)
def test_lowered_where_it_may_be(name: str) -> None:
    outcome, _ = run(LOWERED[name])
    assert outcome.error is None
    assert outcome.overlap == 4


#: heavy loops while a call is in flight
HEAVY = {
    "for": "r = ask(1)\nt = 0\nfor i in range(9):\n    if i == 4: continue\n    t += i\nelse:\n    e = r\n",
    "while": "r = ask(1)\nn = 0\nwhile n < 9:\n    n += 1\n    if n == 7: continue\nelse:\n    e = r\n",
    "in a function": "def f(q):\n    r = ask(q)\n    for i in range(9):\n        y = i\n        if i == 7: return r, i, y\nx = f(1)\n",
    "in try": "def f(q):\n    r = ask(q)\n    try:\n        for i in range(9):\n            y = 1 / (7 - i)\n    except ZeroDivisionError:\n        return r, i, y\nx = f(1)\n",
    "over a list that grows": "r = ask(1)\nxs = [1]\nfor x in xs:\n    if x < 9: xs.append(x + 1)\n",
    "comprehension": "r = ask(1)\nxs = [i * 2 for i in range(9)]\nn = sum(xs)\n",
    "comprehension with a condition": "r = ask(1)\nxs = [(i, j) for i in range(9) if i % 2 for j in range(i)]\n",
    "dict comprehension": "r = ask(1)\nxs = {i: i + r for i in range(9) if i != 7}\n",
    "comprehension in a function": "def f(q):\n    r = ask(q)\n    k = ask(q)\n    return [(i, r, k) for i in range(9)]\nx = f(1)\n",
    "over pendings": "rs = [ask(1), ask(2)]\nout = []\nfor r in rs * 3:\n    out.append(r)\n",
}


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_loop_changes_over(name: str) -> None:
    changes: list[bool] = []

    def hasty(machine: Any) -> None:
        before = machine.change_over
        machine.patience, machine.rounds, machine.detached = 0.0, 3, False
        machine.change_over = lambda *args: changes.append(before(*args)) or changes[-1]

    namespace: dict[str, Any] = {"ask": ask, "__name__": "__main__"}
    plain = dict(namespace)
    exec(compile(HEAVY[name], "<guards>", "exec"), plain)
    outcome = run_simulated(HEAVY[name], namespace, filename="<guards>", mutate=hasty)
    assert outcome.error is None
    assert changes == [True]
    for each in "rtnexy":
        assert namespace.get(each) == plain.get(each)
    assert namespace.get("xs") == plain.get("xs") and namespace.get("out") == plain.get("out")


@pytest.mark.parametrize("name", NATIVE)
def test_the_switch(name: str) -> None:
    _, verdicts = run(NATIVE[name], guards=False)
    assert not any(verdicts)
    agree(NATIVE[name] + "\n", 2)


#: (seed 1: with native forms)
PROGRAMS = {
    "a name that the loop leaves unbound": "def f(xs):\n    for x in xs:\n        y = x\n    try:\n        return y\n    except UnboundLocalError as error:\n        return str(error)\n"
    "out = f([]), f([1])",
    "a name read before it is bound": "def f(xs):\n    for x in xs:\n        if x:\n            print(last)\n        last = x\nf([0, 1])\nf([1])",
    "deleted in the loop": "def f(xs):\n    y = 0\n    for x in xs:\n        del y\n        if x:\n            y = x\n    return y\nprint(f([1, 2]))\nf([0])",
    "fails inside try": "def f(xs):\n    n = 0\n    try:\n        for x in xs:\n            n += 1\n            1 / x\n    except ZeroDivisionError:\n        return n, x\n    return -n, x\n"
    "out = f([1, 0, 2]), f([1, 2])",
    "values that were pending": "def f(q):\n    a = num(q)\n    b = num(q + 1)\n    print(a)\n    total = 0\n    for i in range(a % 5 + b % 5):\n        total += a + b\n    return total, [a + i for i in range(b % 3)]\nout = [f(q) for q in range(3)]",
    "error in a native loop of the cell": "xs = [3, 2, 1, 0]\nfor x in xs:\n    y = 6 // x",
    "error in a leaf function": "def f(x):\n    return 1 // x\nfor i in (1, 0):\n    print(f(i))",
    "error in a native comprehension": "xs = [1, 0]\nys = [1 // x for x in xs]",
    "print order": "r = num(1)\nprint('a')\nfor i in range(2):\n    print(i)\nprint(r)\nfor i in range(2):\n    print(i, r)",
    "a closure over a comprehension's variable": "fs = [lambda: i for i in range(3)]\nout = [f() for f in fs]",
    "names of functions made in a loop": "fs = []\nfor i in range(2):\n    fs.append(lambda x: x + i)\nout = [f.__qualname__ for f in fs], [f(1) for f in fs]",
    "a walrus": "def f(xs):\n    out = []\n    for x in xs:\n        if (y := x * 2) > 2:\n            out.append(y)\n    return out, y\nz = f([1, 2, 3])",
    "private names": "class A:\n    def __init__(self):\n        self.__x = [1, 2]\n    def go(self):\n        t = 0\n        for x in self.__x:\n            t += x\n        return t, [x for x in self.__x]\nout = A().go()",
    "return from a loop": "def f(xs):\n    for x in xs:\n        if x > 1:\n            return x\n    return None\nout = f([1, 2, 3]), f([])",
    "global names": "n = 0\ndef f():\n    global n\n    for i in range(3):\n        n += i\nf()\nf()",
    "stores that younger reads wait for": "xs = []\ndef f(q):\n    if num(q) % 2:\n        for i in range(3):\n            xs.append(q + i)\n    return q\nfor q in range(4):\n    f(q)\nprint(xs)",
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_as_a_plain_run(name: str, seed: int) -> None:
    agree(PROGRAMS[name] + "\n", seed)




def test_a_native_comprehension_inside_another_is_itself() -> None:
    agree("l = [3]\nm = [None]\nx = [num((q, r)) for q in m for r in [a for a, b in enumerate(l)]]\n", 1)
