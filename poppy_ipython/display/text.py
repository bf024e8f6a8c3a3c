"""The line after the cell: what the run did, in figures that were measured and in no others.

    12 calls · 6.7 s of calls in 0.94 s (7.1 at once) · critical path 0.88 s
    largest cause: unknown effect of `normalise` (line 4), 0.55 s

First line. *calls* were really sent. *6.7 s of calls* is the sum of what each took, *0.94 s* the span from the first
one sent to the last one ended, *at once* the one divided by the other, *critical path* what could not have overlapped
(`trace/critical_path.py`). No speed-up is claimed: nobody ran the cell plainly. Added only if there were any: failed
calls, calls sent again, cancelled ones (they were sent, so somebody may bill them), blocking calls that were abandoned by
name, calls never sent, and the time of the whole cell if the span is not most of it.

Second line. Below 1.5 at once it names the largest cause and its source line, from a closed list:

    no external call seen · unknown effect of `f` · ordered resource · branch on a pending value · limit
    server slower when busy · kernel busy with Python · chain of dependence

How that is decided, and in which order, is the docstring of `trace/why.py`. If none of them explains a tenth of the run
(one long call, say), there is no second line: silence is better than a guess.
"""

from __future__ import annotations

from collections import Counter

from poppy_ipython.display.effects import unknown_text
from poppy_ipython.trace.trace import Trace
from poppy_ipython.trace.units import count, duration, shorten
from poppy_ipython.trace.why import Cause, why

__all__ = ["cause_text", "first_line", "summary"]

_NAMED = 3  # abandoned calls named before "and n more"


def summary(trace: Trace) -> str:
    """One line, or two.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> print(summary(Trace.of([CallRecord(1, "ask", line=1, started=0.0, ended=0.5, outcome="cancelled")])))
    1 call · 0.50 s of calls in 0.50 s (1.0 at once) · critical path 0.50 s · 1 cancelled, may be billed
    """
    cause = why(trace)
    lines = [first_line(trace)]
    unknown = unknown_text(trace) if cause is None or cause.name == "no external call seen" else None
    if unknown is not None:
        lines.append(unknown)
    elif cause is not None:
        lines.append(cause_text(trace, cause))
    return "\n".join(lines)


def first_line(trace: Trace) -> str:
    """What was measured.

    >>> first_line(Trace.of([], ended=0.12))
    '0 calls in 0.12 s'
    """
    parts = [count(trace.count, "call")]
    if not trace.sent:
        parts[0] += f" in {duration(trace.wall)}"
    elif trace.span > 0:
        at_once = f"{trace.at_once:.1f}" if trace.at_once < 99.95 else f"{trace.at_once:,.0f}"
        parts.append(f"{duration(trace.call_seconds)} of calls in {duration(trace.span)} ({at_once} at once)")
        if trace.folded:  # its longest chain may lead through calls that are not kept
            parts.append(f"details of {len(trace.calls):,}")
        else:
            parts.append(f"critical path {duration(trace.critical_path.length)}")
    outcomes = Counter(call.outcome for call in trace.sent)
    if outcomes["error"]:
        parts.append(f"{outcomes['error']:,} failed")
    again = sum(call.attempts - 1 for call in trace.sent)
    if again:
        parts.append(f"{again:,} sent again")
    if outcomes["cancelled"]:
        parts.append(f"{outcomes['cancelled']:,} cancelled, may be billed")
    if outcomes["abandoned"]:
        parts.append(f"abandoned: {_abandoned(trace)}")
    if trace.unsent:
        parts.append(f"{len(trace.unsent):,} never sent")
    if trace.sent and trace.wall - trace.span >= max(0.05, 0.2 * trace.wall):
        parts.append(f"whole cell {duration(trace.wall)}")
    return " · ".join(parts)


def cause_text(trace: Trace, cause: Cause) -> str:
    """The second line.

    >>> cause_text(Trace(()), Cause("ordered resource", 0.4, "<cell>", 3, "db"))
    'largest cause: ordered resource db (line 3), 0.40 s'
    """
    if cause.name == "no external call seen":
        if trace.calls:
            return "no external call seen: each was given up before it was sent"
        return "no external call seen: nothing that was called is declared as one"
    detail = f"`{shorten(cause.detail, 40)}`" if cause.detail else ""
    text: str = cause.name
    if cause.name == "unknown effect":
        text += f" of {detail or 'a function'}"
    elif cause.name == "ordered resource" and cause.detail:
        text += f" {shorten(cause.detail, 40)}"
    elif cause.name == "limit":
        text += _limit(trace, cause)
    elif cause.name == "server slower when busy":
        text += _slower(trace, cause)
    where = trace.where(cause.filename, cause.line)
    if where and cause.name == "kernel busy with Python":
        where = f"before {where}" if cause.before else f"after {where}"
    return f"largest cause: {text}" + (f" ({where})" if where else "") + f", {duration(cause.seconds)}"


def _abandoned(trace: Trace) -> str:
    """`f (line 3), g (line 7) ×2 and 5 more`."""
    names: Counter[str] = Counter()
    for call in trace.sent:
        if call.outcome == "abandoned":
            where = trace.where(call.filename, call.line)
            names[shorten(call.callee, 40) + (f" ({where})" if where else "")] += 1
    shown = [name + (f" ×{times}" if times > 1 else "") for name, times in list(names.items())[:_NAMED]]
    rest = sum(list(names.values())[_NAMED:])
    return ", ".join(shown) + (f" and {rest:,} more" if rest else "")


def _limit(trace: Trace, cause: Cause) -> str:
    host = f" to {shorten(cause.detail, 40)}" if cause.detail else ""
    flying = max((n for _, n in trace.in_flight(call for call in trace.sent if call.host == cause.detail)), default=0)
    return f" of {flying:,} at once{host}" if flying == trace.max_calls else f": sends{host} were held back"


def _slower(trace: Trace, cause: Cause) -> str:
    for (callee, _), measured in trace.slowdowns.items():
        if callee == cause.detail:
            alone, busy = duration(measured.alone), duration(measured.busy)
            return f": `{shorten(callee, 40)}` took {alone} alone and {busy} with others in flight"
    return ""
