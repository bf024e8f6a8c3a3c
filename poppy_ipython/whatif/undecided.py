"""The lever `undecided(line)`: what a line decided, or read, in every round is done after the loop.

    for d in docs:                                  for d in docs:
        total += score(d)                               scores.append(score(d))
        if total > 100: warn()      waits here      total = sum(scores)

Whoever was issued behind that line waited for an answer there. Without the wait it is issued right after the call before
it in program order. Only waits of control count: an answer that is an argument is needed, wherever it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poppy_ipython.whatif.graph import NOBODY
from poppy_ipython.whatif.levers import Lever, Scene

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call

__all__ = ["undecided", "waits_at"]


def waits_at(call: Call) -> int | None:
    """The line at which the issuer of a call waited to know an answer, if that is why it was issued when it was."""
    if not call.needs:
        return None
    _, reason, line, _ = call.needs[0]
    return line if reason == "branch" and line else None


def undecided(line: int) -> Lever:
    """Nobody waits at that line any more."""

    def apply(scene: Scene) -> None:
        graph = scene.graph
        order = sorted(range(len(graph)), key=graph.rank.__getitem__)
        before = NOBODY
        for i in order:
            if waits_at(graph.calls[i]) == line and graph.trigger[i]:
                graph.trigger[i] = ()
                graph.turn[i] = before
                graph.lag[i] = 0.0
            before = i

    return Lever("undecided", line, None, apply)
