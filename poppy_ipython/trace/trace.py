"""A finished run as a value: what was called, when, and what it waited for.

`Trace.of` freezes the engine's live records. Everything after it (critical path, causes, table, chart, what-if) reads
only this value, so a trace can be made by hand in a test, replayed, or compared with another one.

Definitions, so that no figure claims more than was measured:

* *Times* are seconds since the run began: the clock's own zero means nothing to a reader.
* A call was *sent* when the dispatcher started it. Calls that were given up before that count nowhere but in `unsent`.
* A call's *seconds* go from sent to ended. If it had not ended when the run did (abandoned), they go to the end of the
  run: that much is known, and no more.
* The *span* goes from the first call sent to the last one ended. Python that ran before and after it is in `wall` only.
* *At once* is the sum of all call seconds divided by the span: the average number of calls in flight while there were
  any. It says how much waiting overlapped. It is not a speed-up: a server that slows down under load makes it grow too
  (`why.py` looks for that).

Decided against: keeping the records themselves (they hold live references to each other, to resources that may be
clients, and somebody could still write to them).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from poppy_ipython.redact import redact
from poppy_ipython.trace.edges import Edge, Sites, edges
from poppy_ipython.trace.events import CallRecord, Frame, Need, Outcome, Reason, Try, Wait
from poppy_ipython.trace.flow import Flow
from poppy_ipython.trace.records import NOTHING, Folded, Records
from poppy_ipython.trace.units import count, duration, place, shorten
from poppy_ipython.trace.usage import Tokens
from poppy_ipython.trace.uses import Use

if TYPE_CHECKING:
    from poppy_ipython.trace.critical_path import CriticalPath
    from poppy_ipython.trace.load import Slowdown
    from poppy_ipython.trace.prices import Costs
    from poppy_ipython.trace.spans import Span

__all__ = ["Call", "Seen", "Trace", "freeze", "innermost", "seen"]


class Call(NamedTuple):
    """One call of a finished run. `cause` is the number of the call it waited for last.

    A named tuple, and not a frozen dataclass, because making one of these for every call is part of the engine's cost per
    call: 0.5 µs against 2 µs.
    """

    number: int
    callee: str
    effect: str
    resource: str | None
    host: str | None
    filename: str
    line: int
    end_line: int
    col: int
    end_col: int
    function: str
    position: tuple[int, ...]
    issued: float | None
    ready: float | None
    started: float | None
    ended: float | None
    outcome: Outcome
    error: str | None
    cause: int | None
    reason: Reason
    reason_line: int | None
    reason_detail: str | None
    until: float | None  # its end, or the run's if that came first; None if it was never sent
    attempts: int = 1  # how often it was sent
    needs: tuple[tuple[int, Reason, int | None, str | None], ...] = ()  # every completion that was waited for, and why
    stack: tuple[Frame, ...] = ()  # the functions around it, innermost first
    model: str | None = None  # of a client's call: who answered
    tokens: Tokens | None = None  # as the service counted them
    cpu: float | None = None  # seconds that its thread computed
    worker: str | None = None  # who performed it in another process, and from when to when it did: the rest was its way
    began: float | None = None
    finished: float | None = None
    tries: tuple[Try, ...] = ()  # its attempts, if there were several
    chunks: tuple[float, ...] = ()  # of a stream: when each piece was there; no times of a call that is none
    choice: str | None = None  # of a call of alternatives: which one performed it
    choices: tuple[str, ...] = ()  # and all that there were
    occupies: tuple[tuple[str, int, int], ...] = ()  # declared resources while it was out: name, units, capacity

    @property
    def seconds(self) -> float:
        """How long it was in flight; 0 if it was never sent."""
        return 0.0 if self.started is None or self.until is None else self.until - self.started

    @property
    def transfers(self) -> tuple[tuple[float, float], ...]:
        """When it was on its way to its worker (and waited there), and when its answer was on its way back.

        >>> record = CallRecord(1, "embed", started=0.0, ended=1.0, worker="process 1", began=0.2, finished=0.9)
        >>> freeze(record, 0.0, 1.0).transfers
        ((0.0, 0.2), (0.9, 1.0))
        """
        if self.started is None or self.until is None or self.began is None or self.finished is None:
            return ()
        sent = self.tries[-1][0] if self.tries else self.started
        return (sent, max(sent, self.began)), (min(self.finished, self.until), self.until)

    def arrival(self, before: float | None = None) -> float | None:
        """When what could be waited for was there: its end, or of a stream the last piece up to `before`; None if nothing was.

        >>> stream = freeze(CallRecord(1, "stream", started=0.0, ended=0.9, chunks=[0.0, 0.3, 0.6, 0.9]), 0.0, 1.0)
        >>> stream.arrival(0.7), stream.arrival(0.2), stream.arrival()
        (0.6, None, 0.9)
        """
        if self.ended is None or before is None or self.ended <= before:
            return self.ended
        at = bisect_right(self.chunks, before)
        return self.chunks[at - 1] if at else None

    def served(self, call: Call) -> float:
        """When `call`, which waited for this one, could go on: at its end, or of a stream that goes on at the piece before."""
        found = self.arrival(call.ready_at) if self.chunks else None
        return (self.until or 0.0) if found is None else found

    @property
    def issued_at(self) -> float:
        """The earliest time that is known of it."""
        return next((t for t in (self.issued, self.ready, self.started) if t is not None), 0.0)

    @property
    def ready_at(self) -> float:
        """When its operands were there: `ready`, or the nearest time that is known."""
        return next((t for t in (self.ready, self.issued, self.started) if t is not None), 0.0)


@dataclass(frozen=True)
class Trace:
    """The recorded run.

    >>> a = CallRecord(1, "ask", line=1, issued=0.0, ready=0.0, started=0.0, ended=0.3, outcome="ok")
    >>> b = CallRecord(2, "ask", line=2, issued=0.0, ready=0.0, started=0.0, ended=0.4, outcome="ok")
    >>> trace = Trace.of([a, b], started=0.0, ended=0.5)
    >>> trace
    Trace(2 calls, 0.70 s of calls in 0.40 s)
    >>> round(trace.at_once, 2), trace.peak, trace.critical_path.length
    (1.75, 2, 0.4)
    """

    calls: tuple[Call, ...]
    waits: tuple[Wait, ...] = ()
    started: float = 0.0
    ended: float = 0.0
    cpu: float = 0.0  # CPU seconds of this process during the run, all threads
    max_calls: int | None = None
    filename: str | None = None  # of the cell; lines elsewhere are shown with their file
    titles: tuple[tuple[str, str], ...] = ()  # how to call files that only a machine would name: other cells
    sources: tuple[tuple[str, str], ...] = ()  # the text of the files with calls, where it is known
    uses: tuple[Use, ...] = ()  # every callee that was treated as one
    at: float | None = None  # Unix time at which the run began, if it is known
    compiling: float = 0.0  # seconds before the run began: the engine's own
    python: float = 0.0  # seconds of the run in which the engine or the cell's own Python had the loop's thread
    folded: Folded = NOTHING  # calls of a long run that are not among `calls`: `records.py`

    @classmethod
    def of(
        cls,
        records: Iterable[CallRecord],
        waits: Iterable[Wait] = (),
        started: float = 0.0,
        ended: float | None = None,
        cpu: float = 0.0,
        max_calls: int | None = None,
        filename: str | None = None,
        sources: Iterable[tuple[str, str]] = (),
    ) -> Trace:
        """Freeze live records; the clock's times become seconds since `started`.

        Without `ended` the run is taken to end with the last thing that is recorded. `sources` are file names and texts.
        """
        folded = records.folded() if isinstance(records, Records) else NOTHING
        records, waits = list(records), list(waits)
        if ended is None:
            known = [t for r in records for t in (r.issued, r.ready, r.started, r.ended) if t is not None]
            ended = max([started, *known, *(wait.end for wait in waits)])
        calls = [freeze(record, started, ended) for record in sorted(records, key=lambda record: record.number)]
        moved = (Wait(w.reason, w.line, w.detail, w.begin - started, w.end - started) for w in waits)
        return cls(
            tuple(calls), tuple(moved), 0.0, ended - started, cpu, max_calls, filename, (), tuple(sources),
            folded=folded.since(started),
        )  # fmt: skip

    @cached_property
    def sent(self) -> tuple[Call, ...]:
        """The calls that really left, in order of issue."""
        return tuple(call for call in self.calls if call.started is not None)

    @cached_property
    def unsent(self) -> tuple[Call, ...]:
        """The calls that were issued and never left."""
        return tuple(call for call in self.calls if call.started is None)

    @property
    def count(self) -> int:
        """How many calls really left, those that are not kept one by one included."""
        return len(self.sent) + self.folded.calls

    @cached_property
    def call_seconds(self) -> float:
        """The sum of all calls' seconds: about what a plain run would have waited, had it made the same calls."""
        return sum(call.seconds for call in self.sent) + self.folded.seconds

    @property
    def wall(self) -> float:
        """From the beginning of the run to its end."""
        return self.ended - self.started

    @cached_property
    def span(self) -> float:
        """From the first call sent to the last one ended; 0 without calls."""
        if not self.sent:
            return 0.0
        ends, begins = [call.until or 0.0 for call in self.sent], [call.started or 0.0 for call in self.sent]
        if self.folded:
            ends.append(self.folded.ended or 0.0)
            begins.append(self.folded.begun or 0.0)
        return max(ends) - min(begins)

    @property
    def at_once(self) -> float:
        """The average number of calls in flight over the span; 0 if nothing was in flight for any time."""
        return self.call_seconds / self.span if self.span > 0 else 0.0

    @cached_property
    def peak(self) -> int:
        """The largest number of calls in flight at one time."""
        return max((flying for _, flying in self.in_flight()), default=0)

    def in_flight(self, calls: Iterable[Call] | None = None) -> list[tuple[float, int]]:
        """How many calls were in flight from each time on, as steps. A call that ends makes room before one starts.

        >>> Trace.of([CallRecord(1, "ask", started=0.25, ended=1.0)]).in_flight()
        [(0.25, 1), (1.0, 0)]
        """
        changes: dict[float, int] = {}
        for call in self.sent if calls is None else calls:
            if call.started is not None and call.until is not None:
                changes[call.started] = changes.get(call.started, 0) + 1
                changes[call.until] = changes.get(call.until, 0) - 1
        steps, flying = [], 0
        for time in sorted(changes):
            flying += changes[time]
            steps.append((time, flying))
        return steps

    def where(self, filename: str, line: int | None) -> str:
        """A place as a reader knows it: `line 3` of this cell, `In [2], line 9` of another one, `helpers.py:12`."""
        return place(filename, line, self.filename, self.titles)

    @cached_property
    def critical_path(self) -> CriticalPath:
        """The chain of calls that could not have overlapped; see `critical_path.py`."""
        from poppy_ipython.trace.critical_path import critical_path

        return critical_path(self)

    @cached_property
    def edges(self) -> dict[int, tuple[Edge, ...]]:
        """What each call waited for, by number; see `edges.py`."""
        return edges(self.calls, Flow(self.sources), self.sites)

    @cached_property
    def sites(self) -> Sites:
        """The calls by place and invocation."""
        return Sites(self.calls)

    @cached_property
    def slack(self) -> dict[int, float]:
        """How much longer each call could have taken without making the run longer, by number; see `slack.py`."""
        from poppy_ipython.trace.slack import slacks

        return slacks(self.calls, self.edges)

    @property
    def overhead(self) -> float:
        """Seconds that the engine itself took, at most: compiling the cell, and all Python of the run, the cell's own included.

        What of that is the engine's alone nobody can measure without slowing it down: both take turns every microsecond.
        """
        return self.compiling + self.python

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The invocations of functions that made calls, in program order; see `spans.py`."""
        from poppy_ipython.trace.spans import spans

        return spans(self)

    @cached_property
    def waited(self) -> dict[Reason, float]:
        """Seconds that calls waited, by reason, the longest first; see `spans.py`."""
        from poppy_ipython.trace.spans import waited

        return waited(self)

    @property
    def costs(self) -> Costs:
        """What the calls cost, where model, tokens and price are known; see `prices.py`."""
        from poppy_ipython.trace.prices import costs

        return costs(self)

    @cached_property
    def slowdowns(self) -> dict[tuple[str, str | None], Slowdown]:
        """The callees that were proven slower when busy, by callee and host; see `load.py`."""
        from poppy_ipython.trace.load import slowdowns

        return slowdowns(self)

    @property
    def sequential(self) -> float:
        """One after the other: all calls' seconds, and the time in which none was in flight."""
        busy, since = 0.0, None
        for time, flying in self.in_flight():
            if since is None:
                since = time
            elif not flying:
                busy, since = busy + time - since, None
        return self.call_seconds + max(0.0, self.wall - busy)

    def within(self, call: Call) -> str:
        """The functions around a call, outermost first: `summarise ▸ refine`; empty at the top of the cell."""
        return seen(call, None).within

    def seen(self, call: Call) -> Seen:
        """The call as a reader of the cell sees it: the innermost place in the cell that led to it."""
        return seen(call, self.filename)

    def why_not_earlier(self, number: int) -> str:
        """What call `number` waited for, as a chain of causes in words; see `explain.py`."""
        from poppy_ipython.trace.explain import why_not_earlier

        return why_not_earlier(self, number)

    def to_json(self, indent: int | None = None) -> str:
        """Everything as JSON text, for `from_json`; see `export.py`."""
        from poppy_ipython.trace.export import to_json

        return to_json(self, indent)

    @staticmethod
    def from_json(text: str | bytes) -> Trace:
        """The trace that `to_json` wrote."""
        from poppy_ipython.trace.export import from_json

        return from_json(text)

    def to_chrome_trace(self) -> dict[str, Any]:
        """For Perfetto: `json.dump(trace.to_chrome_trace(), file)`; see `export.py`."""
        from poppy_ipython.trace.export import chrome_trace

        return chrome_trace(self)

    def to_otel(self, tracer_provider: Any = None) -> int:
        """Write the run as OpenTelemetry spans; see `otel.py`."""
        from poppy_ipython.trace.otel import to_otel

        return to_otel(self, tracer_provider)

    def to_frame(self) -> Any:
        """A `pandas.DataFrame` with one row per call."""
        from poppy_ipython.trace.export import to_frame

        return to_frame(self)

    def to_text(self, width: int | None = None, rows: int = 60) -> str:
        """All calls as a table; see `table.py`."""
        from poppy_ipython.trace.table import table

        return table(self, width, rows)

    def __repr__(self) -> str:
        calls = count(self.count, "call")
        return f"Trace({calls}, {duration(self.call_seconds)} of calls in {duration(self.span)})"

    def __str__(self) -> str:
        return self.to_text()


