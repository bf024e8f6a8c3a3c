"""Fragments about statements that bind and unbind: ``del`` of a name, before and after what it stood for has come.

A name may be bound or not, by the round before, in a branch that has not run, under the name of a builtin.
"""
# ruff: noqa: E501  (a table: one fragment a line)

from __future__ import annotations

from .idioms import idiom

# del of names
idiom(0.55, "for @q in {list}[:4]:\n    @a = ask(@q)\n    l0.append(size(@a))\n    if flag(@q): l1.append(@q)\n    del @a\ntry: print(@a)\nexcept NameError as ex: print(ex)")
idiom(0.4, "@a = {int}\nif flag({int}): del @a\ntry:\n    @a += num({int})\n    print(@a)\n    del @a; l0.append({int}); del @a\nexcept NameError as ex: print(ex, type(ex).__name__)\n@a = 1")
idiom(0.4, "def @f(n):\n    a, b = num(n), [n]\n    if flag(n): del a\n    b.append(num(b)); c = b\n    if n % 2: del b\n    try:\n        b.append(a)\n        del a, c\n    except NameError as ex: return str(ex)\n    return b\nfor @q in range(3): print(@f(@q))")
idiom(0.4, "@g = {int}\ndef @f(q):\n    global @g\n    r = num(q)\n    if r > 3: del @g\n    elif r: @g = r\n    return r\ntry:\n    for @q in range(3):\n        l0.append(@f(@q) % 5)\n        @g += 1\n        print(@g)\nexcept NameError as ex: print(ex)", needs="top")
idiom(0.3, "len = lambda q: num(q)\n@a = len({int})\ndel len\nl0.append(len(l1) + @a)\n@t = (ask({int}), @a)\ndel @a\nprint(@t)", needs="top")
idiom(0.4, "@d = {{1: num(1), 2: {int}}}\ntry:\n    for @q in range(3):\n        @x = num((@q, {int}))\n        if @x > 2: del @d[@x]; del @x\n        elif @x: print(@x)\n        else: del @d[2], @x\nexcept (NameError, KeyError) as ex: print(repr(ex), @d)\nprint(@d)")
idiom(0.4, "@g = {int}\ndef @f(q):\n    global @g\n    if flag((q, i1)): del @g\n    return q\ntry:\n    @r = @f({int})\n    del @g\n    print('gone', num(@r))\n    @g = 2; @f(num(@r)); @g += 1\nexcept NameError as ex: print(ex)", needs="top")

# match: literals, containers that are still being made, guards that ask, classes of one's own, values by name
idiom(0.5, "for @q in {list}[:4]:\n    match ask(@q):\n        case 'a' | 'r1': l0.append(1)\n        case str(@s) if flag(@s): l0.append(size(ask(@s)))\n        case @r if num(@r) > {int}: print(@r); continue\n        case 7: pass\n    l1.append(num(@q) % 5)")
idiom(0.5, "@d = {{'k': num({int}), 'v': [ask({int}), {int}], 'n': {list!}}}\n@k = @v = @n = @m = 0\nmatch @d:\n    case {{'k': 0 | 1 | 2, 'v': [@v, *@n]}}: @n.append({int})\n    case {{'k': @k, 'n': @n, **@m}} if flag(@k): @n.append(@k); @m['x'] = num(@k)\n    case {{'n': [*_] as @n, 'k': int(@k)}}: @n.append({int}); @d['k'] = num(@k)\nprint(@d, @k, @v, @n, @m, {list!})")
idiom(0.5, "def @f(q):\n    x = q\n    try:\n        match [num(q), mk(q), ask(q)]:\n            case [0 | 1, y, _]: x = y\n            case [x, [y, *z], str(s)] if flag(x): z.append(y); return z, s\n            case [x, [], *_]: bad(x)\n            case _ if bad(q): pass\n    except Boom: return x\n    return x, size(x)\nfor @q in range(3): print(@f((@q, {int})))")
idiom(0.5, "class @:\n    __match_args__ = ('v', 'w')\n    def __init__(self, v, w): self.v, self.n, self.l = v, 0, w\n    @@property\n    def w(self):\n        self.n += 1; l0.append(self.n)\n        return self.l\n    def __eq__(self, o):\n        l1.append(o if type(o) is int else 0)\n        return False\nfor @q in range(3):\n    @o = @(num(@q), ask(@q)) if flag(@q) else num((@q, {int}))\n    match @o:\n        case 1 | 2: l0.append(num(@q))\n        case @(0 | 1 | 2, @w): print(@w)\n        case @(v=@v) if flag(@v): i1 = @o.n + @v\n        case _: l0.append(num(@q))\nprint(len(l0))")
idiom(0.9, "@l = [num({int}), {list!}]\nif flag({int}): @l.append(num({int}))\nmatch @l:\n    case [@a, @b]: @b.append(@a)\n    case [@a, @b, *@c]: @c.append(@b); {list!}.append(num(@a))\nprint(@l, {list!})")
idiom(0.4, "class @:\n    A, B = 1, 2\ndef @f(q, e):\n    match num(q):\n        case e.A: e.B = num(q)\n        case @.B if flag(q): return 'b'\n        case 0 | 3: return e\n        case x: l0.append(x)\n    return x\ntry:\n    for @q in {list}[:3]: print(@f(@q, @) is @)\nexcept NameError as ex: print(ex, l0)")

