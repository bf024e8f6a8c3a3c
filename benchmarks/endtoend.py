"""The programs with the real clients: plain, under `poppy_ipython`, as hand-written asyncio and, where it applies, threads.

One round runs the cell and its rivals one after the other, so that all see the same machine; a ratio is the median of the
rounds' ratios. Plain runs take long and are nobody's contestant: one, with latencies at a tenth. Its time at full scale is
computed from the same draws, and said to be. All must leave the same; whoever does not is shown with the difference.

At full scale the overhead is small against the waiting, and so is its noise: one round. At a tenth it shows: several.
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
"""A spread of the hand-written program's rounds above this is too wide to tell, and is said to be."""
ROUNDS = {0.1: 3, 1.0: 1}
"""By scale of latencies."""
PATIENCE = 35.0
"""A program that is far behind its twin at a tenth, and would take longer than so many seconds at full scale, is not run there,
and is said not to be: that it runs in order so far shows at a tenth as well."""
FAR = 2.0


@dataclass
class Measured:
    """One program at one scale of latencies. Lists have a number for each round."""

    program: str
    scale: float
    requests: int = 0
    drawn: float = 0.0
    """Seconds of latency of all its requests, at this scale."""
    plain: float = 0.0
    poppy: list[float] = field(default_factory=list)
    asyncio: list[float] = field(default_factory=list)
    threads: list[float] = field(default_factory=list)
    path: float = 0.0
    """Seconds of the longest chain of calls, of the engine's run."""
    at_once: float = 0.0
    cpu_poppy: list[float] = field(default_factory=list)
    cpu_asyncio: list[float] = field(default_factory=list)
    memory_poppy: int | None = None
    memory_asyncio: int | None = None
    first_plain: float | None = None
    first_poppy: float | None = None
    differences: list[str] = field(default_factory=list)
    skipped: str | None = None

    @property
    def ratio(self) -> float:
        return median(ours / theirs for ours, theirs in zip(self.poppy, self.asyncio, strict=True))

    @property
    def speedup(self) -> float:
        return self.plain / median(self.poppy)

    @property
    def spread(self) -> float:
        return (max(self.asyncio) - min(self.asyncio)) / median(self.asyncio)

    @property
    def extra_cpu_us(self) -> float:
        """CPU beyond hand-written asyncio, in microseconds for each request."""
        extra = median(ours - theirs for ours, theirs in zip(self.cpu_poppy, self.cpu_asyncio, strict=True))
        return extra / self.requests * 1e6

    def as_json(self) -> dict[str, Any]:
        computed = () if self.skipped else ("ratio", "speedup", "spread", "extra_cpu_us")
        return {**asdict(self), **{name: getattr(self, name) for name in computed}}


def measure(name: str, world: World, rounds: int, tenth: Measured | None = None) -> Measured:
    """Measure one program against one service; `tenth` is what was measured at another scale, with the plain run."""
    one = Measured(name, world.scale)
    with Contest(name, world) as contest:
        plain = None
        if tenth is None:
            world.ask("/stats/reset", "POST")
            plain = contest.plain()
            one.plain, one.first_plain = plain.seconds, plain.first_output
            drawn = world.ask("/drawn")
            one.requests, one.drawn = drawn["requests"], drawn["seconds"] * world.scale
            contest.asyncio()  # opens the connections and warms what Python warms
        else:
            one.requests, one.drawn = tenth.requests, tenth.drawn / tenth.scale * world.scale
            one.plain = tenth.plain - tenth.drawn + one.drawn
        for _ in range(rounds):
            ours, twin, threads = contest.poppy(), contest.asyncio(), contest.threads()
            one.poppy.append(ours.seconds)
            one.asyncio.append(twin.seconds)
            one.cpu_poppy.append(ours.cpu)
            one.cpu_asyncio.append(twin.cpu)
            if threads is not None:
                one.threads.append(threads.seconds)
            one.differences += compared(plain, ours, twin, threads)
            print(".", end="", flush=True)
        one.memory_poppy, one.memory_asyncio, one.first_poppy = ours.memory, twin.memory, ours.first_output
        if ours.details is not None:
            trace = ours.details.trace
            one.path, one.at_once = trace.critical_path.length, trace.at_once
    return one


