"""What has changed since the last look: rows for the view, taken from the engine's live records.

The view looks at the records when it is ready to; the engine does nothing for it, not even a test per call. A look costs
a pass over the calls that have not ended, so the next one comes the later the longer this one took (`live.py`).

Of a run of thousands of calls, edges come with the last state: by then one call in a thousand is what anybody looks at, and
they are a third of a row's cost.

A row is sent again when its call's state has changed. A running bar grows in the browser by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from poppy_ipython.display.wire import VERSION, Rows
from poppy_ipython.trace.edges import Edge, Sites, edges_into
from poppy_ipython.trace.events import CallRecord
from poppy_ipython.trace.flow import Flow
from poppy_ipython.trace.sources import sources_of
from poppy_ipython.trace.trace import Call, freeze
from poppy_ipython.trace.units import place

__all__ = ["Sampler"]

_WITH_EDGES = 1_000  # calls


class Sampler:
    """Looks at `records` again and again.

    >>> records = [CallRecord(1, "ask", issued=10.0)]
    >>> sampler = Sampler(records, 10.0, "<cell>", lambda name: None)
    >>> sampler.look(10.5)["rows"] != [], sampler.look(10.6)
    (True, None)
    >>> records[0].started, records[0].outcome = 10.6, "running"
    >>> sampler.look(10.7)["rows"][0][:2]
    [1, 0]
    """

    def __init__(self, records: Sequence[CallRecord], zero: float, filename: str, title: Callable[[str], str | None]) -> None:
        self.records = records
        self.zero = zero
        self.filename = filename
        self.title = title
        self._calls: dict[int, Call] = {}
        self._edges: dict[int, tuple[Edge, ...]] = {}
        self._sites = Sites(())
        self._active: dict[int, tuple[CallRecord, object]] = {}
        self._seen = 0
        self._seq = -1
        self._files: dict[str, None] = {filename: None}
        self._titles: dict[str, str] = {}
        self._flow = Flow()
        self._rows = Rows([], self._where, filename)
        self._sources: list[list[str]] = []

    def look(self, now: float) -> dict[str, Any] | None:
        """A delta, or None if nothing has changed."""
        changed: list[CallRecord] = []
        for number, (record, before) in list(self._active.items()):
            state = _state(record)
            if state != before:
                changed.append(record)
                if _is_over(record):
                    del self._active[number]
                else:
                    self._active[number] = record, state
        new = self.records[self._seen :]
        self._seen += len(new)
        files = len(self._files)
        for record in new:
            changed.append(record)
            if not _is_over(record):
                self._active[record.number] = record, _state(record)
            self._files.setdefault(record.filename)
            for frame in record.stack:
                self._files.setdefault(frame[1])
        if not changed:
            return None
        message: dict[str, Any] = {}
        if len(self._files) > files or self._seq < 0:
            self._read_sources()
            message["sources"] = self._sources
        for record in changed:
            call = self._calls[record.number] = freeze(record, self.zero, now)
            self._sites.add(call)
        self._seq += 1
        rows = [self._row(self._calls[record.number]) for record in changed]
        strings = self._rows.new_strings()
        return {"t": "delta", "seq": self._seq, "now": now - self.zero, "strings": strings, "rows": rows, **message}

    def full(self, now: float) -> dict[str, Any]:
        """The whole state, for a front end that has missed something; the deltas go on from there."""
        self.look(now)
        self._seq = max(self._seq, 0)
        self._rows = Rows(self._rows.files, self._where, self.filename)
        rows = [self._row(call) for call in self._calls.values()]
        if not self._sources:
            self._read_sources()
        return {
            "t": "full",
            "v": VERSION,
            "seq": self._seq,
            "now": now - self.zero,
            "strings": self._rows.new_strings(),
            "rows": rows,
            "sources": self._sources,
            "ended": None,
        }

    def _row(self, call: Call) -> list[Any]:
        edges = self._edges.get(call.number)
        if edges is None and call.number > _WITH_EDGES:
            edges = ()
        elif edges is None:
            edges = edges_into(call, self._calls, self._flow, self._sites)
            if call.started is not None:
                self._edges[call.number] = edges
        return self._rows.row(call, edges)

    def _read_sources(self) -> None:
        texts = sources_of(list(self.records), self.filename)
        self._flow = Flow(texts)
        for name, _ in texts:
            self._titles.setdefault(name, self.title(name) or (name if name != self.filename else "cell"))
        self._sources = [[self._titles[name], text] for name, text in texts]
        self._rows.know(name for name, _ in texts)

    def _where(self, filename: str, line: int | None) -> str:
        if filename not in self._titles:
            self._titles[filename] = self.title(filename) or filename
        titles = [(filename, self._titles[filename])] if self._titles[filename] != filename else []
        return place(filename, line, self.filename, titles)


def _state(record: CallRecord) -> object:
    pieces = 0 if record.chunks is None else len(record.chunks)
    return record.outcome, record.ready is None, record.started is None, record.attempts, pieces


def _is_over(record: CallRecord) -> bool:
    """Whether nothing more comes of it. Of a stream nobody knows: its record is over after each piece."""
    return record.outcome == "unsent" or (record.ended is not None and record.host != "streams")
