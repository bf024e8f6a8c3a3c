"""Fragments about statements that bind and unbind: ``del`` of a name, before and after what it stood for has come.

A name may be bound or not, by the round before, in a branch that has not run, under the name of a builtin.
"""
# ruff: noqa: E501  (a table: one fragment a line)

from __future__ import annotations

from .idioms import idiom

# del of names
idiom(0.5, "for @q in {list}[:4]:\n    @a = ask(@q)\n    l0.append(size(@a))\n    if flag(@q): l1.append(@q)\n    del @a\ntry: print(@a)\nexcept NameError as ex: print(ex)")
idiom(0.4, "@a = {int}\nif flag({int}): del @a\ntry:\n    @a += num({int})\n    print(@a)\n    del @a; l0.append({int}); del @a\nexcept NameError as ex: print(ex, type(ex).__name__)\n@a = 1")
idiom(0.4, "def @f(n):\n    a, b = num(n), [n]\n    if flag(n): del a\n    b.append(num(b)); c = b\n    if n % 2: del b\n    try:\n        b.append(a)\n        del a, c\n    except NameError as ex: return str(ex)\n    return b\nfor @q in range(3): print(@f(@q))")
idiom(0.4, "@g = {int}\ndef @f(q):\n    global @g\n    r = num(q)\n    if r > 3: del @g\n    elif r: @g = r\n    return r\ntry:\n    for @q in range(3):\n        l0.append(@f(@q) % 5)\n        @g += 1\n        print(@g)\nexcept NameError as ex: print(ex)", needs="top")
idiom(0.3, "len = lambda q: num(q)\n@a = len({int})\ndel len\nl0.append(len(l1) + @a)\n@t = (ask({int}), @a)\ndel @a\nprint(@t)", needs="top")
idiom(0.4, "@d = {{1: num(1), 2: {int}}}\ntry:\n    for @q in range(3):\n        @x = num((@q, {int}))\n        if @x > 2: del @d[@x]; del @x\n        elif @x: print(@x)\n        else: del @d[2], @x\nexcept (NameError, KeyError) as ex: print(repr(ex), @d)\nprint(@d)")
