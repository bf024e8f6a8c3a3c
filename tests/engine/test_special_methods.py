"""Special methods of the user's that natives call: hashing, comparing, ordering, formatting, converting. What they write is in the
footprint of whoever may still let a native call them."""
# ruff: noqa: E501  (a table: one program a line)

from __future__ import annotations

import pytest

from tests.fuzz.check import agree

KEYED = """\
from collections import Counter, defaultdict
v = 0
log = []
class K:
    def __init__(self, q):
        self.q = q
    def __hash__(self):
        global v
        v += 1
        return 0
    def __eq__(self, o):
        global v
        v += 10
        return True
k = K(3)
d = {0: 0, k: 1}
s = {0, 1}
t = (5, 6)
dd = defaultdict(int)
for q in [1, 2]:
    log.append(v)
    if num(q): log.append("x")
    STATEMENT
x = v
"""
ANSWERS = {'lt': 'False', 'le': 'False', 'gt': 'False', 'ge': 'False', 'ne': 'True', 'str': "'s'", 'repr': "'r'", 'len': '2', 'bool': 'True', 'iter': 'iter([1, 2])', 'next': '1', 'contains': 'True', 'index': '1', 'int': '1', 'float': '1.0', 'add': 'self', 'radd': 'self', 'mul': 'self', 'neg': 'self', 'abs': 'self', 'round': 'self', 'format': "'f'", 'missing': '1', 'getitem': '1 if a[0] in (0, 1, "k") else ([][0])', 'iadd': 'self', 'or': 'self', 'divmod': '(1, 2)', 'pow': 'self', 'reversed': 'iter([2])', 'length_hint': '2', 'bytes': "b'x'", 'complex': '1j', 'trunc': '1', 'floor': '1', 'hash': '1', 'eq': 'False', 'copy': 'self', 'instancecheck': 'True', 'set_name': 'None'}
CALLED = (
    "import copy, functools, itertools, json, math, operator, heapq\nv = 0\nlog = []\nclass K:\n    def __init__(self, q): self.q = q\n"
    + "".join(f"    def __{name}__(self, *a):\n        global v\n        v += 1\n        return {answer}\n" for name, answer in ANSWERS.items())
    + """\
class M(dict):
    def __missing__(self, k):
        global v
        v += 1
        return 1
k, m = K(3), M()
d, xs, ys = {0: 0}, [k, K(2)], [1, 2]
for q in [1, 2]:
    log.append(v)
    if num(q): log.append("x")
    STATEMENT
x = v
"""
)


@pytest.mark.parametrize(
    "statement",
    [
        'del d[K(3)]; d[0] = 1',
        'd[K(3)] = 1',
        'd[k] = 1',
        'y = d[K(0)]',
        'y = d.get(K(0))',
        'y = d.pop(K(0), 1)',
        'd.setdefault(K(0), 1)',
        'y = K(0) in d',
        'y = K(0) in s',
        's.add(K(1))',
        's.discard(K(1))',
        'y = {K(1): 2}',
        'y = {K(1)}',
        'y = {K(p) for p in range(1)}',
        'y = {K(p): 1 for p in range(1)}',
        'y = hash(K(1))',
        'd.update({K(1): 2})',
        'y = d | {K(1): 2}',
        'y = K(1) == 3',
        'y = K(1) in [1, 2]',
        'y = [1].count(K(1))',
        'y = K(1) in (1, 2)',
        'y = t.index(K(1))',
        'y = set([K(1)])',
        'y = dict([(K(1), 2)])',
        'y = frozenset([K(1)])',
        'dd[K(1)] += 1',
        'y = dd[K(1)]',
        'y = (k, 1) in d',
        'y = {(k, 1): 2}',
        'd[k, 1] = 3',
        'd.get((k, 1))',
        's |= {K(1)}',
        'y = Counter([K(1)])',
        'y = s == {K(1)}',
        'y = d == {K(1): 1}',
        'y = [K(1)] == [1]',
        'y = (K(1),) == (1,)',
        'y = max([K(1)], default=0)',
        'y = [k].remove(K(1))',
        'match K(1):\n        case 5: y = 1',
        'y = sorted([1], key=lambda p: hash(k))',
        'import functools; y = functools.reduce(lambda a, b: a, {K(1)})',
        'y = s - {K(1)}',
        'y = s.union([K(1)])',
        's.update([K(1)])',
        'y = dict.fromkeys([K(1)])',
        'd = {k: p for p in range(2)}',
        "y = getattr(d, 'get')(k)",
        'y = d.keys() & {K(1)}',
    ],
)  # fmt: skip
def test_hashes_and_equalities_that_write_are_seen(statement: str) -> None:
    agree(KEYED.replace("STATEMENT", statement))


