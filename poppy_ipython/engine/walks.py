"""Loops over a frame or a column, whose rounds store into that frame: ``for row in df.itertuples(): df.at[row.Index, "a"] = ask(row.q)``.

Such a store is queued for the head (:mod:`.tables`), and what reads memory of arrays waits for it. The next element of these iterators
does not, because it is the same before and after:

* **a row of** ``itertuples``, if all outstanding stores are to cells of that frame in other rows. The iterator has the columns as they were
  when it was made. A store either writes into such a column, at its own row, or gives the frame another column in its place; the element that
  comes next is in another row. Rows are told by labels, which a queued store has found once in the frame's index, and the index is the one
  that the iterator goes over.
* **an element of a column** (``for t in df["s"]``, ``for i, t in df["s"].items()``, also below ``enumerate`` and ``zip``), if no outstanding store is to memory
  that the column shares.

A walk keeps no frame and no column alive, only the column's array: pandas copies on write for as long as somebody has the column, so a store
would go elsewhere than in a plain run.

And no older unit that is still under way may write either. Everything else waits as before. The iterator has to be made where the loop is
(``for row in df.itertuples()``): nobody else has it, so the loop knows where it stands.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

from .snapshot import EVERYTHING, may_be_written
from .tables import has_plain_labels, share_nothing


class Walk:
    """Where one iterator stands."""

    __slots__ = ("array", "frame", "index", "position")

    def __init__(self, frame: Any, array: Any) -> None:
        self.frame = None if frame is None else weakref.ref(frame)
        self.array = array
        self.index = None if frame is None else frame.index
        self.position = 0

    def goes_on(self, machine: Any) -> bool:
        """May the next element be read although stores are outstanding?"""
        if self.frame is None:
            return self._shares_nothing(machine) and may_be_written(machine, self.array, {EVERYTHING}) is None
        frame, index, position = self.frame(), self.index, self.position
        if frame is None or frame.index is not index or not machine.stores_only_to(frame) or may_be_written(machine, frame, {id(frame)}) is not None:
            return False
        return position >= len(index) or index[position] not in machine.stored_rows.get(id(frame), ())

    def _shares_nothing(self, machine: Any) -> bool:
        for (_, column), owner in machine.stored_to.items():
            if column is None or not share_nothing(self.array, owner[column].array):
                return False
        return True


#: methods that make iterators over rows or elements
WALKED = frozenset({"itertuples", "items"})


def walk_of(maker: Any, name: str) -> Walk | None:
    """The walk of an iterator that the method ``name`` of ``maker`` has made; None if nothing is known of it."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is None:
        return None
    kind = type(maker)
    if kind is pandas.DataFrame and name == "itertuples" and has_plain_labels(maker):
        return Walk(maker, None)
    if kind is pandas.Series and name in ("items", "__iter__"):
        return Walk(None, maker.array)
    return None


__all__ = ["WALKED", "Walk", "walk_of"]
