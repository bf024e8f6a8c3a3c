"""Productions for expressions: external calls nested anywhere, and everything that Python can wrap around them."""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

import re

from .grammar import Writer, expression, expressions

# int
expressions("int", 7, "{int!}")
expressions("int", 2, "0", "1", "2", "3", "7")
expressions("int", 6, "num({any})", "num({int})", "num({atom})")
expressions("int", 1.2, "size({list!})", "size({nest!})", "size({obj!})", "size({map!})", "size({dict!})", "size([{int}, {list!}])")
expressions("int", 1.0, "sig({int}, k={int})", "sig(*{list!}, **{{'k': {int}}})", "sig({list!}, {obj!})", "sig(*[{int}, {int}], z={str})")
expressions("int", 2.5, "bad({int})", risky=True)
expressions("int", 3, "(({int} + {int}) % 50)", "({int} - {int})", "(({int} * {int}) % 50)", "(-{int})", "({int} ^ {int})", "({int} << 1 & 31)")
expressions("int", 0.8, "({int} // {int})", "({int} % {int})", "{list!}[{int}]", "{dict!}[{int}]", "{list!}.index({int})", "{list!}.pop()", risky=True)
expressions("int", 0.3, "int({str})", "next(iter({list}))", "max({list})", "{map!}[{str}][0]", risky=True)
expressions("int", 1.5, "len({list})", "len({str})", "len({nest!})", "len({map!})", "len({dict})", "len({set})")
expressions("int", 1.3, "({int} if {bool} else {int})")
expressions("int", 1.2, "sum({list})", "max({int}, {int})", "min({int}, {int}, 9)", "abs({int})", "divmod({int}, 7)[1]", "max({list}, default={int})")
expressions("int", 0.9, "get({int} % 4)", "get({int})")
expressions("int", 0.6, "put({int} % 4, {int})", "send({int})", "note({int} % 2, {int})")
expressions("int", 0.5, "unk({int})", "mut({list!})", "len(unk({list!}))", "keep({list!})", "poke({int})")
expressions("int", 0.5, "shape({list!})", "push({list!}, {int})", "shape([{int}, {int}])")
expressions("int", 0.3, "burst({int})", risky=True)
expressions("int", 0.8, "{dict!}.get({int} % 3, {int})", "{dict!}.get({int}, 0)", "{list!}.count({int})", "{dict!}.setdefault({int} % 5, {int})")
expressions("int", 1.6, "{obj!}.v", "{obj!}.v", "{obj!}.o.v", "len({obj!}.l)", "{obj!}.d.get(1, {int})")
expressions("int", 1.0, "rec({int})['v']", "obj({int}).choices[0].n", "obj({str}).usage['total']", "rec({int})['l'][-1]", "rec({int}).get('v', 0)")
expressions("int", 0.8, "({int} or {int})", "({int} and {int})", "({bool} and {int} or {int})")
expressions("int", 0.4, "next(iter({list}), {int})", "({list} or [{int}])[0]", "[{int}, {int}][{bool}]", "({int}, {int})[-1]", "ord({str}[:1] or 'a')")
expressions("int", 0.7, "(i2 := {int})", "(i1 := {int}) + i1", needs="binding")
expressions("int", 0.8, "(await anum({int}))", "(await anum({atom}))", needs="top")
expressions("int", 0.4, "(await abad({int}))", risky=True, needs="top")
expressions("int", 0.3, "apply(num, {int})", "apply(abs, {int})", "apply(len, {list})")
expressions("int", 0.4, "(lambda a, b={int}: (a + b) % 50)({int})", "(lambda *a, k={int}: num(k) + len(a))({int}, {int})", "(lambda q: num(q) + q)({int})")


@expression("int", 3, needs="int_function")
def _call(w: Writer) -> str:
    return w.rng.choice([_filled(w, template) for _, kind, template in w.functions if kind == "int"])


@expression("list", 1.5, needs="list_function")
def _call_list(w: Writer) -> str:
    return w.rng.choice([_filled(w, template) for _, kind, template in w.functions if kind == "list"])


@expression("int", 1.8, needs="method")
def _method(w: Writer) -> str:
    return f"{w.name('obj')}.{_filled(w, w.rng.choice(w.methods)[1])}"