class Seen(NamedTuple):
    """A call by the line of the cell that led to it, not by that of the helper in which it stands."""

    name: str  # what that line calls
    filename: str
    line: int
    within: str  # the functions of the cell around that line, outermost first


def seen(call: Call, cell: str | None) -> Seen:
    """`ask`, line 4, and not `client.chat.completions.create`, line 20 of another cell. Without a cell: as it stands.

    Comprehensions, which are functions before Python 3.12, are none here.
    """
    if not call.stack:
        return Seen(call.callee, call.filename, call.line, "")
    stack = _frames(call)
    name, filename, line, depth = call.callee, call.filename, call.line, 0
    if cell is not None and filename != cell:
        for number, frame in enumerate(stack):
            if frame[1] == cell:
                name, filename, line, depth = frame[0], frame[1], frame[2], number + 1
                break
    return Seen(name, filename, line, " ▸ ".join(shorten(frame[0], 40) for frame in reversed(stack[depth:])))


def innermost(call: Call, cell: str | None) -> Frame:
    """The function around the place that `seen` finds; the call must have one there."""
    stack = _frames(call)
    depth = next((n + 1 for n, frame in enumerate(stack) if frame[1] == cell), 0) if call.filename != cell else 0
    return stack[depth] if depth < len(stack) else stack[-1]


