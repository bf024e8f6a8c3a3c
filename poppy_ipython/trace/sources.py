"""The text behind a run: the cell's, and that of the files in which it made calls.

Taken when the run is over, from `linecache`, which knows cells as well as files: afterwards a cell is edited and a file
saved, and the lines would no longer be those that ran. Secrets in it are taken out: a trace goes into files.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterable

from poppy_ipython.redact import redact
from poppy_ipython.trace.events import CallRecord

__all__ = ["sources_of"]

_MOST = 400_000  # characters: a larger file is no longer something to look at


def sources_of(records: Iterable[CallRecord], filename: str | None) -> tuple[tuple[str, str], ...]:
    """File names and their texts, the cell first.

    >>> linecache.cache["<doc>"] = (5, None, ["x = 1\\n"], "<doc>")
    >>> sources_of([], "<doc>")
    (('<doc>', 'x = 1\\n'),)
    """
    names: dict[str, None] = {} if filename is None else {filename: None}
    for record in records:
        names.setdefault(record.filename)
        for frame in record.stack:
            names.setdefault(frame[1])
    texts = ((name, "".join(linecache.getlines(name))) for name in names)
    return tuple((name, redact(text)) for name, text in texts if text and len(text) <= _MOST)
