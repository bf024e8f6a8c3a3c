"""Why was this call not sent earlier? The chain of causes in words, and the line that would have to change.

    #9 ask (line 14) was sent at 0.70 s, because
      it waited for #4 ask (line 11), until 0.70 s: line 13 had to know its answer
      #4 waited for #3 ask (line 9), until 0.36 s: its answer came through `joined`
      #3 was sent as soon as its line was reached, at 0 s
    most of it: #4 ask (line 11) took 0.34 s; line 13 is what makes it wait

It follows the last arrival at each step: an earlier arrival would not have helped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poppy_ipython.trace.edges import Edge
from poppy_ipython.trace.units import duration, shorten

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call, Trace

__all__ = ["Link", "chain", "why_not_earlier"]

_STEPS = 12


@dataclass(frozen=True, slots=True)
class Link:
    """`call` waited for `cause`, by `edge`."""

    call: Call
    cause: Call
    edge: Edge

    @property
    def seconds(self) -> float:
        """How long the cause was in flight for that call's sake."""
        return self.cause.served(self.call) - (self.cause.started or 0.0)


def chain(trace: Trace, number: int) -> list[Link]:
    """The last arrivals, from the call backwards.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> one = CallRecord(1, "ask", line=1, started=0.0, ended=0.5)
    >>> two = CallRecord(2, "ask", line=2, ready=0.5, started=0.5, ended=0.9, cause=one, reason="branch", reason_line=2)
    >>> [(link.call.number, link.cause.number) for link in chain(Trace.of([one, two]), 2)]
    [(2, 1)]
    """
    by_number = {call.number: call for call in trace.calls}
    found: list[Link] = []
    call = by_number[number]
    seen = {number}
    while True:
        edges = [e for e in trace.edges[call.number] if e.cause in by_number and e.cause not in seen]
        if not edges:
            return found
        edge = max(edges, key=lambda e: (by_number[e.cause].served(call), not e.inferred, e.cause))
        cause = by_number[edge.cause]
        found.append(Link(call, cause, edge))
        seen.add(cause.number)
        call = cause


def why_not_earlier(trace: Trace, number: int) -> str:
    """The chain in words; see the module docstring. `KeyError` for a call that is not in the trace."""
    links = chain(trace, number)
    call = next(call for call in trace.calls if call.number == number)

    def name(call: Call) -> str:
        seen = trace.seen(call)
        where = trace.where(seen.filename, seen.line)
        return f"#{call.number} {shorten(seen.name, 40)}" + (f" ({where})" if where else "")

    if call.started is None:
        head = f"{name(call)} was never sent"
    else:
        head = f"{name(call)} was sent at {duration(call.started)}"
    if not links:
        issued = duration(call.issued_at)
        return f"{head}: it waited for no call, only for its line to be reached, at {issued}"
    lines = [head + ", because"]
    for step, link in enumerate(links[:_STEPS]):
        who = "it" if step == 0 else f"#{link.call.number}"
        until = link.cause.served(link.call)
        piece = "a piece of " if until < (link.cause.until or 0.0) else ""
        lines.append(f"  {who} waited for {piece}{name(link.cause)}, until {duration(until)}: {link.edge.words()}")
    if len(links) > _STEPS:
        lines.append(f"  … and {len(links) - _STEPS} more steps …")
    else:
        last = links[-1].cause
        lines.append(f"  #{last.number} was sent as soon as its line was reached, at {duration(last.issued_at)}")
    worst = max(links, key=lambda link: link.seconds)
    seen = trace.seen(worst.call)
    where = trace.where(seen.filename, worst.edge.line or seen.line)
    most = f"most of it: {name(worst.cause)} took {duration(worst.seconds)}"
    if worst.edge.reason == "limit":
        lines.append(f"{most}; more calls at once would help")
    elif worst.edge.reason == "rate":
        lines.append(f"{most}; a higher rate would help")
    else:
        lines.append(f"{most}; {where} makes it wait" if where else most)
    return "\n".join(lines)
