"""Files are read where the program stands, while calls are in flight.

What is in a file, and whether there is one, changes by writes. So a look at a file (``p.read_text()``, ``os.path.exists(p)``)
waits for the older writes of this file, and for the units that may still make one, and then runs in place:

    write a ──────▶         queued, when its turn comes
    ask ━━━━━━━━━━━━━━━▶
    read b ▶  ask ━━━━━━━▶  another file: nothing to wait for

Calls in flight do not matter. They are declared, so that each is known to write its own resource or none; what nobody declared runs
with everything older retired. What writes files without their name in its declaration is looked for: records that go to the file
of a handler, and what is printed while standard output is a file.

**One file or two** is asked when the look is made: links are followed, and the number of a file is compared besides its name
(:func:`~poppy_ipython.effects.opened.named`). A link that is made, and a file that is renamed or removed, is undeclared, so that no such change is
outstanding. A name that is relative waits for a change of the folder. Where names differ by their case only and the system
may take them for one (macOS, Windows), so do we (``sources.path_resource``).

A list of names in a folder waits for all queued writes of files by name: each may make one.

In order, as anything undeclared: what is no regular file (a pipe gives each byte once), names below ``/proc`` and its like, classes of paths of
the program's own, descriptors.

Decided against reading in a thread, as before: the hop costs more than the read, and the simulated second hid that.
"""

from __future__ import annotations

import io
import logging
import os
import stat
import sys
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from ..effects.opened import is_name, is_plain_file, named, number_of
from ..effects.sources import path_resource
from .external import EVERYTHING
from .folders import MAKERS
from .naming import told
from .pending import NotReady, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: resource of a write that may be of any file
ANY_FILE = ("file",)
_NOWHERE = ("/proc/", "/sys/", "/dev/")
#: what reads the file, and may wait for a pipe
_READERS = frozenset({"read_text", "read_bytes"})
_FOLDERS = frozenset({"listdir", "glob"})
#: what changes, for a folder, with what is in it
_OF_FOLDERS = frozenset({"getsize", "getmtime"})