@pytest.mark.parametrize(
    "statement",
    [
        'sorted(xs)',
        'ys.sort(key=lambda p: k)',
        'xs.sort()',
        'min(xs)',
        'max(xs)',
        'y = k < k',
        'heapq.heappush(xs, k)',
        "y = f'{k}'",
        "y = f'{k!r}'",
        "y = '%s' % k",
        "y = '{}'.format(k)",
        'y = str(k)',
        'y = repr([k])',
        'y = str({1: k})',
        'y = len(k)',
        'y = bool(k)',
        'y = not k',
        'y = any(xs)',
        'y = all(xs)',
        'y = list(filter(None, xs))',
        'y = 1 if k else 2',
        'y = k and 1',
        'y = list(k)',
        'y = tuple(k)',
        'a, b = k',
        'for p in k: pass',
        'y = sum([k], k)',
        'y = sum([1], k)',
        'y = k + 1',
        'y = 1 + k',
        'y = -k',
        'y = abs(k)',
        'y = round(k)',
        'y = format(k)',
        'y = m[1]',
        'y = k[0]',
        'ys[k]',
        'ys[k] = 1',
        'y = ys[k:]',
        'y = range(k)',
        "y = 'ab' * k",
        'y = int(k)',
        'y = float(k)',
        'y = k in k',
        'y = 1 in k',
        'y = k in ys',
        'k += 1',
        'y = k | 1',
        'y = {**d} | d',
        'y = divmod(k, 1)',
        'y = k ** 2',
        'y = list(reversed(k))',
        'y = bytes(k)',
        'y = complex(k)',
        'y = math.floor(k)',
        'y = math.trunc(k)',
        'y = list(zip(k, k))',
        'y = list(map(str, xs))',
        'y = list(enumerate(k))',
        'y = ys + list(k)',
        'ys.extend(k)',
        'y = set(k)',
        'y = dict(zip(k, k))',
        'y = next(k)',
        'y = list(itertools.chain(k, k))',
        'y = functools.reduce(operator.add, xs)',
        'y = operator.add(k, 1)',
        'y = operator.itemgetter(0)(k)',
        'y = copy.copy(k)',
        "y = json.dumps({'a': 1}, default=lambda o: 1)",
        'y = math.sqrt(k)',
        'y = chr(k)',
        'y = ys.pop(k)',
        'ys.insert(k, 1)',
        "y = 'abc'[k]",
        'y = (1, 2)[k]',
        "y = 'a'.center(k)",
        'y = print(k)',
        'y = isinstance(1, int)',
        'y = [p for p in k]',
        'y = {p: 1 for p in k}',
        'y = [1, 2] == [k, k]',
        'y = (k, 1) < (k, 2)',
        'y = min(k, k)',
        'y = hash((k, 1))',
        'y = slice(k).indices(3)',
        'assert k',
        'while k: break',
        'y = d.get(1, k) + 1',
        'y = ys * k',
        'y = str(xs)',
        'match k:\n        case [a, b]: pass',
        'y = k != 1',
        "y = 'x'.join(map(str, [k]))",
        'y = round(k, 2)',
        'y = pow(k, 2)',
        'y = ys.__contains__(k)',
        'y = ys.count(k)',
        'y = d == {0: k}',
        "y = '%d' % k",
        "y = '%r' % (k,)",
        'y = iter(k)',
        "y = memoryview(b'ab')[k]",
        'y = enumerate(ys, k)',
        'y = [0] * 3; y[k] = 2; del y[k]',
    ],
)  # fmt: skip
def test_special_methods_that_write_are_seen(statement: str) -> None:
    agree(CALLED.replace("STATEMENT", statement))


def test_methods_that_write_nothing_hold_nobody() -> None:
    source = """\
class K:
    def __init__(self, q): self.q = q
    def __hash__(self): return hash(self.q)
    def __eq__(self, o): return isinstance(o, K) and self.q == o.q
    def __lt__(self, o): return self.q < o.q
    def __repr__(self): return f"K({self.q!r})"
d = {}
for q in range(4):
    a = ask(q)
    if a.endswith("1"): d.setdefault(K(q), []).append(a)
    print(sorted([K(q), K(1)]), str(a), d.get(K(q)))
"""
    agree(source)
    agree(source, seed=0, at_once=4)


