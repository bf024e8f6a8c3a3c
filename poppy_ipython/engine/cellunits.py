"""Compound statements of the cell, as units: what they bind reads as pendings from there on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .pending import UNBOUND, Pending

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


class CellUnits(Base):
    """Part of the :class:`Machine`."""

    def cell_unit_of(self, namespace: dict[str, Any], phantom: Callable[..., None]) -> Callable[..., None]:
        def cell_unit(fn: Callable[..., Any], names: tuple[str, ...], maybe: tuple[bool | None, ...], *values: Any) -> None:
            """A compound statement of the cell, as a unit; if it forks, its names read as pendings from here on."""
            if self.cur.handling:
                fn(*values)
                return
            outs = self.run_unit(fn, values, {}, len(names), True)
            if outs is not None:
                self._bind_outs(namespace, phantom, names, maybe, outs)

        return cell_unit

    def _bind_outs(
        self,
        namespace: dict[str, Any],
        phantom: Callable[..., None],
        names: tuple[str, ...],
        maybe: tuple[bool | None, ...],
        outs: list[Pending],
    ) -> None:
        """``maybe``: is the name unbound afterwards?  None: if it was unbound before."""
        unit = self.cur.log[-1]
        for name, flag, pending in zip(names, maybe, outs, strict=True):
            pending.maybe_unbound = flag if flag is not None else not self.is_bound(namespace, name, unit.path)
            pending.unit, pending.name = unit, name
            phantom(name, pending)

    def collector_of(self, namespace: dict[str, Any]) -> Callable[[tuple[str, ...]], Any]:
        chains = self.name_chains.setdefault(id(namespace), {})

        def collect(names: tuple[str, ...]) -> list[Any] | None:
            """Values of ``names`` at the end of a forked unit (None if it has not forked: nobody asks)."""
            unit = self.cur
            if not unit.forked:
                return None
            values = []
            for name in names:
                while True:
                    here = (*unit.path, unit.n + 1)
                    cell = chains.get(name)
                    found = cell.find(here) if cell is not None else None
                    slots = (("n", id(namespace), name),)
                    writer = self.older_writer(slots, here, None, found[0] if found is not None else None)
                    if writer is None:
                        break
                    self.wait_for_writer(writer)
                values.append(found[1] if found is not None else namespace.get(name, UNBOUND))
            return values

        return collect


__all__ = ["CellUnits"]
