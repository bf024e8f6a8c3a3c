"""Statements that bind, unbind and choose by an answer: they hold up nobody who does not need what they wait for."""

# ruff: noqa: E501  (tables of programs)
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


#: rounds of calls: the answer that is matched, then what the cases ask
MATCHED = {
    "literals": (2, "out = []\nfor q in range(6):\n    match ask(q):\n        case 'r1': out.append('one')\n        case 'r2' | 'r3': out.append(ask(q))\n        case _: out.append(q)"),
    "a mapping": (1, "out = []\nfor q in range(6):\n    a = {'kind': num(q), 'v': ask(q)}\n    match a:\n        case {'kind': 1, 'v': v}: out.append(v)\n        case {'kind': k}: out.append(k)"),
    "a sequence": (2, "out = []\nfor q in range(6):\n    match [ask(q), [num(q), *range(q)]]:\n        case [a, [0 | 1, *rest]]: out.append((a, rest))\n        case [a, [n, *_] as l]: out.append((ask(n), l))"),
    "classes": (2, "out = []\nfor q in range(6):\n    match num(q):\n        case str(): out.append(0)\n        case int(n) if n > 2: out.append(ask(n))\n        case x: out.append(x)"),
    "a guard that asks": (2, "out = []\nfor q in range(6):\n    match ask(q):\n        case a if num(a) > 2: out.append(a)\n        case 'r3': out.append(3)\n        case _: out.append(0)"),
    "in a function": (2, "def f(q):\n    match ask(q):\n        case 'r2': return 2\n        case a: return ask(a)\nout = [f(q) for q in range(6)]"),
    "continue": (1, "out = []\nfor q in range(6):\n    match num(q):\n        case 1: continue\n        case n: out.append(n)"),
    "a class of one's own, first calls": (1, "class P:\n    __match_args__ = ('v',)\n    def __init__(self, v): self.v = v\nout = []\nfor q in range(6):\n    match P(num(q)):\n        case P(0 | 1 as n): out.append(n)\n        case P(v=n): out.append(-n)"),
}


@pytest.mark.parametrize(("rounds", "source"), MATCHED.values(), ids=MATCHED)
def test_match_holds_up_its_own_cases_only(rounds: int, source: str) -> None:
    assert makespan(source) == rounds


E = "class E:\n    A, B = 'a', 2\n    __match_args__ = ('x', 'y')\n    def __init__(self, x, y): self.x, self.y = x, y\n"
RIGHT = {
    "captures share what they were part of": "l1 = [1]\nl0 = [l1, num(1)]\nmatch l0:\n    case [a, b]: a.append(b)\nprint(l1)\nmatch l0:\n    case [[1, *z], b] as c: z.append(b); c.append(z)\nprint(l0, z, c is l0)",
    "the rest is new": "d = {'k': num(1), 'v': [ask(2)], 'z': 3}\nmatch d:\n    case {'k': k, 'v': [v], **rest}: rest['q'] = num(1)\nprint(k, v, rest, d)",
    "a named value that is not there": "def f(p, z):\n    match p:\n        case E.A: return 1\n        case z.B if num(p): return 2\n        case z.Q: return 3\n    return 4\nprint(f('a', E), f(num(2), E))",
    "a local that is not bound": "def f(v):\n    if num(v) > 100: z = 1\n    match num(v):\n        case y if y > 100: pass\n        case z.q: return 1\n    return z\nprint(f(1))",
    "too many patterns": "def f(a):\n    b = ask(a)\n    match a:\n        case int(1): pass\n        case str(1, 2): pass\n    return b\nprint(f(1)); f(2)",
    "an operator that fails": "class V:\n    def __eq__(self, o): raise Boom('x')\ndef f(v):\n    a = ask(1)\n    match v:\n        case 3: return 1\n        case 4 | 5: return 2\nf(num(3)); f(V())",
    "a guard that fails": "def f(v):\n    match num(v):\n        case x if bad(x): return 1\n        case _: return 2\nf(1)",
    "a guard that fails binds": "x = 7\nmatch num(3):\n    case x if num(x) == 100: print(1)\n    case 55: pass\nprint(x)",
    "a class called int": "class int: pass\nfor q in range(3):\n    match num(q):\n        case int(): print('own')\n        case _: print('other')",
    "a class of one's own": "def f(p):\n    match p:\n        case E(1, y): return y\n        case E(x=x): return ask(x)\nprint(f(E(num(1), 2)), f(E(1, num(2))), f(3))",
    "captured by a closure": "def f(q):\n    match num(q):\n        case x: g = lambda: x\n    return g()\nprint([f(q) for q in range(3)])",
    "left by break": "out = []\nfor q in range(6):\n    match num(q):\n        case 1: continue\n        case 2: break\n        case [x]: pass\n        case n: out.append(n)\n    out.append(q)\nprint(out)",
    "in a try": "def f(q):\n    x = 1\n    try:\n        match [num(q), ask(q)]:\n            case [0, y]: x = 5\n            case [x, y]: bad(x)\n    except Boom: return x, y\n    return x\nprint([f(q) for q in range(4)])",
}


