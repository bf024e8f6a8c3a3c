"""What a run says while it runs: call records, waits, and those who listen.

The engine and the dispatcher write; everybody else reads. A `CallRecord` is the one mutable thing of this floor: it is
filled in as its call goes from issued to ready, started and ended, and it has exactly two writers (engine and
dispatcher). A `Wait` is written once, when it is over. After the run both are frozen into a `Trace` (see `trace.py`),
and only that is analysed or drawn.

    issued ──(operands, order)──▶ ready ──(a free slot)──▶ started ──(answer)──▶ ended
             `cause`, `reason`           the limit                 time outside

* All times are seconds of *one* monotonic clock, the dispatcher's; None means that it has not happened.
* `cause` is the *last-arrival edge*: of everything a call had to wait for before it was ready, the call whose
  completion came last. One edge per call is enough to follow the critical path backwards (Fields et al., "Focusing
  processor policies via critical-path prediction"), and it costs one pointer.
* `needs` has every arrival that the call waited for, for whoever draws or explains: what let its issuer go on, and the
  completion behind each operand that was not there at issue. The engine knows them anyway at that moment; they cost a
  tuple each. An operand that had arrived before the call was issued is no need: nothing waited for it.
* `tries` and `chunks` are made when there is something to note: the attempts of a call that was sent more than once, and the
  arrivals of a stream, all of whose advances share one record (`engine/answers.py`).
* `Instruments` follows trio's: optional hooks, nothing to pay when nobody listens, and an instrument that raises is
  removed and logged, because no view may kill a run. The broadcaster is a tuple per hook that is replaced, never
  changed, so that an instrument may add or remove instruments while it is being called.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Trace

__all__ = ["CallRecord", "Frame", "Instrument", "Instruments", "Need", "Outcome", "Reason", "Try", "Wait", "What"]

Outcome = Literal["waiting", "running", "ok", "error", "cancelled", "abandoned", "unsent"]
"""`cancelled`: sent, then cancelled · `abandoned`: sent, blocking, answer dropped · `unsent`: given up before that."""

Reason = Literal["start", "data", "branch", "order", "unknown", "limit", "window", "commit", "rate"]
"""Why something could not go on earlier.

