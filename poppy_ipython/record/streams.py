"""Streamed answers: what came, when it came, and the same again.

A stream of `openai` or `anthropic` keeps the iterator that it reads from as `_iterator`. While a run is recorded that iterator
is one of ours around the client's; the stream itself, its class and its connection are the client's own. Of a generator
(a function of the user's declared with `result="stream"`) a generator of the same name around it is handed on. Whoever reads,
the engine's loop or native code, is recorded; nothing is read ahead, so what nobody read is not in the recording.

Two times are kept per item: since the stream was opened, and how long its reader had to wait for it. Played back, an item is
there at the earlier of the two: a reader who was slow the first time saw old items without waiting, and one who is slow
now need not wait for what has long been sent.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import GeneratorType
from typing import Any

from poppy_ipython.record.errors import MissingCall, Unstorable
from poppy_ipython.record.reading import class_named, decode
from poppy_ipython.record.values import KNOWN, encode

__all__ = ["Taken", "replayed", "tap"]

_END = object()


class Taken:
    """The items of one stream, as far as somebody has read them."""

    def __init__(self, value: Any, clock: Callable[[], float]) -> None:
        kind = type(value)
        self.kind = "generator" if kind is GeneratorType else f"{kind.__module__}:{kind.__qualname__}"
        response = type(getattr(value, "response", None))
        self.response = f"{response.__module__}:{response.__qualname__}"
        self.clock = clock
        self.opened = clock()
        self.items: list[list[Any]] = []  # after, wait, text
        self.end: list[Any] | None = None  # after, wait, error or None
        self.unstorable: str | None = None

    def came(self, asked: float, item: Any) -> None:
        now = self.clock()
        try:
            self.items.append([now - self.opened, now - asked, encode(item)])
        except Unstorable as reason:
            self.unstorable = str(reason)

    def over(self, asked: float, error: BaseException | None) -> None:
        now = self.clock()
        try:
            self.end = [now - self.opened, now - asked, None if error is None else encode(error)]
        except Unstorable as reason:
            self.unstorable = str(reason)

    @contextmanager
    def step(self) -> Iterator[float]:
        """Around one reading: when it began; an error that it meets ends the stream. A reader that gives up does not."""
        asked = self.clock()
        try:
            yield asked
        except BaseException as error:
            if not isinstance(error, GeneratorExit | asyncio.CancelledError):
                self.over(asked, error)
            raise

    def more(self, asked: float, item: Any) -> bool:
        """Note what was read; false if that was the end."""
        if item is _END:
            self.over(asked, None)
            return False
        self.came(asked, item)
        return True

    def payload(self) -> str:
        """As it is stored. Raises `Unstorable`."""
        if self.unstorable is not None:
            raise Unstorable(f"an item of the stream ({self.unstorable})")
        return json.dumps({"t": self.kind, "response": self.response, "items": self.items, "end": self.end})


def tap(value: Any, clock: Callable[[], float]) -> tuple[Any, Taken] | None:
    """What to hand on in place of `value`, and where its items will be; None if it cannot be listened to."""
    kind = type(value)
    if kind is GeneratorType:
        taken = Taken(value, clock)
        made = _listened(value, taken)
        made.__name__, made.__qualname__ = value.__name__, value.__qualname__
        return made, taken
    if kind.__module__.partition(".")[0] not in KNOWN or not hasattr(value, "_iterator"):
        return None
    taken = Taken(value, clock)
    heard = _listened_async(value._iterator, taken) if hasattr(kind, "__anext__") else _listened(value._iterator, taken)
    value._iterator = heard
    return value, taken


def _listened(iterator: Iterator[Any], taken: Taken) -> Any:
    try:
        while True:
            with taken.step() as asked:
                item = next(iterator, _END)
            if not taken.more(asked, item):
                return
            yield item
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()


async def _listened_async(iterator: AsyncIterator[Any], taken: Taken) -> AsyncIterator[Any]:
    while True:
        with taken.step() as asked:
            item = await anext(iterator, _END)
        if not taken.more(asked, item):
            return
        yield item


def replayed(payload: str, factor: float, where: str, client: Any = None) -> Any:
    """The stream again: `factor` times as slow. `where` says which call it was, for whoever reads on past its end."""
    form = json.loads(payload)
    steps = _steps(form, factor, where)
    if form["t"] == "generator":
        return _played(steps)
    module, _, name = form["t"].partition(":")
    kind = class_named(module, name)
    made = kind.__new__(kind)
    made._client = client
    made._cast_to = object
    made.response = _response(form["response"])
    made._iterator = _played_async(steps) if hasattr(kind, "__anext__") else _played(steps)
    return made


def _response(named: str) -> Any:
    module, _, name = named.partition(":")
    kind = class_named(module, name)
    http = __import__(module.partition(".")[0])
    return kind(200, request=http.Request("POST", "http://recorded/"))


def _steps(form: dict[str, Any], factor: float, where: str) -> Iterator[tuple[float, Any]]:
    """How long to wait from now, and the item; an exception is raised by the reader's own step."""
    opened = time.perf_counter()
    for after, wait, text in form["items"]:
        yield _pause(opened, after, wait, factor), (decode(text), None)
    if form["end"] is None:
        yield 0.0, (None, MissingCall(f"{where}: the recording ends before the stream does: nobody had read on when it was made"))
        return
    after, wait, error = form["end"]
    yield _pause(opened, after, wait, factor), (_END, None if error is None else decode(error))


def _pause(opened: float, after: float, wait: float, factor: float) -> float:
    return max(0.0, min(opened + after * factor - time.perf_counter(), wait * factor))


def _played(steps: Iterator[tuple[float, Any]]) -> Any:
    for pause, (item, error) in steps:
        if pause:
            time.sleep(pause)
        if error is not None:
            raise error
        if item is _END:
            return
        yield item


async def _played_async(steps: Iterator[tuple[float, Any]]) -> AsyncIterator[Any]:
    for pause, (item, error) in steps:
        if pause:
            await asyncio.sleep(pause)
        if error is not None:
            raise error
        if item is _END:
            return
        yield item
