"""Constructors, callable instances, `super()`, members of an `Enum` and lambdas: they wait for nothing, and leave what a plain run leaves.

Every loop here makes five calls or more that do not depend on each other: one second in all.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fuzz.check import agree

from .overlap import makespan

ONE_SECOND = {
    "dataclass": """
        from dataclasses import dataclass, field
        @dataclass
        class R:
            t: str
            s: dict = field(default_factory=dict)
        out = []
        for i in range(5):
            r = R(ask(i))
            r.s["a"] = ask(i)
            out.append(r)
    """,
    "frozen dataclass with a list": """
        from dataclasses import dataclass, field
        @dataclass(frozen=True)
        class R:
            t: str
            n: list = field(default_factory=lambda: [1])
        out = [R(ask(i)) for i in range(5)]
        for i in range(5):
            r = R(ask(i)); r.n.append(ask(i)); out.append(r)
    """,
    "slots, keywords, inheritance": """
        from dataclasses import dataclass, field
        @dataclass(slots=True, kw_only=True)
        class A:
            t: str
        @dataclass(slots=True, kw_only=True)
        class B(A):
            n: list = field(default_factory=list, init=False)
        out = []
        for i in range(5):
            out.append(B(t=ask(i)))
    """,
    "__post_init__ that calls": """
        from dataclasses import dataclass
        @dataclass
        class R:
            t: str
            a: str = ""
            def __post_init__(self): self.a = ask(self.t)
        out = []
        for i in range(5): out.append(R(i))
    """,
    "namedtuple": """
        from collections import namedtuple
        F = namedtuple("F", "a b")
        out = []
        for i in range(5):
            f = F(i, ask(i)); out.append(f.b); out.append(f[0]); out.append(f)
    """,
    "NamedTuple, unpacked": """
        from typing import NamedTuple
        class F(NamedTuple):
            a: int
            b: str = "x"
        out = []
        for i in range(5):
            f = F(i, ask(i)); a, b = f; out.append(b); out.append(f.a + a)
    """,
    "an exception of the program": """
        class TF(Exception):
            def __init__(self, case, got): super().__init__(f"{case} {got}"); self.case = case
        def run(c):
            if c == "x": raise TF(1, c)
            return 1
        out = []
        for i in range(5):
            c = ask(i)
            try: p = run(c)
            except TF as e: out.append(e.case)
            else: out.append((c, p))
    """,
    "callable instance": """
        class L:
            def __init__(self): self.h = []
            def __call__(self, q):
                r = ask(q)
                self.h.append(r)
                return r
        l = L()
        out = [l.h]
        for i in range(5): out.append(l(i))
    """,
    "Enum": """
        from enum import Enum
        class S(Enum):
            A = 1
            B = "b"
        class T: pass
        out = []
        for i in range(5):
            t = T(); t.s = S.A if i % 2 else S.B
            a = ask(i)
            if t.s == S.A: out.append((a, t.s.value))
            elif t.s is S.B: out.append((t.s.name, a))
    """,
    "super()": """
        class A:
            def __init__(self, k): self.k = k
            def go(self, q): return ask((self.k, q))
        class B(A):
            def __init__(self, k):
                super().__init__(k + 1)
                self.z = []
            def go(self, q):
                self.z.append(super().go(q))
                return self.z
        out = []
        for i in range(5): out.append(B(i).go(i))
    """,
    "abstract base class": """
        from abc import ABC, abstractmethod
        class A(ABC):
            limit = 3
            @abstractmethod
            def go(self, q): ...
        class B(A):
            def __init__(self): super().__init__()
            def go(self, q): return ask((self.limit, B.limit, q))
        out = []
        for i in range(5): out.append(B().go(i))
    """,
    "two lambdas on one line": """
        tools = {"a": lambda q: ask(q), "b": lambda q: ask(str(q) + "b")}
        out = []
        for i in range(5): out.append(tools["ab"[i % 2]](i))
    """,
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan(dedent(ONE_SECOND[shape])) == 1


AGREE = {
    "dataclass": """
        from dataclasses import dataclass, field, replace, asdict, FrozenInstanceError
        @dataclass(order=True)
        class R:
            q: int
            a: str = "x"
            l: list = field(default_factory=list)
            d: dict = field(default_factory=dict, repr=False, compare=False)
        rs = []
        for i in range(4):
            r = R(i, ask(i))
            r.l.append(num(i))
            r.d["k"] = ask((i, 1))
            rs.append(r)
            if num(i) > 3:
                r.a = "y"
            l0.append(len(r.l))
        print(rs, rs[0] == rs[1], max(rs), [r.d for r in rs])
        x = replace(rs[0], a=ask(9))
        print(x, asdict(x), x.l is rs[0].l, R(1) == R(1), R(1).l is R(1).l)
        R()
    """,
    "frozen dataclass": """
        from dataclasses import dataclass, field, InitVar
        @dataclass(frozen=True)
        class R:
            q: int
            l: list = field(default_factory=lambda: [num(1)])
            n: InitVar[int] = 3
            m: int = field(init=False, default=4)
            def __post_init__(self, n):
                object.__setattr__(self, "m", num((self.q, n)))
                if self.m == 2: bad(self.m)
        s = set()
        for i in range(4):
            r = R(i)
            l0.append(r.m)
            print(r.m, r.q, len(r.l))
        try:
            for i in range(9):
                r = R(num(i), n=ask(i))
                l1.append(r)
        except Boom as e:
            print("boom", e)
        print([r.m for r in l1])
        r.q = 3
    """,
    "slots": """
        from dataclasses import dataclass, field
        @dataclass(slots=True)
        class A:
            x: int
        @dataclass(slots=True, kw_only=True)
        class B(A):
            y: list = field(default_factory=list)
            def add(self, q):
                self.y.append(num(q))
                self.x += 1
                return self
        def mk2(q):
            if flag(q): return B(x=q)
            return B(x=num(q), y=[ask(q)])
        bs = [mk2(q) for q in range(4)]
        for b in bs: b.add(b.x).add(2)
        print(bs)
        B(1)
    """,
    "a factory that fails": """
        from dataclasses import dataclass, field
        def fac():
            l0.append(num(len(l0)))
            return bad(len(l0))
        @dataclass
        class A:
            x: int
            y: int = field(default_factory=fac)
        for i in range(8):
            l1.append(A(i))
            note(1, i)
    """,
    "named tuples": """
        from collections import namedtuple
        from typing import NamedTuple
        F = namedtuple("F", "a b c", defaults=[7])
        class G(NamedTuple):
            x: int
            y: str = "d"
            def both(self): return f"{self.x}/{self.y}"
            @property
            def up(self): return self.y.upper()
        class H(F):
            __slots__ = ()
            def total(self): return num(self.a)
        class K(F):
            def __getitem__(self, k): return num(k)
            def __len__(self): return 99
        out = []
        for i in range(4):
            f = F(i, ask(i)); g = G(num(i)); h = H(ask(i), 1, c=l0); k = K(ask(i), 2)
            out.append(f); out.append(g.both()); out.append(h.total())
            a, b, *c = f
            out.append((a, b, c, f.b, f[0], f[-1], len(f), isinstance(f, tuple), isinstance(f, F), type(f) is F, f == (a, b, 7), g.up))
            out.append(k[0]); out.append(len(k)); out.append(k.a)
            h.c.append(num(i))
            out.append(f._replace(a=ask((i, 2))))
            out.append(size(f)); out.append({f: 1}[f])
            print(f, g, h)
        print(out, sorted(x for x in out if isinstance(x, F) and len(x) == 3))
        F(1)
    """,
    "exceptions": """
        class TF(Exception):
            def __init__(self, case, got):
                super().__init__(f"{case} {got}")
                self.case = case
                self.l = [got]
        class TG(TF):
            def __init__(self, got, *more): super().__init__("g", got); self.more = more
            def __str__(self): return "TG " + str(self.case)
        def run(c, i):
            if num(c) > 3: raise TF(i, c)
            if num(c) > 2: raise TG(c, i)
            return c
        for i in range(6):
            c = ask(i)
            try: p = run(c, i)
            except TG as e: l1.append((str(e), e.args, e.more)); print(e)
            except TF as e: l1.append((e.case, e.args, e.l))
            else: l1.append(p)
        es = [TF(i, ask(i)) for i in range(3)]
        for e in es: e.l.append(num(1))
        print([(e.args, e.l, e.case) for e in es])
        raise TG(ask(1))
    """,
    "callable instances": """
        class L:
            n = 0
            def __init__(self, k): self.h = []; self.k = k
            def __call__(self, q, *, w=0):
                r = ask((q, self.k, w))
                self.h.append(r)
                if num(r) > 4: return bad(r)
                return r
        class M(L):
            def __call__(self, q): return super().__call__(q, w=3)
            def __eq__(self, o): return True
        ls = [L(1), M(2)]
        try:
            for i in range(5):
                for l in ls: l0.append(l(i))
        except Boom as e: print(e)
        print([l.h for l in ls])
        ls[0](1, 2)
    """,
    "enum": """
        from enum import Enum, IntEnum, Flag, auto
        class S(Enum):
            A = 1
            B = "b"
            C = A
            def next(self): return S.B if self is S.A else S.A
            @property
            def up(self): return str(self.value) + "!"
        class I(IntEnum):
            X = 1
            Y = 2
        class P(Flag):
            R = auto()
            W = auto()
        d = {S.A: 0, S.B: 0}
        class T: st = S.A
        for i in range(4):
            t = T()
            a = ask(i)
            t.st = S.A if i % 2 else S.B
            d[t.st] += 1
            l1.append((t.st, a, t.st.value, t.st.name, t.st.up, t.st.next(), I.X + i, P.R | P.W, S.C is S.A, S("b"), S["A"]))
            if t.st == S.A: l1.append(ask(t.st.name))
            elif num(i) > 2: l1.append(I(1).name)
            print(t.st, T.st, S.A, f"{I.Y}", [m.name for m in S])
        print(d, l1)
        S.Z
    """,
    "super": """
        class A:
            k = 1
            def __init__(self, k): self.k = k; self.h = [k]
            def go(self, q):
                self.h.append(q)
                return ask((self.k, q))
            @classmethod
            def make(cls, q): return cls(num(q))
            @property
            def p(self): return num(self.k)
        class X:
            def go(self, q): return num((self.k, q))
        class B(A):
            def __init__(self, k):
                super().__init__(k + 1)
                self.z = []
            def go(self, q):
                r = super().go(q)
                if num(r) > 2:
                    r = super().go(r)
                for j in range(2): self.z.append(super().p)
                self.z.append([super(B, self).go(j) for j in range(2)])
                return r
            @classmethod
            def make(cls, q): return super().make(q + 1)
        class C(B, X):
            def go(self, q):
                try: return super().go(bad(q))
                except Boom: return super(A, self).go(q)
        out = []
        for i in range(4):
            b = B(i); c = C.make(i)
            out.append(b.go(i)); out.append(c.go(i)); out.append((b.z, c.z, c.h))
        print(out)
        c.go(1, 2)
    """,
    "lambdas": """
        t = {"a": lambda q: ask(q), "b": lambda q: ask((q, l0)) + "b"}
        f, g = lambda x: (lambda y: num((x, y))), lambda: bad(3)
        for i in range(4):
            l1.append(t["ab"[i % 2]](i)); l1.append(f(i)(2))
        print(l1)
        g(), g(), bad(4), bad(5), [g() for _ in range(3)], bad(1)
    """,
    "abc, generic, metaclass": """
        from abc import ABC, abstractmethod
        from typing import Generic, TypeVar, Protocol
        T = TypeVar("T")
        class A(ABC):
            limit = 3
            @abstractmethod
            def go(self, q): ...
        class B(A):
            def __init__(self): super().__init__(); self.n = num(1)
            def go(self, q): self.n += 1; return ask((self.limit, B.limit, q, self.n))
        class Gn(Generic[T]):
            def __init__(self, x): self.x = x
        class Meta(type):
            extra = 5
            def __call__(cls, *a): l0.append(num(len(l0))); return super().__call__(*a)
            @property
            def prop(cls): return num(7)
        class W(metaclass=Meta):
            y = 2
            def __init__(self, x=0): self.x = x
        for i in range(3):
            b = B(); l1.append(b.go(i)); l1.append(Gn(ask(i)).x); l1.append((W(i).x, W.extra, W.prop, W.y))
        print(l1)
        A()
    """,
}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("program", AGREE)
def test_agrees(program: str, seed: int) -> None:
    agree("l0, l1 = [], []\n" + dedent(AGREE[program]), seed)
