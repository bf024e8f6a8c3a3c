"""Generators that are let go of before their end, where a `finally`, a `with` or an `except GeneratorExit` of theirs writes."""

from __future__ import annotations

import pytest

from tests.fuzz.check import agree

GENERATORS = """\
import contextlib, itertools
l0 = []
class Span:
    def __enter__(self): l0.append("in")
    def __exit__(self, *a): l0.append("out"); put("k", len(l0))
def asks(n):
    try:
        for i in range(n): yield num(i)
    finally: l0.append("end"); put("k", len(l0))
def spans(n):
    with Span():
        for i in range(n): yield ask(i)
def exits(n):
    i = 0
    while i < n:
        try: yield i
        except GeneratorExit: l0.append("exit"); return
        i += 1
def goes_through(xs):
    try:
        for x in xs: yield num(x)
    finally: print("through", len(l0))
def hands_on(n):
    yield from asks(n)
    yield 9
"""
PLACES = (
    "for q in range(3):\n    r = num((1, q))\n    FORM\n    y = ask((q, list(l0)))\nprint(l0, y, get('k'))\n",
    """\
def f(q):
    r = num((5, q))
    FORM
    return r
for q in range(3):
    x = f(q)
    y = ask((q, l0))
print(l0, x, y)
""",
)
MADE = ("asks(4)", "spans(4)", "exits(4)", "goes_through(asks(4))", "hands_on(3)")


@pytest.mark.parametrize(
    "form",
    [
        "for x in G: break\nl0.append('s')",
        "for x in G:\n    l0.append(x)\n    if len(l0) > 3: break",
        "try:\n    for x in G: raise ValueError\nexcept ValueError: l0.append('ex')",
        "x = next(G)\nl0.append('s')",
        "it = G\nx = next(it)\nit = None\nl0.append('s')",
        "it = G\nx = next(it)\ndel it\nl0.append('s')",
        "d = {'g': G}\nx = next(d['g'])\nd.clear()\nl0.append('s')",
        "d = [G, G]\nx = [next(i) for i in d]\nd.clear()\nl0.append('s')",
        "x = list(itertools.islice(G, 2))\nl0.append('s')",
        "x = any(G)\nl0.append('s')",
        "def use():\n    it = G\n    l0.append(next(it))\nuse()\nl0.append('s')",
        "it = (num(x) for x in G)\nx = next(it)\nit = None\nl0.append('s')",
    ],
)  # fmt: skip
def test_it_is_closed_where_a_plain_run_closes_it(form: str) -> None:
    for place in PLACES:
        indent = place[: place.index("FORM")].rpartition("\n")[2]
        for made in MADE:
            agree(GENERATORS + place.replace("FORM", form.replace("G", made).replace("\n", "\n" + indent)), seed=1)


def test_one_that_a_name_keeps_holds_up_no_call() -> None:
    agree(GENERATORS + "it = spans(3)\nx = next(it)\nys = [ask(q) for q in range(6)]\nit = 1\nprint(l0, ys)\n", at_once=6)


def test_files_are_closed_unseen() -> None:
    agree(
        """\
        def lines(p):
            with open(p) as f:
                try: yield from f
                finally: f.close()
        def f():
            it = lines("/dev/null")
            x = next(it, None)
            return [ask(q) for q in range(5)]
        x = f()
        """,
        at_once=5,
    )


def test_what_is_sent_to() -> None:
    agree("""\
        l0 = []
        def totals():
            total = 0
            try:
                while True: total += num((yield total))
            finally: l0.append("done")
        def f(q):
            s = totals()
            next(s)
            for i in range(3): x = s.send(num(i))
            s = None
            l0.append(x)
            return num(1)
        x = [f(q) for q in range(2)]
        y = ask((3, list(l0)))
        print(l0, y)
        """)


def test_a_lambda_that_yields() -> None:
    agree("""
        x = num(1)
        g = (lambda: (yield 1))()
        print(next(g), ask(x))
        del g
        print(list((lambda: (yield num(2)))()), [q for q in (lambda: (yield num(3)))()])
    """)
