"""Fragments about functions that keep a variable of the loop or the comprehension they were made in.

All closures of a comprehension share one variable, which goes on changing: it must be read where a plain run reads it, by a
helper that calls the closure after an answer, by one that keeps it, and in a part that runs ahead.
"""
# ruff: noqa: E501  (a table: one fragment a line)

from __future__ import annotations

from .idioms import idiom

_RETRY = (
    "@k = []\ndef @r(f, q):\n    if flag(q): @k.append(f)\n    a = num(q)\n    if a > 2: return f()\n    return a\n"
    "def @s(f, q):\n    @k.append(f)\n    return f() if flag((q, 1)) else q\n"
)
_LEFT = "print(size([f() for f in @k][:6]))"
idiom(0.5, _RETRY + "{list!}.append(size([@r(lambda: num((q, i2)), q) for q in {list}[:3]]))\n" + _LEFT)
idiom(0.5, _RETRY + "def @(n):\n    q = ask(n)\n    r = [@r(lambda: (q, n), q) for q in range(3) if flag(q)]\n    s = [(lambda: q) if num(q) > 3 else (lambda: (q, n)) for q in range(n % 4)]\n    f = lambda: q\n    q = 7 if flag(n) else q\n    return r, [g() for g in s], f(), q\nfor @q in range(2): print(size(@(@q + {int})))\n" + _LEFT)
idiom(0.4, _RETRY + "@t = {{0: @r, 1: @s}}\ndef @(n):\n    t = @t[n % 2]\n    return [t(lambda: num((q, n)), q) for q in range(3)], {{q: @t[q % 2](lambda: q, num(q)) for q in range(3)}}\nprint(size(@(num({int}))))\n" + _LEFT)
idiom(0.4, _RETRY + "def @(n):\n    for q in range(3):\n        if flag(q): l0.append(@r(lambda: num((q, n)), q))\n        else: l1.append(@s(lambda: q, n))\n    q = num(n)\n    return q\n@i = @({int})\n" + _LEFT)
idiom(0.4, "def @(n): return [sorted(mk(q), key=lambda p: (num((p, q)), p))[:2] for q in range(n)], [list(map(lambda p: (q, num((p, q))), mk(q)))[:2] for q in range(n) if flag(q)]\nprint(size(@(num({int}) % 4)), [max(mk(q) + [0], key=lambda p: num(p) * (q - 1)) for q in range(3)])")
idiom(0.3, _RETRY + "class @:\n    def __init__(self, f): self.f, self.v = f, num(i1)\n    def go(self): return self.f() + self.v\n@o = [@(lambda: num((q, p))) for q in range(2) for p in mk(q)[:2]]\n{list!}.append(sum(o.go() for o in @o))\nprint([[(lambda: (q, p))() for p in range(num(q) % 3)] for q in range(3)])\n" + _LEFT)

# readers of one's own, called as the builtins are
_READER = "def @r(found):\n    print('read')\n    for x in found:\n        if x > 3: return (x, type(found).__name__)\n    return i1\nclass @:\n    def __init__(self): self.n = 0\n    def join(self, found):\n        self.n += 1\n        return size([x for x in found][:num(self.n) % 3])\n    @@property\n    def me(self):\n        self.n += 5\n        return self\n@o = @()\n"
idiom(0.4, _READER + "def @f(any, q):\n    a = any(num((q, p)) for p in range(4))\n    b = @o.join(p + num(q) for p in range(3) if flag(p))\n    q = num(q)\n    return a, b, @o.me.me.join(num((q, p)) for p in mk(q)[:2]), sum(num((q, p)) for p in range(2))\nfor @q in range(3): l0.append(size(@f(@r if @q < 2 else all, @q)))\nprint(@o.n, '-'.join(ask(q) for q in {list}[:3]))")
idiom(0.3, _READER + "@k = []\ndef @g(list, n):\n    for q in range(n % 4):\n        if flag(q): list(num((q, i)) for i in range(3))\n    q = num(n)\n    return [list(p + q for p in range(2)) for q in range(2)]\nprint(size([@g(@k.append, @q) for @q in range(3)]), size([[*g] for g in @k]), ''.join(str(q) for q in @k[:1])[:3])", risky=True)
