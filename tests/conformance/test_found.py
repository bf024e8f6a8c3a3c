"""What CPython's tests found, each as small as it gets, compared with a plain run in every order of completion.

`ask`, `num` and the other externals are those of the fuzzer's world; with one of them in front a cell is not at rest, and what
follows goes through the store buffer instead of straight to the objects.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fuzz.check import agree

#: name -> program
FOUND = {
    "a tuple as subscript": """
        d = {(1, 2): num(3)}
        x = d[1, 2]
        y = dict[str, int]
        xs = (1, 2)
        z = d[*xs]
        """,
    "slices in a tuple as subscript": """
        class M:
            def __getitem__(self, key):
                return key
        m = M()
        a = num(1)
        x = [m[1:2, 3], m[..., None], m[:, *(1, 2)], m[1:2:3,], 1 + m[a, 2][0]]
        """,
    "an argument called self": """
        a = num(1)
        x = dict(self=a, value=2)
        """,
    "keywords that a builtin has not": """
        a = num(1)
        def tried(f):
            try:
                return f()
            except TypeError as error:
                return str(error)
        x = [tried(lambda: len()), tried(lambda: print(foo=1)), tried(lambda: isinstance(1)), tried(lambda: sum())]
        len(a, 2)
        """,
    "len of nothing": "a = num(1)\nlen()",
    "getattr of too many": "a = num(1)\ngetattr(a, 'b', 1, 2)",
    "getattr of no name": "a = num(1)\ngetattr(a, 2, 3)",
    "what is no iterable, starred": "f = lambda: 1\na = num(1)\nf(*5)",
    "what is no iterable, starred among others": "f = lambda a: 1\na = num(1)\nf(1, *5)",
    "what is no iterable, in a list": "a = num(1)\nx = [a, *5]",
    "what is no mapping": "f = lambda: 1\na = num(1)\nf(**5)",
    "a keyword twice": "f = lambda a: a\nx = num(1)\nf(a=x, **{'a': 2})",
    "keywords twice": "f = lambda **k: k\nx = num(1)\nf(**{'a': x}, **{'a': 2})",
    "arguments out of containers": """
        def f(*a, **k):
            return a, k
        n = num(1)
        x = [f(*"ab"), f(*iter([n]), b=2, **{"c": n}, **{"d": 4}), "{}{a}".format(*[n], **{"a": 2})]
        """,
    "a key is hashed once": """
        class K:
            def __init__(self):
                self.hashed = 0
            def __hash__(self):
                self.hashed += 1
                return 7
        k, k2, k3, k4 = K(), K(), K(), K()
        a = num(1)
        d = {k: a}
        d[k2] = num(2)
        d.setdefault(k3, num(3))
        s = {k4}
        b = [k in d, d[k2], d.get(k3), k4 in s, d.pop(k)]
        counts = [key.hashed for key in (k, k2, k3, k4)]
        """,
    "keys are not hashed again": """
        class K:
            def __init__(self):
                self.hashed = 0
            def __hash__(self):
                self.hashed += 1
                return id(self)
        keys = [K(), K()]
        d = dict.fromkeys(keys)
        s = set(d)
        t = frozenset(d)
        e = dict(d)
        x = [k.hashed for k in keys]
        """,
    "a class that lies about itself": """
        class Lazy:
            def __init__(self, items):
                self.items = items
            @property
            def __class__(self):
                return list
            def __len__(self):
                return 7
            def __iter__(self):
                return iter(self.items)
        a = num(1)
        lazy = Lazy([a, 2])
        x = [len(lazy), [i for i in lazy], [*lazy], list(lazy), isinstance(lazy, list), bool(lazy)]
        """,
    "looking at nothing of the user's": """
        seen = []
        class Watched:
            def __getattribute__(self, name):
                seen.append(name)
                return object.__getattribute__(self, name)
            def __call__(self):
                return 1
        a = num(1)
        w = Watched()
        x = [w(), w is None, [w][0] is w, {1: w}[1] is w]
        w.a = 1
        b = w.a
        if w:
            b += a
        """,
    "a manager whose constructor is not through": """
        class M:
            def __init__(self, a):
                self.a, self.b = a, None
            def __enter__(self):
                self.b = self.a
                return self.b
            def __exit__(self, *error):
                return None
        with M(num(1)) as m:
            x = m
        """,
    "the value of an expression that runs as written": "a = num(1)\neval('a + 1'), sorted(vars(num))",
    "what an object's __dict__ holds": """
        class C:
            pass
        o = C()
        o.a = num(1)
        d = {}
        d.update(o.__dict__)
        e = o.__dict__
        o.b = num(2)
        x = list(d), sorted(e), len(e)
        e["c"] = num(3)
        y = o.c, e["b"]
        """,
    "a builtin bound to an object": """
        from types import MethodType
        a = num(1)
        xs = []
        MethodType(xs.append, a)()
        x = [MethodType(sum, [36, a])(start=6), MethodType(len, "abc")(), MethodType(isinstance, a)(int), len("ab"), sum([1])]
        """,
    "the traceback that was given": """
        def caught():
            try:
                1 / 0
            except ZeroDivisionError as error:
                return error.__traceback__
        tb = caught()
        a = num(1)
        try:
            raise IndexError().with_traceback(tb)
        except IndexError as error:
            x = error.__traceback__ is tb, error.__traceback__.tb_next is tb
        """,
    "annotations of what is no plain name": """
        class C:
            pass
        o, xs, seen = C(), [0], []
        o.a: seen.append(1) = num(1)
        xs[num(0)]: seen.append(2) = num(2)
        (name): seen.append(3) = 4
        (ghost): seen.append(5)
        try:
            o.b: 1 / 0 = num(6)
        except ZeroDivisionError:
            x = o.a, o.b
        def f():
            (ghost): int
            return ghost
        try:
            f()
        except Exception as error:
            y = type(error), str(error)
        """,
    "the target of an annotation without a value": """
        seen = []
        def say(x):
            seen.append(x)
            return x
        say(num(1)).a: say(2)
        say([0])[say(num(3))]: say(4)
        def f():
            say(num(5)).a: say(6)
            say([0])[say(7):say(8), say(num(9)):]: say(10)
            nowhere.a: int
        try:
            f()
        except NameError as error:
            x = str(error)
        nowhere[0]: int
        """,
    "the name given to setattr": """
        class C:
            pass
        o, errors = C(), []
        def named(kind, name):
            setattr(kind, name, lambda self: 1)
            return sorted(key for key in vars(kind) if not key.startswith("__"))
        for k in range(3):
            setattr(o, ask(k), num(k))
        x = list(vars(o)), named(C, ask(9))
        delattr(o, ask(0))
        for given in ((o, num(1), 2), (o, ask(1)), (o,), (o, "a", 1, 2)):
            try:
                setattr(*given)
            except TypeError as error:
                errors.append(str(error))
        try:
            setattr(o, "a")
        except TypeError as error:
            errors.append(str(error))
        """,
    "an __init__ that returns something": """
        def none(q):
            return None if ask(q) else 3
        class A:
            def __init__(self, q): return num(q)
        class B(A):
            def __init__(self, q):
                if num(q) > 2: return 10
        class C(A):
            def __init__(self, q): return none(num(q))
        errors = []
        for kind in (A, B, C):
            for q in range(4):
                try:
                    kind(q)
                except TypeError as error:
                    errors.append(str(error))
        A(num(3))
        """,
    "arguments for a class whose __new__ is gone": """
        class A:
            def __new__(cls, *args):
                raise AssertionError
        class B(A):
            def __init__(self, a):
                self.a = a
        del A.__new__
        B(num(3))
        """,
    "an attribute that refuses to be stored": """
        def refused(o, name):
            try:
                setattr(o, name, num(2))
            except (AttributeError, TypeError):
                return 1
        def f(): pass
        x = [refused(f, name) for name in ("__globals__", "__closure__", "__builtins__")], refused(range(3), "start"), refused(f, "a")
        try:
            f.__globals__ = num(1)
        except AttributeError:
            y = f.a
        """,
    "a function that is given other code": """
        def three(): return num(3)
        def two(): return num(2)
        x = two()
        def use(f):
            before = f()
            f.__code__ = three.__code__
            return before, f()
        y = use(two), two()
        """,
    "print to a file of one's own": """
        from contextlib import redirect_stdout
        class Kept:
            def __init__(self): self.text, self.flushed = "", 0
            def write(self, text): self.text += text
            def flush(self): self.flushed += 1
        f = Kept()
        print(num(1), file=f)
        x = f.text
        def g(q):
            if num(q) > -1: print(q, file=f, flush=True)
            return f.text
        y = [g(k) for k in range(3)], f.flushed
        with redirect_stdout(f):
            print(num(4))
            z = f.text
        g(5)
        z2 = f.text
        """,
    "None is no stream": """
        from itertools import chain, islice
        errors = []
        def none(q): return None if num(q) > -1 else []
        for read in (lambda n: list(islice(n, num(2))), lambda n: [q for q in n], lambda n: list(zip(n, [num(1)])), lambda n: list(chain([1], n))):
            for given in (None, none(1)):
                try:
                    read(given)
                except TypeError as error:
                    errors.append(str(error))
        for q in none(num(2)):
            pass
        """,
    "an index that is an object": """
        class At:
            def __index__(self):
                log.append(num(7))
                return self.at
        log, xs, ys, t, s = [], [*range(9)], [1, 2, 3, 4, 5, 6], (1, 2, 3, 4), "abcdef"
        at = At()
        at.at = num(3)
        x = xs[at:], t[at], s[:at], xs[at], xs.pop(at), mk(3)[:at], [s[at:] for k in range(2)]
        xs[at:] = [num(1)]
        ys[at] = num(2)
        del ys[:at], xs[at]
        def f(k):
            if num(k):
                return ys[:at]
        y = [f(k) for k in range(3)], len(log)
        """,
    "the order of a function's names": """
        def f(a):
            blucha = bluc = None
            return bluch, a
        try:
            f(num(1))
        except NameError as error:
            x = [name for name in error.__traceback__.tb_next.tb_frame.f_locals if name in ("a", "bluc", "blucha")]
        """,
}


@pytest.mark.parametrize("name", FOUND)
def test_same_as_plain(name: str) -> None:
    agree(FOUND[name])


def test_code_without_line_numbers() -> None:
    """Not against the fuzzer's plain run, which is traced, and so has a number for a line that is none."""
    from poppy_ipython import run

    text = """
made = {}
exec("def f():\\n    1 / 0", made)
made["f"].__code__ = made["f"].__code__.replace(co_linetable=b"")
try:
    made["f"]()
except ZeroDivisionError as error:
    found = error.__traceback__.tb_next
"""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    assert run(text, namespace).error is None
    assert namespace["found"].tb_frame.f_code.co_name == "f" and namespace["found"].tb_lineno is None


