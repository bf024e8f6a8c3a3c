"""Variables that several functions bind (``nonlocal``): slots in the store buffer.

``n += len(answer)`` of an inner function counts in a variable of the function around it. The variable lives in a cell, an object that
native code sees, too; so a binding is a buffered store to the one attribute of the cell, performed when it retires, and a read finds the
youngest store before it. Footprints, waiting and forwarding are those of any attribute: the slot is ``("a", id(cell), "cell_contents")``.
A counter that somebody older may still change is read late, as ``self.n += …`` is (``counters``).

Which variables these are is the compiler's business (``compiler/shared.py``); a variable that nobody declares ``nonlocal`` is bound by one frame
only, in order, and read as it is.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .buffer import Cell
from .pending import NotReady, Pending, settled, unbound

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

CONTENTS = "cell_contents"
_WILD = (("*a", CONTENTS), ("c", CONTENTS))
_NOTHING: Any = object()


class Shared(Base):
    """Part of the :class:`Machine`."""

    outstanding: int

    def cell_of(self, fn: Callable[[], Any]) -> types.CellType:
        """The cell of the only variable that ``fn`` closes over."""
        return fn.__closure__[0]  # type: ignore[attr-defined,index,no-any-return]

    def shared_read(self, cell: types.CellType, name: str, own: bool) -> Any:
        """The variable ``name``, whose cell is ``cell``; ``own``: of this function."""
        unit = self.cur
        if unit.log or not unit.head:
            while True:
                unit = self.cur
                here = (*unit.path, unit.n + 1)
                found, slots = self._last(cell, here)
                writer = self.older_writer(slots, here, None, found[0] if found is not None else None) if self.may else None
                if writer is None:
                    break
                self.wait_for_writer(writer)
            if found is not None:
                return settled(found[1])
        try:
            return cell.cell_contents
        except ValueError:
            pass
        raise unbound(name, own)

    def shared_late(self, cell: types.CellType, name: str, own: bool) -> Any:
        """The same, to be changed and stored back: a pending if it would have to wait and is data."""
        unit = self.cur
        if self.may and unit is not self.ghost and not unit.handling and (unit.log or not unit.head):
            here = (*unit.path, unit.n + 1)
            found, slots = self._last(cell, here)
            if self.older_writer(slots, here, None, found[0] if found is not None else None) is not None:
                if self.data_slot(slots[0], _WILD, here, None, found, lambda: _contents(cell)):
                    return self.late(self.shared_read, cell, name, own)
        return self.shared_read(cell, name, own)

    def _last(self, cell: types.CellType, here: tuple[int, ...]) -> tuple[Any, tuple[Any, ...]]:
        """The youngest buffered store before ``here``, and the slots of the variable."""
        chain = self.chains.get((id(cell), CONTENTS))
        return chain.find(here) if chain is not None else None, (("a", id(cell), CONTENTS), *_WILD)

    def shared_store(self, cell: types.CellType, value: Any) -> Any:
        """Bind the variable; its value."""
        value = settled(value)
        key = (id(cell), CONTENTS)
        if type(value) is not Pending and self.direct(cell, key):
            cell.cell_contents = value
            return value
        unit = self.cur
        if unit is self.ghost:
            raise NotReady
        chain = self.chains.get(key)
        if chain is None:
            chain = self.chains[key] = Cell(self.chains, key, cell, _bind)
        unit.n = n = unit.n + 1
        position = (*unit.path, n)
        chain.add(position, value)
        self.outstanding += 1
        unit.log.append((chain, position))
        if self.unfinished:
            self.issued()
        return value


def _contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _NOTHING


def _bind(cell: types.CellType, value: Any) -> None:
    cell.cell_contents = value


__all__ = ["CONTENTS", "Shared"]
