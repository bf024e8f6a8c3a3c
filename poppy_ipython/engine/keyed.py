"""``sorted``, ``max`` and ``min`` with a ``key``: all keys are issued before any is waited for.

Python calls the function on one item after the other. ``sorted`` compares once it has all keys; ``max`` and ``min`` compare each key
with the best so far before they ask for the next one. Here the calls are issued in that order, as calls of any other place are;
comparing is a deferred operation, for ``max`` and ``min`` one behind each call, so that a comparison that fails does so where
it does in a plain run, before what a younger key function would have done (its entries are killed like any others).

Comparing numbers, strings and tuples of them runs no code of the user's. Other keys are compared at the head, natively, and not
deferred at all if that may write something (``origins``). Where nothing external is called the builtin runs as it is.

``xs.sort()`` over answers is deferred as a whole: what it leaves are pendings, the items of the sorted list. It is tried on the items
as they were at its place; if anything goes wrong there, it is done again at the head, on the list itself, which a failure leaves
half sorted. A ``key`` has to be a function that looks at nothing but its argument, because Python shows it an empty list.
"""

from __future__ import annotations

import dis
import operator
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from .atoms import ATOMS, ITERABLE
from .constructors import is_record
from .methods import contents
from .pending import NotReady, Pending, settled
from .snapshot import Picture, look

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_NAMED: dict[Any, frozenset[str]] = {
    sorted: frozenset({"key", "reverse"}), max: frozenset({"key", "default"}), min: frozenset({"key", "default"}),
}  # fmt: skip


_SIMPLE: dict[CodeType, bool] = {}


