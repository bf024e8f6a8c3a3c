"""Names: bound, unbound, bound again, captured."""

from __future__ import annotations

from ..check import agree


def test_an_unbound_name_stays_unbound() -> None:
    """Not None, across the border of a unit."""
    agree(
        """
        def f(q):
            if num(q) > 2:
                x = q
            return x
        a = f(2)
        if num(1):
            y = 1
        try:
            print(y)
        except NameError as e:
            b = str(e)
        f(1)
        """
    )


def test_a_walrus_in_a_comparison_binds_once() -> None:
    agree(
        """
        a = 0 < (n := num(3)) < 5 < (m := num(6))
        b = [y := num(q), y ** 2, y]  if (q := 2) else []
        def f(q):
            if (r := num(q)) > 2 and (s := num(r)) >= 0:
                return r, s
            return r
        c = [f(q) for q in range(4)]
        """
    )


def test_a_conditional_walrus_may_not_bind() -> None:
    agree(
        """
        def f(q):
            flag(q) and (x := num(1))
            return x
        def g(q):
            y = (z := num(q)) if flag(q) else 3
            return y, z
        a = f(1), g(1)
        for h in (f, g):
            try:
                print(h(5))
            except NameError as e:
                print(e)
        """
    )


def test_the_name_of_a_handler_is_gone_behind_it() -> None:
    """What a statement binds in every case is not waited for; what it may leave unbound is."""
    agree(
        """
        if num(1): a = num(2)
        else: a = num(3)
        b = ask(a)
        for q in [1, 2]:
            try:
                e = num(q)
                bad(q + 5)
            except Boom as e:
                print(e)
        print(e)
        """,
        at_once=2,
    )


def test_a_captured_name_is_bound_again_before_a_unit_has_read_it() -> None:
    """Closures need one variable; units before them read it late."""
    agree(
        """
        def f():
            o = 1
            for q in [1, 2, 3]:
                if num(q) > 2:
                    l.append(o)
                o = q
            if num(5) > 2:
                l.append(o)
            o += 3
            return list(o for i in [1])
        l = []
        x = f()
        """
    )


def test_a_loop_leaves_its_target() -> None:
    agree(
        """
        for q in range(4):
            if num(q) > 4:
                break
        else:
            q = -1
        for r in []:
            pass
        k = [num(q) for q in range(2)]
        for i, (a, *b) in enumerate([(num(1), 2), (3, num(2), 4)]):
            print(i, a, b)
        """
    )


def test_closures_over_a_name_that_is_bound_again() -> None:
    agree(
        """
        def make():
            n = num(1)
            def get_n():
                return n
            a = get_n()
            n = num(2)
            return a, get_n
        a, g = make()
        fs = []
        for q in range(3):
            fs.append(lambda k=num(q): (q, k))
        b = [f() for f in fs], g()
        """
    )


def test_defaults_are_made_once() -> None:
    agree(
        """
        def f(q, acc=[], k=num(3)):
            acc.append(num(q) + k)
            return len(acc)
        a = f(1) + f(2, k=1) + f(3, [])
        b = f.__defaults__
        """
    )


def test_functions_that_look_alike() -> None:
    """Two lambdas of one line, two functions of equal code in two places."""
    agree(
        """
        f, g = (lambda q: num(q)), (lambda q: num(q + 1))
        def a(q):
            return num(q)
        b = a
        def a(q):
            return num(q)
        print(f(1), g(1), a(2), b(2), a is b)
        c = [1, 1 / (f(1) + g(0))]
        """
    )


def test_names_that_python_mangles() -> None:
    source = """\
class X:
    def f(self, *, __a=42): return __a + num(1)
    def g(self, __b, *__c, **__d):
        __b += num(2)
        def h(): return __b + len(__c)
        if flag(__b): return h(), __d
        return [__b for _ in range(num(3))], [k for k in __d]
x = X()
print(x.f(), x.f(_X__a=num(3)), x.g(1, 2, z=3), x.g(_X__b=3))
try: x.f(__a=1)
except TypeError as e: print(e)
"""
    for seed in range(1, 5):
        agree(source, seed=seed)


_HELPERS = """
        kept = []
        def later(f, q):
            a = num(q)
            if a > 2:
                return f()
            return a, f()
        def keep(f, q):
            kept.append(f)
            return ask(q)
        table = {0: later, 1: keep}
"""


def test_the_variable_of_a_comprehension_in_a_closure_that_a_helper_calls_after_an_answer() -> None:
    """It is the round's own, although the next round could begin at once."""
    agree(
        _HELPERS
        + """
        def f(n):
            return [later(lambda: ask((q, n)), q) for q in range(n)]
        out = f(3), [later(lambda: ask(q), q) for q in range(3)], [table[q % 2](lambda: q, q) for q in range(3)]
        """
    )


def test_the_variable_of_a_comprehension_in_closures_that_are_kept() -> None:
    """They share it, and it ends with its last value: also from a part that runs ahead."""
    agree(
        _HELPERS
        + """
        def f(n):
            early = ask(n)
            a = [(lambda: q) if num(q) > 2 else (lambda: (q, n)) for q in range(3)]
            b = [lambda: q for q in range(4) if num(q)]
            c = [[lambda: (q, r) for r in range(num(q) % 3)] for q in range(3)]
            g = table[n % 2]
            d = [g(lambda: (q, n), q) for q in range(3)]
            return [x() for x in a + b], [x() for y in c for x in y], d
        out = f(2), f(3), [x() for x in kept]
        a = [(lambda: q) if num(q) > 2 else (lambda: (q, 1)) for q in range(3)]
        out += [x() for x in a],
        """
    )


