"""Calls that compute: which callees were busy in their threads and not waiting, so that overlapping gained them nothing.

One interpreter computes in one thread at a time. A blocking call's thread says how long it computed (`Call.cpu`); when that is
most of what a callee's calls can have had between them, processes of their own would do it side by side. This is only ever
*advised*: what a function reads and changes around itself is not there in another process, so its author has to say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call, Trace

__all__ = ["Computing", "computing"]

_SHARE, _LEAST = 0.5, 0.05


@dataclass(frozen=True, slots=True)
class Computing:
    """A callee that computes: its calls, the seconds that they computed, and how many times sooner `cpus` processes do it."""

    callee: str
    calls: tuple[Call, ...]
    seconds: float
    cpus: int

    @property
    def factor(self) -> float:
        return float(min(self.cpus, len(self.calls)))


def computing(trace: Trace, cpus: int | None = None) -> Iterator[Computing]:
    """Callees whose calls computed for more than half of the time in which any of them was out.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> busy = [CallRecord(n, "parse", started=0.0, ended=2.0, outcome="ok", cpu=0.9) for n in (1, 2)]
    >>> waits = [CallRecord(n, "ask", started=0.0, ended=2.0, outcome="ok", cpu=0.01) for n in (3, 4)]
    >>> [(one.callee, one.factor) for one in computing(Trace.of(busy + waits), cpus=4)]
    [('parse', 2.0)]
    """
    cpus = cpus or os.cpu_count() or 1
    found: dict[str, list[Call]] = {}
    for call in trace.sent:
        if call.cpu is not None:
            found.setdefault(call.callee, []).append(call)
    for callee, calls in found.items():
        seconds = sum(call.cpu or 0.0 for call in calls)
        out = sum(after - since for since, after, flying in _steps(trace, calls) if flying)
        if cpus > 1 and len(calls) > 1 and seconds >= _LEAST and seconds >= _SHARE * out:
            yield Computing(callee, tuple(calls), seconds, cpus)


def _steps(trace: Trace, calls: list[Call]) -> Iterator[tuple[float, float, int]]:
    steps = trace.in_flight(calls)
    for (since, flying), (after, _) in pairwise(steps):
        yield since, after, flying
