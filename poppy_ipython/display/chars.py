"""The timeline in characters: for a terminal, a log, a mail.

    129 calls · 42 s of calls in 3.1 s (13.5 at once) · critical path 2.1 s
                        0                 1 s               2 s               3 s
    ask ×40 · line 3    ▇█████████████▆▆▆▅▃▂
    search ×40 · line 4 ░░░▂▄▅▆▆▆▅▅▄▄▃▃▂▂▁
    ask · line 12                                 ▶███████▏

One row per place in the source, its height the average number in flight, or bars if the place made a single call. `░` is
waiting, `▶` begins a call of the critical path, `✗` ends a failed one. Plain characters: in a terminal `terminal.py` gives them
colours.
"""

from __future__ import annotations

import shutil

from poppy_ipython.display.axis import Axis
from poppy_ipython.display.text import summary
from poppy_ipython.trace.graph import Node, graph
from poppy_ipython.trace.load import Load
from poppy_ipython.trace.trace import Trace
from poppy_ipython.trace.units import cells, count, shorten

__all__ = ["chart", "timeline"]

_BLOCKS = "▁▂▃▄▅▆▇█"
_ROWS = 24


def timeline(trace: Trace, width: int | None = None) -> str:
    """The chart, at most `width` columns wide.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> one = CallRecord(1, "ask", line=1, issued=0.0, ready=0.0, started=0.0, ended=0.6, outcome="ok")
    >>> two = CallRecord(2, "tag", line=2, issued=0.0, ready=0.6, started=0.6, ended=1.0, outcome="ok", cause=one)
    >>> print("\\n".join(timeline(Trace.of([one, two]), 40).splitlines()[2:]))
                 0                       1 s
    ask · line 1 ▶███████████████
    tag · line 2 ░░░░░░░░░░░░░░░░▶██████████
    """
    width = shutil.get_terminal_size((100, 24)).columns if width is None else width
    return "\n".join([*summary(trace).splitlines(), *chart(trace, width)])


def chart(trace: Trace, width: int) -> list[str]:
    """The lines below the summary's; none if there is nothing to draw."""
    lines: list[str] = []
    found = graph(trace, fold=True)
    if not found.nodes or trace.wall <= 0:
        return lines
    names = [" · ".join(filter(None, (node.name.replace(" × ", " ×"), node.where))) for node in found.nodes[:_ROWS]]
    margin = min(max(map(cells, names)), max(10, width // 3))
    room = max(8, width - margin - 1)
    axis = Axis(trace.started, trace.ended, 0.0, float(room))
    lines.append(" " * (margin + 1) + _ticks(axis, room))
    for index, (name, node) in enumerate(zip(names, found.nodes, strict=False)):
        name = shorten(name, margin)
        row = _row(trace, node, axis, room, index in found.critical)
        lines.append((name + " " * (margin - cells(name)) + " " + row).rstrip())
    if len(found.nodes) > _ROWS:
        lines.append(f"… {count(len(found.nodes) - _ROWS, 'more place')} …")
    return lines


def _ticks(axis: Axis, room: int) -> str:
    row = ""
    for seconds, label in axis.ticks(max(2, room // 12)):
        at = min(round(axis.x(seconds)), room - len(label))
        if at >= len(row) + (1 if row else 0):
            row += " " * (at - len(row)) + label
    return row


def _row(trace: Trace, node: Node, axis: Axis, room: int, critical: bool) -> str:
    sent = [call for call in node.calls if call.started is not None]
    row = [" "] * room
    issued = min(call.issued_at for call in node.calls)
    first = min((call.started or 0.0 for call in sent), default=trace.ended)
    for at in range(_at(axis, issued, room), _at(axis, first, room)):
        row[at] = "░"
    if not sent:
        return "".join(row)
    steps = trace.in_flight(sent)
    peak = max(flying for _, flying in steps)
    load, length = Load(steps), (axis.end - axis.begin) / room
    for at in range(room):
        flying = load.average(axis.begin + at * length, axis.begin + (at + 1) * length)
        if flying > 1e-9:
            row[at] = _BLOCKS[min(7, int(8 * flying / peak))] if peak > 1 else "█" if flying > 0.4 else row[at]
    begin = _at(axis, first, room)
    if row[begin] == " ":
        row[begin] = "▏"
    if critical and len(sent) == 1:
        row[begin] = "▶"
    for call in sent:
        if call.outcome == "error":
            row[_at(axis, call.until or 0.0, room)] = "✗"
    return "".join(row)


def _at(axis: Axis, seconds: float, room: int) -> int:
    return min(room - 1, max(0, int(axis.x(seconds))))
