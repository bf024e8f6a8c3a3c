"""``with open(…) as f:`` without waiting: the file is opened, written and closed in its turn, and issuing goes on.

An undeclared ``with`` enters at the head and runs alone, because its manager may change what everybody does. A file changes
nothing but itself: entering it gives it, leaving it closes it. So the statement is three kinds of queued effects,

    open ─ write ─ write ─ close        at the head, in program order
    ask ━━━━━━━━━━━━━━━▶                 what is written may still be on its way

and the file is a pending value until it has been opened (:attr:`OpenFiles.opened`: the engine knows that it will be a file). What
else is done with it waits for it.

An exception closes the file. One that the body raises here meets the manager, as in a plain run. One of a call that fails later
finds control elsewhere, behind the statement maybe: then what is dropped contains the queued ``close`` of a file that has been opened, and
whoever drops it closes the file there and then (:meth:`Openings.leave`), which is where a plain run does.

In the section of an unknown manager, which runs alone, a file is opened in order: who knows what ``open`` does there. A
``tempfile.TemporaryDirectory`` is known to change nothing but its folder, so inside of it files are opened as anywhere; it ends when all of that is
done.

A call that is given the name of a file which is opened so waits for its turn: it may be sent off to read it. So a file whose
name is an answer is opened in order, as anybody else's ``with`` is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..effects.opened import number_of, openers, opens_plainly
from .atoms import ATOMS
from .pending import Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: where the name of a file may begin and end in a text
_BETWEEN = re.compile(r"[\s'\"/\\\\=,;:()]+")
#: methods of a file that wait for it to be opened
WRITES = frozenset({"write", "writelines", "flush"})
#: methods of a file that a copy of its contents answers (`contents`)
READS = frozenset({"read", "readline", "readlines"})
#: longer texts are no commands
_LONG = 4096
#: so many names are looked for one by one before a text is taken apart
_FEW = 8


class Opening:
    """The manager of one such statement."""

    __slots__ = ("entry", "file", "machine", "resource")

    def __init__(self, machine: Any, file: Any, resource: Any) -> None:
        self.machine, self.file, self.resource = machine, file, resource
        #: the queued `close`
        self.entry: Any = None

    def __enter__(self) -> Any:
        return self.file

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        machine = self.machine
        if type(self.file) is Pending and getattr(self.file, "copy", None) is not None:
            self.file.copy.file = None
        if kind is not None:
            file = settled(self.file)
            if type(file) is not Pending:  # else it has not been opened, and never will be
                file.__exit__(None, None, None)
        elif machine.quiescent():
            settled(self.file).__exit__(None, None, None)
        else:
            machine.close_later(self)

    def close(self) -> None:
        """The queued end of the statement."""
        self.machine.closing.pop(self.entry, None)
        self.machine.opened.pop(id(self.file), None)
        settled(self.file).__exit__(None, None, None)


class Openings(Base):
    """Part of the :class:`Machine`: owns ``closing``, the queued ends, and ``opened``."""

    def _init_openings(self) -> None:
        self.closing: dict[Any, Opening] = {}
        #: id -> (a file that is not open yet, its resource)
        self.opened: dict[int, tuple[Pending, Any]] = {}
        #: last parts of the names of files that are written in their turn
        self.file_names: set[str] = set()
        #: unit -> how many of its exclusive sections only have a temporary folder
        self.in_temporary: dict[Any, int] = {}

    def opening(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """The manager of ``with fn(*args, **kwargs)``."""
        unit = self.cur
        fn = self.force(fn)
        args = tuple(map(settled, args))
        kwargs = {name: settled(value) for name, value in kwargs.items()}
        known = any(fn is one for one in openers()) and not unit.handling and unit is not self.ghost and all(one.exclusive == self.in_temporary.get(one) for one in self.exclusive)
        if not known or not opens_plainly(args, kwargs):
            self.enter_exclusive()
            try:
                return self.pin(self.call(fn, *args, **kwargs))
            except BaseException:
                self.leave_exclusive(None)
                raise
        file = None if self.quiescent() else self.open_ahead(fn, args, kwargs)
        if file is not None:
            return Opening(self, file, None)
        if self.quiescent():
            file = self.fence(fn, args, kwargs, what="open")
            return Opening(self, file, number_of(file))
        path = args[0] if args else kwargs["file"]
        self.file_names.add(os.path.basename(os.fsdecode(path)))
        resource = self.place_of(path)
        file = self.at_head_value(fn, args, kwargs, None, resource)
        self.opened[id(file)] = (file, resource)
        return Opening(self, file, resource)

    def write_late(self, file: Pending, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``file.name(*args, **kwargs)`` of a file that is not open yet."""
        args = tuple(map(settled, args))
        if kwargs or self.runs_code(args, name):
            return self.meth(self.force(file), name, *args, **kwargs)
        pending = self.at_head_value(method_of, (file, name, *args), {}, None, self.opened[id(file)][1])
        pending.data = True
        return pending

    def close_later(self, manager: Opening) -> None:
        self.at_head_value(manager.close, (), {}, None, manager.resource)
        manager.entry = self.cur.log[-1]
        self.closing[manager.entry] = manager

    def leave(self, managers: list[Opening]) -> list[tuple[Any, Exception]]:
        """Their files, as far as they are open, are closed by an exception; which ends met another one on the way (a full disk)."""
        met: list[tuple[Any, Exception]] = []
        for manager in managers:
            file = settled(manager.file)
            if type(file) is not Pending:
                try:
                    file.close()
                except Exception as error:
                    error.__traceback__ = None
                    met.append((manager.entry, error))
        return met

    def leave_with(self, manager: Any, error: BaseException | None, mark: int) -> None:
        """At the end of such a statement, however it was left."""
        if self.cur is not None:
            self.left(mark)
        if type(manager) is not Opening:
            self.leave_exclusive(error)

    def drain_with(self, manager: Any) -> None:
        """At the end of its body, or before a jump out of it: a file is closed in its turn, and catches nothing."""
        if type(manager) is not Opening:
            self.drain()

    def names_file(self, values: Iterable[Any]) -> bool:
        """Is a file among ``values`` that is being written?"""
        names = self.file_names
        for value in values:
            kind = type(value)
            if kind is str:
                if len(value) < _LONG and (len(names) > _FEW or any(name in value for name in names)) and not names.isdisjoint(_BETWEEN.split(value)):
                    return True
            elif kind is list or kind is tuple or kind is dict:
                if any(type(item) is str and item in self.file_names for item in value) or self.names_file(
                    [item for item in (value.values() if kind is dict else value) if type(item) is str]
                ):
                    return True
            elif kind in ATOMS and hasattr(value, "__fspath__") and value.name in self.file_names:
                return True
        return False


def method_of(file: Any, name: str, *args: Any) -> Any:
    """What is queued for a file that is not open yet."""
    return getattr(file, name)(*args)


__all__ = ["READS", "WRITES", "Opening", "Openings"]
