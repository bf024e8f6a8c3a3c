"""Files of the program: what is written to one waits in its order, and nobody waits for it.

``f.write(x)`` is an ordered effect as ``print(x, file=f)`` is: queued with the real file, run when everything before it is done,
its result a pending number. Nothing else can tell the difference. Whatever reads the file by another way is undeclared and so
comes after everything queued (``open``, ``os``, a method of the file that is not declared), or is declared to read a path, and then
waits for the writes of that file (:meth:`External.after_writes` asks for its number, too).

This holds where nothing of the program's own runs in the write: neither in the file (``effects/opened.py``) nor in what is
written. A text or a number has no code; a row of ``csv`` or a value for ``json.dump`` may hold an instance of the user's, so those
are written in order as soon as some class of the program has a special method that writes (:mod:`.origins`).
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from ..effects import effect_of_call
from ..effects.opened import file_given, is_plain_file, number_of
from .atoms import ATOMS, CONTAINERS
from .pending import Pending, settled
from .reading import ANY_FILE

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: what a row, or a value for `json.dump`, may be made of
_ROWS = ATOMS | CONTAINERS | {tuple}


class OpenFiles(Base):
    """Part of the :class:`Machine`."""

    def write_file(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """A call of a declared writer of an open file."""
        if self.quiescent():
            return self.fence(fn, args, kwargs, what=fn.__name__)
        args = tuple(map(settled, args))
        kwargs = {name: settled(value) for name, value in kwargs.items()}
        values = (*args, *kwargs.values())
        if any(id(value) in self.opened for value in values):  # `json.dump` to a file that is not open yet
            file = args[1] if len(args) == 2 else kwargs.get("fp")
            late = self.opened.get(id(file))
            if late is None or kwargs.keys() & {"cls", "default"} or self.runs_code(tuple(v for v in values if v is not file), "dump"):
                return self.fence(fn, args, kwargs, what=fn.__name__)
            return self.at_head_value(fn, args, kwargs, effect, late[1])
        if self.runs_code(values, fn.__name__) or effect_of_call(fn, args, kwargs) is None:
            return self.fence(fn, args, kwargs, what=fn.__name__)
        file = file_given(fn, args, kwargs)
        if type(getattr(file, "name", None)) is str:
            self.file_names.add(os.path.basename(file.name))
        pending = self.at_head_value(fn, args, kwargs, effect, number_of(file))
        pending.data = True
        return pending

    def runs_code(self, values: tuple[Any, ...], name: str) -> bool:
        """May code of the user's run when ``values`` are written by the method or function ``name``?"""
        if self.any_risky(values, name == "writelines"):
            return True
        if name in ("write", "flush"):
            return any(type(value) not in ATOMS and type(value) is not Pending for value in values)
        if not all(type(value) in _ROWS or type(value) is Pending or is_plain_file(value) for value in values):
            return True
        operators, iteration, methods = self.writing_code()
        return operators or iteration or "items" in methods

    def printed_to(self, file: Any) -> Any:
        """The resource of ``print(…, file=file)``: that of the file, if it is one. (Of one that is compressed, say: any.)"""
        if id(file) in self.opened:
            return self.opened[id(file)][1]
        if is_plain_file(file) and not file.closed:
            return number_of(file)
        return ANY_FILE if isinstance(file, io.TextIOWrapper) else None


__all__ = ["OpenFiles"]
