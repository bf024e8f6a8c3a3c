"""Which function is called may be an answer: such calls overlap, and call what a plain run calls."""

from __future__ import annotations

from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.natives import SpecialName
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

TOOLS = """\
def fa(i, *more): return ask(('a', i))
def fb(i, *more):
    kept.append(i)
    return ask(ask(i))
tools = {0: fa, 1: fb}
kept, out = [], []
"""
#: statement -> rounds of calls for four of them at once
CALLS = {
    "out.append(tools[num(i) % 2](i))": 3,
    "out.append(str(tools[num(i) % 2](i, *[i], **{})))": 3,
}
OTHERS = [
    "t = tools[num(i) % 2]\n    out.append(t(i))",
    "t = tools.get(num(i) % 2, fa)\n    out.append(t(i, ask(i)))",
    "out.append(tools[num(i)](i))",
    "out.append(tools.get(num(i))(i))",
    "t = tools[num(i) % 2]\n    print(t.__name__, t(i))",
    "tools[num(i) % 2] = fb\n    out.append(tools[num(i) % 2](i))",
    "out.append(tools[num(i) % 2](1 // (num(i) % 3)))",
    "try: out.append(tools[num(i)](i))\n    except KeyError as e: out.append(str(e))",
]


@unordered
def ask(q: Any) -> str:
    return f"a{q}"


@unordered
def num(q: Any) -> int:
    return int(q) * 3 + 1


@pytest.mark.parametrize("call", CALLS)
def test_calls_of_what_is_looked_up_overlap(call: str) -> None:
    namespace: dict[str, Any] = {"ask": ask, "num": num, "__name__": "__main__"}
    outcome = run_simulated(f"{TOOLS}for i in range(4):\n    {call}\n", namespace, filename="<dispatch>")
    assert outcome.error is None
    assert outcome.makespan <= CALLS[call]


@pytest.mark.parametrize("call", [*CALLS, *OTHERS])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_calls_of_what_is_looked_up_are_right(call: str, seed: int) -> None:
    agree(f"{TOOLS}for i in range(4):\n    {call}\nprint(kept, out)\n", seed)


MEMBERS = """\
class T:
    n = 0
    @staticmethod
    def f0(q): return ask(q)
    @staticmethod
    def f1(q): return ask(ask(q))
class O:
    def __init__(self): self.h = []
    def f0(self, q): self.h.append(q); return ask(q)
    def f1(self, q): return ask(q)
o, out = O(), []
def one(x, q): return getattr(x, "f0")(q)
def any_of(x, q):
    name = f"f{num(q) % 2}"
    return getattr(x, name)(q)
for q in range(4):
    try: r = {call}
    except KeyError as e: r = str(e)
    out.append(r)
print(out, o.h)
"""
#: call in a ``try`` -> rounds for four of them
MEMBER_CALLS = {"one(T, q)": 1, "getattr(T, 'f0')(q)": 1, "one(o, q)": 1, "any_of(T, q)": 3, "any_of(o, q)": 2}


@pytest.mark.parametrize("call", MEMBER_CALLS)
def test_calls_of_members_overlap(call: str) -> None:
    namespace: dict[str, Any] = {"ask": ask, "num": num, "__name__": "__main__"}
    outcome = run_simulated(MEMBERS.replace("{call}", call), namespace, filename="<members>")
    assert outcome.error is None
    assert outcome.makespan == MEMBER_CALLS[call]


@pytest.mark.parametrize("call", MEMBER_CALLS)
@pytest.mark.parametrize("seed", [1, 2])
def test_calls_of_members_are_right(call: str, seed: int) -> None:
    agree(MEMBERS.replace("{call}", call), seed)


SPECIAL = """\
class O: n = 0
o = O()
def put(q):
    name = says(q)
    return getattr(o, name)("n", q)
put(5)
print(o.n)
"""


def test_a_special_name_that_an_answer_gives_is_refused_once_others_have_gone_ahead() -> None:
    says = unordered(lambda q: "__setattr__")
    outcome = run_simulated(SPECIAL, {"says": says, "__name__": "__main__"}, filename="<special>")
    assert isinstance(outcome.error, SpecialName)
    assert "line 5" in str(outcome.error) and "'__setattr__'" in str(outcome.error)
    names: dict[str, Any] = {"says": lambda q: "__setattr__", "__name__": "__main__"}
    outcome = run_simulated(SPECIAL, names, filename="<special>")
    assert outcome.error is None and names["o"].n == 5


PLAN = """\
class Task:
    def __init__(self, ident, tool, args): self.ident, self.tool, self.args, self.result = ident, tool, args, None
class Tools:
    @staticmethod
    def look(q): return ask(q)
    @staticmethod
    def join(*qs): return ask("".join(qs))
class Executor:
    def __init__(self, tools): self.tools, self.results, self.failures = tools, {}, []
    def run(self, tasks):
        for task in tasks:
            try:
                args = [self.results.get(arg, arg) for arg in task.args]
                task.result = getattr(self.tools, task.tool)(*args)
            except Exception as error:
                task.result = f"failed: {error!r}"
                self.failures.append(task.ident)
            self.results[task.ident] = task.result
        return tasks[-1].result
def plan(q):
    said = ask(q)
    return [Task("a", "look", [said]), Task("b", "look", [q]), Task("c", "nothing", []), Task("end", "join", ["a", "b", "c"])]
out = {}
for q in range(4):
    out[q] = Executor(Tools).run(plan(q))
print(out)
"""


def test_a_plan_that_a_model_has_made() -> None:
    outcome = run_simulated(PLAN, {"ask": ask, "__name__": "__main__"}, filename="<plan>")
    assert outcome.error is None
    assert outcome.makespan == 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_is_right(seed: int) -> None:
    agree(PLAN, seed)
