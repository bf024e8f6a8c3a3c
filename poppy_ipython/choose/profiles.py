"""What an alternative takes, from what was observed: seconds by the size of its input, failures, price, energy, quality.

    observations ──▶ Profile: seconds(size) = base + slope · size, ± spread          (a straight line where sizes differ enough)
                     falls back on what was declared, then on what the others of its kind take

An observation is one call: characters of text among its arguments, calls of the same host out at the same time, seconds,
what it cost. A profile says how sure it is: how many observations, and the spread of what is left when size is explained.
Machines differ: what was seen on this one rules, that of others stands in as long as there is nothing, and is called so.

Decided against: a distribution per alternative (quantiles of a few dozen observations say no more than mean and spread), and
learning from calls that were answered from a cache or a recording (nobody was asked).
"""

from __future__ import annotations

import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from poppy_ipython.choose.alternatives import PerToken

if TYPE_CHECKING:
    from poppy_ipython.choose.alternatives import Option

__all__ = ["Estimate", "Observation", "Profile", "estimate", "machine", "profile_of"]

ENOUGH = 8  # observations, before a slope is believed
_WORTH = 0.3  # of the variance that a slope has to explain
_GUESS = 1.0  # seconds, of what nobody knows anything
_UNSURE = 0.5  # the spread of what was declared by nobody and seen by nobody


def machine() -> str:
    """What tells this machine from others in a profile."""
    return f"{platform.node()} {platform.machine()}"


@dataclass(frozen=True, slots=True)
class Observation:
    """One call of an alternative."""

    key: str
    seconds: float
    size: float = 0.0  # characters of text among the arguments
    at_once: int = 1  # calls of its host that were out with it
    first: float | None = None  # seconds to the first of a stream's items
    sent: int | None = None  # tokens
    received: int | None = None
    price: float | None = None
    energy: float | None = None
    quality: float | None = None  # a mark that somebody gave
    ok: bool = True
    machine: str = ""
    at: float = 0.0  # Unix time


@dataclass(frozen=True, slots=True)
class Profile:
    """What observations say of one alternative.

    >>> seen = [Observation("f", 1.0 + size / 100, size=size) for size in range(0, 200, 10)]
    >>> profile = profile_of("f", seen)
    >>> profile.seconds(400), round(profile.spread, 3), profile.count
    (5.0, 0.0, 20)
    """

    key: str
    count: int  # that went well
    failures: int
    base: float
    slope: float  # seconds per character
    spread: float  # standard deviation of what size does not explain, relative to the mean
    size: float  # the mean
    mean: float  # seconds
    first: float | None
    price: float | None
    energy: float | None
    quality: float | None
    sent: float | None
    received: float | None
    elsewhere: bool = False  # seen on other machines only

    def seconds(self, size: float | None = None) -> float:
        """What a call of that size is expected to take."""
        return self.mean if size is None else max(0.0, self.base + self.slope * size)

    @property
    def error(self) -> float:
        """How far off the mean may be, relative: the standard error."""
        return self.spread / sqrt(self.count) if self.count else 1.0


def profile_of(key: str, observations: Iterable[Observation], here: str | None = None) -> Profile | None:
    """The profile of one alternative; None if no call of it went well."""
    rows = [one for one in observations if one.key == key]
    here = here if here is not None else machine()
    own = [one for one in rows if one.machine in ("", here)]
    elsewhere = not any(one.ok for one in own)
    rows = rows if elsewhere else own
    good = [one for one in rows if one.ok]
    if not good:
        return None
    seconds = [one.seconds for one in good]
    sizes = [one.size for one in good]
    mean = statistics.fmean(seconds)
    base, slope = _line(sizes, seconds, mean)
    rest = [took - base - slope * size for took, size in zip(seconds, sizes, strict=True)]
    spread = statistics.pstdev(rest) / mean if mean > 0 and len(rest) > 1 else 0.0
    if elsewhere:
        spread = max(2 * spread, 0.2)
    return Profile(
        key, len(good), len(rows) - len(good), base, slope, spread, statistics.fmean(sizes), mean,
        _mean([one.first for one in good]), _mean([one.price for one in good]), _mean([one.energy for one in good]),
        _mean([one.quality for one in good]), _mean([one.sent for one in good]), _mean([one.received for one in good]), elsewhere,
    )  # fmt: skip


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def _line(sizes: list[float], seconds: list[float], mean: float) -> tuple[float, float]:
    """Intercept and slope, or the mean alone where size explains little."""
    if len(sizes) < ENOUGH or len(set(sizes)) < 3:
        return mean, 0.0
    try:
        slope, base = statistics.linear_regression(sizes, seconds)
        explained = statistics.correlation(sizes, seconds) ** 2
    except statistics.StatisticsError:
        return mean, 0.0
    return (base, slope) if explained >= _WORTH and slope > 0 and base >= 0 else (mean, 0.0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a call of an alternative is expected to take: measured, else declared, else guessed."""

    profile: Profile | None
    base: float
    slope: float
    spread: float
    price: float | None  # None: nobody knows
    energy: float | None
    quality: float | None
    source: str  # measured · elsewhere · declared · unknown
    power: float | None = None

    def seconds(self, size: float | None = None) -> float:
        return max(0.0, self.base + self.slope * (self.profile.size if size is None and self.profile else size or 0.0))

    def energy_of(self, seconds: float) -> float | None:
        """Wh of a call that takes so long."""
        return self.power * seconds / 3600 if self.power is not None else self.energy

    @property
    def sure(self) -> str:
        """How sure it is, in words."""
        if self.profile is None:
            return "declared, never seen" if self.source == "declared" else "never seen"
        where = " on another machine" if self.source == "elsewhere" else ""
        return f"{self.profile.count:,} calls{where}, ± {self.spread:.0%}"


def estimate(option: Option, profile: Profile | None, others: Sequence[float] = ()) -> Estimate:
    """Put together what was seen and what was said. `others`: seconds of the alternatives beside it.

    What somebody declares about money and quality rules; about time, what was measured does.
    """
    price = option.price
    if isinstance(price, PerToken):
        seen = profile is not None and profile.sent is not None
        price = price.of(profile.sent or 0.0, profile.received or 0.0) if seen and profile is not None else None
    elif price is None and profile is not None:
        price = profile.price
    energy = option.energy if option.energy is not None else (profile.energy if profile is not None else None)
    quality = option.quality if option.quality is not None else (profile.quality if profile is not None else None)
    told = price, energy, quality
    if profile is not None:
        source = "elsewhere" if profile.elsewhere else "measured"
        return Estimate(profile, profile.base, profile.slope, profile.spread, *told, source, option.power)
    if option.seconds is not None:
        return Estimate(None, option.seconds, 0.0, 0.0, *told, "declared", option.power)
    return Estimate(None, statistics.fmean(others) if others else _GUESS, 0.0, _UNSURE, *told, "unknown", option.power)
