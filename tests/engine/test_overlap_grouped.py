"""Groups of frames (`for k, g in df.groupby("k")`), and frames that grow by `pd.concat`: one round each, and what a plain run gives."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fuzz.check import agree

from .overlap import makespan

FRAME = 'import pandas as pd\ndf = pd.DataFrame({"q": [3, 1, 2, 1], "s": list("abab"), "a": [None] * 4})\n'

ONE_SECOND = {
    "groups": 'out = {}\nfor k, g in df.groupby("s"): out[k] = ask(g["q"].tolist())',
    "groups by several": 'out = {}\nfor k, g in df.groupby(["s", "q"]): out[k] = ask((k, g["q"].tolist()))',
    "groups by a list of one": 'out = {}\nfor (k,), g in df.groupby(["q"]): out[k] = ask(len(g))',
    "of a column": 'out = {}\nfor k, g in df.groupby("s")["q"]: out[k] = ask(g.tolist())',
    "stored in the frame": 'for i, (k, g) in enumerate(df.groupby("s")): df.at[i, "a"] = ask((k, len(g), g["q"].tolist()))\nout = df.to_dict()',
    "rows that are added": 'big = pd.DataFrame(columns=["q", "a"])\nfor q in range(4): big = pd.concat([big, pd.DataFrame([{"q": q, "a": ask(q)}])], ignore_index=True)\nout = big.to_dict()',
    "all at the end": 'parts = []\nfor q in range(4): parts.append(pd.DataFrame({"q": [q], "a": [ask(q)]}))\nout = pd.concat(parts).to_dict()',
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan(FRAME + ONE_SECOND[shape]) == 1


AGREE = {
    "groups": """
        for k, g in df.groupby("s"):
            l0.append(ask((k, g["q"].tolist(), len(g))))
            for i in g.index: df.at[i, "a"] = ask(i); l0.append(g["q"].sum())
            l0.append(g["a"].tolist()); l0.append(k)
        for (k,), g in df.groupby(["q"]): l0.append(ask((k, g["s"].tolist()))); g = None
        for k, g in df.groupby(["q", "s"]): l0.append(ask((k, g["s"].tolist())))
        for k, g in df["q"].groupby(df["s"]): l0.append(ask((k, g.tolist())))
        for k, g in df.groupby(lambda i: num(i) % 2): l0.append(ask((k, g["s"].tolist()))); df.at[g.index[0], "q"] = num(k)
        g = None
    """,
    "user keys": """
        class K:
            def __init__(self, n): self.n = n
            def __hash__(self): l0.append(self.n); return self.n
            def __eq__(self, o): l0.append("e"); return self.n == o.n
            def __lt__(self, o): l0.append("l"); return self.n < o.n
        df["k"] = [K(1), K(2), K(1), K(2)]
        for q in range(2):
            num(q)
            for k, g in df.groupby("k"): l0.append(ask((k.n, g["q"].tolist()))); l0.append(len(l0))
        del df["k"]; k = g = K = None
    """,
    "fails": """
        try:
            for k, g in df.groupby("s"):
                l0.append(ask(k)); bad(k) if k == "b" else None
        except Boom: l0.append(k)
        num(1)
        for k, g in df.groupby("zz"): pass
    """,
    "concat": """
        big = pd.DataFrame()
        for q in range(4):
            big = pd.concat([big, pd.DataFrame([{"q": q, "a": ask(q), "l": [num(q)]}])], ignore_index=True)
            if flag(q): l0.append(len(big)); big.iloc[0]["l"].append(q)
        parts = []
        for q in range(3): parts.append(pd.DataFrame({"q": [q], "a": [ask(q)]}))
        tall = pd.concat(parts); parts.append(1); l0.append(tall.to_dict()["q"]); l0.append(big.to_dict()); l0.append(tall.shape)
        for q in range(3):
            w = pd.concat((df.iloc[q:q + 1], pd.DataFrame([[num(q)]])), axis=1); df.at[q, "q"] = num(q); l0.append(w.values.tolist().__repr__())
        def rows():
            for i in range(2): l0.append(i); yield pd.DataFrame([{"q": ask(i)}])
        v = pd.concat(rows()); l0.append(v.to_dict("list"))
        big = tall = parts = w = v = None
    """,
    "concat fails": """
        for q in range(3):
            try: ask(q); x = pd.concat([df, num(q)]); l0.append(1)
            except TypeError as ex: print(ex)
            try: ask(q); x = pd.concat([])
            except ValueError as ex: print(ex)
        num(3)
        pd.concat([df, ask(1)])
    """,
}


@pytest.mark.parametrize("shape", AGREE)
def test_agrees(shape: str) -> None:
    agree(FRAME + "l0 = []\n" + dedent(AGREE[shape]) + "\nprint(l0, df.to_dict()); df = None\n")
