"""Libraries as cells use them: what C code and modules of Python's own do with values in flight, and with what units may still write."""

from __future__ import annotations

import pytest

from tests.fuzz.check import agree


@pytest.mark.parametrize("call", [
    "'{a}{}'.format(num(0), **d)", "'{a}{}'.format(*mk(0), *[1], **d)", "'{a}{}'.format(*[num(1), 2], **d)", "f(*[ask(1)], **d)",
    "(ask(1) + '{a}').format(**d)", "print(*[1], **d)", "sorted(mk(2), **d)", "ask(**d)", "[].sort(**d)", "dict(**d)", "ask(1).join(**d)",
])  # fmt: skip
def test_keywords_that_are_no_texts(call: str) -> None:
    """`str.format` takes them."""
    agree(f"d, f = {{2: num(0), 'a': ask(1)}}, '{{a}}{{}}'.format\ntry: x = {call}\nexcept (TypeError, IndexError) as e: x = str(e)\ny = ask(2)\n")


ASKED = """\
import base64, collections, copy, datetime, functools, glob, hashlib, heapq, io, itertools, json, math, operator, os, pprint, random, statistics, string, urllib.parse
from collections import ChainMap, Counter, OrderedDict, deque
from dataclasses import dataclass
from pathlib import Path
import numpy as np, pandas as pd
v = 0
log = []
class K(BASE):
    def METHOD(self, *a):
        global v
        v += 1
        return ANSWER
@dataclass(frozen=True)
class D:
    q: object
k = K()
xs, d, m, out = [1, 2], {"a": 1}, np.array([1, 2]), io.StringIO()
for q in [1, 2]:
    log.append(v)
    if num(q): log.append("x")
    try: STATEMENT
    except Exception as e: log.append(type(e).__name__)
    y = 0
x = v
"""
#: a special method, what it answers, statements in which a library calls it
CALLS = {
    "__iter__ = iter([1, 2])": "statistics.mean(k); math.fsum(k); heapq.nlargest(1, k); out.writelines(k); pd.Series(k); bytes(k); math.dist(k, k); xs[:] = k",
    "__len__ = 2": "random.choice(k); urllib.parse.urlencode({'a': k}, doseq=True)",
    "__getitem__ = [5, 6][a[0]]": "list(k); list(itertools.product(k)); '{0[0]}'.format(k); sum(k); 1 in k; Counter(k); ' '.join(map(str, k)); y, z = k; sorted(k)",
    "__getitem__ = 5": "'{a}'.format_map(k); '%(a)s' % k; string.Template('$a').substitute(k); ChainMap({}, k)['a']",
    "__fspath__ = 'nowhere'": "os.fspath(k); os.path.join('w', k); Path(k); Path('w') / k; os.path.exists(k); Path(k).read_text(); os.path.splitext(k)"
    "; pd.read_csv(k)",
    "__reduce__ = (int, (3,))": "copy.copy(k); copy.deepcopy({'a': (k,)})",
    "__getstate__ = {}": "copy.deepcopy([k])",
    "__deepcopy__ = 3": "copy.deepcopy(D(k))",
    "__array__ = np.array([1])": "np.array(k); np.sum(k); np.concatenate([k, k])",
    "__float__ = 1.0": "'%f' % k; math.sqrt(k)",
    "__index__ = 1": "'a' * k; list(itertools.islice(xs, k)); list(itertools.product(xs, repeat=k)); '%d' % k; list(enumerate(xs, k)); datetime.date(2020, k, 1)",
    "__eq__ = True": "D(k) == D(2); range(3).index(k); m == k",
    "__hash__ = 1": "hash(D(k)); d.keys() | [k]; OrderedDict([(k, num(0))])",
    "__repr__ = 'r'": "str(ValueError(k)); str(D(k)); pprint.pformat([k])",
    "__str__ = 'r'": "str(ValueError(k)); str(ValueError(1, k)); urllib.parse.quote(str(k))",
    "__call__ = 1": "list(iter(k, 1)); functools.partial(k, 1)()",
    "__getattr__ = 5": "'{0.zz}'.format(k); hasattr(k, 'zz'); '{a.zz}'.format_map({'a': k}); getattr(k, 'z' + 'z'); operator.attrgetter('zz')(k)",
    "__bool__ = True": "sum(map(bool, [k])); print('a', flush=k)",
    "items = [('a', 1)]": "urllib.parse.urlencode(k)",
}
ZONE = "datetime.datetime(2020, 1, 1, tzinfo=k)"


@pytest.mark.parametrize(("method", "statement"), [(method, one) for method, all_of_them in CALLS.items() for one in all_of_them.split("; ")])
def test_special_methods_that_libraries_call_are_seen(method: str, statement: str) -> None:
    name, answer = method.split(" = ", 1)
    agree(ASKED.replace("BASE", "").replace("METHOD", name).replace("ANSWER", answer).replace("STATEMENT", statement), seed=0)


@pytest.mark.parametrize("statement", [
    f"{ZONE} == datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)", f"str({ZONE})", f"f'{{{ZONE}}}'", f"hash({ZONE})", f"sorted([{ZONE}, {ZONE}])",
    f"{ZONE}.isoformat()", "datetime.datetime.now(k)",
])  # fmt: skip
def test_zones_of_time_that_write_are_seen(statement: str) -> None:
    program = ASKED.replace("BASE", "datetime.tzinfo").replace("METHOD", "utcoffset").replace("ANSWER", "datetime.timedelta(hours=1)")
    agree(program.replace("STATEMENT", statement), seed=0)


def test_cached_properties_that_write_are_seen() -> None:
    agree("""\
import functools
n, l = 0, []
def more(x):
    global n
    y = ask((x, n))
    n += 1
    l.append(y)
    return y
class K:
    @functools.cached_property
    def v(self): return more(1)
for q in range(4):
    if num(q) > 2: n += 1
    try: x = K().v + "a"
    except ValueError: pass
    y = ask((q, x, n))
    note(q, n)
print(l, n, y)
""")


def test_a_sequence_without_iter_is_unpacked() -> None:
    agree("class K:\n    def __getitem__(self, i): return [5, 6][i]\nz = num(1)\nx, y = K()\n*w, v = K()\ntry: a, = K()\nexcept ValueError as e: print(e)\ntry: a, b = 5\nexcept TypeError as e: print(e)\n")


@pytest.mark.parametrize("check", ["isinstance(1, A)", "isinstance(num(0), A)", "issubclass(int, A)", "isinstance(1, (str, A))", "isinstance(1, str | A)"])
def test_a_class_that_says_what_its_instances_are_is_asked_in_its_turn(check: str) -> None:
    agree(f"""\
l = []
class M(type):
    def __instancecheck__(c, o):
        l.append("i")
        return True
    def __subclasscheck__(c, o):
        l.append("s")
        return True
class A(metaclass=M): pass
def g(q):
    if num(q) > 2: l.append(q)
for q in range(4):
    g(q)
    x = {check}
    y = ask((q, x))
print(l, y)
""")
