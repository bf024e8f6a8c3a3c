"""Closed pieces run natively while calls are in flight: which do, which do not, and that nobody can tell."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import poppy_ipython
from poppy_ipython import unordered
from poppy_ipython.engine.machine import Machine
from poppy_ipython.engine.run import run_simulated

#: source, begun while `answer` is on its way -> pieces that run natively then
RUN = {
    "a loop over numbers": ("s = 0\nfor i in range(50):\n    if i % 3: s += i * i\n", 1),
    "nested loops and a grid of one's own": (
        "n = 6\na = [[i * j for j in range(n)] for i in range(n)]\nc = [[0] * n for _ in range(n)]\n"
        "for i in range(n):\n    for j in range(n):\n        for k in range(n): c[i][j] += a[i][k] * a[k][j]\n",
        3,
    ),
    "a list that is filled": ("xs = []\nfor i in range(20): xs.append(i); xs[i] += 1\n", 1),
    "errors that are handled": ("bad = 0\nfor t in ['1', 'x']:\n    try: int(t)\n    except ValueError as e: bad += len(str(e))\n", 1),
    "a function that calls itself": ("def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\nout = fib(7)\n", 1),
    "a function with lists": (
        "import math\ndef cosine(a, b):\n    dot = sum(x * y for x, y in zip(a, b))\n    return dot / math.sqrt(sum(x * x for x in a))\n"
        "out = [cosine([1.0, 2.0], v) for v in ([1.0, 0.5], [0.5, 1.0])]\n",
        1,
    ),
    "generators": ("def odd(n):\n    for i in range(n):\n        if i % 2: yield i\ns = 0\nfor x in odd(9): s += x\n", 1),
    "json and regular expressions": (
        "import json, re\nout = []\nfor i in range(3):\n    r = json.loads(json.dumps({'k': [i]}))\n    r['k'].append(re.sub('a', 'b', 'aa'))\n    out.append(r)\n",
        1,
    ),
    "in a function": ("def f(n):\n    s, i = 0, 0\n    while i < n:\n        i += 1\n        s += i\n    return s, i, ask(i)\nout = f(9)\n", 1),
}
STAY = {
    "an item is on its way": "xs = [1, ask(2)]\ns = ''\nfor x in xs: s += str(x)\n",
    "somebody older looks": "xs = []\nlater = ask(xs)\nfor i in range(3): xs.append(i)\n",
    "somebody older writes": "m = []\ndef f(n):\n    if ask(n): m.append(n)\nf(1)\ns = 0\nfor x in m: s += x\n",
    "a class of one's own": "class L(list):\n    def __len__(self): return 7\nxs = L([1])\ns = 0\nfor i in range(2): s += len(xs)\n",
    "older than the call": "for i in range(3): old.append(i)\n",
    "it prints": "for i in range(3): print(i)\n",
    "it asks": "for i in range(3): ask(i)\n",
    "an attribute": "class A: n = 0\na = A()\nfor i in range(3): a.n += i\n",
    "a function that keeps": "kept = []\ndef f(n):\n    kept.append(n)\n    return n\nout = [f(n) for n in range(3)]\n",
    "a closure": "fs = []\nfor i in range(3): fs.append(lambda: i)\nfs.clear()\n",
}


def both(source: str, fails: bool = False, **options: Any) -> tuple[dict[str, Any], dict[str, Any], Machine, Any]:
    """Names after a plain run and after ours, with the machine."""
    source = "answer = ask(0)\n" + dedent(source) + "answer = answer + '!'\n"
    plain: dict[str, Any] = {"ask": str, "old": []}
    with pytest.raises(ValueError) if fails else nullcontext():
        exec(compile(source, "<detached>", "exec"), plain)
    machines: list[Machine] = []
    ours: dict[str, Any] = {"ask": unordered(lambda q: str(q)), "old": []}
    outcome = run_simulated(source, ours, filename="<detached>", mutate=machines.append, **options)
    return plain, ours, machines[0], outcome


def shown(names: dict[str, Any]) -> dict[str, str]:
    return {k: repr(v) for k, v in names.items() if k != "ask" and not k.startswith("__") and " at 0x" not in repr(v)}


@pytest.mark.parametrize("name", RUN)
def test_runs_natively_beside_a_call(name: str) -> None:
    source, pieces = RUN[name]
    plain, ours, machine, outcome = both(source)
    assert outcome.error is None and shown(ours) == shown(plain)
    assert machine.detached_pieces >= pieces


@pytest.mark.parametrize("name", STAY)
def test_stays_in_order(name: str) -> None:
    plain, ours, machine, outcome = both(STAY[name])
    assert outcome.error is None and shown(ours) == shown(plain)
    assert machine.detached_pieces == 0


def test_the_switches() -> None:
    source = RUN["a loop over numbers"][0]
    for options in ({"guards": False}, {"mutate": None}):
        if "mutate" in options:
            machines: list[Machine] = []

            def off(machine: Machine) -> None:
                machine.detached = False
                machines.append(machine)

            ours: dict[str, Any] = {"ask": unordered(lambda q: str(q))}
            run_simulated("answer = ask(0)\n" + source, ours, mutate=off)
            assert machines[0].detached_pieces == 0 and ours["s"]
        else:
            assert both(source, **options)[2].detached_pieces == 0


FAULTS = {
    "the call fails, so nothing behind it has happened": ("answer = fail(0)\nfor i in range(5): s = i\n", "RuntimeError", {"s", "i"}),
    "the call fails, not the loop behind it": ("answer = fail(0)\nfor i in [1, 0]: s = 1 // i\n", "RuntimeError", {"s", "i"}),
    "the loop fails in the middle": ("answer = ask(0)\nfor i in [2, 1, 0, 5]: s = 4 // i\n", "ZeroDivisionError", set()),
    "a function fails": ("answer = ask(0)\ndef f(n): return 1 // n\ns = f(0)\n", "ZeroDivisionError", set()),
    "a handler's name is gone": (
        "answer = ask(0)\ne = 5\nfor i in [0]:\n    try: 1 // i\n    except ZeroDivisionError as e: s = str(e)\nprint(e)\n", "NameError", {"e"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name: str) -> None:
    source, error, unbound = FAULTS[name]

    def fail(_: Any) -> Any:
        raise RuntimeError("no")

    plain: dict[str, Any] = {"ask": str, "fail": fail}
    with pytest.raises(Exception) as info:
        exec(compile(source, "<detached>", "exec"), plain)
    ours: dict[str, Any] = {"ask": unordered(lambda q: str(q)), "fail": unordered(fail)}
    outcome = run_simulated(source, ours, filename="<detached>")
    assert type(outcome.error).__name__ == type(info.value).__name__ == error and str(outcome.error) == str(info.value)
    assert not unbound & ours.keys()
    plain, ours = ({k: v for k, v in names.items() if k not in ("ask", "fail", "f", "__builtins__")} for names in (plain, ours))
    assert ours == plain


def test_a_cell_run_again_begins_with_its_old_names() -> None:
    source = RUN["a list that is filled"][0]
    names: dict[str, Any] = {"ask": unordered(lambda q: str(q))}
    for _ in range(2):
        machines: list[Machine] = []
        run_simulated("answer = ask(0)\n" + source, names, mutate=machines.append)
        assert machines[0].detached_pieces == 1 and names["xs"] == list(range(1, 21))


def test_names_are_bound_in_their_order() -> None:
    plain, ours, machine, _ = both("for b in range(2):\n    for a in range(2): z = a\n    y = b\n")
    assert machine.detached_pieces and [*ours][3:] == [n for n in plain if n not in ("__builtins__", "ask", "old")][1:]


def test_a_closed_function_waits_for_its_argument_and_nobody_for_it() -> None:
    source = """
        import math
        limit = 2
        def clean(text): return text.strip().upper()[:limit]
        def score(text, n):
            if n > 4: raise ValueError(n)
            return math.sqrt(sum(ord(c) for c in text)) + n
        out = []
        for k in range(5):
            text = clean(ask(k))
            out.append((text, score(text, k), score(text, k) > 7, ask(text)))
        limit = 1
    """
    plain, ours, machine, outcome = both(source)
    assert outcome.error is None and shown(ours) == shown(plain)
    assert outcome.makespan == 2 and machine.detached_pieces >= 15
    plain, ours, _, outcome = both(source.replace("range(5)", "range(7)"), fails=True)
    assert str(outcome.error) == "5" and shown(ours) == shown(plain)


FILES = {
    "[Path(f'o{q}').read_text() for q in range(3)]": ["r0", "r1", "r2"],
    "sorted(Path(f'o{q}').read_text() for q in range(3))": ["r0", "r1", "r2"],
    "[Path(f'o{q}').replace(f'p{q}').name for q in range(3)]": ["p0", "p1", "p2"],
    "[Path(f'o{q}').exists() for q in range(3)]": [True, True, True],
}


@pytest.mark.parametrize("read", FILES)
def test_what_a_piece_makes_may_have_methods_that_look_at_files(read: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"ask": unordered(lambda q: f"r{q}")}
    source = f"from pathlib import Path\nfor q in range(3): Path(f'o{{q}}').write_text(ask(q))\nout = {read}\n"
    assert poppy_ipython.run(source, names).error is None
    assert names["out"] == FILES[read]
