"""Where the time of a played run goes: back from its end, every second charged to one thing.

    the last call's flight, then from its being ready to being sent (a limit), then what it waited for, and so on back

The names are a closed list, so that the same colour means the same before and after: `ask` (the flight of a callee),
`limit`, `Python` (the kernel's own work), `after the last call`. The seconds add up to the run's.
"""

from __future__ import annotations

from dataclasses import dataclass

from poppy_ipython.whatif.graph import NOBODY, Graph
from poppy_ipython.whatif.levers import names_of
from poppy_ipython.whatif.play import Played

__all__ = ["Walk", "walk"]

LIMIT, PYTHON, TAIL = "waiting for a place (limit)", "Python", "after the last call"


@dataclass(frozen=True)
class Walk:
    """The chain that made the run as long as it is: calls, first one first, and seconds by name."""

    chain: tuple[int, ...]
    where: tuple[tuple[str, float], ...]
    length: float  # of the chain without waiting for places


def walk(graph: Graph, played: Played) -> Walk:
    """Follow the last-arrival edges back.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> from poppy_ipython.whatif.graph import graph as graph_of
    >>> from poppy_ipython.whatif.play import Rules, play
    >>> made = graph_of(Trace.of([CallRecord(1, "ask", issued=1.0, ready=1.0, started=1.0, ended=3.0)], ended=3.5))
    >>> walk(made, play(made, Rules())).where
    (('ask', 2.0), ('Python', 1.0), ('after the last call', 0.5))
    """
    seconds: dict[str, float] = {}

    def charge(name: str, amount: float) -> None:
        if amount > 0:
            seconds[name] = seconds.get(name, 0.0) + amount

    real = [i for i in range(len(graph)) if not graph.gone[i]]
    charge(TAIL, played.end - max((played.ended[i] for i in real), default=0.0))
    at = max(real, key=lambda i: (played.ended[i], i), default=NOBODY)
    chain: list[int] = []
    until = played.ended[at] if at != NOBODY else 0.0
    seen: set[int] = set()
    while at != NOBODY and at not in seen:
        seen.add(at)
        chain.append(at)
        started, ready = min(played.started[at], until), min(played.ready[at], until)
        charge(_name(graph, at), until - started)
        charge(LIMIT, started - ready - graph.gap[at])
        charge(PYTHON, min(graph.gap[at], started - ready))
        cause = played.cause[at]
        until = min(played.ended[cause], ready) if cause != NOBODY else 0.0
        charge(PYTHON, ready - until)
        at = cause
    length = sum(amount for name, amount in seconds.items() if name not in (LIMIT, TAIL))
    return Walk(tuple(reversed(chain)), tuple(sorted(seconds.items(), key=lambda one: -one[1])), length)


def _name(graph: Graph, i: int) -> str:
    call = graph.calls[i]
    if not call.stack:
        return call.callee
    names = names_of(call)
    return names[2] if len(names) > 2 and "." in call.callee else names[0]
