"""Taking from a frame or a series by place or label: ``df.iloc[i]["q"]``, ``df.loc[i]``, ``s.iat[0]``, ``df.iloc[a:b]``, ``len(df)``.

An indexer is a library's object that nobody has declared, and taking with it would wait for the head. But what it does is known
for *exact* frames and series whose columns are of numpy's and pandas' own types, and whose labels are plain: it reads memory and labels,
and calls nothing of the user's (no ``__eq__`` or ``__hash__`` of a label, no extension array of another library). A frame changes

* by undeclared code, which runs at the head with everything older retired, and which an older unit that may still run any announces (``TOP``);
* by a store that :mod:`.tables` has queued: while one is outstanding only what is said there goes ahead, columns that are apart from it among it.

So where neither is in the way the real frame is as it will be when this statement's turn comes, and is read here, as
``df["q"]`` is. Unlike that, taking does not look *into* what it takes: a list in a column is handed out as it is, and read through the store
buffer by whoever reads it. So its cost does not depend on the size of the frame.

What comes out is often a scalar of numpy's: comparing it and writing it down runs nobody's code either. ``len`` needs no memory at all: queued stores leave rows and columns as they are.
"""

from __future__ import annotations

import operator
import sys
from typing import TYPE_CHECKING, Any

from .atoms import ATOMS
from .memory import MEMORY, is_scalar
from .snapshot import may_be_written

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_BY_PLACE = frozenset({"_iLocIndexer", "_iAtIndexer"})
_BY_LABEL = frozenset({"_LocIndexer", "_AtIndexer"})
NOTHING: Any = object()


class Taking(Base):
    """Part of the :class:`Machine`."""

    def _init_taking(self) -> None:
        #: off: every taking waits for its turn, but for single cells by label
        self.takes = True

    def taken(self, target: Any, key: Any) -> Any:
        """``target[key]`` of an indexer where that can be read here; else ``NOTHING``."""
        if self.cur is self.ghost or not self.takes:
            return NOTHING
        owner = _owner_of(target, key)
        if owner is None or may_be_written(self, owner, {id(owner)}) is not None:
            return NOTHING
        if MEMORY in self.writes and not self.stores_elsewhere(owner):
            return NOTHING
        return self.natively(operator.getitem, (target, key), {})

    def reads_scalars(self, values: tuple[Any, ...]) -> bool:
        """Are scalars of numpy among ``values``, the others plain data, so that comparing them or writing them down calls nobody?

        (Calculating with them may warn.) How they are written is set by undeclared code.
        """
        found = False
        for value in values:
            if type(value) not in ATOMS:
                if not is_scalar(value):
                    return False
                found = True
        return found and self.takes and may_be_written(self, None, set()) is None

    def measurable(self, value: Any) -> bool:
        """Is ``len(value)`` of a table known here?"""
        return self.takes and self.cur is not self.ghost and is_table(value) and may_be_written(self, value, {id(value)}) is None


def is_table(value: Any) -> bool:
    """Is it an exact frame, series or array?"""
    kind = type(value)
    if kind.__module__.partition(".")[0] not in ("pandas", "numpy"):
        return False
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    return kind is getattr(pandas, "DataFrame", None) or kind is getattr(pandas, "Series", None) or kind is getattr(numpy, "ndarray", None)


def _owner_of(target: Any, key: Any) -> Any:
    """The frame or series from which taking ``key`` by the indexer ``target`` is known to run nothing of the user's."""
    kind = type(target)
    if kind.__module__ != "pandas.core.indexing" or not (kind.__name__ in _BY_PLACE or kind.__name__ in _BY_LABEL):
        return None
    owner = target.obj
    pandas: Any = sys.modules["pandas"]
    if type(owner) is pandas.DataFrame:
        dtypes, labels = list(owner.dtypes), [owner.index, owner.columns]
    elif type(owner) is pandas.Series:
        dtypes, labels = [owner.dtype], [owner.index]
    else:
        return None
    if not _is_simple(key, sys.modules["numpy"]) or not all(map(_is_known, dtypes)):
        return None
    named = kind.__name__ in _BY_LABEL
    return owner if all(_are_plain(one, named, pandas) for one in labels) else None


def _is_simple(key: Any, numpy: Any) -> bool:
    """A number or a text, a slice of such, or some of these."""
    if type(key) is tuple:
        return all(type(one) is not tuple and _is_simple(one, numpy) for one in key)
    if type(key) is slice:
        return all(one is None or _is_simple(one, numpy) for one in (key.start, key.stop, key.step))
    return type(key) in (int, str) or isinstance(key, numpy.integer)


def _is_known(dtype: Any) -> bool:
    return type(dtype).__module__.partition(".")[0] in ("numpy", "pandas")


def _are_plain(labels: Any, named: bool, pandas: Any) -> bool:
    """May labels be asked for one (``named``), or handed out, without code of the user's?"""
    if not named:
        return type(labels).__module__.partition(".")[0] == "pandas"
    return type(labels) is pandas.RangeIndex or (type(labels) is pandas.Index and labels.dtype != object)


__all__ = ["NOTHING", "Taking", "is_table"]
