"""What must hold for every trace: causes come before effects, and no total claims more than another one allows."""

from __future__ import annotations

from poppy_ipython.trace import Trace

EPSILON = 1e-9


def inconsistencies(trace: Trace) -> list[str]:
    """Everything in a trace that cannot be true, in words."""
    found = []
    by_number = {call.number: call for call in trace.calls}
    for call in trace.calls:
        known = [t for t in (call.issued, call.ready, call.started, call.until) if t is not None]
        if known != sorted(known):
            found.append(f"#{call.number}: its times are out of order: {known}")
        for edge in trace.edges[call.number]:
            cause = by_number.get(edge.cause)
            if cause is None:
                found.append(f"#{call.number}: its cause #{edge.cause} is not in the trace")
            elif call.started is not None and (cause.until is None or cause.served(call) > call.started + EPSILON):
                found.append(f"#{call.number} began at {call.started}, before its cause #{edge.cause} was there, {cause.served(call)}")
            elif edge.cause == call.number:
                found.append(f"#{call.number} is its own cause")
        if len({edge.cause for edge in trace.edges[call.number]}) < len(trace.edges[call.number]):
            found.append(f"#{call.number} has two edges to one cause")
    length = trace.critical_path.length
    if length > trace.span + EPSILON:
        found.append(f"the critical path, {length}, is longer than the span, {trace.span}")
    if trace.span > trace.wall + EPSILON:
        found.append(f"the span, {trace.span}, is longer than the run, {trace.wall}")
    if trace.wall > trace.sequential + EPSILON:
        found.append(f"the run, {trace.wall}, took longer than one after the other, {trace.sequential}")
    if set(trace.slack) != {call.number for call in trace.sent} or min(trace.slack.values(), default=0.0) < 0:
        found.append(f"slack: {trace.slack}")
    return found
