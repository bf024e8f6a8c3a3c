"""Containers that change while something else holds on to them: iterators over them, texts of them, operations in flight."""

from __future__ import annotations

import pytest

from tests.fuzz.check import agree


@pytest.mark.parametrize("program", [
    """\
l0 = [3, 1, 2]
for q in range(2):
    y = ask((q, list(l0)))
    for v in reversed(l0):
        if len(l0) < 7: l0.insert(0, num(v))
""",
    """\
l0 = [3, 1, 2]
h = [[mk(1), 2]]
def f(v):
    if num(v) > 2: l0.insert(0, v)
    if num(v) == 2: del l0[-1]
    return num((v, 1))
for q in range(2):
    y = ask((q, list(l0)))
    r = list(map(f, reversed(l0)))
    r2 = sum(f(v) for v in reversed(l0))
    z = ask((q, list(l0), r, r2))
    for i, v in zip(range(9), reversed(l0)): l0[num(v) % len(l0)] = i
    for i, v in enumerate(reversed(l0)):
        if num(v) > 3: l0.pop()
    z = [l0.pop(0) for v in reversed(l0) if num(v) > 2]
""",
])  # fmt: skip
def test_a_list_may_change_under_reversed(program: str) -> None:
    agree(program)


@pytest.mark.parametrize("program", [
    """\
from collections import Counter
ks = [0]
for q in range(2):
    ks.append(Counter(a=num(q)))
    z = str(ks)
""",
    """\
import json
from collections import Counter, OrderedDict
for q in range(3):
    c = Counter(mk(q))
    o = OrderedDict(rec(q))
    x = [c, o, num(q)]
    y = ask((str(x), x == [Counter([num(q)]), 1, 2], json.dumps({'a': o, 'b': num(q)}), repr({'c': c}), [c, 2] in [[c, num(q)]]))
    z = f'{[c, num(q)]}'
    if num(q) > 2: c['z'] = 1; x.append(c); o['q'] = q
    z = ask((q, str(x), f'{c} {o}', str((c, o)), '%s' % [c], '{}'.format([o])))
""",
])  # fmt: skip
def test_a_text_or_comparison_of_a_list_in_which_a_counter_arrives(program: str) -> None:
    agree(program)


CHOSEN = """\
n = 0
class K:
    def __repr__(self):
        global n
        n += 1
        return "K"
    def __eq__(self, other):
        global n
        n += 10
        return True
def pick(q):
    return K() if num(q) > -1 else 3
for q in range(2):
    x = [pick(q)]
    z = ask((OPERATION, n))
if num(1) > -1: y = K()
else: y = [K()]
x = [y]
z = ask((OPERATION, n))
"""


@pytest.mark.parametrize("operation", [
    "x == [num(2)]", "[1, num(2), *x].count(3)", "str({'a': x[0], 'b': num(2)})", "(*x, num(2)) == (1, 2)", "f'{[x]}'", "'%s' % [x, num(3)]",
    "repr((*x, num(3)))", "str([num(2), [x]])", "{'a': x} == {'a': [num(2)]}",
])  # fmt: skip
def test_an_instance_that_is_in_flight_inside_a_container_may_write_when_it_arrives(operation: str) -> None:
    agree(CHOSEN.replace("OPERATION", operation))


@pytest.mark.parametrize("store", ["o.__dict__['n'] = num(q)", "o.__dict__.update(n=num(q))", "vars(o)['n'] = num(q)", "d = o.__dict__; d['n'] = q"])
def test_attributes_that_an_unfinished_function_writes_by_way_of_dict(store: str) -> None:
    agree(f"""\
class O: pass
o = O(); o.n = 0
def f(q):
    if num(q) > 2: {store}
    return num(q)
for q in range(4):
    v = f(q)
    y = ask((q, o.n))
    if num(y) > 4: o.n += 1
""")


@pytest.mark.parametrize("call", [
    "d.append(1)", "d.append(h)", "x = d.append()", "x = [{}] * 7; x[num(1)].append(1)", "rec(1).append(1)", "ask(0).strip().add(1).strip(2)",
    "x = (d\n     .append(1))", "x = d.append(h) if h else 1", "x = [v.append(h) for v in [[], d]]", "collections.nothing(h)", "d.append(num(1))",
])  # fmt: skip
def test_the_carets_of_a_method_that_a_container_does_not_have(call: str) -> None:
    agree(f"import collections\nd = {{'a': 1}}\nh = num(9)\n{call}\n")


@pytest.mark.parametrize("program", [
    """\
import numpy as np
def f(q):
    a = np.array(mk(q) + [1, 2])
    try: a[0:1][0] = num(q)
    except Exception as e: z = ask(1)
    return ask(a.tolist())
ys = [f(q) for q in range(2)]
""",
    """\
import numpy as np
def f(q):
    a = np.array(mk(q) + [1, 2])
    if num(q) > -1: a[0:1][0] = num(q)
    return ask(a.tolist())
ys = [f(q) for q in range(2)]
""",
    """\
def f(q):
    a = bytearray(ask(q).encode())
    v = memoryview(a)
    try: v[0:1][0] = num(q)
    except Exception as e: z = ask(1)
    return ask((bytes(a), bytes(v)))
ys = [f(q) for q in range(2)]
""",
    """\
import numpy as np
a = np.array(mk(1) + [1, 2])
for q in range(3):
    if num(q) > -1:
        a.reshape(-1)[0] = num(q)
    y = ask(a.tolist())
    if num(q) > -1:
        a.T[1] = num((q, 1))
    y = ask(a.tolist())
""",
])  # fmt: skip
def test_a_store_through_a_slice_of_what_may_turn_out_to_be_an_array(program: str) -> None:
    agree(program)


@pytest.mark.parametrize("made", ["[]", "collections.deque()"])
def test_an_answer_is_removed_again(made: str) -> None:
    agree(f"import collections\nls = {made}\nfor q in range(3):\n    ls.append(num(q))\n    put('n', len(ls))\n    if num(q) in ls: ls.remove(num(q))\nprint(ls)\n")
    agree(f"import collections\nls = {made}\nfor q in range(4):\n    ls.append(num(q))\n    ls.append(q)\n    ls.remove(num(q))\n    l0 = [ask(n) for n in ls]\n", seed=0, at_once=4)


def test_what_native_code_deletes_from_a_dict_that_is_looped_over() -> None:
    agree("""
        from collections import defaultdict
        dd = defaultdict(int, {1: 2})
        def taken(k):
            class C: pass  # runs natively
            return dd.pop(k)
        z = num(3)
        try:
            for q in dd: dd[taken(q)]
        except RuntimeError as ex: print(ex)
        d = {1: 2, 3: num(4)}
        def moved(k):
            class C: pass
            d.pop(k, None)
            d[k + 10] = num(k)
        for k in d:
            print(k, num(k))
            if k < 4: moved(k)
    """)
