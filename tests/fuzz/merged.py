"""Dicts and sets that are merged (`d |= {k: v}`, `d = d | e`, `s |= {x}`), where keys, values and who merges are answers; files in memory, `sb` of text
and `bb` of bytes."""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .grammar import expressions, statements
from .idioms import idiom

PROLOGUE = "import copy, io; sb = io.StringIO(); bb = io.BytesIO(b'xyz')"

statements(0.6, "{dict!} |= {{{int}: num({int})}}", "{dict!} |= {dict}", "{dict!} = {dict!} | {{{int} % 5: num({int})}}", "{obj!}.d |= {{{int} % 4: num({int})}}", "{map!} |= {{{str}: {list}}}", "m0['a'] += [num({int})]", "{dict!} |= [({int}, num({int}))]")
statements(0.5, "{set!} |= {{num({int}) % 9}}", "{set!} |= {{num({int}) % 9, {int} % 7}}", "{set!} |= {set}", "{set!} |= frozenset({list})", "{dict!} |= dd0", "{set!} = {set!} | {{num({int}) % 9}}")
statements(0.15, "{dict!} |= {list}", "{set!} |= {list}", "{set!} |= {{ask({int})}} if {bool} else {{{list!}}}", "{dict!} |= {int}", risky=True)
expressions("dict", 0.3, "({dict} | {dict})", "({dict!} | {{{int}: num({int})}})")
idiom(0.4, "for @q in range(4):\n    {dict!} |= {{@q: num((@q, {int}))}}\n    if flag(@q): i0 = {dict!}.get({int}, @q)\n    {set!} |= {{num(@q) % 11}}\nprint({dict}, len({set!}), list({set!}))")
idiom(0.3, "def @(q):\n    if flag(q): return {{q: num(q), {int!}: q}}\n    return {{num(q) % 5: q}}\nfor @q in range(4):\n    try: {dict!} |= @(@q); bad((@q, {int}))\n    except Boom: i1 = len({dict!})\n    {dict!} = {dict!} | @(@q + 1)")
idiom(0.2, "for @k in {dict!}:\n    {dict!} |= {{@k: num(@k)}}\n    t0 |= {{num((@k, {int})) % 20}}; l0.extend(t0)")

# files in memory
statements(0.4, "sb.write({str})", "sb.write(ask({int}))", "print({int}, {str}, file=sb)", "sb.writelines([{str}, ask({int})])", "bb.write(ask({int}).encode())", "json.dump([{int}, {list}], sb)", "i0 = sb.write({str}) % 9")
statements(0.15, "sb.seek(0)", "sb.truncate(3)", "keep([sb])", "sb = io.StringIO()", "print(sb.getvalue()[-9:], bb.tell())", needs="top")
statements(0.1, "sb.write(num({int}))", "bb.write({str})", "sb.close()", risky=True)
expressions("str", 0.2, "sb.getvalue()[:9]", "str(bb.getvalue()[:9])", "ask(sb.getvalue()[:5])", "ask([sb])[:3]")
expressions("int", 0.1, "sb.tell()", "len(bb.getvalue())", "size(copy.copy(sb.getvalue()))")
idiom(0.3, "for @q in range(3):\n    sb.write(ask((@q, {int})))\n    try: print(num(@q), file=sb); bad(@q); sb.write('z')\n    except Boom: s0 = sb.getvalue()[-5:]\n    if flag(@q): i1 = sb.tell()")
idiom(0.2, "def @(q):\n    if flag(q): sb.write(ask(q))\n    return num(q)\nfor @q in range(4): i0 += @(@q); bb.write(b'.'); s0 = ask((@q, {int}))\nprint(sb.getvalue()[-20:], bb.getvalue()[-9:])")
idiom(0.2, "for @q in range(3):\n    sb.write(ask(@q)); s0 = ask([sb, @q])[:9]; print({int}, file=sb)\n    bb.write(s0.encode()); i0 = num((bb, {int}))")
