"""What can be turned: each lever is a value that changes a scene, a graph with the rules that it is played by.

    faster(2, "ask")               twice as fast; `slower(2, …)` is `faster(0.5, …)`
    profile(0.4, "ask")            answers in 0.4 s, or as the calls of another run did
    cached(0.5, "ask")             half of the calls are answered at once, evenly spread
    at_once(20)                    20 calls at once to each host; `at_once(4, "ask")` of one callee
    per_minute(600, "ask")         a rate
    effect("unordered", "save")    the callee declared as something else
    streaming(False, "ask")        what an answer's first lines started waits for the whole answer; True: the reverse
    after_loop("save")             ordered calls moved out of the loop, behind everything
    without_retries("ask")         the first attempt of each call is taken to succeed
    sequentially()                 as a plain run: one thing after the other
    unlimited()                    no limit of calls at once

A name stands for the calls that a reader would know by it: the callee, its last part, or a function around the call.
Levers do not touch each other: any number of them, in any order but for two on the same thing, where the last one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

from poppy_ipython.backends.limits import Limit
from poppy_ipython.whatif.declared import redeclare
from poppy_ipython.whatif.graph import NOBODY, Graph
from poppy_ipython.whatif.play import UNLIMITED, Rules

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call, Trace

__all__ = [
    "BadLever",
    "Lever",
    "Scene",
    "after_loop",
    "at_once",
    "cached",
    "effect",
    "faster",
    "matches",
    "per_minute",
    "profile",
    "sequentially",
    "slower",
    "streaming",
    "unlimited",
    "without_retries",
]


class BadLever(ValueError):
    """A lever that cannot be meant, or that acts on nothing."""


@dataclass
class Scene:
    """What is about to be played. Levers change it, in their order."""

    trace: Trace
    graph: Graph
    rules: Rules
    notes: list[str] = field(default_factory=list)
    #: per call, where a lever said what one costs
    price: dict[int, float] = field(default_factory=dict)
    energy: dict[int, float] = field(default_factory=dict)

    @cached_property
    def names(self) -> dict[str, list[int]]:
        """The calls by everything that they are known by."""
        found: dict[str, list[int]] = {}
        for i, call in enumerate(self.graph.calls):
            for name in names_of(call):
                found.setdefault(name, []).append(i)
        return found

    def calls(self, name: str) -> list[int]:
        """The calls that a name stands for; raises `BadLever` if there are none."""
        found = self.names.get(name)
        if found:
            return found
        known = sorted({names_of(call)[0] for call in self.graph.calls})
        raise BadLever(f"no call of `{name}` in this run; it called {', '.join(known) or 'nothing'}")


def names_of(call: Call) -> tuple[str, ...]:
    """Every name that a call is known by, the one that reports use first."""
    names = [call.callee, call.callee.rpartition(".")[2], *(frame[0] for frame in call.stack)]
    return tuple(dict.fromkeys(name for name in names if not name.startswith("<")))


def matches(call: Call, name: str) -> bool:
    return name in names_of(call)


@dataclass(frozen=True)
class Lever:
    """A change; made by the functions of this module. `name` is what it acts on, None the whole run."""

    kind: str
    value: Any
    name: str | None
    apply: Callable[[Scene], None] = field(repr=False, compare=False)
    made: Callable[[str], Lever] | None = field(default=None, repr=False, compare=False)

    def on(self, name: str) -> Lever:
        """The same for another callee: `ask=faster(2)`."""
        if self.made is None:
            raise BadLever(f"{self.kind} acts on the whole run, not on `{name}`")
        return self.made(name)

    def __str__(self) -> str:
        return self.kind if self.value is None else f"{self.kind}({self.value!r})"


def faster(factor: float, name: str | None = None) -> Lever:
    """The calls of `name` (all, if None) take `factor` times less."""
    _positive(factor, "faster")

    def apply(scene: Scene) -> None:
        seconds = scene.graph.seconds
        for i in _of(scene, name):
            seconds[i] /= factor

    return Lever("faster", factor, name, apply, lambda name: faster(factor, name))


def slower(factor: float, name: str | None = None) -> Lever:
    """The calls of `name` take `factor` times longer."""
    _positive(factor, "slower")
    return replace(faster(1 / factor, name), kind="slower", value=factor, made=lambda name: slower(factor, name))


def profile(
    seconds: float | Sequence[float] | Any, name: str | None = None, *, price: float | None = None, energy: float | None = None
) -> Lever:
    """Another latency: a number of seconds, many of them, or a run (or trace) whose calls of that name are the model.

    Many seconds are dealt out by rank: the longest call here gets the longest there. `price` and `energy` are those of one
    call, in whatever unit.
    """
    kind = "profile"

    def apply(scene: Scene) -> None:
        calls = _of(scene, name)
        model = _seconds(seconds, name)
        ordered = sorted(calls, key=lambda i: (scene.graph.seconds[i], i))
        for place, i in enumerate(ordered):
            scene.graph.seconds[i] = model[min(len(model) - 1, (2 * place + 1) * len(model) // (2 * len(ordered)))]
        for i in calls:
            if price is not None:
                scene.price[i] = price
            if energy is not None:
                scene.energy[i] = energy

    value = seconds if isinstance(seconds, int | float) else "…"
    return Lever(kind, value, name, apply, lambda name: profile(seconds, name, price=price, energy=energy))


def _seconds(given: Any, name: str | None) -> list[float]:
    trace = getattr(given, "trace", given)
    if hasattr(trace, "sent"):
        found = [call.seconds for call in trace.sent if name is None or matches(call, name)]
        if not found:
            raise BadLever(f"that run has no call of `{name}`")
    else:
        found = [float(given)] if isinstance(given, int | float) else [float(one) for one in given]
    if not found or any(not isfinite(one) or one < 0 for one in found):
        raise BadLever("profile: seconds are expected, 0 or more")
    return sorted(found)


def cached(share: float, name: str | None = None) -> Lever:
    """That share of the calls, evenly spread, is answered at once and takes no place."""
    if not 0 <= share <= 1:
        raise BadLever(f"cached({share!r}): a share between 0 and 1 is expected")

    def apply(scene: Scene) -> None:
        graph = scene.graph
        for place, i in enumerate(sorted(_of(scene, name), key=graph.rank.__getitem__)):
            if int((place + 1) * share + 1e-9) > int(place * share + 1e-9):
                graph.at_once[i], graph.seconds[i], graph.gap[i] = True, 0.0, 0.0

    return Lever("cached", share, name, apply, lambda name: cached(share, name))


def at_once(calls: int | None, name: str | None = None) -> Lever:
    """A limit of calls at once: to each host, or of one callee. None: without limit."""
    if calls is not None and (isinstance(calls, bool) or not isinstance(calls, int) or calls < 1):
        raise BadLever(f"limit={calls!r}: a whole number from 1 on is expected, or None for no limit")

    def apply(scene: Scene) -> None:
        if name is None:
            scene.rules = replace(scene.rules, max_calls=UNLIMITED if calls is None else calls)
        elif calls is not None:
            bound = (Limit((name,), calls=calls), frozenset(scene.calls(name)))
            scene.rules = replace(scene.rules, limits=(*scene.rules.limits, bound))

    return Lever("at_once", calls, name, apply, lambda name: at_once(calls, name))


def per_minute(requests: float, name: str | None = None) -> Lever:
    """So many calls within any minute at most."""
    _positive(requests, "per_minute")

    def apply(scene: Scene) -> None:
        bound = (Limit((name or "all",), per_minute=requests), None if name is None else frozenset(scene.calls(name)))
        scene.rules = replace(scene.rules, limits=(*scene.rules.limits, bound))

    return Lever("per_minute", requests, name, apply, lambda name: per_minute(requests, name))


def effect(what: str, name: str | None = None) -> Lever:
    """`name` declared as `unordered`, `pure`, `readonly` or `sequential` (`sequential('db')`, as one would write it)."""
    order = what.partition("(")[0].strip()
    if order not in ("unordered", "pure", "readonly", "sequential"):
        raise BadLever(f"effect({what!r}): unordered, pure, readonly('…') or sequential('…') is expected")

    def apply(scene: Scene) -> None:
        if name is None:
            raise BadLever("effect(…) needs the name of a callee")
        if not redeclare(scene, what, name):
            scene.calls(name)  # says what there is

    return Lever("effect", what, name, apply, lambda name: effect(what, name))


def streaming(on: bool, name: str | None = None) -> Lever:
    """Whether what follows from an answer starts with its parts (`True`) or when it is complete (`False`)."""

    def apply(scene: Scene) -> None:
        graph, calls = scene.graph, set(_of(scene, name))
        if not on:
            for column in (graph.trigger, graph.operands):
                for i, causes in enumerate(column):
                    column[i] = tuple((cause, 1.0 if cause in calls else part) for cause, part in causes)
            return
        turns: dict[int, list[int]] = {}
        for i, causes in enumerate(graph.trigger):
            if len(causes) == 1 and causes[0][0] in calls and causes[0][1] == 1.0:
                turns.setdefault(causes[0][0], []).append(i)
        for i, before in enumerate(graph.turn):
            for cause, started in turns.items():
                if before in started:
                    started.append(i)
                    graph.turn[i], graph.trigger[i] = NOBODY, ((cause, 1.0),)
                    break
        for cause, started in turns.items():
            for place, i in enumerate(started):
                graph.trigger[i] = ((cause, (place + 1) / len(started)),)
        scene.notes.append("with streaming, what an answer starts is taken to start evenly while it is written")

    return Lever("streaming", on, name, apply, lambda name: streaming(on, name))


def after_loop(name: str | None = None) -> Lever:
    """The ordered calls of `name` come after everything else, in their order."""

    def apply(scene: Scene) -> None:
        graph, moved = scene.graph, set(_of(scene, name))
        order = sorted(range(len(graph)), key=lambda i: (i in moved, graph.rank[i]))
        for place, i in enumerate(order):
            graph.rank[i] = place
        for i, before in enumerate(graph.turn):  # nobody's turn goes through them any more
            while before != NOBODY and before in moved and i not in moved:
                graph.trigger[i] = tuple(dict.fromkeys((*graph.trigger[i], *graph.trigger[before])))
                graph.fence[i] = graph.fence[i] or graph.fence[before]
                before = graph.turn[i] = graph.turn[before]

    return Lever("after_loop", None, name, apply, after_loop)


def without_retries(name: str | None = None) -> Lever:
    """Each call that was sent again takes as long as the others of its callee."""

    def apply(scene: Scene) -> None:
        graph = scene.graph
        calls = _of(scene, name)
        alone: dict[str, list[float]] = {}
        for i, call in enumerate(graph.calls):
            if call.attempts == 1:
                alone.setdefault(call.callee, []).append(graph.seconds[i])
        again = [i for i in calls if graph.calls[i].attempts > 1]
        if not again:
            scene.notes.append("no call was sent again")
        for i in again:
            others = sorted(alone.get(graph.calls[i].callee, ()))
            typical = others[len(others) // 2] if others else graph.seconds[i] / graph.calls[i].attempts
            graph.seconds[i] = min(graph.seconds[i], typical)

    return Lever("without_retries", None, name, apply, without_retries)


def sequentially() -> Lever:
    """One thing after the other, as in a plain run."""

    def apply(scene: Scene) -> None:
        graph = scene.graph
        before = NOBODY
        for i in sorted(range(len(graph)), key=graph.rank.__getitem__):
            graph.trigger[i] = () if before == NOBODY else ((before, 1.0),)
            graph.operands[i], graph.turn[i], graph.fence[i], graph.head[i] = (), NOBODY, False, False
            graph.lag[i] = graph.late[i] = 0.0
            before = i

    return Lever("sequentially", None, None, apply)


def unlimited() -> Lever:
    """No limit of calls at once, of no host and no callee; rates stay."""

    def apply(scene: Scene) -> None:
        limits = tuple((limit, calls) for limit, calls in scene.rules.limits if limit.calls is None)
        scene.rules = replace(scene.rules, max_calls=UNLIMITED, limits=limits)

    return Lever("unlimited", None, None, apply)


def _of(scene: Scene, name: str | None) -> Sequence[int]:
    return range(len(scene.graph)) if name is None else scene.calls(name)


def _positive(value: float, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        raise BadLever(f"{what}({value!r}): a number above 0 is expected")
