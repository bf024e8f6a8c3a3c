"""The records of a run, in bounded memory: the first ten thousand calls in full, every failure, the latest, and sums.

A record weighs most of a kilobyte with what it refers to; a cell that asks a million times would end with a gigabyte of what
nobody looks at (the view paints 10,000 calls; the second ten thousand look like the first). So beyond `KEPT` calls those that
have ended are *folded*: counted and summed up, then let go. Kept are

* the first `KEPT`, which a live view shows as they come,
* as many that failed or were abandoned, whenever that was,
* the latest `LATEST` at the end of the run, and whatever had not ended.

A record's causes are records, and theirs too: a chain through the whole run. What is folded loses its causes, so that a chain
is at most as long as what is kept.

Decided against: arrays instead of objects (40 bytes a call at the least, so not flat either, and nothing of the strings), and
a file (a run leaves nothing on a disk unasked).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import overload

from poppy_ipython.trace.events import CallRecord

__all__ = ["KEPT", "LATEST", "NOTHING", "Folded", "Records"]

KEPT = 10_000
LATEST = 500
_LIVE = ("waiting", "running")
_TROUBLE = ("error", "abandoned")


@dataclass(frozen=True)
class Folded:
    """Calls of a run that are not kept one by one."""

    calls: int = 0  # that were sent
    seconds: float = 0.0  # in flight, all together
    begun: float | None = None  # when the first of them was sent
    ended: float | None = None  # when the last of them was back

    def __bool__(self) -> bool:
        return self.calls > 0

    def since(self, zero: float) -> Folded:
        """The same on a clock that starts at `zero`."""
        begun, ended = (None if time is None else time - zero for time in (self.begun, self.ended))
        return Folded(self.calls, self.seconds, begun, ended)


NOTHING = Folded()


class Records:
    """Takes records in the order of issue; its length is how many it has taken.

    >>> records = Records(kept=2, latest=1)
    >>> for number in range(1, 8):
    ...     records.append(CallRecord(number, "ask", started=0.0, ended=1.0, outcome="error" if number == 4 else "ok"))
    >>> len(records), [record.number for record in records], records.folded().calls
    (7, [1, 2, 4, 7], 3)
    """

    __slots__ = ("_begun", "_calls", "_ended", "_first", "_kept", "_latest", "_next", "_seconds", "_tail", "_taken", "_trouble")

    def __init__(self, kept: int = KEPT, latest: int = LATEST) -> None:
        self._kept = kept
        self._latest = latest
        self._first: list[CallRecord] = []
        self._trouble: list[CallRecord] = []
        self._tail: list[CallRecord] = []  # not ended, or the latest
        self._next = 2 * latest  # how long the tail may get
        self._taken = 0
        self._calls = 0
        self._seconds = 0.0
        self._begun: float | None = None
        self._ended: float | None = None

    def append(self, record: CallRecord) -> None:
        self._taken += 1
        if self._taken <= self._kept:
            self._first.append(record)
            return
        self._tail.append(record)
        if len(self._tail) > self._next:
            self._fold()
            self._next = 2 * len(self._tail) + self._latest  # what is outstanding is not looked at again and again

    def _fold(self) -> None:
        old, latest = self._tail[: -self._latest], self._tail[-self._latest :]
        tail = []
        for record in old:
            if record.outcome in _LIVE:
                tail.append(record)
                continue
            record.cause = record.needs = None
            if record.outcome in _TROUBLE and len(self._trouble) < self._kept:
                self._trouble.append(record)
            elif record.started is not None and record.ended is not None:
                self._calls += 1
                self._seconds += record.ended - record.started
                self._begun = record.started if self._begun is None else min(self._begun, record.started)
                self._ended = record.ended if self._ended is None else max(self._ended, record.ended)
        self._tail = tail + latest

    def folded(self) -> Folded:
        """The sums of what was let go."""
        if len(self._tail) > self._latest:
            self._fold()
        return Folded(self._calls, self._seconds, self._begun, self._ended)

    def __len__(self) -> int:
        return self._taken

    def __iter__(self) -> Iterator[CallRecord]:
        """What is kept, in the order of issue."""
        if not self._tail:
            return iter(self._first)
        return chain(self._first, sorted([*self._trouble, *self._tail], key=lambda record: record.number))

    @overload
    def __getitem__(self, index: int) -> CallRecord: ...

    @overload
    def __getitem__(self, index: slice) -> list[CallRecord]: ...

    def __getitem__(self, index: int | slice) -> CallRecord | list[CallRecord]:
        """Of the first ones, which stay: whoever looks again goes on where it was."""
        return self._first[index]
