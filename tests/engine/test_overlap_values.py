"""Values that are not there yet are waited for by the operation that needs them, not by the loop around it.

`ask` gives a string, `num` a number below five, `lst` a list of three strings, `pair` a tuple, `rec` a dict; each takes one
simulated second. A program of five rounds takes 1 if its rounds overlap and 5 if the first of them stalls the loop.

    round 0   lst ━━━▶ unpack ─▶ append          what waits is one entry of the log
    round 1   lst ━━━▶ unpack ─▶ append
"""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import Outcome, run_simulated


@unordered
def ask(q: object) -> str:
    return f"a{q}"


@unordered
def num(q: object) -> int:
    return len(str(q)) * 7 % 5


@unordered
def lst(q: object) -> list[str]:
    return [f"x{q}", "b", "c"]


@unordered
def pair(q: object) -> tuple[str, int]:
    return f"p{q}", 5


@unordered
def rec(q: object) -> dict[str, int]:
    return {"k": 1, "l": 2}


EXTERNALS = {"ask": ask, "num": num, "lst": lst, "pair": pair, "rec": rec}


def both(source: str) -> tuple[dict[str, Any], dict[str, Any], Outcome]:
    """The names of the program after a plain run and after ours; that a plain run's exception is ours."""
    source = dedent(source)
    expected, actual = dict(EXTERNALS), dict(EXTERNALS)
    error: BaseException | None = None
    try:
        exec(compile(source, "<plain>", "exec"), expected)
    except Exception as raised:
        error = raised
    outcome = run_simulated(source, actual, filename="<cell>")
    assert repr(outcome.error) == repr(error)
    ours = {k: v for k, v in actual.items() if k not in ("__builtins__",)}
    theirs = {k: v for k, v in expected.items() if k not in ("__builtins__",)}
    assert ours.keys() == theirs.keys()
    return theirs, ours, outcome


def rounds(body: str, before: str = "") -> str:
    return dedent(before) + "\nout = []\nfor i in range(5):\n" + "".join(f"    {line}\n" for line in dedent(body).strip().split("\n"))


