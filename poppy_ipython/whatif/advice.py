"""`run.advice()`: which single change would save the most, with what speaks for it, what against it, and the line to add.

Every piece is a lever played on the recorded run, so what it saves is a prediction by the engine's rules and not a rule of
thumb; and only what the engine itself held back is proposed:

    undeclared    calls waited behind something that nobody declared        declare(…)
    order         ordered effects were waited for                           readonly(…), unordered
    behind        ordered effects inside a loop held up what follows        move them below it
    limit         calls were ready and not sent                             --max-calls N
    decision      a line had to know an answer in every round               collect, decide after the loop
    retries       calls were sent again                                     limit(host, calls=N)
    computing     calls computed in threads, which take turns               backend="processes"

Nothing is applied by itself: whether a function really only reads, its author knows. What saves less than 2 % of the run
is not worth a reader's time and is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from poppy_ipython.trace.units import count, duration, shorten
from poppy_ipython.trace.uses import unknown_uses
from poppy_ipython.whatif.computing import computing
from poppy_ipython.whatif.levers import Lever, after_loop, at_once, effect, faster, names_of, without_retries
from poppy_ipython.whatif.result import WhatIf
from poppy_ipython.whatif.simulate import predict
from poppy_ipython.whatif.undecided import undecided, waits_at

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call, Trace

__all__ = ["Advice", "Advices", "advice"]

MOST, _WORTH, _LEAST = 8, 0.02, 0.002
_READERS = ("read", "load", "get", "fetch", "list", "find", "search", "count", "select", "query", "open", "lookup")


@dataclass(frozen=True)
class Advice:
    """One change."""

    title: str
    saves: float
    makespan: float
    evidence: str
    risk: str
    code: str
    place: tuple[str, int] | None  # file and line
    lever: Lever = field(repr=False)
    trace: Trace = field(repr=False, compare=False)

    def whatif(self) -> WhatIf:
        """The prediction behind it."""
        return WhatIf(predict(self.trace, self.lever), (self.lever,), self.title)

    def __str__(self) -> str:
        share = self.saves / self.trace.wall if self.trace.wall else 0.0
        head = f"{self.title}: saves {duration(self.saves)} ({share:.0%}), {duration(self.makespan)} in all"
        code = "\n".join(f"      {line}" for line in self.code.splitlines())
        return f"{head}\n    because  {self.evidence}\n    risk     {self.risk}\n{code}"


class Advices(tuple[Advice, ...]):
    """The pieces of advice, best first."""

    def __str__(self) -> str:
        if not self:
            return "Nothing that the engine held back would save 2 % of this run."
        return "\n".join(f"{number}. {one}" for number, one in enumerate(self, 1))

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]


@dataclass(frozen=True)
class _Idea:
    lever: Lever
    title: str
    evidence: str
    risk: str
    code: str
    place: tuple[str, int] | None = None
    kind: str = ""  # of several of one kind and place the best is kept


def advice(trace: Trace) -> Advices:
    """Single changes, ranked by predicted saving.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> times = ((0.0, 1.0), (1.0, 2.0))
    >>> calls = [CallRecord(n, "ask", position=(n,), issued=0, ready=0, started=a, ended=b) for n, (a, b) in enumerate(times, 1)]
    >>> [(one.title, one.saves, one.code) for one in advice(Trace.of(calls, max_calls=1))]
    [('raise the limit to 2', 1.0, '%%poppy --max-calls 2')]
    """
    if not trace.sent:
        return Advices()
    now = predict(trace).makespan
    best: dict[str, Advice] = {}
    for idea in _ideas(trace, now):
        made = predict(trace, idea.lever)
        saves = now - made.makespan
        if saves < max(_LEAST, _WORTH * now):
            continue
        found = Advice(idea.title, saves, made.makespan, idea.evidence, idea.risk, idea.code, idea.place, idea.lever, trace)
        key = idea.kind or idea.title
        if key not in best or saves > best[key].saves + _WORTH * now:
            best[key] = found
    return Advices(sorted(best.values(), key=lambda one: (-one.saves, one.title))[:MOST])


def _ideas(trace: Trace, now: float) -> Iterator[_Idea]:
    yield from _undeclared(trace)
    yield from _order(trace)
    yield from _limit(trace)
    yield from _decisions(trace)
    yield from _retries(trace)
    yield from _computing(trace)


def _undeclared(trace: Trace) -> Iterator[_Idea]:
    for use in unknown_uses(trace):
        waits = [wait for wait in trace.waits if wait.reason == "unknown" and wait.detail == use.what]
        if not waits:
            continue
        line = Counter(wait.line for wait in waits).most_common(1)[0][0]
        short = use.what.rpartition(".")[2]
        reads = short.lower().startswith(_READERS)
        word = f'readonly("{_resource(use.callee)}")' if reads else "unordered"
        own = use.callee.startswith("__main__.") or "." not in use.callee
        code = f"declare({use.what if own else repr(use.callee)}, {word})".replace("'", '"')
        held = sum(wait.seconds for wait in waits)
        yield _Idea(
            effect(word, use.what),
            f"declare `{shorten(use.callee, 40)}`",
            f"nobody declared it, so everything older had to be done first, {count(len(waits), 'time')}: {duration(held)} in all",
            "right only if it changes nothing that other calls read" if not reads else "right only if it only reads",
            code,
            (trace.filename or "<cell>", line) if line else None,
        )


def _resource(callee: str) -> str:
    low = callee.lower()
    for words, name in (
        ((("sql", "query", "db", "select")), "db"),
        (("http", "request", "url"), "web"),
        (("csv", "file", "open", "path"), "files"),
    ):
        if any(word in low for word in words):
            return name
    return callee.partition(".")[0]


def _order(trace: Trace) -> Iterator[_Idea]:
    ordered: dict[str, list[Call]] = {}
    for call in trace.sent:
        if call.effect == "sequential":
            ordered.setdefault(call.callee, []).append(call)
    for callee, calls in ordered.items():
        waited = sum(call.ready_at - call.issued_at for call in calls)
        resource = calls[0].resource or callee
        evidence = f"{count(len(calls), 'call')} kept the order of `{resource}`, and waited {duration(waited)} for their turns"
        place = (calls[0].filename, calls[0].line)
        for word, risk in (
            (f'readonly("{resource}")', f"right only if it never changes `{resource}`"),
            ("unordered", "right only if its calls may happen in any order, and also when an earlier line then fails"),
        ):
            title = f"declare `{shorten(callee, 40)}` {word}"
            yield _Idea(effect(word, callee), title, evidence, risk, f"declare({callee}, {word})", place, f"order {callee}")
        if len(calls) > 1:
            where = trace.where(*place) or "the call"
            yield _Idea(
                after_loop(callee),
                f"move `{shorten(callee, 40)}` below the loop",
                evidence,
                f"what reads `{resource}` inside the loop must not need it; an error comes later",
                f"# {where}: keep what it is called with in a list, and call it for each below the loop",
                place,
            )


def _limit(trace: Trace) -> Iterator[_Idea]:
    held = [call for call in trace.sent if (call.started or 0.0) - call.ready_at > 1e-3]
    if not held:
        return
    waited = sum((call.started or 0.0) - call.ready_at for call in held)
    most = trace.max_calls or trace.peak
    for factor in (2, 4, 8, 16):
        yield _Idea(
            at_once(most * factor),
            f"raise the limit to {most * factor}",
            f"{count(len(held), 'call')} were ready and waited {duration(waited)} in all for one of {most} places",
            "the host must take that many at once; if it slows down or refuses, less is saved",
            f"%%poppy --max-calls {most * factor}",
            None,
            "limit",
        )


def _decisions(trace: Trace) -> Iterator[_Idea]:
    lines: dict[tuple[str, int], list[Call]] = {}
    for call in trace.sent:
        line = waits_at(call)
        if line is not None:
            lines.setdefault((trace.seen(call).filename, line), []).append(call)  # as `explain.py` reads it
    for (filename, line), calls in lines.items():
        if len(calls) < 2:
            continue
        where = trace.where(filename, line) or f"line {line}"
        yield _Idea(
            undecided(line),
            f"{where}: decide after the loop",
            f"{where} had to know an answer before {count(len(calls), 'later call')} could be issued",
            "only if those calls do not depend on the decision: collect the answers, decide below the loop",
            f"# {where}: collect what it reads in a list; use that below the loop",
            (filename, line),
        )


def _retries(trace: Trace) -> Iterator[_Idea]:
    again = [call for call in trace.sent if call.attempts > 1]
    hosts = Counter(call.host for call in again if call.host)
    for host, number in hosts.items():
        places = max(1, (trace.max_calls or trace.peak) // 2)
        yield _Idea(
            without_retries(),
            f"limit `{shorten(host, 40)}`",
            f"{count(number, 'call')} were refused or failed, and sent again: {names_of(again[0])[0]}",
            "the saving is what their repetitions cost; a limit that is too low costs more",
            f'limit("{host}", calls={places})',
        )


def _computing(trace: Trace) -> Iterator[_Idea]:
    for one in computing(trace):
        call = one.calls[0]
        yield _Idea(
            faster(one.factor, one.callee),
            f"run `{shorten(one.callee, 40)}` in processes",
            f"{count(len(one.calls), 'call')} of it computed for {duration(one.seconds)} in threads, which take turns at that",
            f"right only if it needs nothing but its arguments; predicted for {one.cpus} CPUs, without the way there and back",
            f'declare({one.callee}, unordered(backend="processes"))',
            (call.filename, call.line),
        )
