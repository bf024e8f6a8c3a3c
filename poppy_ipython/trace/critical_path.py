"""The critical path: the chain of calls that could not have overlapped, whatever the limits.

Every call carries one *last-arrival edge*: the call whose completion let it become ready. Following these edges
backwards gives a chain; between two of its calls there is a gap in which Python made the next call out of the last
answer.

    ask 1 ██████████                      edge: ask 2 needed ask 1's answer
                    ·· ask 2 ██████       `··` the gap: parsing the answer, building the next prompt

The path's *length* is what cannot overlap: the calls in flight plus the gaps between one call's end and the next
one's readiness. Not counted are

* time held back at a limit (ready, but not sent yet; edges with reason `limit` or `window`): a larger limit removes it,
* time before the path's first call was sent: no call of the path waited for a call then.

So the length is at most the span, and with the calls, dependences and declarations as they are no setting makes the run
shorter than that.

Which chain? The longest one. Starting from the call that *ended last* was the first idea, and with no limits and no
late start it is the same chain. But with a limit the last to end is whoever was held back longest, and in a loop that
computes a lot it is whoever was issued last: its own chain may be a single short call, and "critical path 0.4 s" would
promise what an 0.8 s chain elsewhere rules out. Among equals the one that ended last is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from poppy_ipython.trace.events import Reason
from poppy_ipython.trace.trace import Call, Trace
from poppy_ipython.trace.units import count, duration, place, shorten

__all__ = ["CriticalPath", "Step", "critical_path", "last_arrival"]

_REMOVABLE = ("limit", "window", "rate")
_SHOWN = 20  # steps at either end of a long path


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the path and what came before it."""

    call: Call
    gap: float = 0.0  # from the end of the step before until this call was ready
    held: float = 0.0  # ready, but held back at a limit; not part of the length
    reason: Reason = "start"
    line: int | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The steps, first call first.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> one = CallRecord(1, "ask", line=1, issued=0, ready=0, started=0, ended=0.5, outcome="ok")
    >>> two = CallRecord(2, "ask", line=2, issued=0, ready=0.6, started=0.6, ended=0.9, cause=one, reason="data")
    >>> print(Trace.of([one, two]).critical_path)
    critical path 0.90 s: 2 calls 0.80 s, 1 gap 0.10 s
      #1 ask (line 1)  0.50 s
      + 0.10 s  data (line 2)
      #2 ask (line 2)  0.30 s
    """

    steps: tuple[Step, ...]
    length: float
    filename: str | None = None
    titles: tuple[tuple[str, str], ...] = ()

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(step.call for step in self.steps)

    def __str__(self) -> str:
        if not self.steps:
            return "critical path: no call was sent"
        gaps = [step.gap for step in self.steps if step.gap > 0]
        head = f"critical path {duration(self.length)}: {count(len(self.steps), 'call')} "
        head += duration(self.length - sum(gaps))
        head += f", {count(len(gaps), 'gap')} {duration(sum(gaps))}" if gaps else ""
        lines = [head]
        left_out = len(self.steps) - 2 * _SHOWN
        for index, step in enumerate(self.steps):
            if left_out > 1 and _SHOWN <= index < len(self.steps) - _SHOWN:
                if index == _SHOWN:
                    lines.append(f"  … {left_out:,} more calls …")
                continue
            if step.gap > 0:
                lines.append(f"  + {duration(step.gap)}  {self._reason(step)}")
            if step.held > 0.01 * self.length:
                lines.append(f"  ({duration(step.held)} held back at a limit, not counted)")
            where = place(step.call.filename, step.call.line, self.filename, self.titles)
            name = f"#{step.call.number} {shorten(step.call.callee, 40)}" + (f" ({where})" if where else "")
            lines.append(f"  {name}  {duration(step.call.seconds)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"CriticalPath({count(len(self.steps), 'call')}, {duration(self.length)})"

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]

    def _reason(self, step: Step) -> str:
        where = place(step.call.filename, step.line or step.call.line, self.filename, self.titles)
        what = f"{step.reason} {shorten(step.detail, 40)}" if step.detail else step.reason
        return f"{what} ({where})" if where else what


def critical_path(trace: Trace) -> CriticalPath:
    """The longest chain of last-arrival edges; calls that were never sent are on no path."""
    by_number = {call.number: call for call in trace.sent}
    length: dict[int, float] = {}
    before: dict[int, Call] = {}
    for call in trace.sent:
        chain: list[Call] = []  # from this call back to one whose length is known, or to a chain's beginning
        on_chain: set[int] = set()
        at: Call | None = call
        while at is not None and at.number not in length and at.number not in on_chain:
            chain.append(at)
            on_chain.add(at.number)
            at = None if at.reason in _REMOVABLE else last_arrival(at, by_number)
        if at is not None and at.number in on_chain:
            at = None  # instants that name each other: no time passes on that edge
        for call in reversed(chain):
            length[call.number] = call.seconds
            if at is not None:
                before[call.number] = at
                length[call.number] += length[at.number] + call.ready_at - (at.until or 0.0)  # less, of a stream that goes on
            at = call
    if not length:
        return CriticalPath((), 0.0, trace.filename, trace.titles)
    end = max(length, key=lambda number: (round(length[number], 9), by_number[number].until or 0.0, -number))
    steps: list[Step] = []
    at = by_number[end]
    while at is not None:
        cause = before.get(at.number)
        gap = 0.0 if cause is None else at.ready_at - cause.served(at)
        held = max(0.0, (at.started or 0.0) - at.ready_at)
        steps.append(Step(at, gap, held, at.reason, at.reason_line, at.reason_detail))
        at = cause
    return CriticalPath(tuple(reversed(steps)), length[end], trace.filename, trace.titles)


def last_arrival(call: Call, by_number: dict[int, Call]) -> Call | None:
    """The sent call that `call` waited for, if the times bear it out: it had ended when `call` became ready."""
    cause = by_number.get(call.cause) if call.cause is not None else None
    if cause is None or cause is call or cause.until is None or call.started is None:
        return None
    return cause if cause.served(call) <= call.ready_at <= call.started else None
