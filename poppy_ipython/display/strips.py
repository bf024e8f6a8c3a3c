"""Utilisation under a chart: a thin strip per declared resource, on the chart's own time axis.

    gpu:a100 · 71 % of 2 used
    ▁███████▄▄▄████▁            its height is the capacity: full is full

Drawn as steps of averages (120 over the width), so that its size does not grow with the run. At most six resources, those
that were used most; who declares more than that has a dashboard.
"""

from __future__ import annotations

from poppy_ipython.display.axis import Axis
from poppy_ipython.display.sheet import number, safe
from poppy_ipython.trace.load import Load
from poppy_ipython.trace.occupied import occupied
from poppy_ipython.trace.trace import Trace
from poppy_ipython.trace.units import count, shorten

__all__ = ["area", "strips"]

_STEPS, _MOST = 120, 6
_TEXT, _HIGH, _GAP = 14.0, 10.0, 7.0


def area(axis: Axis, load: Load, peak: float, bottom: float, high: float) -> str:
    """The outline of an average over each of 120 equal times; `peak` of them is `high`."""
    length = (axis.end - axis.begin) / _STEPS
    drawn, last = [f"M{number(axis.left)} {number(bottom)}"], bottom
    for step in range(_STEPS):
        begin = axis.begin + step * length
        average = load.average(begin, begin + length)
        level = bottom - max(high * average / peak, 1.0 if average > 0 else 0.0)
        if abs(level - last) >= 0.25:
            drawn.append(f"H{number(axis.x(begin))}V{number(level)}")
            last = level
    return "".join([*drawn, f"H{number(axis.right)}V{number(bottom)}z"])


def strips(trace: Trace, axis: Axis, top: float) -> tuple[float, list[str]]:
    """How high they are, and what is drawn; nothing where no capacity was declared.

    >>> strips(Trace(()), Axis(0.0, 1.0, 0.0, 100.0), 50.0)
    (0.0, [])
    """
    found = [(one.share(axis.begin, axis.end), one) for one in occupied(trace)]
    kept = sorted(found, key=lambda pair: -pair[0])[:_MOST]
    parts, y = [], top
    for share, one in found:
        if (share, one) not in kept:
            continue
        words = f"{shorten(one.name, 40)} · {100 * share:.0f} % of {one.capacity:,} used"
        if one.peak < one.capacity:
            words += f", at most {one.peak:,}"
        bottom = y + _TEXT + _HIGH
        parts.append(f'<text class="faint" x="{number(axis.left)}" y="{number(y + 10)}">{safe(words, 80)}</text>')
        frame = f"M{number(axis.left)} {number(bottom - _HIGH)}H{number(axis.right)}V{number(bottom)}H{number(axis.left)}z"
        parts.append(f'<path class="room" d="{frame}"/>')
        load = Load((time, min(used, one.capacity)) for time, used in one.steps)  # an abandoned call may be beyond it
        parts.append(f'<path class="run" fill-opacity="0.7" d="{area(axis, load, one.capacity, bottom, _HIGH)}"/>')
        y = bottom + _GAP
    if len(found) > _MOST:
        more = count(len(found) - _MOST, "more resource")
        parts.append(f'<text class="faint" x="{number(axis.left)}" y="{number(y + 10)}">and {more}, used less</text>')
        y += _TEXT + _GAP
    return y - top, parts
