"""How a number, a name and a place are written, everywhere the same: in the summary, the table and the chart.

Two significant digits are what a clock on a busy machine can honestly give, so `0.94 s` and never `0.9371 s`. Names
come from the user's program and may be anything at all (ten megabytes long, right-to-left, with control characters):
`shorten` makes one line of them that fits, and that cannot turn the text around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath

__all__ = ["cells", "count", "duration", "place", "shorten"]

_BIDI = frozenset(("RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"))


def duration(seconds: float) -> str:
    """A length of time with its unit.

    >>> [duration(s) for s in (0, 0.00085, 0.0042, 0.0421, 0.94, 6.66, 42.4, 125, 3720)]
    ['0 s', '850 µs', '4.2 ms', '42 ms', '0.94 s', '6.7 s', '42 s', '2 min 05 s', '1 h 02 min']
    """
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds < 0.5e-6:
        return "0 s"
    if seconds < 0.9995e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 9.95e-3:
        return f"{seconds * 1e3:.1f} ms"
    if seconds < 0.0995:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def count(number: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "call"), count(12, "call"), count(12000, "call")
    ('1 call', '12 calls', '12,000 calls')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def place(filename: str, line: int | None, cell: str | None = None, titles: Iterable[tuple[str, str]] = ()) -> str:
    """Where something stands: only the line if it is in the cell, the file as well if it is elsewhere.

    >>> place("<cell>", 3), place("/home/me/helpers.py", 12), place("<cell>", None)
    ('line 3', 'helpers.py:12', '')
    >>> place("/tmp/ipykernel_7/123.py", 9, "<cell>", [("/tmp/ipykernel_7/123.py", "In [2]")])
    'In [2], line 9'
    """
    if not line:
        return ""
    if filename == cell or (cell is None and (filename.startswith("<") or "ipykernel_" in filename)):
        return f"line {line}"
    for name, title in titles:
        if name == filename:
            return f"{title}, line {line}"
    return f"{shorten(PurePath(filename).name or filename, 24)}:{line}"


def shorten(text: str, width: int) -> str:
    """One line of at most `width` terminal cells, the middle left out; safe to put into a line of other text.

    >>> shorten("client.chat.completions.create", 16)
    'client.c….create'
    """
    text = text if len(text) <= 4 * width else text[: 2 * width] + "…" + text[-2 * width :]
    text = "".join(map(_plain, re.sub(r"\s+", " ", text)))
    if cells(text) <= width:
        return text
    head, tail, room = "", "", width - 1
    while text:  # from both ends, so that a dotted name keeps its first and its last part
        front = len(head) <= len(tail)
        char = text[0] if front else text[-1]
        room -= cells(char)
        if room < 0:
            break
        head, tail = (head + char, tail) if front else (head, char + tail)
        text = text[1:] if front else text[:-1]
    return f"{head}…{tail}"


def cells(text: str) -> int:
    """How many columns a terminal needs for `text`.

    >>> cells("ask"), cells("問う")
    (3, 4)
    """
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _plain(char: str) -> str:
    """No controls, no lone surrogates, nothing that would reverse its neighbours."""
    category = unicodedata.category(char)
    if category in ("Cc", "Cs", "Cn") or unicodedata.bidirectional(char) in _BIDI:
        return "\ufffd"
    return char
