"""Stores to arrays and frames: ``m[q] = ask(q)``, ``df.at[i, "a"] = ask(row["q"])``, ``df.loc[i, "a"] = …``.

Such a store waits for its value and for its turn, but its issuer goes on: it is queued for the head, as ``print`` is, where the real
``__setitem__`` runs with the real value. Whatever it does there (a cast, a warning, another dtype, an error) it does in its
place. Nothing is foreseen of it but where it cannot show.

Everything that may look at memory of arrays or frames therefore waits while such a store is outstanding (:mod:`.memory`): it runs in
order, behind the store, as undeclared code does anyway. That is a matter of *all* such objects, because views are not known.
These go ahead, each with its argument:

* **another store**, which is queued behind;
* **what makes an indexer** (``df.at``, ``df.loc``, ``df.iloc``), and ``df.index``, ``df.columns``: a store is queued only if its row and its column are
  there, once, so that it leaves both as they are. For an older unit that may still write anything it is not queued at all;
* **a cell of another column of the same frame**, read by its labels (``df.at[i, "q"]``), if all outstanding stores are to that frame and
  the two columns share no memory: whatever the store makes of its own column, the others keep their values;
* **such a column itself** (``df["q"]``), and what is taken from it, as long as that holds of all stores that are outstanding then;
* **another row** (``df.loc[i]``, ``df.iloc[i]``), if all outstanding stores are to columns of objects or texts in other rows of that frame, and its rows are
  arrays made for it (as below);
* **groups** (``for k, g in df.groupby("k")``) and their columns while all outstanding stores are to that frame: they are pieces of a copy that is made when
  the loop begins, which it does in order unless the keys are numbers or texts;
* **rows of** ``df.iterrows()`` while all outstanding stores are to that frame, where they come from a copy: of a frame with columns of several types, or of types that are no numpy's, pandas
  builds one array of objects before the first row, which nobody else has. It does so in order; from then on rows are views of that;
* **rows of** ``df.itertuples()`` **and elements of a column** in a loop over them (:mod:`.walks`);
* **the labels of an index**, which never change.

A store to a subclass of either, with labels that are not there yet, with a mask or a list for a key, or of something whose class is the
user's and may act, runs in order. So does ``df["a"] = …``, and whatever is done to a row. Decided against: copies of the memory as it is at a position
(a frame is large), and reading ahead by address (a store that changes a column's type moves it).
"""

from __future__ import annotations

import operator
import sys
import weakref
from typing import TYPE_CHECKING, Any

from .memory import MEMORY
from .pending import Pending
from .snapshot import may_be_written

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: by labels, by places
_LABELLED = frozenset({"_AtIndexer", "_LocIndexer"})
_PLACED = frozenset({"_iAtIndexer", "_iLocIndexer"})
#: attributes of a frame that a queued store leaves as they are
_LEFT_ALONE = frozenset({"at", "loc", "iat", "iloc", "index", "columns"})
_MISSING: Any = object()
_LABELS: Any = object()


