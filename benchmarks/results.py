"""From measurements to pages: `benchmarks/RESULTS.md` with its plots, the headline table of the README, the history.

Each measurement leaves a table and its raw figures in `.build/bench`. This puts the tables one below the other, with date,
commit and machine; draws the ratios to hand-written asyncio; copies the few figures that matter into the README, between
two marks; and keeps the raw figures as `benchmarks/results/<date>-<commit>.json`, which `compare` compares.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

from benchmarks import report
from benchmarks.plots import bars

ROOT = Path(__file__).parents[1]
PAGE, HISTORY, README = ROOT / "benchmarks" / "RESULTS.md", ROOT / "benchmarks" / "results", ROOT / "README.md"
PARTS = ("programs-1.0", "programs-0.1", "cpu", "memory", "compile", "native", "streaming", "clients", "lookup")
"""In the order of the page."""
BEGIN, END = "<!-- made by `python -m benchmarks report` -->", "<!-- end of what is made -->"
PAPERS = "PopPy and Opal report up to 6.4x and 6.2x over plain execution; a speed-up is a property of the program."


def commit() -> str:
    """Seven digits, and a plus if there is something that is not in it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "poppy_ipython", "benchmarks/programs")
    return (git("rev-parse", "--short=7", "HEAD") or "unknown") + ("+" if changed else "")


def measured() -> dict[str, Any]:
    """The raw figures of every measurement that there is."""
    found = {name: report.WHERE / f"{name}.json" for name in PARTS}
    return {name: json.loads(path.read_text()) for name, path in found.items() if path.exists()}


def main() -> None:
    """Write page, plot, README and history from what was measured last."""
    parts = measured()
    if not parts:
        raise SystemExit("nothing was measured yet: python -m benchmarks")
    at = commit()
    texts = [(report.WHERE / f"{name}.md").read_text().strip() for name in parts]
    lines = [
        "# Benchmarks",
        "",
        f"Made by `make bench` on {time.strftime('%Y-%m-%d')} at commit {at}. The machine is named below each table; where other",
        "work ran on it, wall times and CPU are noisy, and medians of a few rounds do not remove that.",
        "",
        "The programs are ordinary sequential cells (`benchmarks/programs`); lines changed by the user: one, `%%poppy`;",
        "declarations: none. *asyncio* is the same program written by hand. " + PAPERS,
        "",
    ]
    for name, text in zip(parts, texts, strict=True):
        title, _, body = text.partition("\n")
        lines += [f"## {title}", "", body.strip(), ""]
        if name.startswith("programs"):
            ratios = {one["program"].replace("_", " "): one["ratio"] for one in parts[name]["measured"] if not one["skipped"]}
            plot = f"ratios-{name.removeprefix('programs-')}.svg"
            HISTORY.mkdir(exist_ok=True)
            (HISTORY / plot).write_text(bars(ratios, f"Time over hand-written asyncio, {title.partition(', ')[2]}"))
            lines += [f"![{title}: time over hand-written asyncio](results/{plot})", ""]
    lines += ["## Not measured", "", "`dask.delayed`, LangGraph and DSPy versions of the programs do not exist yet.", ""]
    PAGE.write_text("\n".join(lines).rstrip() + "\n")
    kept = HISTORY / f"{time.strftime('%Y-%m-%d')}-{at}.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps({"commit": at, **parts}, indent=1) + "\n")
    readme(parts)
    print(f"Written: {PAGE.relative_to(ROOT)}, {kept.relative_to(ROOT)}, {README.name}")


def readme(parts: dict[str, Any]) -> None:
    """Put the headline between the marks of the README, if it has them."""
    text = README.read_text()
    if BEGIN not in text or "programs-1.0" not in parts:
        return
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{headline(parts)}\n{END}{after}")


def headline(parts: dict[str, Any]) -> str:
    """A row for each program, at full latency, with the ratio at a tenth beside it."""
    full = {one["program"]: one for one in parts["programs-1.0"]["measured"] if not one["skipped"]}
    tenth = {one["program"]: one for one in parts.get("programs-0.1", {"measured": []})["measured"]}
    rows = []
    for name in {**tenth, **full}:
        small = f"{tenth[name]['ratio']:.2f}" if name in tenth else ""
        one = full.get(name)
        if one is None:
            rows.append((name.replace("_", " "), "", "", "", "", "not run here", "", small, same(tenth[name])))
            continue
        times = f"{one['plain']:.0f}", f"{median(one['poppy']):.1f}", f"{median(one['asyncio']):.1f}"
        ratios = f"{one['speedup']:.1f}x", f"{one['ratio']:.2f}", small
        rows.append((name.replace("_", " "), str(one["requests"]), *times, *ratios, same(one)))
    known = {**tenth, **full}.values()  # a tenth stands for what was not run, so that the mean leaves nobody out
    means = [f"{geometric_mean(one[key] for one in known):.2f}" for key in ("speedup", "ratio")]
    small = f"{geometric_mean(one['ratio'] for one in tenth.values()):.2f}" if tenth else ""
    rows.append(("geometric mean of all", "", "", "", "", f"{means[0]}x", means[1], small, ""))
    head = ("program", "calls", "plain s", "poppy s", "asyncio s", "plain / poppy", "poppy / asyncio", "latency ÷ 10", "same")
    missing = len(tenth) - len(full)
    note = f"\n{missing} programs are still in order for the most part; a tenth stands for them in the mean." if missing else ""
    return f"{report.markdown(head, rows)}\n{note}\nMeasured: {parts['programs-1.0']['machine']}; `make bench`."


def same(one: dict[str, Any]) -> str:
    return "yes" if not one["differences"] else "NO"


def figures(parts: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """What is compared with an earlier run: by name a figure of which less is better, and its noise, as a share."""
    found: dict[str, tuple[float, float]] = {}
    for name, part in parts.items():
        if name.startswith("programs"):
            for one in [one for one in part["measured"] if not one["skipped"]]:
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
