"""Edges: what a call waited for, and why, as a reader would put it.

    reason    between                                             in words
    data      an answer and the call that uses it                 through `summaries`
    branch    an answer and what is issued under an `if` of it    line 5 had to know the answer
    order     two effects on one resource                         both in the order of `db`
    unknown   a fence and what stands behind it                   line 7 calls `f`, which nobody declared
    commit    what has to be done first and what must follow it   line 4 had to be done first
    limit     two calls that share a slot                         16 calls at once to this host
    rate      the same, but the slot was free for a while         so many calls a minute, or a pause that the host asked for
    window    how far the run may run ahead                       too far ahead

All but two kinds were observed: the engine notes for each call the completions that it, or the code that issued it, really
waited for. Derived afterwards are

* *limit*: a call was ready and not sent; the last call to end at that host before it was sent made the room. If the room was
  there for longer than a dispatcher takes, it was not the room that was missing: *rate*.
* *inferred* ones: a container is used whole and its elements come from one place, a loop's (see `flow.py`): the engine
  noted the last element, the others were needed just as much.

An edge whose times contradict it (the cause ended after the call was ready) is left out: nothing drawn here may be untrue.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poppy_ipython.trace.events import Reason
from poppy_ipython.trace.flow import Flow

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call

__all__ = ["Edge", "Sites", "edges", "edges_into", "limits"]

_SIBLINGS = 200  # inferred edges of one call
_HELD = 1e-4  # seconds: a shorter time between ready and sent is the dispatcher's own
_FREE = 0.02  # seconds: a longer one between a place that became free and its being taken is not


@dataclass(frozen=True, slots=True)
class Edge:
    """One cause of a call. `line` is where something waited, `detail` a function or resource, `through` a variable."""

    cause: int
    reason: Reason
    line: int | None = None
    detail: str | None = None
    through: str | None = None
    inferred: bool = False

    def words(self) -> str:
        """The cause as half a sentence.

        >>> Edge(3, "data", 9, through="summaries").words(), Edge(3, "branch", 5).words()
        ('its answer came through `summaries`', 'line 5 had to know its answer')
        """
        where = f"line {self.line}" if self.line else "what follows"
        if self.reason == "data":
            if self.through:
                return f"its answer came through `{self.through}`"
            return f"{where} needed its answer" if self.line else "its answer was an argument"
        if self.reason == "branch":
            return f"{where} had to know its answer"
        if self.reason == "order":
            return f"both keep the order of `{self.detail}`" if self.detail else "both keep their order"
        if self.reason == "unknown":
            return f"{where} calls `{self.detail or 'something'}`, which nobody declared"
        if self.reason == "commit":
            return f"{where} had to wait until everything before it was done"
        if self.reason == "limit":
            return f"all places{f' at {self.detail}' if self.detail else ''} were taken until it ended"
        if self.reason == "rate":
            return f"it ended, and {self.detail or 'the host'} took no more calls for a while (a rate limit, or a pause)"
        return "the run was as far ahead as it may be" if self.reason == "window" else "it came first"


class Sites:
    """The calls of each place in each invocation, in program order: to find the siblings of a call."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._sites: dict[tuple[object, ...], list[Call]] = defaultdict(list)
        self._turns: dict[int, int] = {}
        for call in sorted(calls, key=lambda call: (call.position, call.number)):
            self.add(call)

    def add(self, call: Call) -> None:
        """One more call, or the newer state of one that is known."""
        siblings = self._sites[_site(call)]
        turn = self._turns.get(call.number)
        if turn is None:
            siblings.append(call)
            self._turns[call.number] = len(siblings)
        else:
            siblings[turn - 1] = call

    def turn(self, call: Call) -> int:
        """Which call of its place this is, from 1; 0 if it is the only one."""
        return self._turns[call.number] if len(self.siblings(call)) > 1 else 0

    def siblings(self, call: Call) -> list[Call]:
        return self._sites[_site(call)]


def _site(call: Call) -> tuple[object, ...]:
    return call.filename, call.line, call.col, call.end_line, call.end_col, call.stack[0][3] if call.stack else ()


def edges(calls: Sequence[Call], flow: Flow, sites: Sites | None = None) -> dict[int, tuple[Edge, ...]]:
    """The edges into each call, by its number: observed ones with the variables they went through, inferred ones, limits.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> one = CallRecord(1, "ask", started=0.0, ended=1.0)
    >>> two = CallRecord(2, "ask", ready=1.0, started=1.0, ended=2.0, needs=[(one, "branch", 5, None)])
    >>> edges(Trace.of([one, two]).calls, Flow())[2]
    (Edge(cause=1, reason='branch', line=5, detail=None, through=None, inferred=False),)
    """
    by_number = {call.number: call for call in calls}
    found = {call.number: edges_into(call, by_number, flow, sites) for call in calls}
    for number, edge in limits(calls).items():
        if all(edge.cause != other.cause for other in found[number]):
            found[number] = (*found[number], edge)
    return found


def edges_into(call: Call, by_number: dict[int, Call], flow: Flow, sites: Sites | None) -> tuple[Edge, ...]:
    """The edges into one call, without limits: for whoever looks while the run goes on."""
    needs = call.needs
    if call.cause is not None and all(need[0] != call.cause for need in needs):
        needs = (*needs, (call.cause, call.reason, call.reason_line, call.reason_detail))
    if not needs:
        return ()
    limit = call.ready if call.ready is not None else call.issued
    found: dict[int, Edge] = {}
    expanded: set[int] = set()  # places whose other calls have been looked at
    for number, reason, line, detail in needs:
        cause = by_number.get(number)
        if cause is None or cause is call or not _before(cause, limit):
            continue
        if reason == "order" and cause.resource != call.resource:
            reason = "commit"  # an ordered effect waits for the head, whatever is before it
        via = flow.through(cause, call) if reason in ("data", "commit", "branch") else None
        name = None if via is None else via.name
        if number not in found or found[number].reason != "data":
            found[number] = Edge(number, reason, line, detail and detail.rpartition("<locals>.")[2], name)
        if via is None or not via.whole or sites is None:
            continue
        siblings = sites.siblings(cause)
        if id(siblings) in expanded:
            continue
        expanded.add(id(siblings))
        for other in siblings[-_SIBLINGS:]:
            if _before(other, limit) and other.number not in found and other.position < call.position:
                found[other.number] = Edge(other.number, reason, line, found[number].detail, name, True)
    return tuple(found[number] for number in sorted(found))


def _before(cause: Call, limit: float | None) -> bool:
    return cause.arrival(limit) is not None


def limits(calls: Sequence[Call]) -> dict[int, Edge]:
    """For each call that was held back at a limit: the call that made room for it, by number."""
    ends: dict[str | None, list[tuple[float, int]]] = defaultdict(list)
    for call in calls:
        if call.started is not None and call.ended is not None:
            ends[call.host].append((call.ended, call.number))
    for times in ends.values():
        times.sort()
    found = {}
    for call in calls:
        if call.started is None or call.ready is None or call.started - call.ready <= _HELD:
            continue
        times = ends[call.host]
        at = bisect_right(times, (call.started, 1 << 62)) - 1
        if at >= 0 and times[at][0] >= call.ready and times[at][1] != call.number:
            reason: Reason = "limit" if call.started - times[at][0] <= _FREE else "rate"
            found[call.number] = Edge(times[at][1], reason, None, call.host)
    return found