def _filled(w: Writer, template: str) -> str:
    """A call's template has holes `<int>`, `<list>`: arguments are drawn at each call."""
    return re.sub(r"<(\w+)>", lambda hole: w.expr(hole[1]), template)


@expression("int", 1.2)
def _reduce(w: Writer) -> str:
    with w.nested_scope():
        item = w.pick("num(q)", "num(q) + i0", "(q + 1) % 9", "num(q) if q else 1", "num((q, i1))")
        return f"sum({item} for q in {w.expr('list')})"


# str
expressions("str", 5, "{str!}")
expressions("str", 1, "'a'", "'k'", "''", "'x y'")
expressions("str", 6, "ask({any})", "ask({int})", "ask({str})", "ask({atom}, style={str})", "ask({list!})", "ask([{{'role': 'u', 'content': {str}}}])")
expressions("str", 0.8, "(await aask({atom}))", needs="top")
expressions("str", 3, "f'{{{str!}}}-{{{int!}}}'", "f'{{{int!}:03d}}|{{{str!}!r:>6}}'", "f'{{num({int!})}}{{{str!}:>{{{int!} % 5 + 1}}}}'", "f'{{ask({int!})}}:{{{list!}}}'", "f'{{{int!}=}}{{ {dict!} }}'", 'f"{{ask({int!})!r:^9}}"')
expressions("str", 1.6, "{str}.upper()[:9]", "{str}.strip()", "{str}.replace({str}, 'z')[:9]", "{str}.ljust({int} % 9, '.')", "{str}.title()[:9]", "{str}[:{int}][:9]", "{str}[::-1]")
expressions("str", 1.2, "({str} + {str})[:9]", "({str} * ({int} % 3))[:9]")
expressions("str", 1, "str({int})", "repr({list})[:20]", "str({dict!})[:20]", "str({list!})[:20]")
expressions("str", 1, "','.join([str(q) for q in {list}])[:12]", "'-'.join(map(str, {list}))[:12]", "''.join(sorted({str}))")
expressions("str", 1.4, "rec({int})['s']", "obj({any}).choices[0].message.content.strip()", "obj({int}).choices[0].message.content", "f'{{obj({int!}).choices[0].message.content!r}}'")
expressions("str", 0.7, "('%s-%d' % ({str}, {int}))[:12]", "'{{}}/{{:>3}}'.format({str}, {int})[:12]", "json.dumps({{'q': {str}}})", "json.dumps({list})[:20]")
expressions("str", 0.8, "({str} if {bool} else {str})", "({str} or {str})")
expressions("str", 0.3, "(s1 := {str})", needs="binding")

# list of int
expressions("list", 5, "{list!}")
expressions("list", 2.5, "[{int}, {int}]", "[{int}]", "[*{list!}, {int}][:6]", "[]", "[\n    {int},\n    {int},\n]")
expressions("list", 2, "mk({int})", "mk({any})")
expressions("list", 1, "sorted({list})", "sorted({list}, reverse={bool})", "sorted({set})", "list(reversed({list}))")
expressions("list", 0.5, "sorted({list}[:4], key=lambda q: num(q))", "sorted({list}[:4], key=lambda q: -q)", "sorted({list}, key=num)")
expressions("list", 1, "({list} + {list})[:5]", "({list} * 2)[:5]", "{list}[1:]", "{list}[::-1]", "{list}.copy()", "list({list})")
expressions("list", 0.8, "list(range({int} % 4))", "list(map(num, {list}[:3]))", "list(filter(flag, {list}[:3]))", "list({dict}.values())[:5]", "list({dict})[:5]", "list(map(lambda q: q + num(q), {list}[:3]))")
expressions("list", 2.2, "{obj!}.l", "{obj!}.l", "{obj!}.o.l", "{nest!}[0]", "{map!}['a']", "{map!}.setdefault('a', {list})", "{map!}.get({str}, {list!})")
expressions("list", 0.8, "rec({int})['l']", "unk({list!})", "rec({any}).get('l')")
expressions("list", 0.5, "({list} if {bool} else {list})", "({list} or {list})", "[{int} for _ in range(2)]")
expressions("list", 0.4, "[a * b % 50 for a, b in zip({list}[:3], {list})]", "[a + b for a, b in enumerate({list}[:3])]", "[a + b for a, b in {dict}.items()][:5]")


