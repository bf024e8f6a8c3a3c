"""A long run as a chart that stays small: one row per call site, its height the number of calls in flight.

    critical path · 31 calls · 2.4 s
    ▌▌▐▐ █ ▌▌▐
    ask · line 3 · 1,000 calls · up to 16 at once
    ▁▄██████████████████▄▁

A thousand bars are no longer bars, and a notebook keeps every output it has ever shown. Size is bounded by construction:
12 rows, 6 resources, 120 steps a row, one mark per 8 units of width for failures. The rest of the call sites share the last
row.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from poppy_ipython.display.axis import Axis
from poppy_ipython.display.network import network
from poppy_ipython.display.sheet import WIDTH, number, safe, sheet
from poppy_ipython.display.strips import area, strips
from poppy_ipython.display.text import summary
from poppy_ipython.trace.load import Load
from poppy_ipython.trace.trace import Call, Seen, Trace
from poppy_ipython.trace.units import count, duration, shorten

__all__ = ["folded"]

_ROWS, _MARK = 12, 8.0
_LEFT, _RIGHT, _TOP = 10.0, WIDTH - 10.0, 10.0
_TEXT, _AREA, _BAND, _GAP = 15.0, 24.0, 9.0, 9.0


def folded(trace: Trace, graph: bool = False, mark: str = "") -> str:
    """The folded chart of a run with calls; `graph` and `mark` as in `gantt_svg`."""
    axis = Axis(trace.started, trace.ended, _LEFT, _RIGHT)
    y, rows = _TOP, []
    if trace.sent:
        rows.append(_path(trace, axis, y))
        y += _TEXT + _BAND + _GAP
    for name, calls in _sites(trace):
        rows.append(_row(trace, axis, y, name, calls))
        y += _TEXT + _AREA + _GAP
    lines, labels = [], []
    for seconds, label in axis.ticks():
        x = axis.x(seconds)
        lines.append(f"M{number(x)} {number(_TOP - 4)}V{number(y - 4)}")
        anchor = "faint" if x < axis.left + 12 else "end faint" if x > axis.right - 16 else "mid faint"
        labels.append(f'<text class="{anchor}" x="{number(x)}" y="{number(y + 8)}">{label}</text>')
    high, below = strips(trace, axis, y + 16)
    y += high
    parts = [f'<path class="grid" d="{"".join(lines)}"/>', *labels, *rows, *below]
    title = f"Timeline of {count(len(trace.calls), 'call')}, folded by call site"
    height, more = network(trace, y + 18) if graph else (0.0, [])
    return sheet(y + 18 + height, [*parts, *more], title, summary(trace).replace("\n", "; "), mark)


def _sites(trace: Trace) -> list[tuple[str, list[Call]]]:
    """The call sites with the most call time, by their first call sent; the others together."""
    sites: dict[Seen, list[Call]] = defaultdict(list)
    for call in sorted(trace.calls, key=lambda call: (call.started is None, call.started or 0.0, call.number)):
        sites[trace.seen(call)].append(call)
    kept = set(sites)
    if len(sites) > _ROWS:
        largest = sorted(sites, key=lambda site: -sum(call.seconds for call in sites[site]))
        kept = set(largest[: _ROWS - 1])
    rows = []
    for seen, calls in sites.items():
        if seen in kept:
            where = trace.where(seen.filename, seen.line)
            rows.append((" · ".join(filter(None, (shorten(seen.name, 30), where))), calls))
    others = [call for site, calls in sites.items() if site not in kept for call in calls]
    if others:
        rows.append((f"{count(len(sites) - len(kept), 'other call site')}", others))
    return rows


def _row(trace: Trace, axis: Axis, y: float, name: str, calls: list[Call]) -> str:
    steps = trace.in_flight(calls)
    peak = max((flying for _, flying in steps), default=0)
    outcomes: Counter[str] = Counter(call.outcome for call in calls)
    words = [name, count(len(calls), "call")]
    words += [f"up to {peak:,} at once"] if peak > 1 else []
    for outcome, word in (("error", "failed"), ("cancelled", "cancelled"), ("abandoned", "abandoned")):
        words += [f"{outcomes[outcome]:,} {word}"] if outcomes[outcome] else []
    words += [f"{outcomes['unsent']:,} never sent"] if outcomes["unsent"] else []
    head = f'<text x="{number(_LEFT)}" y="{number(y + 10)}">{safe(" · ".join(words), 90)}</text>'
    bottom = y + _TEXT + _AREA
    drawn = f'<path class="run" d="{area(axis, Load(steps), peak, bottom, _AREA)}"/>' if peak else ""
    return head + drawn + _marks(axis, calls, bottom)


def _marks(axis: Axis, calls: list[Call], bottom: float) -> str:
    """Where calls failed: a stop that stands below the row's line too, so that it is not colour alone."""
    places = {int(axis.x(call.until or 0.0) / _MARK) for call in calls if call.outcome == "error"}
    marks = "".join(f"M{number(at * _MARK + _MARK / 2)} {number(bottom - 6)}h2v9h-2z" for at in sorted(places))
    return f'<path class="fail" d="{marks}"/>' if marks else ""


def _path(trace: Trace, axis: Axis, y: float) -> str:
    """The critical path's calls in one band; what would touch is one piece."""
    path = trace.critical_path
    words = f"critical path · {count(len(path.calls), 'call')} · {duration(path.length)}"
    pieces: list[list[float]] = []
    for call in path.calls:
        begin, end = axis.x(call.started or 0.0), axis.x(call.until or 0.0)
        if pieces and begin - pieces[-1][1] < 1.5:
            pieces[-1][1] = max(end, pieces[-1][1])
        else:
            pieces.append([begin, max(end, begin + 1)])
    top = number(y + _TEXT)
    band = "".join(f"M{number(a)} {top}H{number(b)}v{number(_BAND)}H{number(a)}z" for a, b in pieces)
    head = f'<text x="{number(_LEFT)}" y="{number(y + 10)}">{safe(words, 90)}</text>'
    return f'{head}<path class="run" d="{band}"/><path class="path" d="{band}"/>'
