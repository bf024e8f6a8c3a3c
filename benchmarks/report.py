"""Tables on the screen, Markdown and JSON under `.build/bench/`, and on what machine they were measured."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

WHERE = Path(__file__).parent.parent / ".build" / "bench"


NOISY = 0.10
"""A spread above this is too wide to tell, and is said to be."""


def machine() -> str:
    """One line that says what the numbers were measured with, and how much else the machine had to do."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("greenlet", "ipython", "openai", "anthropic"))
    day = time.strftime("%Y-%m-%d")
    load = f", load {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return f"{day}, Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores{load}, {libraries}"


def noise(rounds: int = 25) -> float:
    """By how much of itself a loop of 4 ms of Python takes longer now and then: what else the machine is doing."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(100_000):
            pass
        took.append(time.perf_counter() - began)
    took.sort()
    return (took[rounds * 9 // 10] - took[0]) / took[rounds // 2]


def forget(names: Sequence[str]) -> None:
    """Remove what was measured before."""
    for name in names:
        (WHERE / f"{name}.md").unlink(missing_ok=True)
        (WHERE / f"{name}.json").unlink(missing_ok=True)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that is a readable table as plain text, too: first column left, the others right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [cells[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 1) + ("-" if column == 0 else ":") for column, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def publish(name: str, title: str, head: Sequence[str], rows: Sequence[Sequence[str]], note: str, raw: Any) -> None:
    """Print a table and write it down, with what it was made from."""
    WHERE.mkdir(parents=True, exist_ok=True)
    spread = noise()
    where = f"{machine()}, noise {spread:.0%}" + (" (**too noisy to tell**)" if spread > NOISY else "")
    text = f"{title}\n\n{markdown(head, rows)}\n\n{note}\nMeasured: {where}\n"
    print(f"\n{text}", flush=True)
    (WHERE / f"{name}.md").write_text(text)
    (WHERE / f"{name}.json").write_text(json.dumps({"machine": where, "title": title, "measured": raw}, indent=1))
    print(f"Written: {os.path.relpath(WHERE / name)}.md, .json", flush=True)
