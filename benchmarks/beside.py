"""Runs that wait nearly all the time and are nobody's contestant, some side by side: plain, and by hand without a limit.

Each has a process and a service of its own and uses less than a tenth of a core, so that `AT_ONCE` of them leave most of two
cores idle. What a program left comes back as `outcome.value_of` makes it, and as it is where it can be pickled.
"""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.contest import Contest
from benchmarks.outcome import Result, values_of
from benchmarks.service import World

AT_ONCE = 4
ENOUGH = 256
"""Calls at once that no program reaches."""
Found = TypeVar("Found")


@dataclass
class Plain:
    """A plain run, and what its requests drew."""

    result: Result
    requests: int
    drawn: float
    """Seconds of latency of all its requests, at the scale of the run."""


def plain(name: str, scale: float) -> Plain:
    """One program as Python runs it, in this process."""
    with World(scale) as world, Contest(name, world) as contest:
        world.ask("/stats/reset", "POST")
        result = contest.plain()
        drawn = world.ask("/drawn")
    result.seen = values_of(result)
    result.namespace = {key: value for key, value in result.namespace.items() if portable(value)}
    return Plain(result, drawn["requests"], drawn["seconds"] * scale)


def by_hand(name: str, scale: float) -> float:
    """Seconds that the asyncio version takes with as many calls at once as it wants: its own longest chain."""
    with World(0) as still, Contest(name, still) as contest:
        contest.asyncio(ENOUGH)  # imports and caches
    with World(scale) as world, Contest(name, world) as contest:
        contest.connect(ENOUGH)
        result = contest.asyncio(ENOUGH)
    if result.error is not None:
        raise result.error
    return result.seconds


def portable(value: object) -> bool:
    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True


def runs(what: Callable[[str, float], Found], names: tuple[str, ...], scale: float) -> Iterator[tuple[str, Found | Exception]]:
    """All of them in order, as they are done; one that could not be run is told as the exception."""
    with ProcessPoolExecutor(AT_ONCE, mp_context=multiprocessing.get_context("spawn")) as pool:
        for name, future in [(name, pool.submit(what, name, scale)) for name in names]:
            try:
                yield name, future.result()
            except Exception as error:
                yield name, error
