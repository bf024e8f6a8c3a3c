"""Idioms of failures that are handled while older calls are still out (`engine/early.py`): retries, fallbacks, `finally`, nested ones."""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .idioms import idiom

# a second attempt, a third one, what the failed one has stored
idiom(0.6, "def @(q):\n    for r in range(3):\n        try:\n            l0.append((q, r))\n            @x = bad((q, r))\n            o0.v += 1\n            return @x\n        except Boom as ex:\n            o0.v += 10\n            l1.append(str(ex))\n    return num(q)\nfor @q in {list}[:4]:\n    i0 += @(@q)\n    if flag(@q): print(o0.v, size(l0))\nprint(i0, o0.v, l0, l1)")
idiom(0.5, "def @(q):\n    n = 0\n    while True:\n        try: return bad((q, n)), n\n        except Boom:\n            n += 1\n            if n > 2: return ask(q), -n\nfor @q in range(4):\n    @a, @b = @(@q)\n    d0[@q] = @a\n    i1 += @b\nprint(d0, i1)")
# functions that fail: with what they leave behind, in an ended one, in a nested try, on the way through
idiom(0.5, "def @h(q):\n    l0.append(q)\n    r = num(q)\n    if r > 3: raise Boom(r)\n    l1.append(r)\n    return r\ndef @(q):\n    @x = num(q + 1)\n    try:\n        @x = @h(q)\n        o0.v = @x\n    except Boom as ex:\n        @x = num(ex.args)\n        o1.v = @x\n    else: l0.append(-1)\n    return @x\nl2 = [@(q) for q in {list}[:4]]\nprint(l0, l1, l2, o0.v, o1.v)")
idiom(0.4, "def @h(q):\n    @r = bad(q)\n    l0.append(@r)\n    return [@r, bad((q, 1))]\ndef @(q):\n    try: return @h(q)[0]\n    except Boom as ex: return [ex.args, num(q)]\nfor @q in range(4):\n    @r = @(@q)\n    print(@r, len(l0))")
idiom(0.4, "def @(q):\n    try:\n        try:\n            l1.append(bad(q))\n            return num(q)\n        finally:\n            l0.append(num((q, 1)))\n            o0.v += 1\n    except Boom as ex:\n        try: return bad((q, 2))\n        except Boom as ex2: return (str(ex2), ex2.__context__ is ex)\n    finally: o1.l.append(q)\nfor @q in {list}[:4]: print(@(@q), o0.v, size(o1.l))")
idiom(0.3, "def @(q):\n    try: return int(ask(q)[-1:]) + num(q)\n    except ValueError as ex:\n        return size(str(ex)) + num(q)\nfor @q in {list}[:4]:\n    i0 += @(@q)\nprint(i0)")
idiom(0.3, "def @(q):\n    try:\n        @x = bad(q)\n        d0[@x] = q\n    except Boom as ex:\n        if flag(q): raise KeyError(q) from ex\n        d0[q] = str(ex)\n    return len(d0)\ntry:\n    for @q in {list}[:4]: l0.append(@(@q))\nexcept KeyError as ex: print(repr(ex), repr(ex.__cause__), l0)\nprint(d0)", risky=True)
idiom(0.3, "def @(n):\n    for q in range(n % 4):\n        try: yield bad(q)\n        except Boom as ex: yield str(ex)\n        finally: l0.append(q)\nfor @q in range(3):\n    try:\n        for @x in @(@q): l1.append(bad((@x, @q)))\n    except Boom: l1.append(@q)\nprint(l0, l1)")
# in the cell itself, with older calls that fail or write
idiom(0.4, "@ = []\nfor @q in {list}[:4]:\n    i0 = num(@q)\n    try:\n        i1 = bad(@q)\n        @.append(i1)\n        i2 = bad((@q, i0))\n    except Boom as ex:\n        @.append(str(ex)); i2 = num(i0)\n        if flag(@q): continue\n    else: i1 = i2\n    l0.append(i0 + i1)\nprint(@, i0, i1, i2)")
idiom(0.4, "class @:\n    def __init__(self): self.n, self.h = 0, []\n    def get(self, q):\n        try:\n            self.n += 1\n            r = bad(q)\n            self.h.append(r)\n            return r\n        except Boom:\n            self.h.append(-1)\n            self.n += num(self.n)\n            return self.n\n@o = @()\nfor @q in {list}[:4]:\n    l0.append(@o.get(@q))\n    if @o.n > 3: l1.append(@o.h[-1])\nprint(@o.n, @o.h)")
# what fails is left out, and the loop goes on
idiom(0.6, "@ = []\nfor @q in {list}[:5]:\n    try: @a = bad({int}) + num(@q)\n    except Boom as ex:\n        l1.append(str(ex)); continue\n    @.append(@a)\n    if flag(@q): continue\n    i0 = num((@a, @q)); l0.append(len(@))\nprint(@, i0)")
idiom(0.4, "for @q in {list}[:4]:\n    try:\n        if flag(@q): continue\n        o0.v += bad(@q)\n    except Bust: raise\n    except Boom as ex:\n        if flag((@q, 1)): l1.append(num(ex.args)); continue\n        o0.v -= 1\n        continue\n    else: l0.append(num(@q))\n    l1.append(12 // (num(@q) - 3))\n    print(o0.v, @q)", risky=True)

# attributes that are stored elsewhere while somebody older may still write them
idiom(0.5, "class @:\n    def __init__(self, q): self.q, self.r, self.l = q, None, l1\n@d, @t = {{}}, [@(q) for q in range(4)]\ndef @f(ts):\n    for t in ts:\n        try: t.r = [bad(t.q)]\n        except Boom as ex: t.r, t.l = str(ex), [t.q]\n        @d[t.q] = t.r\n        o0.v = t.l\n        if flag(t.q): t.l.append(num(t.q))\n    return ts[-1].r\n@x = @f(@t)\n@y = o0.v\n@y.append(7)\nprint(@d, @x, @y, @t[-1].l, size(o0.v), repr(@d[0]))")
