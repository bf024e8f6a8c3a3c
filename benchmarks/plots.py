"""Plots as SVG text: small, without a library, readable in a diff."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#4c78a8", "#e45756", "#54a24b", "#b279a2")
SHADES = ("#4c78a8", "#9ecae9")
LANE = 6
ROW, LEFT, WIDE, RIGHT = 20, 170, 420, 60


def bars(values: Mapping[str, float], title: str, at: float = 1.0) -> str:
    """Horizontal bars with a line at `at`; what is above 1.10 is drawn in another colour.

    >>> "tree" in bars({"tree": 1.02}, "Ratios")
    True
    """
    most = max([*values.values(), at * 1.2])
    height = ROW * (len(values) + 2)
    line = LEFT + WIDE * at / most
    lines = sheet(height, title)
    for place, (name, value) in enumerate(values.items(), 1):
        y = ROW * place + 6
        colour = "#4c78a8" if value <= 1.10 else "#e45756"
        lines.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
        lines.append(f'<rect x="{LEFT}" y="{y}" width="{WIDE * value / most:.1f}" height="{ROW - 5}" fill="{colour}"/>')
        lines.append(f'<text x="{LEFT + WIDE * value / most + 5:.1f}" y="{y + 12}">{value:.2f}</text>')
    lines.append(f'<line x1="{line:.1f}" x2="{line:.1f}" y1="{ROW}" y2="{height - ROW / 2}" stroke="#333" stroke-dasharray="3"/>')
    return "\n".join([*lines, "</svg>", ""])


def sheet(height: float, title: str) -> list[str]:
    """The beginning of a drawing: white, with a title."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDE + RIGHT}" height="{height:.0f}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="6" y="14" font-weight="bold">{escape(title)}</text>',
    ]


def gantt(calls: Sequence[tuple[float, float]], title: str) -> str:
    """Calls twice on one axis: one after the other, as plain Python makes them, and when they ran, in as few lanes as fit.

    >>> gantt([(0.0, 1.0), (0.0, 2.0), (1.0, 2.0)], "Three calls").count("<rect x")
    6
    """
    ordered = sorted(calls)
    whole = sum(end - begin for begin, end in ordered)
    lanes: list[float] = []
    places = []
    for begin, end in ordered:
        lane = next((number for number, free in enumerate(lanes) if free <= begin), len(lanes))
        lanes[lane : lane + 1] = [end]
        places.append((begin, end, lane))
    wide = (WIDE + LEFT - 70) / whole
    height = 60 + LANE * (len(lanes) + 3)
    lines = sheet(height, title)
    lines.append(f'<text x="60" y="{32 + LANE}" text-anchor="end">plain</text>')
    lines.append(f'<text x="60" y="{44 + LANE * 3}" text-anchor="end">poppy</text>')
    at = 0.0
    for number, (begin, end) in enumerate(ordered):
        lines.append(bar(70 + at * wide, 28, (end - begin) * wide, LANE * 2, SHADES[number % 2]))
        at += end - begin
    for begin, end, lane in places:
        lines.append(bar(70 + begin * wide, 36 + LANE * (2 + lane), (end - begin) * wide, LANE - 1, COLOURS[0]))
    last = max(end for _, end in ordered)
    lines.append(f'<text x="{74 + last * wide:.1f}" y="{44 + LANE * 3}">{last:.1f} s</text>')
    lines.append(f'<text x="{74 + whole * wide:.1f}" y="{32 + LANE}">{whole:.0f} s</text>')
    return "\n".join([*lines, "</svg>", ""])


def bar(x: float, y: float, wide: float, high: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0.5):.1f}" height="{high}" fill="{colour}"/>'


def curves(found: Mapping[str, Sequence[tuple[float, float]]], title: str, below: str) -> str:
    """Lines over a logarithmic axis each way, where what is linear is a straight line.

    >>> curves({"a": [(10, 1), (100, 10)]}, "Growth", "N").count("<circle")
    2
    """
    points = [point for line in found.values() for point in line if min(point) > 0]
    (left, right), (low, high) = ((min(one) / 1.3, max(one) * 1.3) for one in zip(*points, strict=True))
    wide, tall = WIDE + LEFT - 260, 220

    def place(x: float, y: float) -> tuple[float, float]:
        return 60 + wide * math.log(x / left) / math.log(right / left), 30 + tall * (1 - math.log(y / low) / math.log(high / low))

    lines = sheet(tall + 70, title)
    for power in range(math.ceil(math.log10(left)), math.floor(math.log10(right)) + 1):
        x, _ = place(10**power, high)
        lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="30" y2="{30 + tall}" stroke="#ddd"/>')
        lines.append(f'<text x="{x:.1f}" y="{46 + tall}" text-anchor="middle">{10**power:,}</text>')
    for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        _, y = place(left, 10**power)
        lines.append(f'<line x1="60" x2="{60 + wide}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="54" y="{y + 4:.1f}" text-anchor="end">{10**power:,}</text>')
    lines.append(f'<text x="{60 + wide / 2:.0f}" y="{62 + tall}" text-anchor="middle">{escape(below)}</text>')
    for number, (name, line) in enumerate(found.items()):
        colour = COLOURS[number % len(COLOURS)]
        spots = [place(x, y) for x, y in line if min(x, y) > 0]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in spots]
        lines.append(f'<text x="{72 + wide}" y="{44 + 18 * number}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*lines, "</svg>", ""])
