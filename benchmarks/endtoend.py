"""The programs with the real clients: plain, under `poppy_ipython`, as hand-written asyncio and, where it applies, by others.

One round runs the cell and its rivals one after the other, so that all see the same machine; a ratio is the median of the
rounds' ratios. Plain runs take long and are nobody's contestant: one, with latencies at a tenth. Its time at full scale is
computed from the same draws, and said to be. All must leave the same; whoever fails or does not is shown with the difference,
and costs nobody else their turn.

At full scale the overhead is small against the waiting, and so is its noise: one round, and the peers, which only sleep, some
side by side. At a tenth it shows: several rounds, one after the other. A program far behind its twin there is not better known
by a second round. If at full scale it would only wait for long it is not run: its time is computed from the chain of calls that
it waited for, and said to be; the twin runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from benchmarks import beside, peers, table
from benchmarks.beside import Plain
from benchmarks.contest import DOCUMENTS, LIMIT, MODEL, Contest
from benchmarks.outcome import Result, differences, twin_differences
from benchmarks.programs import FOLDER, NAMES
from benchmarks.service import World

ROUNDS = {0.1: 3, 1.0: 1}
"""By scale of latencies; the first one is where plain runs."""
PATIENCE, FAR = 20.0, 2.0
"""What is further behind its twin than this, and would take longer than so many seconds, is computed."""
BUSY = 0.3
"""Unless more than this of the time was CPU: that does not grow with the latencies."""
DRAWN = "trading_desk"
"""The program whose calls are drawn, plain and ours."""
FULL = 1.0
SIDE_BY_SIDE = 3


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
    peers: dict[str, list[float]] = field(default_factory=dict)
    path: float = 0.0
    """Seconds of the longest chain of calls, of the engine's run."""
    unlimited: float | None = None
    """Seconds of the hand-written program with as many calls at once as it wants: its own longest chain."""
    at_once: float = 0.0
    cpu_poppy: list[float] = field(default_factory=list)
    cpu_asyncio: list[float] = field(default_factory=list)
    memory_poppy: int | None = None
    memory_asyncio: int | None = None
    first_plain: float | None = None
    first_poppy: float | None = None
    lines: dict[str, int] = field(default_factory=dict)
    """By contender, how many of its lines are not in the cell."""
    computed: bool = False
    """The engine's time is computed from another scale's."""
    absent: dict[str, str] = field(default_factory=dict)
    """Peers that are not installed, and what is missing."""
    differences: list[str] = field(default_factory=list)
    """Who left something else, raised or could not be run, and what."""
    calls: list[tuple[float, float]] = field(default_factory=list)
    """When each call of the engine's run began and ended, for the drawing."""

    @property
    def ratio(self) -> float | None:
        pairs = [ours / theirs for ours, theirs in zip(self.poppy, self.asyncio, strict=False)]
        return median(pairs) if pairs else None

    @property
    def speedup(self) -> float | None:
        return self.plain / median(self.poppy) if self.poppy and self.plain else None

    @property
    def spread(self) -> float:
        return (max(self.asyncio) - min(self.asyncio)) / median(self.asyncio) if self.asyncio else 0.0

    @property
    def extra_cpu_us(self) -> float | None:
        """CPU beyond hand-written asyncio, in microseconds for each request."""
        extra = [ours - theirs for ours, theirs in zip(self.cpu_poppy, self.cpu_asyncio, strict=False)]
        return median(extra) / self.requests * 1e6 if extra and self.requests else None

    @property
    def bound_by_hand(self) -> float | None:
        """The hand-written program over the longest chain of calls, both without a limit; None where we do not know the chain."""
        if self.unlimited is None or not self.path or self.computed or (self.ratio or FAR) >= FAR:
            return None
        return self.unlimited / self.path

    @property
    def same(self) -> bool:
        """Plain, ours, by hand and threads; what peers left is told beside them."""
        return all(line.partition(":")[0] in peers.LIBRARIES for line in self.differences)

    def as_json(self) -> dict[str, Any]:
        names = ("ratio", "speedup", "spread", "extra_cpu_us", "bound_by_hand", "same")
        return {**asdict(self), **{name: getattr(self, name) for name in names}}


@contextmanager
def told(one: Measured, who: str) -> Iterator[None]:
    """Whatever goes wrong inside is noted, and ends nothing else."""
    try:
        yield
    except Exception as error:
        one.differences.append(f"{who}: could not be run: {error!r}")


def measure(name: str, world: World, rounds: int, plain: Plain | None, before: Measured | None) -> Measured:
    """One program against one service; `plain` is its plain run at this scale, or `before` what was measured at another one."""
    one = Measured(name, world.scale)
    reference = None
    if plain is not None:
        reference = plain.result
        one.plain, one.first_plain = reference.seconds, reference.first_output
        one.requests, one.drawn = plain.requests, plain.drawn
    elif before is not None:
        one.requests, one.drawn = before.requests, before.drawn / before.scale * world.scale
        one.plain = before.plain - before.drawn + one.drawn
    expected = None if before is None else computed(before, world.scale)
    busy = before is not None and bool(before.cpu_poppy) and median(before.cpu_poppy) > BUSY * median(before.poppy)
    one.computed = expected is not None and expected > PATIENCE and (before.ratio or 0) > FAR and not busy  # type: ignore[union-attr]
    with told(one, "contest"), Contest(name, world) as contest:
        contest.connect(LIMIT)
        if before is None:
            contest.asyncio()  # warms what Python warms
        for _ in range(rounds):
            ours = None if one.computed else contest.poppy()
            round_of(one, ours, contest, reference)
            print(".", end="", flush=True)
            if (one.ratio or 0) > FAR and not before:
                break  # noise is not what keeps it behind
    if one.computed and before is not None and expected is not None:
        one.poppy, one.path, one.at_once = [expected], before.path / before.scale * world.scale, before.at_once
    one.lines = lines_of(name)
    return one


