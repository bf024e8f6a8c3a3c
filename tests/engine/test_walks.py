"""Loops over a frame or a column whose rounds store into that frame (``engine/walks.py``)."""

from __future__ import annotations

import pytest

from tests.fuzz.check import agree

FRAME = """
import pandas as pd
df = pd.DataFrame({"s": list("abcd"), "k": [0, 1, 2, 0], "out": [None] * 4, "n": [1.5, 2, 3, 4]})
"""

LOOPS = {
    "rows": "for row in df.itertuples():\n    i, t, o = row.Index, row.s, row.out\n",
    "rows of a part": "for row in df[['s', 'out']].itertuples():\n    i, t, o = row.Index, row.s, row.out\n",
    "items": "for i, t in df['s'].items():\n    o = 0\n",
    "items of the column": "for i, o in df['out'].items():\n    t = 's'\n",
    "enumerated": "for i, o in enumerate(df.out):\n    t = 's'\n",
    "zipped": "for i, t, o in zip(df.index, df['s'], df['out']):\n    pass\n",
    "reversed": "for i, t in df['s'][::-1].items():\n    o = 0\n",
}

#: what all rounds ask at once
AHEAD = ["df.at[i, 'out'] = ask(t)", "df.loc[i, 'out'] = ask(t)", "df.iloc[i, 2] = ask(t)", "df.iat[i, 3] = num(t)"]

BODIES = [
    *AHEAD,
    "df.at[(i + 1) % 4, 'out'] = ask((t, o))",
    "df.iat[(i + 1) % 4, 2] = ask((t, o))",
    "df.at[(i + 1) % 4, 's'] = ask((t, o))",
    "df.at[(i + 1) % 4, 'k'] = num((t, o)) / 4",
    "df.at[i, 'k'] = ask(t)",
    "df.loc[i + 4, 'out'] = ask(t)",
    "if flag((t, o)): df.at[(i + 1) % 4, 'out'] = 'x'",
    "def f(j, v):\n        if flag(v): df.at[(j + 2) % 4, 's'] = ask(v)\n        return num(j)\n    df.at[i, 'out'] = f(i, t)",
    "df.at[i, 'out'] = ask(t)\n    if i == 2: df.index = [3, 2, 1, 0]",
    "df.at[i, 'out'] = ask(t)\n    if i == 2: df['s'] = list('uvwx')",
    "df.at[i, 'out'] = ask(t)\n    if num(t) > 5: break",
    "df.at[i, 'out'] = bad(t)",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.filterwarnings("ignore")
def test_as_a_plain_run(loop: str, body: str) -> None:
    for seed in (0, 1, 4):
        agree(f"{FRAME}{LOOPS[loop]}    {body}\nprint(df)\n", seed)


@pytest.mark.parametrize("body", AHEAD)
@pytest.mark.parametrize("loop", [
    LOOPS["rows"],
    LOOPS["items"],
    "for i, t in enumerate(df['s']):\n",
    "for i, t in zip(df.index, df['s']):\n",
])
def test_all_rounds_ask_at_once(loop: str, body: str) -> None:
    agree(f"{FRAME}{loop}    {body}\n", at_once=4)


def test_an_iterator_that_has_begun_is_another_matter() -> None:
    agree(FRAME + """
rows = df.itertuples()
next(rows)
for row in rows:
    df.at[row.Index + 1 if row.Index < 3 else 0, "out"] = ask((row.s, row.out))
print(df)
""")


def test_an_iterator_that_a_function_of_the_users_is_given_is_another_matter() -> None:
    agree(FRAME + """
def zip(rows):
    next(rows)
    for row in rows:
        df.at[row.Index + 1 if row.Index < 3 else 0, "out"] = ask((row.s, row.out))
        yield row
for row in zip(df.itertuples()): print(row.s, row.out)
""")
