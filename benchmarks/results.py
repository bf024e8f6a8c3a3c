"""From measurements to pages: `benchmarks/RESULTS.md` with its plots, the headline table of the README, the history.

Each measurement leaves a table and its raw figures in `.build/bench`. This puts the tables one below the other, with date,
commit and machine; draws the ratios to hand-written asyncio, a program plain and ours, and CPU over the number of calls; copies
the few figures that matter into the README, between two marks; and keeps the raw figures as
`benchmarks/results/<date>-<commit>.json`, which `history` compares. What could not be measured is said.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import report
from benchmarks.plots import bars, curves, gantt
from benchmarks.table import mean, number

ROOT = Path(__file__).parents[1]
PAGE, HISTORY, README = ROOT / "benchmarks" / "RESULTS.md", ROOT / "benchmarks" / "results", ROOT / "README.md"
PARTS = ("programs-1.0", "rivals-1.0", "costs-1.0", "programs-0.1", "rivals-0.1", "costs-0.1")
PARTS += ("cpu", "view", "memory", "compile", "native", "streaming", "clients", "lookup")
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


def main(failures: Sequence[str] = ()) -> None:
    """Write page, plots, README and history from what was measured last; `failures` are measurements that ended early."""
    parts = measured()
    if not parts:
        raise SystemExit("nothing was measured yet: python -m benchmarks")
    at = commit()
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
    if failures:
        lines += ["**Not measured this time:**", "", *(f"* {line}" for line in failures), ""]
    for name in parts:
        title, _, body = (report.WHERE / f"{name}.md").read_text().strip().partition("\n")
        lines += [f"## {title}", "", body.strip(), ""]
        for plot, (text, about) in plots(name, parts[name]["measured"], title).items():
            HISTORY.mkdir(exist_ok=True)
            (HISTORY / plot).write_text(text)
            lines += [f"![{about}](results/{plot})", ""]
    PAGE.write_text("\n".join(lines).rstrip() + "\n")
    kept = HISTORY / f"{time.strftime('%Y-%m-%d')}-{at}.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps({"commit": at, **parts}, indent=1) + "\n")
    readme(parts)
    print(f"Written: {PAGE.relative_to(ROOT)}, {kept.relative_to(ROOT)}, {README.name}")


def plots(name: str, found: list[dict[str, Any]], title: str) -> dict[str, tuple[str, str]]:
    """By file name the drawings that go below a table, with what they show in words."""
    made: dict[str, tuple[str, str]] = {}
    if name.startswith("programs"):
        scale = name.removeprefix("programs-")
        ratios = {titled(one): one["ratio"] for one in found if one["ratio"]}
        about = f"Time over hand-written asyncio, {title.partition(', ')[2]}"
        made[f"ratios-{scale}.svg"] = bars(ratios, about), about
        for one in [one for one in found if one.get("calls")]:
            about = f"{titled(one)}, {len(one['calls'])} calls, {title.partition(', ')[2]}: plain and by poppy"
            made[f"gantt-{scale}.svg"] = gantt([tuple(call) for call in one["calls"]], about), about
    elif name == "cpu":
        about = "CPU of a cell with N calls, ms"
        lines: dict[str, list[tuple[float, float]]] = {}
        for one in found:
            for who in ("poppy", "asyncio"):
                lines.setdefault(f"{one['cell']}, {who}", []).append((one["n"], one[who] * 1000))
        made["scaling.svg"] = curves(lines, about, "N calls"), about
    return made


def titled(one: dict[str, Any]) -> str:
    return str(one["program"]).replace("_", " ")


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
    tenth = {one["program"]: one for one in parts.get("programs-0.1", {"measured": []})["measured"]}
    full = parts["programs-1.0"]["measured"]
    rows = []
    for one in full:
        about = "≈ " if one["computed"] else ""
        small = tenth.get(one["program"], {})
        ours, theirs = (f"{median(one[who]):.1f}" if one[who] else "failed" for who in ("poppy", "asyncio"))
        times = number(one["plain"] or None, ".0f"), about + ours, theirs
        ratios = number(one["speedup"], ".1f", "x"), number(one["ratio"]), number(small.get("ratio"))
        rows.append((titled(one), str(one["requests"]), *times, *ratios, same(one, small)))
    means = number(mean([one["speedup"] for one in full]), ".1f", "x"), number(mean([one["ratio"] for one in full]))
    small = number(mean([one["ratio"] for one in tenth.values()]))
    rows.append(("geometric mean of all", "", "", "", "", *means, small, ""))
    head = ("program", "calls", "plain s", "poppy s", "asyncio s", "plain / poppy", "poppy / asyncio", "latency ÷ 10", "same")
    missing = sum(one["computed"] for one in full)
    note = f"\n≈: in order for the most part ({missing} programs); computed from latency ÷ 10." if missing else ""
    return f"{report.markdown(head, rows)}\n{note}\nMeasured: {parts['programs-1.0']['machine']}; `make bench`."


def same(*found: dict[str, Any]) -> str:
    return "yes" if all(one.get("same", True) for one in found) else "NO"
