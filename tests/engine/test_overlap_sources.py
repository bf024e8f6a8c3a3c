"""Comprehensions over what is pending, views and maps that a builtin uses up, `assert` on an answer: they wait by themselves.

`ask` gives a string, `num` a number below five, `lst` a list of three strings, `rec` a dict; one simulated second each.

    round 0   lst ━━━▶ [ask ask ask] ━━━▶        a comprehension over a pending is a unit as a whole
    round 1   lst ━━━▶ [ask ask ask] ━━━▶
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from poppy_ipython.effects import declare, readonly, sequential, unordered
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

from .test_overlap_values import both, rounds

#: what a round does -> seconds that five rounds take
ROUNDS = {
    "comprehension": ("out.append([x + '!' for x in lst(i)])", 1),
    "comprehension with calls": ("out.append([ask(x) for x in lst(i)])", 2),
    "dict comprehension with calls": ("out.append({x: ask(x) for x in lst(i)})", 2),
    "set comprehension": ("out.append(sorted({x * 2 for x in lst(i)}))", 1),
    "comprehension with a condition": ("xs = [x for x in lst(i) if x != 'b']\nout.append(xs)", 1),
    "comprehension over a view": ("out.append([(k, ask(v)) for k, v in rec(i).items()])", 2),
    "comprehension over zip": ("out.append([(x, y) for x, y in zip(lst(i), lst(i + 9))])", 1),
    "comprehension over enumerate": ("out.append([(n, x) for n, x in enumerate(lst(i), start=2)])", 1),
    "comprehension with two for": ("out.append([(x, y) for x in lst(i) for y in lst(x)])", 2),
    "consumer": ("out.append(', '.join(x.strip() for x in lst(i)))", 1),
    "consumer that may stop": ("out.append((any(x == 'b' for x in lst(i)), all(x for x in lst(i))))", 1),
    "views": ("d = {n: num(n) for n in (i, i + 10)}\nout.append((max(d.values()), sum(d.values()), sorted(d.items()), len(d.keys())))", 1),
    "join of values": ("d = {n: ask(n) for n in (i, i + 10)}\nout.append(ask(','.join(d.values())))", 2),
    "view of a pending": ("out.append((sorted(rec(i).items()), sum(rec(i).values()), ','.join(rec(i).keys())))", 1),
    "map": ("out.append((', '.join(map(str, lst(i))), sum(map(len, lst(i))), list(map(str.upper, lst(i)))))", 1),
    "map over pendings": ("xs = [ask(i), ask(i + 10)]\nout.append(('/'.join(map(str, xs)), max(map(len, xs))))", 1),
    "assert": ("a = ask(i)\nassert a != 'x', a\nout.append(a)", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUNDS)
def test_rounds_overlap(name: str) -> None:
    body, seconds = ROUNDS[name]
    expected, actual, outcome = both(rounds(body))
    assert actual["out"] == expected["out"]
    assert outcome.makespan == seconds


def test_in_a_function() -> None:
    expected, actual, outcome = both(
        rounds(
            "out.append(f(i))",
            """
            def f(q):
                k = 'k'
                assert ask(q) != k
                kept = [ask(x + k) for x in lst(q) if x != 'b']
                return ','.join(map(str, kept)), {k: x for x in kept}
            """,
        )
    )
    assert actual["out"] == expected["out"]
    assert outcome.makespan == 2  # the assert and the list, then the calls over it


def test_a_view_shows_what_was_there() -> None:
    """Stores behind the statement do not show, those before it do; the dict itself is never copied or kept."""
    expected, actual, _ = both(
        """
        d = {'a': ask(1)}
        d['b'] = ask(2)
        t = list(d.items())
        u = ','.join(d.values())
        d['c'] = ask(3)
        d['a'] = 'new'
        v = list(d.values())
        live = d.values()
        d['e'] = 1
        n = len(live)
        w = sorted(map(str, d.values()))
        """
    )
    for name in ("d", "t", "u", "v", "n", "w"):
        assert actual[name] == expected[name]


def test_what_only_looks_like_it_is_called_as_written() -> None:
    """The names of builtins stand for something else; the receiver is no dict; the function has effects."""
    expected, actual, _ = both(
        """
        log = []
        def sum(view): log.append(type(view).__name__); return 1
        def map(f, xs): log.append('map'); return [f(x) for x in xs]
        class D:
            def values(self): log.append('values'); return [3, 4]
            def join(self, xs): log.append(type(xs).__name__); return xs
        first = ask(0)
        d = {1: ask(1)}
        a = sum(d.values())
        b = list(map(str, [ask(2)]))
        c = max(D().values())
        e = D().join(d.values())
        del map
        def noting(x): log.append(x); return x
        f = list(map(noting, [ask(3), 'z']))
        g = map(str, [1, 2])
        h = next(g), list(g)
        """
    )
    assert actual["log"] == expected["log"]
    for name in "abcfh":
        assert actual[name] == expected[name]


#: programs that fail somewhere in such an expression: exception, line, traceback and what came before as in a plain run
FAILING = [
    "l0 = [1]\nl0.append(2)\nx = [q + 1 for q in num(1)]\nl0.append(3)",
    "x = [bad(q) for q in mk(3)]\ny = [bad(q) for q in mk(4) if bad(q + 1)]\nprint(x, y)",
    "def f(q):\n    return [r / num(r) for r in mk(q)]\nprint([f(q) for q in range(8)])",
    "l0 = []\nfor q in range(5):\n    a = num(q)\n    assert a < 4, ask(a)\n    l0.append(a)\nprint(l0)",
    "def f(q):\n    assert num(q) > 1\n    return q\nl0 = []\nfor q in range(6):\n    l0.append(f(q))",
    "l0 = []\nfor q in range(6):\n    try:\n        assert flag(q), q\n        l0.append(num(q))\n    except AssertionError as e:\n        l0.append(str(e))\nprint(l0)",
    "x = ','.join(map(str, mk(1)))\ny = ','.join(mk(3))\nprint(x, y)",
    "d = {q: num(q) for q in range(3)}\nx = sum(d.values(), 'a')",
    "x = max(rec(1).values())",
    "x = list(map(int, [ask(1), ask(2)]))",
    "i0, i1 = mk(1)\ni2 = 5\nprint(i0)\ni0, i1 = mk(2)\n",
    "def f(q):\n    a, b = mk(q)\n    return a\nprint(f(3), f(4), f(5), f(6))",
    "x = sorted([num(1), ask(2), num(3)])",
]


@pytest.mark.parametrize("source", FAILING)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_failures_are_those_of_a_plain_run(source: str, seed: int) -> None:
    agree(source, seed)


#: text of instances -> seconds that five rounds take
TEXTS = {
    "str": ("p = P(ask(i))\nout.append(str(p))", 1),
    "f-string": ("p = P(ask(i))\nout.append(f'{p}! {p!r} {p!s:>9}')", 1),
    "repr when there is no str": ("p = Q(ask(i))\nout.append(str(p) + repr(p))", 1),
    "join": ("ps = [P(ask(i)), P(ask(i + 9))]\nout.append(','.join(str(p) for p in ps))", 1),
    "join of a map": ("ps = [P(ask(i)), P(ask(i + 9))]\nout.append(','.join(map(str, ps)))", 1),
}
CLASSES = """
    class P:
        def __init__(self, t): self.t = t
        def __str__(self): return f'<{self.t}>'
        def __repr__(self): return 'P' + self.t if self.t else 'none'
    class Q:
        def __init__(self, t): self.t = t
        def __repr__(self): return 'Q' + self.t
    """


@pytest.mark.parametrize("name", TEXTS)
def test_text_of_instances(name: str) -> None:
    body, seconds = TEXTS[name]
    expected, actual, outcome = both(rounds(body, CLASSES))
    assert actual["out"] == expected["out"]
    assert outcome.makespan == seconds


def test_text_that_is_none_and_text_that_writes() -> None:
    both("class P:\n    def __str__(self): return 3\na = ask(1)\nx = str(P())")
    both("class P:\n    def __str__(self): return num(1)\na = ask(1)\nx = f'{P()}'")
    both("class P:\n    def __repr__(self): return ask\na = ask(1)\nx = str(P())")
    expected, actual, _ = both(
        rounds(
            "p = P(ask(i))\ns = str(p)\nout.append(len(log))\nout.append(f'{p}' + s)\nout.append(len(log))",
            """
            log = []
            class P:
                def __init__(self, t): self.t = t
                def __str__(self):
                    log.append(self.t)
                    return self.t
            """,
        )
    )
    assert actual["out"] == expected["out"]
    assert actual["log"] == expected["log"]


#: library objects with stores that have not happened yet are read at the head, which nobody else waits for
QUEUED = {
    "most_common": ("c = Counter([ask(i), ask(i), ask(i + 9)])\nbest, n = c.most_common(1)[0]\nout.append((best, n))", 1),
    "unpack most_common": ("c = Counter()\nfor j in (i, i, i + 1): c[ask(j)] += 1\n(best, n), *_ = c.most_common(1)\nout.append((best, n))", 1),
    "index of the greatest": ("v = [num(i), num(i + 10)]\nout.append((v.index(max(v)), v.count(num(i))))", 1),
}


@pytest.mark.parametrize("name", QUEUED)
def test_reads_at_the_head(name: str) -> None:
    body, seconds = QUEUED[name]
    expected, actual, outcome = both(rounds(body, "from collections import Counter"))
    assert actual["out"] == expected["out"]
    assert outcome.makespan <= seconds + 1


def test_a_queued_write_is_seen_by_a_younger_read() -> None:
    """`save` runs in this interpreter and is queued for the head; `load` is a call outside, faster than what `save` waits for."""
    rows: list[str] = []

    @unordered
    def slow(q: int) -> str:
        return f"s{q}"

    @readonly("files")
    def load(q: int) -> int:
        return len(rows)

    def save(x: str) -> None:
        rows.append(x)

    declare(save, replace(sequential("files"), external=False))
    names = {"slow": slow, "load": load, "save": save, "out": []}
    outcome = run_simulated(
        "for i in range(4):\n    save(slow(i))\n    out.append(load(i))", names, latency=lambda call: 0.1 if call.fn is load else 1.0
    )
    assert outcome.error is None
    assert names["out"] == [1, 2, 3, 4]
    assert outcome.makespan < 2


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_finally_does_not_run_for_what_failed_before_its_try(seed: int) -> None:
    """In a handler functions run in place; the failure of an older call passes a ``try`` that was never reached."""
    agree(
        "l1 = []\ndef f(q):\n    try:\n        return 0()\n    finally:\n        l1.append(q)\n"
        "try:\n    x2\nexcept Exception:\n    a = num()\n    f(1)",
        seed,
    )
    agree(
        "l1 = []\ndef f(q):\n    try:\n        return bad(q)\n    finally:\n        l1.append(q)\n"
        "try:\n    x2\nexcept Exception as e:\n    a = [f(q) for q in range(9)]\nprint(l1)",
        seed,
    )
