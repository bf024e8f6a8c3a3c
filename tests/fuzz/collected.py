"""What is done to deques, counters and defaultdicts: wherever programs have lists and dicts, under several names, in loops that
may change what they go over, with elements, keys and amounts in flight, and with errors.

`dq0 dq1` are deques of int (`dq1` holds three at most), `dq2` is `dq0`; `ct0 ct1` counters of int; `dd0` a defaultdict of lists, `dd1`
one of int, `dd2` is `dd1`, `dd3` makes its values by a function.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .grammar import LEAVES, NAMES, expressions, statements
from .idioms import idiom

PROLOGUE = (
    "from collections import Counter, defaultdict, deque; dq0 = deque([1, 2]); dq1 = deque([3], 3); dq2 = dq0; ct0 = Counter([1, 1, 2]); ct1 = Counter(); "
    "dd0 = defaultdict(list); dd1 = defaultdict(int, {1: 2}); dd2 = dd1; dd3 = defaultdict(lambda: [0]); go.q = dq0; go.c = ct0; go.w = dd0"
)
NAMES.update(queue=("dq0", "dq1", "dq2", "go.q"), tally=("ct0", "ct1", "go.c"), groups=("dd0", "dd0", "dd3", "go.w"), counts=("dd1", "dd2"))
LEAVES.update({kind: NAMES[kind] for kind in ("queue", "tally", "groups", "counts")})

# nothing but names
expressions("queue", 1, "{queue!}")
expressions("tally", 1, "{tally!}")
expressions("groups", 1, "{groups!}")
expressions("counts", 1, "{counts!}")

expressions("int", 0.9, "len({queue!})", "({queue!}.popleft() if {queue!} else {int})", "({queue!}.pop() if len({queue!}) > 1 else {int})", "max({queue!}, default={int})", "sum({queue!})", "{queue!}.count({int})")
expressions("int", 0.9, "{tally!}[{int}]", "{tally!}.total()", "len({tally!})", "sum({tally!}.values())", "{tally!}.get({int}, {int})", "{tally!}.pop({int}, {int})")
expressions("int", 0.9, "{counts!}[{int}]", "{counts!}[{int}]", "{counts!}.get({int}, {int})", "len({counts!})", "len({groups!}[{int}])", "len({groups!})", "{counts!}.setdefault({int}, {int})", "{counts!}.pop({int}, {int})", "sum({counts!}.values())")
expressions("int", 0.4, "{queue!}[0]", "{queue!}[{int}]", "{tally!}.most_common(1)[0][1]", "{groups!}[{int}].pop()", "{queue!}.index({int})", "{queue!}.popleft()", risky=True)
expressions("list", 0.8, "list({queue!})", "{groups!}[{int}]", "sorted({tally!})", "[q for q in {queue!}]", "list({counts!})", "[k + v for k, v in {counts!}.items()]", "{groups!}.get({int}, {list})", "[k for k, v in {tally!}.most_common()]", "[num(q) for q in reversed({queue!})]", "list({queue!}.copy())", "[q for q, r in zip({queue!}, {list})]")
expressions("bool", 0.5, "{int} in {queue!}", "bool({queue!})", "{int} in {tally!}", "{int} in {groups!}", "{tally!} == {tally!}", "not {groups!}[{int}]", "{queue!} == {queue!}", "bool({counts!})")
expressions("dict", 0.3, "dict({counts!})", "dict({tally!})", "{{**{counts!}}}", "{counts!}.copy()", "{tally!}.copy()", "({tally!} + {tally!})")
expressions("str", 0.3, "str({queue!})[:30]", "repr({tally!})[:30]", "f'{{{counts!}}}'[:40]", "str(ask(sorted({tally!}.items())))[:9]", "ask(list({queue!}))", "ask({queue!})", "ask({tally!})", "ask({counts!})")
statements(1.2, "{queue!}.append({int})", "{queue!}.append({int})", "{queue!}.appendleft({int})", "{queue!}.extend({list})", "{queue!}.extendleft({list})", "{queue!}.rotate({int})", "{queue!}.clear()", "{queue!}.reverse()", "{queue!}.extend(q for q in {list})", "print({queue!})")
statements(1.2, "{tally!}[{int}] += {int}", "{tally!}[{int}] += 1", "{tally!}.update({list})", "{tally!}.update([num({int}), num({int})])", "{tally!}.update({dict})", "{tally!}.subtract({list})", "{tally!}.update({tally!})", "del {tally!}[{int}]", "{tally!}[{int}] = {int}", "{tally!}.update(mk({int}))", "print({tally!}.most_common(2))", "{tally!}.update({str})")
statements(1.4, "{groups!}[{int}].append({int})", "{groups!}[num({int})].append({int})", "{counts!}[{int}] += {int}", "{counts!}[num({int})] += 1", "{groups!}[{int}] += {list}", "{groups!}.setdefault({int}, {list}).append({int})", "{groups!}[{int}] = {list!}", "{list!}.append({counts!}[{int}])", "{counts!}.update({dict})", "{groups!}[{int}]", "print(dict({groups!}), {counts!})", "{counts!}.clear()", "{counts!}[{int}] = num({int})")
statements(0.5, "{queue!}[0] = {int}", "del {queue!}[{int}]", "{queue!}.insert({int}, {int})", "{queue!}.remove({int})", "del {counts!}[{int}]", "{queue!}.popleft()", "{counts!}.popitem()", "{tally!}.update({int})", "{tally!}[{list!}] += 1", "{queue!}.append()", "{tally!}.update([{list!}])", risky=True)
statements(0.2, "dq0 += {list}", "ct0 += {tally!}", "ct1 -= {tally!}", "dq1 = deque({list}, {int})", "ct1 = Counter({list})", "dd0 = defaultdict(list, {{1: {list!}}})", "dd1 = defaultdict(int)", "dq1 = deque([num({int}), {int}], maxlen=2)", "ct1 = Counter([ask({int}), num({int})])", needs="top")

idiom(0.6, "@n = 0\nwhile {queue!} and @n < 5:\n    @n += 1\n    @x = {queue!}.popleft()\n    l0.append(num(@x))\n    if flag(@x): {queue!}.append(num((@x, @n)))")
idiom(0.6, "try:\n    for @x in {queue!}:\n        l0.append(num(@x))\n        if flag(@x): {queue!}.append(@x)\n        if num((@x, 2)) > 5: {queue!}[0] = 1\nexcept RuntimeError as ex: print(ex)")
idiom(0.6, "try:\n    for @x in {counts!}:\n        i0 = num(@x)\n        if flag(@x): {counts!}[@x + {int}]\n        elif flag(i0): {counts!}[@x] += num(i0)\nexcept RuntimeError as ex: print(ex)")
idiom(0.4, "try:\n    for @x, @y in {tally!}.items():\n        l1.append(num((@x, @y)) % 5)\n        if flag(@x): {tally!}[num(@x)] += 1\n        if flag(@y): {tally!}.update([@x])\nexcept RuntimeError as ex: print(ex)")
idiom(0.6, "def @(q):\n    {groups!}[q % 3].append(num(q))\n    {tally!}[num(q)] += 1\n    if flag(q): return {groups!}[q % 2]\n    return {groups!}[q + 1] + [len({counts!}), {counts!}[num(q)]]\nfor @x in {list}[:4]: l0.append(len(@(@x)) + size(@(@x)))\nprint(dict({groups!}), {counts!}, {tally!})")
idiom(0.6, "class @:\n    def __init__(self): self.q, self.c, self.v = deque(l0[:3]), Counter(), defaultdict(Counter)\n    def step(self):\n        k = self.q.popleft()\n        a = num(k)\n        self.v[k % 2][a] += 1; self.c.update([a, num(a)])\n        if flag(a) and len(self.v) < 3: self.q.append(a)\n        if not self.v[k]: return 0\n        return self.v[k].most_common(1)[0][0]\n@o = @()\n@n = 0\nwhile @o.q and @n < 4:\n    @n += 1\n    i0 = @o.step()\nprint(@o.q, sorted(@o.c.items()), @o.v)")
idiom(0.3, "@d = defaultdict(lambda: defaultdict(int))\nfor @x in mk({int})[:3]:\n    @d[@x][num(@x)] += {int}\n    if flag(@x): @d[num(@x)]\n    l1.append(len(@d[@x]))\nprint({{k: dict(v) for k, v in @d.items()}})")
idiom(0.3, "def @f(): l2.append(1); return num(i1)\n@d = defaultdict(@f)\nfor @x in {list}[:3]:\n    i0 = @d[num(@x) % 3]\n    l1.append(len(l2) + @d[1])\n    if flag(@x): @d.default_factory = int\nprint(dict(@d), len(l2)); l2 = l2[:3]")
idiom(0.4, "@a = defaultdict(list)\n@b = [@a, {groups!}]\ndef @(q):\n    r = @b[q % 2]\n    if flag(q): r = @a\n    r[q].append(num(q))\n    return r\nfor @x in range(3):\n    i0 = len(@(@x)[num(@x)])\n    @(@x)[{int}]\n    l1.append(len(@a)); print(@a, @x in {groups!})")

# classes of one's own that do with a builtin container what it does, and more
idiom(0.4, "class @L(list):\n    def append(self, x): l2.append(x); super().append(num(x)); return self.extend([x])\n    def extend(self, xs):\n        if flag(len(self)): super().extend(xs)\n@a = @L()\nfor @x in {list}[:3]:\n    @a.append(@x); i0 = len(@a) + len(l2)\nprint(@a); l2 = l2[:3]")
idiom(0.3, "class @D(dict):\n    def __setitem__(self, k, v): l1.append(k); super().__setitem__(k % 5, v)\n    def get(self, k, d=None): return super().get(k, num(k))\n    def update(self, e): super().update({{0: size(e)}}); super().update(e)\n@a = @D()\nfor @x in {list}[:3]:\n    @a[@x] = num(@x); @a.update({{@x: {int}}}); i0 = @a.get({int}) + len(l1)\nprint(dict(@a)); l1 = l1[:3]")
idiom(0.4, "class @:\n    def __init__(self, q): self.q = q\n    def __repr__(self): return 'K'\n    def __hash__(self):\n        o0.v += 1\n        return hash(('K', self.q))\n    def __eq__(self, o):\n        l0.append(self.q)\n        return self.q == getattr(o, 'q', 9)\n@d = {{@(1): ask({int}), @(3): 0, 'k': {int}}}\nfor @q in {list}[:3]:\n    @e = {{**@d, f'n{{@q}}': num(@q)}} if flag(@q) else dict(@d)\n    @d[@(num(@q) % 3)] = ask((@q, o0.v))\n    if num(@q) > 3: @d.update({{f'n{{@q}}': num(@q)}}) if @q % 2 else @d.update(@e)\n    l1.append([ask(@v) for @v in @d.values()][:2] + [len(@d.copy()), @(@q) in @e])\n    del @d[@(3)]\n@d = @e = @v = None", risky=True)
