"""Productions for statements: bindings and stores of every form, mutation through aliases, control flow, `try` in every
shape."""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .grammar import Writer, statement, statements

# bindings
statements(9, "{int!} = {int}", "{int!} = {int}", "{int!} = {int}", "{str!} = {str}", "{str!} = {str}", "{list!} = {list}")
statements(4, "{list!} = {list!}", "{dict!} = {dict}", "{set!} = {set}", "{obj!} = {obj}", "{nest!} = {nest}", "{map!} = {map}")
statements(3, "{int!}, {int!} = {int}, {int}", "l0, l1 = l1, l0", "{int!}, {str!} = {int}, {str}", "i0, *l2 = [{int}, *{list}]", "*l1, i2 = *{list}, {int}", "(i0, (i1, s0)) = ({int}, ({int}, {str}))", "[i1, i2] = [{int}, {int}]", "o0, o1 = o1, o0")
statements(0.8, "i0, i1 = {list}", "i0, i1, *l0 = {list}", "i0, i1 = mk({int})", risky=True)
statements(1.5, "l0 = l1 = {list}", "i0 = i1 = {int}", "{obj!}.l = l2 = {list}", "{int!}: int = {int}", "(\n    i0,\n    s1,\n) = {int}, {str}")
statements(0.5, "{obj!}.v: {any} = {int}", "{list!}[:1]: {any} = {list}", "{obj!}.o.v: {int}", "{nest!}[{int}:{int}, {any}]: {int}", "({int!}): {any} = {int}", "({int!}): {any}")

# stores
statements(3, "{dict!}[{int}] = {int}", "{dict!}[{int} % 4] = {int}", "{map!}[{str}] = {list}", "{map!}['a'] = {list}", "{nest!}[0] = {list}")
statements(3, "{obj!}.v = {int}", "{obj!}.l = {list}", "{obj!}.d[{int} % 4] = {int}", "{obj!}.o = {obj!}", "{obj!}.o.v = {int}", "{obj!}.d = {dict!}")
statements(0.8, "{dict!}[(i2 := {int} % 4)] = i2", "{obj!}.l[:1] = {list}[:2]", "{list!}[1:] = {list}[:2]", "{list!}[:0] = [{int}]", "{map!}[{str}], {dict!}[1] = {list}, {int}")
statements(1, "{list!}[{int}] = {int}", "{list!}[0] = {int}", "{obj!}.l[-1] = {int}", "{nest!}[{int}][0] = {int}", risky=True)

# augmented assignment
statements(3, "{int!} += {int}", "{int!} -= {int}", "{str!} += {str}[:3]", "{list!} += {list}[:2]", "{set!} |= {set}")
statements(2.2, "{obj!}.v += {int}", "{obj!}.v += num({int})", "{obj!}.l += {list}[:2]", "{obj!}.o.v -= {int}", "{nest!}[0] += [{int}]", "{map!}['a'] += [{int}]", "{obj!}.l[0:1] += [{int}]")
statements(1, "{dict!}[{int} % 3] += {int}", "{list!}[0] += {int}", "{list!}[{int}] -= {int}", "{dict!}[1] += num({int})", risky=True)

# mutation
statements(8, "{list!}.append({int})", "{list!}.append({int})", "{obj!}.l.append({int})", "{nest!}[0].append({int})", "{map!}['a'].append({int})", "{nest!}[-1].append({int})")
statements(3, "{list!}.extend({list}[:3])", "{list!}.insert(0, {int})", "{list!}.insert({int}, {int})", "{nest!}.append({list})", "{dict!}.update({dict})", "{map!}.setdefault({str}, []).append({int})", "{list!}.extend(num(q) for q in {list}[:2])")
statements(2.2, "{set!}.add({int} % 8)", "{set!}.discard({int} % 8)", "{set!}.update({{{int} % 8, num(1)}})", "{dict!}.pop({int}, {int})", "{dict!}.setdefault({int} % 5, {int})", "{dict!}.update({{{int}: {int}}}) if {bool} else None", "{set!}.add(num({int}))")
statements(1, "{list!}.sort()", "{list!}.reverse()", "{dict!}.clear()", "{list!}.sort(key=num)", "{list!}.sort(key=lambda q: -q)", "{list!}.clear()", "{nest!}.reverse()")
statements(1, "{list!}.pop()", "{list!}.pop({int})", "{list!}.remove({int})", "{dict!}.pop({int})", "{nest!}.pop()", "{set!}.remove({int} % 8)", "{dict!}.popitem()", risky=True)
statements(0.6, "del {dict!}[{int}]", "del {list!}[0]", "del {obj!}.extra", "del {list!}[{int}]", risky=True)
statements(1, "del {list!}[1:]", "{obj!}.extra = {str}", "{obj!}.extra = {list}", "setattr({obj!}, 'extra', {int})", "del {list!}[:{int}]")
statements(0.5, "{obj!}.fn = lambda q={int}: num(q) + i0", "{map!}['f'] = [{int}]; i1 = len({map!}['f'])")
statements(0.5, "setattr({obj!}, ask({int}), {int})", "setattr({obj!}, {str}, {list})", "i0 = getattr({obj!}, ask({int}), {int})", "i1 = hasattr({obj!}, {str})", "object.__setattr__({obj!}, ask({int}), {int})")
statements(0.2, "delattr({obj!}, ask({int}))", "setattr({obj!}, {int}, {int})", risky=True)

