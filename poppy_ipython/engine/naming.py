"""Names of files that calls in flight have been told.

A declared call changes nothing that the cell sees, so no read of a file waits for it. But people write

    download(url, path)                    # declared `unordered`, although it makes a file
    text = Path(path).read_text()

and where reading a file came in order anyway, that went well. So a file that is *not there* is looked for when the calls in flight that were
told its name have ended. One that is there is read at once: its name is in many a question about it.

A name is a path, or a short text without blanks and with a dot or a slash in it, also one level down in a list.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .atoms import ATOMS

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: longer texts are no names
_LONG = 260
_OTHER = frozenset({int, float, bool, type(None), bytes, complex})


class Told:
    """What a call that was told names has for its resource: it is found under each of them."""

    __slots__ = ("keys",)

    def __init__(self, keys: tuple[Hashable, ...]) -> None:
        self.keys = keys


class Naming(Base):
    """Part of the :class:`Machine`."""

    def tell_names(self, entry: Any) -> None:
        """Note under which names of files the call ``entry`` is found while it is in flight."""
        names = dict.fromkeys(_names((*entry.args, *entry.kwargs.values()) if entry.kwargs else entry.args))
        if names:
            entry.resource = Told(tuple([told(name) for name in names]))
            for key in entry.resource.keys:
                self.writes.setdefault(key, []).append(entry)


def told(path: str) -> Hashable:
    """The resource of whoever was told the absolute ``path``."""
    return ("told", path)


def _names(values: Iterable[Any], inside: bool = False) -> Iterator[str]:
    for value in values:
        kind = type(value)
        if kind is str:
            if len(value) < _LONG and ("." in value or "/" in value) and " " not in value and "\n" not in value:
                yield os.path.abspath(value)
        elif kind in _OTHER:
            continue
        elif kind is list or kind is tuple:
            if not inside:
                yield from _names(value[:8], True)
        elif kind in ATOMS and hasattr(value, "__fspath__"):
            yield os.path.abspath(value)


__all__ = ["Naming", "Told", "told"]
