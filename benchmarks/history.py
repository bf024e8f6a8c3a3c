"""What changed since an earlier run by more than the noise of both: `make bench-compare BASE=benchmarks/results/...json`."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.results import PARTS, measured


def figures(parts: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """What is compared with an earlier run: by name a figure of which less is better, and its noise, as a share."""
    found: dict[str, tuple[float, float]] = {}
    for name, part in parts.items():
        if name.startswith("programs"):
            for one in [one for one in part["measured"] if timed(one)]:
                found[f"{one['program']}, time over asyncio, {name.removeprefix('programs-')}"] = one["ratio"], one["spread"]
        elif name == "native":
            for one in part["measured"]:
                if one.get("ratio"):
                    theirs = sorted(one["plain"])
                    found[f"{one['cell']}, CPU over plain"] = one["ratio"], (theirs[-1] - theirs[0]) / median(theirs)
        elif name == "cpu":
            for one in part["measured"]:
                spread = [ours - theirs for ours, theirs in one["rounds"]]
                noise = (max(spread) - min(spread)) / max(median(spread), 1e-9)
                found[f"{one['cell']}, N = {one['n']}, µs a call"] = one["extra_us"], noise
        elif name == "compile":
            for one in part["measured"]:
                found[f"{one['program']}, ms to compile"] = one["ms"], one["spread"]
    return found


def timed(one: dict[str, Any]) -> bool:
    """Was it run at this scale? What is computed from another one says nothing new (early files: `skipped`)."""
    return bool(one.get("ratio")) and not one.get("computed") and not one.get("skipped")


def compare(base: Path) -> int:
    """Print what changed since `base` by more than both runs' noise; the number of figures that became worse."""
    then, now = figures_of(json.loads(base.read_text())), figures(measured())
    worse = 0
    for name in now:
        if name not in then:
            continue
        (old, old_noise), (new, new_noise) = then[name], now[name]
        noise = max(0.05, old_noise, new_noise)
        change = (new - old) / old if old > 0 else 0.0
        if abs(change) > noise:
            worse += change > 0
            print(f"{'WORSE ' if change > 0 else 'better'} {name}: {old:.3g} -> {new:.3g} ({change:+.0%}, noise {noise:.0%})")
    print(f"{len(set(now) & set(then))} figures compared with {base.name}, {worse} worse beyond noise")
    return worse


def figures_of(kept: dict[str, Any]) -> dict[str, tuple[float, float]]:
    return figures({name: part for name, part in kept.items() if name in PARTS})
