"""What a program takes from its process, and small things of the standard library: random numbers, the environment, heaps, digests,
enums, where answers decide who takes what and when.

Each run begins with the same state of `random` and `numpy.random`. `rg`, `ng` and `nr` are generators, `nt` shares the state of `ng`; `hp` a heap of ints, `Hue` an enum of what `flag` and `num` answer.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .grammar import expressions, statements
from .idioms import idiom

PROLOGUE = (
    "import enum, hashlib, heapq, os, random, numpy as np; from IPython.display import Markdown, display; from pprint import pprint; rg = random.Random(2); hp = [1, 4]; ng = np.random.default_rng(3); nt = np.random.Generator(ng.bit_generator); nr = np.random.RandomState(4); "
    "Hue = enum.Enum('Hue', {f'H{n}': n for n in range(5)})"
)

expressions("int", 0.3, "random.randint(1, 9)", "rg.randrange(7)", "random.choice([{int}, {int}])", "rg.sample({list} + [1], 1)[0]", "random.choice({list!} + [2])", "sum(rg.choices([1, {int}], k=2))")
expressions("int", 0.2, "random.choice({list!})", "rg.choice({nest!})[0]", risky=True)
expressions("str", 0.3, "os.environ['POPPY_FUZZ']", "os.environ.get('POPPY_FUZZ')", "os.getenv('POPPY_NONE', {str})", "hashlib.sha1({str}.encode()).hexdigest()[:4]", "hashlib.md5(ask({int}).encode()).hexdigest()[:4]")
expressions("int", 0.2, "Hue(num({int}) % 5).value", "Hue({int} % 5).value")
expressions("int", 0.1, "Hue({int}).value", risky=True)
expressions("bool", 0.2, "Hue(num({int}) % 5) is Hue.H1", "Hue({int} % 5) in (Hue.H1, Hue.H2)")
statements(0.3, "random.seed({int})", "os.environ['POPPY_FUZZ'] = str({str})", "os.environ.setdefault('POPPY_FUZZ', 'f')", "random.shuffle({list!})", "{list!}.append(rg.randint(1, 5))", "print(rg.random() > 0.5, random.random() < {int})")
idiom(0.4, "for @q in range(3):\n    try:\n        {list!}.append(random.randint(1, 9)); bad((@q, rg.random()))\n    except Boom: i0 = random.randint(1, 9)\n    s0 = ask((rg.choice([1, @q]), i0))")
idiom(0.3, "def @(q):\n    if flag(q): return random.randint(1, 5) + num(q)\n    return rg.choice({list!} or [q])\nfor @q in range(4): i1 += @(@q); l0.append(random.random() < 0.5)")
idiom(0.3, "def @(q):\n    if flag(q): os.environ['POPPY_FUZZ'] = ask(q)[:3]\n    return os.environ['POPPY_FUZZ'] + str(num(q))\nfor @q in range(3): s1 = @(@q); s0 = ask((os.getenv('POPPY_FUZZ'), {int}))")

# shown when their turn comes
statements(
    0.25,
    "pprint({any})", "pprint([{any}, num({int})])", "display({any})", "display(Markdown(str({any})[:20]), {list})", "pprint({{'k': ask({int}), 'l': {list}}})",
)  # fmt: skip

# generators of numpy, and shuffling
expressions("int", 0.3, "int(ng.integers(1, 9))", "int(np.random.randint(1, 9))", "int(nr.randint(9))", "int(ng.choice([{int}, {int}]))", "int(nt.integers(5))", "int(np.random.choice([1, {int}, 2]))", "size(ng.permutation(4).tolist())", "int(ng.random() * 9)", "int(np.random.rand() * 9)", "int(ng.choice(5, 2)[1])")
expressions("int", 0.1, "int(ng.integers({int}))", "int(np.random.choice({list!}))", "int(np.random.default_rng(7).integers(9))", "random.Random({int}).randint(1, 9)", risky=True)
expressions("str", 0.2, "str(ng.choice(['a', 'b', {str}]))", "ask(ng.choice(['a', 'b']))", "ask(np.random.permutation([{int}, 2, 3]).tolist())", "str(np.random.choice(['x', {str}]))[:9]")
expressions("bool", 0.1, "ng.random() < 0.5", "np.random.rand() > 0.5", "ng.integers(3) == 1")
statements(0.3, "random.shuffle({list!})", "rg.shuffle({list!})", "ng.shuffle({list!})", "np.random.shuffle({list!})", "nr.shuffle({list!})", "np.random.seed({int} % 99)", "{list!}.append(int(ng.integers(9)))", "ng = np.random.default_rng({int} % 9)", "print(ng.random() > 0.5, np.random.rand() > 0.5, ask((nt.random(), 1)))", "ng.bit_generator.advance(3)")
idiom(0.4, "for @q in range(3):\n    @x = [num(@q), @q, {int}]; random.shuffle(@x); {list!}.append(ask(@x))\n    ng.shuffle(@x); i0 = @x[0]\n    np.random.shuffle({list!}); s0 = ask((@x, {list}))")
idiom(0.3, "for @q in range(4):\n    try:\n        {list!}.append(int(ng.integers(9))); random.shuffle(l0); bad((@q, ng.random()))\n    except Boom: i0 = int(ng.integers(9)) + int(nt.integers(2))\n    s0 = ask((ng.random(), i0, l0[:3]))")
idiom(0.3, "def @(q):\n    @y = [q, 1, 3]\n    if flag(q): ng.shuffle(@y); return int(np.random.randint(5)) + num(@y)\n    random.shuffle({list!}); return int(ng.integers(9)) + @y[0]\nfor @q in range(4): i1 += @(@q); l0.append(int(nr.randint(9))); {list!}.append(ask(ng.random()))")
idiom(0.3, "class @:\n    def __init__(self, q): self.q = q\n    def __repr__(self):\n        o0.v += 1; self.q = num(self.q)\n        return f'<{{self.q}}>'\nfor @q in {list}[:3]:\n    @o = @(@q)\n    i0 = num((@q, o0.v))\n    pprint([i0, @o]) if flag(@q) else display(@o, @q)\n    l0.append(o0.v + @o.q)")