@pytest.mark.parametrize("source", RIGHT.values(), ids=RIGHT)
def test_match_is_right(source: str) -> None:
    agree(E + source + "\n")


NONLOCAL = {
    "a counter": (1, "def main():\n    n = 0\n    def add(q):\n        nonlocal n\n        r = ask(q)\n        n += len(r)\n        return r\n    xs = [add(q) for q in range(6)]\n    return xs, n\nout = main()"),
    "counted in a branch": (1, "def main():\n    n = 0\n    def add(q):\n        nonlocal n\n        r = num(q)\n        if r > 2: n += r\n        else: n = n - 1\n        return r\n    return [add(q) for q in range(6)], n\nout = main()"),
    "kept after its function": (1, "def make():\n    n = 0\n    def inc(q):\n        nonlocal n\n        n += 1\n        return n, ask(q)\n    def get(): return n\n    return inc, get\ninc, get = make()\nout = [inc(q) for q in range(5)] + [get()]"),
}


@pytest.mark.parametrize(("rounds", "source"), NONLOCAL.values(), ids=NONLOCAL)
def test_counting_for_the_function_around_waits_for_nobody(rounds: int, source: str) -> None:
    assert makespan(source) == rounds


SHARED = {
    "what branches on it": "def main():\n    best, log = None, []\n    def look(q):\n        nonlocal best, log\n        r = num(q)\n        if best is None or r > best: best = r\n        log = log + [r]\n        return r\n    for q in range(5): look(q)\n    return best, log\nprint(main())",
    "a list under two names": "def main():\n    xs = []\n    ys = xs\n    def f(q):\n        nonlocal xs\n        if num(q) > 2: xs = ys + [1]\n        xs.append(ask(q))\n    for q in range(4): f(q)\n    return xs, ys\nprint(main())",
    "bound around, meanwhile": "def a(n):\n    m = n\n    def b(q):\n        def c(r):\n            nonlocal m\n            m += num(r)\n            return m\n        return c(q) + m\n    z = [b(i) for i in range(3)]\n    g = lambda: m\n    m = m * 2\n    return z, g(), m\nprint([a(1), a(2)])",
    "not bound": "def main():\n    def f(q):\n        nonlocal n\n        r = num(q)\n        return n + r\n    x = ask(1)\n    if num(1) > 100: n = 1\n    return f(1)\nmain()",
    "not bound in its function": "def main():\n    def f(q):\n        nonlocal n\n        n = num(q)\n    x = ask(1)\n    if num(1) > 100: n = 1\n    return n\nmain()",
    "called by native code": "def main():\n    n = 0\n    def key(x):\n        nonlocal n\n        n += 1\n        return -x\n    a = num(1)\n    b = sorted([a, 3, num(2)], key=key)\n    return b, n, unk([n])\nprint(main())",
    "back to what it was": "def main():\n    n = 0\n    def f(q):\n        nonlocal n\n        n += 1\n        if q == 2: bad(q)\n        n += num(q)\n    for q in range(4):\n        try: f(q)\n        except Boom: n += 100\n    return n\nprint(main())",
    "fails": "def main():\n    n = 0\n    def f(q):\n        nonlocal n\n        n += num(q)\n        n += str(q)\n        return n\n    return f(1)\nmain()",
    "parameters": "def main(n, *m, **k):\n    def f(q):\n        nonlocal n, m\n        n += num(q); m = (*m, ask(q))\n        return k\n    for q in range(3): f(q)\n    return n, m, k\nprint(main(num(1), 2, z=num(2)))",
    "loops over it": "def main():\n    i = t = 0\n    def f():\n        nonlocal i, t\n        for i in range(3): t += num(i)\n        while t > 5: t -= 1\n        return i, t\n    x = num(1)\n    return f(), f(), i, t\nprint(main())",
    "a name of two functions": "def main():\n    n = 1\n    def f():\n        n = 5\n        def g():\n            nonlocal n\n            n += num(n)\n            return n\n        return g() + n\n    return f(), n, f(), n\nprint(main())",
    "in a method, in a generator": "def main():\n    n = 0\n    class A:\n        def go(self):\n            nonlocal n\n            n += num(1)\n            return n\n    def f(q):\n        nonlocal n\n        for i in range(2):\n            n += num((i, q)); yield n\n    return A().go(), [list(f(q)) for q in range(3)], n\nprint(main())",
    "an exception's name": "def main():\n    e = 1\n    def f(q):\n        nonlocal e\n        try: bad(q)\n        except Boom as e: pass\n        return 1\n    x = ask(1)\n    r = f(1)\n    try: return e\n    except NameError as z: return str(z)\nprint(main())",
}


