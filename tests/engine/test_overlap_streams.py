"""Streams: generators of the program, `map`, `enumerate`, `itertools`, read at once by a loop or a builtin.

Every cell of the first table makes calls that do not depend on each other: one second in all.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fuzz.check import agree

from .overlap import makespan

ONE_SECOND = {
    "a generator": """
        def frames(i):
            for k in range(3):
                yield k, i * k
        out = []
        for i in range(5):
            for v, j in frames(i): out.append(ask((v, j)))
    """,
    "list of a generator that calls": """
        def frames(i):
            for k in range(3):
                yield ask((i, k))
        out = []
        for i in range(5):
            out.append(list(frames(i)))
    """,
    "a generator that goes through a generator": """
        class Scene:
            def __init__(self, first): self.frames = [first]
        def frames(i):
            for k in range(4):
                yield k, i * k
        def scenes(found, size=2):
            scene = None
            for frame in found:
                if scene is None or len(scene.frames) == size:
                    scene = Scene(frame)
                    yield scene
                else: scene.frames.append(frame)
        def pairs(found):
            for a, b in found: yield b, a
        out = []
        for i in range(5):
            for scene in list(scenes(frames(i))):
                for frame in scene.frames: out.append(ask(frame))
            for frame in pairs(frames(i)): out.append(ask(frame))
    """,
    "a loop over list(generator)": """
        def frames(i):
            n = 0
            while n < 3:
                n += 1
                yield n
        out = []
        for i in range(5):
            for x in list(frames(i)): out.append(ask(x + i))
    """,
    "a generator method": """
        class D:
            def __init__(self): self.d = [1, 2, 3]
            def items(self):
                for x in self.d:
                    if x != 2: yield x
        d = D()
        out = []
        for i in range(5):
            out.append([ask(x) for x in d.items()])
    """,
    "itertools": """
        import itertools
        out = []
        for a, b in itertools.product([1, 2], "ab"): out.append(ask((a, b)))
        for a, b in itertools.combinations([1, 2, 3], 2): out.append(ask((a, b)))
        for a in itertools.chain([1, 2], (3,)): out.append(ask(a))
        for a in itertools.islice([1, 2, 3], 2): out.append(ask(a))
        for a, b in itertools.zip_longest([1, 2, 3], [1]): out.append(ask((a, b)))
    """,
    "enumerate(d.items(), 1)": """
        d = {"a": 1, "b": 2}
        out = []
        for i, (k, v) in enumerate(d.items(), 1): out.append(ask((i, k, v)))
    """,
    "map": """
        out = []
        for i in range(3):
            for x in map(ask, [i, i + 1]): out.append(x)
            out.append(list(map(ask, [i, 7])))
    """,
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan(dedent(ONE_SECOND[shape])) == 1


def test_calls_in_a_generator_overlap_across_a_break() -> None:
    source = """
def f(n):
    for i in range(9):
        yield ask((n, i))
out = []
for n in range(4):
    for x in f(n):
        out.append(x)
        if len(out) % 2 == 0: break