# nonlocal: counters and lists of the function around, while those who bind them stand still
idiom(0.5, "def @m(k):\n    n, l = k, []\n    def f(q):\n        nonlocal n\n        r = num((q, k))\n        if r > 3: n += r\n        elif r: l.append(n)\n        else: n = n - 1\n        return r\n    x = [f(q) for q in range(3)]\n    if flag(k): n = n * 2\n    g = lambda: n\n    y = f(7)\n    return x, n, l, g(), sorted([3, y, 1], key=lambda p: (n, p)), sum(n for _ in range(2))\nprint(@m({int}), @m(num({int})))")
idiom(0.5, "def @m():\n    n, s = 0, {{}}\n    def inc(q):\n        nonlocal n, s\n        n += 1\n        if flag((q, n)): s = {{**s, n: ask(q)}}\n        else: s[q] = n\n        return (n, num(q))\n    def get(): return n, s\n    return inc, get\n@i, @g = @m()\nfor @q in {list}[:3]:\n    @r = @i(@q)\n    if @r[1] > 2: print(@g()); @i(0)\n    l0.append(@g()[0])\nprint(@g(), @r)", risky=True)
idiom(0.4, "def @m(xs):\n    ys, c = xs, 0\n    def f(q):\n        nonlocal xs, c\n        if num(q) > 2: xs = ys + [q]\n        xs.append(num(q)); c += len(xs)\n        try:\n            if flag(q): bad(q)\n            xs += [c]\n        except Boom: c -= 5\n        for c in range(c % 4, num(q)): pass\n        return c\n    for q in range(3):\n        if f(q) > 4: xs = [*xs, q]\n    return xs, ys, c\nprint(@m({list!}), @m([{int}]))")
idiom(0.4, "def @m(n):\n    def f(q):\n        m = num(q)\n        def g(r):\n            nonlocal n, m\n            n, m = m, (n + num(r)) % 50\n            return (n := n + 1) + m\n        return g(q) + g(m) + m\n    return [f(q) for q in mk(n)[:3]], n, f(n) if flag(n) else n\nfor @q in range(2): print(@m((@q + {int}) % 7))")

# reduce, starmap
idiom(0.4, "from functools import reduce\ndef @f(a, q):\n    r = num((q, a))\n    if flag(r): l1.append(r); return (a + r) % 50\n    return (a + num(q)) % 50\ni0 = reduce(@f, {list}[:4], {int})\ni1 = reduce(lambda a, q: (a * 2 + num(q)) % 50, mk({int})[:3] + [i0])\nprint(i0, i1, reduce(lambda a, b: a + b, [ask(q) for q in range(3)]), l1)")
idiom(0.4, "from itertools import starmap\n@l = list(starmap(lambda a, b: num((a, b)), [({int}, num(i1)), [num(i2), 2], (1, {int})]))\nfor @x in starmap(lambda a, b=i0: ask((a, b)), zip(@l, {list})):\n    if flag(@x): l0.append(size(@x))\nprint(@l, sum(starmap(max, zip(@l, mk({int})))), any(starmap(lambda a, b: flag(a), enumerate(@l))))")
