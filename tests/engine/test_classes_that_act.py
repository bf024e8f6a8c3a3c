"""Code of a class that runs where nobody calls it: classes that answer `isinstance`, callables in the place of special methods, `__class_getitem__`."""

from __future__ import annotations

import pytest

from tests.fuzz.check import agree

CLASSES = """\
import abc, dataclasses, enum, functools
l0 = []
def w(*a): l0.append(len(a)); return True
class Call:
    def __init__(self, result): self.result = result
    def __call__(self, *a): l0.append("call"); return self.result
@functools.total_ordering
class Ordered:
    def __eq__(self, o): l0.append("eq"); return True
    def __lt__(self, o): l0.append("lt"); return True
class Odd:
    __eq__ = __lt__ = __contains__ = functools.partialmethod(w)
    __hash__ = None
    __bool__ = Call(True)
    __len__ = staticmethod(lambda: l0.append("len") or 1)
    __str__ = Call("s")
    __add__ = __radd__ = Call(1)
    __getitem__ = __setitem__ = Call(2)
    __neg__ = __index__ = Call(1)
class Kinds(abc.ABC):
    @classmethod
    def __subclasshook__(cls, other): l0.append("hook"); return True
class Generic:
    def __class_getitem__(cls, key): l0.append("item"); return cls
class Base:
    def __init_subclass__(cls): l0.append("sub")
class Enum(enum.Enum):
    A = 1
    def __str__(self): l0.append("str"); return "e"
class Looks:
    def __getattr__(self, name): l0.append(name); raise AttributeError(name)
t, o, looks = Ordered(), Odd(), Looks()
"""
PLACES = (
    "for q in range(3):\n    if num(q) > 2: STATEMENT\n    y = ask((q, list(l0)))\nprint(l0, y)\n",
    "q = num(3)\nr = num(q)\ntry: STATEMENT\nexcept TypeError: pass\ny = ask((list(l0), num(1)))\nprint(l0, y)\n",
    """\
def f(q):
    while num((2, q)) > 2:
        STATEMENT
        break
    return num(q)
for q in range(4):
    x = f(q)
    y = ask((q, l0))
print(x, y)
""",
)


@pytest.mark.parametrize(
    "statement",
    [
        "t >= t", "t > t", "t <= t", "max(t, t)", "o == 1", "not o", "len(o)", "1 in o", "str(o)", "f'{o}'", "print(o)", "o < 1", "o + 1", "1 + o", "sum([o])", "o[0]",
        "o[0] = 1", "-o", "[1, 2][o]", "o in [1]", "[o] == [1]", "isinstance(1, Kinds)", "issubclass(int, Kinds)", "isinstance(1, (str, Kinds))", "Generic[1]",
        "type('X', (Base,), {})", "str(Enum.A)", "f'{Enum.A}'", "print(Enum.A)", "[1, 2].sort(key=w)", "hasattr(looks, 'x')", "getattr(looks, 'x', 1)",
    ],
)  # fmt: skip
def test_what_may_run_is_waited_for(statement: str) -> None:
    for program in PLACES:
        agree(CLASSES + program.replace("STATEMENT", statement), seed=1)


def test_a_pattern_asks_the_class() -> None:
    agree(f"{CLASSES}q = num(3)\nr = num(q)\ntry:\n    match 1:\n        case Kinds(): pass\nexcept TypeError: pass\ny = ask((list(l0), num(1)))\nprint(l0, y)\n")


@pytest.mark.parametrize("program", [
    """\
l0 = []
class M(type):
    def __call__(cls): l0.append(cls.__name__); return super().__call__()
    def __getattr__(cls, name): l0.append(name); return 3
class K(metaclass=M): pass
k = K()
num(len(l0))
print(k.__class__ is K, l0)
""",
    """\
l0 = []
class Call:
    def __call__(self, *a): l0.append("call"); return 1
class K:
    __call__ = Call()
    def __getattr__(self, name): l0.append(name); return 1
k = K()
print(k(1), list(map(k, [num(1)])), l0)
""",
    """\
l0 = []
class K:
    @classmethod
    @property
    def p(cls): l0.append("p"); return 1
def f(q):
    if num(q) > 2: K.p
    return num(q)
for q in range(4):
    x = f(q)
    y = ask((q, list(l0)))
print(l0, x, y)
""",
    """\
l0 = []
class It:
    def __init__(self, n): self.n = n
    def __iter__(self): l0.append("iter"); return self
    def __next__(self):
        if self.n <= 0: raise StopIteration
        self.n -= 1
        l0.append("next")
        return self.n
q = num(1)
a, *b = It(3)
*a, c = It(2)
try: a, d, *b = It(1)
except ValueError as e: print(e)
print(ask((q, l0)), a, b, c)
""",
])  # fmt: skip
def test_nobody_is_asked_that_a_plain_run_does_not_ask(program: str) -> None:
    agree(program)


def test_an_object_that_notes_what_it_is_asked_for_is_asked_nothing_more() -> None:
    agree("""\
import os
import pandas as pd
log = []
class K:
    def __getattribute__(self, name):
        log.append(name)
        return object.__getattribute__(self, name)
k = K()
a = num(1)
for call in (lambda: os.path.exists(k), lambda: pd.read_csv(k), lambda: open(k), lambda: f'{a}{k!r}'[:1]):
    try: call()
    except (TypeError, ValueError) as e: log.append(type(e).__name__)
x = (len(log), ask(list(log)))
""")
