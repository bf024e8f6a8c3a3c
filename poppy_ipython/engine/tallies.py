"""``collections.Counter``: a dict whose missing elements are zero, and that adds up what it is given.

Reading and storing elements, iterating and ``in`` are a dict's. A missing element is read as 0 and not stored. ``update`` and
``subtract`` of elements that are not all there are one operation of the chain for each, like ``add`` of a set: whoever
looks waits for the element. ``most_common`` and ``total`` read the view.

What an operation adds, it adds to the count of the view, which must be there. A count that is still pending (``c[k] = num(q)``)
or no number marks the chain; from then on, until it is empty again, ``update`` waits for the head. Nobody older may put such a count there
later, as ``update`` waits until nobody may (``await_writers``). A count of the real counter that is no number fails where the operation
retires, in Python's own line; where the elements are known that is found out before.

Why this is right: the amounts are numbers and the elements hash without code of the user's, so the operations commute with
nothing that anybody could see, and they are repeated on the real counter in program order. Anything else (amounts that are no
numbers, elements with a ``__hash__`` of the user's, an iterable that runs code) waits for the head.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..effects.registry import effect_of
from .atoms import ATOMS, ITERABLE, MAPPINGS, hashes_plainly
from .buffer import COUNTS, NUMBERS
from .pending import Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_UPDATE, _SUBTRACT = Counter.update, Counter.subtract


class Tallies(Base):
    """Part of the :class:`Machine`."""

    def n_counter(self, /, *args: Any, **kwargs: Any) -> Any:
        """``Counter(…)``: of elements in sight at once, or once they are there."""
        if not args and not kwargs:
            return self.born(Counter())
        source = settled(args[0]) if len(args) == 1 and not kwargs else None
        if type(source) not in ITERABLE or type(source) in MAPPINGS or type(source) is Pending and source.elements is None:
            return self.native(Counter, args, kwargs, False, effect_of(Counter))
        items = [settled(item) for item in self.iterate(source)]
        if self.has_pending(items):
            if self.cur is self.ghost or not self.can_be_deferred(items):
                return self.native(Counter, ([self.force(item) for item in items],), None, False, effect_of(Counter))
            return self.defer(self.late_counter, tuple(items))
        if all(type(item) in ATOMS for item in items):
            return self.born(Counter(items))
        return self.native(Counter, (items,), None, False, effect_of(Counter))

    def late_counter(self, *items: Any) -> Any:
        """A counter of items that have arrived."""
        return self.n_counter(list(items))

    def counter_method(self, target: Counter[Any], name: str, args: tuple[Any, ...]) -> Any:
        """``target.name(*args)``; NotImplemented if only the real counter can tell."""
        if name in ("update", "subtract") and len(args) <= 1:
            return self.tally(target, name, args[0]) if args else None
        if name == "most_common" and len(args) <= 1:
            args = tuple([self.force(value) for value in args])
            probe = self.amounts(self.view(target))
            return NotImplemented if probe is None else self.new_list(Counter.most_common(probe, *args))
        if name == "total" and not args:
            probe = self.amounts(self.view(target))
            return NotImplemented if probe is None else probe.total()
        if name == "copy" and not args:
            view = self.view(target)
            found: Any = self.born(Counter())
            for key, value in list(view.items()):
                self.si(found, key, settled(value))
            return found
        return NotImplemented

    def amounts(self, view: Any) -> Counter[Any] | None:
        """What is counted there, if it is numbers; waits for them."""
        found: Counter[Any] = Counter()
        for key, value in list(view.items()):
            value = self.force(value)
            if type(value) not in NUMBERS:
                return None
            dict.__setitem__(found, key, value)
        return found

    def tally(self, target: Counter[Any], name: str, source: Any) -> Any:
        """``target.update(source)`` or ``subtract``."""
        source = self.force_shape(source)
        kind = type(source)
        if source is None:
            return None
        if kind not in ITERABLE:
            return NotImplemented
        if self.may:
            self.await_writers(target, self.element_slots(target))
        chain = self.chains.get(id(target))
        if chain is not None and chain.weighed:
            return NotImplemented
        method = _UPDATE if name == "update" else _SUBTRACT
        if kind in MAPPINGS:
            more = self.amounts(self.view(source))
            if more is None or not all(map(_is_key, more)) or not _adds_up(target, more):
                return NotImplemented
            return self.change_counter(target, method, dict(more))
        items = [settled(item) for item in self.iterate(source)]
        items = [self.force(item) if type(item) is Pending and self.risky(item) else item for item in items]
        if not all(type(item) is Pending or _is_key(item) for item in items):
            return NotImplemented
        if not self.has_pending(items):
            return self.change_counter(target, method, items) if _adds_up(target, items) else NotImplemented
        for item in items:
            self.store_op(target, COUNTS[name], (item,), fallible=True)
        return None

    def change_counter(self, target: Counter[Any], method: Any, more: Any) -> None:
        if self.direct(target, id(target)):
            method(target, more)
        else:
            self.store_op(target, method, (more,))


def _adds_up(target: Counter[Any], items: Any) -> bool:
    """Are the counts of ``items`` numbers?  (What is on its way is, or has marked the chain.)"""
    return all(type(dict.get(target, item, 0)) in NUMBERS for item in items)


def _is_key(item: Any) -> bool:
    """Can it be hashed, and without code of the user's?"""
    if not hashes_plainly(item):
        return False
    try:
        hash(item)
    except TypeError:
        return False
    return True


__all__ = ["Tallies"]
