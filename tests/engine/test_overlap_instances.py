"""Special methods of the program's instances, and numbers of an `itertools.count`: as units, at once.

Every cell of the first table takes one second in all.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fuzz.check import agree

from .overlap import makespan

ONE_SECOND = {
    "__iter__, __len__, __getitem__": """
        class D:
            def __init__(self): self.d = [1, 2, 3]
            def __iter__(self): return iter(self.d)
            def __len__(self): return len(self.d)
            def __getitem__(self, k): return self.d[k]
        D = D()
        out = []
        for x in D: out.append(ask(x))
        for i in range(3):
            out.append(ask(len(D))); out.append(ask(D[i]))
    """,
    "__iter__ that yields": """
        class D:
            def __init__(self): self.d = [1, 2, 3]
            def __iter__(self):
                for x in self.d: yield x + 1
        D = D()
        out = []
        for x in D: out.append(ask(x))
    """,
    "properties": """
        class S:
            def __init__(self): self.o, self.seen = [], 0
            @property
            def busy(self): return sum(self.o) > 3
            @property
            def described(self):
                self.seen += 1
                return ask(len(self.o))
        out = []
        for q in range(5):
            s = S()
            s.o.append(num(q))
            if s.busy: out.append(q)
            out.append(s.described)
            out.append(f"{q} {s.busy}")
    """,
    "__add__": """
        class V:
            def __init__(self, x): self.x = x
            def __add__(self, o): return V(self.x + o.x)
        v = V("")
        for i in range(5): v = v + V(ask(i))
        out = v.x
    """,
    "numbers of a counter": """
        import itertools
        ids = itertools.count(1)
        class N:
            def __init__(self, q):
                self.id = next(ids)
                self.a = ask(q)
        out = []
        for i in range(5): out.append(N(i))
        out = [(n.id, n.a) for n in out]
    """,
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan(dedent(ONE_SECOND[shape])) == 1


WRITES = """
class C:
    n = 0
    def __getitem__(self, k): self.n += 1; return k
    def __radd__(self, o): self.n += 1; return o
    def __contains__(self, k): self.n += 1; return True
    def __str__(self): self.n += 1; return "C" + str(self.n)
c = C()
a = ask(1)
"""


@pytest.mark.parametrize(
    "line", ["x = c[ask(2)]", "x = ask(3) + c", "x = ask(2) in c", "print(c)", "print(c, ask(2))", 'x = "{} {}".format(c, ask(1))', 'x = "%s %s" % (c, ask(2))'],
)  # fmt: skip
def test_a_special_method_that_writes_is_not_put_off(line: str) -> None:
    agree(f"{WRITES}{line}\nn = c.n")


AGREE = {
    "containers": """
        class D:
            def __init__(self, d): self.d = d; self.n = 0
            def __iter__(self): return iter(self.d)
            def __len__(self): self.n += 1; return len(self.d)
            def __getitem__(self, k): self.n += 1; return self.d[k]
            def __setitem__(self, k, v):
                if num(k) > 3: self.n += 100
                self.d[k] = v
            def __contains__(self, x): self.n += 10; return flag(x)
        class G:
            def __init__(self): self.d = [1, 2]; self.n = 0
            def __iter__(self):
                for x in self.d:
                    self.n += 1
                    yield num(x)
        a = D([1, 2, 3]); b = D({1: ask(1), 2: 5}); g = G()
        for i in range(3):
            for x in a: l0.append(ask((x, i)))
            for x in b: l0.append(b[x])
            for x in g: l0.append(x); g.n += 1
            a[i] = ask(i); b[num(i)] = i
            l1.append((len(a), i in a, num(i) in b, a[i], a[-1], a[ask(i) == "x"], a[0:2], a.n, b.n, g.n))
            if i in a: a.d.append(num(i))
            if a: l1.append("t")
            if num(len(b)) > 2: b[i + 5] = a
            try: l1.append(b[num(i) + 20])
            except KeyError as e: print("key", e, b.n)
            print(len(a), a[0], list(a), list(g), sorted(set(a[:1])))
        print(l1, a.d, b.n, g.n)
        a[99]
    """,
    "operators": """
        class V:
            def __init__(self, x): self.x = x; self.log = []
            def __add__(self, o): self.log.append(1); return V((self.x, o.x if isinstance(o, V) else num(o)))
            def __mul__(self, o):
                if num(o) > 3: return V(ask(o))
                return V(bad(o))
            def __repr__(self): return f"V({self.x!r}, {self.log})"
        class W(V):
            def __radd__(self, o): l0.append("radd"); return V(("r", o))
            def __sub__(self, o): return NotImplemented if num(o) > 2 else V(o)
        v = V("")
        for i in range(3):
            v = v + V(ask(i))
            w = V(1) + W(2)
            u = W(1) + ask(i)
            y = 3 + W(ask(i))
            v2 = v
            v += i
            l1.append((v, w, u, y, v is v2))
            try: l1.append(V(i) * i)
            except Boom as e: print(e)
            try: l1.append(W(i) - num(i))
            except TypeError as e: print(e)
        print(v, l1)
        V(1) - 2
    """,
    "lengths and texts": """
        class L:
            def __init__(self, n): self.n = n
            def __len__(self): l0.append(self.n); return self.n
            def __iter__(self): return iter(self.q)
        class B:
            def __iter__(self): return iter(self.n)
            n = 4
        class C:
            n = 0
            def __getitem__(self, k):
                self.n += 1
                if k > 3: raise IndexError(k)
                return num(k)
            def __str__(self): self.n += 1; return "C" + str(self.n)
        for i in range(3):
            l1.append(ask(i))
            for n in (2, -1, "x", ask(i)):
                try: l1.append(len(L(n)))
                except Exception as e: print(type(e), e)
            try:
                for x in B(): pass
            except TypeError as e: print(e)
            c = C()
            for x in c: l1.append(x)
            l1.append(c.n)
            y = f"{c} {ask(i)} {c.n}"
            z = "%s %s" % (c, ask(i))
            l1.append((c.n, y, z, c.n))
            w = " ".join([str(c), ask(1)])
            print(c, ask(2), c.n)
            l1.append((w, c.n))
        for x in L(1): pass
    """,
    "counters": """
        import itertools
        ids = itertools.count(1)
        even = itertools.count(10, -2)
        real = itertools.count(0.5)
        class N:
            made = itertools.count()
            def __init__(self, q):
                self.id = next(ids)
                self.a = ask(q)
                self.n = next(N.made)
        def maybe(q):
            if num(q) > 3: return next(ids)
            return bad(q) + next(even)
        for i in range(4):
            l0.append(N(i).id)
            try: l1.append((maybe(i), next(ids), next(even)))
            except Boom as e: print(e, next(ids))
            l1.append(next(real))
            if i == 2: l1.append(list(zip(ids, "ab")))
        print(l0, l1, next(ids), next(N.made), ids, even)
        for k in ids:
            l0.append(ask(k))
            if num(k) > 3: break
        l0.append(next(ids))
        maybe(0); maybe(1); maybe(2); maybe(5); maybe(6); maybe(7)
    """,
}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("program", AGREE)
def test_agrees(program: str, seed: int) -> None:
    agree("l0, l1 = [], []\n" + dedent(AGREE[program]), seed)
