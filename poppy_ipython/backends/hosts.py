"""A host and the lanes that lead to it: what is out, what holds, what waits. Rows of `slots.py`, which owns them.

A *lane* is the calls that need the same: one host and the same limits. What a host was found to let through per minute
(`learned.py`) is a gate of all its lanes, like a limit that somebody declared.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from poppy_ipython.backends.learned import Tally
from poppy_ipython.backends.order import Chains, Queue
from poppy_ipython.backends.pace import Pace
from poppy_ipython.backends.rates import Gate

__all__ = ["Host", "Lane"]


class Host:
    """One host's row: what is out, what holds, how many it takes."""

    __slots__ = ("crowded", "forgiven", "holds", "lost", "name", "out", "pace", "reserved", "tally", "waiting")

    def __init__(self, name: str, pace: Pace) -> None:
        self.name = name
        self.pace = pace
        self.tally = Tally()
        self.out = 0  # sent and not back, `lost` included
        self.lost = 0
        self.waiting = 0
        self.reserved = 0  # kept free for the oldest call that waits
        self.crowded = -inf  # the last time that more than one call was out
        self.holds: dict[int, tuple[Any, int]] = {}  # id(refused call) -> (its position, status)
        self.forgiven: set[int] = set()


class Lane:
    """Calls that need the same host and the same limits."""

    __slots__ = ("declared", "gates", "host", "waiting")

    def __init__(self, host: Host, gates: tuple[Gate, ...], waits: Callable[[Any, Lane], bool], chains: Chains | None) -> None:
        self.host = host
        self.declared = gates
        self.gates = gates  # and what was learned
        self.waiting = Queue(lambda call: waits(call, self), chains)

    @property
    def width(self) -> int:
        """How many calls can be out at once, as far as that is known."""
        width = self.host.pace.calls
        for gate in self.gates:
            if gate.limit.calls is not None:
                width = min(width, gate.limit.calls)
        return width
