"""`sorted`, `max` and `min` whose key function calls: all keys at once, and what follows does not wait.

Every cell of the first table takes one second in all.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fuzz.check import agree

from .overlap import makespan

ONE_SECOND = {
    "sorted": """
        def score(q, p): return num((q, p))
        out = []
        for i in range(3):
            out.append(sorted([3, 1, 2], key=lambda p: score(i, p)))
    """,
    "max and min": """
        out = []
        for i in range(3):
            out.append(max([i + 3, 1, 2], key=num))
            out.append(min([i + 3, 1, 2], key=num))
    """,
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan(dedent(ONE_SECOND[shape])) == 1


def test_reranking_waits_for_its_own_scores_only() -> None:
    source = """
class Ranker:
    def __init__(self): self.asked = 0
    def score(self, q, p):
        self.asked += 1
        return num((q, p))
    def best(self, q, ps):
        top = sorted(ps, key=lambda p: self.score(q, p))[:2]
        return ask((q, top))
r = Ranker()
out = [r.best(i, [1, 2, 3, 4]) for i in range(5)]
out.append(r.asked)
"""
    assert makespan(source) == 2


AGREE = {
    "keys of many kinds": """
        class P:
            def __init__(self, n): self.n = n; self.hits = 0
            def score(self, q): self.hits += 1; return num((self.n, q))
            def __repr__(self): return f"P{self.n}"
        class V:
            def __init__(self, v): self.v = v
            def __lt__(self, o): l0.append((self.v, o.v)); return self.v < o.v
            def __gt__(self, o): l0.append((o.v, self.v)); return self.v > o.v
        ps = [P(i) for i in range(4)]
        for i in range(3):
            l1.append(sorted(ps, key=lambda p: p.score(i)))
            l1.append(max(ps, key=lambda p: p.score(i)))
            l1.append(min(ps, key=lambda p: (p.score(i), -p.n)).n)
            l1.append(sorted([3, 1, 2, ask(i)], key=ask, reverse=True))
            l1.append(max(num(i), 4, num(3), key=num))
            l1.append(sorted("hello", key=num))
            l1.append(max([], key=num, default=ask(1)))
            l1.append(sorted({3: 1, 4: ask(1)}, key=lambda k: -num(k)))
            l1.append(max([ask(1), ask(2), "zz"], key=len))
            l1.append(sorted([ask(j) for j in range(4)], key=str.lower)[0])
            l1.append(sorted(ps, key=lambda p: V(num((p.n, i)))))
            l1.append(max(ps, key=lambda p: V(p.score(i))).n)
            if flag(i): l1[-2].append(ps)
            b = max(ps, key=lambda p: p.score((i, 2)))
            b.n += 10
            print(sorted(ps, key=lambda p: p.n), b)
        print(l1, [p.hits for p in ps], l0)
        max([], key=num)
    """,
    "keys that fail": """
        def k(x):
            l0.append(x)
            print("key", x)
            return "s" if num(x) > 3 else num(x)
        for i in range(3):
            try: l1.append(max([i, i + 1, i + 2, i + 3], key=k))
            except TypeError as e: print(e, l0)
            try: l1.append(sorted([i, i + 1, i + 2, i + 3], key=k))
            except TypeError as e: print(e, l0)
            try: l1.append(min([i, i + 1, i + 2], key=bad))
            except Boom as e: print(e, l0)
        for i in range(5):
            l1.append(sorted([i, i + 1, i + 2], key=bad))
            note(1, i)
    """,
    "an instance as key": """
        class S:
            def __init__(self, w): self.w = w; self.c = 0
            def __call__(self, x): self.c += 1; return num((x, self.w))
        s = S(num(1))
        for i in range(4):
            r = ask(i)
            top = sorted([ask((i, j)) for j in range(3)], key=s)[:2]
            if num(top) > 2: l0.append(max(top, key=s))
            l1.append(s.c)
            for t in sorted(top, key=lambda t: num(t)): l1.append(t)
        print(l0, l1, s.c)
        max([1, 2], key=s, foo=3)
    """,
}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("program", AGREE)
def test_agrees(program: str, seed: int) -> None:
    agree("l0, l1 = [], []\n" + dedent(AGREE[program]), seed)
