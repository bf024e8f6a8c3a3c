"""What there is of what alternatives occupy: `%poppy resources gpu=2 cpu=16 endpoint:vllm=32`.

A resource is a *pool* of so many units. A call that needs some takes them with its place in the slots and gives them back
when it is back, so every backend respects them, calls wait for them in the slots' own order (program order, and what heads
a long chain may pass), and a simulated run does the same. Of a resource whose capacity nobody has said there is enough.

    Capacities ─▶ Pool(gpu, 2) ◀─ Portion (a gate: 1 unit a call) ◀─ the lane of `caption_large`
                               ◀─ Portion (a gate: 2 units a call) ◀─ the lane of `train`

`backends.slots` counts calls in gates. A `Portion` is a gate whose calls weigh so many units of a pool that it shares with
others; nothing else there knows of units. Decided against: one limit of calls per alternative (two of them together would
take more than there is).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from poppy_ipython.backends.limits import BOOK, Limit
from poppy_ipython.backends.rates import Gate, Windows
from poppy_ipython.choose.errors import BadResource

__all__ = ["CAPACITIES", "Capacities", "Need", "needs_of", "parse_capacities"]

Need = tuple[str, int]
"""A resource and how many units of it."""

_NAME = re.compile(r"[A-Za-z_][\w.:/-]*")


def needs_of(said: Any) -> tuple[Need, ...]:
    """What an alternative occupies, from the user's word for it.

    >>> needs_of("gpu:a100=1, cpu=4"), needs_of("gpu"), needs_of(None)
    ((('cpu', 4), ('gpu:a100', 1)), (('gpu', 1),), ())
    """
    if said is None:
        return ()
    if isinstance(said, Mapping):
        pairs = list(said.items())
    elif isinstance(said, str):
        pairs = [_pair(part, 1) for part in said.split(",") if part.strip()]
    else:
        raise BadResource(f"resource={said!r}: for example 'gpu=1, cpu=4', or {{'gpu': 1}}")
    found = dict(pairs)
    for name, amount in found.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or isinstance(amount, bool) or not isinstance(amount, int):
            raise BadResource(f"resource={said!r}: for example 'gpu=1, cpu=4', or {{'gpu': 1}}")
        if amount < 1:
            raise BadResource(f"resource={said!r}: at least 1 of {name}; leave it out if it needs none")
    return tuple(sorted(found.items()))


def parse_capacities(words: list[str]) -> dict[str, int | None]:
    """`gpu=2 cpu=16`; `gpu=none` takes a capacity back.

    >>> parse_capacities(["gpu=2", "endpoint:vllm=32", "cpu=none"])
    {'gpu': 2, 'endpoint:vllm': 32, 'cpu': None}
    """
    found: dict[str, int | None] = {}
    for word in words:
        name, amount = (word[:-5], None) if word.endswith("=none") else _pair(word, None)
        if not _NAME.fullmatch(name) or (amount is not None and amount < 1):
            raise BadResource(f"{word!r}: a name and a whole number from 1 on are expected, as in gpu=2")
        found[name] = amount
    return found


def _pair(text: str, default: int | None) -> tuple[str, int]:
    name, sign, amount = text.strip().rpartition("=")
    if not sign and default is not None:
        return text.strip(), default
    if not sign or not amount.strip().isdecimal():
        raise BadResource(f"{text.strip()!r}: a name and a whole number from 1 on are expected, as in gpu=2")
    return name.strip(), int(amount)


@dataclass
class Pool:
    """Units of one resource that calls of one run share."""

    capacity: int
    used: int = 0
    lost: int = 0  # of calls that were given up and are still out there
    reserved: int = 0  # kept for the oldest call that waits


@dataclass(frozen=True, eq=False)
class ResourceLimit(Limit):
    """So many units of a resource for each call; `calls` is how many fit at once."""

    resource: str = ""
    need: int = 1
    capacity: int = 1

    def gate(self, windows: Windows, gates: Mapping[object, Any]) -> Portion:
        """Those of one run that are of the same resource share its pool."""
        same = (one.pool for one in gates.values() if isinstance(one, Portion) and one.limit.resource == self.resource)
        return Portion(self, windows, next(same, None) or Pool(self.capacity))


class Portion(Gate):
    """A gate whose calls take `need` units of a pool each."""

    __slots__ = ("_lost", "_out", "_reserved", "pool")

    def __init__(self, limit: ResourceLimit, windows: Windows, pool: Pool) -> None:
        self.pool = pool
        self._out = self._lost = 0
        self._reserved = (0, 0.0)
        self.limit: ResourceLimit = limit
        super().__init__(limit, windows)

    @property
    def _need(self) -> int:
        return self.limit.need

    @property
    def out(self) -> int:  # type: ignore[override]
        return self._out

    @out.setter
    def out(self, calls: int) -> None:
        self.pool.used += (calls - self._out) * self._need
        self._out = calls

    @property
    def lost(self) -> int:  # type: ignore[override]
        return self._lost

    @lost.setter
    def lost(self, calls: int) -> None:
        self.pool.lost += (calls - self._lost) * self._need
        self._lost = calls

    @property
    def reserved(self) -> tuple[int, float]:  # type: ignore[override]
        return self._reserved

    @reserved.setter
    def reserved(self, value: tuple[int, float]) -> None:
        self.pool.reserved += (value[0] - self._reserved[0]) * self._need
        self._reserved = value

    def change(self, limit: Limit, windows: Windows) -> None:
        super().change(limit, windows)
        self.pool.capacity = limit.capacity  # type: ignore[attr-defined]

    def take(self, now: float, call: Any, tokens: float) -> None:
        super().take(now, call, tokens)
        record, name = getattr(call, "record", None), self.limit.resource
        known = getattr(record, "occupies", None)  # a call that is only played has none
        if record is not None and known is not None:
            others = tuple(one for one in known if one[0] != name)  # one that is sent again takes its units again
            record.occupies = (*others, (name, self._need, self.pool.capacity))

    def opens(self, now: float, tokens: float) -> float | None:
        pool = self.pool
        full = pool.used + pool.reserved + self._need > pool.capacity
        # what is lost may never come back; one call may always go, or the program would stop
        return None if full and (pool.reserved or pool.used != pool.lost or not pool.lost) else now


class Capacities:
    """How much there is of each resource, and the limits that follow from it.

    >>> capacities = Capacities()
    >>> capacities.set({"gpu": 2})
    >>> [(one.resource, one.calls) for one in capacities.limits((("gpu", 1), ("cpu", 4)))]
    [('gpu', 2)]
    """

    def __init__(self) -> None:
        self.units: dict[str, int] = {}
        self._limits: dict[Need, ResourceLimit] = {}

    def set(self, units: Mapping[str, int | None]) -> None:
        for name, amount in units.items():
            if amount is None:
                self.units.pop(name, None)
            else:
                self.units[name] = amount
        self._limits = {need: one for need, one in self._limits.items() if need[0] not in units}
        BOOK.changed()

    def limits(self, needs: tuple[Need, ...]) -> Iterator[ResourceLimit]:
        """The limits that bound a call with these needs."""
        for need in needs:
            name, amount = need
            capacity = self.units.get(name)
            if capacity is None:
                continue
            made = self._limits.get(need)
            if made is None:
                fits = max(1, capacity // amount)
                same = ("resource", *need)  # in every run, whatever its capacity is now
                made = ResourceLimit((name,), calls=fits, identity=same, resource=name, need=amount, capacity=capacity)
                self._limits[need] = made
            yield made

    def lacking(self, needs: tuple[Need, ...]) -> str:
        """Why a call with these needs can never run, or nothing."""
        for name, amount in needs:
            if amount > self.units.get(name, amount):
                return f"needs {amount} {name}, and there are {self.units[name]} (%poppy resources)"
        return ""

    def __str__(self) -> str:
        if not self.units:
            return "No capacity was said, so there is enough of everything: %poppy resources gpu=2 cpu=16"
        return "\n".join(f"{name} = {amount:,}" for name, amount in sorted(self.units.items()))


CAPACITIES = Capacities()
"""Those of this process."""
