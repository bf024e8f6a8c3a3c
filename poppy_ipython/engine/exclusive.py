"""Exclusive sections: an undeclared ``with`` runs alone.

What its ``__enter__`` does may change what everybody else would do, until its ``__exit__``. So from the one to the other only
the unit that entered it and that unit's children run; whoever would go on meanwhile is parked.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import exc_info
from typing import TYPE_CHECKING, Any

from .unit import Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


class Exclusive(Base):
    """Part of the :class:`Machine`: owns ``exclusive`` (whose sections are open) and ``parked``."""

    awake: bool
    exclusive: list[Unit]
    parked: list[tuple[Callable[..., None], tuple[Any, ...], Any]]

    def _inside(self, unit: Unit | None) -> bool:
        owner = self.exclusive[-1]
        while unit is not None:
            if unit is owner:
                return True
            unit = unit.parent
        return False

    def enter_exclusive(self) -> None:
        """From here to :meth:`leave_exclusive` only this unit and its children run (an undeclared ``with``)."""
        self.drain()
        self.cur.exclusive += 1
        self.exclusive.append(self.cur)

    def leave_exclusive(self, error: BaseException | None) -> None:
        """End of an exclusive section; the units that had to wait go on.

        ``error``: what the manager was handed. If its ``__exit__`` has failed, that is the context of the exception that goes on, and
        nobody else will take the step out of its traceback that handed it over.
        """
        if error is not None and exc_info()[1] not in (None, error):
            self.tidy(error)
        self.cur.exclusive -= 1
        if self.cur in self.exclusive:
            self.exclusive.remove(self.cur)
        self.unpark()

    def unpark(self) -> None:
        parked, self.parked = self.parked, []
        self.queue.extend(parked)
        if parked and not self.awake:
            self.awake = True
            self.wake_host()
