"""The programs with the real `openai` client: plain, under `poppy_ipython`, and as hand-written asyncio.

One round runs the cell and its twin one after the other, so that both see the same machine; a ratio is the median of the
rounds' ratios. Plain runs take long and are nobody's contestant: one, with latencies at a tenth. Its time at full scale is
computed from the same draws. All must leave the same; whoever does not is shown as such, with the difference.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import geometric_mean, median
from typing import Any

from benchmarks import report
from benchmarks.contest import LIMIT, Contest, Result, differences, twin_differences
from benchmarks.programs import NAMES
from benchmarks.service import World

NOISY = 0.10
"""A spread of the hand-written program's rounds above this is said to be too noisy to tell."""


@dataclass
class Measured:
    """One program at one scale of latencies."""

    program: str
    scale: float
    requests: int = 0
    drawn: float = 0.0
    """Seconds of latency of all its requests, at this scale."""
    plain: float = 0.0
    poppy: list[float] = field(default_factory=list)
    asyncio: list[float] = field(default_factory=list)
    path: float = 0.0
    """Seconds of the longest chain of calls, of the engine's run."""
    at_once: float = 0.0
    cpu_poppy: float = 0.0
    cpu_asyncio: float = 0.0
    first_plain: float | None = None
    first_poppy: float | None = None
    differences: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(ours / theirs for ours, theirs in zip(self.poppy, self.asyncio, strict=True))

    @property
    def speedup(self) -> float:
        return self.plain / median(self.poppy)

    @property
    def spread(self) -> float:
        return (max(self.asyncio) - min(self.asyncio)) / median(self.asyncio)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "speedup": self.speedup, "spread": self.spread}


def measure(name: str, world: World, rounds: int, plain_overhead: Measured | None = None) -> Measured:
    """Measure one program against one service."""
    one = Measured(name, world.scale)
    with Contest(name, world) as contest:
        world.ask("/stats/reset", "POST")
        if plain_overhead is None:
            plain = contest.plain()
            one.plain, one.first_plain = plain.seconds, plain.first_output
            drawn = world.ask("/drawn")
            one.requests, one.drawn = drawn["requests"], drawn["seconds"] * world.scale
        else:  # the same draws at another scale
            before = plain_overhead
            one.requests, one.drawn = before.requests, before.drawn / before.scale * world.scale
            one.plain = before.plain - before.drawn + one.drawn
            plain = None
        contest.asyncio()  # warms both clients
        ours = twin = None
        for _ in range(rounds):
            ours, twin = contest.poppy(), contest.asyncio()
            one.poppy.append(ours.seconds)
            one.asyncio.append(twin.seconds)
            one.cpu_poppy, one.cpu_asyncio = ours.cpu, twin.cpu
            one.differences += compared(plain, ours, twin)
            print(".", end="", flush=True)
        if ours is not None and ours.details is not None:
            trace = ours.details.trace
            one.path, one.at_once, one.first_poppy = trace.critical_path.length, trace.at_once, ours.first_output
    return one


def compared(plain: Result | None, ours: Result, twin: Result) -> list[str]:
    """What somebody left otherwise; without a plain run the twin stands for it."""
    if plain is None:
        return [f"asyncio: {line}" for line in twin_differences(ours, twin)]
    found = [f"poppy: {line}" for line in differences(plain, ours)]
    return found + [f"asyncio: {line}" for line in twin_differences(plain, twin)]


def main(rounds: int, names: tuple[str, ...] = NAMES) -> list[Measured]:
    print(f"{len(names)} programs, real openai client, local service:", flush=True)
    found: dict[float, list[Measured]] = {0.1: [], 1.0: []}
    for scale, measured in found.items():
        with World(scale) as world:
            for place, name in enumerate(names):
                print(f"  scale {scale}, {name} ", end="", flush=True)
                before = None if scale == 0.1 else found[0.1][place]
                measured.append(measure(name, world, rounds if scale == 0.1 else 1, before))
                print(f" {measured[-1].ratio:.2f}", flush=True)
    for scale, measured in found.items():
        publish(scale, measured)
    return [one for measured in found.values() for one in measured]


def publish(scale: float, measured: list[Measured]) -> None:
    rows = [
        (
            one.program.replace("_", " "),
            str(one.requests),
            f"{one.plain:.1f}",
            f"{median(one.poppy):.2f}",
            f"{median(one.asyncio):.2f}",
            f"{one.path:.2f}",
            f"{one.speedup:.1f}x",
            f"{one.ratio:.2f}" + (" (noisy)" if one.spread > NOISY else ""),
            f"{one.at_once:.1f}",
            "yes" if not one.differences else "NO",
        )
        for one in measured
    ]
    ratios = [one.ratio for one in measured]
    speedups = [one.speedup for one in measured]
    rows.append(
        ("geometric mean", "", "", "", "", "", f"{geometric_mean(speedups):.1f}x", f"{geometric_mean(ratios):.2f}", "", "")
    )
    head = ("program", "requests", "plain s", "poppy s", "asyncio s", "path s")
    head += ("plain / poppy", "poppy / asyncio", "at once", "same")
    note = f"At most {LIMIT} calls at once in both. Latencies at scale {scale}. Worst ratio {max(ratios):.2f}."
    report.publish(f"programs-{scale}", f"Programs, latency scale {scale}", head, rows, note, [one.as_json() for one in measured])
