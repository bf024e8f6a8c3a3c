"""What the Chrome trace-event format asks of a file, and what Perfetto needs to draw all of it.

After "Trace Event Format" (Catapult project): the fields of each kind of event, slices of a thread nested, flows in pairs.
Beyond that, each end of a flow lies within a slice of its thread, because Perfetto drops an arrow that is tied to nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

_META = {"process_name", "process_labels", "process_sort_index", "thread_name", "thread_sort_index"}
_TICK = 0.001  # µs: what times are rounded to


def problems(data: Any) -> list[str]:
    """Everything that is wrong with a trace file, in words."""
    try:
        data = json.loads(json.dumps(data, allow_nan=False))
    except (TypeError, ValueError) as error:
        return [f"not JSON: {error}"]
    if not isinstance(data, dict) or not isinstance(data.get("traceEvents"), list):
        return ["not an object with traceEvents"]
    found = [] if data.get("displayTimeUnit", "ms") in ("ms", "ns") else ["displayTimeUnit is neither ms nor ns"]
    slices: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    flows: dict[tuple[str, str, Any], dict[str, dict[str, Any]]] = defaultdict(dict)
    for event in data["traceEvents"]:
        kind = event.get("ph")
        wrong = [name for name, of in (("name", str), ("pid", int), ("tid", int)) if not isinstance(event.get(name), of)]
        if kind != "M" and not (isinstance(event.get("ts"), int | float) and event["ts"] >= 0):
            wrong.append("ts")
        if kind == "X" and not (isinstance(event.get("dur"), int | float) and event["dur"] >= 0):
            wrong.append("dur")
        if kind == "M" and (event.get("name") not in _META or not isinstance(event.get("args"), dict)):
            wrong.append("metadata")
        if kind in ("s", "f") and ("id" not in event or "cat" not in event or (kind == "f" and event.get("bp") != "e")):
            wrong.append("flow")
        if kind not in ("X", "M", "s", "f"):
            wrong.append("ph")
        if wrong:
            found.append(f"{wrong} in {event}")
        elif kind == "X":
            slices[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
        elif kind in ("s", "f"):
            ends = flows[event["cat"], event["name"], event["id"]]
            if kind in ends:
                found.append(f"two events {kind} of one flow: {event}")
            ends[kind] = event
    for thread, spans in slices.items():
        found += _nesting(thread, spans)
    for name, ends in flows.items():
        if ends.keys() != {"s", "f"}:
            found.append(f"flow {name} has only {sorted(ends)}")
        elif ends["s"]["ts"] > ends["f"]["ts"]:
            found.append(f"flow {name} goes back in time")
        for event in ends.values():
            spans = slices[event["pid"], event["tid"]]
            if not any(begin <= event["ts"] < end or begin == event["ts"] == end for begin, end in spans):
                found.append(f"flow {name}: no slice around {event}")
    return found


def _nesting(thread: tuple[int, int], spans: list[tuple[float, float]]) -> list[str]:
    found, stack = [], []
    for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        while stack and stack[-1] <= begin + _TICK:
            stack.pop()
        if stack and end > stack[-1] + _TICK:
            found.append(f"slices of {thread} overlap at {begin}")
        stack.append(end)
    return found