@pytest.mark.parametrize("source", SHARED.values(), ids=SHARED)
def test_nonlocal_is_right(source: str) -> None:
    agree(source + "\n")


FOLDED = {
    "reduce": (1, "import functools\nout = functools.reduce(lambda a, q: a + ask(q), range(6), '')"),
    "reduce, a chain": (3, "from functools import reduce\nout = reduce(lambda a, q: ask((a, q)), range(4))"),
    "reduce of answers": (1, "import functools, operator\nout = functools.reduce(operator.add, [num(q) for q in range(6)])"),
    "starmap": (2, "import itertools\nout = list(itertools.starmap(lambda a, b: ask(a + b), [(1, 2), [3, 4], (5, num(6))]))"),
    "a loop over starmap": (2, "from itertools import starmap\nout = []\nfor a in starmap(lambda a, b: ask((a, b)), zip(range(3), 'abc')): out.append(ask(a))"),
}


@pytest.mark.parametrize(("rounds", "source"), FOLDED.values(), ids=FOLDED)
def test_reduce_and_starmap_issue_all_calls(rounds: int, source: str) -> None:
    assert makespan(source) == rounds


FOLDED_RIGHT = {
    "nothing to reduce": "import functools\nx = num(1)\nfunctools.reduce(lambda a, b: a + num(b), [])",
    "no iterable": "import functools\nx = num(1)\nfunctools.reduce(lambda a, b: a + num(b), x)",
    "one item": "import functools\nprint(functools.reduce(lambda a, b: bad(b), [num(1)]), functools.reduce(lambda a, b: bad(b), [], num(2)))",
    "fails": "import functools\nx = num(1)\ndef f(a, b):\n    if b == 2: return bad(a)\n    return a + num(b)\nprint(functools.reduce(f, range(4)))",
    "changes what it goes over": "import functools\nl = [1, 2, 3]\ndef f(a, b):\n    if len(l) < 6: l.append(num(b))\n    return a + num(b)\nprint(functools.reduce(f, l), l)",
    "a generator": "import functools\ndef g():\n    for q in range(3):\n        print(q); yield num(q)\ndef f(a, b):\n    print(a, b)\n    return a + num(b)\nprint(functools.reduce(f, g(), 10))",
    "wrong arguments": "import functools\nx = ask(1)\nfunctools.reduce(lambda a, b: a)",
    "starmap fails": "import itertools\nx = num(1)\nprint(list(itertools.starmap(lambda a, b: num(a + b), [(1, 2), (3,)])))",
    "starmap over no tuples": "import itertools\nx = num(1)\nprint(list(itertools.starmap(lambda a: num(a), [(1,), 'a', {3: 4}, 5])))",
}


@pytest.mark.parametrize("source", FOLDED_RIGHT.values(), ids=FOLDED_RIGHT)
def test_reduce_and_starmap_are_right(source: str) -> None:
    agree(source + "\n")
