"""RECORD.md: written by `python -m tests.conformance --record`, never by hand."""

from __future__ import annotations

import datetime
import platform
from importlib import metadata
from pathlib import Path

from .campaign import Compared
from .counts import KINDS
from .modules import EXCLUDED, UNDER_STRESS

RECORD = Path(__file__).with_name("RECORD.md")
HEAD = """# CPython's own tests

Written by `python -m tests.conformance … --record`; what the modes are is in the docstring of the package, what the statements
are counted as in `counts.py`. A difference is a test that comes to something else than in a plain run.
"""


def keep(mode: str, way: str, found: list[Compared], seconds: float) -> None:
    """Put a run into RECORD.md, in the place of an older one of that mode."""
    parts: dict[str, str] = {}
    if RECORD.exists():
        for text in RECORD.read_text(encoding="utf-8").split("\n## ")[1:]:
            parts[text.splitlines()[0]] = "## " + text.rstrip() + "\n"
    title = f"{mode}, {way}"
    parts[title] = part(title, sorted(found, key=lambda one: one.module), seconds)
    parts.pop("Left out", None)
    parts["Left out"] = left_out()
    RECORD.write_text(HEAD + "\n" + "\n".join(parts.values()), encoding="utf-8")


def part(title: str, found: list[Compared], seconds: float) -> str:
    tests, passed = sum(one.tests for one in found), sum(one.passed for one in found)
    different = sum(len(one.differences) for one in found)
    versions = " · ".join(f"{name} {metadata.version(name)}" for name in ("ipython", "greenlet"))
    lines = [
        f"## {title}",
        "",
        f"{datetime.date.today()} · Python {platform.python_version()} · {versions} · {seconds:.0f} s",
        "",
        f"{len(found)} modules, {tests:,} tests, of which {passed:,} pass in the plain run: **{different} different**.",
        "",
        "| module | tests | different | " + " | ".join(KINDS) + " |",
        "|---|--:|--:|" + "--:|" * len(KINDS),
    ]
    for one in found:
        counts = [f"{one.poppy.counts[kind]:,}" for kind in KINDS]
        lines.append(f"| {one.module} | {one.tests:,} | {len(one.differences) or ''} | " + " | ".join(counts) + " |")
    sums = [f"{sum(one.poppy.counts[kind] for one in found):,}" for kind in KINDS]
    lines.append(f"| **all** | {tests:,} | {different} | " + " | ".join(sums) + " |")
    if different:
        lines += ["", "Different:", ""]
        lines += [f"* `{name}`: {_short(plain)} → {_short(poppy)}" for one in found for name, plain, poppy in one.differences]
    return "\n".join(lines) + "\n"


def left_out() -> str:
    lines = ["## Left out", "", "Of mode cell:", ""]
    lines += [f"* `{name}`: {reason}" for name, reason in EXCLUDED.items()]
    lines += ["", "Of mode cell under stress, also:", ""]
    lines += [f"* `{name}`: {reason}" for name, reason in UNDER_STRESS.items()]
    return "\n".join(lines) + "\n"


def _short(text: str) -> str:
    text = " ".join(text.replace("|", "/").split())
    return text if len(text) <= 160 else text[:159] + "…"