class Tables(Base):
    """Part of the :class:`Machine`."""

    def _init_tables(self) -> None:
        #: by id, series: rows of `iterrows` that share no memory with their frame, and that; columns, their frame, and their label
        self.isolated: dict[int, tuple[weakref.ref[Any], Any, Any]] = {}
        #: what has been stored to since no store was outstanding: array or frame, and column
        self.stored_to: dict[tuple[int, Any], Any] = {}
        #: labels of rows that were stored to in that time, by the frame's id
        self.stored_rows: dict[int, set[Any]] = {}
        #: in that time: (frame, {(column, column): do they share no memory?}), by the frame's id
        self.apart: dict[int, tuple[Any, dict[Any, bool]]] = {}

    def store_later(self, target: Any, key: Any, value: Any) -> bool:
        """Queue ``target[key] = value``, if that is a store to an array or a frame that can be."""
        unit = self.cur
        if MEMORY not in self.writes:
            self.stored_to.clear()
            self.stored_rows.clear()
            self.apart.clear()
        if unit is self.ghost or unit.handling or (self.quiescent() and type(value) is not Pending):
            return False
        column = None
        if _is_array(target):
            owner = target
            if not _is_place(key):
                return False
        else:
            owner = _frame_of(target)
            row, column = (None, None) if owner is None else _cell_of(owner, target, key)
            if column is None or not self._apart(owner, _LABELS, column):
                return False
        if self.risky(value) or self.acts(value) or may_be_written(self, owner, {id(owner)}) is not None:
            return False
        entry = self.at_head(operator.setitem, (target, key, value), {})
        self.stored_to[id(owner), column] = owner
        if column is not None:
            self.stored_rows.setdefault(id(owner), set()).add(row)
        entry.resource = MEMORY
        self.writes.setdefault(MEMORY, []).append(entry)
        return True

    def cell_read(self, target: Any, key: Any) -> Any:
        """``target[key]``, a cell of a frame that no outstanding store may write; else ``_MISSING``."""
        frame = _frame_of(target)
        if self.cur is self.ghost or frame is None:
            return _MISSING
        _, column = _cell_of(frame, target, key)
        if column is None or may_be_written(self, frame, {id(frame)}) is not None:
            return _MISSING
        if MEMORY in self.writes and not self._untouched(frame, column):
            return _MISSING
        return self.natively(operator.getitem, (target, key), {})

    def column_read(self, frame: Any, label: str) -> Any:
        """``frame[label]``, a column that no outstanding store may write, while there are such stores; else ``_MISSING``."""
        pandas: Any = sys.modules.get("pandas")
        if MEMORY not in self.writes or self.cur is self.ghost or pandas is None or type(frame) is not pandas.DataFrame:
            return _MISSING
        if not has_plain_labels(frame) or not isinstance(_place_of(frame.columns, label), int):
            return _MISSING
        if may_be_written(self, frame, {id(frame)}) is not None:
            return _MISSING
        if self.stores_elsewhere(frame):  # a group
            return self.isolate(self.natively(operator.getitem, (frame, label), {}), *self.isolated[id(frame)][1:])
        if not self._untouched(frame, label):
            return _MISSING
        return self.isolate(self.natively(operator.getitem, (frame, label), {}), frame, label)

    def row_read(self, target: Any, key: Any) -> Any:
        """``target[key]``, a whole row to which no outstanding store goes, while there are such stores; else ``_MISSING``.

        The row is an array that is made for it. What it is made of is that row's cells and the types of the columns, and a column of objects,
        or of texts, is one whatever is stored in it.
        """
        kind = type(target)
        if MEMORY not in self.writes or self.cur is self.ghost or kind.__module__ != "pandas.core.indexing" or kind.__name__ not in ("_LocIndexer", "_iLocIndexer"):
            return _MISSING
        frame = target.obj
        if type(frame) is not sys.modules["pandas"].DataFrame or type(key) is not int or not self.stores_only_to(frame) or not _makes_rows(frame):
            return _MISSING
        if kind.__name__ == "_LocIndexer":
            label = key
            if not has_plain_labels(frame) or not isinstance(_place_of(frame.index, label), int):
                return _MISSING
        else:
            if not has_plain_labels(frame) or not -len(frame.index) <= key < len(frame.index):
                return _MISSING
            label = frame.index[key]
        if label in self.stored_rows.get(id(frame), ()) or may_be_written(self, frame, {id(frame)}) is not None:
            return _MISSING
        if not all(_keeps_its_type(frame[column].dtype) for _, column in self.stored_to):
            return _MISSING
        return self.isolate(self.natively(operator.getitem, (target, key), {}), frame)

    def _untouched(self, frame: Any, label: Any) -> bool:
        """Are all outstanding stores to other columns of the same frame, in memory of their own?"""
        for (_, column), owner in self.stored_to.items():
            if owner is not frame or column == label or not self._apart(frame, label, column):
                return False
        return True

    def _apart(self, frame: Any, one: Any, other: Any) -> bool:
        """Are two columns (or the labels of the rows, and one) known to lie in memory of their own?"""
        found = self.apart.get(id(frame))
        if found is None:
            found = self.apart[id(frame)] = frame, {}
        known = found[1].get((one, other))
        if known is None:
            parts = [(frame.index if one is _LABELS else frame[one]).array, frame[other].array]
            known = found[1][one, other] = share_nothing(*parts)
        return known

    def stores_elsewhere(self, row: Any) -> bool:
        """Are all outstanding stores to the frame that ``row`` was made a copy of, or of which it is another column?"""
        found = self.isolated.get(id(row))
        if found is None or found[0]() is not row:
            return False
        return self.stores_only_to(found[1]) if found[2] is None else self._untouched(found[1], found[2])

    def stores_only_to(self, frame: Any) -> bool:
        return all(owner is frame for owner in self.stored_to.values())

    def left_alone(self, target: Any, name: str) -> bool:
        """May ``target.name`` of a library's object be read although stores to arrays or frames are outstanding?"""
        if self.stores_elsewhere(target):
            return True
        return name in _LEFT_ALONE and type(target) is getattr(sys.modules.get("pandas"), "DataFrame", None)

    def copies_of(self, iterator: Any) -> Any:
        """The frame of whose elements ``iterator``, not advanced yet, will give copies, in rows of an array that is made for it."""
        pandas: Any = sys.modules.get("pandas")
        frame = getattr(iterator, "gi_frame", None)
        if pandas is not None and (groups := _frame_of_groups(iterator)) is not None:
            return groups.f_locals["data"]  # they are pieces of a copy that is made when it begins
        if pandas is None or frame is None or frame.f_code is not pandas.DataFrame.iterrows.__code__:
            return None
        table = frame.f_locals.get("self")
        return table if type(table) is pandas.DataFrame and _makes_rows(table) else None

    def groups_plainly(self, iterator: Any) -> bool:
        """Is ``iterator`` no generator of a `groupby`, or one that hashes and compares no keys of the user's when it begins?"""
        frame = _frame_of_groups(iterator)
        return frame is None or all(_is_plain_type(one.grouping_vector.dtype) for one in frame.f_locals["self"].groupings)

    def isolate(self, series: Any, frame: Any, label: Any = None) -> Any:
        """Note a row of such an array, or the column ``label``."""
        key = id(series)
        rows = self.isolated

        def gone(_: Any) -> None:
            rows.pop(key, None)

        rows[key] = weakref.ref(series, gone), frame, label
        return series


