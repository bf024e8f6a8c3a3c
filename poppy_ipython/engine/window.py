"""How far a run may be ahead of its head: calls, stores and units that have not retired, bytes of arguments.

    issue ─▶ outstanding (calls, stores, units) ─▶ retired           held (bytes of arguments) ─▶ answered
                └──────── over the bound: whoever wants to issue stalls; let in again oldest first ─────┘

A loop issues some 50,000 calls a second, a service answers fifty. Without a bound a loop over a million items would first
make a million entries, and one that reads a file for every call would first read all the files. An entry has 0.2 to a few
kilobytes, so :data:`WINDOW` of them is about what a cell costs for running ahead. Stores count, too, but it is calls and
units that stall: in the middle of a store (``xs[i] += x``) what it read would no longer be what is there.

Of the arguments only what is large is counted, and each object once: a text that a thousand calls share is there once.
Small ones are bounded by the number of calls. Results are the program's, which lets go of them as in a plain run.

*No deadlock.* Whoever stands at the head with an empty log always goes on.

*What is begun is finished first.* With one bound for all, a loop over a helper of two steps fills the window with first steps,
none of which retires before its second; then the head has the machine for itself, one call at a time. So a unit inside others
may go further than they, up to twice the window, and the innermost unit at the head up to three times.

Decided against: a bound per unit (a loop over functions of a hundred calls each has a hundred times as many), and to wait
until half is free (a barrier; letting in one at a time costs a stall each, and no call waits for it).
"""

from __future__ import annotations

from heapq import heappop, heappush
from sys import getsizeof
from typing import TYPE_CHECKING, Any

from .unit import Entry, Position, Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: calls, stores and units that have been issued and not retired, as far as the cell itself may go
WINDOW = 60_000
#: bytes of large arguments of calls that are on their way
MOST_HELD = 256 << 20
#: of a bound; only below is anybody let in
_LOW = 0.9
#: what is smaller is not counted
LARGE = 4096
#: a container with more items is not looked into
_MOST_ITEMS = 64
#: how deep, in lists, tuples and dicts
_DEPTH = 4
_TEXTS = frozenset({str, bytes, bytearray})
_PLAIN = frozenset({list, tuple, dict})


class Window(Base):
    """Part of the :class:`Machine`: counts what is outstanding, stalls those who would go too far."""

    def _init_window(self) -> None:
        self.window = WINDOW
        self.most_held = MOST_HELD
        self.outstanding = 0
        self.held = 0
        #: id of a large argument -> how many calls on their way have it, and its bytes
        self.holders: dict[int, tuple[int, int]] = {}
        #: units that wait for room, oldest first: position, number of the stall, unit, how many may be outstanding
        self.no_room: list[tuple[Position, int, Unit, float]] = []

    def await_room(self) -> None:
        """Stall the current unit while the run is too far ahead (call only if ``outstanding`` or ``held`` is over its bound)."""
        unit = self.cur
        if unit is self.ghost or unit.handling:
            return
        while unit.log or not unit.head:
            log = unit.log
            innermost = unit.head and not (log and type(log[0]) is Unit)
            most = self.window * (3.0 if innermost and unit.parent is not None else 2.0 - 0.5**unit.depth)
            if self.held <= self.most_held and self.outstanding <= most:
                return
            heappush(self.no_room, ((*unit.path, unit.n), unit.waiting + 1, unit, most))
            unit.draining = True
            try:
                self.stall("window")
            finally:
                unit.draining = False

    def let_in(self) -> bool:
        """Resume those who wait for room as far as there is some, the oldest first; whether anything is to be done now."""
        waiting = self.no_room
        more = self.outstanding
        while waiting:
            _, stall, unit, most = waiting[0]
            if unit.waiting == stall and not unit.killed:
                if self.held > _LOW * self.most_held or more > _LOW * most:
                    break
                self.post(self.resume, unit, stall)
                more += 1
            heappop(waiting)
        return bool(self.queue)

    def hold(self, entry: Entry) -> None:
        """``entry`` is sent: its large arguments stay until it is back."""
        large = find_large(entry.args, entry.kwargs)
        if large:
            entry.large = large
            holders = self.holders
            for key, size in large.items():
                count, size = holders.get(key, (0, size))
                holders[key] = (count + 1, size)
                if not count:
                    self.held += size

    def let_go(self, entry: Entry) -> None:
        """The call of ``entry``, which has ``large`` arguments, is back or was given up."""
        holders = self.holders
        for key in entry.large:
            count, size = holders.pop(key)
            if count > 1:
                holders[key] = (count - 1, size)
            else:
                self.held -= size
        entry.large = None
        if self.no_room:
            self.let_in()


def find_large(args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> dict[int, int] | None:
    """Identity and bytes of the large texts among arguments, and in plain containers among these.

    >>> find_large((1, "short", [{"content": "x" * 10_000}]), None)  # doctest: +ELLIPSIS
    {...: 10049}
    """
    found: dict[int, int] | None = None
    work: list[tuple[Any, int]] | None = None
    values: Any = args if not kwargs else (*args, *kwargs.values())
    depth = 0
    while True:
        for value in values:
            kind = type(value)
            if kind in _TEXTS:
                if len(value) > LARGE:
                    if found is None:
                        found = {}
                    found[id(value)] = getsizeof(value)
            elif kind in _PLAIN and depth < _DEPTH and len(value) <= _MOST_ITEMS:
                if work is None:
                    work = []
                work.append((value.values() if kind is dict else value, depth + 1))
        if not work:
            return found
        values, depth = work.pop()
