"""``next(itertools.count())``: numbers for what is made, without waiting for a turn.

A counter of integers that nobody older may still advance gives, at a position in the program, its value plus as many steps as
have been issued before that position and not retired. So ``next`` queues one step as a store of the counter (in its chain, like
an operation on a list: it retires in order, a fault drops it, and whoever looks at the real counter finds it exactly as
old as the head) and returns the number at once. An older unit that may advance the counter publishes its slot; one that advances an
iterator which cannot be told publishes TOP. The value is read from ``repr``, which is all that ``count`` shows of it without
a warning on newer Pythons; anything but plain integers waits for the head, like any other iterator.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from .pending import settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_SHOWN = re.compile(r"count\((-?\d{1,1000})(?:, (-?\d{1,1000}))?\)")


class Tickets(Base):
    """Part of the :class:`Machine`."""

    def n_next(self, iterator: Any, *default: Any) -> Any:
        """``next(iterator, *default)``."""
        iterator = settled(iterator)
        if type(iterator) is itertools.count and self.cur is not self.ghost and not self.quiescent():
            if self.may:
                self.await_writers(iterator, (("e", id(iterator)),))
            shown = _SHOWN.fullmatch(repr(iterator))
            if shown is not None:
                unit = self.cur
                chain = self.chains.get(id(iterator))
                queued = chain.before((*unit.path, unit.n + 1)) - chain.head if chain is not None else 0
                self.store_op(iterator, _advance, ())
                return int(shown[1]) + queued * int(shown[2] or 1)
        return self.fence(next, (iterator, *default), {}, what="next")


def _advance(counter: Any) -> None:
    next(counter)
