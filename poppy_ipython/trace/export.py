"""A trace outside of this process: JSON of our own, the Chrome trace-event format, a table for pandas.

* `to_json`/`from_json`: everything, with the names of the columns, so that a reader of another version can see what it has.
  A trace of a newer version is refused in words: guessing at its meaning would draw something untrue.
* `to_chrome_trace`: opens in Perfetto and in chrome://tracing. A process per host, lanes as threads (`X` events must not
  overlap in a thread), waiting in front of a call as a slice of its own, edges as flow arrows. Microseconds, as the format
  wants it; the format's text is in "Trace Event Format" of the Catapult project.
* `to_frame`: one row per call. pandas is imported then, not before.

Arguments and results are in none of them: they are not in the trace.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from poppy_ipython.trace.events import Wait
from poppy_ipython.trace.lanes import pack
from poppy_ipython.trace.records import Folded
from poppy_ipython.trace.usage import Tokens
from poppy_ipython.trace.uses import Use

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call, Trace

__all__ = ["VERSION", "chrome_trace", "from_json", "to_frame", "to_json"]

FORMAT, VERSION = "poppy_ipython.trace", 1


def to_json(trace: Trace, indent: int | None = None) -> str:
    """The trace as JSON text."""
    from poppy_ipython.trace.trace import Call

    return json.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "started": trace.started,
            "ended": trace.ended,
            "cpu": trace.cpu,
            "max_calls": trace.max_calls,
            "filename": trace.filename,
            "at": trace.at,
            "compiling": trace.compiling,
            "python": trace.python,
            "titles": trace.titles,
            "sources": trace.sources,
            "waits": [[w.reason, w.line, w.detail, w.begin, w.end] for w in trace.waits],
            "uses": [asdict(use) for use in trace.uses],
            "folded": asdict(trace.folded),
            "columns": Call._fields,
            "calls": trace.calls,
        },
        indent=indent,
    )


def from_json(text: str | bytes) -> Trace:
    """A trace from the text that `to_json` wrote.

    >>> from_json('{"format": "poppy_ipython.trace", "version": 99}')
    Traceback (most recent call last):
    ...
    ValueError: this trace was written by a newer poppy_ipython (format 99, known here: 1); please update
    """
    from poppy_ipython.trace.trace import Call, Trace

    data = json.loads(text)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError("this is not a trace of poppy_ipython: `format` is missing")
    if data["version"] > VERSION:
        newer = f"(format {data['version']}, known here: {VERSION})"
        raise ValueError(f"this trace was written by a newer poppy_ipython {newer}; please update")
    calls = []
    for row in data["calls"]:
        values = dict(zip(data["columns"], row, strict=True))
        values["position"] = tuple(values["position"])
        values["needs"] = tuple(tuple(need) for need in values["needs"])
        values["stack"] = tuple((name, file, line, tuple(path)) for name, file, line, path in values["stack"])
        values["tries"] = tuple(tuple(attempt) for attempt in values.get("tries", ()))
        values["chunks"] = tuple(values.get("chunks", ()))
        values["choices"] = tuple(values.get("choices", ()))
        values["occupies"] = tuple(tuple(one) for one in values.get("occupies", ()))
        if values.get("tokens") is not None:
            values["tokens"] = Tokens(*values["tokens"])
        calls.append(Call(**values))
    return Trace(
        tuple(calls),
        tuple(Wait(*wait) for wait in data["waits"]),
        data["started"],
        data["ended"],
        data["cpu"],
        data["max_calls"],
        data["filename"],
        tuple((name, title) for name, title in data["titles"]),
        tuple((name, text) for name, text in data["sources"]),
        tuple(Use(**use) for use in data["uses"]),
        data.get("at"),
        data.get("compiling", 0.0),
        data.get("python", 0.0),
        Folded(**data.get("folded", {})),
    )


def chrome_trace(trace: Trace) -> dict[str, Any]:
    """The run as an object of the Chrome trace-event format; `json.dump` it into a file and open that in Perfetto.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> trace = Trace.of([CallRecord(1, "ask", line=3, issued=0.0, ready=0.0, started=0.25, ended=1.0, outcome="ok")])
    >>> [(e["name"], e["ts"], e["dur"]) for e in chrome_trace(trace)["traceEvents"] if e["ph"] == "X"]
    [('waiting: ask', 0.0, 250000.0), ('ask', 250000.0, 750000.0)]
    """
    hosts = list(dict.fromkeys(call.host or "calls" for call in trace.calls))
    events: list[dict[str, Any]] = []
    places: dict[int, tuple[int, int]] = {}
    for process, host in enumerate(hosts, 1):
        calls = sorted((c for c in trace.calls if (c.host or "calls") == host), key=lambda c: (c.issued_at, c.number))
        lanes = pack([(call.issued_at, trace.ended if call.until is None else call.until) for call in calls])
        events.append(_meta("process_name", process, 0, host))
        events += [_meta("thread_name", process, lane + 1, f"lane {lane + 1}") for lane in range(max(lanes, default=-1) + 1)]
        for call, lane in zip(calls, lanes, strict=True):
            places[call.number] = process, lane + 1
            events += _slices(trace, call, process, lane + 1)
    starts = {call.number: call.started or 0.0 for call in trace.calls}
    by_number = {call.number: call for call in trace.calls}
    for call in trace.sent:
        for edge in trace.edges[call.number]:
            cause = places.get(edge.cause)
            if cause is not None and by_number[edge.cause].until is not None:
                end = by_number[edge.cause].served(call)
                flow = {"name": edge.reason, "cat": "cause", "id": f"{edge.cause}-{call.number}"}
                events.append({**flow, "ph": "s", "ts": _within(starts[edge.cause], end), "pid": cause[0], "tid": cause[1]})
                process, thread = places[call.number]
                at = _us(max(end, call.started or 0.0))
                events.append({**flow, "ph": "f", "bp": "e", "ts": at, "pid": process, "tid": thread})
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"made by": "poppy_ipython"}}


def _slices(trace: Trace, call: Call, process: int, thread: int) -> list[dict[str, Any]]:
    begin, end = call.issued_at, trace.ended if call.until is None else call.until
    start = end if call.started is None else call.started
    common = {"ph": "X", "pid": process, "tid": thread}
    args = {
        "call": call.number,
        "place": trace.where(call.filename, call.line),
        "effect": call.effect,
        "outcome": call.outcome,
        "pieces": len(call.chunks),
        "worker": call.worker,
        "waited for": [f"#{edge.cause}: {edge.words()}" for edge in trace.edges[call.number]],
    }
    found = []
    if start > begin:
        waiting = {"name": f"waiting: {call.callee}", "cat": "waiting", "ts": _us(begin), "dur": _us(start - begin)}
        found.append({**waiting, **common, "args": args})
    if call.started is not None:
        found.append({"name": call.callee, "cat": "call", "ts": _us(start), "dur": _us(end - start), **common, "args": args})
        for number, (sent, over, why) in enumerate(call.tries, 1):
            name = f"attempt {number}" + (f": {why}" if why else "")
            stop = end if over is None else over
            found.append({"name": name, "cat": "attempt", "ts": _us(sent), "dur": _us(stop - sent), **common, "args": {}})
        if call.began is not None and call.finished is not None and not call.tries:
            for name, kind, since, until in (
                (f"to {call.worker}", "transfer", start, call.began),
                (str(call.worker), "computing", call.began, call.finished),
                (f"from {call.worker}", "transfer", call.finished, end),
            ):
                found.append({"name": name, "cat": kind, "ts": _us(since), "dur": _us(until - since), **common, "args": {}})
    return found


def _meta(kind: str, process: int, thread: int, name: str) -> dict[str, Any]:
    return {"name": kind, "ph": "M", "pid": process, "tid": thread, "args": {"name": name}}


def _within(begin: float, end: float) -> float:
    """The last moment of a slice: an arrow that leaves at its very end is tied to nothing."""
    return max(_us(begin), round(_us(begin) + _us(end - begin) - 0.001, 3))


def _us(seconds: float) -> float:
    return round(seconds * 1e6, 3)


def to_frame(trace: Trace) -> Any:
    """The calls as a `pandas.DataFrame`, one row each, times in seconds since the run began."""
    try:
        import pandas as pd
    except ImportError:
        raise ImportError("to_frame() needs pandas: pip install pandas") from None
    slack, cost = trace.slack, trace.costs.by_call
    on_path = {call.number for call in trace.critical_path.calls}
    rows = [
        {
            "call": call.callee,
            "place": trace.where(call.filename, call.line),
            "within": trace.within(call),
            "turn": trace.sites.turn(call),
            "effect": call.effect,
            "resource": call.resource,
            "host": call.host,
            "model": call.model,
            "tokens sent": None if call.tokens is None else call.tokens.sent,
            "tokens received": None if call.tokens is None else call.tokens.received,
            "cost": cost.get(call.number),
            "attempts": call.attempts,
            "pieces": len(call.chunks),
            "first piece": call.chunks[0] if call.chunks else None,
            "issued": call.issued,
            "ready": call.ready,
            "started": call.started,
            "ended": call.ended,
            "seconds": call.seconds,
            "outcome": call.outcome,
            "error": call.error,
            "waited for": call.cause,
            "reason": call.reason,
            "slack": slack.get(call.number),
            "critical": call.number in on_path,
        }
        for call in trace.calls
    ]
    index = pd.Index([call.number for call in trace.calls], name="number")
    return pd.DataFrame(rows, index=index)
