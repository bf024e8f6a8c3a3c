"""Two runs one above the other, on one time axis: as recorded, and as predicted."""

from __future__ import annotations

import re
from dataclasses import replace

from poppy_ipython.display.sheet import WIDTH, number, safe, sheet
from poppy_ipython.display.svg import gantt_svg
from poppy_ipython.trace.trace import Trace
from poppy_ipython.trace.units import duration

__all__ = ["compared_svg"]

_TITLE, _LANES = 22.0, 20
_VIEW_BOX = re.compile(r'viewBox="0 0 [\d.]+ ([\d.]+)"')
_INSIDE = re.compile(r"<rect class=\"panel\"[^>]*/>(.*)</svg>$", re.DOTALL)


def compared_svg(recorded: Trace, predicted: Trace, words: str = "") -> str:
    """The picture.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> trace = Trace.of([CallRecord(1, "ask", started=0.0, ended=0.5, outcome="ok")])
    >>> compared_svg(trace, trace).count(">ask<")
    2
    """
    end = max(recorded.ended, predicted.ended)
    parts, top = [], 6.0
    for title, trace in (("recorded", recorded), (f"what if {words}", predicted)):
        line = f"{title}: {duration(trace.wall)}"
        parts.append(f'<text x="10" y="{number(top + 14)}">{safe(line, 84)}</text>')
        svg = gantt_svg(replace(trace, ended=end), most_lanes=_LANES)
        box, inside = _VIEW_BOX.search(svg), _INSIDE.search(svg)
        if box is None or inside is None:
            continue
        parts.append(f'<svg y="{number(top + _TITLE)}" width="{number(WIDTH)}" height="{box[1]}">{inside[1]}</svg>')
        top += _TITLE + float(box[1])
    description = f"recorded {duration(recorded.wall)}, predicted {duration(predicted.wall)}"
    return sheet(top + 6, parts, "Recorded and predicted", description)
