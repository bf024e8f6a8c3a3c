"""What is done to values that are still in flight: unpacking, builtins over whole containers, comprehensions, views, tests,
text of instances -- and code of the program's that counts how often it is called, where such an operation may reach it.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .grammar import expressions, statements
from .idioms import idiom

expressions("int", 1.2, "max([num({int}), {int}])", "min([{int}, num({int}), num({int})])", "sum([num({int}), {int}])", "len(mk({int}))", "sum(mk({int}))", "sum(rec({int})['l'], {int})")
expressions("int", 0.6, "max(mk({int}), default={int})", "[num({int}), num({int})].index(num({int}))", "max(rec({int}).values(), key=str).__len__()", "min(mk({int}))", risky=True)
expressions("str", 1, "','.join([ask({int}), {str}])[:12]", "'/'.join(map(str, mk({int})))[:9]", "'-'.join(rec({int}))[:9]", "type(num({int})).__name__", "'.'.join(sorted(obj({int}).usage))", "'+'.join(str(q) for q in mk({int}))")
expressions("list", 1, "sorted(mk({int}))", "list(mk({int}))", "sorted(set(mk({int})))", "[q + 1 for q in mk({int})]", "[q for q in mk({int}) if q > {int}]", "[num(q) for q in rec({int})['l']]", "list(map(abs, mk({int})))", "sorted([num({int}), num({int})], reverse={bool})")
expressions("bool", 0.6, "any(mk({int}))", "all([num({int}), {int}])", "isinstance(rec({int}), dict)", "callable(mk({int}))", "hasattr(obj({int}), 'usage')")
expressions("dict", 0.4, "dict(enumerate(mk({int})))", "{{q: num(q) for q in mk({int})}}")
statements(0.7, "i0, i1 = rec({int})['l']", "i0, *l0 = rec({int})['l']", "[i1, i2] = sorted(rec({int})['l'])", "(i0, s0), i1 = (num({int}), ask({int})), num({int})")
statements(0.5, "i0, i1 = mk({int})", "i0, *l1, i2 = mk({int})", "assert num({int}) < {int}", "assert flag({int}), ask({int})", "i1, l2[0] = mk({int})", risky=True)

idiom(0.4, "def @(q):\n    r = num(q)\n    if r > 3:\n        return r, 'x'\n    return num((r, q)), ask(r)\nfor @q in {list}[:4]:\n    i0, s0 = @(@q)\n    l0.append(i0)")
idiom(0.3, "def @(q):\n    if flag(q):\n        return mk(q)\n    return [q, q + 1]\n@l = []\nfor @q in range(3):\n    @x, *@y = @(@q) + [@q]\n    @l.append((@x, @y, len(@(@q)), sorted(@(@q + 1))))\nprint(@l)")
idiom(0.3, "for @q in range(3):\n    try:\n        @a, @b = mk(@q + {int})\n        l0.append(@a)\n    except ValueError as ex:\n        l1.append(str(ex)[:20]); @a = -1\n    i0 = @a")
idiom(0.3, "for @q in range(3):\n    @d = {{}}\n    for @k in 'ab': @d[@k] = num((@k, @q))\n    l0.append(max(@d.values())); s0 = ','.join(@d.keys())\n    i0 = num(sorted(@d.items())); print(sum(@d.values()), list(@d.values()))")
idiom(0.3, "@ = [ask(q) for q in range(3)]\ns0 = ','.join(map(str, @))[:9]\ni0 = sum(map(len, @))\n@.append(ask({int}))\ns1 = '-'.join(@)[:12]\nprint(max(@), sorted(@)[0])")
idiom(0.3, "for @q in range(3):\n    @ = [num((r, @q)) for r in mk(@q)]\n    l0.append(len(@)); l1 = [s for s in mk(@q + 1) if s in @]\n    i0 = sum(num(r) for r in mk(@q) if r)")
idiom(0.3, "for @q in range(3):\n    @r = rec(@q)\n    if isinstance(@r, dict) and len(@r) > 1:\n        l0.append(@r['v'])\n    assert isinstance(@r['l'], list), @q\n    i0 = @r['v']")
idiom(0.3, "class @:\n    n = 0\n    def __init__(self, v): self.v = v\n    def __str__(self): return f'<{{self.v}}>'\n    def __lt__(self, other): l1.append(1); return self.v < other.v\n    def __iter__(self): l1.append(2); return iter([self.v, 2])\n    def __len__(self): l1.append(3); return 1\n    def __add__(self, other): l1.append(4); return @(num(other))\ndef @f(q):\n    if flag(q): return @(num(q))\n    return @(q)\nfor @q in range(2):\n    @x, @y = @f(@q)\n    l0.append(len(l1)); @p = [str(@f(@q)), f'{{@f(2)}}', str(max([@f(1), @f(@q)]))]\n    l0.append(len(l1)); i0 = len(@f(@q)); @z = @f(@q) + @q\n    print(len(l1), @p, @x, @y, @z, list(@f(3)))\nl1 = l1[:3]")
idiom(0.2, "def @(q):\n    def inner():\n        l2.append(q); yield num(q); yield 2\n    if flag(q): return inner()\n    return [q, 1]\nfor @q in range(3):\n    @x, @y = @(@q)\n    l0.append(len(l2)); @s = sum(@(@q)); @t = [r for r in @(@q)]\n    print(len(l2), @x, @s, @t)\nl2 = l2[:3]")
idiom(0.2, "@ = mk({int})\n@a = sorted(@); @b = list(@); @c = len(@); @d = ','.join(map(str, @)); @e = sum(@)\n@.append(1)\n@b.append(2); l0 = @a + @b\nprint(@, @a, @b, @c, @d, @e, @b is @)")
idiom(0.3, "from collections import Counter\nfor @q in range(3):\n    @ = Counter([num((@q, r)) for r in range(3)])\n    (@b, @n), *@r = @.most_common()\n    @[num(@b)] += 1; l0.append(@n); i0 = @.most_common(1)[0][1]\n    print(@b, sum(@.values()), sorted(@.items()), @.total())")
idiom(0.2, "class @:\n    def __init__(self, v): self.v = v\n    def __repr__(self): return f'@({{self.v!r}})'\n    def __str__(self):\n        if flag(self.v): return ask(self.v)\n        l1.append(0)\n        return str(self.v)\nfor @q in range(2):\n    @o = @(num(@q)); s0 = str(@o)[:9]; s1 = f'{{@o}}/{{@o!r:>8}}'\n    l0.append(len(l1)); @s = ' '.join(map(str, [@o, @(2), num(@q)]))\n    print(s0, s1, @s, [@o])\nl1 = l1[:3]")
