"""Greenlets that run units: which are used again. One begins as deep in Python's stack as the one that starts it."""

from __future__ import annotations

from typing import Any

from poppy_ipython import unordered
from poppy_ipython.engine.run import run_simulated
from poppy_ipython.engine.workers import LEVELS

DEEP = """
def f(n, k):
    if odd(n): k += 1
    if n: return f(n - 1, k)
    return ask(k)
out = []
for k in range(6): out.append(f(9, k))
"""


def test_a_deep_greenlet_is_not_used_again() -> None:
    made: list[int] = []
    again: list[int] = []

    def watch(machine: Any) -> None:
        worker = machine.worker

        def watched() -> Any:
            pooled = bool(machine.pool)
            found = worker()
            (again if pooled else made).append(found.level)
            return found

        machine.worker = watched

    names: dict[str, Any] = {"odd": unordered(lambda n: n % 2), "ask": unordered(lambda k: k * 2)}
    outcome = run_simulated(DEEP, names, mutate=watch)
    assert outcome.error is None and names["out"] == [10, 12, 14, 16, 18, 20]
    assert max(made) > LEVELS
    assert again and max(again) <= LEVELS