@expression("list", 4)
def _comprehension(w: Writer) -> str:
    with w.nested_scope():
        source = w.expr("list")
        inner = w.small("int", 2)
        item = w.pick("num(q)", "num(q) + i0", "num((q, i1)) % 5", "q + 1", f"num(q) + {inner}", "num(num(q))", "[num(q), q][0]")
        if w.risk():
            item = "bad(q)"
        shape = w.rng.random()
        if shape < 0.4:
            return f"[{item} for q in {source}[:3]]"
        if shape < 0.65:
            return f"[{item} for q in {source}[:4] if {w.pick('flag(q)', 'num(q) > 2', 'q', 'q % 2')}]"
        if shape < 0.78:
            return f"[num((q, r)) for q in {source}[:2] for r in {w.small('list')}[:2]]"
        if shape < 0.88:
            return f"[sum([num((q, r)) for r in range(2)]) for q in {source}[:2]]"
        return f"[{item}\n    for q in {source}[:3]\n    if {w.pick('q', 'num(q)')}]"


@expression("list", 0.5, needs="generator")
def _drained_generator(w: Writer) -> str:
    return f"list({w.rng.choice(w.generators)}({w.expr('int')}))[:5]"


# bool
expressions("bool", 4, "({int} > {int})", "({int} <= {int})", "({int} == {int})", "({int} != {int})")
expressions("bool", 1, "({int} < {int} < {int})", "({int} <= {int} != {int})", "(0 < {int} <= {int} < 40)")
expressions("bool", 1.4, "({bool} and {bool})", "({bool} or {bool})", "(not {bool})")
expressions("bool", 1.5, "flag({any})", "flag({int})")
expressions("bool", 1, "({int} in {list})", "({int} in {dict})", "({int} not in {set})", "({str} in {str})", "({str} == {str})", "({list} == {list})")
expressions("bool", 0.8, "any(num(q) > 3 for q in {list}[:3])", "all(flag(q) for q in {list}[:3])", "any([flag(q) for q in {list}[:3]])", "any(map(flag, {list}[:3]))")
expressions("bool", 0.7, "({list!} is {list!})", "({obj!} is {obj!})", "isinstance({any}, int)", "bool({list})", "(len({list}) > {int})", "(ask({int}) == ask({int}))", "({nest!}[0] is {list!})")
expressions("bool", 0.5, "({bool} if {bool} else {bool})", "hasattr({obj!}, 'extra')", "callable({obj!})", "'a' in {map!}")

# dict, set, obj, nest, map, any
expressions("dict", 5, "{dict!}")
expressions("dict", 3, "{{{int}: {int}}}", "{{1: {int}, {int}: {int}}}", "{{**{dict!}, {int} % 5: {int}}}", "{obj!}.d", "dict({dict})", "{dict!}.copy()", "dict(zip({list}, {list}))")
expressions("dict", 3, "{{q: num(q) for q in {list}[:3]}}", "{{num(q): q for q in {list}[:3]}}", "{{q: v for q, v in {dict}.items() if flag(q)}}")
expressions("set", 4, "{set!}")
expressions("set", 3, "{{{int} % 8, {int} % 8}}", "{{num(q) % 8 for q in {list}[:3]}}", "({set!} | {{{int} % 8}})", "set({set!})", "({set!} - {{{int} % 8}})", "{{q % 8 for q in {list}}}")
expressions("obj", 5, "{obj!}", "{obj!}", "{obj!}.o")
expressions("obj", 1.2, "Box({int})", "Box({int}, {list!})", "unk({obj!})", "({obj!} if {bool} else {obj!})")
expressions("nest", 4, "{nest!}", "[{list}, {list!}]", "[{list!}, {nest!}[0]]", "[mk(q) for q in {list}[:2]] + [{list!}]", "list({nest!})")
expressions("map", 4, "{map!}", "{{'a': {list!}, 'b': {list}}}", "{{'a': {list}, {str}: {list!}}}", "{{**{map!}}}")
expressions("any", 3, "{int}", "{int}", "{str}", "{str}", "{list}")
expressions("any", 0.8, "{dict!}", "{obj!}", "{nest!}", "({int}, {str})", "[{int}, {str}]", "{{'q': {str}, 'n': {int}}}", "{map!}")
