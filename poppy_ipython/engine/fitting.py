"""Items that a reader cannot use: ``sum`` of a number and a text, a key that cannot be hashed.

Python adds, compares or hashes each item before it asks for the next one; where an item does not fit, nothing behind it happens. Here
the items are collected first (``compiler/readers.py``, ``compiler/comprehensions.py``), most of them on their way. So each item is
followed by a check of what the reader will do with it. If the unit is at the head, or the item is plain data behind plain data, that is
made at once; else it is a log entry that runs at the head. It stands where the item stands: what is behind it has not been done yet,
and is killed if it fails. Its failure is the reader's: shown where the builtin is called, without the frame of the generator expression.

A check does the reader's work a second time, for values that cannot tell: a method of the user's that writes has the items read one by
one, as written (``origins.combining_writes``), and one that asks something is not called for a check: if it fails, what the items behind it
do in order has been done by then. Nor are pairs for ``dict`` that are iterators looked into.

``Options`` has no switch for it: it only ever makes what is behind wait for what a plain run has before it.
"""

from __future__ import annotations

import contextlib
import dis
from collections.abc import Callable
from sys import _getframe
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from ..effects.registry import effect_of
from .atoms import ATOMS, lookup
from .pending import Pending, settled
from .unit import Entry

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_NOTHING: Any = object()
_HASHES = frozenset({"set", "frozenset", "{}"})
_METHODS = {"sum": ("__add__", "__radd__"), "max": ("__gt__", "__lt__"), "min": ("__lt__", "__gt__")}
#: functions that a key may call for its argument and do nothing else
_PURE = frozenset({"len", "str", "int", "float", "abs", "repr", "bool", "round", "ord"})
_OF_ITS_ARGUMENT: dict[CodeType, bool] = {}


class Fit:
    """What a reader has made of the items so far."""

    __slots__ = ("checked", "count", "key", "may_call", "pairs", "reader", "value")

    def __init__(self, reader: str, start: Any = None, key: Any = None, may_call: Callable[[FunctionType], bool] = bool) -> None:
        self.may_call = may_call
        self.pairs = reader == "{:}"
        self.reader = "{}" if self.pairs else reader
        self.value = start
        self.key = key
        self.count = 0
        #: every item so far has been checked at once
        self.checked = True

    @property
    def apart(self) -> bool:
        """Does it fail outside the frame in which the items are made?"""
        return self.reader[0] != "{"

    def take(self, item: Any) -> None:
        """Do what the reader does with the next item.

        Raises what that raises.

        >>> fit = Fit("sum", 0)
        >>> fit.take(1)
        >>> fit.take("a")
        Traceback (most recent call last):
        ...
        TypeError: unsupported operand type(s) for +: 'int' and 'str'
        """
        reader, count = self.reader, self.count
        self.count = count + 1
        if reader == "dict":
            self._take_pair(item, count)
            return
        if reader in _HASHES:
            self._take_key(item)
            return
        if self.key is not None:
            item = self.key(item)
        if self.value is _NOTHING:
            self.value = item
            return
        value = self.value
        if not all(self._silent(side, name) for side in (item, value) for name in _METHODS[reader]):
            self.value = item
        elif reader == "sum":
            self.value = value + item
        elif item > value if reader == "max" else item < value:
            self.value = item


    def _silent(self, value: Any, name: str) -> bool:
        """Does the method ``name`` of ``value`` do nothing that could be seen, if it has one?"""
        method = lookup(type(value), name)
        return type(method) is not FunctionType or self.may_call(method)

    def _take_key(self, key: Any) -> None:
        if self._silent(key, "__hash__"):
            hash(key)

    def _take_pair(self, item: Any, count: int) -> None:
        kind = type(item)
        if kind is tuple and len(item) == 2:
            self._take_key(item[0])
        elif kind in ATOMS or kind is tuple or kind is list:
            with contextlib.suppress(TypeError, ValueError):
                dict([item])
                return
            dict([(0, 0)] * count + [item])


class Fitting(Base):
    """Part of the :class:`Machine`."""

    def fit(self, reader: str, start: Any = _NOTHING, key: Any = None) -> Fit:
        """The state of the checks for one call of ``reader`` (``"{}"``: a set or dict comprehension, whose keys are checked)."""
        key = self.force(key)
        effect = effect_of(key)
        if effect is not None and (effect.external or effect.name != "pure"):
            key = _alike
        if reader == "sum":
            start = 0 if start is _NOTHING else self.force(start)
            sum((), start)  # a text is refused before the first item is asked for
        return Fit(reader, start, key, self.is_leaf)

    def fits(self, fit: Fit, item: Any) -> Any:
        """``item``, behind which nothing happens unless the reader can use it (of a pair for a dict comprehension: its key)."""
        unit, taken = self.cur, item
        if fit.pairs:
            taken = item[0]
        if type(taken) in ATOMS and fit.checked or unit is self.ghost or not unit.log and unit.head and not _pends(taken):
            try:
                fit.take(taken)
            except BaseException as error:
                if fit.apart:
                    self.misfit = error, self._group_of(_getframe(1))
                raise
        else:
            fit.checked = False
            entry = Entry(self, unit, self.run_fit, fit.take, (taken,), None, None, True)  # type: ignore[arg-type]
            self.locate(entry, _getframe(1))
        return item

    def run_fit(self, entry: Entry) -> None:
        """At the head: the check of one item."""
        fit = entry.fn.__self__
        item = settled(entry.args[0])
        if type(item) is tuple and any(type(part) is Pending for part in item):
            item = tuple([settled(part) for part in item])
        try:
            fit.take(item)
        except BaseException as error:
            entry.error = error
            if fit.apart:
                self.misfit = error, self._group_of(entry.frame)
        entry.done = True
        if self.settle_callbacks:
            self.settle(entry)

    def _group_of(self, frame: Any) -> Any:
        while (info := self.lowered.get(id(frame.f_code))) is None:
            frame = frame.f_back
        return info.group

    def may_go_first(self, key: Any) -> bool:
        """Does it make no difference whether ``key`` is called on an item before or after the items behind it have been made?"""
        key = self.force(key)
        effect = effect_of(key)
        if effect is not None:
            return effect.name in ("pure", "unordered")
        if type(key) is FunctionType:
            return _reads_its_argument(key) and not self.writing_code()[0]
        return key is None or self.is_calm(key) or type(key).__module__ == "operator"


def _pends(item: Any) -> bool:
    return type(item) is Pending or type(item) is tuple and any(type(part) is Pending for part in item)


def _alike(_item: Any) -> int:
    """A key that is called once for each item, and not for a check."""
    return 0


def _reads_its_argument(fn: FunctionType) -> bool:
    """Is it a function like ``lambda a: (-a["score"], len(a.text))``?"""
    code = fn.__code__
    found = _OF_ITS_ARGUMENT.get(code)
    if found is None:
        found = not (code.co_freevars or code.co_cellvars or code.co_flags & 0x2A0)
        for at in dis.get_instructions(code) if found else ():
            name = at.opname
            if name == "LOAD_GLOBAL":
                found = found and at.argval in _PURE
            elif name.startswith(("STORE_", "DELETE_", "LOAD_NAME", "LOAD_METHOD", "IMPORT_", "YIELD")) and name != "STORE_FAST":
                found = False
            elif name == "LOAD_ATTR" and at.arg is not None and "NULL|self" in at.argrepr:
                found = False
        _OF_ITS_ARGUMENT[code] = found
    return found and not any(name in fn.__globals__ for name in _PURE.intersection(code.co_names))


__all__ = ["Fitting"]
