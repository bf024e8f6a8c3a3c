"""The What-if tab's kernel side: what is asked over the view's comm, and what is answered.

    {"ask": "whatif", "id": 1}                            ─▶ {"t": "whatif", levers, advice, reference lines}
    {"ask": "whatif", "id": 7, "set": {key: value, …}}    ─▶ {"t": "predicted", prediction}
    {"ask": "whatif-curve", "id": 8, "key": …, "set": …}  ─▶ {"t": "curve", points}

The tab's sliders move faster than anybody can look, so an answer is times only: two integers of 10 µs a call, which the
page puts into the rows that it has. A page without a kernel carries the same first answer with the predictions of every
single lever at its stops. Whatever cannot be answered says so in a sentence.
"""

from __future__ import annotations

import logging
from typing import Any

from poppy_ipython.trace.trace import Trace
from poppy_ipython.trace.units import shorten
from poppy_ipython.whatif.advice import Advice, advice
from poppy_ipython.whatif.levers import BadLever, sequentially, unlimited
from poppy_ipython.whatif.menu import Choice, Menu
from poppy_ipython.whatif.result import Known, costs, known_costs
from poppy_ipython.whatif.simulate import Prediction, predict

__all__ = ["VERSION", "Tab", "saved"]

VERSION = 1
_log = logging.getLogger("poppy_ipython.display")
_UNIT = 1e5  # per second
_TIMES_IN_PAGE = 120_000  # numbers: above it a page's sweeps have no times
_TIMES_IN_OUTPUT = 4_000  # likewise of a cell's output
_SWEPT_CALLS = 400_000  # calls played for a page's sweeps: about four seconds
_CURVE = 2_000_000


