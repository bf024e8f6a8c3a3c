"""Lanes: which bars stand side by side, so that none covers another.

Bars of one group take the first lane of the group that is free at their beginning. Used wherever time is drawn without
labels that need room: the text Gantt, the Chrome trace. (The SVG packs labels as well, see `display/svg.py`.)
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

__all__ = ["pack"]


def pack(spans: Iterable[tuple[float, float]]) -> list[int]:
    """A lane for each span, the lowest that is free; spans come in order of their beginnings.

    >>> pack([(0, 5), (1, 3), (4, 8), (5, 6)])
    [0, 1, 1, 0]
    """
    free: list[int] = []
    taken: list[tuple[float, int]] = []
    lanes, count = [], 0
    for begin, end in spans:
        while taken and taken[0][0] <= begin:
            heappush(free, heappop(taken)[1])
        if free:
            lane = heappop(free)
        else:
            lane, count = count, count + 1
        lanes.append(lane)
        heappush(taken, (end, lane))
    return lanes
