"""What a campaign found, as tables; RECORD.md is written by runs, never by hand."""

from __future__ import annotations

import datetime
import os
import platform
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

RECORD = Path(__file__).with_name("RECORD.md")
HEAD = """# Chaos

Written by `python -m tests.chaos … --record`; what each part does and promises is in its module's docstring.
"""


@dataclass
class Part:
    """One part of the record."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    #: promises that did not hold, in words
    broken: list[str] = field(default_factory=list)
    note: str = ""
    #: the kernel's packages, where they are not those of this environment
    kernel: str = ""

    def text(self) -> str:
        lines = [f"## {self.title}", "", where(self.kernel), ""]
        lines += ["| " + " | ".join(self.columns) + " |", "|" + "---|" * len(self.columns)]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        if self.note:
            lines += ["", self.note]
        lines += ["", "Nothing was broken." if not self.broken else "**Broken:**"]
        lines += [f"* {one}" for one in self.broken[:50]]
        return "\n".join(lines) + "\n"


def where(kernel: str = "") -> str:
    names = " · ".join(f"{name} {metadata.version(name)}" for name in ("ipython", "ipykernel", "openai", "greenlet"))
    if kernel:
        names = f"{kernel} · " + names.split(" · ", 2)[2]
    return f"{datetime.date.today()} · Python {platform.python_version()} · {names} · {platform.machine()}, {os.cpu_count()} cores"


def keep(part: Part) -> None:
    """Put the part into RECORD.md, in the place of an older one of that title."""
    parts: dict[str, str] = {}
    if RECORD.exists():
        for text in RECORD.read_text(encoding="utf-8").split("\n## ")[1:]:
            parts[text.splitlines()[0]] = "## " + text.rstrip() + "\n"
    parts = {title: text for title, text in parts.items() if not part.title.startswith(f"{title},")}  # before it was split
    parts[part.title] = part.text()
    RECORD.write_text(HEAD + "\n" + "\n".join(parts.values()), encoding="utf-8")
