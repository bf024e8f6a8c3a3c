"""Folders are made in their turn, and nobody waits for it.

``os.makedirs(d, exist_ok=True)`` of a folder that is there does nothing: if no older write may change that, it is over at once. Else it
is queued as a write of the folder, and of each folder above it that it will make: whoever looks for one of these by name waits
(:meth:`~poppy_ipython.engine.reading.Reading.await_file`); what is in a folder that is not there yet nobody finds, now or later, but for files that are
queued themselves.

A call that is told a path inside such a folder may be sent off to write there: it waits for its turn.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..effects.sources import path_resource
from .atoms import ATOMS

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: functions and methods that make folders
MAKERS = frozenset({"makedirs", "mkdir"})
_KINDS = frozenset({int, bool})
_LONG = 4096
#: where a path may begin and end in a text
_BETWEEN = re.compile(r"[\s'\"=,;()]+")


class Folders(Base):
    """Part of the :class:`Machine`."""

    def _init_folders(self) -> None:
        #: absolute paths of those that are made in their turn
        self.folders: set[str] = set()

    def make_folder(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], path: Any) -> Any:
        """``os.makedirs(path, …)``, ``os.mkdir(path)``, ``path.mkdir(…)`` with arguments that are there."""
        exist_ok = kwargs.get("exist_ok", args[2] if len(args) == 3 else False)
        if not all(type(value) in _KINDS for value in (*args, *kwargs.values()) if value is not path):
            return self.fence(fn, args, kwargs, what=fn.__name__)
        if exist_ok is True and self.is_written_by_nobody(path) and os.path.isdir(path):
            return None
        made = os.path.abspath(os.fsdecode(path))
        self.folders.add(made)
        self.at_head_value(fn, args, kwargs, None, self.place_of(path))
        for above in self.missing_above(made):
            self.folders.add(above)
            self.at_head_value(_made, (), {}, None, path_resource(above))
        return None

    def missing_above(self, path: str) -> Iterator[str]:
        """The folders above ``path`` that are not there."""
        while not os.path.lexists(path := os.path.dirname(path)):
            yield path

    def names_folder(self, values: Iterable[Any]) -> bool:
        """Is a path in a folder among ``values`` that is made in its turn?"""
        for value in values:
            kind = type(value)
            if kind is str:
                words = _BETWEEN.split(value) if len(value) < _LONG else ()
                if any((os.sep in word or len(words) == 1) and self._is_inside(word) for word in words):
                    return True
            elif kind is list or kind is tuple or kind is dict:
                if self.names_folder([item for item in (value.values() if kind is dict else value) if type(item) in ATOMS]):
                    return True
            elif kind in ATOMS and hasattr(value, "__fspath__") and self._is_inside(value):
                return True
        return False

    def _is_inside(self, path: Any) -> bool:
        path = os.path.abspath(path)
        while path not in self.folders:
            path, inside = os.path.dirname(path), path
            if path == inside:
                return False
        return True


def _made() -> None:
    """The end of a write of a folder above the one that was named."""


__all__ = ["MAKERS", "Folders"]