class Tab:
    """One run's tab, for as long as the kernel keeps the run."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._menu: Menu | None = None
        self._costs: Known | None = None

    @property
    def menu(self) -> Menu:
        if self._menu is None:
            self._menu = Menu(self.trace)
        return self._menu

    def answer(self, content: dict[str, Any]) -> dict[str, Any] | None:
        """The message to send back; None if this was not for the tab.

        >>> Tab(Trace(())).answer({"ask": "whatif", "id": 3, "set": {"speed|ask": 2}})
        {'t': 'predicted', 'id': 3, 'problem': "this run has no lever 'speed|ask'"}
        """
        ask = content.get("ask")
        if ask not in ("whatif", "whatif-curve"):
            return None
        kind = "curve" if ask == "whatif-curve" else "predicted" if "set" in content else "whatif"
        head = {"t": kind, "id": content.get("id")}
        settings = content.get("set")
        settings = settings if isinstance(settings, dict) else {}
        try:
            if kind == "whatif":
                return {**head, **self.opening()}
            if kind == "curve":
                return {**head, **self.curve(str(content.get("key")), settings)}
            return {**head, "prediction": self.prediction(settings, bool(content.get("times", True)))}
        except BadLever as problem:
            return {**head, "problem": str(problem)}
        except Exception:
            _log.exception("a what-if could not be computed")
            return {**head, "problem": "this could not be computed; the kernel's log says why"}

    def opening(self) -> dict[str, Any]:
        """All that the tab shows before anybody moves anything."""
        trace, menu = self.trace, self.menu
        files = {name: number for number, (name, _) in enumerate(trace.sources or ((trace.filename or "<cell>", ""),))}
        sequential = predict(trace, sequentially()) if trace.sent else menu.now
        without = predict(trace, unlimited()) if trace.sent else menu.now
        return {
            "v": VERSION,
            "recorded": self._prediction(menu.now, {}, False),
            "levers": [_lever(trace, choice, files) for choice in menu.choices],
            "advice": [self._advice(one, files) for one in advice(trace)],
            "sequential": sequential.makespan,
            "unlimited": without.makespan,
            "reliable": not menu.now.unreliable,
            "why": menu.now.unreliable,
            "sweeps": {},
        }

    def prediction(self, settings: dict[str, Any], times: bool = True) -> dict[str, Any]:
        return self._prediction(self.menu.predict(settings), settings, times)

    def curve(self, key: str, settings: dict[str, Any]) -> dict[str, Any]:
        """One lever over its range, the others as they are set."""
        choice = self.menu.choice(key)
        points, played = [], 0
        last: Prediction | None = None
        for value in choice.stops:
            last = self.menu.predict({**settings, key: value})
            points.append([value, last.makespan])
            played += len(last.scene.graph)
            if played > _CURVE:
                break
        flat = last.walk.where[0][0] if last is not None and last.walk.where else ""
        return {"key": key, "points": points, "limitBy": flat}

    def _prediction(self, made: Prediction, settings: dict[str, Any], times: bool) -> dict[str, Any]:
        graph, played = made.scene.graph, made.played
        numbers = [call.number for call in graph.calls]
        original = len(self.trace.calls)
        grown = max(numbers, default=0) > original
        if self._costs is None:
            self._costs = known_costs(self.trace)
        money = costs(made, self._costs)
        found: dict[str, Any] = {
            "makespan": made.makespan,
            "path": made.walk.length,
            "recorded": made.recorded,
            "saved": made.saved,
            "cost": None if money is None else [*money, "$"],
            "energy": None,
            "where": [[shorten(name, 60), seconds] for name, seconds in made.walk.where],
            "notes": list(made.notes),
            "reliable": not made.unreliable,
            "snippet": self.menu.snippet(settings),
        }
        if not times or not grown:
            found["critical"] = [numbers[i] for i in made.walk.chain if numbers[i] <= original]
        if not times:
            return found
        if grown or len(numbers) < len(self.trace.sent):
            order = sorted(range(len(graph)), key=graph.rank.__getitem__)
            of = self._originals(made)
            place = {i: number for number, i in enumerate(order, 1)}
            found["of"] = [of[i] for i in order]
            found["critical"] = [place[i] for i in made.walk.chain]
            found["times"] = [t for i in order for t in (round(played.started[i] * _UNIT), round(played.ended[i] * _UNIT))]
            return found
        flat = [-1] * (2 * original)
        for i, number in enumerate(numbers):
            flat[2 * number - 2] = round(played.started[i] * _UNIT)
            flat[2 * number - 1] = round(played.ended[i] * _UNIT)
        found["times"] = flat
        return found

    def _originals(self, made: Prediction) -> list[int]:
        """The recorded call that each one stands for: copies have its position."""
        numbers = {call.position: call.number for call in self.trace.calls}
        first = min((call.number for call in self.trace.calls), default=1)
        return [numbers.get(call.position, first) for call in made.scene.graph.calls]

    def _advice(self, one: Advice, files: dict[str, int]) -> dict[str, Any]:
        where = None
        if one.place is not None:
            where = [self.trace.where(*one.place), files.get(one.place[0], -1), one.place[1]]
        return {
            "title": one.title,
            "saves": one.saves,
            "makespan": one.makespan,
            "evidence": one.evidence,
            "risk": one.risk,
            "code": one.code,
            "where": where,
            "set": self._setting(one),
        }

    def _setting(self, one: Advice) -> dict[str, Any]:
        """The lever of the menu that does the same, if there is one."""
        kinds = {"at_once": "limit", "effect": "effect", "after_loop": "after_loop", "without_retries": "retries"}
        key = f"{kinds.get(one.lever.kind, '')}|{one.lever.name or ''}"
        choice = next((choice for choice in self.menu.choices if choice.key == key), None)
        if choice is None:
            return {}
        value = True if choice.control == "switch" else one.lever.value
        if choice.control == "menu":
            order = str(value).partition("(")[0]
            value = next((stop for stop in choice.stops if str(stop).partition("(")[0] == order), value)
        return {key: value}


def _lever(trace: Trace, choice: Choice, files: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": choice.key,
        "kind": choice.kind,
        "callee": choice.callee,
        "label": shorten(choice.callee, 60) if choice.callee else "the whole run",
        "words": choice.words,
        "calls": choice.calls,
        "share": choice.share,
        "lines": [[trace.where(name, line), files.get(name, -1), line] for name, line in choice.places],
        "control": choice.control,
        "value": choice.value,
        "snippet": choice.snippet,
    }
    if choice.control == "slider":
        found |= {"min": min(choice.stops), "max": max(choice.stops), "scale": choice.scale, "integer": choice.whole}
        found |= {"unit": choice.unit, "stops": list(choice.stops)}
    elif choice.control == "menu":
        found["options"] = [
            {"value": stop, "label": stop, "risk": _RISKS.get(stop.partition("(")[0], "")} for stop in choice.stops
        ]
    return found


_RISKS = {
    "unordered": "right only if its calls may happen in any order",
    "readonly": "right only if it changes nothing",
    "sequential": "right if nothing else uses what it uses",
}


def saved(trace: Trace, times: bool = True) -> dict[str, Any]:
    """The opening with the predictions of every single lever, for a page without a kernel.

    >>> saved(Trace(()))["sweeps"]
    {}
    """
    tab = Tab(trace)
    found = tab.opening()
    calls = max(1, len(trace.sent))
    stops = sum(len(choice.stops) for choice in tab.menu.choices)
    times = 2 * calls * stops <= (_TIMES_IN_PAGE if times else _TIMES_IN_OUTPUT)
    left = _SWEPT_CALLS
    sweeps: dict[str, Any] = {}
    for choice in tab.menu.choices:
        values: list[Any] = []
        predictions: list[Any] = []
        for value in choice.stops:
            grown = max(1.0, float(value)) if choice.kind == "input" else 1.0
            if calls * grown > left and values:
                break
            left -= int(calls * grown)
            values.append(value)
            predictions.append(tab.prediction({choice.key: value}, times and grown == 1.0))
        sweeps[choice.key] = {"values": values, "predictions": predictions}
    found["sweeps"] = sweeps
    return found
