"""How long a cell takes on the simulated clock, where each external call takes one second.

`ask` answers `r<q>`, `num` a small number. The result is compared with a plain run's.
"""

from __future__ import annotations

import linecache
from typing import Any

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated


@unordered
def ask(q: object) -> str:
    return f"r{q}"


@unordered
def num(q: object) -> int:
    return sum(map(ord, repr(q))) % 7


def makespan(source: str) -> float:
    """Seconds for `source`, which must leave the `out` that a plain run leaves."""
    name = f"<overlap {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    plain: dict[str, Any] = {"__name__": "__main__", "ask": ask, "num": num}
    exec(compile(source, name, "exec"), plain)
    names: dict[str, Any] = {"__name__": "__main__", "ask": ask, "num": num}
    outcome = run_simulated(source, names, filename=name)
    assert outcome.error is None
    assert repr(names["out"]) == repr(plain["out"])
    return outcome.makespan
