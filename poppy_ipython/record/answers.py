"""Answers of earlier runs: a recording as something that can be asked.

    Replay   one recording; a call that it lacks is a `MissingCall`, or goes out live
    Cache    (see `cache`) everything that earlier runs with `--cache` were told

Of several calls with the same callee and arguments each has its own answer, counted in program order. A parallel run does not
always *send* equal calls in program order, so a call is first looked for by its place in the program (its position), and only
then takes the first that is left. Where that is another one than a plain run would give it, the two are equal calls whose
order their effect leaves open: those whose order matters (`sequential`) are sent one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from typing import Any, Protocol

from poppy_ipython.record import store
from poppy_ipython.record.errors import MissingCall, RecordError
from poppy_ipython.record.keys import Bodies, Key
from poppy_ipython.record.reading import Resolve, decode
from poppy_ipython.record.store import Row
from poppy_ipython.record.streams import replayed
from poppy_ipython.record.values import Numbers
from poppy_ipython.trace.values import brief

__all__ = ["Answer", "Replay", "Source"]

_COMPARED = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is told in place of being sent."""

    seconds: float
    outcome: Callable[[Numbers], tuple[Any, BaseException | None]]
    attempts: int = 1
    output: str = ""


class Source(Protocol):
    """Who may know the answer of a call."""

    def find(self, call: Any, key: Key) -> Answer | None: ...


class Replay:
    """A recording, asked call by call."""

    def __init__(self, name: str, factor: float = 1.0, missing: str = "error", resolve: Resolve | None = None) -> None:
        self.about, self.rows = store.read(name)
        self.name = name
        self.factor = factor
        self.resolve = resolve
        self.missing = missing
        self.lacking = 0
        self.edited: dict[str, None] = {}
        self._left: dict[tuple[str, str], list[Row]] = {}
        self._body = Bodies()
        for row in self.rows:
            self._left.setdefault((row.callee, row.arguments), []).append(row)

    def find(self, call: Any, key: Key) -> Answer | None:
        left = self._left.get((key.callee, key.arguments))
        if not left:
            self.lacking += 1
            if self.missing == "live":
                return None
            error = MissingCall(self.lacks(call, key))
            return Answer(0.0, lambda numbers: (None, error))
        row = chosen(left, key, ".".join(map(str, call.position)))
        left.remove(row)
        if row.body and row.body != self._body(call.fn):
            self.edited[row.name] = None
        where = f"{row.name} ({row.file}, line {row.line}) of the recording {self.name!r}"
        client = getattr(getattr(call.fn, "__self__", None), "_client", None)
        tell = partial(told, row, where=where, factor=self.factor, client=client, resolve=self.resolve)
        return Answer(row.seconds * self.factor, tell, row.attempts, row.output)

    def lacks(self, call: Any, key: Key) -> str:
        """What the recording does not have, what it has that is nearest, and what to do."""
        arguments = ", ".join([*map(brief, call.args), *[f"{k}={brief(v)}" for k, v in call.kwargs.items()]])
        text = f"the recording {self.name!r} has no {call.record.callee}({_short(arguments)})"
        same = [row for row in self.rows if (row.callee, row.arguments) == (key.callee, key.arguments)]
        if same:
            times = "once" if len(same) == 1 else f"{len(same)} times"
            text += f" any more: it was called {times} when that was recorded"
        else:
            near = nearest(self.rows, key)
            if near is None:
                text += "; it holds no call at all" if not self.rows else f"; it holds no call of {key.callee}"
            else:
                text += f"; the nearest is {near.name}({_short(_readable(near.text))}), {near.file}, line {near.line}"
        return text + ". Record again, or --replay-missing live asks whoever answered then."

    @property
    def unused(self) -> int:
        return sum(map(len, self._left.values()))


def chosen(rows: list[Row], key: Key, position: str) -> Row:
    """Which of several equal calls: of that receiver and at that place in the program, or the first that is left."""
    own = [row for row in rows if row.receiver == key.receiver] or rows
    return next((row for row in own if row.position == position), own[0])


def told(
    row: Row, numbers: Numbers, where: str, factor: float, client: Any = None, resolve: Resolve | None = None
) -> tuple[Any, BaseException | None]:
    """What a stored call gave: a value, or an exception. A damaged one is a `BadRecording`."""
    try:
        if row.kind == "value":
            return decode(row.payload, numbers, resolve), None
        if row.kind == "stream":
            return replayed(row.payload, factor, where, client), None
        if row.kind == "error":
            return None, decode(row.payload, numbers, resolve)
    except RecordError as error:
        return None, error
    return None, MissingCall(
        f"{where} has no result: {row.payload} cannot be stored. "
        "Return plain data, or declare how it is stored: poppy_ipython.record.serializer(cls, dump, load)."
    )


def nearest(rows: list[Row], key: Key) -> Row | None:
    """The recorded call of that callee whose arguments are most alike."""
    best, most = None, -1.0
    wanted = key.text[:_COMPARED]
    for row in [row for row in rows if row.callee == key.callee][:500]:
        alike = SequenceMatcher(None, wanted, row.text[:_COMPARED], autojunk=False)
        if alike.real_quick_ratio() > most and (ratio := alike.ratio()) > most:
            best, most = row, ratio
    return best


def _readable(text: str) -> str:
    """Arguments as they are stored, without the outer brackets."""
    try:
        parts = json.loads(text)
    except ValueError:
        return text
    return ", ".join(brief(part) for part in parts)


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