def _frames(call: Call) -> list[Frame]:
    return [frame for frame in call.stack if frame[0] not in _COMPREHENSIONS]


_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


def freeze(record: CallRecord, zero: float, end: float) -> Call:
    chunks = record.chunks
    began = record.started if chunks is None else chunks[0]
    started = None if began is None else began - zero
    reading = chunks is not None and record.outcome == "running"  # its end is that of the piece before
    ended = None if record.ended is None or reading else record.ended - zero
    until = None if started is None else max(started, end - zero if ended is None else ended)
    return Call(
        record.number,
        record.callee,
        record.effect,
        _resource(record.resource),
        None if record.host is None else redact(record.host),
        record.filename,
        record.line,
        record.end_line,
        record.col,
        record.end_col,
        record.function,
        record.position,
        None if record.issued is None else record.issued - zero,
        None if record.ready is None else (record.ready if chunks is None else min(record.ready, chunks[0])) - zero,
        started,
        ended,
        record.outcome,
        record.error,
        None if record.cause is None else record.cause.number,
        record.reason,
        record.reason_line,
        None if record.reason_detail is None else redact(str(record.reason_detail)),
        until,
        record.attempts,
        () if record.needs is None else tuple([_need(need) for need in record.needs]),
        record.stack,
        cpu=record.cpu,
        worker=record.worker,
        began=None if record.began is None else record.began - zero,
        finished=None if record.finished is None else record.finished - zero,
        tries=() if record.tries is None else tuple([_since(attempt, zero) for attempt in record.tries]),
        chunks=() if chunks is None else tuple([time - zero for time in chunks[1:]]),
        choice=record.choice,
        choices=record.choices,
        occupies=record.occupies,
    )


def _since(attempt: Try, zero: float) -> Try:
    sent, over, why = attempt
    return sent - zero, None if over is None else over - zero, why


def _need(need: Need) -> tuple[int, Reason, int | None, str | None]:
    cause, reason, line, detail = need
    return cause.number, reason, line, detail if detail is None else redact(_resource(detail) or "")


def _resource(resource: Hashable) -> str | None:
    """A resource's name. Never the repr of a user's object: that would run code of theirs."""
    if resource is None:
        return None
    if type(resource) is str:
        return redact(resource)
    if type(resource) in (int, float, bool, bytes):
        return repr(resource)
    if type(resource) is tuple:
        return ":".join(_resource(part) or "None" for part in resource)
    return type(resource).__qualname__
