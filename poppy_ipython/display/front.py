"""The picture of a Pareto front: time to the right, cost (or energy, if nothing has a price) upwards, quality in the mark.

Full marks have the best quality on the front, hollow ones less; the number of a point is that of `front[n]`. The run itself is a
cross. As HTML, points can be clicked without a script: each is the label of a radio button that shows its predicted timeline.
As an image it is the same picture without that.
"""

from __future__ import annotations

import itertools
from html import escape
from typing import TYPE_CHECKING

from poppy_ipython.display.compared import compared_svg
from poppy_ipython.display.sheet import WIDTH, number, safe, sheet

if TYPE_CHECKING:
    from poppy_ipython.choose.pareto import Front, Point

__all__ = ["front_html", "front_svg"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, WIDTH - 20.0, 34.0, 250.0
_HEIGHT = 300.0
_BESIDE = ((0, -10), (0, 20), (16, 4), (-16, 4), (14, -10), (-14, -10), (14, 19), (-14, 19), (0, -23), (30, 4))
_groups = itertools.count(1)


class _Scale:
    """From values to the sheet, with some air around them."""

    def __init__(self, values: list[float], begin: float, end: float) -> None:
        low, high = min(values), max(values)
        room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        self.low, self.high = max(0.0, low - room) if low >= 0 else low - room, high + room
        self.begin, self.end = begin, end

    def at(self, value: float) -> float:
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)

    def ticks(self) -> list[float]:
        from math import ceil, floor, log10

        step = 10 ** floor(log10((self.high - self.low) / 4))
        for factor in (1, 2, 2.5, 5, 10):
            if (self.high - self.low) / (step * factor) <= 6:
                step *= factor
                break
        first = ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, floor(self.high / step + 1e-9) + 1)]


def _axes(front: Front) -> tuple[_Scale, _Scale, bool]:
    by_cost = any(point.cost for point in front.points)
    ys = [_height(point, by_cost) for point in front.points] + [front.here[1] if by_cost else front.here[2]]
    xs = [point.time for point in front.points] + [front.here[0]]
    return _Scale(xs, _LEFT, _RIGHT), _Scale(ys, _BOTTOM, _TOP), by_cost


def _height(point: Point, by_cost: bool) -> float:
    return point.cost if by_cost else point.energy


def front_svg(front: Front) -> str:
    """The picture."""
    if not front.points:
        line = f'<text class="mid faint" x="{number(WIDTH / 2)}" y="28">there is nothing to choose in this run</text>'
        return sheet(46, [line], "Nothing to choose", str(front))
    across, up, by_cost = _axes(front)
    parts = []
    for value in across.ticks():
        x = across.at(value)
        parts.append(f'<path class="grid" d="M{number(x)} {number(_TOP)}V{number(_BOTTOM)}"/>')
        parts.append(f'<text class="mid faint" x="{number(x)}" y="{number(_BOTTOM + 16)}">{value:g} s</text>')
    for value in up.ticks():
        y = up.at(value)
        parts.append(f'<path class="grid" d="M{number(_LEFT)} {number(y)}H{number(_RIGHT)}"/>')
        parts.append(f'<text class="end faint" x="{number(_LEFT - 6)}" y="{number(y + 4)}">{value:g}</text>')
    what = "cost of the cell" if by_cost else "energy of the cell, Wh"
    parts.append(f'<text class="faint" x="10" y="20">{what}</text>')
    parts.append(f'<text class="end faint" x="{number(_RIGHT)}" y="{number(_BOTTOM + 42)}">time of the cell</text>')
    best = max((point.quality or 0.0 for point in front.points), default=0.0)
    taken = [(across.at(point.time), up.at(_height(point, by_cost)) + 4) for point in front.points]
    for n, point in enumerate(front.points):
        x, y = across.at(point.time), up.at(_height(point, by_cost))
        kind = "run" if (point.quality or 0.0) >= best - 1e-9 else "gone"
        circle = f'<circle class="{kind}" cx="{number(x)}" cy="{number(y)}" r="6"/>'
        parts.append(f"<g><title>{safe(f'{n}: {point}', 200)}</title>{circle}</g>")
        for dx, dy in _BESIDE:  # where there is room for it; else the text below the picture has it
            place = x + dx, y + dy
            if place[1] > _TOP - 6 and not any(abs(place[0] - a) < 15 and abs(place[1] - b) < 12 for a, b in taken):
                taken.append(place)
                parts.append(f'<text class="mid" x="{number(place[0])}" y="{number(place[1])}">{n}</text>')
                break
    x, y = across.at(front.here[0]), up.at(front.here[1] if by_cost else front.here[2])
    parts.append(f'<path class="path" d="M{number(x - 5)} {number(y - 5)}l10 10m0 -10l-10 10"/>')
    parts.append(_legend(front, best))
    return sheet(_HEIGHT, parts, "Time and cost that can be had", str(front).replace("\n", "; "))


