"""The run as a graph: calls by what they waited for, the calls of one place folded into one node.

    ask × 12 ──notes──▶ search × 12 ──facts──▶ ask × 12 ──summaries──▶ ask
      line 4              line 5                 line 6                 line 12

Folded because a loop of a thousand calls is one thought of whoever wrote it; small runs are shown call by call. Slots are
no dependence: edges with the reason `limit` are left out.

Drawn by `display/network.py`, written for graphviz by `display/dot.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poppy_ipython.trace.events import Reason
from poppy_ipython.trace.units import shorten

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call, Trace

__all__ = ["Graph", "Link", "Node", "graph"]

SMALL = 12  # calls up to which each has a node of its own


@dataclass(frozen=True, slots=True)
class Node:
    """Calls of one place, or one call."""

    calls: tuple[Call, ...]
    name: str
    where: str

    @property
    def failed(self) -> int:
        return sum(call.outcome == "error" for call in self.calls)


@dataclass(frozen=True, slots=True)
class Link:
    """Edges of one kind between two nodes, by their indices."""

    cause: int
    node: int
    reason: Reason
    times: int
    through: str | None  # the variable, if it is one


@dataclass(frozen=True)
class Graph:
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    critical: frozenset[int]  # nodes on the critical path


def graph(trace: Trace, fold: bool | None = None) -> Graph:
    """The folded graph; `fold=False` for one node per call. Nodes come in the order of their first call sent.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> one = CallRecord(1, "ask", line=1, started=0.0, ended=0.5)
    >>> two = CallRecord(2, "ask", line=2, ready=0.5, started=0.5, ended=0.9, cause=one, reason="data")
    >>> found = graph(Trace.of([one, two]))
    >>> [node.name for node in found.nodes], [(link.cause, link.node) for link in found.links]
    (['ask', 'ask'], [(0, 1)])
    """
    if fold is None:
        fold = len(trace.calls) > SMALL
    sites: dict[object, list[Call]] = {}
    for call in sorted(trace.calls, key=lambda c: (c.started is None, c.started or 0.0, c.number)):
        key = trace.seen(call) if fold else call.number
        sites.setdefault(key, []).append(call)
    nodes: list[Node] = []
    of: dict[int, int] = {}
    for index, calls in enumerate(sites.values()):
        head = trace.seen(calls[0])
        turn = trace.sites.turn(calls[0])
        name = shorten(head.name, 24) + (f" × {len(calls):,}" if len(calls) > 1 else f" {turn}" if turn and not fold else "")
        nodes.append(Node(tuple(calls), name, trace.where(head.filename, head.line)))
        of.update((call.number, index) for call in calls)
    times: Counter[tuple[int, int, Reason]] = Counter()
    names: dict[tuple[int, int, Reason], set[str | None]] = {}
    for call in trace.calls:
        for edge in trace.edges[call.number]:
            if edge.reason not in ("limit", "rate") and edge.cause in of and of[edge.cause] != of[call.number]:
                key3 = of[edge.cause], of[call.number], edge.reason
                times[key3] += 1
                names.setdefault(key3, set()).add(edge.through)
    links = [Link(a, b, reason, n, _only(names[a, b, reason])) for (a, b, reason), n in times.items()]
    path = trace.critical_path.calls
    return Graph(tuple(nodes), tuple(links), frozenset(of[call.number] for call in path) if len(path) > 1 else frozenset())


def _only(names: set[str | None]) -> str | None:
    return next(iter(names)) if len(names) == 1 else None