class Keyed(Base):
    """Part of the :class:`Machine`."""

    def keyed(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``fn(*args, **kwargs)``, ``key`` among them or not."""
        if kwargs.get("key") is None or self.cur is self.ghost:
            return self.aggregate(fn, args, kwargs)
        kwargs = {k: self.force(v) for k, v in kwargs.items()}
        key = kwargs["key"]
        if key is None or (self.quiescent() and self.native_will_do(map, (key, *args))):
            return self.native(fn, args, kwargs)
        reverse = kwargs.get("reverse", False)
        if not args or kwargs.keys() - _NAMED[fn] or type(reverse) not in (bool, int) or len(args) > 1 and (fn is sorted or "default" in kwargs):
            return self.native(fn, args, kwargs)
        source: Any = args
        if len(args) == 1:
            source = self.force_shape(args[0])
            if type(source) not in ITERABLE and not is_record(type(source)):
                return self.native(fn, (source,), kwargs)
        items = list(self.iterate(source))
        if not items:
            return self.known(fn([], **kwargs))
        if fn is sorted:
            return self._sorted(items, [self.call(key, item) for item in items], bool(reverse))
        return self._extreme(operator.gt if fn is max else operator.lt, key, items)

    # ------------------------------------------------------------------ sorted
    def _sorted(self, items: list[Any], keys: list[Any], reverse: bool) -> Any:
        if any(self.risky(key) for key in keys):
            keys = [self.force(key) for key in keys]
        if all(is_plain(key) for key in keys):
            return self.new_list(_in_order(items, keys, reverse))
        if any(type(key) is Pending and not key.done for key in keys):
            return self.defer(self.late_sorted, (reverse, *keys, *items), born=self.oldest(items))
        items, keys = [self.force(item) for item in items], [settled(key) for key in keys]
        return self.known(self.fence(_in_order, (items, keys, reverse), {}, what="sorted", pure=True))

    def late_sorted(self, reverse: bool, *values: Any) -> Any:
        """The sorted list, keys and items having arrived."""
        keys, items = values[: len(values) // 2], values[len(values) // 2 :]
        if not self.ghost.head and not all(is_plain(key) for key in keys):
            raise NotReady
        return self.known(_in_order(items, keys, reverse))

    def sort_later(self, target: list[Any], kwargs: dict[str, Any]) -> bool:
        """Defer ``target.sort(**kwargs)`` if its items have to be waited for; False if that is not possible, or not needed."""
        if kwargs.keys() - {"key", "reverse"} or any(type(v) is Pending for v in kwargs.values()):
            return False
        key = kwargs.get("key")
        items = [settled(x) for x in self.view(target)]
        if not any(type(x) is Pending for x in items) or key is not None and not looks_at_its_argument(key):
            return False
        if type(kwargs.get("reverse", False)) not in (bool, int) or not self.can_be_deferred(items):
            return False
        born = self.oldest(items)
        whole = self.defer(self.late_sort, (target, kwargs, *items))
        self.store_op(target, contents, (self.parts(whole, len(items), born),))
        return True

    def late_sort(self, target: list[Any], kwargs: dict[str, Any], *items: Any) -> tuple[Any, ...]:
        """The items of the sorted list."""
        if self.ghost.head:
            target.sort(**kwargs)
            return tuple(target)
        picture = Picture()
        for item in items:
            look(self, item, picture)
        if picture.shadowed or picture.opaque or picture.holes:
            raise NotReady
        try:
            return tuple(sorted(items, **kwargs))
        except Exception:
            raise NotReady from None

    # ------------------------------------------------------------------ max, min
    def _extreme(self, better: Callable[[Any, Any], Any], key: Any, items: list[Any]) -> Any:
        best_key, best = self.call(key, items[0]), items[0]
        whole: Pending | None = None  # the best so far, with its key, once that is not known
        for item in items[1:]:
            new = self.call(key, item)
            if whole is None and is_plain(best_key := settled(best_key)) and is_plain(new := settled(new)):
                if better(new, best_key):
                    best_key, best = new, item
                continue
            if self.risky(new) or whole is None and self.risky(best_key):
                new = self.force(new)
                best_key, best = (self.force(best_key), best) if whole is None else self.force(whole)
                whole = None
                if is_plain(new) and is_plain(best_key):
                    won = better(new, best_key)
                else:
                    won = self.fence(better, (new, best_key), {}, what="max" if better is operator.gt else "min", pure=True)
                if won:
                    best_key, best = new, item
            elif whole is None:
                whole = self.defer(self.late_better, (better, best_key, best, new, item))
            else:
                whole = self.defer(self.late_best, (better, whole, new, item))
        return best if whole is None else self.defer(operator.itemgetter(1), (whole,), born=self.oldest(items))

    def late_better(self, better: Callable[[Any, Any], Any], best_key: Any, best: Any, key: Any, item: Any) -> tuple[Any, Any]:
        if not self.ghost.head and not (is_plain(key) and is_plain(best_key)):
            raise NotReady
        return (key, item) if better(key, best_key) else (best_key, best)

    def late_best(self, better: Callable[[Any, Any], Any], whole: tuple[Any, Any], key: Any, item: Any) -> tuple[Any, Any]:
        return self.late_better(better, *whole, key, item)


def is_plain(key: Any) -> bool:
    """Does comparing ``key`` run no code of the user's, and look at nothing that could change?"""
    return type(key) in ATOMS or type(key) is tuple and all(is_plain(part) for part in key)


def looks_at_its_argument(fn: Any) -> bool:
    """Is it a function like ``lambda p: (-p[1], p[0])``: no global or captured name, no attribute, no call?"""
    if type(fn) is not FunctionType:
        return type(fn) is operator.itemgetter
    code = fn.__code__
    found = _SIMPLE.get(code)
    if found is None:
        found = not (code.co_names or code.co_freevars or code.co_cellvars or code.co_flags & 0x2A0)
        found = _SIMPLE[code] = found and not any("CALL" in i.opname and "INTRINSIC" not in i.opname for i in dis.get_instructions(code))
    return found


def _in_order(items: Any, keys: Any, reverse: bool) -> list[Any]:
    return [items[i] for i in sorted(range(len(items)), key=keys.__getitem__, reverse=reverse)]


__all__ = ["Keyed"]
