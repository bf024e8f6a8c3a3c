"""Random numbers of numpy, and shuffled lists, where what is made of them is asked about: one round each, and what a plain run gives."""

from __future__ import annotations

import copy
from textwrap import dedent
from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

from .overlap import ask, makespan

ONE_SECOND = {
    "a generator": "rng = np.random.default_rng(0)\nfor q in range(4): out.append(ask((int(rng.integers(10)), rng.random(), rng.choice(list('abc')), rng.permutation(3).tolist())))\nout.append(rng.random())",
    "the shared one": "np.random.seed(0)\nfor q in range(4): out.append(ask((np.random.rand(), int(np.random.randint(9)), np.random.choice(['a', 'b']))))\nout.append(np.random.rand())",
    "an old one": "rs = np.random.RandomState(3)\nfor q in range(4): out.append(ask(int(rs.randint(0, 5))))\nout.append(rs.rand())",
    "a branch on it": "rng = np.random.default_rng(0)\nfor q in range(6):\n    if rng.random() < 0.5: out.append(ask(q))\n    elif rng.integers(2) == 1: out.append(q)\nout.append(rng.random())",
    "made while others are asked": "for q in range(4):\n    rng = np.random.default_rng(q); r = random.Random(q); s = np.random.RandomState(q)\n    out.append(ask((int(rng.integers(99)), r.random(), s.rand())))",
    "rows of an array": "a = np.arange(12).reshape(4, 3); rng = np.random.default_rng(0)\nfor row in a: out.append(ask(int(rng.choice(row))))\nout.append(rng.random())",
    "shuffled options": "random.seed(1); rng = np.random.default_rng(0)\nfor q in range(4):\n    o = list('abcd'); random.shuffle(o); rng.shuffle(o); np.random.shuffle(o); out.append(ask((q, o)))\nout.append(rng.random())",
    "shuffled answers": "random.seed(1); a = [ask(q) for q in range(5)]\nrandom.shuffle(a); out = a + [random.random()]",
    "a list that stays": "random.seed(1); a = list(range(5))\nfor q in range(4): random.shuffle(a); out.append(ask(a))\nout.append(a)",
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan("import random, numpy as np\nout = []\nnp.random.seed(1)\n" + ONE_SECOND[shape]) == 1


AGREE = {
    "a call that fails leaves the generators where they were": """
        for q in range(4):
            try:
                l0.append(num(rng.random())); random.shuffle(l1); bad(q); l0.append(rng.random()); random.shuffle(l1); np.random.rand()
            except Boom:
                l0.append(rng.random()); l0.append(list(l1)); l0.append(np.random.rand())
        l0.append(num(rng.random()))
    """,
    "two generators of one state": """
        two = np.random.Generator(rng.bit_generator); old = np.random.RandomState(np.random.MT19937(3)); new = np.random.Generator(old._bit_generator)
        for q in range(4):
            l0.append(ask((rng.random(), q))); l0.append(ask((two.random(), q)))
            if flag(q): l0.append(int(two.integers(99)))
            l0.append(ask((old.rand(), new.random(), old.normal(), new.normal())))
        two = new = None; l1.append(old.rand()); old = None
    """,
    "seeded, advanced and set back in between": """
        for q in range(3):
            l0.append(ask((rng.random(), np.random.rand(), np.random.normal())))
            st = np.random.get_state(); l0.append(ask(np.random.rand())); np.random.set_state(st); np.random.seed(q + num(q))
            rng.bit_generator.advance(q); l0.append(rng.random()); s = rng.bit_generator.state; l0.append(ask(rng.random())); rng.bit_generator.state = s
            l1.append(pd.Series([1, 2, 3]).sample(2).tolist()); l1.append(np.random.rand())
        st = s = None
    """,
    "draws that fail": """
        for bad_one in ("rng.integers(0)", "rng.choice([])", "np.random.randint(3, 1)", "random.shuffle((1, 2))", "random.shuffle(l0, 1)"):
            try:
                l0.append(ask(rng.random())); eval(bad_one)
            except (ValueError, TypeError) as ex: print(type(ex), ex)
            l0.append(rng.random())
        try:
            for q in range(3):
                l0.append(ask(rng.random())); rng.integers(num(q) - 500)
        except ValueError as ex: print(ex)
    """,
    "chosen from what changes": """
        a, b = [1], [2, 3]; m = np.zeros(3)
        for q in range(5):
            x = random.choice([a, b]); x.append(ask(q)); y = np.random.choice([a[0], len(b)]); l0.append(int(y))
            m[q % 3] = num(q); l0.append(float(rng.choice(m))); random.shuffle(b); l0.append(list(map(str, b)))
            if flag(q): random.shuffle(a)
            a.append(q); l1.append(ask(a)); rng.shuffle(a); l1.append(list(map(str, a)))
            rng.shuffle(m)
        l0.append(m.tolist()); m = x = y = None
    """,
    "functions that draw, some later": """
        def f(q):
            a = num(q)
            if a % 2: return (a, rng.random(), np.random.rand())
            random.shuffle(l1); return (ask(a), int(rng.integers(9)))
        l1 += [1, 2, 3]
        l0.append([f(q) for q in range(5)])
        for q in range(5): l0.append(f(q)); l1.append(q); l0.append(list(l1)); l0.append(rng.random())
    """,
    "lists that others hold": """
        class L(list): pass
        a = [0, 1, 2]; b = {"k": a}; c = L([1, 2, 3]); d = (i for i in a)
        for q in range(4):
            b["k"].append(ask(q)); random.shuffle(a); l0.append(b["k"][0]); random.shuffle(c); l0.append(list(c))
            for x in a: l1.append(str(x)); random.shuffle(b["k"]) if x == 1 else None
            e = a[1:]; rng.shuffle(e); l1.append(list(map(str, e))); random.shuffle(a[:]); random.shuffle([])
        l1.append(list(d)); c = d = None
    """,
}


@pytest.mark.parametrize("shape", AGREE)
def test_agrees(shape: str) -> None:
    agree(
        "import random, numpy as np, pandas as pd\nl0, l1 = [], []\nrandom.seed(1); np.random.seed(1); rng = np.random.default_rng(5)\n"
        + dedent(AGREE[shape])
        + "\nprint(rng.random(), random.random(), np.random.rand(), l0, l1)"
    )


@unordered
def peek(r: Any) -> float:
    """What the next number would be."""
    return float(copy.deepcopy(r[0] if type(r) is list else r).random())


@pytest.mark.parametrize("made", ["random.Random(1)", "np.random.default_rng(1)", "np.random.RandomState(1)"])
def test_a_call_that_is_given_a_generator_finds_it_where_it_is_in_a_plain_run(made: str) -> None:
    source = f"import random, numpy as np\nr = {made}\nout = []\nfor q in range(3):\n    ask(q); out += [r.random(), peek(r), peek([r]), r.random()]\nout.append(r.random())"
    plain: dict[str, Any] = {"ask": ask, "peek": peek}
    exec(source, plain)
    names: dict[str, Any] = {"ask": ask, "peek": peek, "__name__": "__main__"}
    assert run_simulated(source, names, filename="<peek>").error is None
    assert names["out"] == plain["out"]