def is_index(kind: type) -> bool:
    """Has it the labels of a frame's rows or columns?"""
    return kind.__module__.startswith("pandas.core.indexes.") or (kind.__module__ == "pandas" and kind.__name__.endswith("Index"))


def _is_array(target: Any) -> bool:
    return type(target) is getattr(sys.modules.get("numpy"), "ndarray", None)


def _is_place(key: Any) -> bool:
    """Is it a number, or numbers and slices of numbers?"""
    if type(key) is tuple:
        return all(type(one) is not tuple and _is_place(one) for one in key)
    if type(key) is slice:
        return all(one is None or type(one) is int for one in (key.start, key.stop, key.step))
    return type(key) is int


def _frame_of(target: Any) -> Any:
    """The exact frame whose cells ``target`` gives; None for anything else."""
    kind = type(target)
    if kind.__module__ != "pandas.core.indexing" or kind.__name__ not in _LABELLED and kind.__name__ not in _PLACED:
        return None
    frame = target.obj
    pandas: Any = sys.modules["pandas"]
    exact = type(frame) is pandas.DataFrame and type(frame.index) in (pandas.Index, pandas.RangeIndex)
    return frame if exact and type(frame.columns) in (pandas.Index, pandas.RangeIndex) else None


def _cell_of(frame: Any, indexer: Any, key: Any) -> tuple[Any, Any]:
    """Labels of the one row and the one column that ``indexer[key]`` is about; None twice if they are not there, or not once."""
    if type(key) is not tuple or len(key) != 2 or not all(type(one) in (int, str) for one in key):
        return None, None
    if type(indexer).__name__ in _PLACED:
        if any(type(at) is not int or not 0 <= at < len(labels) for at, labels in zip(key, (frame.index, frame.columns), strict=True)):
            return None, None
        key = frame.index[key[0]], frame.columns[key[1]]
        if not all(type(label) is str or isinstance(label, (int, sys.modules["numpy"].integer)) for label in key):
            return None, None
    if isinstance(_place_of(frame.index, key[0]), int) and isinstance(_place_of(frame.columns, key[1]), int):
        return key
    return None, None


def _place_of(labels: Any, label: Any) -> Any:
    """Where ``label`` is: the question that a store itself asks. Of labels that occur more than once it gets a slice or a mask."""
    try:
        return labels.get_loc(label)
    except (KeyError, TypeError):
        return None


def _makes_rows(frame: Any) -> bool:
    """Has the frame columns of several types, or of types that are no numpy's, so that a row is an array of its own?"""
    dtypes = list(frame.dtypes)
    return len(dtypes) > 1 and (len(set(dtypes)) > 1 or not isinstance(dtypes[0], sys.modules["numpy"].dtype))


def has_plain_labels(frame: Any) -> bool:
    pandas: Any = sys.modules["pandas"]
    return all(type(one) is pandas.RangeIndex or (type(one) is pandas.Index and one.dtype != object) for one in (frame.index, frame.columns))


def _frame_of_groups(iterator: Any) -> Any:
    """The Python frame of pandas' own iterator over groups, if ``iterator`` is one that has not begun."""
    frame = getattr(iterator, "gi_frame", None)
    if frame is None or not frame.f_globals.get("__name__", "").startswith("pandas.core.groupby."):
        return None
    inner = getattr(frame.f_locals.get(".0"), "gi_frame", frame)  # `((key,), group) for …`, of a list with one key
    return inner if inner.f_code.co_name == "get_iterator" and hasattr(inner.f_locals.get("self"), "groupings") else None


def _is_plain_type(dtype: Any) -> bool:
    return dtype.kind != "O" if isinstance(dtype, sys.modules["numpy"].dtype) else type(dtype) is sys.modules["pandas"].StringDtype


def _keeps_its_type(dtype: Any) -> bool:
    """Is a column of this type still one after a store of a cell that does not fail?"""
    pandas: Any = sys.modules["pandas"]
    if isinstance(dtype, sys.modules["numpy"].dtype):
        return bool(dtype.kind == "O")
    return type(dtype) is pandas.StringDtype and int(pandas.__version__.partition(".")[0]) > 2


def share_nothing(*parts: Any) -> bool:
    """Are two extension arrays known to lie in memory of their own?"""
    numpy: Any = sys.modules["numpy"]
    if parts[0] is parts[1]:
        return False
    memory = [getattr(part, "_ndarray", None) for part in parts]
    if any(type(part) is not numpy.ndarray for part in memory):
        return all(type(part).__name__.startswith("Arrow") or type(found) is numpy.ndarray for part, found in zip(parts, memory, strict=True))
    return not numpy.may_share_memory(*memory)


__all__ = ["_MISSING", "Tables", "has_plain_labels", "is_index", "share_nothing"]