def round_of(one: Measured, ours: Result | None, contest: Contest, plain: Result | None) -> None:
    """Note what a round of all took and left. Without a plain run ours stands for it: the scale before compared the two."""
    twin, threads = contest.asyncio(), contest.threads()
    if ours is not None and ours.error is None:
        one.poppy.append(ours.seconds)
        one.cpu_poppy.append(ours.cpu)
        one.memory_poppy, one.first_poppy = ours.memory, ours.first_output
        trace = ours.details.trace
        one.path, one.at_once = trace.critical_path.length, trace.at_once
        one.calls = [(call.started, call.until) for call in trace.sent] if one.program == DRAWN else []
    if twin.error is None:
        one.asyncio.append(twin.seconds)
        one.cpu_asyncio.append(twin.cpu)
        one.memory_asyncio = twin.memory
    if threads is not None and threads.error is None:
        one.threads.append(threads.seconds)
    if ours is not None:
        one.differences += [f"poppy: {line}" for line in (differences(plain, ours) if plain else raised(ours))]
    for who, result in (("asyncio", twin), ("threads", threads)):
        if result is not None:
            one.differences += [f"{who}: {line}" for line in compared(plain or ours, result)]


def compared(reference: Result | None, result: Result) -> list[str]:
    return raised(result) if reference is None else twin_differences(reference, result)


def raised(result: Result) -> list[str]:
    return [] if result.error is None else [f"raised {result.error!r}"]


def computed(before: Measured, scale: float) -> float | None:
    """How long the engine would take at another scale: what it waited for grows with the latencies, the rest does not."""
    if not before.poppy:
        return None
    return median(before.poppy) + before.path * (scale / before.scale - 1)


def lines_of(name: str) -> dict[str, int]:
    source = (FOLDER / f"{name}.py").read_text()
    others = {who: FOLDER / f"{name}_{who}.py" for who in ("asyncio", "threads", *peers.LIBRARIES)}
    return {who: peers.written_anew(source, path.read_text()) for who, path in others.items() if path.exists()}


def run_peers(measured: list[Measured], world: World, references: dict[str, Result]) -> None:
    """The peers' versions. At full scale they only sleep, so some go side by side; at a tenth each has the machine."""
    todo = [(one, library) for one in measured for library in peers.libraries_of(one.program)]

    def run(what: tuple[Measured, str]) -> None:
        one, library = what
        with told(one, library):
            try:
                with World(0) as still, peers.Peer(one.program, library, model=MODEL, limit=LIMIT, documents=DOCUMENTS) as peer:
                    peer.run(still.root)  # imports and caches
                    result = peer.run(world.root)
            except peers.Missing as error:
                one.absent[library] = str(error)
                return
            one.differences += [f"{library}: {line}" for line in compared(references.get(one.program), result)]
            if result.error is None:
                one.peers[library] = [result.seconds]
        print(".", end="", flush=True)

    with ThreadPoolExecutor(SIDE_BY_SIDE if world.scale >= FULL else 1) as pool:
        list(pool.map(run, todo))


def gathered(what: Any, names: tuple[str, ...], scale: float, problems: dict[str, list[str]]) -> dict[str, Any]:
    """By program what `beside` found; what went wrong is added to the problems."""
    began, found = time.perf_counter(), {}
    print(f"  {what.__name__}, scale {scale}, {beside.AT_ONCE} at once ", end="", flush=True)
    for name, one in beside.runs(what, names, scale):
        if isinstance(one, Exception):
            problems.setdefault(name, []).append(f"{what.__name__}: could not be run: {one!r}")
        else:
            found[name] = one
        print(".", end="", flush=True)
    print(f" {time.perf_counter() - began:.0f} s", flush=True)
    return found


def main(names: tuple[str, ...] = NAMES, rounds: dict[float, int] = ROUNDS) -> None:
    """Measure the programs at each scale and write their tables."""
    print(f"{len(names)} programs, real clients, local service:", flush=True)
    first = min(rounds)
    problems: dict[str, list[str]] = {}
    plain: dict[str, Plain] = gathered(beside.plain, names, first, problems)
    before: dict[str, Measured] = {}
    for scale, count in sorted(rounds.items()):
        measured = []
        with World(scale) as world:
            for name in names:
                print(f"  scale {scale}, {name} ", end="", flush=True)
                one = measure(name, world, count, plain.get(name) if scale == first else None, before.get(name))
                measured.append(one)
                before.setdefault(name, one)
                print(f" {table.number(one.ratio)}{' (computed)' if one.computed else ''}", flush=True)
            print(f"  scale {scale}, peers ", end="", flush=True)
            run_peers(measured, world, {name: one.result for name, one in plain.items()})
            print(flush=True)
        alone = gathered(beside.by_hand, names, scale, problems) if scale >= FULL else {}
        for one in measured:
            one.unlimited = alone.get(one.program)
            one.differences += problems.get(one.program, [])
        table.publish(scale, first, measured)
