"""Every program on a simulated clock where each call takes one second: is it the same, and how much overlaps?

Nothing here is a measurement of time, so a busy machine changes nothing. `rounds` is the simulated duration without a limit
of calls at once: the number of calls on the longest chain.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.contest import Contest
from benchmarks.outcome import differences, twin_differences
from benchmarks.service import World


@dataclass(frozen=True)
class Simulated:
    """What the simulated clock says about one program."""

    name: str
    requests: int
    """Requests of a plain run."""
    calls: int
    """Of them, those that the engine made; the others were made below native code, one after the other."""
    rounds: float
    peak: int
    differences: list[str]
    twin_differences: list[str]

    @property
    def at_once(self) -> float:
        """Requests per round, where each one below native code is a round of its own: the average number of calls at once."""
        return self.requests / (self.rounds + self.requests - self.calls)


def simulate(name: str, world: World) -> Simulated:
    """Run one program plain, simulated and as asyncio, against a service that takes no time."""
    with Contest(name, world) as contest:
        world.ask("/stats/reset", "POST")
        plain = contest.plain()
        requests = world.ask("/drawn")["requests"]
        ours, twin = contest.simulated(), contest.asyncio()
    calls, makespan, overlap = 0, 0.0, 0
    if ours.details is not None:
        calls, makespan, overlap = len(ours.details.calls), ours.details.makespan, ours.details.overlap
    return Simulated(name, requests, calls, makespan, overlap, differences(plain, ours), twin_differences(plain, twin))


def main(names: tuple[str, ...]) -> int:
    """Print a line for each; the number of programs that left anything else than a plain run."""
    wrong = 0
    print(f"{'program':24}{'requests':>9}{'calls':>7}{'rounds':>8}{'at once':>9}{'most':>6}  same?")
    with World(scale=0) as world:
        for name in names:
            one = simulate(name, world)
            wrong += bool(one.differences or one.twin_differences)
            same = "yes" if not one.differences else "NO"
            print(f"{name:24}{one.requests:9}{one.calls:7}{one.rounds:8.0f}{one.at_once:9.1f}{one.peak:6}  {same}", flush=True)
            for line in one.differences:
                print(f"    poppy: {line}")
            for line in one.twin_differences:
                print(f"    asyncio: {line}")
    return wrong