#: how an object comes to its last name; then that name is deleted
LIVES = {
    "stored in a dict": ("d = {}\nd[1] = C()\nr = ref(d[1])", "d.clear()"),
    "stored in an attribute": ("o = C()\no.x = o\nr = ref(o)", "del o\ncollect()"),
    "unpacked": ("a, b = C(), C()\nr = ref(a)", "del a"),
    "assigned twice": ("a = b = C()\nr = ref(a)", "del a, b"),
    "added to": ("d = [[]]\nd[0] += [C()]\nr = ref(d[0][0])", "d.clear()"),
    "bound by with": ("from contextlib import nullcontext\nwith nullcontext(C()) as o: r = ref(o)", "del o\ncollect()"),
    "local of a function that failed": (
        "def f():\n    o = C()\n    global r\n    r = ref(o)\n    raise ValueError\n",
        "try:\n    f()\nexcept ValueError:\n    pass",
    ),
    "returned by a function to one that goes on": (
        "class D:\n    @classmethod\n    def make(cls): return [C()]\n"
        "def f():\n    d = D.make()\n    r = ref(d[0])\n    del d\n    collect()\n    return r()\nfound = f()\nr = lambda: found", "",
    ),
    "argument of a function": ("def f(o): pass\no = C()\nf(o)\nr = ref(o)", "del o"),
    "in an error that a manager swallows": (
        "from contextlib import suppress\ndef f(o): raise ValueError(o)\no = C()\nr = ref(o)\nwith suppress(ValueError): f(o)",
        "del o\ncollect()",
    ),
    "local inside try of a function that goes on": (
        "def f():\n    try:\n        o = C()\n        r = ref(o)\n        o = None\n        collect()\n        return r()\n    finally: pass\n"
        "found = f()\nr = lambda: found", "",
    ),
    "receiver of a builtin method": ("class D(C, dict): pass\nd = D()\ng = d.__len__\nd.copy()\nr = ref(d)\nd.fromkeys(())", "del d, g"),
    "receiver of a builtin method of a library": ("from decimal import Context\nfrom array import array\na = array('b', [1])\na.tolist()\nr = ref(a)", "del a"),
    "item of a loop": ("xs = [C()]\nfor x in xs:\n    r = ref(x)\n    del x\n    xs.clear()\n    alive = r() is not None", ""),
}


@pytest.mark.parametrize("name", LIVES)
def test_an_object_is_gone_when_a_plain_run_lets_go_of_it(name: str) -> None:
    """With nothing in flight; a call in flight may keep what it was given or what was stored while it flew."""
    from poppy_ipython import run

    before, after = LIVES[name]
    text = f"from weakref import ref\nfrom gc import collect\nclass C: pass\n{before}\n{after}\nalive = r() is not None\n"
    namespace: dict[str, object] = {"__name__": "__main__"}
    assert run(text, namespace).error is None
    assert namespace["alive"] is False
