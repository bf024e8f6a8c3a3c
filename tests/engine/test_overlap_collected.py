"""Deques, counters and defaultdicts: what is done to them waits for nobody, and leaves what a plain run leaves."""

from __future__ import annotations

import pytest

from tests.fuzz.check import agree

from .overlap import makespan

START = "from collections import Counter, defaultdict, deque\nout = []\n"
#: program and the rounds that it needs
ROUNDS = {
    # deques
    "q = deque(range(6))\nwhile q: out.append(ask(q.popleft()))": 1,
    "q = deque(range(6))\nwhile len(q) > 1:\n    out.append(ask((q.pop(), q[0])))": 1,
    "q = deque(range(5), maxlen=3)\nfor k in range(4):\n    q.append(ask(k)); out.append(list(q))": 1,
    "q = deque()\nfor k in range(4):\n    q.appendleft(num(k)); q.extend([k, num(k + 1)]); q.rotate(1)\nout.append(q)": 1,
    "q = deque([(0, 0)])\nwhile q:\n    k, level = q.popleft()\n    out.append(ask(k))\n    if level < 2: q.extend([(k + 1, level + 1), (k + 2, level + 1)])": 1,
    "q = deque()\nfor k in range(4): q.append(ask(k))\nfor x in q: out.append(ask(x))\nfor x in reversed(q): out.append(x)": 2,
    "def f(k):\n    q = deque([k])\n    q += [num(k)]\n    while q: out.append(ask(q.popleft()))\nfor k in range(4): f(k)": 2,
    "class A:\n    def __init__(self): self.q = deque(range(4))\n    def run(self):\n        while self.q:\n            k = self.q.popleft()\n"
    "            if ask(k) == 'r1': continue\n            out.append(k)\nA().run()": 1,
    # counters
    "c = Counter()\nfor k in range(4):\n    c.update([num(k), num(k + 1)])\n    c.subtract([num(k)]); out.append(ask(k))\nout.append(c)": 1,
    "c = Counter()\nfor k in range(4): c.update(lst(k))\nout.append(c.most_common())": 1,
    "def f(k):\n    c = Counter([num((k, i)) for i in range(3)])\n    return c.most_common(1)[0][0]\nfor k in range(4): out.append(f(k))": 1,
    "class A:\n    def __init__(self): self.c = Counter()\na = A()\nfor k in range(4):\n    a.c.update({k % 2: 2, 'x': k}); a.c.subtract([num(k)]); out.append(ask(k))\nout.append(a.c)": 1,
    # defaultdicts
    "d = defaultdict(list)\nfor k in range(4):\n    d[k % 2].append(num(k)); out.append(d[k % 2])": 1,
    "d = defaultdict(int)\nfor k in range(4): d[num(k)] += 1\nout.append(d)": 1,
    "d = defaultdict(Counter)\nfor k in range(4):\n    for s in range(3): d[k][num((k, s))] += 1\nout.append(d)": 1,
    "d = defaultdict(lambda: defaultdict(list))\nfor k in range(4): d[k][k % 2].append(ask(k))\nout.append(repr({k: dict(v) for k, v in d.items()}))": 1,
    "d = defaultdict(Counter)\ndef f(k):\n    for s in range(3): d[k][num((k, s))] += 1\n    if not d[k]: return 0\n    return d[k].most_common(1)[0][0]\n"
    "for k in range(4): out.append(f((k, 0)))": 1,
    "class A:\n    def __init__(self): self.d = defaultdict(list)\n    def add(self, k):\n        self.d[k % 2].append(ask(k))\n        return len(self.d)\n"
    "a = A()\nfor k in range(4): out.append(a.add(k))\nout.append(a.d)": 1,
}  # fmt: skip
LST = "def lst(k): return [num(k), num((k, 1))]\n"

