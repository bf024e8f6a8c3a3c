"""Stores of answers to arrays and frames: they wait for their commits, not for their neighbours, and show nowhere too early or too late."""

from __future__ import annotations

from textwrap import dedent

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

from .overlap import ask, makespan, num


@unordered
def digest(value: object) -> str:
    """Looks at all that it is given."""
    value = getattr(value, "m", value)
    return str(value)


FRAME = """
import pandas as pd
df = pd.DataFrame({"q": range(4), "s": list("abcd")})
df["a"] = ""
"""

ONE_SECOND = {
    "rows": 'for i, row in df.iterrows(): df.at[i, "a"] = ask(row["q"])',
    "rows, by attribute": 'for i, row in df.iterrows():\n    df.loc[i, "a"] = ask((row.s, row["q"]))',
    "cells": 'for i in df.index: df.at[i, "a"] = ask(df.at[i, "q"])',
    "cells by number": 'for i in range(len(df)): df.loc[i, "a"] = ask(df.loc[i, "s"])',
    "rows kept as dicts": 'rows = []\nfor _, row in df.iterrows(): rows.append({**row, "a": ask(row["q"])})\ndf = pd.DataFrame(rows)',
    "in a function": 'def f(i): df.at[i, "a"] = ask(df.at[i, "q"])\nfor i in df.index: f(i)',
    "another type": 'df["a"] = 0.0\nfor i in df.index: df.at[i, "a"] = num(df.at[i, "q"])',
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_frames(shape: str) -> None:
    assert makespan(f"{FRAME}{ONE_SECOND[shape]}\nout = df.to_dict()") == 1


ARRAYS = {
    "elements": "m = np.zeros(4)\nfor q in range(4): m[q] = num(q)",
    "rows of an array": "m = np.zeros((4, 3))\nfor q in range(4): m[q, :] = [num(q), 1, num((q, 1))]",
    "texts": "m = np.empty(4, dtype=object)\nfor q in range(4): m[q] = ask(q)",
}


@pytest.mark.parametrize("shape", ARRAYS)
def test_arrays(shape: str) -> None:
    assert makespan(f"import numpy as np\n{ARRAYS[shape]}\nout = m.tolist()") == 1


AGREE = {
    "views of an array": """
        m = np.zeros(6); v = m[2:]; w = m.reshape(2, 3); o = [m, v]; b = memoryview(m)
        for q in range(6):
            m[q] = num(q)
            l0.append(float(v[0])); l0.append(w.tolist()[1][0])
            if flag(q): v[q % 4] = num((q, 1))
            for x in w[0]: l1.append(float(x))
            l2.append(size(o[q % 2].tolist())); l2.append(b[0]); print(m)
            w[q % 2, 1] = len(l0)
        l0.append(np.array(m).tolist()); m = v = w = b = o = None
    """,
    "errors in their place": """
        m = np.zeros(3); e = np.zeros(2, dtype=int)
        for q in range(5):
            try:
                m[q] = num(q); l0.append(num(m.sum()))
                e[q % 2] = ask(q)
            except (IndexError, ValueError) as ex: print(type(ex), ex)
        l0 += m.tolist() + e.tolist(); m = e = None
        k = np.zeros(2); k[1] = num(1); k[num(1) + 5] = 1
    """,
    "an error that ends the cell": """
        m = np.zeros(3)
        def f(q): m[q] = num(q); return q
        for q in range(6): l0.append(f(q)); print(q)
    """,
    "a call that fails in between": """
        m = np.zeros(3)
        try:
            for q in range(3): m[q] = num(q) + 1; bad(q)
        except Boom: l0 += m.tolist()
        l0 += m.tolist(); m = None
    """,
    "what is stored changes": """
        m = np.empty(4, dtype=object); n = np.zeros((2, 2))
        for q in range(4):
            x = [q]; m[q] = x; x.append(num(q)); l0.append(len(m[q]))
            y = np.array([q, num(q)]); n[q % 2] = y; y[0] = ask(q) == 0; l1.append(n.tolist())
            n[q % 2, 0] += num((q, 2)); n[:, 1] = num(q)
        l0.append(m.tolist()); m = n = x = y = None
    """,
    "arrays behind calls": """
        class O:
            def __init__(self): self.m = np.zeros(3); self.n = 0
            def put(self, q): self.m[q % 3] = num(q); self.n += 1
            def see(self): return float(self.m.sum()) + self.n
        c = O(); d = {"o": c, "m": c.m}
        for q in range(5):
            c.put(q)
            if flag(q): l0.append(c.see())
            l1.append(size([d["m"].tolist()])); l2.append(num(c.m[0]) if flag((q, 1)) else 0)
            def g(): return c.m if num(q) >= 0 else None
            l1.append(num(g().tolist()))
        c = d = None
    """,
    "rows that share their memory": """
        df = pd.DataFrame({"x": [1.0, 2.0, 3.0], "a": [0.0, 0.0, 0.0]})
        for i, row in df.iterrows():
            df.at[i, "a"] = num(row["x"])
            l0.append(float(row["a"]))
            if i < 2: df.at[i + 1, "x"] = num((i, "n"))
            l0.append(float(df.at[i, "a"]))
        l1.append(df.to_dict()); df = row = None
    """,
    "rows of copies": """
        df = pd.DataFrame({"q": range(4), "s": list("wxyz"), "a": [None] * 4})
        keep = []
        for i, row in df.iterrows():
            df.at[i, "a"] = ask(row["q"])
            l0.append(row["a"]); keep.append(row)
            if i < 3: df.at[i + 1, "s"] = ask(i)
            if flag(i): row["s"] = "changed"
            l0.append(row["s"]); l0.append(df.at[i, "s"])
            l1.append(df.loc[i, "a"]); l2.append(list(df["a"])); print(df.shape)
        l0.append([r.to_dict() for r in keep]); l1.append(df.to_dict()); df = row = keep = None
    """,
    "other types and other labels": """
        df = pd.DataFrame({"q": [3, 1, 2], "n": [0, 0, 0]}, index=["u", "v", "w"])
        v = df["n"]; t = df[["q", "n"]]
        for i in df.index:
            df.at[i, "n"] = num(df.at[i, "q"])
            l0.append(int(v.iloc[0])); l0.append(str(df.dtypes["n"]))
            try: df.at[i, "n"] = ask(i)
            except Exception as ex: print(type(ex))
            l1.append(str(df.dtypes["n"])); l1.append(str(df.n.iloc[0])); t.at[i, "n"] = num(i)
        df.at["z", "q"] = num(7); df.loc["y", "n"] = num(8); df.at["u", "new"] = ask(1)
        l2.append(str(df.to_dict())); l2.append(t.to_dict()); l2.append(len(df)); df = v = t = None; del __warningregistry__
    """,
    "labels that occur twice, masks, slices": """
        df = pd.DataFrame({"q": [1, 2, 3], "a": [0, 0, 0]}, index=[0, 0, 1])
        for i in [0, 1]:
            df.loc[i, "a"] = num(i); l0.append(df["a"].tolist())
            df.loc[df["q"] > i, "a"] = num((i, 1)); l0.append(df["a"].tolist())
            df.loc[:, "a"] = num((i, 2)); df.iloc[i, 1] = num((i, 3)); l0.append(df["a"].tolist())
        try: df.at[7, "zz"]
        except KeyError as ex: print(ex)
        df = None
    """,
    "stores under a branch, and frames that are replaced": """
        df = pd.DataFrame({"q": range(4), "a": [""] * 4})
        for i in df.index:
            if flag(i): df.at[i, "a"] = ask(i)
            l0.append(df.at[i, "a"])
            df.at[i, "q"] = num(i)
            if i == 2: df = df.copy()
            l1.append(int(df["q"].sum())); df["b"] = num(i); l2.append(int(df.at[i, "b"]))
        l1.append(df.to_dict()); df = None
    """,
    "two frames": """
        one = pd.DataFrame({"q": range(3), "a": [""] * 3}); two = one.copy(deep=False); two.columns = ["z", "q"]
        for i in one.index:
            one.at[i, "a"] = ask(i); l0.append(two.at[i, "q"]); two.at[i, "q"] = ask((i, 2)); l0.append(one.at[i, "a"])
            l1.append(ask(one.at[i, "q"]))
        l2.append(one.to_dict()); l2.append(two.to_dict()); one = two = None
    """,
}


@pytest.mark.parametrize("shape", AGREE)
def test_agrees(shape: str) -> None:
    agree("import numpy as np, pandas as pd\nl0, l1, l2 = [], [], []\n" + dedent(AGREE[shape]))


#: what may look at the elements of an array `m`, of a view `v`, of a frame `df` and of its column `c`
READS = """
    sum(m); max(v); list(m); tuple(v); set(m); sorted(m); [x for x in m]; [float(x) for x in v]; str(m); f"{v}"; repr(df); m == 1; 3.0 in m; len(df)
    m.sum(); m.tolist(); m.T.tolist(); m.flat[0]; next(iter(m)); any(v); all(m); list(enumerate(m)); list(reversed(v)); m[0]; int(m[1]); float(v[0]); round(m[0], 1)
    abs(m); min(v); bool(m[0]); (1 if m[0] else 0); memoryview(m)[0]; bytes(m); m.copy(); np.array(m); np.sum(v); m[m > 0]; m + 1; -m; m @ m; m.real; m.data[0]
    [*m]; (lambda *a: a)(*v); dict(zip("abc", m)); list(map(float, m)); json.dumps(m.tolist()); copy.copy(m); copy.deepcopy([m]); np.stack([m, m]); m.reshape(3, 1)
    holder.m[0]; holder.total(); boxed["m"][0]; getattr(holder, "m").sum(); size(m.tolist()); digest(m); digest([v]); digest(holder); m.mean(); v.max(); {**{"m": m}}["m"][0]
    df["a"].tolist(); df.a.tolist(); df.at[0, "a"]; df.loc[1, "a"]; df.iloc[0, 1]; df.iat[1, 1]; df.to_dict(); df.values.tolist(); df.head(2); list(df["a"]); df.sum(); df.T
    c.tolist(); c[0]; c.iloc[1]; c.sum(); list(c); df.loc[0].to_dict(); df.shape; df.dtypes.tolist(); [r for r in df.itertuples()]; [dict(r) for _, r in df.iterrows()]
    df.loc[df["a"] > 1, "q"].tolist(); df.index.tolist(); df.columns.tolist(); df.at[0, "q"]; df.loc[2, "q"]; df == df; df.copy(); pd.Series(m); pd.DataFrame({"z": m})
    row["a"]; {**row}; {**flatrow, "z": 1}; row["q"]; row.a; row.to_dict(); rv[0]; rv.tolist(); flat["y"].tolist(); flat.at[1, "y"]; flat.at[1, "x"]; flatrow["y"]; flatrow["x"]; flatrow.tolist()
"""

SETUP = """
import copy, json, numpy as np, pandas as pd
class Holder:
    def __init__(self, m): self.m = m
    def total(self): return sum(self.m)
    def __repr__(self): return "Holder"
m = np.zeros(3); v = m[1:]; holder = Holder(m); boxed = {"m": v}
df = pd.DataFrame({"q": [1.5, 2.5, 3.5], "a": [0, 0, 0]}); c = df["a"]; _, row = list(df.iterrows())[1]; rv = row.to_numpy(); rv.flags.writeable = True
flat = pd.DataFrame({"x": [1.0, 2.0], "y": [0.0, 0.0]}); _, flatrow = list(flat.iterrows())[1]
"""

STORES = """
for i in range(3):
    m[i] = num(i)
    df.at[i, "a"] = num((i, 1))
    rv[i % 2] = num((i, 2))
    flat.at[i % 2, "y"] = num((i, 3))
"""


@pytest.mark.parametrize("line", range(len(READS.strip().splitlines())))
def test_nothing_is_read_too_early(line: int) -> None:
    reads = [read.strip() for read in READS.strip().splitlines()[line].split(";")]
    for number, read in enumerate(reads):
        some = STORES if number % 3 else "\n".join(STORES.strip().splitlines()[: 2 + number % 4])
        source = f"{SETUP}{some}\nx = {read}\nm[0] = num(9); df.at[0, 'a'] = num(8); y = {read}\nout = str((x, y))"
        assert left_by(source, True) == left_by(source, False), read


def left_by(source: str, overlapped: bool) -> str:
    names = {"ask": ask, "num": num, "digest": digest, "size": len, "__name__": "__main__"}
    if overlapped:
        outcome = run_simulated(source, names, filename="<reads>")
        assert outcome.error is None, outcome.error
    else:
        exec(source, names)
    return str(names["out"])