IN_FLIGHT = (
    "import collections, functools, itertools, operator\nl0, a = [], [num(1)]\nclass K:\n"
    + "".join(
        f"    def __{name}__(self, *a):\n        l0.append('{name}')\n        return {answer}\n"
        for name, answer in {
            "index": "0", "eq": "True", "hash": "1", "add": "1", "radd": "1", "bool": "True", "lt": "True", "str": "'5'", "repr": "'k'",
            "format": "'f'", "len": "1", "iter": "iter([1])", "call": "1",
        }.items()
    )
    + "k = K()\n"
)  # fmt: skip


@pytest.mark.parametrize(
    "operation",
    [
        "mk(1)[k:]", "mk(0)[:k]", "num(0) in [k]", "num(0) in (1, k)", "(num(0), 1) in [(k, 1)]", "[[k]].count(mk(1))",
        "ask(0).replace('a', 'b', k)", "ask(0).count('a', k)", "ask(0).startswith('a', k)", "ask(0).split('a', k)", "rec(0).get(k)",
        "any([num(0) == 9, k])", "obj(0).usage == {'total': k}", "num(0) == {'a': [k]}", "min(num(0), 3, key=lambda q: K())",
        "sorted([3, num(0)], key=lambda q: K())", "[*k, num(0)]", "{*k, num(0)}", "(num(0), *k)", "mk(*k)", "ask(num(0), *k)",
        "list(map(k, [num(0)]))", "list(filter(k, [num(0)]))", "print(ask(0), [k])", "print([ask(0), k])", "(ask(0), k).count(ask(0))",
        "functools.partial(operator.eq, k)(num(0))", "operator.itemgetter(k)(mk(1))", "list(itertools.accumulate([num(0), k]))",
        "num(0) in collections.deque([k])", "[num(0), 1] < [k, 1]", "f'{ask(0)}{[k]}'", "a.__iadd__(k)", "a.extend(k)",
    ],
)  # fmt: skip
def test_a_call_behind_an_operation_that_writes_when_its_operand_arrives_sees_it(operation: str) -> None:
    agree(f"{IN_FLIGHT}x = ({operation}, ask(l0))\nfor q in range(2):\n    try: y = {operation}\n    except TypeError: y = 0\n    z = ask((q, list(l0)))\nprint(x, y, z, l0)\n")


@pytest.mark.parametrize("program", [
    """\
l0, a, d, s = [], [num(1)], {1: 2}, {1}
for q in range(6):
    try:
        if num(q) > 2: a.__setitem__(0, q); d.__setitem__(q, 1); s.__ior__({q}); s.__iand__({1, q})
        else: a.__iadd__([q]); d.__delitem__(1); a.__delitem__(0); d.__init__(a=num(q))
    except (KeyError, IndexError) as e: print(e)
    z = ask((q, list(a), dict(d), sorted(s)))
print(a, d, s, z)
""",
    """\
x, d = mk(0), rec(1)
for q in range(6):
    try:
        if num(q) > 2: x.__setitem__(0, q); d.__setitem__(q, 1)
        else: x.__iadd__([q]); d.__ior__({q: 7})
    except (KeyError, IndexError) as e: print(e)
    z = ask((q, x, d))
print(x, d, z)
""",
    """\
x, d = mk(0), rec(1)
def f(q):
    if num(q) > 2: x.__setitem__(0, q); d.__setitem__(q, 1)
    else: x.__iadd__([q]); d.__ior__({q: 7})
    return num(q)
for q in range(6):
    y = f(q)
    z = ask((q, x, d))
print(x, d, z)
""",
])  # fmt: skip
def test_special_methods_of_containers_that_are_called_by_name_write(program: str) -> None:
    agree(program)


def test_an_answer_that_has_arrived_is_an_instance_as_any_other_8201960() -> None:
    agree("""\
class Box:
    def m0(self, i0):
        for x1q in mk(0):
            i0 += 0
o0 = Box()
from collections import deque
o0.q = deque()
import random
class x13:
    def __init__(self, v):
        self.v, self.n = (v, 0)
    def __add__(self, o):
        self.n += 1
        return x13(0)
    def __str__(self):
        self.n += 1
        return ''
x13p = x13(0)
x13p = x13p + o0.m0(i0=1)
print(x13p, num(o0.q.count(random.randint)))
i0 = x13p.n
""")


COMBINED = """\
l0 = []
class K:
    def __init__(self, q): self.q = q
    def __hash__(self):
        l0.append(self.q)
        return hash(self.q)
    def __eq__(self, o): return self.q == o.q
    def __radd__(self, o):
        l0.append(("r", self.q))
        return o + self.q
    def __lt__(self, o):
        l0.append(("l", self.q))
        return self.q < o.q
    __gt__ = __lt__
num(0)
def f(r):
    a = num(r)
    return FORM
for r in range(3):
    x = f(r)
    print(len(l0), ask((r, l0)))
a = r = num(1)
y = FORM
print(ask(l0), [f(r) for r in range(2)] and len(l0))
"""


