"""Which levers a run offers: for whoever draws sliders, and for the sweeps of a page without a kernel.

Only what acts on something in this run is offered, and only within bounds that mean something: speeds from a quarter to
sixteen times, limits from one to four times what would be in flight without any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poppy_ipython.trace.trace import seen
from poppy_ipython.trace.uses import unknown_uses
from poppy_ipython.whatif.levers import (
    BadLever,
    Lever,
    after_loop,
    at_once,
    cached,
    effect,
    faster,
    per_minute,
    streaming,
    unlimited,
    without_retries,
)
from poppy_ipython.whatif.scaled import loops, scaled
from poppy_ipython.whatif.simulate import Prediction, predict

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Trace

__all__ = ["Choice", "Menu"]

SPEEDS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0)
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
FACTORS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
LIMITS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256)
RATES = (60, 120, 300, 600, 1200, 3000, 6000, 0)
_CALLEES = 12  # offered, the busiest first
_CALLS = 20_000  # of a scaled input, in a view


@dataclass(frozen=True)
class Choice:
    """One lever on offer. `make` gives the lever for a value, None for the value that changes nothing."""

    key: str
    kind: str
    callee: str
    words: str
    calls: int
    share: float
    places: tuple[tuple[str, int], ...]
    control: str
    value: Any
    stops: tuple[Any, ...]
    make: Callable[[Any], Lever | None]
    unit: str = ""
    scale: str = "linear"
    whole: bool = False
    snippet: str = ""


class Menu:
    """The levers of one run.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> menu = Menu(Trace.of([CallRecord(1, "ask", issued=0, ready=0, started=0, ended=3.0, position=(1,), outcome="ok")]))
    >>> [choice.key for choice in menu.choices]
    ['speed|ask', 'cached|ask', 'limit|', 'rate|']
    >>> menu.predict({"speed|ask": 2}).makespan
    1.5
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.now: Prediction = predict(trace)
        self.choices: list[Choice] = []
        if trace.sent:
            self._callees()
            self._whole_run()
        self._by_key = {choice.key: choice for choice in self.choices}

    def predict(self, settings: dict[str, Any]) -> Prediction:
        """The run with these values by key; raises `BadLever` for what cannot be meant."""
        levers = self.levers(settings)
        return predict(self.trace, *levers) if levers else self.now

    def levers(self, settings: dict[str, Any]) -> list[Lever]:
        found = []
        for key, value in settings.items():
            choice = self._by_key.get(key)
            if choice is None:
                raise BadLever(f"this run has no lever {key!r}")
            lever = None if value == choice.value else choice.make(value)
            if lever is not None:
                found.append(lever)
        return sorted(found, key=lambda lever: lever.kind != "scaled")  # the others act on all of the rounds

    def snippet(self, settings: dict[str, Any]) -> str:
        """The line that gives the same prediction."""
        parts: list[str] = []
        positional: list[str] = []
        for key, value in settings.items():
            choice = self._by_key.get(key)
            if choice is not None and value != choice.value and choice.snippet:
                text = choice.snippet.format(value if choice.control != "menu" else repr(value))
                (parts if "=" in text.partition("(")[0] else positional).append(text)
        return f"run.whatif({', '.join([*positional, *_joined(parts)])})"

    def choice(self, key: str) -> Choice:
        if key not in self._by_key:
            raise BadLever(f"this run has no lever {key!r}")
        return self._by_key[key]

    # ------------------------------------------------------------------ what is offered
    def _callees(self) -> None:
        trace, graph = self.trace, self.now.scene.graph
        on_chain = Counter(seen(graph.calls[i], trace.filename).name for i in self.now.walk.chain)
        taken: dict[str, float] = {}
        for i in self.now.walk.chain:
            name = seen(graph.calls[i], trace.filename).name
            taken[name] = taken.get(name, 0.0) + graph.seconds[i]
        groups: dict[str, list[int]] = {}
        for i, call in enumerate(graph.calls):
            groups.setdefault(seen(call, trace.filename).name, []).append(i)
        order = sorted(groups, key=lambda name: (-on_chain[name], -len(groups[name]), name))
        for name in order[:_CALLEES]:
            if name not in self.now.scene.names:
                continue
            calls = [graph.calls[i] for i in groups[name]]
            places = tuple(dict.fromkeys(seen(call, trace.filename)[1:3] for call in calls))[:5]
            share = taken.get(name, 0.0) / self.now.makespan if self.now.makespan else 0.0
            common = (name, len(calls), share, places)
            self._add("speed", *common, f"how fast `{name}` answers", 1.0, SPEEDS, faster, "×", "log", "faster")
            self._add(
                "cached",
                *common,
                f"how many of the calls of `{name}` are answered from a cache",
                0.0,
                SHARES,
                cached,
                call="cached",
            )
            ordered = [call for call in calls if call.effect == "sequential"]
            if ordered:
                resource = ordered[0].resource or name
                effects = (f"sequential('{resource}')", f"readonly('{resource}')", "unordered")
                self._add("effect", *common, f"what `{name}` is declared as", effects[0], effects, effect, call="effect")
                if len(ordered) > 1:
                    self._add(
                        "after_loop",
                        *common,
                        f"`{name}` moved below the loop",
                        False,
                        (False, True),
                        _switch(after_loop),
                        call="after_loop",
                    )
            if any(part != 1.0 and i in groups[name] for causes in graph.trigger for i, part in causes):
                turned = lambda on, name: None if on else streaming(False, name)  # noqa: E731
                self._add(
                    "streaming",
                    *common,
                    f"what follows starts while `{name}` still answers",
                    True,
                    (True, False),
                    turned,
                    call="streaming",
                )
            if any(call.attempts > 1 for call in calls):
                self._add(
                    "retries",
                    *common,
                    f"no call of `{name}` has to be sent again",
                    False,
                    (False, True),
                    _switch(without_retries),
                    call="without_retries",
                )
        for use in unknown_uses(trace):
            waits = [wait for wait in trace.waits if wait.reason == "unknown" and wait.detail == use.what and wait.line]
            if waits:
                places = tuple(dict.fromkeys((trace.filename or "<cell>", wait.line or 0) for wait in waits))[:5]
                offered = ("undeclared", "unordered", "readonly('…')", "sequential('…')")
                words = f"what `{use.what}` is declared as"
                self._add("effect", use.what, len(waits), 0.0, places, words, offered[0], offered, effect, call="effect")

    def _whole_run(self) -> None:
        trace, total = self.trace, len(self.now.scene.graph)
        whole = ("", total, 1.0, ())
        most = max(trace.peak, 16)
        known_limit = {trace.max_calls} if trace.max_calls else set()
        stops = (*sorted({*(n for n in LIMITS if n <= 4 * most), *known_limit}), 0)
        value = trace.max_calls or 0
        limit = lambda n, name: unlimited() if n == 0 and value else at_once(int(n)) if n else None  # noqa: E731
        self._add(
            "limit",
            *whole,
            "calls at once to a host (0: as many as it takes)",
            value,
            stops,
            limit,
            "calls",
            whole=True,
            call="limit={}",
        )
        self._add(
            "rate",
            *whole,
            "calls a minute (0: no such limit)",
            0,
            RATES,
            lambda n, name: per_minute(n) if n else None,
            "a minute",
            call="rate={}",
        )
        known = [loop for loop in loops(trace, self.now.scene.graph) if len(loop.rounds) > 1]
        if known:
            loop = max(known, key=lambda one: sum(map(len, one.rounds)))
            per_round = sum(map(len, loop.rounds)) / len(loop.rounds)
            now = len(loop.rounds)
            factors = tuple(f for f in FACTORS if f * now * per_round <= _CALLS and f * now >= 1) or (1.0,)
            place = ((trace.filename or "<cell>", loop.line),)
            words = f"rounds of the loop in line {loop.line} ({len(loop.rounds)} now)"
            self._add("input", "", total, 1.0, place, words, 1.0, factors, lambda f, name: scaled(f), "×", "log", "scaled={}")

    def _add(
        self, kind: str, callee: str, calls: int, share: float, places: tuple[tuple[str, int], ...], words: str, value: Any,
        stops: tuple[Any, ...], make: Any, unit: str = "", scale: str = "linear", call: str = "", *, whole: bool = False,
    ) -> None:  # fmt: skip
        control = "slider" if kind in ("speed", "cached", "limit", "rate", "input") else "menu" if kind == "effect" else "switch"
        if callee:
            snippet = f"{callee}={call}({{}})" if callee.isidentifier() else f"{call}({{}}, {callee!r})"
            snippet = snippet if control != "switch" or kind == "streaming" else snippet.replace("{}, ", "").replace("{}", "")
        else:
            snippet = call
        key = f"{kind}|{callee}"
        if all(choice.key != key for choice in self.choices):
            shown = tuple((name, line) for name, line in places)
            self.choices.append(
                Choice(key, kind, callee, words, calls, min(share, 1.0), shown, control, value, stops,
                       lambda value: make(value, callee or None), unit, scale, whole, snippet)
            )  # fmt: skip


def _switch(make: Callable[[str | None], Lever]) -> Callable[[bool, str | None], Lever | None]:
    return lambda on, name: make(name) if on else None


def _joined(parts: list[str]) -> list[str]:
    """Several levers of one callee as a list: `ask=[faster(2), cached(0.5)]`."""
    by_name: dict[str, list[str]] = {}
    for part in parts:
        name, _, value = part.partition("=")
        by_name.setdefault(name, []).append(value)
    return [f"{name}={values[0] if len(values) == 1 else '[' + ', '.join(values) + ']'}" for name, values in by_name.items()]
