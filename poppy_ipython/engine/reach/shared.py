"""Variables that several functions bind (``nonlocal``), in footprints: what they hold, and who may bind them.

Each is the one attribute of its cell (:mod:`~poppy_ipython.engine.shared`). A frame that stands still has the cell in a local of ours, a
function that is called later in its closure; where neither tells, the footprint is TOP.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ...compiler.shared import CELL
from ..atoms import _MISSING
from ..shared import CONTENTS
from .looks import look_attribute
from .values import CYCLE, JUST_UNKNOWN, UNKNOWN, Activation, Top, Values

if TYPE_CHECKING:
    from ..base import Base
else:
    Base = object


class SharedVariables(Base):
    """Part of :class:`~poppy_ipython.engine.reach.Reach`."""

    trail: list[tuple[Callable[..., Any], Any, Any, Any]] | None

    def is_shared(self, act: Activation, name: str) -> bool:
        """Is ``name`` in ``act`` a variable in a cell that others may have? (Those of a function yet to be called are its own.)"""
        return name in act.lowered.shared and (bool(act.locals) or name not in act.lowered.locals)

    def shared_cell(self, act: Activation, name: str) -> types.CellType | None:
        if name in act.closure:
            return act.closure[name]  # type: ignore[no-any-return]
        return next((place[CELL + name] for _, place in act.locals if type(place.get(CELL + name)) is types.CellType), None)

    def shared_variable(self, act: Activation, name: str) -> Values:
        self.trail = None
        cell = self.shared_cell(act, name)
        if cell is None or name in act.summary.retried:
            return JUST_UNKNOWN
        value = look_attribute(self, cell, CONTENTS)
        if value is UNKNOWN:
            return JUST_UNKNOWN
        more = self.reads((("a", id(cell), CONTENTS), CONTENTS))
        bound = [v for ref in act.summary.bindings.get(name, ()) for v in self.values(act, ref) if v is not CYCLE]
        return self.distinct([*more, *bound] if value is _MISSING else [value, *more, *bound])

    def bind_shared(self, act: Activation) -> None:
        """Note what ``act`` may bind such variables to."""
        for name in act.lowered.shared:
            bound = act.summary.bindings.get(name)
            if bound is None or not self.is_shared(act, name):
                continue
            cell = self.shared_cell(act, name)
            if cell is None:
                raise Top("nonlocal")
            self.trail = None
            for ref in bound:
                self.write(("a", id(cell), CONTENTS), CONTENTS, partial(self.values, act, ref))
