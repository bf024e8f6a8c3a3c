"""Statements that change an item, sort in place, or read a name that a loop has bound: nobody stands still for them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fuzz.check import agree

from .overlap import makespan

AGENT = """
from collections import Counter
class Tools:
    def __init__(self): self.used, self.hits = {}, Counter()
    def call(self, name, q):
        BODY
        return ask(q)
tools = Tools()
out = []
for k in range(5):
    for step in range(2):
        a = num((k, step))
        o = tools.call(a, k)
        if not o:
            break
    out.append(o)
out.append((tools.used, tools.hits))
"""
#: the rest of the call does not need the count: two answers a step, two steps
COUNTS = [
    "pass",
    "self.used[name] = self.used.get(name, 0) + 1",
    "self.hits[name] += 1",
    "self.hits[name] = self.hits[name] + 1",
]
#: statements behind five answers, and the rounds that they need
IN_PLACE = {
    "xs = [(num(k * 10 + i), i) for i in range(3)]\nxs.sort(reverse=True)\nout.append(ask(xs[0]))": 2,
    "xs = [(num(k), k), (num(k + 1), 0)]\nxs.sort(key=lambda p: (-p[0], p[1]))\nout.append(ask(xs[0][1]))": 2,
    "xs = [ask(k), ask(k + 1)]\nxs.sort()\nout.append(xs)": 1,
}


@pytest.mark.parametrize("body", COUNTS)
def test_counts_by_an_answer_wait_for_nobody(body: str) -> None:
    source = AGENT.replace("BODY", body)
    assert makespan(source) == 4
    agree(source + "print(out)\n")


@pytest.mark.parametrize("body", IN_PLACE)
def test_lists_of_answers_are_sorted_later(body: str) -> None:
    source = "out = []\nfor k in range(5):\n" + "".join(f"    {line}\n" for line in dedent(body).split("\n"))
    assert makespan(source) == IN_PLACE[body]
    agree(source + "print(out)\n")


def test_a_loop_over_helpers_with_a_closure_in_a_comprehension() -> None:
    """Each call of the helper is told of its own round; asking for the keys of all rounds at once needs none."""
    source = "out = [max([q, q + 1, q + 2], key=lambda p: num((p, q))) for q in range(4)]\n"
    assert makespan(source) == 1
    agree(source + "print(out)\n")


def test_an_answer_is_looked_up_where_answers_are_collected() -> None:
    agree(
        """
        seen, ids, n = set(), {}, 0
        for q in range(8):
            r = num(q)
            if r not in seen: seen.add(r)
            if r in ids: ids[r] += 1
            else: ids[r] = 1
            if r in {1, 2}: n += 1
        """,
        at_once=8,
    )

#: answers kept by an answer, and the rounds that they need: where the key is asked for in the statement, Python looks it up before it asks
GROUPED = {
    "out[num(q)].append(q)": 1,
    "out[num(q)].append(ask(q))": 2,
    "k = num(q)\n    out[k].append(ask(q))": 2,
    "k = num(q)\n    a = ask(q)\n    out[k].append(a)": 1,
    "k = num(q)\n    out[k].append(q); out[k + 1].append(k)": 1,
}


@pytest.mark.parametrize("body", GROUPED)
@pytest.mark.parametrize("start", ["defaultdict(list)", "{n: [] for n in range(9)}", "[[] for _ in range(9)]"])
def test_answers_are_grouped(start: str, body: str) -> None:
    source = f"from collections import defaultdict\nout = {start}\nfor q in range(5):\n    {body}"
    assert makespan(source) == GROUPED[body]


GROUPS = {
    "the same group by another name, and read in between": """
        from collections import defaultdict
        d = defaultdict(list); e = {0: [], 1: []}; x = e[0]; d[2] = x
        for q in range(6):
            d[num(q) % 3].append(num((q, 1)))
            k = num((q, 2)) % 2
            e[k].append(q)
            if flag(q): l0.append(len(x)); e[k] = [k]
            l1.append(len(d))
            k = 0
            e[k].extend([num(q)]); x.insert(0, q)
        print(dict(d), e, x)
    """,
    "keys that there are not": """
        e = {n: [] for n in range(40)}
        try:
            for q in range(6):
                e[num(q)].append(ask(q)); l0.append(q)
                bad(q) if flag(q) else None
        except (KeyError, Boom) as ex: print(type(ex), l0)
        print(sorted(map(str, e.values())))
        def f(q):
            k = num(q); e[k].append(k); return len(l0)
        l1 = [f(q) for q in range(5)]
    """,
    "methods of one's own": """
        class B:
            def __init__(self): self.n = 0; self.seen = []
            def __getitem__(self, k): self.n += 1; return self.seen if k % 2 else l0
            def __repr__(self): return f"B{self.n}"
        b = B(); m = [l0, [], l2]
        for q in range(6):
            b[num(q)].append(ask(q)); l1.append(b.n)
            m[num(q) % 3].append(q); l1.append(len(l0))
            m[num(q) % 3].pop()
        print(b, b.seen, m)
    """,
}


@pytest.mark.parametrize("shape", GROUPS)
def test_groups_agree(shape: str) -> None:
    agree("l0, l1, l2 = [], [], []" + dedent(GROUPS[shape]))
