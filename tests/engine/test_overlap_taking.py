"""Cells, rows and pieces of frames, taken beside calls in flight and beside stores to other cells; random numbers of numpy."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fuzz.check import agree

from .overlap import makespan
from .test_overlap_tables import left_by

FRAME = """
import pandas as pd
df = pd.DataFrame({"q": range(4), "s": list("abcd"), "a": [None] * 4})
out = []
"""

ONE_SECOND = {
    "a row by place, and its cell": 'for i in range(len(df)): out.append(ask(df.iloc[i]["s"]))',
    "a row by label": 'for i in df.index: out.append(ask(df.loc[i]["q"]))',
    "a column by place": 'for i in range(4): out.append(ask((df["s"].iloc[i], df["s"][i], df["q"].iat[i])))',
    "a cell by places": "for i in range(4): out.append(ask((df.iat[i, 0], df.iloc[i, 1], df.at[i, 's'])))",
    "pieces": 'for i in range(0, len(df), 2): out.append(ask(df.iloc[i : i + 2]["q"].tolist())); out.append(ask(df[i:i + 2].to_dict()))',
    "a row in a text": 'for i in range(4):\n    row = df.iloc[i]\n    out.append(ask(f"{row.q} {row[\'s\']}"))',
    "a number compared": 'for i in range(4):\n    row = df.iloc[i]\n    if row["q"] > 1 and row["s"] != "d": out.append(ask(str(row["q"])))\n    else: out.append(ask(i))',
    "how many there are": "i = 0\nwhile i < len(df): out.append(ask(i)); i += len(df[\"q\"]) // 4",
    "a column, stores to another": 'for i in range(4): df.loc[i, "a"] = ask((df["q"].iloc[i], df["s"][i], df.q[i]))\nout = df.to_dict()',
    "a row, stores to others": 'for i in df.index:\n    row = df.loc[i]\n    df.loc[i, "a"] = ask(row["q"])\nout = df.to_dict()',
    "a row by place, stores to others": 'def f(r): return ask(f"{r.s}{r[\'q\']}")\nfor i in range(len(df)): df.at[i, "a"] = f(df.iloc[i])\nout = df.to_dict()',
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan(FRAME + ONE_SECOND[shape]) == 1


AGREE = {
    "what has been stored to is waited for": """
        for i in range(4):
            df.at[i, "a"] = ask(i)
            l0.append(str(df.iloc[i].to_dict())); l0.append(df["a"].iloc[i]); l0.append(df.loc[max(i - 1, 0)]["a"])
            l1.append(str(df.iloc[(i + 1) % 4].to_dict())); l1.append(len(df))
            c = df["q"]; df.at[i, "q"] = num(i); l2.append([int(c.iloc[i]), int(df["q"].iloc[i]), int(df.q[i])])
    """,
    "a column that is kept while it is stored to": """
        c, d = df["q"], df["s"]
        for i in range(4):
            df.at[i, "a"] = ask(i); e = df["q"]; l0.append(ask(int(e[i])))
            if flag(i): df.at[i, "q"] = num(i)
            l1.append([int(c.iloc[i]), int(e.iloc[i]), d.iloc[i], c.tolist()])
            df.loc[i, "s"] = ask((i, 1)); l1.append(d.iat[i])
    """,
    "a store that changes the type of a column, and rows of it": """
        n = pd.DataFrame({"q": [1, 2, 3], "s": list("abc"), "a": [0.5, 1.5, 2.5]})
        for i in range(3):
            n.at[i, "a"] = num(i); r = n.iloc[(i + 1) % 3]; l0.append([type(v).__name__ for v in r.tolist()])
        try:
            for i in range(3):
                l1.append(type(n.iloc[2 - i]["q"]).__name__); n.at[i, "q"] = ask(i); l1.append(type(n.iloc[2 - i]["q"]).__name__)
        except (TypeError, ValueError) as ex: print(type(ex))
        n = r = None
    """,
    "frames of one type, whose rows may be views": """
        n = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [0.0, 0.5, 1.0]})
        for i in range(3):
            r = n.iloc[i]; n.at[i, "y"] = num(i); l0.append(float(r["y"])); l0.append(float(n.loc[i]["y"])); n.at[(i + 1) % 3, "x"] = num((i, 1)); l0.append(float(r["x"]))
        n = r = None
    """,
    "errors in their place": """
        for i in (2, 3, 4, 5):
            try:
                l0.append(ask(i)); l0.append(df.iloc[i]["s"]); l0.append(df.loc[i]["zz"])
            except (IndexError, KeyError) as ex: print(type(ex), ex)
        l0.append(ask(1)); df.loc["x"]
    """,
    "functions that may change it": """
        def f(i):
            if flag(i): df.at[i % 4, "q"] = num(i)
            elif flag((i, 1)): df.drop(index=i % 4, inplace=True)
            return ask(i)
        for i in range(5):
            l0.append(f(i)); l1.append(len(df)); l1.append([int(x) for x in df["q"]]); l2.append(ask(int(df["q"].iloc[0]))); l2.append(str(df.iloc[0].to_dict()))
    """,
    "things in columns": """
        class K:
            def __init__(self, n): self.n = n
            def __eq__(self, other): l2.append(self.n); return self is other
            def __hash__(self): l2.append(-self.n); return self.n
        n = pd.DataFrame({"o": [[1], [2], [3]], "q": range(3)}); m = pd.Series(range(3), index=[K(1), K(2), K(3)])
        for i in range(3):
            n.iloc[i]["o"].append(ask(i)); l0.append(list(n["o"].iloc[i])); l0.append(len(n.at[i, "o"]))
            l1.append(ask(int(m.iloc[i]))); l1.append(len(l2)); l1.append("x" in m.index); l1.append(len(l2))
        n = m = None
    """,
}


@pytest.mark.parametrize("shape", AGREE)
def test_agrees(shape: str) -> None:
    agree(FRAME.replace("out = []", "l0, l1, l2 = [], [], []") + dedent(AGREE[shape]) + "\nl0.append(df.to_dict()); df = c = d = e = None")


#: what may look at a cell, a row or a column of `df`, whose columns `a` and `n` are stored to
READS = """
    df.iloc[0]["a"]; df.iloc[0, 2]; df.iat[0, 2]; df.loc[0]["a"]; df.loc[0].tolist(); df["a"].iloc[0]; df.a[0]; df["a"][0]; df["a"].iat[0]; dict(df.iloc[0]); df.iloc[0].to_dict(); df.iloc[0:2].to_dict()
    df[0:2].to_dict(); df.iloc[1]["n"]; [type(x) for x in df.iloc[2].tolist()]; [type(x) for x in df.loc[2].tolist()]; df.loc[0:1].values.tolist(); df.loc[0, "a"]; df.iloc[-4]["a"]; df.iloc[-1].tolist(); column["a"]; kept.iloc[0]; kept.tolist()
    df["q"].iloc[0]; df.q[1]; df["s"].tolist(); df["q"].to_numpy().tolist(); len(df); len(df["a"]); len(df.iloc[0]); str(df["q"]); df["q"].sum(); other.iloc[0].tolist(); other["a"].iloc[0]; other["q"].iloc[0]; df.s.iat[0]
"""
STORES = """
df.at[0, "a"] = ask(0)
df.loc[0, "n"] = num(1)
df.at[1, "a"] = ask(1)
"""
SETUP = """
import pandas as pd
df = pd.DataFrame({"q": range(4), "s": list("abcd"), "a": [None] * 4, "n": [1, 2, 3, 4]}); kept = df["a"]; other = df.copy(deep=False); column = df.loc[0]
"""


@pytest.mark.parametrize("line", range(len(READS.strip().splitlines())))
def test_nothing_is_taken_too_early(line: int) -> None:
    for read in [read.strip() for read in READS.strip().splitlines()[line].split(";")]:
        for some in (STORES, STORES.replace('"n"', '"a"'), "\n".join(STORES.splitlines()[:2])):
            source = f"{SETUP}{some}\nx = {read}\ndf.at[0, 'a'] = ask(7); y = {read}\nout = str((x, y))"
            assert left_by(source, True) == left_by(source, False), read
