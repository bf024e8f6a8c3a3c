"""The calls of a run as they are written down, and the recording that is made of them at its end.

Arguments are put into words when a call is handed over, because a call may change what it was given; results when they
arrive, before the program has them. Which of several equal calls one is, is known when all positions are: so rows are made
at the end of the run, in program order.

Calls that were cancelled, abandoned or never sent have no answer and are not in a recording. What a call prints is kept with
it: a call that is answered from the recording writes it again.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from poppy_ipython.display.output import Piece
from poppy_ipython.record.errors import Unstorable
from poppy_ipython.record.keys import Bodies, Key, key_of
from poppy_ipython.record.store import Row
from poppy_ipython.record.streams import Taken
from poppy_ipython.record.values import Numbers, encode
from poppy_ipython.redact import redact

__all__ = ["Heard", "Take", "Takes"]

_MOST_TEXT = 4000


class Heard(Piece):
    """A piece of output that also remembers what was written: stream or publisher, method, arguments."""

    __slots__ = ("said",)

    def __init__(self) -> None:
        super().__init__()
        self.said: list[list[Any]] = []

    def _take(self, target: Any, write: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        self.said.append([_stream_of(target), getattr(write, "__name__", "write"), list(args), kwargs])
        return super()._take(target, write, args, kwargs)


def _stream_of(target: Any) -> str:
    import sys

    return "stdout" if target is sys.stdout else "stderr" if target is sys.stderr else "display"


@dataclass(eq=False, slots=True)
class Take:
    """One call of this run."""

    call: Any
    key: Key
    numbers: Numbers
    body: str
    kind: str = "none"
    payload: str = "it did not end"
    stream: Taken | None = None
    alive: Any = field(default=None, repr=False)  # a copy of the result in a tuple, where no text can stand for it
    rank: int = 0

    @property
    def position(self) -> tuple[int, ...]:
        return tuple(self.call.position)


class Takes:
    """Every call of a run that was handed over."""

    def __init__(self, keep: Any = None) -> None:
        self.all: list[Take] = []
        self.of: dict[int, Take] = {}
        self._keep = keep  # the check's copier of results
        self._body = Bodies()

    def sent(self, call: Any) -> Take:
        """A call is about to be sent (again: then it is the same one)."""
        found = self.of.get(id(call))
        if found is not None:
            return found
        numbers = Numbers()
        take = Take(call, key_of(call.fn, call.args, call.kwargs, numbers), numbers, self._body(call.fn))
        self.of[id(call)] = take
        self.all.append(take)
        return take

    def ended(self, take: Take, value: Any, error: BaseException | None) -> None:
        try:
            if error is not None:
                take.kind, take.payload = "error", encode(error, take.numbers)
            elif take.stream is not None:
                take.kind, take.payload = "stream", ""
            else:
                take.kind, take.payload = "value", encode(value, take.numbers)
        except Unstorable as reason:
            take.kind, take.payload = "none", str(reason)
        except RecursionError:
            take.kind, take.payload = "none", "something nested too deep"
        if self._keep is not None and take.kind == "none":
            take.alive = self._keep(value if error is None else error)

    def ranked(self) -> list[Take]:
        """Those that have an answer, in program order, each with its rank among its equals."""
        done = sorted((take for take in self.all if take.call.record.outcome in ("ok", "error")), key=lambda take: take.position)
        seen: Counter[tuple[str, str]] = Counter()
        for take in done:
            same = take.key.callee, take.key.arguments
            take.rank = seen[same]
            seen[same] += 1
        return done

    def rows(self, started: float, title: Any) -> list[Row]:
        """As they are stored. `title(file name)` is how the user knows a file."""
        return [self._row(take, started, title) for take in self.ranked()]

    def _row(self, take: Take, started: float, title: Any) -> Row:
        record, key = take.call.record, take.key
        kind, payload = take.kind, take.payload
        if take.stream is not None and kind == "stream":
            try:
                payload = take.stream.payload()
            except Unstorable as reason:
                kind, payload = "none", str(reason)
        return Row(
            take.rank, key.callee, key.arguments, key.receiver, take.body, redact(key.text[:_MOST_TEXT]), record.callee,
            title(record.filename) or record.filename, record.line, ".".join(map(str, take.position)), record.effect,
            "" if record.resource is None else redact(str(record.resource)), record.host or "", record.started - started,
            record.ended - record.started, record.attempts, kind, payload, output_of(take.call),
        )  # fmt: skip


def output_of(call: Any) -> str:
    """What the call has written, as JSON; empty if nothing, or nothing that can be kept."""
    said = getattr(getattr(call, "piece", None), "said", None)
    if not said:
        return ""
    try:
        return json.dumps(said)
    except (TypeError, ValueError):
        return ""