#: what a round does -> seconds that five rounds take
ROUNDS = {
    "unpack a list": ("a, b, c = lst(i)\nout.append((a, c))", 1),
    "unpack into a list of names": ("[a, b] = pair(i)\nout.append(b)", 1),
    "unpack with a star": ("a, *b = lst(i)\nout.append((a, b))", 1),
    "unpack one": ("(a,) = lst(i)[:1]\nout.append(a)", 1),
    "unpack nested": ("a, (b, c) = i, pair(i)\nout.append(b)", 1),
    "unpack into a subscript": ("d = {}\nd['a'], d['b'] = pair(i)\nout.append(d)", 1),
    "unpack and go on with a part": ("a, b = pair(i)\nout.append(ask(a))", 2),
    "unpack in a target of for": ("for a, b in [pair(i), pair(i + 1)]:\n    out.append(ask(a))", 2),
    "join": ("out.append(', '.join(lst(i)))", 1),
    "max of pendings": ("v = [num(i), num(i + 10)]\nout.append(max(v))", 1),
    "max of tuples": ("v = [(num(i), 'a'), (num(i + 10), 'b')]\nout.append(max(v))", 1),
    "min of a pending": ("out.append(min(lst(i)))", 1),
    "min with a default": ("v = [num(i), num(i + 10)]\nout.append(min(v, default=None))", 1),
    "sum": ("v = [num(i), num(i + 10)]\nout.append(sum(v) + sum(v, 1))", 1),
    "sorted": ("out.append(sorted(lst(i)))", 1),
    "sorted backwards": ("v = [num(i), num(i + 10)]\nout.append(sorted(v, reverse=True))", 1),
    "sorted set": ("out.append(ask(sorted(set(lst(i)))))", 2),
    "list and tuple": ("out.append((list(lst(i)), tuple(lst(i))))", 1),
    "dict of a pending": ("out.append(dict(rec(i), z=i))", 1),
    "any and all": ("out.append((any(lst(i)), all([num(i), num(i + 10)])))", 1),
    "len": ("out.append(len(lst(i)))", 1),
    "isinstance": ("a = ask(i)\nif isinstance(a, str) and a:\n    out.append(a)", 1),
    "type, callable, hasattr, getattr": (
        "a = ask(i)\nout.append((type(a).__name__, callable(a), hasattr(a, 'join'), getattr(a, 'nothing', 7)))", 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUNDS)
def test_rounds_overlap(name: str) -> None:
    body, seconds = ROUNDS[name]
    expected, actual, outcome = both(rounds(body))
    assert actual["out"] == expected["out"]
    assert [type(x) for x in actual["out"]] == [type(x) for x in expected["out"]]
    assert outcome.makespan == seconds


def test_unpacking_the_result_of_a_function_that_branched() -> None:
    expected, actual, outcome = both(
        rounds("a, b = solve(i)\nout.append((b, a))", "def solve(i):\n    a = ask(i)\n    if a == 'x': return None, 0.0\n    return a, 1")
    )
    assert actual["out"] == expected["out"]
    assert outcome.makespan == 1


@pytest.mark.parametrize("targets", ["a, b", "a, b, c, d", "a, b, c, d, *e", "()"])
def test_a_wrong_count_fails_at_its_place(targets: str) -> None:
    """The exception, and nothing behind it: later names, stores and calls have not happened."""
    source = f"""
        out = []
        a = 'before'
        try:
            out.append(1)
            {targets} = lst(1)
            a = 'after'
            out.append(2)
        except ValueError as e:
            out.append(str(e))
        z = a
        {targets} = lst(2)
        out.append(3)
        """
    expected, actual, _ = both(source)
    assert actual["out"] == expected["out"]
    assert actual["z"] == expected["z"] == "before"


def test_what_is_no_iterable_is_not_unpacked() -> None:
    both("a, b = num(1)")
    both("a = sorted(num(1))")
    both("a = ','.join([num(1), ask(2)])")
    both("a = max([num(1), ask(2)])")
    both("a = max([x for x in lst(1) if x == 'nothing'])")
    both("a = sum(lst(1))")


def test_items_are_those_of_the_place_in_the_program() -> None:
    """What is stored into the container behind the statement does not show."""
    expected, actual, outcome = both(
        """
        xs = lst(1)
        a, b, c = xs
        t = ','.join(xs)
        n = len(xs)
        s = sorted(xs)
        xs.append('z')
        xs[0] = 'y'
        m = max(xs)
        """
    )
    for name in ("xs", "a", "b", "c", "t", "n", "s", "m"):
        assert actual[name] == expected[name]


def test_the_same_objects_come_out() -> None:
    """Unpacking, ``max``, ``sorted`` and ``list`` give the elements themselves."""
    _, actual, outcome = both(
        """
        inner = [[1], [2]]
        def pick(q):
            r = num(q)
            if r > 100: return []
            return inner
        x, y = pick(1)
        m = max(pick(2))
        s = sorted(pick(3))
        l = list(pick(4))
        x.append(7)
        """
    )
    inner = actual["inner"]
    assert actual["x"] is inner[0] and actual["y"] is inner[1]
    assert actual["m"] is inner[1]
    assert all(a is b for a, b in zip(actual["s"], inner, strict=True))
    assert actual["l"] is not inner and actual["l"][0] is inner[0]
    assert inner == [[1, 7], [2]]


#: how code of the user's that writes gets hold of an operation on the result of a function that is waiting
WRITES = """
    log = []
    class V:
        def __init__(self, v): self.v = v
        def __add__(self, other): log.append(1); return self.v + other
        def __lt__(self, other): log.append(2); return self.v < other.v
        def __str__(self): log.append(3); return 'V'
        def __iter__(self): log.append(4); return iter([self.v, 1])
        def __len__(self): log.append(5); return 2
        def __bool__(self): log.append(6); return True
        def __getitem__(self, key): log.append(7); return key
        def __hash__(self): log.append(8); return 9
        def __eq__(self, other): log.append(9); return self is other
        @property
        def p(self): log.append(10); return 1
        def get(self, key): log.append(11); return key
    def gen(i):
        log.append(i)
        yield i
        yield 5
    def waiting(i):
        a = ask(i)
        if a == 'x': return None
        return V(i)
    def waiting_gen(i):
        a = ask(i)
        if a == 'x': return None
        return gen(i)
    """


@pytest.mark.parametrize(
    "operation",
    [
        "waiting(i) + 1", "str(waiting(i))", "f'{waiting(i)}'", "max([waiting(i), waiting(i)])", "sorted([waiting(i), waiting(i)])",
        "list(waiting(i))", "len(waiting(i))", "not waiting(i)", "waiting(i)[3]", "{waiting(i)}", "waiting(i).p", "waiting(i).get(1)",
        "any([waiting(i)])", "[x for x in waiting(i)]", "list(waiting_gen(i))", "sum(waiting_gen(i))", "set(waiting_gen(i))",
    ],
)  # fmt: skip
def test_code_of_the_users_that_writes_is_not_run_behind_younger_reads(operation: str) -> None:
    """Each operation counts in ``log``, which the same round reads."""
    expected, actual, _ = both(rounds(f"z = {operation}\nout.append(len(log))", WRITES))
    assert actual["out"] == expected["out"]
    assert actual["log"] == expected["log"]


def test_unpacking_code_of_the_users_that_writes() -> None:
    expected, actual, _ = both(rounds("a, b = waiting(i)\nout.append(len(log))\na, b = waiting_gen(i)\nout.append(len(log))", WRITES))
    assert actual["out"] == expected["out"]


def test_special_methods_that_write_nothing_cost_no_overlap() -> None:
    source = rounds(
        "z = waiting(i) + 1\nout.append(z)",
        """
        class V:
            def __init__(self, v): self.v = v
            def __add__(self, other): return self.v + other
            def __str__(self): return f'<{self.v}>'
        def waiting(i):
            a = ask(i)
            if a == 'x': return None
            return V(i)
        """,
    )
    expected, actual, outcome = both(source)
    assert actual["out"] == expected["out"]
    assert outcome.makespan == 1


def test_generators_of_functions_that_are_not_bound_yet_are_waited_for() -> None:
    """The definition is in the store buffer when the generator that it makes is unpacked."""
    expected, actual, _ = both(
        """
        log = []
        first = ask(0)
        def outer(q):
            def inner():
                log.append(q)
                yield 1
                yield 2
            return inner()
        a, b = outer(7)
        n = len(log)
        """
    )
    assert actual["n"] == expected["n"] == 1
