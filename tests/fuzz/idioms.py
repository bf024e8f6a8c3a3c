"""Longer fragments written by hand, with holes: the traps that a random mixture of single productions meets too seldom.

Most come from the two prototypes' lists of what went wrong (iterators shared across a `try`, a slot read before the
value that is added to it, mutation of a result that is still in flight, …). Names are fresh or those of every scope,
so fragments may be nested into anything.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from textwrap import dedent

from .grammar import Writer, _filler, statement


def idiom(weight: float, text: str, *, risky: bool = False, needs: str = "shallow") -> None:
    """Register a fragment; `@` is a name that is fresh in each copy (`@@` an at sign), `{int}` an expression."""
    lines = dedent(text).strip("\n").split("\n")
    fills = [(_filler(line.lstrip()), (len(line) - len(line.lstrip())) // 4) for line in lines]

    def write(w: Writer) -> None:
        suffix = w.fresh("")
        base = w.indent
        for fill, depth in fills:
            w.indent = base + depth
            w.budget(4)
            w.line(fill(w).replace("@@", "\0").replace("@", f"x{suffix}").replace("\0", "@"))
        w.indent = base

    statement(weight, risky=risky, needs=needs, text=text)(write)


# results in flight as receivers, as keys, as containers
idiom(0.5, "@ = rec({int})\n@['x'] = {int}\n@['l'].append({int})\n{map!}['r'] = @['l']\nprint(@)")
idiom(0.4, "@ = mk({int})\n@.append({int})\n{nest!}.append(@)\n@ += [{int}]\nl1 = @")
idiom(0.4, "@ = mk({int})\n@[-1] = {int}\n{obj!}.l = @", risky=True)
idiom(0.3, "@ = obj({int})\n@.choices[0].n += {int}\n@.extra = {list!}\ni0 = size(@)\n{list!}.append(@.choices[0].n)")
idiom(0.4, "@ = [num({int}), [num({int}), 3]]\n@y = @[1]\n@y.append(num({int}))\n@[0] = {int}\nprint(@)")
idiom(0.4, "@ = {{}}\n@[ask({int})] = {int}\n@[ask({int})] = {int}\ni1 = len(@)\ns0 = str(sorted(@))[:12]")
idiom(0.3, "@ = ({int}, [{int}], {list!})\n@[1].append({int})\nl2 = @[1]\nprint(@)")
idiom(0.3, "@ = {{ask({int}), ask({int}), 'z'}}\n@.add(ask({int}))\nprint(len(@), sorted(@))")
idiom(0.4, "@ = []\nfor @q in {list}[:4]:\n    @.append(ask(@q))\nprint(@, len(@))\ns1 = '/'.join(@)[:9]")
idiom(0.4, "@ = []\n@a = @\n@b = {{'k': @}}\n@a.append(num({int}))\n@b['k'].append(num({int}))\n@ = @ + [1]\nprint(@, @a, @b)")

# order inside a statement
idiom(0.3, "d0[1] = {int}\nd0[1] += put(1, {int})\nd0[(i1 := {int} % 3)] = i1 + num(i1)\ni2 = 0 < num({int}) < {int}")
idiom(0.3, "{list!}.append(num({int})) or {list!}.append(mut({list!}))\nprint({list!}, num({int}), {list!}.append({int}), {list!})")
idiom(0.3, "i0 = i0 + (i0 := {int}) * 2 + i0\nl0 = [i1, (i1 := {int}), i1]\nprint(l0, i0)", needs="binding")

# memo tables, conversations, accumulators
idiom(0.4, "@ = {{}}\nfor @q in {list}[:4]:\n    if @q not in @:\n        @[@q] = ask(@q)\n    l1.append(len(@))\nprint(@)")
idiom(0.4, "@ = [{{'c': {int}}}]\nfor @t in range(3):\n    @r = ask(len(@))\n    @.append({{'c': @r}})\n    if flag(@r): break\ni2 = len(@)")
idiom(0.3, "@ = ''\nfor @q in range(3):\n    @ += ask((@q, {int}))\n    if len(@) > 9: continue\n    {obj!}.l.append(num(@))\ns0 = @[:9]")
idiom(0.3, "@ = {{}}\nfor @q in {list}[:4]:\n    @.setdefault(num(@q), []).append(@q)\nfor @k, @v in @.items():\n    print(@k, @v, size(@v))")
idiom(0.3, "@ = [ask(q) for q in range(4)]\nwhile len(@) > 1:\n    @ = [ask((a, b)) for a, b in zip(@[::2], @[1::2])]\ns1 = @[0]")

# a list that younger units have stored to, written to by a branch at the head
idiom(0.4, "@ = []\n@a = mk({int})\ndef @f(q):\n    if @a.count(size(@)) != 3: @.append(q)\nfor @q in range(3):\n    @f(@q)\n    @.append({int})\ni0 = size(@)")

# an instance that an older, unfinished function makes, and a younger one writes to
idiom(0.4, "def @(q):\n    if num(q) > 2: return Box(q)\n    return Box({int!})\ndef @w(o, q):\n    if num((q, 1)) > 1: o.v = q + 10\nfor @q in range(3):\n    @x = @(@q)\n    @w(@x, {int})\n    print(@x.v)")
idiom(0.3, "@d = {{0: o0}}\ndef @(q):\n    if num(q) > 2: @d[0] = Box(q)\n    return num(q)\ndef @w(k):\n    if num((k, 7)) > 1: @d[0].v = k + 70\nfor @q in range(3):\n    @(@q)\n    @w(@q)\n    print(size(@d[0].v))")

# databases
idiom(0.4, "for @u in range(3):\n    @r = get(@u)\n    if num((@r, {int})) > 3:\n        put(@u + 1, @r)")
idiom(0.3, "put(1, {int})\ni0 = get(1)\nput(1, {int})\ni1 = get(1) + get(2)\nnote(0, i0); note(1, i1)")

# iterators, generators, lazy builtins
idiom(0.4, "@ = iter([{int}, {int}, 2, 3])\ntry:\n    for @q in @:\n        bad(@q)\nexcept Boom:\n    print('b')\ni0 = next(@, 7)\n@ = list(@)")
idiom(0.4, "@ = (num(q) + i0 for q in [i1, i0])\ni0 = {int}\nl2 = list(@)\ni1 = next(@, 5)")
idiom(0.3, "@ = map(num, {list})\ni0 = next(@, 0)\nl1 = list(@)\n@ = zip({list}, [num(1), num(2)])\nfor @a, @b in @:\n    i1 += @a * @b")
idiom(0.3, "@ = enumerate({list})\nfor @i, @q in @:\n    if num(@q) > 2: break\nl0 = [b for a, b in @]")
idiom(0.3, "def @(n):\n    for q in range(n % 4):\n        r = yield num(q)\n        if r: yield r\n@g = @({int})\ni0 = next(@g, 0)\nl1 = [q for q in @g]\n@ = None")
idiom(0.2, "def @(n):\n    try:\n        yield num(n)\n        yield bad(n)\n    finally:\n        l0.append(n)\ntry:\n    l2 = list(@({int}))\nexcept Boom as ex:\n    print(ex)")
idiom(0.2, "def @():\n    q = yield 1\n    while q is not None:\n        q = yield num(q)\n@g = @()\nnext(@g)\nl1 = [@g.send({int}), @g.send({int})]\n@g.close()")

# exceptions
idiom(0.5, "@ = []\ntry:\n    @.append({int}); bad({int}); @.append(2)\nexcept Boom:\n    print(@)\nfinally:\n    @.append(num({int}))")
idiom(0.4, "for @q in range(4):\n    try:\n        i0 = @q; l0.append(bad(@q)); i0 = -1\n    except Boom as ex:\n        print(i0, ex); continue\n    s0 = ask(i0)")
idiom(0.3, "try:\n    try:\n        1 // (num({int}) * 0)\n    except ZeroDivisionError:\n        bad({int}); raise\nexcept Exception as ex:\n    print(type(ex).__name__, type(ex.__context__).__name__)\n    @ = ex.__context__ is None")
idiom(0.3, "try:\n    raise Boom({int}) from KeyError({str})\nexcept Boom as ex:\n    @ = repr(ex.__cause__)\n    ex.add_note(ask({int}))\n    if flag({int}): print(ex.__notes__)")
idiom(0.3, "try:\n    @ = bad({int}) + bad({int})\nexcept Boom as ex:\n    @ = ex\nprint(type(@).__name__)")
idiom(0.2, "try:\n    raise ValueError({str}) from Boom({int})\nfinally:\n    print({int})", risky=True)
idiom(0.2, "try:\n    try:\n        bad({int})\n    finally:\n        l0.append(num({int}))\nexcept Boom:\n    l0.append(-1)\nelse:\n    l0.append(-2)")
idiom(0.3, "def @(q):\n    try:\n        return bad(q)\n    except Boom:\n        return -1\n    finally:\n        l1.append(q)\nl0 = [@(q) for q in range(3)]\nprint(l0, l1)")
idiom(0.2, "def @(q):\n    for r in range(3):\n        try:\n            if num((q, r)) > 3: return r\n            if flag(r): continue\n            if q == r: break\n        finally:\n            l2.append(r)\n    return 9\ni0 = @({int}) + @({int})")
idiom(0.2, "def @(q):\n    try:\n        q = bad(q)\n        raise KeyError(q)\n    finally:\n        return q\ni1 = @({int})")
idiom(0.2, "try:\n    bad({int})\n    raise ExceptionGroup('g', [Boom({int}), KeyError({int})])\nexcept* Boom as ex:\n    l0.append(1)\nexcept* KeyError:\n    l0.append(2)")

idiom(0.3, "try:\n    bad({int}); bad({int})\nexcept Boom as ex:\n    @ = ex\n    if flag({int}): raise ex", risky=True)
idiom(0.2, "def @(q):\n    try:\n        return bad(q)\n    except Boom as ex:\n        raise ex\ntry:\n    l0.append(@({int}) + @({int}))\nexcept Boom as ex:\n    @ = ex")

# objects that are not known before an older call has returned
idiom(0.5, "def @(o, q):\n    if num(q) > 2: o.l = [q]\n    if num(q + 1) > 2: o.l.append(q)\n    return q\n@k = o0.l\n@(o0, {int})\nprint(len(@k), o0.l)\n@(o1, {int})\nl1 = list(o1.l)")
idiom(0.5, "def @p(q):\n    if num(q) > 2: return go\n    return Box(q)\ndef @(q):\n    p = @p(q)\n    if num(q + 1) > 2:\n        p.v = q; p.l.append(q)\n@({int})\ni0 = go.v + len(go.l)\n@({int})\ni1 = go.v + len(l0)")

# names that may be unbound, names that closures see
idiom(0.4, "if flag({int}): @ = {int}\ntry:\n    print(@, num(@))\nexcept NameError as ex:\n    print(ex)", needs="binding")
idiom(0.3, "def @(q):\n    if flag(q): r = num(q)\n    flag(q + 1) and (z := num(q))\n    return r + z\ntry:\n    i0 = @({int}) + @({int})\nexcept NameError as ex:\n    print(ex)")
idiom(0.3, "def @(q):\n    r = num(q)\n    for k in range(3):\n        if num((k, q)) > 3: l0.append(r)\n        r = k\n    if flag(q): l0.append(r)\n    r += 1\n    return sum(r for k in range(2)) + (lambda: r)()\ni1 = @({int}) + @({int})")

# functions: defaults once, closures, decorators, global and nonlocal
idiom(0.4, "@ = []\nfor @q in range(3):\n    @.append(lambda a=num(@q): num(a) + @q)\nl0 = [f() for f in @]\n@ = None")
idiom(0.3, "def @(q, acc=[], k=num({int})):\n    acc.append(num(q) + k)\n    return len(acc)\ni0 = @({int}) + @({int}, k=1) + @({int}, [])\nprint(@.__defaults__)")
idiom(0.3, "def @():\n    n = 0\n    def bump(q):\n        nonlocal n\n        n += num(q)\n        return n\n    return bump\n@b = @()\nl1 = [@b({int}), @b({int})]\n@b({int})")
idiom(0.3, "def @(fn):\n    def inner(*a, **k):\n        r = fn(*a, **k)\n        return r + num(r)\n    return inner\n@@@\ndef @f(q, *, k=1):\n    return num(q) + k\ni0 = @f({int}) + @f({int}, k={int})")
idiom(0.3, "def @(*a, k=1, **kw):\n    return num(a) + num(sorted(kw)) + k\ni1 = @({int}, {int}, k={int}, z={int}) + @(*{list}[:2], **{{'y': {int}}})")
idiom(0.2, "def @(a, /, b, *, c=2):\n    return sig(a, b, c=c)\ni2 = @({int}, b={int}) + @({int}, {int}, c={int})")
idiom(0.2, "def @(q):\n    if q <= 0: return num(q)\n    return (num(q) + @(q - 1) + @(q - 2)) % 50\ni0 = @({int} % 4)")
idiom(0.2, "from functools import partial, lru_cache\n@ = partial(sig, {int}, z={int})\ni0 = @({int}) + @()\n@f = lru_cache(None)(lambda q: num(q))\nl1 = [@f(1), @f({int}), @f(1)]\n@ = @f = None")

# classes
idiom(0.3, "class @(Box):\n    n = num({int!})\n    items = []\n    def add(self, q):\n        self.items.append(num(q)); self.v += q\n        return super().m0(q) if hasattr(Box, 'm0') else q\n@o = @({int})\ni0 = @o.add({int}) + @o.add({int})\nprint(@.items, @o.v, @.n)")
idiom(0.25, "class @:\n    def __init__(self): self._q = 1\n    @@property\n    def q(self): return num(self._q)\n    @@q.setter\n    def q(self, v): self._q = num(v)\n    @@staticmethod\n    def s(a): return num(a)\n    @@classmethod\n    def c(cls, a): return num(a) + len(cls.__name__) * 0\n@o = @()\n@o.q = {int}\ni0 = @o.q + @.s({int}) + @.c({int})")
idiom(0.25, "class @:\n    def __init__(self, v): self.v = v\n    def __eq__(self, other): return num(self.v) == num(other.v)\n    def __lt__(self, other): return num(self.v) < num(other.v)\n    def __len__(self): return 2\n    def __getitem__(self, k): return num((self.v, k)) if k < 2 else [][0]\n    def __add__(self, other): return @(self.v + num(other))\n    def __repr__(self): return f'@({{self.v}})'\n@a, @b = @({int}), @({int})\nprint(@a == @b, sorted([@a, @b]), list(@a), @a + {int}, len(@b))")
idiom(0.2, "class @:\n    __slots__ = ('v', 'w')\n    def __init__(self, v): self.v = v; self.w = [v]\n@o = @(num({int}))\n@o.v += num({int})\n@o.w.append(num(@o.v))\nprint(@o.v, @o.w)")
idiom(0.2, "class @:\n    def __setattr__(self, k, v): object.__setattr__(self, k, num(v)); l0.append(1)\n    def __getattr__(self, k): return num(k)\n    def __call__(self, q): return num(q) + self.z\n@o = @()\n@o.a = {int}\ni0 = @o.a + @o.b + @o({int})")
idiom(0.2, "from dataclasses import dataclass, field\n@@dataclass\nclass @:\n    a: int\n    b: list = field(default_factory=list)\n@o = @(num({int}))\n@o.b.append(@o.a)\n@o.a += num({int})\nprint(@o == @(1), @o.b)")

idiom(0.3, "class @:\n    n = 0\n    @@classmethod\n    def up(cls, q):\n        if num(q) > 2: cls.n += q\n        return cls\n@o = @()\n@.up({int})\ni0 = @.n + @o.n\n@o.up({int})\n@.n += 1\ni1 = @.up({int}).n + @.n")
idiom(0.2, "def @(q):\n    if num(q) > 2: @.calls += [q]\n    return q\n@.calls = [0]\n@({int})\nl1 = list(@.calls)\n@({int})\ni0 = len(@.calls)")

# context managers of the program
idiom(0.25, "@@contextlib.contextmanager\ndef @(q):\n    l0.append(num(q))\n    try:\n        yield q\n    finally:\n        l0.append(-num(q))\nwith @({int}) as i0:\n    l1.append(num(i0))")
idiom(0.2, "class @:\n    def __enter__(self): l0.append(num(1)); return self\n    def __exit__(self, *a): l0.append(2); return flag(a[0] is None)\nfor @q in range(2):\n    with @() as @c:\n        l1.append(num(@q))")
idiom(0.2, "import decimal\ndef @(q):\n    with decimal.localcontext() as c:\n        c.prec = q\n        num(q)\n        return str(decimal.Decimal(1) / 3)\nprint(@(3), @(6), decimal.getcontext().prec)")

# foreign code between
idiom(0.3, "l0.append(num({int}))\nkeep(l0)\nl0.append(num({int}))\npoke({int})\nl0.append(num({int}))\nprint(l0)")
idiom(0.25, "def @(q):\n    l1.append(num(q))\n    return num(q) + len(l1)\ni0 = apply(@, {int})\nl0 = sorted({list}[:3], key=@)\nprint(l1)")
idiom(0.3, "@ = [l0, l1]\nfor @q in @:\n    @q.append(num({int}))\n    mut(@q)\nunk(@)")

# asynchronous, at the top level
idiom(0.3, "async def @(q):\n    r = await anum(q)\n    async def inner(p, k=num(q)):\n        l1.append(p + r)\n        return await anum(p + k) + r\n    a = [await inner(p) for p in {list}[:3]]\n    r = await inner(q)\n    if flag(r):\n        async def inner(p): return p + await anum(r)\n    return a, await inner(r), (lambda: r)()\nprint([await @(q) for q in range(2)], await @({int}))", needs="top")
idiom(0.3, "async def @(q):\n    n = num(q)\n    async def add(p):\n        nonlocal n\n        n += await anum(p)\n        return n\n    async def all():\n        for p in {list}[:3]: yield await add(p) if flag(p) else n\n    try:\n        return [p + n async for p in all()], await add(q), n, bad(n) if flag(n) else n\n    except Boom as ex:\n        return ex.args, n\nprint([await @(q) for q in range(2)], await @({int}))", needs="top")
idiom(0.3, "async def @(xs):\n    for q in xs:\n        l1.append(q)\n        if flag(q): yield await anum(q)\n        else: yield num(q) + len(l1)\n@x = [await anum(q) + len(l1) async for q in @({list}[:4]) if q != 3]\nasync for @q in @({list}[:3]):\n    l0.append(await anum(@q))\n    if @q > 6: break\nprint(@x, l0, {{q: await aask(q) async for q in @([{int}])}})", needs="top")
idiom(0.3, "async def @(q):\n    yield num(q)\n    yield await abad(q) if flag(q) else q\n    next(iter({list}[:q % 2]))\nasync def @f(q):\n    try:\n        return [await anum((p, q)) async for p in @(q)]\n    except (Boom, RuntimeError) as ex:\n        return [repr(ex)[:20], repr(ex.__cause__)[:20]]\nprint([await @f(q) for q in range(3)], await @f({int}))", needs="top")
idiom(0.3, "class @:\n    async def __aenter__(self): l0.append(await anum({int!})); return self\n    async def __aexit__(self, *a): l0.append(await anum(3)); return flag(a[0] is None)\nfor @q in range(2):\n    async with @() as @c:\n        l1.append(await anum(@q))\n        l1.append(num(@q) + {int})", needs="top")
idiom(0.3, "@@contextlib.asynccontextmanager\nasync def @(q):\n    l0.append(await anum(q))\n    try:\n        yield q\n    except Boom:\n        l0.append(-num(q))\nasync def @f(q):\n    async with @(q) as r:\n        i = [await anum(p + r) for p in {list}[:3]]\n        if flag(q): return bad(q)\n    return i\nprint(await @f({int}), [await @f(q) for q in range(2)])", needs="top", risky=True)
idiom(0.3, "async def @(q):\n    l1.append(await anum(q))\n    return len(l1)\nl0 = [await @(q) for q in {list}[:4] if await anum(q) > 2]\n@ = {{await aask(q): [await @(r) for r in range(await anum(q))] for q in {list}[:3]}}\nprint(@, l0, l1)", needs="top")
idiom(0.2, "async def @(q):\n    @x = [q - r + (q := await anum(r)) for r in {list}[:3]]\n    return [a for a in @x if await anum(a) > q or a > await anum((a, q))]\nprint(await @({int}), {{await aask(a) for a in await @({int})}})", needs="top")
idiom(0.2, "async def @(q):\n    @i = iter({list})\n    return [next(@i) + await anum(q) for _ in range(3)]\ntry:\n    print(await @({int}))\nexcept RuntimeError as @e:\n    print(@e, repr(@e.__cause__))", needs="top")
idiom(0.4, "@ = [await aask(q) for q in range(3)]\ns0 = await aask(@)\nprint(s0, await anum({int}) + await anum({int}))", needs="top")
idiom(0.3, "async def @(q):\n    r = await anum(q)\n    if r > 2:\n        r = await anum(r)\n    l0.append(r)\n    return r\ni0 = await @({int}) + await @({int})\nprint(l0)", needs="top")
idiom(0.3, "class @C:\n    def __index__(self): l0.append(num(self.at)); return self.at\n@ = @C()\n@.at = {int} % 3\n@x = {list}[@:], {str}[:@], {list!}[:@]\n@.at = num({int}) % 2\n{list!}[@:] = [{int}]\ndel {list!}[:@]\n{list!}.pop(@) if len({list!}) > 3 else 0\nprint(@x, l0[-2:])")
idiom(0.2, "def @(q): return num(q)\ndef @b(q):\n    @c = num(q)\n    return (@c, ask(@c))\n@x = @({int})\n@.__code__ = @b.__code__\n@y = [@(q) for q in range(3)]\nprint(@x, @y)")
idiom(0.2, "class @C:\n    def __init__(self, q):\n        if num(q) > 4: return num(q)\n        self.q = ask(q)\ntry:\n    @ = [@C(q) for q in {list}[:3]]\n    print([@q.q for @q in @])\nexcept TypeError as @e:\n    print(@e)")
idiom(0.2, "def @(q): return num(q)\ntry:\n    @.__globals__ = {any}\nexcept AttributeError as @e:\n    print(@({int}))\n@.extra = {list}\nl0 = @.extra")
idiom(0.3, "class @C:\n    def __init__(self): self.t = []\n    def write(self, t): self.t.append(t)\n    def flush(self): l0.append(len(self.t))\n@ = @C()\nfor @q in {list}[:3]:\n    if num(@q) > 2: print(ask(@q), file=@, flush=True)\n    s0 = ''.join(@.t)[-3:]\nprint(@.t, s0)")
idiom(0.3, "def @f(q): return None if num(q) % 2 else {list!}\ntry:\n    for @q in @f({int}): l0.append(num(@q))\n    print(list(zip(@f({int}), @f(1))), [ask(q) for q in @f({int})])\nexcept TypeError as @e:\n    print(@e)")
idiom(0.3, "def @(q):\n    try:\n        try:\n            if num(q) > 2: return num((q, 2))\n            l1.append(bad(q))\n        finally: l0.append(bad((q, 1)))\n    except Boom as ex: return str(ex)\n    return num((q, 3))\nfor @q in {list}[:3]:\n    try: print(@(@q), l0)\n    except Boom: break")
idiom(0.2, "class @C:\n    def __init__(self, q): self.q = q\n    def __hash__(self): l0.append(num(self.q)); return 1\n    def __eq__(self, o): l1.append(o.q); return self.q == o.q\n@ = {{@C(q): ask((q, l0[-2:])) for q in {list}[:3]}}\nprint(list(@.values()), len({{@C(num((q, l0[-1:]))) for q in {list}[:3]}}), l0[-4:], l1[-3:])")