#: programs that must leave what a plain run leaves, whatever the order of completion
SAME = [
    "q = deque([3])\ntry:\n    for x in q:\n        q.append(num(x)); print(x)\nexcept RuntimeError as e: print(e)",
    "q = deque([1, 2])\ntry:\n    for x in q:\n        if flag(num(x)): q.rotate(1)\n        l0 = [x]\nexcept RuntimeError as e: print(e, q)",
    "q = deque([1, 2])\nfor x in q:\n    q[1] = num(x)\n    print(ask(x))",
    "q = deque([1, 2])\ndef f(): q.append(1); q.pop()\ntry:\n    for x in q:\n        a = ask(x); apply(f)\nexcept RuntimeError as e: print(e)",
    "q = deque(maxlen=2)\ntry:\n    for k in range(3): q.append(ask(k))\n    q.popleft(); q.popleft(); q.popleft()\nexcept IndexError as e: print(e, q)",
    "q = deque([ask(1)], 1)\ntry: q.insert(0, ask(2))\nexcept IndexError as e: print(e, q)",
    "d = defaultdict(list)\ntry:\n    for k in d or [1]: d[num(k)].append(ask(k))\n    for k in d: d[k + 1]\nexcept RuntimeError as e: print(e, d)",
    "d = defaultdict(None)\na = ask(1)\ntry: d[a]\nexcept KeyError as e: print(e)",
    "log = []\ndef f(): log.append(1); return num(len(log))\nd = defaultdict(f)\nfor k in range(3):\n    x = d[num(k)]\n    print(len(log), x)",
    "d = defaultdict(list)\na = ask(1)\nd.default_factory = dict\nd[1]['x'] = a\nd.default_factory = None\ntry: d[2]\nexcept KeyError as e: print(e, d)",
    # the read of what an unfinished function returns may store
    "d = defaultdict(list)\ndef f(k):\n    if flag(k): return d\n    return {k: []}\nfor k in range(6):\n    f(k)[k].append(num(k)); y = f(k)[k]\n    print(len(d), k in d)",
    "c = Counter()\ntry:\n    c['a'] = ask(1)\n    c.update(['b', 'a'])\nexcept TypeError as e: print(type(e), c)",
    "c = Counter()\ntry: c.update([num(1), [2], num(3)])\nexcept TypeError as e: print(e, c)",
    "c = Counter()\ntry: c.update([mk(1), num(3)])\nexcept TypeError as e: print(e, c)",
    "c = Counter({1: 2})\na = ask(1)\nc.most_common = lambda: a\nprint(c.most_common(), c[a], c)\ndel c[a], c[1]\nprint(c)",
    "class C(Counter):\n    def __missing__(self, k): log.append(k); return 5\nlog = []\nc = C()\nfor k in range(3):\n    a = num(k); c[a] += 1\n    print(len(log), c)",
]
#: statements that fail behind `a = ask(1)`, in Python's own lines
FAILING = [
    "c = Counter(); c.update([mk(1), num(2)])",
    "c = Counter(); c.subtract([num(3), mk(1)])",
    "c = Counter({1: 'a'}); c.update([num(1), 1])",
    "c = Counter(); c['x'] = ask(1); c.update(['x'])",
    "c = Counter(); c['x'] = mk(1); c.update({'x': 2})",
    "c = Counter([1]); c['a'] = 'b'; c.most_common(1)",
    "c = Counter([a, mk(1)])",
    "d = defaultdict(lambda: bad(1)); d[num(a)]",
    "d = defaultdict(list); d[mk(1)]",
    "d = defaultdict(list); d.pop(1)",
    "d = defaultdict(num(1))",
    "q = deque(); q.popleft()",
    "q = deque([1]); q[3] = a",
    "q = deque([1]); q.remove(a)",
    "q = deque([1], 1); q.insert(0, a)",
    "q = deque([a], -1)",
    "q = deque([1]); q += num(a)",
]


@pytest.mark.parametrize("statement", FAILING)
def test_what_fails_does_so_in_the_same_lines(statement: str) -> None:
    agree(START + "a = ask(1)\n" + statement)


@pytest.mark.parametrize("program", ROUNDS)
def test_rounds(program: str) -> None:
    assert makespan(LST + START + program) == ROUNDS[program]


@pytest.mark.parametrize("program", [*ROUNDS, *SAME])
def test_the_same_as_in_a_plain_run(program: str) -> None:
    agree(LST + START + program + "\nprint(out)\n")


def test_one_that_comes_from_outside() -> None:
    """A read that is deferred may store what is missing; who looks at the object later sees it."""
    agree(
        """
        from collections import defaultdict
        @unk
        def there(q): return [defaultdict(list, {1: [q]})]
        d = there(ask(1))[0]
        for k in range(4):
            a = num(k)
            d[a].append(k)
            b = d[a + 1]
            print(len(d), b)
        """
    )
