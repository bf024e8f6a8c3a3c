"""Ordinary cells with the libraries that everybody uses: the same as plain `exec`, and as parallel as they can be.

On the simulated clock each call takes a second, so the makespan is the longest chain of calls.
"""

from __future__ import annotations

import ast
import collections
import contextlib
import io
import itertools
import logging
import pathlib
import random
import re
import shlex

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated

bs4 = pytest.importorskip("bs4")
np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
tiktoken = pytest.importorskip("tiktoken")
tqdm = pytest.importorskip("tqdm")


@unordered
def ask(question):
    return str(question).upper() + " x"


SEEN = io.StringIO()
HANDLER = logging.StreamHandler(SEEN)
HANDLER.setFormatter(logging.Formatter("%(levelname)s %(message)s %(lineno)d %(funcName)s"))
LOG = logging.getLogger("tests.effects.overlap")
LOG.addHandler(HANDLER)
LOG.setLevel(logging.DEBUG)
LOG.propagate = False
TINY = tiktoken.Encoding(
    "tiny", pat_str=r"\w+|\W", mergeable_ranks={bytes([i]): i for i in range(256)}, special_tokens={}
)


def namespace(folder):
    LOG.handlers[:] = [HANDLER]  # (pytest adds one of its own)
    SEEN.seek(0)
    SEEN.truncate()
    random.seed(7)
    np.random.seed(7)
    folder.mkdir()
    for q in "abcdef":
        (folder / f"{q}.txt").write_text(q)
    return {
        "ask": ask, "qs": list("abcdef"), "out": [], "log": LOG, "enc": TINY, "tmp": folder,
        "df": pd.DataFrame({"text": list("abcdef"), "n": range(6)}),
        "html": "".join(f"<p id={c}>{c}</p>" for c in "abcdef"),
        "ast": ast, "bs4": bs4, "collections": collections, "itertools": itertools, "np": np, "Path": pathlib.Path, "pd": pd,
        "random": random, "re": re, "shlex": shlex, "tqdm": tqdm.tqdm, "trange": tqdm.trange,
    }  # fmt: skip


