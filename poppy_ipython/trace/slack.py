"""Slack: how much longer a call could have taken without making the run longer.

                     a ████████                a, c: on the way to the end, slack 0
                             ╰▶ c ██████████
    b ████ ╌╌╌╌╌╌╌╌╌ 0.4 s                     b: its slack is what it could still have taken

Every edge passes on the time by which its cause had to have ended: the latest start of the call behind it, less what
lay between (Python that made the next call out of the last answer). Calls that nobody waited for had until the last call
of the run ended. Limits count as they were: a slot that is given back later sends somebody else later.

The walk goes over the calls from the last sent to the first: an edge's cause has ended before the call behind it is
sent, so that one is known already.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poppy_ipython.trace.edges import Edge
    from poppy_ipython.trace.trace import Call

__all__ = ["slacks"]


def slacks(calls: Iterable[Call], edges: dict[int, tuple[Edge, ...]]) -> dict[int, float]:
    """The slack of each call that was sent, by number, in seconds.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> a = CallRecord(1, "a", issued=0, ready=0, started=0, ended=4.0)
    >>> b = CallRecord(2, "b", issued=0, ready=0, started=0, ended=1.0)
    >>> c = CallRecord(3, "c", issued=0, ready=4.0, started=4.0, ended=6.0, cause=a, reason="data")
    >>> Trace.of([a, b, c]).slack
    {3: 0.0, 2: 5.0, 1: 0.0}
    """
    sent = sorted((call for call in calls if call.started is not None), key=lambda c: (c.started or 0.0, c.number))
    end = max((call.until or 0.0 for call in sent), default=0.0)
    latest = {call.number: end for call in sent}  # when each may end
    by_number = {call.number: call for call in sent}
    found = {}
    for call in reversed(sent):
        found[call.number] = max(0.0, latest[call.number] - (call.until or 0.0))
        start = latest[call.number] - call.seconds
        python = (call.started or 0.0) - _arrival(call, edges[call.number], by_number)
        for edge in edges[call.number]:
            cause = by_number.get(edge.cause)
            if cause is not None and cause.until is not None:
                between = python if edge.reason not in ("limit", "rate") else 0.0
                latest[cause.number] = min(latest[cause.number], max(start - between, cause.until))
    return found


def _arrival(call: Call, edges: tuple[Edge, ...], by_number: dict[int, Call]) -> float:
    """When the last of its causes had ended."""
    ends = [by_number[e.cause].served(call) for e in edges if e.cause in by_number and e.reason not in ("limit", "rate")]
    return max(ends, default=call.ready_at)