"""
    assert makespan(source) == 1


AGREE = {
    "generators that only compute": """
        def numbers(n, k=1):
            i = 0
            while i < n:
                yield i, f"{i}-{k}"
                i += k
        def evens(source):
            for x, t in source:
                if x % 2 == 0: yield t, (x, 10 // (x - 4))
        def chunks(text, n):
            for i in range(0, len(text), n):
                yield text[i : i + n]
        def rng():
            for i in range(2): yield i
        for q in range(3):
            for x in numbers(4, 2): l0.append(ask((q, x)))
            for c in chunks("hello world", 4): l0.append(ask(c)); print(c)
            l1.append(list(chunks(ask(q), 1)))
            l1.append([a for a in rng()])
            try:
                for a, b in evens(numbers(7)): l0.append((ask(a), b))
            except ZeroDivisionError: print("zero", len(l0))
            if q == 1:
                def range(n): return [n, num(n)] if n < 3 else [1]
        print(l0, l1)
        for x in evens(numbers(9)): l0.append(ask(x))
    """,
    "a generator of many readers": """
        seen = []
        def f(q, k=2):
            for j in range(k):
                seen.append(("before", q, j))
                r = ask((q, j))
                if num(r) > 3:
                    yield r
                else:
                    yield j, r
                    seen.append("after")
            seen.append(num(q))
            yield from [1, num(2)]
        for i in range(3):
            for x in f(i):
                l0.append(x)
                seen.append(len(l0))
                if num(x) == 6: break
        print(seen, l0)
        print(list(f(1)), tuple(f(2, k=1)), len(set(f(0, 0))), sorted(str(x) for x in f(3)), "/".join(map(str, f(4))))
        for i, (a, b) in enumerate(zip(f(1), range(9)), 2): l1.append((i, a, b))
        print(any(f(5)), all(flag(x) for x in f(5)))
        f(1, 2, 3)
    """,
    "generators that fail": """
        seen = []
        def f(q):
            seen.append(q)
            yield num(q)
            yield bad(q)
            seen.append("end")
            yield 1 // num((q, 1))
        for i in range(6):
            try:
                for x in f(i): l0.append((i, x))
            except Boom as e: print(e, seen)
            except ZeroDivisionError: print("zero")
        def g(q):
            yield from f(q)
            yield from f(q + 1)
            return 3
        for i in range(9):
            l1.append(list(g(i)))
    """,
    "generators over state that changes": """
        class D:
            def __init__(self): self.d = [1, 2]; self.n = 0; self.log = []
            def items(self, m):
                for x in self.d:
                    self.n += 1
                    yield x * m
                    self.log.append(self.n)
                    if flag((x, self.n)): self.d.append(num(x)) if len(self.d) < 4 else None
        d = D()
        d2 = D()
        def make(o):
            for x in o.items(2):
                if num(x) > 2: o = d2
                yield ask((x, o.n))
        for i in range(3):
            for x in make(d):
                d.n += 10
                if flag(x): d.log.append(x)
            l0.append(d.n)
        print(d.d, d.n, d.log, d2.n, d2.log)
    """,
    "generators held, recursion": """
        def f(n):
            i = 0
            while i < n:
                got = num(i)
                if got == 5: return
                yield got
                i += 1
        g = f(4)
        for x in g:
            l0.append(ask(x))
            if len(l0) == 2: break
        print(next(g, None), list(g))
        k = (f(2), f(3))
        print([list(x) for x in k])
        def rec(n):
            if num(n) > 1 and n:
                yield from rec(n - 1)
            yield n
            if n > 2: yield from rec(n - 2)
        for i in range(4):
            l1.append(list(rec(i)))
            for x in rec(i): l1.append(ask(x))
        m = map(num, [1, 2])
        print(next(m), list(m))
    """,
    "generators that count": """
        cnt = 0
        tot = [0]
        def f(n):
            global cnt
            for i in range(n):
                cnt += 1
                r = num((n, i))
                yield r
                tot[0] += r
                cnt += 1
        for n in range(4):
            for x in f(n):
                cnt += 100
                if flag((x, cnt)): tot.append(cnt)
            l0.append((cnt, tot[0]))
        print(cnt, tot)
        for x in f(num(1) + 1): l1.append(cnt)
    """,
    "what is looked through": """
        import itertools
        from itertools import chain, islice
        d = {"a": 1, "b": ask(2)}
        xs = [num(1), num(2), num(3)]
        for i, (k, v) in enumerate(d.items(), num(1)): l0.append((i, k, ask(v)))
        for a, b in itertools.product(xs, "ab"): l0.append(ask((a, b)))
        for a in itertools.combinations(xs, 2): l0.append(num(a))
        for a in chain(xs, (3,), d, d.values()): l0.append(ask(a))
        for a in islice(xs, 1, None): l0.append(ask(a)); xs.append(1) if len(xs) < 5 else None
        for a, b in itertools.zip_longest(xs, [ask(1)], fillvalue="z"): l0.append((a, b))
        for a, b in itertools.pairwise(xs): l0.append(num(a) + b)
        for x in map(ask, xs): l1.append(x)
        for a, b in zip(map(num, xs), map(ask, range(2))): l1.append((a, b))
        l1.append(list(map(lambda x: ask(x) + "!", xs)))
        l1.append(dict(zip("abc", map(num, xs))))
        l1.append(dict(enumerate(map(num, xs))))
        l1.append(" ".join(map(str, map(num, xs))))
        l1.append(sorted(map(num, xs)))
        l1.append(set(map(num, xs)))
        l1.append(list(reversed(list(map(num, xs)))))
        l1.append([list(enumerate(xs)), tuple(zip(xs, xs)), list(d.items()), list(d), sorted(d.keys())])
        for t in map(bad, range(5)): l1.append(t); print(t)
    """,
    "names that are something else": """
        def zip(*a): return [1, num(a)]
        def enumerate(x, y=0):
            l0.append(x)
            return x
        list_ = list
        for a in zip(map(num, [1, 2])): l0.append(a)
        for a in enumerate(enumerate([1, ask(2)])): l0.append(a)
        it = iter([1, 2, 3, 4, 5])
        import itertools
        for x in itertools.islice(it, 2): l0.append(ask(x))
        print(list_(it), list(itertools.chain([1], iter([num(2)]))))
        def list(x): return [x]
        g = list(map(num, [1]))
        print(len(g), next(g[0]))
        class J:
            def join(self, x): return next(x)
        print(J().join(map(num, [4])))
        for x in map(num, 5): pass
    """,
    "break and else": """
        def f(n):
            for i in range(9):
                l0.append(i)
                yield num((n, i))
        def find(n):
            for x in f(n):
                if x > 3: return ask(x)
            else: return "none"
        for n in range(4): l1.append(find(n))
        for x in f(1):
            for y in f(2):
                if y > x: break
            else: l1.append("else")
            if x == 2: continue
            l1.append((x, y))
        print(l0, l1)
    """,
}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("program", AGREE)
def test_agrees(program: str, seed: int) -> None:
    agree("l0, l1 = [], []\n" + dedent(AGREE[program]), seed)
