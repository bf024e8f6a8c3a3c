"""Where the nodes of a small graph go: in layers from left to right, each node behind all that it waits for.

Longest-path layering, then a few sweeps that put each node at the height of its neighbours' average. Enough for a picture
of a dozen nodes; the live view lays out with dagre, which is JavaScript, and `graphviz` needs a program that most machines
do not have. A folded graph may have circles (a loop that feeds itself): what leads back is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["layers"]

_SWEEPS = 6


def layers(size: int, links: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The nodes `0 … size-1` of each layer, from top to bottom.

    >>> layers(5, [(0, 2), (1, 2), (2, 3), (3, 2), (0, 4)])
    [[0, 1], [4, 2], [3]]
    """
    forward = _without_circles(size, links)
    before: list[list[int]] = [[] for _ in range(size)]
    after: list[list[int]] = [[] for _ in range(size)]
    for a, b in forward:
        before[b].append(a)
        after[a].append(b)
    depth = [0] * size
    for node in _in_order(size, before, after):
        depth[node] = max((depth[a] + 1 for a in before[node]), default=0)
    found: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for node in range(size):
        found[depth[node]].append(node)
    height = {node: float(place) for layer in found for place, node in enumerate(layer)}
    for sweep in range(_SWEEPS):
        neighbours, order = (before, found) if sweep % 2 == 0 else (after, found[::-1])
        for layer in order:
            wish = {n: _mean([height[m] for m in neighbours[n]], height[n]) for n in layer}
            layer.sort(key=wish.__getitem__)
            for place, node in enumerate(layer):
                height[node] = place - (len(layer) - 1) / 2
    return found


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _without_circles(size: int, links: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The links less those that a walk in order finds to lead back."""
    after: list[list[int]] = [[] for _ in range(size)]
    for a, b in dict.fromkeys(links):
        if a != b:
            after[a].append(b)
    state = [0] * size  # 1: on the way, 2: done
    kept: list[tuple[int, int]] = []
    for start in range(size):
        stack = [(start, iter(after[start]))] if state[start] == 0 else []
        state[start] = state[start] or 1
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[node] = 2
                stack.pop()
            elif state[following] != 1:
                kept.append((node, following))
                if state[following] == 0:
                    state[following] = 1
                    stack.append((following, iter(after[following])))
    return kept


def _in_order(size: int, before: list[list[int]], after: list[list[int]]) -> list[int]:
    missing = [len(nodes) for nodes in before]
    ready = [node for node in range(size) if not missing[node]]
    for node in ready:
        for following in after[node]:
            missing[following] -= 1
            if not missing[following]:
                ready.append(following)
    return ready
