"""Loops over the lines of a file, and the rows of a `csv` reader, that run ahead.

Each advance of a file is an effect on the file: how far it has been read is there for whoever goes on reading it, after a ``break``
or a failure, too. So a loop over one would wait at each line. But what the lines *are* can be known without the file
noticing: where the loop begins, at the head, its rest is read and the file put back to where it was. From then on

    real        next ━━━━━━━ next ━━━ next        queued, in their order, each when all before it is done
    loop        line 1 ▶ line 2 ▶ line 3          what was read at the beginning

and the file has been advanced, whenever anybody may look, as often as in a plain run. This holds while nobody else reads the file or
writes to it. Who might is undeclared code, native forms of loops, and declared writers of this very file: from the first of these
on, the loop takes its lines from the file itself again, in order. A unit that has not finished may still do any of that; the loop waits
for it (``TOP``, or the file among what it may write).

Only for regular files that are open for reading alone, not huge, and in a state that reading on and going back leave as it was: at the
beginning, or where ``tell`` can say and all lines end alike (``newlines`` is what has been seen so far). A text that cannot be
decoded and a row that is none fail where the file's own advance does: there the loop goes in order from its beginning.

Decided against a second handle on the file: what newlines mean to the first cannot be asked, and its name may be another's by now.
"""

from __future__ import annotations

import csv
import gc
import io
import os
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..effects.opened import is_plain_file, named, number_of
from ..effects.sources import path_resource

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_END: Any = object()
_ROWS: type = type(csv.reader(()))
_FILES = frozenset({io.TextIOWrapper, io.BufferedReader})
LINED: frozenset[type] = _FILES | {_ROWS, csv.DictReader}
#: bytes of a file that is read at once, at most
MOST = 32_000_000


class Ahead:
    """A loop that runs ahead of its file."""

    __slots__ = ("names", "spoiled")

    def __init__(self, names: frozenset[Any]) -> None:
        self.names = names
        #: somebody has touched the file
        self.spoiled = False


class Lines(Base):
    """Part of the :class:`Machine`: owns ``ahead``, the loops that are under way."""

    def _init_lines(self) -> None:
        self.ahead: list[Ahead] = []

    def spoil(self, resource: Any = None) -> None:
        """Somebody writes ``resource``, or (None) does what nobody has declared."""
        for loop in self.ahead:
            loop.spoiled = loop.spoiled or resource is None or not loop.names.isdisjoint(named(resource))

    def lines_ahead(self, source: Any) -> Iterator[Any] | None:
        """The items of a file or reader, for a loop; None if it has to go in order."""
        if self.cur is self.ghost or self.cur.handling:
            return None
        file = _file_behind(source)
        if not is_plain_file(file) or file.closed:
            return None
        self.drain("unknown", type(source).__name__)
        try:
            items = _items(source, file)
        except (OSError, ValueError, csv.Error):
            return None
        if items is None:
            return None
        number = number_of(file)
        names = {number, ("file",), "*"}
        if type(file.name) is str:
            names.add(path_resource(file.name))
        loop = Ahead(frozenset(names))
        if any(number in other.names for other in self.ahead):  # as in `zip(f, f)`
            self.spoil(number)
            return None
        self.ahead.append(loop)
        return self._run_ahead(source, items, loop)

    def close_behind(self, file: Any) -> None:
        """Close a file that only the generator which is left has gone through: behind the lines that are still to be read from it."""
        unit = self.cur
        if unit is None or unit is self.ghost or unit.killed or self.quiescent():  # (or the run may be over)
            file.close()
        else:
            self.at_head(file.close, (), {})

    def _run_ahead(self, source: Any, items: list[Any], loop: Ahead) -> Iterator[Any]:
        slots = tuple([("r", name) for name in loop.names])
        try:
            for item in [*items, _END]:
                while self.may and not loop.spoiled:
                    unit = self.cur
                    writer = self.older_writer(slots, (*unit.path, unit.n + 1), None)
                    if writer is None:
                        break
                    self.wait_for_writer(writer)
                if loop.spoiled:
                    break
                if self.quiescent():
                    found = self.natively(next, (source, _END), {})
                    if found is _END:
                        return
                    yield found
                    if type(found) is not type(item) or found != item:
                        break
                else:
                    self.at_head(next, (source, None), {})
                    if item is _END:
                        return
                    yield item if type(item) in (str, bytes) else self.born(item)
        finally:
            if hasattr(self, "ahead"):  # the run may be over
                self.ahead.remove(loop)
        yield from self._advance_native(source, source)


def _file_behind(source: Any) -> Any:
    """The file that is read: ``source``, or what its reader goes through. A reader that has begun has read some of it."""
    kind: Any = type(source)
    if kind is csv.DictReader:
        if source.line_num or source._fieldnames is not None and type(source._fieldnames) not in (list, tuple):
            return None
        source = source.reader
        kind = type(source)
    if kind is _ROWS:
        if source.line_num:
            return None
        return next((found for found in gc.get_referents(source) if type(found) in _FILES), None)
    return source


def _items(source: Any, file: Any) -> list[Any] | None:
    """What going through ``source`` will give; ``file`` is left as it was."""
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode) or found.st_size > MOST or file.writable():
        return None
    text = type(file) is io.TextIOWrapper
    fresh = text and file.buffer.raw.tell() == 0
    if text and not fresh and (file.newlines is None or b"\r" in os.pread(file.fileno(), found.st_size, 0)):
        return None
    place = 0 if fresh else file.tell()
    try:
        lines = file.readlines()
    finally:
        file.seek(place)
    kind: Any = type(source)
    if kind is csv.DictReader:
        names = source._fieldnames
        reader = csv.DictReader(lines, None if names is None else list(names), source.restkey, source.restval, source.reader.dialect)
        return list(reader)
    return list(csv.reader(lines, source.dialect)) if kind is _ROWS else lines


__all__ = ["LINED", "Lines"]
