"""Fragments about objects that unfinished statements are still making and putting somewhere.

What is read there is known by class only (`engine/stored_kinds.py`), or by the store just before it (`Heap.stored_item`), or because
nobody else can have the list (`Control.iterate_new`).
"""
# ruff: noqa: E501  (a table: one fragment a line)

from __future__ import annotations

from .idioms import idiom

_CLASS = (
    "class @:\n    def __init__(self, v): self.v, self.l = v, []\n    def grow(self, q):\n        self.v += num((self.v, q))\n"
    "        if flag(self.v): self.l.append(ask(q))\n        return self\n    def __str__(self): return f'{{self.v}}{{self.l}}'\n"
)
idiom(0.5, _CLASS + "@s = []\nfor @q in mk({int})[:3]:\n    if flag(@q): @s.append(@(@q))\n    @s.append(@({int}))\nfor @o in @s[:4]: @o.grow({int})\nprint('/'.join(str(o) for o in @s)); {list!}.append(sum(o.v for o in @s))")
idiom(0.4, _CLASS + "@s = [@({int})]\ndef @f(q):\n    r = @s[0]\n    if flag(q):\n        r = @(num(q)); @s.append(r)\n    return r\nfor @q in range(3):\n    @o = @f(@q).grow({int})\n    @o.v += num(@s[0].v)\n    {list!}.append(@o.v % 9)\nprint([str(o) for o in @s])")
idiom(0.4, _CLASS + "@s = {{}}\nfor @q in sorted(mk({int}))[:3]:\n    @s[@q] = @(@q)\n    if num((@q, {int})) > 2: @s[@q].grow(@q); @s[-1] = @s[@q]\nfor @k, @o in @s.items():\n    @o.grow(@k)\n    print(@k, @o)")
idiom(0.3, "@k = []\nfor @q in mk({int})[:2]:\n    @o = Box(num(@q), [@q])\n    if flag(@q): @k.append(@o)\n    @k.append({obj!})\nfor @o in @k:\n    @o.v += num(@o.v); @o.l.append(ask({int}))\ni0 = {obj!}.v + size([o.l for o in @k])")
idiom(0.4, "@ = {{}}\nfor @q in list({list})[:4]:\n    @[@q] = ask((@q, {int}))\n    if flag(@[@q]): @[@q] = ask(@.get(@q))\n    print(@q, len(@[@q]), @.get(@q, 0)); @.pop(num({int}), None)")
idiom(0.4, "@ = [{list!}, mk({int})]\nfor @q in sorted(mk({int}))[:3]:\n    @[@q % 2].append(num(@q)); {list!}.append(@q)\n    if flag((@q, {int})): @[0] += [{int}]\nfor @r in list({list!})[:3]: {list!}.append(num(@r))")
idiom(0.3, "import copy\n@ = [ask({int}), {int}]\n@c = copy.copy(@) + [num({int})]\n@ += [{int}]\n@d = copy.copy({map!})\n@d['z'] = @c\nprint(@, @c, len(@d))")
idiom(0.4, "class @:\n    n = 0\n@o = @()\ndef @f(q):\n    r = obj(q)\n    @o.n += r.choices[0].n\n    return r.choices[0].message.content.strip()\nfor @q in range(3):\n    if @f(@q) != {str}: @f((@q, {int}))\ni0 = @o.n % 9")
idiom(0.3, "if flag({int}): @ = {list!}\nelse: @ = mk({int})\n@ += mk({int})[:2]\n{list!}.append(len(@))\nprint(@[:3], size({list!}))")
# an item changed and stored back; sorting in place; names that a loop may bind
idiom(0.5, "@d = {{}}\nclass @:\n    def __init__(self): self.u = {{}}\n    def call(self, k, q):\n        self.u[k] = self.u.get(k, 0) + i1\n        @d[k % 3] = @d.get(k % 3, i0) + num(q) if flag(k) else len(@d)\n        return num((k, q))\n@o = @()\nfor @q in range(3):\n    for @s in range(2):\n        @r = @o.call(num((@q, @s)), @q)\n        if @r > 4: break\n    l0.append(@r)\nprint(@o.u, @d)")
idiom(0.4, "import collections\n@c = collections.Counter()\n@l = [0, 0, 0]\ndef @(q):\n    @c[ask(q)] += num(q)\n    @l[num(q) % 3] += q\n    @c[str(q)] = @c[str(q)] + i2\n    @l[-1] = @l[num(q) % 3] - @l[-1]\n    return ask(q)\nfor @q in {list}[:3]:\n    if flag(@q): print(@(@q), sum(@c.values()))\n    else: @(@q)\nprint(sorted(@c.items()), @l)")
idiom(0.5, "def @(q):\n    r = [(num((q, k)), k) for k in range(4)]\n    r.sort(reverse=flag(q))\n    if flag(r[0][0]): r.append((i1, i2))\n    r.sort(key=lambda p: (p[1] % 2, -p[0]))\n    return r[0]\nfor @q in mk({int})[:3]: l0.append(@(@q)[0] % 9)\n@x = [ask(q) for q in {list}[:3]] + [{str}]\n@y = @x\n@y.sort()\nprint(@x, ask(@y[0]))")
idiom(0.3, "@x = [num(q) for q in range(3)] + [ask({int})] * flag({int})\ntry:\n    @x.sort()\n    @x.sort(key=lambda p: 3 // (p - i2 % 7))\nexcept (TypeError, ZeroDivisionError) as ex: print(type(ex), @x)\n{list!}.append(size(@x))")
idiom(0.3, "for @k in range(3):\n    for @q in range(num(@k) % 3):\n        @v = num((@k, @q))\n        if flag(@v): break\n    try: l0.append(@v)\n    except NameError as ex: print(ex)\n    if @k == 1 and flag(@k): @v = {int}")
idiom(0.4, "@d = {{k: num(k) for k in range({int} % 3 + 2)}}\n@s = []\ntry:\n    for @k, @v in @d.items():\n        @s.append(@k)\n        if len(@s) > 1: continue\n        if flag(@k): @d[@k + {int}] = @d.pop(@k)\n        elif num(@v) > 3: del @d[@k]; @d[@k] = ask(@k)\nexcept RuntimeError as ex: print(ex)\nprint(@s, @d)")
idiom(0.6, "@s, @d, @n = set(), {{'a': 1}}, 0\ndef @f(q):\n    r = num(q) % 4\n    if r in @d: @d[r] += 1\n    else: @d[r] = q\n    return r not in @s\nfor @q in {list}[:5]:\n    @r = ask(@q)\n    if @r not in @s: @s.add(@r)\n    elif flag(@q): @s.discard(@r)\n    if @f(@q) and {int} in @d: @n += 1\n    if num(@q) in {{1, 2, 3}}: l0.append(num(@q) in @d or @r in @s)\nprint(sorted(@s), @n, @d, [ask(q) in @s for q in {list}[:2]])")