@pytest.mark.parametrize(
    "form",
    [
        "list({K((q, r)): ask((q, a, list(l0))) for q in range(3)}.values())", "len({K(num((q, a, list(l0)))) for q in range(3)})",
        "len({K((q, w)): num((q, w, list(l0))) for q in mk(r) if num(q) > 1 for w in range(2)})", "sum(K(num((q, a, list(l0)))) for q in range(3))",
        "max(K(num((q, a, list(l0)))) for q in range(3)).q", "min(K(num((q, a, list(l0)))) for q in range(3)).q",
        "len(set(K(num((q, a, list(l0)))) for q in range(3)))", "list(dict((K(q), num((q, a, list(l0)))) for q in range(3)).values())",
    ],
)  # fmt: skip
def test_an_item_is_hashed_added_or_compared_before_the_next_is_asked_for(form: str) -> None:
    agree(COMBINED.replace("FORM", form))


@pytest.mark.parametrize("form", ["{q: ask(q) for q in range(6)}", "{ask(q) for q in range(6)}", "sum(num(q) for q in range(6))", "max(num(q) for q in range(6))"])
def test_a_class_whose_other_methods_write_stalls_no_comprehension(form: str) -> None:
    lazy = "class Lazy:\n    kept = None\n    @property\n    def v(self):\n        if self.kept is None: self.kept = num(7)\n        return self.kept\n    def __hash__(self): return 1\n    def __eq__(self, o): return self is o\n"
    agree(f"{lazy}o = Lazy()\nx = {form}\nprint(x, o.v)\n", seed=0, at_once=6)


def test_what_a_collection_or_an_exception_holds_is_asked_for_its_text() -> None:
    agree("""\
import collections, types
v = 0
class K:
    def __repr__(self):
        global v
        v += 1
        return 'k'
for x in [collections.OrderedDict(a=K()), types.SimpleNamespace(a=K()), ValueError(K()), collections.deque([K()]), collections.UserList([K()]), collections.ChainMap({1: K()})]:
    for q in range(2):
        z = ask(q)
        print(z, x)
        y = ask((q, v))
        t = f'{z}{x}'
        y = ask((q, v))
    print(v, y)
""")


NAMED = """\
import enum, logging, typing, warnings
log = []
def write(x):
    log.append(x); put("w", len(log))
    return num(len(log))
class T(typing.NamedTuple):
    a: object
    b: str = "b"
    def total(self): return write(self.b)
    def count(self): return write("count")
    @property
    def text(self): return write(self.a)
    def __str__(self): write("str"); return "t"
    def __add__(self, other): return write(other)
class C(enum.Enum):
    A = 1
    B = 2
    @property
    def text(self): return write(self.name)
class K:
    def __init__(self, n): self.n = n
    def __str__(self): write("K"); return "k"
    def __float__(self): write("float"); return 1.0
    @property
    def text(self): return write(self.n)
ks = [K(1), K(2)]
def f(q):
    r = FORM
    return len(log), get("w"), ask(q)
for q in range(4):
    try:
        bad(q)
        x = [f(q), len(log)]
        log.append(bad(len(log)))
    except Boom:
        log.append(get("w"))
    log.append(num(len(log)))
"""


@pytest.mark.parametrize("form", [
    "T(num(q), ask(q)).total()", "T(num(q)).count()", "T(num(q)).text", "T(num(q)) + q", "f'{T(num(q))}'", "[t.text for t in [T(num(q)), T(ask(q))]]",
    "C(num(q) % 2 + 1).text", "C['AB'[num(q) % 2]].text", "[c.text for c in C]", "{c: c.text for c in C}", "next(k for k in ks if k.n > 1).text", "ks.__getitem__(num(q) % 2).text",
    "getattr(C, 'AB'[num(q) % 2]).text", "max(ks, key=lambda k: num(k.n)).text",
    "logging.getLogger('quiet').warning('%s %s', K(num(q)), ask(q))", "__import__('numpy').mean([K(num(q)), K(1)])",
])  # fmt: skip
def test_methods_and_properties_of_what_is_found_or_made_of_answers(form: str) -> None:
    agree(NAMED.replace("FORM", form) + "write = f = None\n")


def test_named_tuples_of_answers_call_their_methods_ahead() -> None:
    agree(NAMED.replace("FORM", "T(num(q), ask(q)).b.upper()") + "l0 = [T(num(q), ask(q))._replace(a=num(q)) for q in range(6)]\n", seed=0, at_once=4)