def test_a_name_that_a_function_and_its_comprehension_both_bind() -> None:
    """The comprehension's is its own, also where a closure in it mentions the name."""
    agree(
        """
        def f(n):
            g = [lambda q: (ask(q), i) for i in range(2)]
            i = 9
            return [h(1) for h in g], i
        out = f(1)
        """
    )


def test_a_captured_variable_that_its_function_binds_again_after_an_answer() -> None:
    """The closure, called behind the function, sees the new value, whoever calls it."""
    agree(
        """
        kept = []
        def f(n):
            q = 1
            def read(): return q
            kept.append(read)
            if num(n) >= 0: q = ask(n)
            return n
        def g(n):
            q = 1
            kept.append(lambda y: y * q)
            for k in range(2):
                if num((n, k)) >= 0: pass
                q = -1 if num(k) > 2 else -2
        def h(n):
            for q in range(3): kept.append(lambda: q)
            q = num(n)
        a = f(0), g(0), h(0)
        b = kept[0](), kept[2](), max([1, 2, 3], key=kept[1]), sorted([num(2), 1, 0], key=kept[1]), list(map(kept[1], [1, 2]))
        """
    )


def test_a_key_function_that_stands_still_reads_the_variable_of_its_round() -> None:
    agree(
        """
        def f():
            a = [max([num(q), num(q + 3), num(7), 1, 2, 3], key=lambda p: next(iter([num(p)])) * (q - 1)) for q in range(4)]
            b = [sorted([num(q), 1, 2, 3], key=lambda p: len({}.fromkeys(range(num(p)))) * (q - 1)) for q in range(4) if num(q) > 1]
            return a, b
        print(f())
        """
    )


def test_a_name_that_a_walrus_binds_to_itself_behind_an_operation() -> None:
    agree(
        """
        def f(q):
            return 0[(i2 := i2)] + []
        try: f(0)
        except NameError as e: print(type(e), e)
        """
    )


def test_an_import_binds_a_captured_name_when_nobody_older_can_read_it() -> None:
    agree(
        """\
rec(1)
def f():
    try: print()
    except ValueError: pass
    def g(q): return os
    g(0)
    import os
f()
"""
    )


def test_a_walrus_of_its_own_unbound_name_below_an_attribute() -> None:
    agree("rec(1)\ndef f():\n    return obj((i2 := i2)).l\nf()\n")
    agree("rec(1)\ndef f():\n    match obj((i2 := i2)).choices[0].message:\n        case []: pass\nf()\n")


def test_a_target_of_an_inner_loop_of_a_comprehension_is_not_the_captured_variable_of_that_name() -> None:
    agree(
        """\
def f(q):
    r = num(q)
    def g(): return r
    a = [num((p, r)) for p in mk(q)[:2] for r in [7, 8]]
    return a, [g() for p in [ask(r) for p in [num(1), 2] for r in [0, 9]]], r
l0 = [f(q) for q in range(2)]
"""
    )


def test_an_unbound_variable_that_an_inner_function_mentions_is_the_functions_own() -> None:
    """In pieces it is a free variable; in a comprehension with a function of its own so it is for Python (seed 1102657)."""
    agree(
        """\
def f(q):
    d = {}
    if q: d[0] = num(d.get(r))
    r = num(1)
    def x1(): return r
    return x1()
try: f(1)
except NameError as e: print(type(e), e)
def f(q):
    if q: del r
    r = num(1)
    def x1(): return r
    return x1()
try: f(1)
except NameError as e: print(type(e), e)
def g(q):
    d = {}
    d[0] = d.get(r)
    r = num(1)
    def x1(): return r
    return x1()
try: g(1)
except NameError as e: print(type(e), e)
def h(q):
    if num(q): r += 1
    r = num(1)
    return [r for _ in range(2) if (lambda: r)()]
try: h(1)
except NameError as e: print(type(e), e)
"""
    )
    agree(
        """\
def h(q):
    x = [r + num(p) for p in range(q)]
    r = num(1)
try: h(1)
except NameError as e: print(type(e), e)
def h(q):
    x = [num(r) for p in range(q)]
    r = num(1)
    return lambda: r
try: h(1)
except NameError as e: print(type(e), e)
def h(q):
    x = [num(p) for p in r]
    r = num(1)
    return lambda: r
try: h(1)
except NameError as e: print(type(e), e)
def h(q):
    x = sorted(num(p) for p in range(r))
    r = num(1)
    return lambda: r
try: h(1)
except NameError as e: print(type(e), e)
def h(q):
    if num(q) > -1: print(num(q) + r)
    r = num(1)
    return lambda: r
try: h(1)
except NameError as e: print(type(e), e)
def h(q):
    for p in range(2):
        if p: print(num(p) + r)
        else: del q
    r = num(1)
    return lambda: r, q
try: h(1)
except NameError as e: print(type(e), e)
"""
    )
