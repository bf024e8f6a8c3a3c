"""The syntax that came with Python 3.12 and 3.13, and what those versions do otherwise, in every order of completion.

A program of a newer version than the interpreter's is not among the cases.
"""

from __future__ import annotations

import sys

import pytest

from tests.fuzz.check import agree

#: name -> (the first version that accepts it, the program)
PROGRAMS: dict[str, tuple[tuple[int, int], str]] = {
    "generic function": (
        (3, 12),
        """
def first[T](xs: list[T]) -> T:
    return ask(xs[0])
out=[first([q]) for q in range(3)]
print(first.__type_params__, first.__annotations__, out)
""",
    ),
    "generic function bound": (
        (3, 12),
        """
def pick[T: (int, str), *Ts, **P](x: T, *a) -> T:
    return num(x)
out=[]
for q in range(3): out.append(pick(q))
print([(p.__name__, type(p).__name__) for p in pick.__type_params__], pick.__type_params__[0].__constraints__, pick.__qualname__)
""",
    ),
    "type alias": (
        (3, 12),
        """
type Pair[T] = tuple[T, T]
type Rec = dict[str, Rec] | int
x = ask(1)
print(Pair, Pair[int], Rec.__value__, x)
""",
    ),
    "alias in function": (
        (3, 12),
        """
def f(q):
    a = ask(q)
    type L = list[a]
    return L.__value__, a
try:
    out=[f(q) for q in range(3)]
except TypeError as e: print(e)
print(out if 'out' in globals() else None)
""",
    ),
    "generic class": (
        (3, 12),
        """
class Box[T]:
    size: int = 0
    def __init__(self, v: T): self.v = v; self.k = ask(v)
    def get(self) -> T: return self.k
    def put[U](self, u: U) -> U:
        self.u = num(u)
        return u
bs=[Box(q) for q in range(3)]
out=[b.get() for b in bs] + [b.put(q) for q, b in enumerate(bs)] + [b.u for b in bs]
print(Box.__type_params__, Box[int], Box.__orig_bases__, out)
""",
    ),
    "fstring nesting": (
        (3, 12),
        r"""
d = {"a": 1, "b": "x"}
for q in range(3):
    a = ask(q)
    print(f"{a + f"{d["a"]}-{'\n'.join(["p", a])}"!r:>{10 + len(a)}} {d["b"]=} {f"{f"{a}"}"}")
""",
    ),
    "inlined comprehension": (
        (3, 11),
        """
def f(q):
    x = 1
    ys = [x * 2 for x in range(3)]
    zs = [ask((x, y)) for y in ys if y]
    return x, zs, sorted(k for k in locals() if not k.startswith("_"))
print([f(q) for q in range(2)])
print([sorted(locals().keys() - globals().keys()) for i in range(1)])
class C:
    x = 3
    ys = [ask(x) for x in range(2)]
    zs = [ask(i) for i in range(2)]
print(C.ys, C.zs, C.x)
""",
    ),
    "comprehension faults": (
        (3, 11),
        """
def g(xs):
    return [10 // (x - num(x) + num(x)) for x in xs]
out=[ask(i) for i in range(3)]
g([2, 1, 0])
""",
    ),
    "comprehension lambda": (
        (3, 11),
        """
fs = [lambda: ask(i) for i in range(3)]
print([f() for f in fs])
def h():
    gs = [lambda q: (ask(q), i) for i in range(2)]
    i = 9
    return [g(1) for g in gs], i
print(h())
""",
    ),
    "except star": (
        (3, 11),
        """
def f(q):
    try:
        if q: raise ExceptionGroup("g", [ValueError(q), TypeError(ask(q))])
        return ask(q)
    except* ValueError as e: print("v", e.exceptions)
    except* TypeError as e: print("t", e.exceptions)
out=[f(q) for q in range(3)]
print(out)
""",
    ),
    "match": (
        (3, 11),
        """
from dataclasses import dataclass
@dataclass
class Pt: x: int; y: int
def kind(v):
    match v:
        case {"a": a, **rest}: return ask(a), rest
        case Pt(x=0, y=y) | Pt(x=y, y=0): return "axis", y
        case [first, *rest] if num(first): return first, rest
        case str() as s: return ask(s)
        case None | True: return "c"
        case _: return "?"
print([kind(v) for v in [{"a":1,"b":2}, Pt(0,3), Pt(4,0), Pt(1,1), [1,2,3], "x", None, 5, ask(1)]])
""",
    ),
    "override kw": (
        (3, 12),
        """
import typing
class A:
    def f(self): return ask(1)
class B(A):
    @typing.override
    def f(self): return super().f() + ask(2)
print(B().f(), [B().f() for _ in range(2)])
""",
    ),
    "static attributes": (
        (3, 11),
        r"""
class K:
    "doc\n    indented\n"
    def __init__(self): self.a = ask(1)
    def m(self): self.b = ask(2); return self.b
k=K(); k.m()
print(K.__doc__, getattr(K, "__static_attributes__", None), getattr(K, "__firstlineno__", None), k.a, k.b)
""",
    ),
    "walrus comp": (
        (3, 11),
        """
out=[y for q in range(3) if (y := ask(q))]
print(out, y)
""",
    ),
    "locals": (
        (3, 11),
        """
def f(q):
    a = ask(q)
    l = locals()
    b = ask(a)
    l["z"] = 1
    return sorted(l), sorted(locals())
print(f(1))
x = ask(2)
locals()["x2"] = x
print(x2)
""",
    ),
    "generic default": (
        (3, 13),
        """
def g[T = int](x: T = 3) -> T: return ask(x)
class D[T = str, *Us = *tuple[int, ...]]:
    def f(self): return ask(T.__name__)
print(g(), g.__type_params__[0].__default__, D().f())
""",
    ),
    "async gen": (
        (3, 11),
        """
async def agen(n):
    for i in range(n):
        yield ask(i)
out=[]
async for x in agen(3): out.append(x)
ys=[y async for y in agen(2)]
async def h(q): return ask(q)
print(out, ys, await h(1), [await h(q) for q in range(3)])
""",
    ),
    "fault in type params": (
        (3, 12),
        """
def f[T: ask(1)](x): return x
print(f.__type_params__[0].__bound__)
class X[T: nope]: pass
print(X.__type_params__[0].__bound__)
""",
    ),
    "multi-line call fault": (
        (3, 11),
        """
def f(q, *, z):
    return 1 // q
xs=[ask(i) for i in range(3)]
print(
    f(
      1, z=2),
    f(0,
      z=xs
    ),
)
""",
    ),
    "names error suggestion": (
        (3, 11),
        """
apple = ask(1)
class Q:
    def __init__(self): self.foo = ask(1)
    def run(self): return foo
for q in range(2):
    a = ask(q)
Q().run()
""",
    ),
    "import fault": (
        (3, 11),
        """
x = ask(1)
from math import sinn
""",
    ),
    "kw suggestion": (
        (3, 11),
        """
def f(apple): return ask(apple)
x=f(1)
f(aple=2)
""",
    ),
}


@pytest.mark.parametrize("name", [name for name, (version, _) in PROGRAMS.items() if sys.version_info >= version])
def test_agrees(name: str) -> None:
    agree(PROGRAMS[name][1])
