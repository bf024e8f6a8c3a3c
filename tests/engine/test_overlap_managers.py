"""`with` over managers of the program itself and of `contextlib`: as soon as a `try` in its place, and what a plain run gives.

A manager of anybody else's still runs alone.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

from .overlap import ask, makespan

TIMER = """
class Timer:
    def __init__(self, n=0): self.n = n
    def __enter__(self): self.began = self.n; return self
    def __exit__(self, *error): print("took", self.n - self.began)
"""
ONE_SECOND = {
    "a manager of one's own": TIMER
    + """
out = []
for q in range(4):
    with Timer(q) as t: out.append(ask(q))
out.append(t.began)
""",
    "what it binds is used behind it": TIMER
    + """
out = []
for q in range(4):
    with Timer(q): a = ask(q)
    out.append(a)
""",
    "in a function, which returns from it": TIMER
    + """
def f(q):
    with Timer(q): return ask(q)
out = [f(q) for q in range(4)]
""",
    "one manager for all": """
class Count:
    def __init__(self): self.names, self.n = [], 0
    def __enter__(self): self.n += 1; return self
    def __exit__(self, *error): self.names.append(self.n)
count, out = Count(), []
for q in range(4):
    with count: out.append(ask(q))
out.append(count.names)
""",
    "spans in spans": """
class Span:
    open = []
    def __init__(self, n): self.n, self.inner = n, []
    def __enter__(self):
        if Span.open: Span.open[-1].inner.append(self.n)
        Span.open.append(self)
        return self
    def __exit__(self, *error): Span.open.pop()
out = []
with Span("all") as all_:
    for q in range(4):
        with Span(q): out.append(ask(q))
out.append(all_.inner)
""",
    "suppress": """
import contextlib
out = [None] * 4
for q in range(4):
    with contextlib.suppress(ValueError, KeyError): out[q] = int(ask(q)[1:])
""",
    "a timer that contextmanager makes": """
import time
from contextlib import contextmanager
@contextmanager
def timer(n):
    began = time.time()
    try: yield n
    finally: print(n, time.time() - began > 99)
out = []
for q in range(4):
    with timer(q) as n: a = ask(n)
    out.append(a)
""",
    "a method that makes managers, in a function": """
from contextlib import contextmanager
class Log:
    def __init__(self): self.lines, self.seen = [], 0
    @contextmanager
    def section(self, name, *, end="end"):
        self.lines.append(name)
        try: yield name
        except KeyError: pass
        self.seen += 1
        self.lines.append(end)
log = Log()
def f(q):
    with log.section(q) as name, log.section(name, end=q): return ask((q, name))
out = [f(q) for q in range(4)]
out += [log.lines, log.seen]
""",
    "nullcontext": """
from contextlib import nullcontext
out = []
for q in range(4):
    with nullcontext(q) as n: out.append(ask(n))
""",
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan(ONE_SECOND[shape]) == 1


def test_a_manager_of_a_library_runs_alone() -> None:
    assert makespan("import decimal\nout = []\nfor q in range(4):\n    with decimal.localcontext(): out.append(ask(q))") == 4


def test_one_whose_exit_is_undeclared_is_passed_by_nobody() -> None:
    source = "import gc\nclass M:\n    def __enter__(self): pass\n    def __exit__(self, *a): gc.get_threshold()\nout = []\n"
    assert makespan(source + "for q in range(4):\n    with M(): out.append(ask(q))") == 4


@pytest.mark.parametrize(("manager", "rounds"), [("decimal.localcontext()", 6), ("M()", 2)])
def test_what_stalls_before_one_is_passed_where_its_methods_are_known(manager: str, rounds: int) -> None:
    methods = "import decimal\nclass M:\n    def __enter__(self): pass\n    def __exit__(self, *a): pass\n"
    function = f"def f(q):\n    a = ask(q)\n    if a == 'x': return a\n    with {manager}: return ask(a)\n"
    assert makespan(methods + function + "out = [f(q) for q in range(3)]") == rounds


def test_the_switch() -> None:
    source = ONE_SECOND["a manager of one's own"]
    assert run_simulated(source, {"__name__": "__main__", "ask": ask}, mutate=lambda machine: setattr(machine, "managers", False)).makespan == 4


MANAGER = """
log = []
class M:
    def __init__(self, q, swallows=False): self.q, self.swallows = q, swallows
    def __enter__(self): log.append(("in", self.q)); self.v = num(self.q); return self
    def __exit__(self, kind, error, traceback):
        log.append(("out", self.q, kind, repr(error), traceback is None))
        self.end = num((self.q, "e"))
        return self.swallows
