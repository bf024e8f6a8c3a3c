"""What is wanted: `--objective time|cost|energy --deadline 8s --budget 0.05 --min-quality 0.9`.

One goal is made as small as it can be, within bounds: seconds of the whole cell, money, and a quality below which no call
may fall (the quality of a cell is that of its weakest call: a mean would hide the one bad summary that all else rests on).
Where two plans are equally good in the goal, the cheaper, then the more frugal, then the sooner one is taken.

Defaults for all cells: `[tool.poppy_ipython.objective]` in `pyproject.toml`, with goal, deadline, budget, min_quality.
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from typing import Any, Literal, get_args

from poppy_ipython.choose.errors import BadObjective
from poppy_ipython.effects.named import nearest_project

__all__ = ["Goal", "Objective", "from_project", "objective", "seconds_of"]

Goal = Literal["time", "cost", "energy"]
_UNITS = {"ms": 1e-3, "": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Objective:
    """A goal and its bounds; seconds, the user's money, 0 to 1.

    >>> print(Objective("cost", deadline=8, min_quality=0.9))
    the least cost within 8 s, quality 0.9 or better
    """

    goal: Goal = "time"
    deadline: float | None = None
    budget: float | None = None
    min_quality: float | None = None

    def __post_init__(self) -> None:
        if self.goal not in get_args(Goal):
            raise BadObjective(f"--objective {self.goal}: it is {', '.join(get_args(Goal)[:-1])} or {get_args(Goal)[-1]}")
        if self.deadline is not None and not (_number(self.deadline) and self.deadline > 0):
            raise BadObjective(f"--deadline {self.deadline}: seconds above 0 are expected, as in 8s or 2min")
        if self.budget is not None and not (_number(self.budget) and self.budget >= 0):
            raise BadObjective(f"--budget {self.budget}: an amount from 0 on is expected, in the money of the prices")
        if self.min_quality is not None and not (_number(self.min_quality) and 0 <= self.min_quality <= 1):
            raise BadObjective(f"--min-quality {self.min_quality}: from 0 to 1 is expected")

    def __str__(self) -> str:
        words = {"time": "the least time", "cost": "the least cost", "energy": "the least energy"}[self.goal]
        bounds = []
        if self.deadline is not None:
            bounds.append(f"within {self.deadline:.3g} s")
        if self.budget is not None:
            bounds.append(f"for {self.budget:.4g} at most")
        if self.min_quality is not None:
            bounds.append(f"quality {self.min_quality:.3g} or better")
        return f"{words} {', '.join(bounds)}".rstrip()

    @property
    def magic(self) -> str:
        """As it stands behind `%%poppy`."""
        parts = [f"--objective {self.goal}"]
        for name, value in (("deadline", self.deadline), ("budget", self.budget), ("min-quality", self.min_quality)):
            if value is not None:
                parts.append(f"--{name} {value:.4g}")
        return " ".join(parts)


def objective(
    goal: str | None, deadline: float | None = None, budget: float | None = None, min_quality: float | None = None
) -> Objective | None:
    """The objective of these options; a deadline alone means the least cost within it, other bounds
    alone the least time. None if nothing is wanted."""
    if goal is None and deadline is None and budget is None and min_quality is None:
        return None
    if goal is None:
        goal = "cost" if deadline is not None else "time"
    return Objective(goal, deadline, budget, min_quality)  # type: ignore[arg-type]


def seconds_of(text: str) -> float:
    """`8s`, `500ms`, `2min`, `8`.

    >>> seconds_of("500ms"), seconds_of("2min"), seconds_of("8")
    (0.5, 120.0, 8.0)
    """
    found = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*(ms|s|min|m|h|)\s*", text)
    if found is None:
        raise BadObjective(f"--deadline {text}: seconds are expected, as in 8s, 500ms or 2min")
    return float(found[1]) * _UNITS[found[2]]


def from_project() -> Objective | None:
    """The defaults of the nearest `pyproject.toml`. Raises `BadObjective` if they cannot be meant."""
    path, _ = nearest_project()
    if path is None:
        return None
    try:
        table = tomllib.loads(path.read_text("utf-8")).get("tool", {}).get("poppy_ipython", {}).get("objective")
    except (OSError, ValueError, AttributeError):
        return None  # somebody else's to say
    if table is None:
        return None
    where = f"{path}, [tool.poppy_ipython.objective]"
    known = ("goal", "deadline", "budget", "min_quality")
    if not isinstance(table, dict) or any(name not in known for name in table):
        raise BadObjective(f"{where}: known are {', '.join(known)}")
    given: dict[str, Any] = dict(table)
    if isinstance(given.get("deadline"), str):
        given["deadline"] = seconds_of(given["deadline"])
    try:
        return objective(**({"goal": None} | given))
    except BadObjective as error:
        raise BadObjective(f"{where}: {error}") from None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
