"""The programs' tables: how long everybody took, what a user would pick instead, what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import geometric_mean, median
from typing import TYPE_CHECKING

from benchmarks import report
from benchmarks.contest import LIMIT
from benchmarks.report import NOISY

if TYPE_CHECKING:
    from benchmarks.endtoend import Measured

BY_HAND = 1.05
"""The hand-written program is to be no slower than this over the longest chain of calls."""


def number(value: float | None, form: str = ".2f", unit: str = "") -> str:
    return "" if value is None else f"{value:{form}}{unit}"


def middle(values: Sequence[float]) -> str:
    return f"{median(values):.2f}" if values else ""


def mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value]
    return geometric_mean(known) if known else None


def title_of(one: Measured) -> str:
    return one.program.replace("_", " ")


def publish(scale: float, first: float, measured: list[Measured]) -> None:
    """Print and write down the three tables of one scale."""
    rows = [row(one) for one in measured]
    ratios, speedups = [one.ratio for one in measured], [one.speedup for one in measured]
    rows.append(("geometric mean", "", "", "", "", "", number(mean(speedups), ".1f", "x"), number(mean(ratios)), "", "", ""))
    head = ("program", "calls", "plain s", "poppy s", "asyncio s", "path s", "plain / poppy", "poppy / asyncio")
    head += ("asyncio / path", "at once", "same")
    worst = number(max(filter(None, ratios), default=None))
    note = f"At most {LIMIT} calls at once in all. Latencies at scale {scale}. Worst ratio {worst}."
    if scale != first:
        note += f" Plain s is computed from a run at scale {first} and the same draws."
        note += f"\nWith ≈: the program is in order for the most part, and poppy s is computed from scale {first}, too."
        note += "\nasyncio / path: both without a limit of calls at once, where the engine finds the longest chain of calls."
        slow = [f"{title_of(one)} {one.bound_by_hand:.2f}" for one in measured if (one.bound_by_hand or 0) > BY_HAND]
        note += f" Above {BY_HAND}: {', '.join(slow) or 'none'}."
    noisy = [title_of(one) for one in measured if one.spread > NOISY]
    if noisy:
        note += f"\nToo noisy to tell (the hand-written program's rounds differ by more than {NOISY:.0%}): {', '.join(noisy)}."
    for one in measured:
        note += "".join(f"\n{one.program} differs: {line}" for line in dict.fromkeys(one.differences))
    raw = [one.as_json() for one in measured]
    report.publish(f"programs-{scale}", f"Programs, latency scale {scale}", head, rows, note, raw)
    publish_rivals(scale, measured)
    publish_costs(scale, measured)


def row(one: Measured) -> tuple[str, ...]:
    about = "≈ " if one.computed else ""
    return (
        title_of(one),
        str(one.requests or ""),
        f"{one.plain:.1f}" if one.plain else "",
        about + middle(one.poppy) if one.poppy else "failed",
        middle(one.asyncio) or "failed",
        number(one.path or None),
        number(one.speedup, ".1f", "x"),
        number(one.ratio) + (" (noisy)" if one.spread > NOISY else ""),
        number(one.bound_by_hand),
        number(one.at_once or None, ".1f"),
        "yes" if one.same else "NO",
    )


def publish_rivals(scale: float, measured: list[Measured]) -> None:
    """Those that a user would pick instead: seconds and lines written anew."""
    rivals = ("asyncio", "threads", "dask", "langgraph", "dspy")
    rows = []
    for one in measured:
        took = {"asyncio": one.asyncio, "threads": one.threads, **one.peers}
        if not set(one.lines) - {"asyncio"}:
            continue
        cells = [
            f"{middle(took[who])} ({one.lines[who]}){differs(one, who)}" if took.get(who) else absent(one, who) for who in rivals
        ]
        rows.append((title_of(one), f"{middle(one.poppy)} (1)", *cells))
    note = "Seconds, and in brackets the lines that the cell does not have. All others have a hand-written asyncio version only."
    missing = {f"{who}: {why}" for one in measured for who, why in one.absent.items()}
    note += "".join(f"\nNot installed: {line}" for line in sorted(missing))
    raw = [{"program": one.program, "peers": one.peers, "lines": one.lines, "absent": one.absent} for one in measured]
    title = f"What one would pick instead, latency scale {scale}"
    report.publish(f"rivals-{scale}", title, ("program", "poppy", *rivals), rows, note, raw)


def differs(one: Measured, who: str) -> str:
    return " **differs**" if any(line.startswith(f"{who}:") for line in one.differences) else ""


def absent(one: Measured, who: str) -> str:
    if who in one.absent:
        return "not installed"
    return "failed" if who in one.lines else ""


def publish_costs(scale: float, measured: list[Measured]) -> None:
    """First output, CPU, memory, lines and declarations."""
    rows = []
    for one in measured:
        rows.append(
            (
                title_of(one),
                number(one.first_plain),
                number(one.first_poppy),
                middle(one.cpu_poppy),
                middle(one.cpu_asyncio),
                number(one.extra_cpu_us, ".0f"),
                number(one.memory_poppy and one.memory_poppy / 1024, ".1f"),
                number(one.memory_asyncio and one.memory_asyncio / 1024, ".1f"),
                f"1 / {one.lines.get('asyncio', '?')}",
                "0 / 0",
            )
        )
    head = ("program", "first output plain s", "poppy s", "CPU poppy s", "asyncio s", "extra µs a call")
    head += ("memory poppy MB", "asyncio MB", "lines changed", "declarations")
    note = "Memory: at the peak above what was resident before; what an earlier round freed is used again and does not show.\n"
    note += "Lines changed and declarations: poppy / asyncio. Without a first output the program prints nothing."
    report.publish(f"costs-{scale}", f"What it costs, latency scale {scale}", head, rows, note, [])
