"""Runs on the simulated clock, as traces: the oracle that predictions are compared with.

How long a call takes depends on its callee, its place in program order and a seed (None: 1 s each), so that a second run, with other
factors or limits, gives every call the same draw.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from poppy_ipython.effects import readonly, sequential, unordered
from poppy_ipython.engine.run import run_simulated, trace_of
from poppy_ipython.trace import Trace


@unordered
def ask(question):
    return f"{question}!"


@unordered
def judge(answer):
    return f"{answer}?"


@readonly("db")
def load(key):
    return f"{key}."


@sequential("db")
def save(text):
    return len(text)


NAMES = {"ask": ask, "judge": judge, "load": load, "save": save}


def record(
    source: str,
    factors: Mapping[str, float] | None = None,
    limit: int | None = None,
    seed: int | None = 0,
    names: Mapping[str, Any] = NAMES,
) -> Trace:
    """Run the cell with these factors on the latencies of callees."""

    def latency(call: Any) -> float:
        if seed is None:
            return 1.0
        draw = random.Random(f"{seed} {call.record.callee} {call.record.position}").uniform(0.2, 2.0)
        return draw * (factors or {}).get(call.record.callee, 1.0)

    outcome = run_simulated(source, dict(names), latency=latency, max_calls=limit, debug=False)
    assert outcome.error is None
    return trace_of(outcome.machine, 0.0, outcome.makespan, 0.0, limit, "<cell>")


PROGRAMS = {
    "map": "out = [ask(d) for d in 'abcdefgh']",
    "chain": "x = 'a'\nfor n in range(5):\n    x = ask(x)",
    "two steps": "out = []\nfor d in 'abcdef':\n    out.append(judge(ask(d)))",
    "reduce": "out = []\nfor d in 'abcdef':\n    out.append(ask(d))\nend = judge(''.join(out))",
    "branch": "out = []\nfor d in 'abcdef':\n    a = ask(d)\n    if a:\n        out.append(judge(a))",
    "ordered": "for d in 'abcd':\n    save(ask(d))",
    "reads and writes": "for d in 'abc':\n    a = load(d)\n    save(judge(a))\nlast = load('z')",
    "helper": "def work(d):\n    first = ask(d)\n    if first:\n        return judge(first)\nout = [work(d) for d in 'abcd']\nend = ask(''.join(out))",
    "fence": "a = ask('a')\nb = judge('b')\nimport gc\ngc.isenabled()\nc = ask('c')\nd = judge('d')",
    "tree": "row = [ask(d) for d in 'abcdefgh']\nwhile len(row) > 1:\n    row = [judge(row[i] + row[i + 1]) for i in range(0, len(row), 2)]",
}
"""Small cells, one for each way to wait."""