CASES = {
    "tqdm": ("for q in tqdm(qs): out.append(ask(q))", 1),
    "tqdm in a comprehension": ("out += [ask(q) for q in tqdm(qs, desc='x')]", 1),
    "tqdm in enumerate": ("for i, q in enumerate(tqdm(qs)): out.append((i, ask(q)))", 1),
    "tqdm and break": ("for q in tqdm(qs):\n out.append(ask(q))\n if q == 'c': break", 1),
    "trange": ("for i in trange(6): out.append(ask(i))", 1),
    "itertuples": ("for row in df.itertuples(): out.append(ask(row.text))", 1),
    "iterrows": ("for i, row in df.iterrows(): out.append(ask(row['text'] + row.text))", 1),
    "a column": ("for t in df['text']: out.append(ask(t))", 1),
    "a frame of answers": ("new = pd.DataFrame({'a': [ask(q) for q in qs]})\nout.append(new.a.tolist())", 1),
    "product": ("for a, b in itertools.product(qs, [1, 2]): out.append(ask(a + str(b)))", 1),
    "finditer": ("for q in qs:\n for m in re.finditer('x', ask(q)): out.append(ask(m.start()))", 2),
    "search": ("for q in qs:\n m = re.search('(x)', ask(q))\n if m: out.append(ask(m.group(1)))", 2),
    "match by index": ("for q in qs:\n m = re.search('(x)', ask(q))\n out.append(ask(m[1]))", 2),
    "read_text": ("for p in sorted(tmp.glob('*.txt')): out.append(ask(p.read_text()))", 1),
    "read, ask, write": ("for q in qs:\n (tmp / (q + '.out')).write_text(ask((tmp / (q + '.txt')).read_text()))", 1),
    "write, print": ("for q in qs:\n t = (tmp / (q + '.txt')).read_text()\n a = ask(t)\n (tmp / (q + '.out')).write_text(a)\n out.append(a)", 1),
    "a chain, then write": ("for q in qs:\n a = ask(ask(q)[:3])\n (tmp / (q + '.out')).write_text(a)", 2),
    "a write that may come": (
        "p = tmp / 'a.txt'\nfor q in qs:\n out.append(p.read_text())\n a = ask(q)\n if 'C' in a: p.write_text(a)", 6),
    "a rename that may come": (
        "p = tmp / 'a.txt'\nfor q in qs:\n out.append(p.exists())\n a = ask(q)\n if 'C' in a: p.rename(tmp / 'z')", None),
    "replace that may come": (
        "p = tmp / 'a.txt'\nfor q in qs:\n out.append(p.exists())\n a = ask(q)\n if 'C' in a: p.replace(tmp / 'z')", None),
    "log": ("for q in qs:\n log.info('asking %s', q)\n a = ask(q)\n log.warning('got %s', a)\n out.append(a)", 1),
    "a bar's own count": ("bar = tqdm(total=6)\nfor q in qs:\n ask(q)\n bar.update(1)\n out.append(bar.n)", 6),
    "numpy": ("v = np.array([len(ask(q)) for q in qs])\nout.append(float(v.mean()))", 1),
    "soup of answers": ("for q in qs:\n s = bs4.BeautifulSoup('<p>' + ask(q), 'html.parser')\n out.append(ask(s.p.get_text()))", 2),
    "soup to questions": ("for p in bs4.BeautifulSoup(html, 'html.parser').find_all('p'): out.append(ask(p['id'] + p.text))", 1),
    "tiktoken": ("for q in qs:\n n = len(enc.encode(ask(q)))\n out.append(ask(n))", 2),
    "Counter of answers": ("out.append(collections.Counter([ask(q)[-1] for q in qs]).most_common(1))", 1),
    "literal_eval": ("for q in qs:\n d = ast.literal_eval(repr({'a': ask(q)}))\n out.append(ask(d['a']))", 2),
    "shlex": ("for q in qs: out.append(ask(shlex.split(ask(q))[0]))", 2),
    "path": ("for q in qs: out.append(ask(Path(ask(q)).with_suffix('.md').name))", 2),
    "len": ("out += [len(ask(q)) for q in qs]", 1),
    "shuffle": ("xs = [1, 2, 3, 4, 5]\nout.append(ask(1))\nrandom.shuffle(xs)\nout.append(list(xs))", 1),
    "numpy random": ("out.append(ask(1))\nout.append(np.random.rand(2).tolist())\nout.append(np.random.randint(9))", 1),
}  # fmt: skip


def drawn(text):
    """A bar without its times: what it says at last."""
    return re.sub(r"\d\d:\d\d<|\d\d:\d\d|[\d.]+it/s|\?it/s|\?", "", text).split("\r")[-1]


@pytest.mark.parametrize("name", CASES)
def test_same_and_parallel(name, tmp_path):
    source, makespan = CASES[name]
    left = []
    for side in ("plain", "ours"):
        names, said = namespace(tmp_path / side), io.StringIO()
        with contextlib.redirect_stderr(said):
            if side == "plain":
                exec(compile(source, "<cell>", "exec"), names)
            else:
                outcome = run_simulated(source, names)
                assert outcome.error is None
        files = {path.name: path.read_text() for path in (tmp_path / side).iterdir()}
        left.append((names["out"], SEEN.getvalue(), files, drawn(said.getvalue())))
    assert left[0] == left[1]
    assert makespan is None or outcome.makespan == makespan


def test_a_handler_of_ones_own_may_change_anything(tmp_path):
    class Own(logging.Handler):
        def emit(self, record):
            heard.append(record.getMessage())

    heard: list[str] = []
    log = logging.getLogger("tests.effects.own")
    log.addHandler(Own())
    log.setLevel(logging.DEBUG)
    log.propagate = False
    names = namespace(tmp_path / "own") | {"log": log, "heard": heard}
    source = "for q in qs:\n a = ask(q)\n log.info('asked')\n out.append(len(heard))"
    assert run_simulated(source, names).error is None
    assert names["out"] == [1, 2, 3, 4, 5, 6]
