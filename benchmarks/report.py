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


def machine() -> str:
    """One line that says what the numbers were measured with, and how much else the machine had to do."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("greenlet", "ipython", "openai", "anthropic"))
    day = time.strftime("%Y-%m-%d")
    load = f", load {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return f"{day}, Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores{load}, {libraries}"


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
    text = f"{title}\n\n{markdown(head, rows)}\n\n{note}\nMeasured: {machine()}\n"
    print(f"\n{text}", flush=True)
    (WHERE / f"{name}.md").write_text(text)
    (WHERE / f"{name}.json").write_text(json.dumps({"machine": machine(), "title": title, "measured": raw}, indent=1))
    print(f"Written: {os.path.relpath(WHERE / name)}.md, .json", flush=True)