def compared(plain: Result | None, ours: Result, twin: Result, threads: Result | None) -> list[str]:
    """What somebody left otherwise. Without a plain run ours stands for it: the scale before compared it with one."""
    found = [] if plain is None else [f"poppy: {line}" for line in differences(plain, ours)]
    reference = plain or ours
    found += [f"asyncio: {line}" for line in twin_differences(reference, twin)]
    if threads is not None:
        found += [f"threads: {line}" for line in twin_differences(reference, threads)]
    return found


def main(names: tuple[str, ...] = NAMES, rounds: dict[float, int] = ROUNDS) -> None:
    """Measure the programs at each scale and write a table for each."""
    print(f"{len(names)} programs, real clients, local service:", flush=True)
    before: dict[str, Measured] = {}
    for scale, count in rounds.items():
        measured = []
        with World(scale) as world:
            for name in names:
                print(f"  scale {scale}, {name} ", end="", flush=True)
                tenth = before.get(name)
                expected = 0.0 if tenth is None else median(tenth.poppy) * scale / tenth.scale
                if tenth is not None and tenth.ratio > FAR and expected > PATIENCE:
                    measured.append(Measured(name, scale, skipped=f"would take {expected:.0f} s"))
                    print(f" not run: {measured[-1].skipped}", flush=True)
                    continue
                measured.append(measure(name, world, count, tenth))
                before.setdefault(name, measured[-1])
                print(f" {measured[-1].ratio:.2f}", flush=True)
        publish(scale, measured)


def publish(scale: float, measured: list[Measured]) -> None:
    run = [one for one in measured if one.skipped is None]
    rows = [row(one) for one in measured]
    ratios = [one.ratio for one in run] or [0.0]
    mean = geometric_mean(one.speedup for one in run) if run else 0.0
    rows.append(
        ("geometric mean", "", "", "", "", "", "", f"{mean:.1f}x", f"{geometric_mean(ratios):.2f}" if run else "", "", "", "")
    )
    head = ("program", "calls", "plain s", "poppy s", "asyncio s", "threads s", "path s")
    head += ("plain / poppy", "poppy / asyncio", "at once", "µs a call", "same")
    note = f"At most {LIMIT} calls at once in all. Latencies at scale {scale}. Worst ratio {max(ratios):.2f}."
    if len(run) < len(measured):
        note += f" The means are those of the {len(run)} programs that were run."
    if scale != min(ROUNDS):
        note += f" Plain s is computed from a run at scale {min(ROUNDS)} and the same draws."
    for one in measured:
        note += "".join(f"\n{one.program} differs: {line}" for line in dict.fromkeys(one.differences))
    report.publish(f"programs-{scale}", f"Programs, latency scale {scale}", head, rows, note, [one.as_json() for one in measured])


def row(one: Measured) -> tuple[str, ...]:
    if one.skipped:
        return (one.program.replace("_", " "), *[""] * 10, f"not run: {one.skipped}")
    return (
        one.program.replace("_", " "),
        str(one.requests),
        f"{one.plain:.1f}",
        f"{median(one.poppy):.2f}",
        f"{median(one.asyncio):.2f}",
        f"{median(one.threads):.2f}" if one.threads else "",
        f"{one.path:.2f}",
        f"{one.speedup:.1f}x",
        f"{one.ratio:.2f}" + (" (noisy)" if one.spread > NOISY else ""),
        f"{one.at_once:.1f}",
        f"{one.extra_cpu_us:.0f}",
        "yes" if not one.differences else "NO",
    )
