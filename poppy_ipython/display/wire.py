"""From calls to the rows that the view reads (`js/src/model.ts`): small, of names and times only.

    [number, callee, file, line, where, within, turn, host, effect, issued, ready, started, ended, outcome, edges, slack, …]

The last ones (the invocation it belongs to, model, tokens, earlier attempts, pieces of a stream, the worker and from when to
when it performed the call, what it occupied of resources) are left out where there is nothing to say.

Texts are numbers of a table that grows; times are integers of 10 µs, each the difference to the one before. A row is about
60 characters, so ten thousand calls are 0.6 MB. No argument and no result is in it, and of an exception only its type:
prompts and patients' data do not belong into a file by accident. Values go over separately, when somebody asks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from poppy_ipython.display.text import summary
from poppy_ipython.trace.edges import Edge
from poppy_ipython.trace.trace import Call, Seen, Trace, innermost, seen
from poppy_ipython.trace.units import shorten

__all__ = ["VERSION", "Rows", "full"]

VERSION = 1
_KINDS = ("waiting", "running", "ok", "error", "cancelled", "abandoned", "unsent", "streaming", "retrying")
_OUTCOMES = {kind: number for number, kind in enumerate(_KINDS)}
_WHY = ("start", "data", "branch", "order", "unknown", "commit", "limit", "window", "rate")
_REASONS = {reason: number for number, reason in enumerate(_WHY)}
_UNIT = 1e5  # per second
_MOST_EDGES = 200  # of one call
_MOST_PIECES = 200  # of a stream: more than a bar has room for


class Rows:
    """Makes rows, and remembers the texts that it has given numbers to.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> trace = Trace.of([CallRecord(1, "ask", line=3, issued=0.0, ready=0.0, started=0.5, ended=1.0, outcome="ok")])
    >>> rows = Rows(["<cell>"], trace.where)
    >>> rows.row(trace.calls[0], ())
    [1, 0, 0, 3, 1, -1, 1, -1, 2, 0, 0, 50000, 50000, 2, [], None, 1, -1, -1]
    >>> rows.new_strings()
    ['ask', 'line 3', 'unordered']
    """

    def __init__(self, files: Iterable[str], where: Callable[[str, int | None], str], cell: str | None = None) -> None:
        self.know(files)
        self.where = where
        self.cell = cell
        self._turns: dict[int, int] = {}
        self._invocations: dict[tuple[str, tuple[int, ...]], str] = {}
        self._functions: Counter[str] = Counter()
        self._sites: Counter[Seen] = Counter()
        self._strings: dict[str, int] = {}
        self._sent = 0

    def know(self, files: Iterable[str]) -> None:
        """The files whose text the view has."""
        self.files = {name: index for index, name in enumerate(files)}
        self._places: dict[Seen, tuple[int, int, int, int, int]] = {}

    def row(self, call: Call, edges: tuple[Edge, ...], slack: float | None = None) -> list[Any]:
        text, began, place = self._text, call.issued_at, seen(call, self.cell)
        turn = self._turns.get(call.number)
        if turn is None:
            self._sites[place] += 1
            turn = self._turns[call.number] = self._sites[place]
        where = self._places.get(place)
        if where is None:
            name, file, at = text(place.name), self.files.get(place.filename, -1), self.where(place.filename, place.line)
            where = self._places[place] = name, file, place.line, text(at), text(place.within)
        made = [
            call.number,
            *where,
            turn,
            text(call.host),
            text(call.effect),
            round(began * _UNIT),
            _since(call.ready, began),
            _since(call.started, began if call.ready is None else call.ready),
            _since(call.ended, next((t for t in (call.started, call.ready) if t is not None), began)),
            _OUTCOMES[_outcome(call)],
            [[e.cause, _REASONS.get(e.reason, 1), e.line or 0, text(e.words()), text(e.through)] for e in edges[-_MOST_EDGES:]],
            None if slack is None else round(slack * _UNIT),
            call.attempts,
            text(None if call.error is None else call.error.partition("(")[0]),
            -1 if place[1:3] == (call.filename, call.line) else text(self._exactly(call)),
        ]
        sent, received = call.tokens if call.tokens is not None else (-1, -1)
        more: list[Any] = [text(self._invocation(call)) if place.within else -1, text(call.choice or call.model), sent, received]
        more += [self._tries(call), _pieces(call), *self._there(call)]
        more.append([part for name, units, most in call.occupies for part in (text(name), units, most)] or -1)
        while more and more[-1] == -1:
            more.pop()
        return made + more

    def _invocation(self, call: Call) -> str:
        """`summarise 3`: the third time that the function around the call was called."""
        name, _, _, path = innermost(call, self.cell)
        if (name, path) not in self._invocations:
            self._functions[name] += 1
            self._invocations[name, path] = f"{shorten(name, 40)} {self._functions[name]}"
        return self._invocations[name, path]

    def _tries(self, call: Call) -> Any:
        """Its attempts: when after the first was sent, for how long, what it failed with."""
        zero = call.started or 0.0
        found = [[_since(sent, zero), _since(over, sent), self._text(shorten(why, 60))] for sent, over, why in call.tries]
        return found or -1

    def _there(self, call: Call) -> list[Any]:
        """Who performed it elsewhere, when that began after it was sent, and how long it took."""
        if call.worker is None or call.began is None or call.finished is None:
            return [-1, -1, -1]
        return [self._text(call.worker), _since(call.began, call.started or 0.0), _since(call.finished, call.began)]

    def _exactly(self, call: Call) -> str:
        return f"{shorten(call.callee, 60)} ({self.where(call.filename, call.line)})"

    def new_strings(self) -> list[str]:
        """The texts that have come since this was last asked."""
        new = list(self._strings)[self._sent :]
        self._sent += len(new)
        return new

    def _text(self, text: str | None) -> int:
        if not text:
            return -1
        number = self._strings.get(text)
        if number is None:
            number = self._strings.setdefault(text if len(text) <= 300 else shorten(text, 300), len(self._strings))
            if number == len(self._strings) - 1:
                return number
        return number


def _outcome(call: Call) -> str:
    if call.outcome == "waiting" and call.started is not None:
        return "retrying"
    if call.outcome == "running" and call.chunks:
        return "streaming"
    return call.outcome if call.outcome in _OUTCOMES else "running"


def _pieces(call: Call) -> Any:
    """Of a stream: how many pieces came, and when, each after the one before; of very many some."""
    if not call.chunks:
        return -1
    step = 1 + (len(call.chunks) - 1) // _MOST_PIECES
    found, before = [len(call.chunks)], call.started or 0.0
    for time in call.chunks[::step]:
        found.append(round((time - before) * _UNIT))
        before += found[-1] / _UNIT  # so that no rounding adds up
    return found


def _since(time: float | None, before: float) -> int | None:
    return None if time is None else max(0, round((time - before) * _UNIT))


def full(trace: Trace, run: str, title: str = "", error: str = "") -> dict[str, Any]:
    """The whole of a finished run as one message."""
    sources = trace.sources or (((trace.filename or "<cell>"), ""),)
    rows = Rows([name for name, _ in sources], trace.where, trace.filename)
    slack = trace.slack
    made = [rows.row(call, trace.edges[call.number], slack.get(call.number)) for call in trace.calls]
    titles = dict(trace.titles)
    path = trace.critical_path
    return {
        "t": "full",
        "v": VERSION,
        "run": run,
        "seq": 0,
        "title": title,
        "strings": rows.new_strings(),
        "sources": [[titles.get(name, name if index else title or "cell"), text] for index, (name, text) in enumerate(sources)],
        "rows": made,
        "ended": trace.wall,
        "limit": trace.max_calls,
        "path": [call.number for call in path.calls],
        "pathLength": path.length,
        "sequential": trace.sequential,
        "peak": trace.peak,
        "overhead": trace.overhead,
        "summary": summary(trace),
        "error": error,
        "stop": "",
    }


def to_text(message: dict[str, Any]) -> str:
    """A message as JSON that may stand inside a script element: nothing in it can end that."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate is no text
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
