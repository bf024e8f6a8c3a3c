"""What a campaign measured: kinds of difference, overlap, size, constructs. The figures are printed by every run and
asserted by `make test`."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .check import Verdict
from .constructs import CONSTRUCTS, constructs
from .program import program

LEAST_OVERLAPPING = 0.60
LEAST_STATEMENTS = 15
LEAST_SHARE = 0.01
MOST_SKIPPED = 0.03


@dataclass
class Census:
    """Counts over the verdicts of a campaign."""

    programs: int = 0
    skipped: int = 0
    overlapping: int = 0
    raised: int = 0
    statements: list[int] = field(default_factory=list)
    calls: int = 0
    most_at_once: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    failing: dict[str, list[int]] = field(default_factory=dict)

    def add(self, verdict: Verdict) -> None:
        self.programs += 1
        if verdict.skipped:
            self.skipped += 1
            return
        self.overlapping += verdict.overlap >= 2
        self.raised += verdict.error is not None
        self.calls += verdict.calls
        self.most_at_once = max(self.most_at_once, verdict.overlap)
        self.statements.append(verdict.statements)
        if verdict.differences:
            self.kinds[verdict.kind] += 1
            self.failing.setdefault(verdict.kind, []).append(verdict.seed)

    @property
    def compared(self) -> int:
        return self.programs - self.skipped

    @property
    def overlapping_share(self) -> float:
        return self.overlapping / max(1, self.compared)

    @property
    def median_statements(self) -> float:
        return statistics.median(self.statements) if self.statements else 0

    @property
    def different(self) -> int:
        return sum(self.kinds.values())

    def __str__(self) -> str:
        text = (
            f"{self.compared} programs compared, {self.different} different; {self.skipped} skipped (too long)\n"
            f">= 2 calls in flight: {self.overlapping_share:.1%} of programs; "
            f"most at once {self.most_at_once}; {self.calls} calls\n"
            f"median statements executed: {self.median_statements:g}; "
            f"ended by an exception: {self.raised / max(1, self.compared):.1%}"
        )
        for kind, count in self.kinds.most_common():
            text += f"\n  {count:5d}  {kind}   seeds {', '.join(map(str, sorted(self.failing[kind])[:8]))}"
        return text


def shares(seeds: Iterable[int]) -> dict[str, float]:
    """For every construct, the share of programs that contain it."""
    seeds = list(seeds)
    found = Counter(name for seed in seeds for name in constructs(program(seed).source))
    return {name: found[name] / len(seeds) for name in CONSTRUCTS}
