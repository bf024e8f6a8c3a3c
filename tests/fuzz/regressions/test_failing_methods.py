"""Builtin methods that change their object and then raise, and methods that call those they override."""

from ..check import agree


def test_a_list_whose_sort_fails_is_sorted_in_part_8001253() -> None:
    source = """\
l1 = [3]
for x in [q for q in mk(1)]:
    l1.append(0)
l1.append('')
l1.sort()
"""
    for seed in range(1, 9):
        agree(source, seed=seed)


def test_extend_with_an_iterator_that_looks_and_raises() -> None:
    source = """\
l1 = [num(3)]
def g():
    yield len(l1)
    yield len(l1)
    yield num(2)
    raise KeyError(ask(3))
try: l1.extend(g())
except KeyError as e: print(e)
l1 += (len(l1) for _ in range(3))
print(l1)
"""
    for seed in range(1, 9):
        agree(source, seed=seed)


def test_update_and_sort_that_fail_in_the_middle() -> None:
    source = """\
l1 = [num(3), ask(2), num(4), 'a', num(9)]
try: l1.sort()
except TypeError as e: print(e)
try: l1.sort(reverse=True)
except TypeError as e: print(e)
d = {1: num(2)}
def g():
    yield len(d), 1
    yield len(d)+1, num(2)
    yield len(d)+1, 2, 3
try: d.update(g(), a=3)
except ValueError as e: print(e)
d.update([(1, num(2)), ('x', ask(1))], z=num(1))
try: d.update([(1, num(2)), 4, ('x', ask(1))], z=num(1))
except TypeError as e: print(e)
s = {num(1)}
def g2():
    yield len(s)+20
    yield len(s)+30
    yield num(2)
    raise KeyError(ask(3))
try: s.update(g2())
except KeyError as e: print(e)
s |= {num(i) for i in range(3)}
try: s.update([num(1), [], 3])
except TypeError as e: print(e)
d |= [(num(1), 2)]
try: d |= [(num(3), 2), 4, (5,6)]
except TypeError as e: print(e)
"""
    for seed in range(1, 9):
        agree(source, seed=seed)


def test_failing_generators_fill_in_part() -> None:
    source = """\
l = [1]
try: l[len(l):] = (num(i) // (2 - i) for i in range(4))
except ZeroDivisionError as e: print(l)
try: l += (num(i) // (2 - i) for i in range(4))
except ZeroDivisionError as e: print(l)
try: l.extend(num(i) // (2 - i) for i in range(4))
except ZeroDivisionError as e: print(l)
try: l.extend([num(i) // (2 - i) for i in range(4)])
except ZeroDivisionError as e: print(l)
s = set()
try: s.update(num(i) // (2 - i) for i in range(4))
except ZeroDivisionError as e: print(s)
d = {}
try: d.update((i, num(i) // (2 - i)) for i in range(4))
except ZeroDivisionError as e: print(d)
from collections import Counter, deque
q = deque()
try: q.extend(num(i) // (2 - i) for i in range(4))
except ZeroDivisionError as e: print(q)
c = Counter()
try: c.update(num(i) // (2 - i) for i in range(4))
except ZeroDivisionError as e: print(c)
"""
    for seed in range(1, 9):
        agree(source, seed=seed)


def test_a_stopiteration_leaves_the_last_expression_as_it_is_unless_that_awaits() -> None:
    """Python runs the statements and the last expression apart, each as a coroutine only if it awaits."""
    agree("def f(): return next(iter(''))\nawait anum(0)\nf()\n")
    agree("await anum(0)\nnext(iter(''))\nx = 1\n")
    agree("num(0)\n[next(iter('')), await anum(1)]\n")
    agree("await anum(0)\nx = 3\n[await anum(1), next(iter(''))]\n")


def test_of_an_empty_dict_no_key_is_hashed() -> None:
    """``{}.pop([], 0)`` is 0, ``{}.get([])`` fails; seed 1006375."""
    source = """\
from collections import Counter, defaultdict
for d in ({}, Counter(), defaultdict(int)):
    a = num(0)
    print(d.pop([a], 0), d.pop([a], a), d.pop({}, None))
    try: d.pop([a])
    except Exception as e: print(type(e).__name__, e)
    for name in ("get", "setdefault"):
        try: print(getattr(d, name)([a]))
        except Exception as e: print(type(e).__name__, e)
    d[a] = num(1)
    try: print(d.pop([a], 0))
    except Exception as e: print(type(e).__name__, e)
    d.pop(a)
    print(d.pop([a], 0))
"""
    for seed in range(1, 9):
        agree(source, seed=seed)


def test_a_method_of_a_container_that_calls_the_one_it_overrides() -> None:
    source = """\
import io
l0 = []
class Loud(list):
    def append(self, x): l0.append(x); super().append(num(x))
class Kept(dict):
    def update(self, x): l0.append(x); super().update({1: x})
class File(io.StringIO):
    def write(self, text): l0.append(text); return super().write(text.upper())
a, b, c = Loud(), Kept(), File()
for q in range(3):
    a.append(q); b.update(ask(q)); c.write(ask((q, 1))); l0.append(len(l0)); print(q, file=c)
print(a, b, c.getvalue())
a = b = c = Loud = Kept = File = None
"""
    agree(source)