`start`: it did not wait for a call · `data`: an argument was pending · `branch`: control flow needed a pending value ·
`order`: an ordered resource · `unknown`: a fence for a function nobody declared · `limit`: calls at once ·
`window`: the run-ahead window was full · `commit`: something had to be at the head first ·
`rate`: a place was free, and it was still too early (derived afterwards, see `edges.py`).
"""

What = Literal["issued", "started", "ended", "cancelled"]

Need = tuple["CallRecord", Reason, int | None, str | None]
"""A call whose completion was waited for, why, the line that waited, and a detail (a function, a resource)."""

Try = tuple[float, float | None, str]
"""An attempt: when it was sent, when it was over, what it failed with (`RateLimitError 429`). The last one ends as the call does:
None and nothing."""

Frame = tuple[str, str, int, tuple[int, ...]]
"""A function around a call: its name, the file and line where it was called, and which invocation it is (a position)."""

_log = logging.getLogger("poppy_ipython.trace")


@dataclass(slots=True, eq=False)
class CallRecord:
    """One external call, as far as it is known by now. Compared by identity.

    >>> record = CallRecord(1, "ask", line=3)
    >>> record.outcome, record.started
    ('waiting', None)
    """

    number: int  # 1, 2, 3 … in the order of issue
    callee: str  # as a reader would write it: 'ask', 'client.chat.completions.create'
    effect: str = "unordered"
    resource: Hashable = None
    host: str | None = None
    filename: str = "<cell>"
    line: int = 0
    end_line: int = 0
    col: int = 0
    end_col: int = 0
    function: str = "<module>"  # the function around it
    position: tuple[int, ...] = ()  # program order
    issued: float | None = None
    ready: float | None = None
    started: float | None = None
    ended: float | None = None
    outcome: Outcome = "waiting"
    error: str | None = None  # repr of the exception
    cause: CallRecord | None = field(default=None, repr=False)
    reason: Reason = "start"
    reason_line: int | None = None
    reason_detail: str | None = None  # the undeclared function, the resource, the host
    attempts: int = 1  # how often it was sent
    needs: list[Need] | None = field(default=None, repr=False)
    stack: tuple[Frame, ...] = field(default=(), repr=False)  # innermost first
    cpu: float | None = None  # seconds that its thread computed
    worker: str | None = None  # who performed it in another process, and from when to when it did
    began: float | None = None
    finished: float | None = None
    tries: list[Try] | None = field(default=None, repr=False)  # if there were several
    chunks: list[float] | None = field(default=None, repr=False)  # of a stream: when reading began, then each arrival
    choice: str | None = None  # of a call of alternatives: which one performs it
    choices: tuple[str, ...] = field(default=(), repr=False)  # and all that there were
    occupies: tuple[tuple[str, int, int], ...] = field(default=(), repr=False)  # declared resources: name, units, capacity


@dataclass(frozen=True, slots=True)
class Wait:
    """A unit that could not issue any further, from `begin` to `end`.

    >>> Wait("unknown", line=4, detail="normalise", begin=0.0, end=0.25).seconds
    0.25
    """

    reason: Reason
    line: int | None
    detail: str | None
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


class Instrument:
    """Somebody who listens to a run. Override what interests you; the rest is never called.

    >>> class Counter(Instrument):
    ...     seen = 0
    ...     def call(self, record, what):
    ...         self.seen += what == "started"
    >>> counter = Counter()
    >>> Instruments([counter]).call(CallRecord(1, "ask"), "started")
    >>> counter.seen
    1

    Hooks run on the engine's thread, in between its steps: be quick, and never wait.
    """

    def call(self, record: CallRecord, what: What) -> None:
        """A call was issued, started, ended or cancelled. `record` is live: read it now, it will change."""

    def wait(self, wait: Wait) -> None:
        """A unit had stalled and goes on now."""

    def finished(self, trace: Trace) -> None:
        """The run is over."""


class Instruments:
    """Hands events to those who listen, and drops who fails.

    It is false while nobody listens, so that a caller can save the making of an event as well: `if instruments: …`.

    >>> instruments = Instruments()
    >>> bool(instruments)
    False
    """

    __slots__ = ("_call", "_finished", "_members", "_wait")

    def __init__(self, members: list[Any] | tuple[Any, ...] = ()) -> None:
        self._members: tuple[Any, ...] = ()
        self._call: tuple[tuple[Any, Callable[[CallRecord, What], object]], ...] = ()
        self._wait: tuple[tuple[Any, Callable[[Wait], object]], ...] = ()
        self._finished: tuple[tuple[Any, Callable[[Trace], object]], ...] = ()
        for member in members:
            self.add(member)

    def __bool__(self) -> bool:
        return bool(self._members)

    def __contains__(self, instrument: object) -> bool:
        return any(member is instrument for member in self._members)

    def add(self, instrument: Any) -> None:
        """Let `instrument` listen from now on; any object with some of the hooks will do. Twice is once."""
        if instrument not in self:
            self._rewire((*self._members, instrument))

    def remove(self, instrument: Any) -> None:
        """Let `instrument` hear no more. It need not be there."""
        self._rewire(tuple(member for member in self._members if member is not instrument))

    def call(self, record: CallRecord, what: What) -> None:
        for member, hook in self._call:
            try:
                hook(record, what)
            except KeyboardInterrupt:
                raise
            except BaseException:
                self._drop(member, "call")

    def wait(self, wait: Wait) -> None:
        for member, hook in self._wait:
            try:
                hook(wait)
            except KeyboardInterrupt:
                raise
            except BaseException:
                self._drop(member, "wait")

    def finished(self, trace: Trace) -> None:
        for member, hook in self._finished:
            try:
                hook(trace)
            except KeyboardInterrupt:
                raise
            except BaseException:
                self._drop(member, "finished")

    def _rewire(self, members: tuple[Any, ...]) -> None:
        self._members = members
        self._call = tuple(_listening(members, "call"))
        self._wait = tuple(_listening(members, "wait"))
        self._finished = tuple(_listening(members, "finished"))

    def _drop(self, instrument: Any, hook: str) -> None:
        self.remove(instrument)
        with contextlib.suppress(Exception):  # its repr, or a log handler of the user's, may fail as well
            _log.exception("%s failed in %r and hears no more of this run; the run goes on", instrument, hook)


def _listening(members: tuple[Any, ...], hook: str) -> list[tuple[Any, Callable[..., object]]]:
    """Who really has this hook: not those that only inherited the empty one."""
    found = []
    for member in members:
        method = getattr(member, hook, None)
        if method is not None and getattr(method, "__func__", None) is not getattr(Instrument, hook):
            found.append((member, method))
    return found
