"""`with` over managers of the program itself: what their methods ask, write, raise and swallow, and who leaves the statement how."""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .idioms import idiom

#: a class of managers: which number it has, how often it was entered, what its exits were told; some exceptions end there
_CLASS = (
    "class @C:\n    n = 0\n    def __init__(self, q): self.q = q\n"
    "    def __enter__(self): @C.n += 1; self.v = num((self.q, @C.n)); l0.append(self.q); return self\n"
    "    def __exit__(self, k, e, t):\n        self.end = ask((self.q, @C.n)); l1.append((self.q, k and k.__name__))\n        {exit}\n"
)
QUIET = _CLASS.replace("{exit}", "@C.n -= 1")
SOME = _CLASS.replace("{exit}", "if flag((self.q, 1)): return True")
ASKED = _CLASS.replace("{exit}", "return flag(self.q)")
FAILS = _CLASS.replace("{exit}", "if flag(self.q): raise KeyError(self.q)\n        return k is Boom")
LATE = _CLASS.replace("{exit}", "self.e = bad(self.q) if flag(self.q) else 1")

idiom(0.4, QUIET + "for @q in {list}[:4]:\n    with @C(@q) as @: l2.append(ask((@q, @.v, {int})))\n    i0 = @.q\nprint(@C.n, i0)")
idiom(0.4, SOME + "for @q in range(4):\n    with @C(num(@q)) as @:\n        @x = {int}\n        i0 = bad(@q) if flag(@q) else num(@q)\n        @x = 2\n    l2.append(ask((@.v, i0)))\nprint(@C.n, @x)", risky=True)
idiom(0.4, ASKED + "def @f(q):\n    x = 1\n    with @C(q) as c:\n        x = num(c.v)\n        if x % 3 == 0: return ask(x)\n        x = bad(q) if x % 3 == 1 else x + 1\n    return x, c.end\nfor @q in range(4):\n    try: l2.append(@f(@q))\n    except Boom as ex: print(ex, [@C.n])\nprint(l1)")
idiom(0.4, FAILS + "@ = @C(1)\nfor @q in {list}[:3]:\n    @.q = num(@q)\n    try:\n        with @:\n            o0.v += {int}\n            bad(@q) if flag(@q) else l2.append(ask(@q))\n    except (Boom, KeyError) as ex: print(type(ex), repr(ex.__context__))\n    i1 = @.v\nprint(l0, l1)")
idiom(0.4, LATE + "def @f(q):\n    with @C(q) as c:\n        o0.v += num(q)\n        return c.v + (bad(q) if flag((q, 2)) else 0)\nfor @q in range(3):\n    try: i0 = @f(@q) + o0.v\n    except Boom as ex: print(ex, o0.v)\nl0.append(o0.v)")
idiom(0.3, QUIET + "for @q in {list}[:4]:\n    with @C(@q) as @, @C(@.v) as @d:\n        @a = num((@q, @d.v))\n        if @a % 4 == 0: continue\n        with contextlib.suppress(Boom, KeyError):\n            l2.append(bad(@a) if flag(@a) else {int})\n            l2.append(@C.n)\n        if @a % 4 == 1: break\n    l0.append(@d.end)\nprint(@C.n)")
idiom(0.3, "class @C:\n    def __enter__(self): print('in'); i = get({int!}); return bad(i) if flag(i) else i\n    def __exit__(self, *a): put(num(a[0] is None), 1); print('out', a[1])\nfor @q in range(3):\n    try:\n        with @C() as i0: print(ask((@q, i0)) if flag(@q) else bad(@q))\n    except Boom as ex: print(ex)")
idiom(0.3, "def @f(q):\n    with contextlib.suppress(Boom), contextlib.nullcontext(num(q)) as n:\n        o0.v = n\n        return bad(q) if flag(q) else ask((q, n))\n    return {int!}\nl0 += [@f(@q) for @q in range(4)]\nfor @q in range(3):\n    with contextlib.suppress(KeyError): i0 = {{1: 2, 3: 4}}[num(@q)]\n    l1.append(i0)\nprint(o0.v)")
idiom(0.3, "class @C:\n    __slots__ = ('l',)\n    def __enter__(self): self.l = mk({int!}); return self.l\n    def __exit__(self, *a): self.l.append(num(len(self.l))); l0.append(self.l)\nfor @q in range(3):\n    with @C() as @l:\n        @l.append(ask(@q))\n        {list!}.append({int})\n    l1.append(len(@l))\nprint(l0)")

