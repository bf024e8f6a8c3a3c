"""The folded graph of a run as a strip of the saved picture: nodes from left to right, links by cause.

Drawn if there is something to see (a link) and room for it; the live view and `run.graph()` have no such bound.
"""

from __future__ import annotations

from poppy_ipython.display.layers import layers
from poppy_ipython.display.sheet import WIDTH, number, safe, width_of
from poppy_ipython.trace.graph import Graph, Node, graph
from poppy_ipython.trace.trace import Trace

__all__ = ["network", "strip"]

_MOST_NODES, _MOST_HIGH = 24, 7
_HEIGHT, _GAP, _BETWEEN, _EDGE = 32.0, 10.0, 30.0, 10.0
_SMALLEST = 0.62
_DASH = {"branch": "5 3", "order": "1.5 3", "commit": "1.5 3", "unknown": "7 3 1.5 3"}


def network(trace: Trace, top: float) -> tuple[float, list[str]]:
    """Height and elements of the strip, which begins at `top`; no height if there is nothing to draw.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> one = CallRecord(1, "ask", line=1, started=0.0, ended=0.5)
    >>> two = CallRecord(2, "tag", line=2, ready=0.5, started=0.5, ended=0.9, cause=one, reason="data")
    >>> height, parts = network(Trace.of([one, two]), 100.0)
    >>> height > 30, "".join(parts).count("<rect")
    (True, 4)
    """
    found = graph(trace)
    if len(found.nodes) > _MOST_NODES:
        found = graph(trace, fold=True)
    if not found.links or len(found.nodes) > _MOST_NODES:
        return 0.0, []
    columns = layers(len(found.nodes), [(link.cause, link.node) for link in found.links])
    if max(map(len, columns)) > _MOST_HIGH:
        found = graph(trace, fold=True)
        columns = layers(len(found.nodes), [(link.cause, link.node) for link in found.links])
        if not found.links or max(map(len, columns)) > _MOST_HIGH:
            return 0.0, []
    return strip(found, columns, top)


def strip(found: Graph, columns: list[list[int]], top: float, smallest: float = _SMALLEST) -> tuple[float, list[str]]:
    """A graph whose nodes have their columns; no height if it is too wide."""
    widths = [max(_width(found.nodes[node]) for node in column) for column in columns]
    between = max([_BETWEEN, *(width_of(link.through or "") + 16 for link in found.links)])
    wide = sum(widths) + between * (len(columns) - 1)
    room = WIDTH - 2 * _EDGE
    if wide > room / smallest:
        return 0.0, []
    scale = min(1.0, room / wide)
    high = max(len(column) for column in columns) * (_HEIGHT + _GAP) - _GAP
    places: dict[int, tuple[float, float, float]] = {}
    x = max(0.0, (room / scale - wide) / 2)
    for column, width in zip(columns, widths, strict=True):
        y = (high - len(column) * (_HEIGHT + _GAP) + _GAP) / 2
        for node in column:
            places[node] = x, y, width
            y += _HEIGHT + _GAP
        x += width + between
    parts = [*_links(found, places), *_nodes(found, places)]
    shift = f'<g transform="translate({number(_EDGE)} {number(top + 6)}) scale({scale:.3f})">'
    return high * scale + 18, [shift, *parts, "</g>"]


def _width(node: Node) -> float:
    return max(width_of(node.name) * 1.06, width_of(node.where) * 0.96) + 20


def _nodes(found: Graph, places: dict[int, tuple[float, float, float]]) -> list[str]:
    parts = []
    for index, (x, y, width) in places.items():
        node = found.nodes[index]
        kind = "fail" if node.failed else "run"
        box = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(_HEIGHT)}" rx="5"'
        outline = "panel path" if index in found.critical else "panel"
        parts.append(f'<rect class="{outline}" {box}/>')
        parts.append(f'<rect class="{kind}" x="{number(x)}" y="{number(y + 6)}" width="3" height="{number(_HEIGHT - 12)}"/>')
        parts.append(f'<text x="{number(x + 9)}" y="{number(y + 14)}">{safe(node.name, 36)}</text>')
        parts.append(f'<text class="faint" x="{number(x + 9)}" y="{number(y + 26)}">{safe(node.where, 36)}</text>')
    return parts


def _links(found: Graph, places: dict[int, tuple[float, float, float]]) -> list[str]:
    parts = []
    for link in found.links:
        x, y, width = places[link.cause]
        to, end, _ = places[link.node]
        x, y, end = x + width, y + _HEIGHT / 2, end + _HEIGHT / 2
        bend = max(14.0, abs(to - x) / 2)
        way = f"M{number(x)} {number(y)}C{number(x + bend)} {number(y)} "
        way += f"{number(to - bend)} {number(end)} {number(to - 6)} {number(end)}"
        both = link.cause in found.critical and link.node in found.critical
        dash = f' stroke-dasharray="{_DASH[link.reason]}"' if link.reason in _DASH else ""
        parts.append(f'<path class="{"path link" if both else "edge"}"{dash} d="{way}"/>')
        tip = f"M{number(to - 7)} {number(end - 3.5)}L{number(to)} {number(end)}L{number(to - 7)} {number(end + 3.5)}z"
        parts.append(f'<path class="tip" d="{tip}"/>')
        if link.through and len(found.links) <= 12:
            middle = f'x="{number((x + to) / 2)}" y="{number(y + (end - y) * 0.75 - 5)}"'
            parts.append(f'<text class="mid faint" {middle}>{safe(link.through, 20)}</text>')
    return parts
