"""Where the time between calls went: spans of units, waiting by its reason.

    summarise 1   |  search ████  ask ██████   |          a unit: one invocation of a function of the cell
    summarise 2   |  search ███ ╌╌ ask ███     |          from its first call's issue to its last call's end

A *unit* here is what a reader calls one: an invocation of a function around calls. What it did before its first call and
after its last one made no event, so it is not in the span.

*Waiting* is that of calls, one next to the other: from issued to ready for the reason of the last arrival, from ready to
sent for a place (`limit`) or the host's permission (`rate`). So it may be longer than the run.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poppy_ipython.trace.events import Reason

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call, Trace

__all__ = ["Span", "spans", "waited", "waits_of"]


@dataclass(frozen=True, slots=True)
class Span:
    """One invocation of a function, by what is known of it: its calls. Seconds since the run began."""

    name: str
    turn: int  # the how many-th invocation of a function of this name, in program order
    filename: str  # where it was called
    line: int
    path: tuple[int, ...]  # its position in program order: of its parent's with one more part
    begin: float
    end: float
    calls: tuple[int, ...]  # their numbers; those of inner invocations too

    @property
    def seconds(self) -> float:
        return self.end - self.begin


def spans(trace: Trace) -> tuple[Span, ...]:
    """The units of a run that made calls, in program order.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> stack = (("summarise", "<cell>", 7, (3,)),)
    >>> a = CallRecord(1, "search", position=(3, 1), issued=0.0, started=0.0, ended=0.5, stack=stack)
    >>> b = CallRecord(2, "ask", position=(3, 2), issued=0.5, started=0.5, ended=0.75, stack=stack)
    >>> [(span.name, span.turn, span.line, span.begin, span.end, span.calls) for span in spans(Trace.of([a, b]))]
    [('summarise', 1, 7, 0.0, 0.75, (1, 2))]
    """
    members: dict[tuple[str, str, int, tuple[int, ...]], list[Call]] = defaultdict(list)
    for call in trace.calls:
        for frame in dict.fromkeys(call.stack):
            members[frame].append(call)
    turns: dict[str, int] = defaultdict(int)
    found = []
    for (name, filename, line, path), calls in sorted(members.items(), key=lambda item: item[0][3]):
        turns[name] += 1
        begin = min(call.issued_at for call in calls)
        end = max(call.issued_at if call.until is None else call.until for call in calls)
        numbers = tuple(call.number for call in calls)
        found.append(Span(name, turns[name], filename, line, path, begin, end, numbers))
    return tuple(found)


def waits_of(trace: Trace, call: Call) -> list[tuple[Reason, float]]:
    """Why a call waited and for how long each time, the longest times only: no wait below a microsecond is one."""
    found: list[tuple[Reason, float]] = []
    ready = call.ready_at
    issued = ready - call.issued_at
    if issued > 1e-6:
        found.append((call.reason if call.reason not in ("limit", "rate") else "data", issued))
    if call.started is not None and call.started - ready > 1e-6:
        rate = any(edge.reason == "rate" for edge in trace.edges[call.number])
        found.append(("rate" if rate else "limit", call.started - ready))
    return found


def waited(trace: Trace) -> dict[Reason, float]:
    """Seconds that calls waited, by reason, the longest first.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> waited(Trace.of([CallRecord(1, "ask", issued=0.0, ready=0.5, started=0.75, ended=1.0, reason="data")]))
    {'data': 0.5, 'limit': 0.25}
    """
    total: dict[Reason, float] = defaultdict(float)
    for call in trace.calls:
        for reason, seconds in waits_of(trace, call):
            total[reason] += seconds
    return dict(sorted(total.items(), key=lambda item: -item[1]))
