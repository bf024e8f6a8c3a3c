"""A run as a static Gantt chart: one SVG that needs no script, no kernel and no network.

    waiting ╌╌╌╌▐█████████▌ ask · line 3          one bar per call, from sent to ended
                └ outlined: on the critical path; a line leads to the call that waited for it

* Bars are packed into lanes, in program order: a call takes the first lane that is free. Room for a label beside a short
  bar is kept free as long as that costs no more than 30 lanes; then only the bars that are long enough keep theirs.
* The time between issued and sent is the thin, lighter bar in front; a call that was never sent is nothing else.
* Attempts that others followed have a colour and a stop of their own, the pauses between are thin; so have streams a colour.
* The way to a worker and back is lower than the bar between, and grey.
* Above 60 lanes, 400 calls or 40 KB the chart is folded (`folded.py`): a notebook keeps every output it has ever shown.
  Hover texts go first, because they are what costs most and what an SVG shown as an image does not have anyway.

Decided against a fixed lane per source line: a loop has one line and many calls, and how many of them overlapped is what
the chart is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from poppy_ipython.display.axis import Axis
from poppy_ipython.display.folded import folded
from poppy_ipython.display.network import network
from poppy_ipython.display.sheet import WIDTH, number, safe, sheet, width_of
from poppy_ipython.display.strips import strips
from poppy_ipython.display.text import summary
from poppy_ipython.trace.trace import Call, Trace
from poppy_ipython.trace.units import count, duration, shorten

__all__ = ["MOST_BYTES", "gantt_svg"]

MOST_BARS, MOST_LANES, MOST_BYTES = 400, 60, 40_000
_LABELLED_LANES = 30
_LEFT, _RIGHT, _TOP = 10.0, WIDTH - 10.0, 10.0
_LANE, _BAR, _LOW, _THIN = 20.0, 14.0, 8.0, 6.0
_SEEN = 0.5  # what is narrower is not drawn
_SPACE = 4.0  # between a bar and its label, and between neighbours in a lane

_ENDINGS = {
    "error": "failed",
    "cancelled": "cancelled",
    "abandoned": "abandoned",
    "unsent": "never sent",
    "running": "not ended",
    "waiting": "not ended",
}


def gantt_svg(trace: Trace, graph: bool = False, mark: str = "", most_lanes: int = MOST_LANES) -> str:
    """The chart of a run, with its graph below if that is wanted and small enough. `mark` is one more CSS class.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> svg = gantt_svg(Trace.of([CallRecord(1, "ask", line=3, started=0.0, ended=0.5, outcome="ok")]))
    >>> svg.startswith("<svg xmlns=") and "ask · line 3" in svg
    True
    """
    if not trace.calls:
        line = f'<text class="mid faint" x="{number(WIDTH / 2)}" y="28">no external call seen</text>'
        return sheet(46, [line], "No external call seen", summary(trace), mark)
    if len(trace.calls) > MOST_BARS:
        return folded(trace, graph, mark)
    axis = Axis(trace.started, trace.ended, _LEFT, _RIGHT)
    in_order = sorted(trace.calls, key=lambda call: (call.position, call.number))
    boxes = [_box(trace, call, axis) for call in in_order]
    lanes = _pack([(box.low, box.high) for box in boxes])
    if max(lanes) >= _LABELLED_LANES:
        lanes = _pack([(box.begin, box.end) for box in boxes])
        boxes = [box.without_room() for box in boxes]
    if max(lanes) >= most_lanes:
        return folded(trace, graph, mark)
    for hover in (True, False):
        svg = _drawn(trace, axis, boxes, lanes, hover, graph, mark)
        if len(svg.encode()) <= MOST_BYTES:
            return svg
    return folded(trace, graph, mark)


@dataclass(frozen=True, slots=True)
class _Box:
    """A call on the sheet: where it waits, where it runs, where its label goes; `low` to `high` is what it occupies."""

    call: Call
    begin: float  # of waiting
    start: float  # of the flight; the end, if it was never sent
    end: float
    label: str  # escaped
    short: str  # the source line alone
    label_x: float
    label_width: float
    label_in: str  # 'bar', 'right', 'left', or '' for none
    low: float
    high: float
    work: tuple[float, float]  # the flight without transfers

    def without_room(self) -> _Box:
        """The same without a label beside the bar: the whole label in it, or the source line, or none."""
        if self.label_in == "bar":
            return replace(self, low=self.begin, high=self.end)
        fits = self.call.started is not None and width_of(self.short) + _SPACE <= self.work[1] - self.work[0]
        inside = "bar" if fits and self.short else ""
        x = self.work[0] + _SPACE / 2
        return replace(self, label=safe(self.short, 40), label_x=x, label_in=inside, low=self.begin, high=self.end)


def _box(trace: Trace, call: Call, axis: Axis) -> _Box:
    begin = axis.x(call.issued_at)
    end = axis.x(trace.ended if call.until is None else call.until)
    start = end if call.started is None else axis.x(call.started)
    if call.started is not None and end - start < 2:  # an instant is still something to see
        start = min(start, axis.right - 2)
        end = start + 2
    begin = min(begin, start)
    work = _work(call, axis, start, end)
    seen = trace.seen(call)
    where = trace.where(seen.filename, seen.line)
    gap = _SPACE + (2 if call.outcome == "error" else 0)  # clear of the stop
    before = start - _SPACE if call.started is not None else end - _SPACE
    words = [word for word in (shorten(seen.name, 30), where, _ENDINGS.get(call.outcome, "")) if word]
    while words:  # as much as there is room for, the end of the words last
        label = " · ".join(safe(word, 30) for word in words)  # each by itself: a name may run from right to left
        width = width_of(" · ".join(words))
        if call.started is not None and not call.tries and width + 2 * _SPACE <= work[1] - work[0]:
            return _Box(call, begin, start, end, label, where, work[0] + _SPACE, width, "bar", begin, end, work)
        if end + gap + width <= axis.right:
            return _Box(call, begin, start, end, label, where, end + gap, width, "right", begin, end + gap + width, work)
        if axis.left <= before - width:
            return _Box(call, begin, start, end, label, where, before, width, "left", min(begin, before - width), end, work)
        del words[0]
    return _Box(call, begin, start, end, "", where, start, 0.0, "", begin, end, work)


def _work(call: Call, axis: Axis, start: float, end: float) -> tuple[float, float]:
    """Where its worker performed it; the whole bar if nobody else did, or if the ways are too short to be seen."""
    if not call.transfers or call.outcome not in ("ok", "error"):
        return start, end
    (_, there), (back, _) = call.transfers
    first, last = min(axis.x(there), end - 1), max(axis.x(back), start + 1)
    first, last = (first if first - start >= _SEEN else start), (last if end - last >= _SEEN else end)
    return first, max(last, first + 1)


def _pack(intervals: Iterable[tuple[float, float]]) -> list[int]:
    """A lane for every interval, the lowest that is free; they choose in the order in which they come.

    >>> _pack([(0, 50), (10, 30), (60, 80), (40, 70)])
    [0, 1, 0, 1]
    """
    taken: list[list[tuple[float, float]]] = []
    lanes = []
    for low, high in intervals:
        free = (all(end + _SPACE <= low or high + _SPACE <= begin for begin, end in lane) for lane in taken)
        lane = next((number for number, fits in enumerate(free) if fits), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        lanes.append(lane)
    return lanes


def _drawn(trace: Trace, axis: Axis, boxes: list[_Box], lanes: list[int], hover: bool, graph: bool, mark: str) -> str:
    bottom = _TOP + (max(lanes) + 1) * _LANE
    middles = {box.call.number: _TOP + (lane + 0.5) * _LANE for box, lane in zip(boxes, lanes, strict=True)}
    on_path = [call.number for call in trace.critical_path.calls]
    by_number = {box.call.number: box for box in boxes}
    parts = [_grid(axis, bottom)]
    marked = set(on_path) if len(on_path) < len(boxes) or len(on_path) > 1 else set()
    for box in boxes:
        parts.append(_bar(trace, box, middles[box.call.number], box.call.number in marked, hover))
    parts.extend(_link(by_number[one], middles[one], by_number[two], middles[two]) for one, two in pairwise(on_path))
    parts.extend(_label(box, middles[box.call.number]) for box in boxes if box.label_in)
    high, below = strips(trace, axis, bottom + 20)
    bottom += high
    parts += below
    parts.append(_legend(boxes, bool(marked), bottom + 32))
    title = f"Timeline of {count(len(trace.calls), 'call')}"
    height, more = network(trace, bottom + 46) if graph else (0.0, [])
    return sheet(bottom + 46 + height, [*parts, *more], title, summary(trace).replace("\n", "; "), mark)


def _grid(axis: Axis, bottom: float) -> str:
    lines, labels = [], []
    for seconds, label in axis.ticks():
        x = axis.x(seconds)
        lines.append(f"M{number(x)} {number(_TOP - 4)}V{number(bottom + 2)}")
        anchor = "faint" if x < axis.left + 12 else "end faint" if x > axis.right - 16 else "mid faint"
        labels.append(f'<text class="{anchor}" x="{number(x)}" y="{number(bottom + 14)}">{label}</text>')
    return f'<path class="grid" d="{"".join(lines)}"/>{"".join(labels)}'


def _bar(trace: Trace, box: _Box, y: float, marked: bool, hover: bool) -> str:
    parts = []
    waited = box.start if box.label_in != "left" else min(box.start, box.label_x - box.label_width - _SPACE)
    if waited - box.begin >= 0.5:  # a label that stands before the bar takes the place of the strip's end
        parts.append(_rect("wait", box.begin, y - _THIN / 2, waited - box.begin, _THIN))
    top, width = y - _BAR / 2, box.end - box.start
    if box.call.started is not None:
        gone = "gone path" if marked else "gone"
        if box.call.outcome == "cancelled":
            parts.append(_rect(gone, box.start, top, width, _BAR, 2))
        elif box.call.outcome in ("abandoned", "running", "waiting"):  # no right edge: nobody knows where it ends
            edge = f"M{number(box.end)} {number(top)}H{number(box.start)}v{number(_BAR)}H{number(box.end)}"
            parts.append(f'<path class="{gone}" d="{edge}"/>')
        else:
            failed = box.call.outcome == "error"
            kind = "fail" if failed else "stream" if box.call.chunks else "run"
            last = _tries(box, top, parts)
            first, over = max(last, box.work[0]), box.work[1]
            for begin, end in ((last, first), (over, box.end)):
                if end - begin >= _SEEN:
                    parts.append(_rect("carry", begin, y - _LOW / 2, end - begin, _LOW))
            parts.append(_rect(kind, first, top, max(1.0, over - first), _BAR, 2))
            if failed:
                parts.append(_rect("fail", box.end - 1.5, top - 2.5, 3, _BAR + 5))
        if marked and box.call.outcome in ("ok", "error"):
            parts.append(_rect("path", box.start, top, width, _BAR, 2))
    if not hover:
        return "".join(parts)
    return f"<g><title>{_hover(trace, box.call)}</title>{''.join(parts)}</g>"


def _tries(box: _Box, top: float, parts: list[str]) -> float:
    """Draws the attempts before the last one; where that begins."""
    call, at = box.call, box.start
    if not call.tries or call.seconds <= 0:
        return at
    scale = (box.end - box.start) / call.seconds
    for turn, (sent, over, _) in enumerate(call.tries):
        begin = box.start + (sent - (call.started or 0.0)) * scale
        if turn:
            parts.append(_rect("again", at, top + _BAR / 2 - 1.5, begin - at, 3))
        if over is None:
            return min(begin, box.end - 1)
        at = begin + (over - sent) * scale
        parts.append(_rect("again", begin, top, at - begin, _BAR) + _rect("again", at - 1.5, top - 2, 3, _BAR + 4))
    return min(at, box.end - 1)


def _rect(kind: str, x: float, y: float, width: float, height: float, corner: int = 0) -> str:
    corner_text = f' rx="{corner}"' if corner else ""
    size = f'width="{number(width)}" height="{number(height)}"'
    return f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" {size}{corner_text}/>'


def _link(one: _Box, one_y: float, two: _Box, two_y: float) -> str:
    """From the end of a call of the path to the start of the next one."""
    if one_y == two_y:
        steps = f"M{number(one.end)} {number(one_y)}H{number(two.start)}"
    else:
        towards = -_BAR / 2 if two_y > one_y else _BAR / 2
        x = min(two.start + 2, two.end)
        steps = f"M{number(one.end)} {number(one_y)}H{number(x)}V{number(two_y + towards)}"
    return f'<path class="path link" d="{steps}"/>'


def _label(box: _Box, y: float) -> str:
    hollow = box.call.outcome in ("cancelled", "abandoned", "running", "waiting")
    kinds = ["end"] if box.label_in == "left" else []
    kinds += ["on"] if box.label_in == "bar" and not hollow else []
    kind = f' class="{" ".join(kinds)}"' if kinds else ""
    return f'<text{kind} x="{number(box.label_x)}" y="{number(y + 4)}">{box.label}</text>'


def _legend(boxes: list[_Box], path: bool, y: float) -> str:
    """Only what occurs in this chart, in the order in which a reader meets it."""
    outcomes = {box.call.outcome for box in boxes}
    entries = []
    if any(box.start - box.begin >= 0.5 for box in boxes):
        entries.append(("wait", "waiting"))
    if any(box.call.outcome == "ok" and not box.call.chunks for box in boxes):
        entries.append(("run", "in flight"))
    if any(box.call.chunks for box in boxes):
        entries.append(("stream", "streaming"))
    if any(box.work != (box.start, box.end) for box in boxes):
        entries.append(("carry", "transfer"))
    if any(box.call.tries for box in boxes):
        entries.append(("again", "sent again"))
    if "error" in outcomes:
        entries.append(("fail", "failed"))
    if outcomes & {"cancelled", "abandoned", "running"}:
        entries.append(("gone", "cancelled, abandoned"))
    if path:
        entries.append(("path", "critical path"))
    parts, x = [], _LEFT
    for kind, text in entries:
        height = {"wait": _THIN, "carry": _LOW - 1}.get(kind, 9.0)
        parts.append(_rect(kind, x, y - height / 2, 16, height, 0 if height < 9 else 2))
        if kind == "fail":
            parts.append(_rect(kind, x + 14.5, y - 6.5, 3, 13))
        parts.append(f'<text class="faint" x="{number(x + 21)}" y="{number(y + 4)}">{text}</text>')
        x += 36 + width_of(text)
    return "".join(parts)


def _hover(trace: Trace, call: Call) -> str:
    where = trace.where(call.filename, call.line)
    text = f"#{call.number} {shorten(call.callee, 60)}" + (f" ({where})" if where else "")
    if call.started is None:
        text += ": never sent"
    else:
        text += f": sent at {duration(call.started)}, {duration(call.seconds)}, {_ENDINGS.get(call.outcome, 'ok')}"
    if call.worker is not None and call.transfers:
        text += f"; {call.worker}, {duration(sum(end - begin for begin, end in call.transfers))} of it transfer"
    if call.cause is not None:
        text += f"; waited for #{call.cause} ({call.reason})"
    return safe(text, 160)
