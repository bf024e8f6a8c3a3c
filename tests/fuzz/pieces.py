"""Fragments that compute on plain data: loops, comprehensions and functions that may run as written while calls are in flight
(`engine/detached.py`), beside what must keep them from it: aliases, pending items, older units that write, faults, subclasses.
"""
# ruff: noqa: E501  (a table: one fragment a line)

from __future__ import annotations

from .idioms import idiom

idiom(0.5, "@t = num({int})\n@a = [0] * 5\nfor @q in range(6):\n    for @p in range(5): @a[@p] += @q * @p\n    if @q % 2: @a.append(@q)\nl0.append(@a[2])\nprint(@t, @a, @q, @p)")
idiom(0.4, "@t = num({int})\n@n, @b = [], 0\nfor @s in ['1', 'x', '3', '', i0, '{int}']:\n    try: @n.append(int(@s))\n    except ValueError as ex: @b += 1\n    else: @e = @s\nprint(@n, @b, @t, @e)")
idiom(0.5, "try:\n    @t = bad({int})\n    @r = 0\n    for @q in [3, 1, i0 % 2]: @r += 6 // @q\n    print(@r)\nexcept (Boom, ZeroDivisionError) as ex: print(type(ex).__name__, ex)\ntry: print(@q, @r)\nexcept NameError: print('unbound')")
idiom(0.5, "def @f(n): return n if n < 2 else @f(n - 1) + @f(n - 2)\ndef @g(xs):\n    t = 0\n    for x in xs:\n        if x > 3: t += x * @f(x % 6)\n    return t, [x for x in xs if x], sorted(xs, key=lambda p: -p)\nfor @q in range(3):\n    @t = num(@q)\n    l0.append(size(@g([@q, 4, 7])) + @f(@q + 5))\n    try: print(size(@g({list})))\n    except TypeError as ex: print('mixed')")
idiom(0.5, "@a = [1, 2]\n@b = @a\n@d = {{'k': @a}}\n@t = num({int})\nfor @q in range(3): @a.append(@q)\n@b.append(@t)\nfor @q in @d['k']: l0.append(@q)\nfor @q in range(2): @d[@q] = [@q] * 2\nprint(@d, @a is @b)")
idiom(0.5, "@a = []\nprint(num({int}), @a)\nfor @q in range(3): @a.append(@q)\n@t = ask(@a)\nfor @q in range(2): @a.append([@q])\nfor @q in @a[3:]: @q.append(i1)\nl1.append(size((@t, @a)))\nprint(@a, {{str(q): q for q in @a[:2]}})")
idiom(0.4, "class @(list):\n    def __len__(self): l0.append(1); return 3\n    def __iter__(self): return iter([num(4), 5])\n@a, @t = @([1, 2]), num({int})\n@s = 0\nfor @q in range(2): @s += len(@a) + sum(x for x in @a)\nprint(@s, [q for q in @a], @t)")
idiom(0.4, "@k = 3\ndef @f(x): return x * @k\n@t = num({int})\n@k = 5\n@l = [@f(q) for q in range(3)]\n@k = num(1)\nprint(@l, @f(2), @t)\ndef @g(n, l=@l):\n    for q in l: n += q\n    return n\n@l.append(num(2))\nprint(@g(1), @g(@k))")
idiom(0.5, "@m, @s = {{}}, 0\ndef @w(n):\n    if flag(n):\n        l0.append(n % 5)\n        @m['a'] = n\n    return n\n@w({int})\nfor @q in l0: @s += 1\n@z = [k for k in @m], @w(i0)\nfor @k, @v in @m.items(): @s += len(@k)\nprint(@s, @z, max([len(l0), 2], key=lambda p: p % 3))")
idiom(0.5, "def @(n):\n    t, rows = num(n), [[p * q for p in range(3)] for q in range(3)]\n    try:\n        for r in rows:\n            for i in range(len(r)):\n                r[i] += n\n                if r[i] > 9: raise ValueError(r[i])\n        rows.append(t)\n    except ValueError as ex: return str(ex), rows, i, t\n    finally: l1.append(len(rows))\n    k = 0\n    while k < 4:\n        k += 1\n        if k == n % 5: break\n    else: rows = rows[::-1]\n    return rows, k, n // (k % 4)\ntry: print([@(q) for q in (1, 2, 8)], @(num({int})))\nexcept ZeroDivisionError: print(l1[-1:])")
idiom(0.4, "def @e(source):\n    for x in source:\n        if x % 2: yield x\ndef @n(n):\n    i = 0\n    while i < n:\n        yield i\n        i += 1\n@t, @s = num({int}), 0\nfor @x in @e(@n(7)): @s += @x\nprint(@s, @t, list(@e([1, 2, @t])), sum(x * y for x, y in zip(@n(3), range(4))))")
idiom(0.4, "import re, json\n@r, @c = [], {{}}\n@t = ask({int})\nfor @q in ['a1', 'b22', 'a3']:\n    @m = re.match(r'([a-z])(\\\\d+)', @q)\n    @c[@m[1]] = @c.get(@m[1], 0) + int(@m.group(2))\n    @r.append(json.loads(json.dumps({{'k': @q, 'n': [i0]}})))\n    @r[-1]['n'].append(len(@r))\nprint(@r, @c, @t)")
