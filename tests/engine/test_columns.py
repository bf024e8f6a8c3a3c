"""A function on each element of a column: all calls at once, and what pandas makes of the results."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pandas
import pytest

from poppy_ipython import unordered
from poppy_ipython.engine.run import Outcome, run_simulated
from tests.fuzz.check import agree

FRAME = "df = pandas.DataFrame({'q': ['a', 'bb', None, 'c'], 'n': [1, 2, 3, 4], 'x': [.5, 1, 2, 4]})\n"
#: source -> rounds
TOGETHER = {
    "df['a'] = df['q'].map(ask)": 1,
    "df['a'] = df.q.apply(ask)": 1,
    "out = df['n'].map(lambda n: ask(n) * n)": 1,
    "out = df['n'].apply(lambda n: len(ask(n)) / 2)": 1,
    "out = df['n'].apply(lambda n: pandas.Series([n, ask(n)], index=['n', 'a']))": 1,
    "def f(row): return f\"{row['q']}: {ask(row.n)}\"\ndf['a'] = df.apply(f, axis=1)": 1,
    "out = df.apply(lambda row: {'a': ask(row['q'])}, axis='columns')": 1,
    "out = df[df.n > 1]['q'].map(ask)\ndf['b'] = out.map(ask)": 2,
    "seen = []\ndef f(q):\n    a = ask(q)\n    seen.append(a)\n    return a if len(seen) < 3 else None\nout = df.q.map(f)": 1,
    "out = pandas.Series([], dtype=object).map(ask), pandas.Series(['u', 'v'], dtype='category').map(ask)": 1,
}
IN_ORDER = {
    "rows = []\ndef f(row):\n    rows.append(row)\n    return ask(row['n'])\nout = df[['n']].apply(f, axis=1)\nn = len(rows)": 4,
    "out = df.apply(lambda row: ask(row.get('n')), axis=1)": 4,
    "out = df['q'].map(ask, na_action='ignore')": 3,
    "out = df['n'].map({1: 'one'}), df['n'].map(str), df['n'].apply(lambda n: n + 1), df.apply(len)": 0,
}


def both(source: str) -> tuple[dict[str, Any], dict[str, Any], Outcome, list[str]]:
    asked: list[str] = []

    def ask(q: Any) -> str:
        asked.append(repr(q))
        if q == "bad":
            raise ValueError(f"cannot answer {q}")
        return f"<{q}>"

    plain: dict[str, Any] = {"ask": ask, "pandas": pandas}
    ours: dict[str, Any] = {"ask": unordered(lambda q: ask(q)), "pandas": pandas}
    try:
        exec(compile(FRAME + dedent(source), "<columns>", "exec"), plain)
    except ValueError as error:
        plain["error"] = str(error)
    before, asked[:] = list(asked), []
    outcome = run_simulated(FRAME + dedent(source), ours, filename="<columns>")
    if outcome.error is not None:
        ours["error"] = str(outcome.error)
    assert asked == before
    return plain, ours, outcome, asked


def shown(names: dict[str, Any]) -> dict[str, str]:
    def one(value: Any) -> str:
        if isinstance(value, tuple):
            return repr([one(v) for v in value])
        kinds = getattr(value, "dtypes", None)
        return f"{type(value)} {value!r} {kinds} {getattr(value, 'name', '')}"

    return {name: one(value) for name, value in names.items() if name not in ("ask", "pandas", "f", "__builtins__", "rows")}


@pytest.mark.parametrize("source", TOGETHER)
def test_all_at_once(source: str) -> None:
    plain, ours, outcome, asked = both(source)
    assert shown(ours) == shown(plain)
    assert outcome.makespan == TOGETHER[source] and asked


@pytest.mark.parametrize("source", IN_ORDER)
def test_in_order(source: str) -> None:
    plain, ours, _, asked = both(source)
    assert shown(ours) == shown(plain) and len(asked) == IN_ORDER[source]


def test_a_failure_is_that_of_its_element() -> None:
    plain, ours, outcome, asked = both("df['a'] = 0\ndf['a'] = pandas.Series(['x', 'y', 'bad', 'z']).map(lambda q: ask(q))")
    assert shown(ours) == shown(plain) and ours["error"] == "cannot answer bad"
    steps = []
    tb = outcome.error.__traceback__ if outcome.error is not None else None
    while tb is not None:
        steps.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
        tb = tb.tb_next
    assert ("<module>", 3) in steps and ("<lambda>", 3) in steps


@pytest.mark.parametrize(
    "body",
    [
        "def f(q):\n    least = num(q)\n    return len(df.query('n > @least')), ask(least)\nout = [f(q) for q in range(6)]",
        "def f(least, col='n'):\n    for t in range(2):\n        u = num(t)\n        if u: out.append(len(df.query(f'{col} > @least and n < @u')))\n    return [ask(i) for i in df.query('n > @t')]\nout += [f(num(q)) for q in range(3)]",
        "out = [len(df.query('n > @t')) for t in range(3)] + [sum(len(df.query('n > @t')) for t in mk(1) + [2])]",
        "def f(a):\n    cond = 'n > @a'\n    return df.query(cond).n.tolist(), df.eval('n + @a').tolist(), (lambda a: len(df.query('n > @a')))(num(a))\nout = [f(num(q)) for q in range(3)]",
        "class M:\n    def query(self, *a, **k): put('q', [list(a), sorted(k)]); return ask(a[0])\n    def f(self, name): return self.query('joe@name', 1, k=2), get('q')\nout = [M().f(num(q)) for q in range(3)]",
    ],
)
def test_pandas_looks_up_names_of_a_function(body: str) -> None:
    agree(f"import pandas as pd\ndf = pd.DataFrame({{'n': [1, 2, 3, 4]}})\nout = []\n{body}\ndf = None\n")


def test_what_looks_up_names_runs_beside_calls() -> None:
    agree("import pandas as pd\ndf = pd.DataFrame({'n': [1, 2, 3, 4]})\ndef f(t):\n    return [ask(n) for n in df.query('n > @t')['n'].tolist()]\nout = f(1)\ndf = None\n", seed=0, at_once=3)
