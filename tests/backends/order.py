"""What the order in which waiting calls are released gains, on the simulated clock: `python -m tests.backends.order`.

Each program runs at most 16 calls of one second at once, once in program order and once so that what heads a long chain may
pass (`poppy_ipython/backends/order.py`). No order can be quicker than the longest chain, nor than all calls at full width:
`at best`. Nothing here measures time, so a busy machine changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import Outcome, run_simulated

AT_ONCE = 16


@unordered
def ask(question: object) -> str:
    return str(question)[-6:]


PROGRAMS = {
    "a chain behind a list": """
answers = [ask(n) for n in range(200)]
draft = "draft"
for n in range(10):
    draft = ask(draft)
""",
    "a chain with decisions behind a list": """
answers = [ask(n) for n in range(200)]
def refined(draft):
    for n in range(10):
        draft = ask(draft)
        if len(draft) > 100:
            break
    return draft
first, second = refined("a"), refined("b")
""",
    "equal chains of three": """
def item(n):
    draft = ask(n)
    if draft:
        draft = ask(draft + "!")
    if draft:
        draft = ask(draft + "?")
    return draft
answers = [item(n) for n in range(100)]
""",
    "every tenth item takes nine rounds": """
def checked(n):
    answer = ask(n)
    for turn in range(8):
        answer = ask(answer + "?")
        if len(answer) > 100:
            break
    return answer
answers = [checked(n) if n % 10 == 9 else ask(n) for n in range(200)]
""",
    "a list, its summaries, and one of all": """
notes = [ask(n) for n in range(100)]
groups = [ask("".join(notes[n:n + 10])) for n in range(0, 100, 10)]
report = ask("".join(groups))
others = [ask(n) for n in range(1000, 1060)]
""",
    "nothing but a list": """
answers = [ask(n) for n in range(100)]
""",
}


@dataclass(frozen=True)
class Gain:
    name: str
    calls: int
    in_program_order: float
    longest_first: float
    at_best: float


def run(name: str, passing: bool, at_once: int | None = AT_ONCE) -> Outcome:
    namespace: dict[str, Any] = {"ask": ask}
    mutate = None if passing else lambda machine: machine.dispatcher.in_program_order()
    found = run_simulated(PROGRAMS[name], namespace, max_calls=at_once, mutate=mutate, debug=False)
    if found.error is not None:
        raise found.error
    return found


def gain(name: str) -> Gain:
    free = run(name, True, None)
    calls = len(free.calls)
    best = max(free.makespan, ceil(calls / AT_ONCE))
    return Gain(name, calls, run(name, False).makespan, run(name, True).makespan, best)


def main() -> None:
    print(f"{'program':40}{'calls':>6}{'program order':>15}{'longest first':>15}{'at best':>9}")
    for name in PROGRAMS:
        one = gain(name)
        print(f"{one.name:40}{one.calls:>6}{one.in_program_order:>15.0f}{one.longest_first:>15.0f}{one.at_best:>9.0f}")


if __name__ == "__main__":
    main()
