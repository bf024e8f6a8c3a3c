"""Dicts and sets that are merged: `d |= {k: v}`, `d = d | e`, `s |= {x}`, where keys, values and who merges are answers."""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .grammar import expressions, statements
from .idioms import idiom

statements(0.6, "{dict!} |= {{{int}: num({int})}}", "{dict!} |= {dict}", "{dict!} = {dict!} | {{{int} % 5: num({int})}}", "{obj!}.d |= {{{int} % 4: num({int})}}", "{map!} |= {{{str}: {list}}}", "m0['a'] += [num({int})]", "{dict!} |= [({int}, num({int}))]")
statements(0.5, "{set!} |= {{num({int}) % 9}}", "{set!} |= {{num({int}) % 9, {int} % 7}}", "{set!} |= {set}", "{set!} |= frozenset({list})", "{dict!} |= dd0", "{set!} = {set!} | {{num({int}) % 9}}")
statements(0.15, "{dict!} |= {list}", "{set!} |= {list}", "{set!} |= {{ask({int})}} if {bool} else {{{list!}}}", "{dict!} |= {int}", risky=True)
expressions("dict", 0.3, "({dict} | {dict})", "({dict!} | {{{int}: num({int})}})")
idiom(0.4, "for @q in range(4):\n    {dict!} |= {{@q: num((@q, {int}))}}\n    if flag(@q): i0 = {dict!}.get({int}, @q)\n    {set!} |= {{num(@q) % 11}}\nprint({dict}, len({set!}), list({set!}))")
idiom(0.3, "def @(q):\n    if flag(q): return {{q: num(q), {int!}: q}}\n    return {{num(q) % 5: q}}\nfor @q in range(4):\n    try: {dict!} |= @(@q); bad((@q, {int}))\n    except Boom: i1 = len({dict!})\n    {dict!} = {dict!} | @(@q + 1)")
idiom(0.2, "for @k in {dict!}:\n    {dict!} |= {{@k: num(@k)}}\n    t0 |= {{num((@k, {int})) % 20}}; l0.extend(t0)")