class Reading(Base):
    """Part of the :class:`Machine`."""

    def _init_reading(self) -> None:
        #: off: reads of files wait for their turn
        self.reads_ahead = True

    def look_at_file(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """A call that only reads the file or folder that its first argument names."""
        name = fn.__name__
        if not self.quiescent():
            args = tuple([self.force(value) for value in args])
            kwargs = {key: self.force(value) for key, value in kwargs.items()}
        unit = self.cur
        if not self.reads_ahead or unit.handling or self.quiescent():
            return self.fence(fn, args, kwargs, what=name, pure=self.reads_ahead)
        owner = getattr(fn, "__self__", None)
        path: Any = owner if is_name(owner) else args[0] if args else "."
        if not is_name(path) or not all(type(value) in _PLAIN for value in (*args, *kwargs.values()) if value is not path):
            return self.fence(fn, args, kwargs, what=name)
        self.await_file(path, name in _FOLDERS or name in _OF_FOLDERS and os.path.isdir(path))
        if name in _READERS and not is_regular(path):
            return self.fence(fn, args, kwargs, what=name)
        return self.known(self.natively(fn, args, kwargs))

    def write_by_name(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """``path.write_text(…)``: in its turn, and nobody waits for it."""
        makes = fn.__name__ in MAKERS
        one = self.force if makes else settled
        args = tuple(map(one, args))
        kwargs = {key: one(value) for key, value in kwargs.items()}
        path: Any = getattr(fn, "__self__", None)
        if not is_name(path):
            path = args[0] if args else None
        if not is_name(path) or self.cur.handling or not self.reads_ahead:
            return self.fence(fn, args, kwargs, what=fn.__name__)
        if self.quiescent():
            if self.ahead:
                self.spoil(path_resource(path))
            return self.fence(fn, args, kwargs, pure=True)
        if makes:
            return self.make_folder(fn, args, kwargs, path)
        if self.runs_code((*args, *kwargs.values()), "write"):
            return self.fence(fn, args, kwargs, what=fn.__name__)
        self.file_names.add(os.path.basename(os.fsdecode(path)))
        pending = self.at_head_value(fn, args, kwargs, None, self.place_of(path))
        pending.data = True
        return pending

    def place_of(self, path: Any) -> Hashable:
        """The resource of a write that is queued now."""
        return path_resource(path) if "environment" not in self.writes else EVERYTHING  # the folder may be another one by then

    def await_file(self, path: Any, folder: bool = False) -> None:
        """Wait until no older write of the file is outstanding, and no older unit may still make one (``folder``: of any file)."""
        while True:
            unit = self.cur
            here = (*unit.path, unit.n + 1)
            keys = self.keys_of(path)
            if not os.path.lexists(path):
                keys.append(told(os.path.abspath(os.fsdecode(path))))
            if folder:
                keys += [key for key in self.writes if type(key) is tuple and key[0] == "file"]
            if any(is_plain_file(stream) and not stream.closed and number_of(stream) in keys for stream in (sys.stdout, sys.stderr)):
                self.drain("order", path)
                return
            write = self.write_before(here, keys)
            if write is not None:
                if unit is self.ghost:
                    raise NotReady
                self.settle_callbacks.setdefault(write, []).append(self.resumer())
                self.stall("order", str(path))
                continue
            writer = self.writer_before(here, keys, folder) if self.may else None
            if writer is None:
                return
            self.wait_for_writer(writer)

    def is_written_by_nobody(self, path: Any) -> bool:
        """Is no older write of the file outstanding, and may no older unit make one?"""
        unit = self.cur
        here = (*unit.path, unit.n + 1)
        keys = self.keys_of(path)
        return self.write_before(here, keys) is None and (not self.may or self.writer_before(here, keys, False) is None)

    def keys_of(self, path: Any) -> list[Any]:
        """The resources that a write of the file may have."""
        keys = [EVERYTHING, ANY_FILE, *names_of(path)]
        if not os.path.isabs(path):
            keys.append("environment")
        if "log" in self.writes and _is_logged_to(path):
            keys.append("log")
        return keys

    def write_before(self, here: Any, keys: list[Any]) -> Any:
        """The last outstanding write of one of ``keys`` that is older than ``here``."""
        return next((write for key in keys for write in reversed(self.writes.get(key, ())) if write.position < here), None)

    def writer_before(self, here: Any, keys: list[Any], folder: bool) -> Any:
        """A unit older than ``here`` that may still write one of ``keys`` (``folder``: anything)."""
        slots = [("r", key) for key in keys]
        if folder:
            slots += [slot for slot in self.may if type(slot) is tuple and slot[0] == "r"]
        return self.older_writer(tuple(slots), here, None)


_PLAIN = frozenset({str, bytes, int, bool, type(None)})


def names_of(path: Any) -> tuple[Hashable, ...]:
    """The resources that the file may be written as."""
    try:
        return named(path_resource(path))
    except (OSError, ValueError):  # no file can have such a name
        return ()


def is_regular(path: Any, most: float = float("inf")) -> bool:
    """Does reading the file, of ``most`` bytes, take nothing away and wait for nobody? (Of one that is not there, too.)"""
    real = os.fsdecode(os.path.realpath(path))
    try:
        found = os.stat(real)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size <= most and not real.startswith(_NOWHERE)


def _is_logged_to(path: Any) -> bool:
    """May a record of `logging` go to the file?"""
    real = os.fsdecode(os.path.realpath(path))
    names = names_of(path)
    for reference in logging._handlerList:  # type: ignore[attr-defined]
        handler = reference()
        if isinstance(handler, logging.FileHandler) and real.startswith(os.path.realpath(handler.baseFilename)):
            return True  # (with what rotation adds to its name)
        stream = getattr(handler, "stream", None)
        if type(stream) is io.TextIOWrapper and not (is_plain_file(stream) and not stream.closed and number_of(stream) not in names):
            return True
    return False


__all__ = ["Reading", "is_regular"]