"""
GENERATED = """
import contextlib, sys, traceback
from contextlib import contextmanager
log = []
@contextmanager
def keep(q):
    log.append(("in", num(q)))
    try:
        yield q
    except Boom as e:
        log.append((sys.exc_info()[1] is e, traceback.format_exception(e)))
        if num(q) % 2: raise KeyError(q)
    else:
        log.append("fine")
    finally:
        log.append(ask(q))
"""
AGREE = {
    "what contextmanager makes: swallowed, replaced, raised again": GENERATED
    + """
for q in range(6):
    try:
        with keep(q) as v:
            a = ask((q, v))
            b = bad(q) if num(q) > 2 else a
            if num(q) == 1: raise ValueError(a)
    except (KeyError, ValueError) as e: traceback.print_exc(file=sys.stdout)
print(log)
""",
    "one that fails, uncaught": GENERATED
    + """
def f(q):
    with keep(q) as v: return bad(ask(v))
print(f(0), f(2))
f(1)
f(3)
""",
    "generators that do not yield, or twice": GENERATED
    + """
@contextmanager
def none(q):
    if num(q) > 9: yield
    ask(q)
@contextmanager
def twice(q):
    try: yield ask(q)
    except Boom: log.append(q)
    try: yield 2
    finally: log.append(num(q))
for manager, body in ((none, ask), (twice, ask), (twice, bad)):
    try:
        with manager(1) as v: log.append(body(v))
    except RuntimeError: traceback.print_exc(file=sys.stdout)
print(log)
""",
    "a failure of what the generator has asked before it yields, or behind": GENERATED
    + """
@contextmanager
def early(q):
    a = bad(q) if q == 1 else ask(q)
    try:
        b = bad(a) if q == 2 else ask(a)
        yield b
    except Boom: yield "again"
    log.append(bad(q) if q == 3 else 1)
for q in range(5):
    try:
        with early(q) as v: log.append(ask(v))
    except Exception: traceback.print_exc(file=sys.stdout)
print(log)
with early(3) as v: log.append(ask(v))
""",
    "exceptions that generators change": GENERATED
    + """
@contextmanager
def bare(q): yield q
@contextmanager
def tidy(q):
    try: yield q
    finally: log.append(q)
for manager in (bare, tidy):
    for kind in (StopIteration, RuntimeError, GeneratorExit, KeyboardInterrupt):
        try:
            with manager(1):
                a = ask(1)
                raise kind(a)
        except BaseException: traceback.print_exc(file=sys.stdout)
print(log)
""",
    "held, used twice, used as a decorator": GENERATED
    + """
m = keep(1)
with m as v: x = ask(v)
print(type(m), m.gen.gi_frame)
try:
    with m: print("no")
except Exception as e: print(type(e), e)
@keep(3)
def f(q): return ask(q)
print(f(1), f(2), log)
""",
    "an older failure drops what the generator would have done": GENERATED
    + """
def f(q):
    with keep(q) as v: return ask(v)
try:
    a = bad(1)
    b = [f(q) for q in range(4)]
except Boom: print(log)
""",
    "a generator that is a manager's own with": GENERATED
    + """
@contextmanager
def outer(q):
    with keep(q) as v:
        yield v
for q in range(4):
    try:
        with outer(q) as v: log.append(bad(q) if q else ask(v))
    except KeyError as e: log.append(repr(e.__context__))
print(log)
""",
    "an exception of the body": MANAGER
    + """
for q in range(4):
    with M(q) as m:
        log.append(ask(q))
        log.append(bad(q))
""",
    "some are swallowed": MANAGER
    + """
for q in range(5):
    with M(q, q % 2 == 0) as m:
        a = bad(q) if q in (2, 3) else ask(q)
        log.append(ask(a))
    log.append(m.end)
""",
    "what the body had not bound": MANAGER
    + """
def f(q):
    with M(q, True) as m:
        x = num(q)
        y = bad(q)
    try: return x, y
    except NameError as e: return str(e)
print([f(q) for q in range(3)], log)
with M(1, True):
    z = bad(1)
print(z)
""",
    "return, break and continue": MANAGER
    + """
def f(qs):
    for q in qs:
        with M(q) as m:
            if num(q) % 3 == 0: continue
            x = ask(q)
            if num(q) % 3 == 1: break
            log.append(x)
            if num(q) == 5: return "early"
    else: return "none"
    return x
print([f([q, q + 1, q + 2]) for q in range(4)], log)
""",
    "the exit fails": """
