"""Programs whose best possible time is known by hand: what keeps an engine that always waits from passing.

Under equal latencies a program takes whole *rounds*, and for each template the number of rounds that its data,
branches and ordered effects force is a formula of its size. The ratio ideal ÷ achieved is averaged over templates
and sizes; an engine that stalls at every call has about 1 ÷ (number of calls). Templates are written from the
program alone, never fitted to the engine.

    round    1            2            3
    f(0)     num ───────▶ num(num)
    f(1)     num ───────▶ num(num) ──▶ ask        a loop over f takes max, not sum
    f(2)     num

Sizes and constants vary with the seed; branches are decided beforehand by the world's own answers, so the formula
may ask it.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent

from .runs import engine, plain
from .world import World


@dataclass(frozen=True, slots=True)
class Template:
    """A program of size `n` and salt `k` and the rounds it needs."""

    name: str
    source: str
    ideal: Callable[[int, int], int]

    def of(self, n: int, k: int) -> str:
        return self.source.replace("N", str(n)).replace("K", str(k))


def _answers(name: str, values: range) -> list[int]:
    function = World().functions[name]
    return [function(value) for value in values]


def _branchy(n: int, k: int) -> int:
    """One more round if any item takes the branch."""
    return 2 if any(answer > 3 for answer in _answers("num", range(k, k + n))) else 1


TEMPLATES: dict[str, Template] = {}


def template(name: str, rounds: int | Callable[[int, int], int], source: str) -> None:
    ideal = rounds if callable(rounds) else lambda n, k: rounds
    TEMPLATES[name] = Template(name, dedent(source).strip() + "\n", ideal)


template("straight line", 1, "a = ask(K)\nb = ask(K + 1)\nc = num(K)\nd = mk(K)\nprint(a, b, c, d)")
template("nested call", 3, "x = [ask(ask(ask(K + q))) for q in range(N)]")
template("operators", 1, "x = num(K) + num(K + 1) * num(K + 2) - num(K + 3)\ny = (ask(K) + ask(K + 1)).upper()[:9]")
template("append loop", 1, "out = []\nfor q in range(N):\n    out.append(ask(q + K))\nprint(out)")
template("two stages", 2, "out = []\nfor q in range(N):\n    a = ask(q + K)\n    out.append(ask(f'{a}!'))")
template("f-string and print", 1, "for q in range(N):\n    print(f'{q}: {ask(q + K)} {num(q):03d}')")
template("branch in a loop", _branchy, "out = []\nfor q in range(K, K + N):\n    r = num(q)\n    if r > 3:\n        r = num((r, q))\n    out.append(r)")
template("branch in a function", _branchy, "def f(q):\n    r = num(q)\n    if r > 3:\n        return num((r, q))\n    return r\nout = [f(q) for q in range(K, K + N)]")
template("method", 2, "class A:\n    def __init__(self):\n        self.p = 'p'\n        self.seen = []\n    def go(self, q):\n        r = ask(self.p + str(q))\n        self.seen.append(r)\n        return ask(r)\na = A()\nout = [a.go(q + K) for q in range(N)]\nprint(len(a.seen))")
template("dict and set comprehension", 1, "d = {q: num(q + K) for q in range(N)}\ns = {num(q + K) for q in range(N)}\nprint(d, sorted(s))")
template("comprehension with if", 1, "x = [q for q in range(K, K + N) if flag(q)]\ny = [num(q) for q in range(N)]")
template("nested comprehension", 1, "x = [[num((q, r)) for r in range(3)] for q in range(N)]")
template("unpacking and swap", 1, "a, b = ask(K), ask(K + 1)\na, b = b, a\nc, *d = num(K), num(1), num(2)\nprint(a, b, c, d)")
template("augmented assignment", 1, "n = 0\ns = ''\nd = {}\nfor q in range(N):\n    n += num(q + K)\n    s += ask(q)\n    d[q] = d.get(q - 1, 0) + num(q)\nprint(n, s, d)")
template("conditional expression", 2, "x = [num(q) if flag(q) else num(q + 100) for q in range(K, K + N)]")
template("chained comparison", 1, "y = [0 <= num(q + K) for q in range(N)]\nz = [num(q) == num(q + 1) for q in range(N)]\nprint(y, z)")
template("try in a loop", 1, "out = []\nfor q in range(N):\n    try:\n        out.append(num(q + K))\n    except ValueError:\n        out.append(-1)\nprint(out)")
template("try in a function", 2, "def f(q):\n    try:\n        return num(num(q))\n    except Boom:\n        return -1\nout = [f(q + K) for q in range(N)]")
template("shared containers", 1, "a = []\nb = {'k': a}\nfor q in range(N):\n    b['k'].append(num(q + K))\n    a.append(num(q))\nprint(len(a), b['k'] is a)")
template("attributes", 1, "class O:\n    pass\nos = []\nfor q in range(N):\n    o = O()\n    o.v = num(q + K)\n    o.t = ask(q)\n    os.append(o)\nprint([o.v for o in os])")
template("conversations", 3, "def chat(q):\n    m = [q]\n    for t in range(3):\n        m.append(ask(m))\n    return m\nout = [chat(q + K) for q in range(N)]")
template("tree reduction", lambda n, k: 1 + math.ceil(math.log2(2 * n)), "xs = [ask(q + K) for q in range(2 * N)]\nwhile len(xs) > 1:\n    xs = [ask(xs[i:i + 2]) if i + 1 < len(xs) else ask(xs[i]) for i in range(0, len(xs), 2)]\nprint(xs)")
template("recursion", 1, "def walk(d, q):\n    if d == 0:\n        return [num(q)]\n    return walk(d - 1, 2 * q) + walk(d - 1, 2 * q + 1)\nout = walk(3, K)")
template("while with a counter", 1, "i = 0\nout = []\nwhile i < N:\n    out.append(ask(i + K))\n    i += 1")
template("memo table", 1, "memo = {}\ndef f(q):\n    if q in memo:\n        return memo[q]\n    memo[q] = r = ask(q + K)\n    return r\nout = [f(q % 3) for q in range(N)]")
template("reads of a database", 2, "out = [ask(get(q + K)) for q in range(N)]")
template("results opened", 1, "out = []\nfor q in range(N):\n    r = obj(q + K)\n    out.append(r.choices[0].message.content.strip())\nprint(len(out))")
template("pending receiver", 1, "out = []\nfor q in range(N):\n    d = rec(q + K)\n    d['n'] = num(q)\n    d['l'].append(q)\n    out.append(d)")
template("dataframe-like local", 2, "log = []\nfor q in range(N):\n    a = ask(q + K)\n    log.append((q, a, num(a)))\nprint(len(log))")


def achieved(name: str, n: int, k: int) -> float:
    """Ideal ÷ achieved rounds for one template; 1 is perfect. The results must be those of the plain run, too."""
    chosen = TEMPLATES[name]
    source = chosen.of(n, k)
    expected, actual = plain(source, 0), engine(source, 0, "equal")
    assert expected.observation == actual.observation, name
    return min(1.0, chosen.ideal(n, k) / actual.result.makespan)


SIZES = ((4, 0), (7, 20), (12, 300))


def ratios() -> dict[str, float]:
    """The mean ratio of every template over `SIZES`."""
    return {name: sum(achieved(name, n, k) for n, k in SIZES) / len(SIZES) for name in TEMPLATES}