# output
statements(5, "print({int})", "print({str}, {list!})", "print({list!})", "print({nest!}, {map!})", "print({obj!}.v, {int}, sep='/')", "print({str}, end='; ')", "print({obj!}, {dict!})")
statements(1.5, "print(f'{{{int!}}} {{{list!}}} {{ask({int!})}}')", "print(*{list}[:4], sep=',')", "print({list!}, len({list!}), {obj!}.l)", "print({bool}, end='')", "print({int}, file=sys.stderr)", "print()", "print(\n    {int},\n    {str},\n)")

# calls for their effect
statements(2, "ask({any})", "put({int} % 4, {int})", "note({int} % 2, {int})", "{int}", "{bool} and put(1, {int})")
statements(0.9, "unk({list!})", "mut({list!})", "keep({list!})", "poke({int})", "unk({any})", "keep({obj!}.l)", "mut({nest!}[0])", "unk(({int}, {list!}))")
statements(0.8, "send({int})", "burst({int})", "bad({int})", "{list!}.append(bad({int}))", risky=True)
statements(0.8, "g0 = {int}", "g0 = g0 + {int}", "g0 += 1", "i1 = g0", "g1.append({int})", "l1 = g1", "i0 = g0 + {int}")
statements(0.5, "assert {bool}, {str}", "assert {list}", "raise Boom({str})", "raise Bust({int})", "raise ValueError({int}, {str})", "raise KeyError", risky=True)
statements(0.5, "import math; i1 = math.floor(math.sqrt(abs({int})))", "from collections import deque; l2 = list(deque({list}, maxlen=3))", "import itertools; l0 = list(itertools.islice({list}, 3))", "from functools import reduce; i0 = reduce(lambda a, b: (a + b) % 50, {list}, {int})", "import itertools; l1 = list(itertools.chain({list}[:2], [{int}]))", "import json as j9; s0 = j9.dumps({list})[:12]")


@statement(7, needs="shallow")
def _if(w: Writer) -> None:
    w.line(f"if {w.expr('bool')}:")
    w.block()
    if w.chance(0.2):
        w.budget(4)
        w.line(f"elif {w.expr('bool')}:")
        w.block(1, 2)
    if w.chance(0.4):
        w.line("else:")
        w.block(1, 2)


@statement(1)
def _if_one_line(w: Writer) -> None:
    w.line(f"if {w.expr('bool')}: {w.pick('l0.append', 'l1.append', 'print', 'ask')}({w.expr('int')})")


@statement(5, needs="shallow")
def _for(w: Writer) -> None:
    item = f"v{w.indent}"
    guard = None
    match w.rng.randrange(9):
        case 0 | 1:
            w.line(f"for {w.pick(item, 'i2', 'i0')} in {w.expr('list')}[:3]:")
        case 2 | 3:
            w.line(f"for {item} in range({w.pick('2', '3', '3', 'num(i0) % 4')}):")
        case 4:
            w.line(f"for {item}, i1 in enumerate({w.expr('list')}[:3]):")
        case 5:
            w.line(f"for {item}, i0 in zip({w.expr('list')}[:3], {w.expr('list')}):")
        case 6:
            w.line(f"for {item}, i2 in {w.pick('list(d0.items())', 'sorted(d1.items())', 'list(o0.d.items())')}[:3]:")
        case 7:
            name = w.name("list")
            w.line(f"for {item} in {name}:")
            guard = f"if len({name}) > 9: break"
        case _:
            w.line(f"for {item} in {w.pick('(i0, i1)', 'reversed(l0[:3])', 'iter(l1[:3])', 's0[:3]', 'list(t0)[:3]', 'mk(i0)', 'sorted(l2)[:3]', '[num(1), num(2)]')}:")
    w.in_loop += 1
    if guard:
        with w.body():
            w.line(guard)
    w.block()
    if w.chance(0.3):
        with w.body():
            w.budget(4)
            w.line(f"if {w.expr('bool')}: {w.pick('break', 'continue', 'break')}")
        if w.chance(0.5):
            w.block(1, 1)
    w.in_loop -= 1
    if w.chance(0.15):
        w.line("else:")
        w.block(1, 1)