import traceback, sys
class M:
    def __init__(self, q): self.q = q
    def __enter__(self): return self
    def __exit__(self, kind, error, tb): raise ValueError(self.q, kind)
def f(q):
    with M(
        q,
    ) as m:
        a = bad(q) if num(q) % 2 else ask(q)
for q in range(4):
    try: f(q)
    except ValueError as e: traceback.print_exc(file=sys.stdout)
f(1)
""",
    "the exit fails later": """
class M:
    def __enter__(self): self.x = ask(0)
    def __exit__(self, kind, error, tb): self.y = bad(kind)
def f(q):
    with M(): a = bad(q) if q else ask(q)
try: f(1)
except Boom as e: print(repr(e), repr(e.__context__))
f(0)
""",
    "the exit is not told of a failure of the entry": """
class M:
    def __enter__(self): self.x = ask(0); self.y = bad(1); return self
    def __exit__(self, *error): print("out", error[0]); return True
with M() as m: print(ask(2))
""",
    "a target that fails": """
class M:
    def __enter__(self): return (1, ask(1))
    def __exit__(self, kind, *error): print("out", kind); return kind is ValueError
with M() as (a, b): print(a, b)
with M() as (a, b, c): print(a, b)
with M() as (a, b)[0].x: print(a, b)
""",
    "what is no manager": """
class A: pass
class B:
    def __enter__(self): pass
class C:
    def __exit__(self, *error): pass
a = [ask(1), ask(2)]
for kind in (A, B, C, int, lambda: num(2)):
    try:
        with kind() as x: print("no")
    except Exception as e: print(type(e), e)
with B() as x, C() as y: print("no")
""",
    "the exit sees the exception being handled": """
import sys, traceback
class M:
    def __enter__(self): return self
    def __exit__(self, kind, error, tb):
        self.seen = sys.exc_info()[1] is error and error and traceback.format_exception(error)
        return True
def g(q): return bad(q)
for q in range(2):
    with M() as m:
        a = ask(q)
        b = g(q)
    print(m.seen)
""",
    "the exit raises again what it is told of": """
class M:
    def __enter__(self): return self
    def __exit__(self, kind, error, tb):
        if kind: raise
with M():
    a = ask(1)
    raise KeyError(a) from ValueError(2)
""",
    "an answer that says whether it is swallowed": """
class M:
    def __enter__(self): return self
    def __exit__(self, *error): return num(self.q)
out = []
for q in range(6):
    m = M(); m.q = q
    try:
        with m: bad(q)
    except Boom as e: out.append(e.args)
print(out)
""",
    "suppress of what is no exception": """
from contextlib import suppress
for kinds in ((1,), (Boom, (KeyError, ValueError)), (), (KeyError,), (Boom,)):
    try:
        with suppress(*kinds):
            x = ask(1)
            bad(x)
    except BaseException as e: print(type(e), e, repr(e.__context__))
with suppress(3): bad(1)
""",
    "methods that are no plain functions": MANAGER
    + """
class S:
    @staticmethod
    def __enter__(): return ask(2)
    @classmethod
    def __exit__(cls, *error): log.append((cls, error[0])); return True
with S() as s: bad(s)
m = M(1); m.__enter__ = 3; m.__exit__ = 4
with m: ask(1)
print(log)
""",
    "state of a library, set back": """
import decimal
class Digits:
    def __init__(self, n): self.n = n
    def __enter__(self): self.c = decimal.getcontext(); self.old = self.c.prec; self.c.prec = self.n
    def __exit__(self, *error): self.c.prec = self.old
out = []
for q in range(1, 5):
    with Digits(q):
        a = num(q)
        out.append(str(decimal.Decimal(1) / 3))
        out.append(ask(out[-1]))
print(out, decimal.getcontext().prec)
""",
    "a context variable": """
import contextvars
v = contextvars.ContextVar("v", default=0)
class Var:
    def __init__(self, n): self.n = n
    def __enter__(self): self.token = v.set(self.n)
    def __exit__(self, *error): v.reset(self.token)
def f(): return v.get()
out = []
for q in range(4):
    with Var(q):
        a = num(q)
        out.append((f(), ask(f())))
    out.append(v.get())
print(out)
""",
    "an older failure": MANAGER
    + """
def f(q):
    with M(q, True) as m: return ask(q), m.v
a = bad(1)
out = [f(q) for q in range(4)]
""",
}


@pytest.mark.parametrize("shape", AGREE)
def test_same(shape: str) -> None:
    agree(dedent(AGREE[shape]))
