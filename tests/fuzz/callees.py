"""Idioms whose calls are constructors, instances, methods of `super()`, members of an `Enum`, generators, keys of `sorted`.

Each is a shape that runs ahead by an argument of its own (`engine/constructors.py`, `engine/instances.py`, …), so each has to
meet calls in flight, branches, exceptions and aliases.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .idioms import idiom

# constructors
idiom(0.5, "import dataclasses\n@@dataclasses.dataclass\nclass @:\n    q: int\n    a: object = i1\n    l: list = dataclasses.field(default_factory=list)\nfor @q in {list}[:3]:\n    @r = @(@q, ask(@q))\n    @r.l.append({int})\n    if flag(@q): @r.a = {int}\n    l0.append(size(@r.l))\nprint(@(1), @(2).l is @(2).l)")
idiom(0.4, "import dataclasses\n@@dataclasses.dataclass(frozen=True)\nclass @:\n    q: int\n    l: list = dataclasses.field(default_factory=lambda: [num(i2)])\n    m: int = dataclasses.field(init=False, default=4)\n    def __post_init__(self):\n        if flag(self.q): object.__setattr__(self, 'm', num(self.q))\ntry:\n    for @q in range(3):\n        @r = @(bad(@q))\n        l1.append(@r.m)\n        @r.l.append({int})\nexcept Boom as ex: print(ex)\nprint([@(q) for q in {list}[:2]])")
idiom(0.4, "import collections\n@ = collections.namedtuple('@', 'a b', defaults=[{int}])\nfor @q in range(3):\n    @r = @(num(@q), {list!}) if flag(@q) else @(@q)\n    @a, @b = @r\n    l0.append(@r.a)\n    l1.append(size((@r.b, @r[0], @r)))\n    print(@r, @r._replace(b=@q), isinstance(@r, tuple), @r == (@a, @b))")
idiom(0.4, "class @(Boom):\n    def __init__(self, q, *more):\n        super().__init__(f'{{q}}!', *more)\n        self.q = q\nfor @q in {list}[:4]:\n    try:\n        if flag(@q): raise @(num(@q), {int})\n        l0.append({int})\n    except @ as ex:\n        print(ex, ex.q, ex.args)", risky=False)

# instances, super(), Enum
idiom(0.5, "class @a:\n    def __init__(self, k): self.k, self.h = k, []\n    def __call__(self, q):\n        self.h.append(q)\n        return num((self.k, q))\nclass @(@a):\n    def __init__(self, k):\n        super().__init__(k + 1)\n        self.z = i0\n    def __call__(self, q):\n        r = super().__call__(q)\n        if r > 2: self.z += r\n        return r\n@o = @({int})\nfor @q in range(3): l0.append(@o(@q))\nprint(@o.h, @o.z, @a(1)({int}))")
idiom(0.4, "import enum\nclass @(enum.Enum):\n    A = 1\n    B = 'b'\n@d = {{@.A: 0, @.B: 0}}\nfor @q in range(3):\n    @s = @.A if flag(@q) else @.B\n    @d[@s] += num(@q)\n    if @s is @.A: l0.append(num((@s.name, @q)))\n    elif @s == @.B: l1.append(@.A.value + {int})\n    print(@s, @s.value)\nprint(@d)")
idiom(0.3, "@ = [lambda q: num(q), lambda q: num((q, {int}))]\nfor @q in range(4): l0.append(@[@q % 2](@q))")

# generators and other streams that are read at once
idiom(0.6, "def @(n):\n    for q in range(n % 4):\n        r = num(q)\n        if r > 3: l0.append(r)\n        yield r\n        l1.append(q)\n    yield from [ask(n), n]\nfor @q in range(3):\n    for @x in @(@q):\n        l1.append(size(@x))\n        if flag(@x): break\nprint(list(@({int})), sorted(map(str, @(2))))")
idiom(0.4, "class @:\n    def __init__(self): self.d = [1, 2]\n    def each(self, m):\n        for q in self.d:\n            yield q * m\n            if flag((q, m)) and len(self.d) < 5: self.d.append(num(q))\n@o = @()\nfor @a, @b in zip(@o.each(1), @o.each({int})):\n    l0.append(num((@a, @b)))\n    @o.d[0] += 1\nprint(@o.d)")
idiom(0.3, "def @(n):\n    global g0\n    yield bad(n)\n    g0 += num(n)\n    yield g0\ntry:\n    for @q in range(4):\n        for @x in @(@q): l0.append((@q, @x, g0)[1])\nexcept Boom as ex: print(ex, g0)\nl1 = list(map(num, @(1))) if flag(g0) else list(enumerate(@(0)))[:0]", risky=True)
idiom(0.4, "import itertools\n@ = [num({int}), num({int})]\nfor @i, (@k, @v) in enumerate(d0.items(), 1): l0.append(num((@i, @k, @v)))\nfor @a, @b in itertools.product(@, 'ab'): print(ask((@a, @b)))\nfor @a in itertools.chain({list}, @): l1.append(num(@a))\nfor @a, @b in itertools.zip_longest(map(num, @), {list}): print(@a, @b)\nprint(list(map(ask, @)), dict(zip('ab', map(num, @))), '/'.join(map(str, @)))")

# keys of sorted, max and min
idiom(0.5, "class @:\n    def __init__(self, n): self.n, self.c = n, 0\n    def score(self, q):\n        self.c += 1\n        return num((self.n, q))\n@o = [@(q) for q in range(3)]\nfor @q in range(2):\n    @b = max(@o, key=lambda p: p.score(@q))\n    @b.n += num(@b.n)\n    l0.append(sorted({list}[:4], key=num)[:1])\n    print([p.n for p in sorted(@o, key=lambda p: (p.score(@q), p.n))], min(@o, key=lambda p: p.score(i2)).n)\nl0 = [p.c for p in @o]")
idiom(0.3, "def @(q):\n    l1.append(q)\n    return bad(q)\ntry:\n    for @q in range(3):\n        i0 = max([@q, {int}, 3, i2], key=@)\n        l0.append(sorted([@q, i1, 5], key=@, reverse=True)[0])\nexcept Boom as ex: print(ex, l1)")

# special methods of instances; numbers of a counter
idiom(0.5, "class @:\n    def __init__(self): self.d, self.n = [1, 2, 3], 0\n    def __iter__(self): return iter(self.d)\n    def __len__(self): self.n += 1; return len(self.d)\n    def __getitem__(self, k): self.n += 1; return self.d[k]\n    def __setitem__(self, k, v): self.d[k] = v; self.n += num(v)\n    def __contains__(self, q): self.n += 10; return flag(q)\n@o = @()\nfor @x in @o: l0.append(num((@x, len(@o))))\n@o[{int} % 3] = num({int})\ni0 = @o[{int} % 2] + @o.n\ni1 = @o[num({int}) % 3] if {int} in @o else @o.n\nprint(@o.n, @o.d, list(@o))")
idiom(0.4, "class @:\n    def __init__(self, v): self.v, self.n = v, 0\n    def __add__(self, o):\n        self.n += 1\n        return @((self.v, o.v if isinstance(o, @) else num(o)))\n    def __str__(self): self.n += 1; return str(self.v)\n@o = @({int})\n@p = @o + @(ask({int}))\n@p = @p + num({int})\nprint(@p, num({int}))\ni0 = @o.n + @p.n\n@p += {int}\ns0 = f'{{@p}} {{ask(1)}} {{@p.n}}'")
idiom(0.3, "import itertools\n@ = itertools.count({int})\ndef @f(q): return next(@) if num(q) > 3 else q\nfor @q in range(3): l0.append(@f(@q) + next(@))\nprint(next(@), num(next(@)), l0)")
idiom(0.3, "def @(n, k=1):\n    q = 0\n    while q < n:\n        yield q, str(q) * k\n        q += 1\ndef @e(source):\n    for q, t in source:\n        if q % 2 == 0: yield t + str(12 // (q - 4))\ntry:\n    for @x in @e(@({int} % 8)): l0.append(num(@x))\nexcept ZeroDivisionError: print(l0)\nprint([size(q) for q in @(2, 3)])")

# results that are numbers or strings in known places
idiom(0.5, "def @(q):\n    for r in range(3):\n        try: return bad((q, r)), r\n        except Boom: l1.append(r)\n    return num(q), -1\n@n = @t = {int}\nfor @q in range(4):\n    @a, @b = @(@q)\n    @n += @b\n    if @a == 2: @t += 1\n    l0.append(@n)\nprint(@n, @t, l1)")
idiom(0.4, "def @(q):\n    @r = [0]\n    for i, x in enumerate({list}):\n        if num((x, q)) > 3: return l0, i, f'{{i}}', @r\n    return l1, len(l1), ask(q), l0\n@n = @s = @t = 0\n@s = ''\nfor @q in range(3):\n    @a, @b, @c, @d = @(@q)\n    @n += @b; @s += @c\n    @e = @d\n    @d += [@b]\n    print(@n, @s, len(@e), len(@a))", risky=True)
idiom(0.3, "def @(q, n=l0):\n    if flag(q): n = 1\n    if flag(q + 1): return ask(q), n\n    return '', n\n@t = l1\nfor @q in range(3):\n    @a, @b = @(@q)\n    try: @t += @b\n    except TypeError as ex: print(ex)\n    l1 = @t\n    print(l0, l1)")

# members found under a name that may be an answer
idiom(0.6, "class @:\n    n = 0\n    def __init__(self): self.h = []\n    def m0(self, q): self.h.append(q); return num(q)\n    def m1(self, q):\n        if flag(q): @.n += 1\n        return self.h\n    @@staticmethod\n    def m2(q): l0.append(q); return bad(q)\n    @@classmethod\n    def m3(cls, q): cls.n += num(q); return cls\n@o = @()\nfor @q in range(4):\n    try: @r = getattr(@o, f'm{{num((@q, {int})) % 5}}')(@q)\n    except (AttributeError, Boom) as ex: @r = ex\n    print(@.n, len(l0), @o.h)\n    l1.append(type(@r).__name__)")
idiom(0.5, "class @:\n    @@staticmethod\n    def m0(*q): return num(q)\n    @@staticmethod\n    def m1(*q):\n        global g0\n        g0 += num(q)\n        return g0\n    def m2(q, *r): q.v = num(r); return q\ndef @f(q):\n    @n = ask(q)\n    return getattr(@, f'm{{size(@n) % 3}}')(o0, q)\nfor @q in {list}[:4]:\n    @r = @f(@q)\n    l0.append(g0 + o0.v)\nprint(g0, o0.v)")
idiom(0.3, "class @:\n    def m0(self, q): return 0\n@o = @()\ndef @f(q):\n    if flag(q): @o.m1 = lambda q: l0.append(q)\n    return getattr(@o, f'm{{num(q) % 2}}')(q)\nfor @q in range(4):\n    try: @f(@q)\n    except AttributeError as ex: print(ex)\n    print(len(l0))")

# properties
idiom(0.6, "class @:\n    def __init__(self, q): self.q, self.o, self.n = q, [], 0\n    @@property\n    def busy(self): return sum(self.o) > 3\n    @@property\n    def seen(self):\n        self.n += 1\n        l1.append(self.n)\n        return num((self.q, self.n))\n    @@property\n    def first(self):\n        if not self.o: raise AttributeError('empty')\n        return self.o[0]\nfor @q in {list}[:4]:\n    @o = @(@q)\n    if flag(@q): @o.o.append(num(@q))\n    if @o.busy: l0.append(@q)\n    i0 += @o.seen + @o.n\n    print(f'{{@o.busy}} {{@o.seen}}', hasattr(@o, 'first'), getattr(@o, 'first', 7), hasattr(@o, 'none'))\n    try: l0.append(@o.first)\n    except AttributeError as ex: print(ex)\nprint(i0, l0, l1)")
idiom(0.4, "class @a:\n    @@property\n    def v(self): return self._v\n    @@v.setter\n    def v(self, q):\n        self._v = num(q)\n        l0.append(q)\nclass @(@a):\n    @@property\n    def w(self): return [self.v, ask(self.v)]\n    @@property\n    def boom(self): return bad(self.v)\n@o = @()\ntry:\n    for @q in range(4):\n        @o.v = {int}\n        @o.v += @q\n        @r = @o.w\n        @r.append(@o.v)\n        l1.append(size(@r))\n        i1 = @o.boom if flag(@q) else @o.w[0]\nexcept Boom as ex: print(ex)\nprint(@o.v, @o.w, l0, l1)", risky=True)
