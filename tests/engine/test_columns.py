"""A function on each element of a column: all calls at once, and what pandas makes of the results."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pandas
import pytest

from poppy_ipython import unordered
from poppy_ipython.engine.run import Outcome, run_simulated

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