def _legend(front: Front, best: float) -> str:
    y = _BOTTOM + 38
    told = any(point.quality is not None for point in front.points)
    entries = [("run", f"quality {best:.2f}" if told else "a choice")]
    if told and any((point.quality or 0.0) < best - 1e-9 for point in front.points):
        entries.append(("gone", "less"))
    parts, x = [], _LEFT
    for kind, text in entries:
        parts.append(f'<circle class="{kind}" cx="{number(x)}" cy="{number(y)}" r="5"/>')
        parts.append(f'<text class="faint" x="{number(x + 10)}" y="{number(y + 4)}">{text}</text>')
        x += 130
    parts.append(f'<path class="path" d="M{number(x - 5)} {number(y - 5)}l10 10m0 -10l-10 10"/>')
    parts.append(f'<text class="faint" x="{number(x + 10)}" y="{number(y + 4)}">this run</text>')
    return "".join(parts)


def front_html(front: Front) -> str:
    """The picture with points to click: each shows its line for the magic and its predicted timeline."""
    if not front.points:
        return front_svg(front)
    across, up, by_cost = _axes(front)
    group = f"poppy-front-{next(_groups)}"
    inputs, labels, panels, rules, chips = [], [], [], [], []
    for n, point in enumerate(front.points):
        one = f"{group}-{n}"
        left, top = across.at(point.time) / WIDTH * 100, up.at(_height(point, by_cost)) / _HEIGHT * 100
        inputs.append(f'<input type="radio" name="{group}" id="{one}" class="poppy-front-pick" aria-label="point {n}">')
        title = escape(f"{n}: {point}", quote=True)
        labels.append(f'<label for="{one}" title="{title}" style="left:{left:.2f}%;top:{top:.2f}%"></label>')
        chips.append(f'<label for="{one}" title="{title}">{n}</label>')
        made = front.whatifs[n]
        svg = compared_svg(front.trace, made.trace, f"point {n}")
        words = f"<b>{n}</b>: {escape(str(point))}<br><code>%%poppy {escape(point.objective.magic)}</code>"
        panels.append(f'<div class="poppy-front-panel" id="{one}-panel"><p>{words}</p>{svg}</div>')
        rules.append(f"#{one}:checked~.poppy-front-panels #{one}-panel{{display:block}}")
        rules.append(f'#{one}:checked~div label[for="{one}"]{{box-shadow:0 0 0 3px #D55E00}}')
    style = (
        f".{group} .poppy-front-pick{{position:absolute;opacity:0;width:1px;height:1px}}"
        f".{group} .poppy-front-chart{{position:relative;max-width:{number(WIDTH)}px}}"
        f".{group} .poppy-front-chart svg{{display:block;width:100%;height:auto}}"
        f".{group} .poppy-front-chart label{{position:absolute;width:20px;height:20px;margin:-10px 0 0 -10px;"
        "border-radius:50%;cursor:pointer}"
        f".{group} .poppy-front-chart label:hover{{box-shadow:0 0 0 2px #888}}"
        f".{group} .poppy-front-chips{{margin:6px 0;font-size:12px;line-height:2.2}}"
        f".{group} .poppy-front-chips label{{display:inline-block;min-width:1.6em;line-height:1.6em;text-align:center;"
        "margin-right:6px;border:1px solid #888;border-radius:4px;cursor:pointer}"
        f".{group} .poppy-front-panel{{display:none}}" + "".join(rules)
    )
    chart = f'<div class="poppy-front-chart">{front_svg(front)}{"".join(labels)}</div>'
    hint = f'<div class="poppy-front-chips">Show the predicted timeline of {"".join(chips)}</div>'
    body = "".join(inputs) + chart + hint + f'<div class="poppy-front-panels">{"".join(panels)}</div>'
    return f'<div class="{group}"><style>{style}</style>{body}</div>'
