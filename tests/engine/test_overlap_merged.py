"""Dicts and sets merged with what is in flight: one round each, and what a plain run gives."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fuzz.check import agree

from .overlap import makespan

ONE_SECOND = {
    "a dict": "out = {}\nfor q in range(4): out |= {q: ask(q)}",
    "a new dict": "out = {}\nfor q in range(4): out = out | {q: ask(q)}",
    "of a function": "out = {}\ndef f(q): return {q: ask(q), 'n': num(q)}\nfor q in range(4): out |= f(q)",
    "in an object": "class B: pass\nb = B(); b.d = {}; c = {'d': {}}\nfor q in range(4): b.d |= {q: ask(q)}; c['d'] |= {q: ask(q)}\nout = b.d, c",
    "a set": "s = set()\nfor q in range(4): s |= {ask(q)}\nout = sorted(s)",
    "two that are there": "out = {}\na, b = {1: ask(1), 2: 2}, {2: ask(2)}\nout |= a; out |= b; out |= {3: ask(3)} | a",
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan(ONE_SECOND[shape]) == 1


AGREE = {
    "order, sharing and other names": """
        d = {1: 0, "x": []}; e = d
        for q in range(4):
            d |= {q: num(q), "y": ask(q)}; l0.append(list(e.items())[:3]); e = e | {"z": [num(q)]}; l0.append(e is d)
            d |= e; d["x"].append(q); d |= {"x": d["x"], q + 10: d}; l1.append(str(len(d)))
            if flag(q): d = {**d}; d |= {"w": ask(q)}
        l0.append(sorted(map(str, d))); l1.append(e["x"] is d["x"])
    """,
    "sets in their order": """
        s = set(); t = set(); u = {1, 2}
        for q in range(30):
            s |= {num(q) % 50}; t |= {ask(q)}; u |= {num(q) % 40, q}; u |= {q}
            if q % 7 == 0: l0.append(list(s)); l0.append(list(u)); l0.append(len(t)); v = s; v |= t; l1.append(s is v); s = set(list(s)[:3])
        l0.append(list(s)); l1.append(list(t))
    """,
    "what cannot be merged": """
        class M(dict):
            def __ior__(self, other): l1.append(1); return self
            def __or__(self, other): l1.append(2); return 5
            def __ror__(self, other): l1.append(3); return 6
        d = {1: ask(1)}
        for v in ("5", "[1]", "[(num(1), 2)]", "[[3, 4], (5, num(6))]", "M(a=num(2))", "None", "{num(3)}", "(x for x in [(1, num(4))])", "{(1, 2)}", "bad(3)"):
            try: d |= eval(v)
            except (TypeError, ValueError, Boom) as ex: print(type(ex), ex)
            l0.append(list(d.items()))
        s = {1}
        for v in ("[1]", "{num(2)}", "frozenset([num(3)])", "{(num(5), 1)}", "{}.keys()", "{'a': 1}.keys()"):
            try: s |= eval(v)
            except TypeError as ex: print(ex)
            l0.append(len(s))
        m = M(); m |= {1: ask(2)}; l0.append(d | M(b=num(1))); l0.append(M() | d); m = M = None
    """,
    "elements that cannot be hashed": """
        def unhashable(q): return [ask(q)] if num(q) >= 0 else 1
        s = {1}
        try:
            for q in range(3): s |= {num(q)}; s |= {unhashable(q)}
        except TypeError as ex: print(ex)
        l0.append(len(s))
        s |= {unhashable(1)}
    """,
    "keys of one's own": """
        class K:
            def __init__(self, n): self.n = n
            def __hash__(self): l1.append(self.n); return self.n % 2
            def __eq__(self, other): l1.append("e"); return self.n == other.n
        a, b = K(1), K(3); d = {a: 0}
        for q in range(3):
            c = {b: q}; d |= c; l0.append(len(l1)); d |= {7: num(q)}; l0.append(len(l1)); l0.append(ask(len(d))); d |= c; l0.append(len(l1))
        d = a = b = c = K = None
    """,
}


@pytest.mark.parametrize("shape", AGREE)
def test_agrees(shape: str) -> None:
    agree("l0, l1 = [], []\n" + dedent(AGREE[shape]) + "\nprint(l0, l1)")