# what `contextmanager` makes
_MADE = "@@contextlib.contextmanager\ndef @m(q):\n    l0.append(q)\n    o0.v += num(q)\n    {body}\n"
TIDY = _MADE.replace("{body}", "try: yield num((q, o0.v))\n    finally: l1.append(num((q, 2))); o0.v -= 1")
PICKY = _MADE.replace("{body}", "try:\n        l2.append(bad(q) if flag((q, 9)) else q)\n        yield q\n    except Boom as e:\n        l1.append(num(q))\n        if flag(q): raise KeyError(ask(q)) from e\n    else: l1.append(ask((q, 3)))\n    print(q)")
PLAIN = _MADE.replace("{body}", "if flag((q, 7)): yield ask(q)\n    else:\n        yield {{q: num(q)}}\n    o0.v = num(o0.v)")
NESTED = TIDY + "@@contextlib.contextmanager\ndef @n(q):\n    with @m(q) as v:\n        yield v\n    l1.append(-1)\n"

idiom(0.4, TIDY + "for @q in {list}[:4]:\n    with @m(@q) as @v: l2.append(ask((@q, @v, {int})))\n    i0 = @v\nprint(o0.v, i0)")
idiom(0.4, TIDY + "def @f(q):\n    x = 1\n    with @m(q) as v, @m(v):\n        x = num((v, o0.v))\n        if x % 3 == 0: return ask(x)\n        x = bad(q) if x % 3 == 1 else x + 1\n    return x\nfor @q in range(4):\n    try: l2.append(@f(@q))\n    except Boom as ex: print(ex, o0.v)\nprint(l1)")
idiom(0.4, PICKY + "for @q in range(4):\n    try:\n        with @m(@q) as @v:\n            @x = num(@v)\n            l2.append(bad(@v) if flag(@q) else {int})\n            if @x == 3: continue\n        i0 = @x\n    except (Boom, KeyError) as ex: print(type(ex), repr(ex.__context__))\nprint(l1, i0)")
idiom(0.3, PICKY + "def @f(q):\n    with @m(q), contextlib.suppress(KeyError):\n        o0.v += num(q)\n        return bad(q) if flag((q, 2)) else ask(o0.v)\n    return o0.v\nfor @q in range(3): print(@f(@q))", risky=True)
idiom(0.4, PLAIN + "for @q in range(3):\n    with @m(@q) as @v:\n        i0 = len(@v)\n        {list!}.append({int})\n        s0 = ask((@v, i0))\n    l2.append(o0.v)\nprint(s0, o0.v)", risky=True)
idiom(0.3, NESTED + "for @q in range(3):\n    with @n(@q) as @v: l2.append(bad(@v) if flag(@q) and @q > 1 else num(@v))\n    i1 = o0.v", risky=True)

# a manager of which nothing is known sees what its body has done, however that is left
idiom(0.5, "class @x:\n    def __call__(self, *a): l1.append(len(l0)); {list!}.append(a[0] is None)\nclass @:\n    def __enter__(self): return self\n    __exit__ = @x()\ndef @f(q):\n    for n in range(3):\n        with @():\n            l0.append(ask((q, n)))\n            if flag(q): continue\n            l0.append(num((q, n, 1)))\n            if num(q) > 4: break\n            return num((n, q))\n    return q\nfor @q in {list}[:3]: l0.append(@f(@q))\n@ = @x = None")
