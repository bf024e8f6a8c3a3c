"""Files that are opened to be read, and read, before their turn.

    real      open ─ read ─ close          queued, at the head, in program order
    copy      open ─ read ▶ ask ━━━━━▶     what the real one will give
    ask ━━━━━━━━━━━━▶

An open file has a state that others see: how far it has been read, what ends of lines it has met, whether it is closed. So the real
file is opened, read and closed in its turn (:mod:`.openings`), and a failure finds it as a plain run would. What reading *gives* is in the
file, and that can be known earlier (:mod:`.reading`): when no older write of it is outstanding and no older unit may still make one. So there a
copy of it is made in memory, with the same encoding and treatment of lines, and read instead; each call is queued for the real file, too.

A copy stands where the real file will stand as long as nothing else has been done with that: the unit that opened it reads it, or one
that it waits for in place, with no other unit of its own that has not finished (which may hold it), nobody waits for the real file (``csv.reader(f)``, ``list(f)``, a call
that is given it), it has not been opened yet, and no write of it has been issued since. From the first time that this is not so, everything waits for the
real file. It does, too, where the copy fails (bytes that are no text, a document that is no JSON): the real one fails in its turn, as in a plain run.

If there is no such file, ``open`` raises where it stands, as in a plain run.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..effects import effect_of
from ..effects.opened import is_plain_file, opens_plainly
from .atoms import ATOMS
from .lines import MOST
from .openings import method_of
from .pending import Pending, settled
from .reading import is_regular
from .unit import Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_MODES = frozenset({"r", "rt", "tr", "rb", "br"})


class Copy:
    """What is in a file that has not been opened yet."""

    __slots__ = ("file", "path", "seen", "unit")

    def __init__(self, file: Any, path: Any, unit: Any) -> None:
        #: None: it is not used any more
        self.file = file
        self.path = path
        self.unit = unit
        #: unit -> its last entry that was looked at
        self.seen: dict[Any, int] = {unit: unit.n}


class Contents(Base):
    """Part of the :class:`Machine`."""

    def open_ahead(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Pending | None:
        """The file that ``fn`` (one of `openers`) gives, which will be opened in its turn; None if it has to be opened here, in order."""
        unit = self.cur
        if not self.reads_ahead or unit is self.ghost or unit.handling or not opens_plainly(args, kwargs):
            return None
        given = dict(zip(("file", "mode", "buffering"), args, strict=False)) | kwargs
        if given.get("mode", "r") not in _MODES or "buffering" in given:
            return None
        self.await_file(given["file"])
        if self.quiescent() or not is_regular(given["file"], MOST):
            return None
        real = self.natively(fn, args, kwargs)
        with real:
            if not is_plain_file(real):
                return None
            text = type(real) is io.TextIOWrapper
            copy: Any = io.BytesIO((real.buffer if text else real).read())
            if text:
                copy = io.TextIOWrapper(copy, real.encoding, real.errors, args[5] if len(args) > 5 else kwargs.get("newline"))
        file: Pending = self.at_head_value(fn, args, kwargs)
        file.copy = Copy(copy, given["file"], unit)
        return file

    def n_open(self, fn: Any) -> Any:
        """``open(…)`` by itself."""

        def opened(*args: Any, **kwargs: Any) -> Any:
            effect = effect_of(fn)
            if effect is not None:
                return self._by_effect(effect, fn)(fn, args, kwargs)
            if not self.quiescent():
                args = tuple(map(settled, args))
                kwargs = {name: settled(value) for name, value in kwargs.items()}
                file = self.open_ahead(fn, args, kwargs)
                if file is not None:
                    return file
            return self._in_order(fn)(fn, args, kwargs)

        return opened

    def copy_of(self, file: Any) -> Copy | None:
        """The copy that stands where ``file`` will stand at this position; if there is none now, there will be none."""
        copy: Copy | None = getattr(file, "copy", None) if type(file) is Pending else None
        if copy is None or copy.file is None:
            return None
        if file.done or file.callbacks or not self._is_untouched(copy):
            copy.file = None
            return None
        return copy

    def _is_untouched(self, copy: Copy) -> bool:
        unit = self.cur
        inner = None
        if unit.handling:
            return False
        while True:
            seen = copy.seen.get(unit, -1)
            for entry in reversed(unit.log):
                if (entry[1][-1] if type(entry) is tuple else entry.number) <= seen:
                    break
                if type(entry) is Unit and entry is not inner and _goes_on(entry):
                    return False
            copy.seen[unit] = unit.n if inner is None else unit.n - 1  # (`inner` is its last)
            if unit is copy.unit:
                return self.is_written_by_nobody(copy.path)
            if unit.forked or unit.parent is None or unit.parent.log[-1] is not unit:
                return False
            inner, unit = unit, unit.parent

    def read_ahead(self, file: Pending, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``file.name(*args)``: of its copy, and of the real one in its turn."""
        if name == "close" and not args and not kwargs:
            file.copy.file = None
            self.at_head_value(method_of, (file, name), {})
            return None
        args = tuple(map(settled, args))
        copy = self.copy_of(file)
        if copy is not None and not kwargs and all(type(value) in (int, type(None)) for value in args):
            try:
                value = getattr(copy.file, name)(*args)
            except Exception:
                pass
            else:
                self._read_later(copy, method_of, (file, name, *args))
                return value if type(value) in ATOMS else self.born(value)
        file.copy.file = None
        return self.meth(self.force(file), name, *args, **kwargs)

    def _read_later(self, copy: Copy, fn: Any, args: tuple[Any, ...]) -> None:
        self.at_head_value(fn, args, {})
        copy.seen[self.cur] = self.cur.n

    def lines_of(self, file: Pending) -> Iterator[Any]:
        """A loop over the lines of a file that is not open yet."""
        while (copy := self.copy_of(file)) is not None:
            try:
                line = copy.file.readline()
            except ValueError:
                copy.file = None
                break
            self._read_later(copy, next, (file, None))
            if not line:
                return
            yield line
        yield from self.iterate(self.force(file))

    def n_json_load(self, /, *args: Any, **kwargs: Any) -> Any:
        """``json.load(file)``."""
        effect = effect_of(json.load)
        if effect is not None:
            return self._by_effect(effect, json.load)(json.load, args, kwargs)
        copy = self.copy_of(args[0]) if len(args) == 1 and not kwargs else None
        if copy is not None:
            try:
                value = self.natively(json.load, (copy.file,), {})
            except Exception:
                copy.file = None
            else:
                self._read_later(copy, method_of, (args[0], "read"))
                return value if type(value) in ATOMS else self.born(value)
        return self._in_order(json.load)(json.load, args, kwargs)


def _goes_on(unit: Unit) -> bool:
    """May some code of a unit, or of one that it has made, still run?"""
    return not unit.complete and (not unit.code_done or any(type(entry) is Unit for entry in unit.log))


__all__ = ["Contents"]