@statement(1.6, needs="shallow")
def _while(w: Writer) -> None:
    counter = w.fresh("k")
    w.line(f"{counter} = 0")
    match w.rng.randrange(3):
        case 0:
            w.line(f"while {counter} < 3 and {w.expr('bool')}:")
        case 1:
            w.line(f"while ({counter} := {counter} + 1) < 4:")
        case _:
            w.line("while True:")
    w.in_loop += 1
    with w.body():
        w.line(f"{counter} += 1")
        if w.lines[-2].endswith("True:"):
            w.budget(4)
            w.line(f"if {counter} > 3 or {w.expr('bool')}:")
            with w.body():
                w.line("break")
    w.block()
    if w.chance(0.2):
        with w.body():
            w.line(f"if {w.small('bool')}: {w.pick('break', 'continue')}")
    w.in_loop -= 1
    if w.chance(0.2):
        w.line("else:")
        w.block(1, 1)


@statement(0.8, needs="loop")
def _jump(w: Writer) -> None:
    w.line(f"if {w.expr('bool')}:")
    with w.body():
        w.line(w.pick("break", "continue"))


@statement(1.6, needs="function")
def _return(w: Writer) -> None:
    w.line(f"if {w.expr('bool')}:")
    with w.body():
        w.line(f"return {w.expr(w.result)}")


HANDLERS = ("Boom", "(Boom, ZeroDivisionError)", "Exception", "Exception", "IndexError", "(KeyError, IndexError)", "LookupError", "(ValueError, TypeError)", "Bust", "ArithmeticError")


@statement(6, needs="shallow")
def _try(w: Writer) -> None:
    w.line("try:")
    w.in_try += 1
    w.block(1, 4)
    w.in_try -= 1
    final = w.chance(0.25)
    handlers = 0 if final and w.chance(0.3) else w.pick("1", "1", "1", "2")
    for _ in range(int(handlers)):
        bound = w.chance(0.5)
        w.line(f"except {w.pick(*HANDLERS)}{' as ex' if bound else ''}:")
        if bound:
            with w.body():
                w.line(w.pick("s0 = str(ex)[:20]", "print(type(ex).__name__, ex)", "l0.append(len(ex.args))", "s1 = repr(ex)[:30]", "print(ex, l0, i0)"))
        w.block(1, 2)
        if w.chance(0.12):
            with w.body():
                w.line(w.pick("raise", "raise Bust(i0) from None", "raise ValueError(s0) from ex" if bound else "raise", f"raise Boom({w.small('str')})"))
    if not final and w.chance(0.06):
        w.line("except:")
        w.block(1, 1)
    if handlers and w.chance(0.2):
        w.line("else:")
        w.block(1, 2)
    if final:
        w.line("finally:")
        w.block(1, 2)


@statement(0.8, needs="shallow")
def _with(w: Writer) -> None:
    scope = w.pick(f"Scope({w.expr('str')})", f"Scope({w.expr('int')}, True)", f"Scope('k', {w.expr('bool')})", "contextlib.suppress(Boom, LookupError)", "Scope(1), Scope(2)")
    target = " as cm" if "), " not in scope and w.chance(0.4) else ""
    w.line(f"with {scope}{target}:")
    w.in_try += "True" in scope or "suppress" in scope
    w.block(1, 3)
    w.in_try -= "True" in scope or "suppress" in scope


@statement(0.8, needs="shallow")
def _match(w: Writer) -> None:
    w.line(f"match {w.pick(w.expr('list'), w.expr('int'), w.expr('dict'), w.expr('obj'), '(' + w.expr('int') + ', ' + w.expr('str') + ')')}:")
    cases = ["case [i1, *l1]:", f"case 0 | 1 if {w.expr('bool')}:", "case {1: i0}:", "case Box(v=i2):", "case (i0, str() as s0):", "case int(i1):", "case []:"]
    with w.body():
        for case in w.rng.sample(cases, 2):
            w.line(case)
            w.block(1, 2)
        w.line("case _:")
        w.block(1, 1)
