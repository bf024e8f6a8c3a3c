"""Arrays and frames whose elements are answers: stores by place and by label, views of the same memory, rows, reads in between.

`na` is an array of floats, `nv` a view of it, `no` one of objects; `fr` a frame with a column of numbers `q`, of texts `s` and of
whatever is stored in it `a`; `fl` is all floats, so that its rows may be views. `sr` is a column, `rw` a row of some frame, `gr` one that grows.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .grammar import LEAVES, NAMES, expressions, statements
from .idioms import idiom

PROLOGUE = (
    "import numpy as np, pandas as pd; na = np.zeros(5); nv = na[1:4]; no = np.empty(3, dtype=object); "
    "fr = pd.DataFrame({'q': range(4), 's': list('abcd'), 'a': [None] * 4}); fl = pd.DataFrame({'x': [1.0, 2.0, 3.0], 'y': [0.0, 0.5, 1.0]}); "
    "go.na = na; go.fr = fr; sr = fr['s']; rw = fr.iloc[0]; gr = pd.DataFrame([{'x': 1, 'l': [2]}])"
)
NAMES.update(array=("na", "nv", "go.na"), frame=("fr", "fr", "go.fr"))
LEAVES.update(array=NAMES["array"], frame=NAMES["frame"])

expressions("array", 1, "{array!}")
expressions("frame", 1, "{frame!}")
expressions("int", 0.25, "int({array!}[{int} % 3])", "int({array!}.sum()) % 99", "int(fl.at[{int} % 3, 'x']) % 99", "int({frame!}['q'].iloc[{int} % 4])", "len({array!})", "int({frame!}.at[{int} % 4, 'q'])", "size(nv.tolist())", "int(fl['y'].sum()) % 99")
expressions("str", 0.2, "str({frame!}.at[{int} % 4, 's'])[:9]", "str({frame!}.loc[{int} % 4, 'a'])[:9]", "str(no[{int} % 3])[:9]", "str({frame!}['a'].tolist())[:30]", "str({array!})[:20]", "ask({array!}.tolist())")
statements(0.5, "{array!}[{int} % 3] = num({int})", "{array!}[{int} % 3] = {int}", "no[{int} % 3] = ask({int})", "no[{int} % 3] = {list!}", "{frame!}.at[{int} % 4, 'a'] = ask({int})", "{frame!}.loc[{int} % 4, 'q'] = num({int})", "{frame!}.at[{int} % 4, 's'] = ask({int})", "fl.at[{int} % 3, 'y'] = num({int})", "nv[:] = num({int})", "{array!}[0:2] = [num({int}), {int}]", "print({array!}, {frame!}['a'].tolist())", "{frame!}['q'] = num({int})")
statements(0.2, "{array!}[{int}] = num({int})", "{array!}[num({int})] = {int}", "na[1] += num({int})", "{frame!}.at[{int}, 'a'] = ask({int})", "{frame!}.loc[{int}, 'a'] = ask({int})", "fl.loc[0, 'x'] = ask({int})", "fr.at[0, {str}] = num({int})", "na[0] = ask({int})", risky=True)
statements(0.1, "nv = na[{int} % 2:]", "fr = fr.copy()", "na = np.array([num({int}), 1.0, {int}, 2.0])", needs="top")
idiom(0.4, "for @i, @r in {frame!}.iterrows():\n    {frame!}.at[@i, 'a'] = ask((@r['q'], {int}))\n    if flag(@i): {list!}.append(size(str(@r['a'])))\n    s0 = str(@r['s'])")
idiom(0.3, "for @i in {frame!}.index:\n    fr.at[@i, 'a'] = ask(fr.at[@i, 's'])\n    i0 = int({frame!}.at[@i, 'q'])\n    if num((@i, {int})) > 60: break")
idiom(0.2, "for @i, @r in {frame!}.iterrows():\n    m0['a'].append(size(str({{**@r, 'a': ask((@i, {int}))}})))\n    {frame!}.at[@i, 'a'] = num(@i)")
idiom(0.3, "for @i, @r in fl.iterrows():\n    fl.at[@i, 'y'] = num(float(@r['x']))\n    i1 = int(@r['y'] + fl.at[@i, 'x']) % 9\n    if @i < 2: fl.at[@i + 1, 'x'] = num((@i, {int})) % 7")
idiom(0.3, "def @(q, m):\n    m[q % 3] = num(q)\n    if flag(q): return int(m[q % 2])\n    nv[1] = num((q, i2)); return int(na[q % 3])\nfor @q in range(3): i1 = i1 % 99 + @(@q, {array!})")
idiom(0.3, "for @q in range(3):\n    try:\n        {array!}[@q] = num(@q); bad((@q, {int}))\n        fr.at[@q, 'a'] = ask(@q)\n    except Boom: l0.append(int(na[@q]))\nprint(fr['a'].tolist(), na)")
# taken by place and by label, rows and columns that are kept while others are stored to
expressions("int", 0.25, "int({frame!}.iloc[{int} % 4]['q']) % 99", "int({frame!}.q.iloc[{int} % 4]) % 99", "len({frame!})", "int({frame!}.iat[{int} % 4, 0]) % 99", "int(fl.iloc[{int} % 3]['y']) % 99", "size(str({frame!}.iloc[{int} % 2 : 3].to_dict()))")
expressions("str", 0.2, "str({frame!}.loc[{int} % 4]['s'])[:9]", "str({frame!}.iloc[{int} % 4].to_dict())[:40]", "str({frame!}['q'].iloc[{int} % 4])[:9]", "ask({frame!}.loc[{int} % 4].tolist())", "str({frame!}['a'].iloc[{int} % 4])[:9]", "str(sr.iloc[{int} % 4])[:9]", "str(rw.iloc[{int} % 3])[:9]")
expressions("bool", 0.1, "{frame!}['q'].iloc[{int} % 4] > {int}", "fl.iloc[1]['x'] == {int}", "{frame!}.iloc[{int} % 4]['s'] == {str}")
statements(0.1, "sr = {frame!}['q']", "sr = {frame!}['a']", "rw = {frame!}.iloc[{int} % 4]", "rw = fl.iloc[{int} % 3].tolist() + [{int}]; rw = pd.Series(rw)", needs="top")
statements(0.1, "s0 = str({frame!}.iloc[{int}]['q'])", "s0 = str({frame!}.loc[{str}])", "rw = {frame!}.iloc[num({int})]", risky=True)
idiom(0.4, "for @i in range(len(fr)):\n    @r = fr.iloc[@i]\n    fr.loc[@i, 'a'] = ask((@r['q'], {int}))\n    if flag(@i): {list!}.append(size(str(@r.tolist())))\n    if @r['q'] > {int}: s0 = str(fr['s'][@i])")
idiom(0.3, "for @i in {frame!}.index:\n    fr.at[@i, 'a'] = ask((fr['s'][@i], fr.q.iloc[@i]))\n    i0 = int({frame!}.loc[(@i + 1) % 4]['q']) % 99\n    if num((@i, {int})) > 60: fr.at[@i, 'q'] = num(@i)")
idiom(0.3, "@c = fr['q']; @s = {frame!}['s']\nfor @i in range(3):\n    fr.at[@i, 'a'] = ask((int(@c[@i]), {int}))\n    if flag(@i): {frame!}.at[@i, {str!}] = ask(@s.iloc[@i])\n    i1 = int(@c.iloc[@i + 1]) % 99 + len(fr)")
idiom(0.4, "for @i in fr.index:\n    fr.at[@i, 'a'] = ask((@i, {int}))\n    if flag(@i): fr.at[@i, 'a'] = str(fr.at[@i, 'a']) + ask(fr.at[@i, 'q'])\n    fr.loc[@i, 'q'] = num(@i) % 5\n    {list!}.append(size(str(fr.loc[@i, 'a'])) + int(fr.at[@i, 'q']))")

# groups, and frames that grow
statements(0.1, "go.fr = pd.concat([{frame!}, pd.DataFrame([{{'q': num({int}), 's': {str}, 'a': ask({int})}}])], ignore_index=True)", "gr = pd.concat([gr, pd.DataFrame({{'x': [num({int})], 'l': [{list}]}})])", "gr = pd.concat([pd.DataFrame([{{'x': q, 'l': [ask(q)]}}]) for q in range(2)])", needs="top")
statements(0.1, "gr.iloc[0]['l'].append({int})", "gr = pd.concat([gr, {any}])", risky=True)
expressions("int", 0.1, "len(gr)", "size(gr['l'].tolist())")
idiom(0.3, "for @k, @g in {frame!}.groupby('s'):\n    {list!}.append(size(ask((@k, @g['q'].tolist()))))\n    fr.at[@g.index[0], 'a'] = ask((@k, {int}))\n    i0 = len(@g) + int(@g['q'].sum()) % 9\n    if flag(@k): break")
idiom(0.2, "for @k, @g in {frame!}.groupby(['q', 's']):\n    fr.at[@g.index[0], 'q'] = num((str(@k), {int})); s0 = str(@g.to_dict())[:60]\n    if flag(size(@g['a'].tolist())): fr.at[0, 's'] = ask({int})")
idiom(0.3, "for @q in range(3):\n    gr = pd.concat([gr, pd.DataFrame([{{'x': @q, 'l': [num((@q, {int}))]}}])], ignore_index=True)\n    if flag(@q): i1 = len(gr) + size(gr['l'].tolist()); gr.iloc[0]['l'].append(@q)")
