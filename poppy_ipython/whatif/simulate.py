"""`simulate(trace, *levers)`: the recorded run as it would have been.

    trace ──graph.py──▶ graph ──levers.py──▶ scene ──play.py──▶ when everything happens ──▶ trace, prediction

What is kept: the calls that were made, who waited for whom, the order of issue, what Python took. What is played again:
when calls are issued, ready, sent and back, by the engine's own rules (program order, head-only effects, limits, rates,
learning). So a prediction is about the same calls at other times. It does not know what the program would have done with
other answers, and it cannot know what a server would have done under another load.

Above half of the time in Python a prediction is called unreliable: then the answers' handling is what takes the time, and
how long that takes depends on what else the kernel does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from poppy_ipython.whatif.graph import Graph, graph
from poppy_ipython.whatif.levers import Lever, Scene
from poppy_ipython.whatif.play import UNLIMITED, Played, Rules, play
from poppy_ipython.whatif.walk import Walk, walk

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Trace

__all__ = ["MOSTLY", "Prediction", "predict", "simulate"]

MOSTLY = 0.5  # of the time
_KEPT = "_whatif_graph"


@dataclass(frozen=True)
class Prediction:
    """One played run, before anybody made a trace or a picture of it."""

    scene: Scene = field(repr=False)
    played: Played = field(repr=False)
    walk: Walk = field(repr=False)
    recorded: float
    cpu: float

    @property
    def makespan(self) -> float:
        return self.played.end

    @property
    def saved(self) -> float:
        return self.recorded - self.makespan

    @property
    def python(self) -> float:
        """The part of the time in which Python ran, as far as is known: the recorded run's CPU."""
        return self.cpu / self.makespan if self.makespan > 0 else 0.0

    @property
    def unreliable(self) -> str:
        """Why it should not be believed, or nothing."""
        return f"unreliable: CPU-bound ({min(self.python, 1):.0%} of the time would be Python)" if self.python > MOSTLY else ""

    @property
    def notes(self) -> tuple[str, ...]:
        found = list(dict.fromkeys(self.scene.notes))
        if self.unreliable:
            found.insert(0, self.unreliable)
        if self.played.forced:
            found.append(f"{self.played.forced} calls were let go on because what they waited for cannot come; take it as a hint")
        return tuple(found)

    def trace(self) -> Trace:
        """The predicted run as a trace: to draw it, or to go on from it."""
        graph, played = self.scene.graph, self.played
        numbers = [call.number for call in graph.calls]
        calls = []
        for i, call in enumerate(graph.calls):
            cause = played.cause[i]
            ended = played.ended[i]
            calls.append(
                call._replace(
                    issued=played.issued[i],
                    ready=played.ready[i],
                    started=played.started[i],
                    ended=None if graph.gone[i] else ended,
                    until=played.end if graph.gone[i] else ended,
                    cause=None if cause < 0 else numbers[cause],
                    reason="start" if cause < 0 else call.reason if call.reason != "start" else "data",
                )
            )
        calls.sort(key=lambda call: call.number)
        return replace(self.scene.trace, calls=tuple(calls), waits=(), ended=self.scene.trace.started + played.end)


def predict(trace: Trace, *levers: Lever) -> Prediction:
    """Play the trace with these changes."""
    kept = trace.__dict__.get(_KEPT)  # beside its other cached properties
    if kept is None:
        made = graph(trace)
        kept = trace.__dict__[_KEPT] = made, _rules(trace, made)
    scene = Scene(trace, kept[0].copy(), kept[1])
    for lever in levers:
        lever.apply(scene)
    played = play(scene.graph, scene.rules)
    return Prediction(scene, played, walk(scene.graph, played), trace.wall, trace.cpu)


def _rules(trace: Trace, made: Graph) -> Rules:
    """The limits that the run was under: what it was told, else those under which it plays most like it was."""
    known = [trace.max_calls] if trace.max_calls is not None else [None, UNLIMITED, max(1, trace.peak)]
    candidates = [Rules(limit, passing) for limit in known for passing in (True, False)]
    return min(candidates, key=lambda rules: round(abs(play(made, rules).end - trace.wall) / (trace.wall or 1.0), 3))


def simulate(trace: Trace, *levers: Lever) -> Trace:
    """The run as it would have been with these changes; without any, as it was.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> from poppy_ipython.whatif.levers import faster
    >>> trace = Trace.of([CallRecord(1, "ask", issued=0, ready=0, started=0, ended=3.0, outcome="ok")])
    >>> simulate(trace), simulate(trace, faster(2, "ask"))
    (Trace(1 call, 3.0 s of calls in 3.0 s), Trace(1 call, 1.5 s of calls in 1.5 s))
    """
    return predict(trace, *levers).trace()
