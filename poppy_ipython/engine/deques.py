"""``collections.deque``: the same rules as for lists, and what only a deque has.

A deque that somebody older may look at is not touched: ``append``, ``popleft`` and the others are operations of its chain, and read
through it, as a list's are. What stands where is known without waiting for the elements, so that a queue of work goes on::

    while queue:                          truth: on the view
        out.append(ask(queue.popleft()))  the first of the view; the store buffer drops it from the real deque in turn

Why this is right: an operation is repeated on the real deque in program order (``maxlen`` drops the same elements there as in
the view, which is a copy with the same ``maxlen``); who may still write the elements of an older deque says so with the slots of a
list of which nothing else is known, as those are the methods that it would have to call.

Python forbids to change a deque while it is iterated over, even back to the same length. A loop is told of each operation, as
one over a dict is of deletions (``dictloops``); what a native function changes shows in the state of an iterator of the real
deque, which is asked if native code has run since the step before and nothing of ours was on its way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..effects.registry import effect_of
from .atoms import ATOMS, ITERABLE
from .buffer import extend_items, named, remove_item, set_item
from .dictloops import end_of_loop
from .pending import Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_ENDS = {"append": deque.append, "appendleft": deque.appendleft}
_NONE: Any = object()


class Deques(Base):
    """Part of the :class:`Machine`."""

    def n_deque(self, /, *args: Any, **kwargs: Any) -> Any:
        """``deque(…)``: of what is in sight at once, pendings among it or not."""
        kwargs = {name: self.force(value) for name, value in kwargs.items()}
        if not args and not kwargs.keys() - {"maxlen"}:
            return self.born(deque(**kwargs))
        source = settled(args[0]) if args else None
        if "iterable" in kwargs or len(args) + len(kwargs) > 2 or type(source) is Pending or type(source) not in ITERABLE:
            return self.native(deque, args, kwargs, False, effect_of(deque))
        most = self.force(args[1]) if len(args) == 2 else kwargs.get("maxlen")
        if len(args) == 1 and kwargs.keys() - {"maxlen"}:
            return self.fence(deque, (source,), kwargs, what="deque")  # Python says what is wrong with it
        return self.new_deque(deque(maxlen=most), list(self.iterate(source)))

    def new_deque(self, target: deque[Any], items: list[Any]) -> deque[Any]:
        """``target``, which is new, with ``items``."""
        target = self.born(target)
        items = [settled(item) for item in items]
        if self.has_pending(items):
            self.store_op(target, extend_items, (items,))
        else:
            target.extend(items)
        return target

    # ------------------------------------------------------------------ elements
    def set_deque_item(self, target: deque[Any], key: Any, value: Any) -> None:
        """``target[key] = value``, which a loop over it does not mind."""
        key, value = self.force(key), settled(value)
        if type(key) is not int:
            self.fence(_set, (target, key, value), {}, what="deque[…] =")
        elif type(value) is not Pending and self.direct(target, id(target)):
            target[key] = value
        else:
            size = len(self.view(target))
            if not -size <= key < size:
                raise IndexError("deque index out of range")
            self.store_op(target, set_item, (key, value))

    # ------------------------------------------------------------------ methods
    def deque_method(self, target: deque[Any], name: str, args: tuple[Any, ...]) -> Any:
        """``target.name(*args)``; NotImplemented if only the real deque can tell."""
        count = len(args)
        if name in _ENDS and count == 1:
            return self.change_deque(target, name, _ENDS[name], (settled(args[0]),))
        if name in ("popleft", "pop") and not count:
            view = self.view(target)
            if not view:
                raise IndexError("pop from an empty deque")
            found = settled(view[0 if name == "popleft" else -1])
            self.change_deque(target, name, named(name), ())
            return found
        if name in ("extend", "extendleft") and count == 1:
            source = self.force_shape(args[0])
            if type(source) not in ITERABLE:
                return NotImplemented
            items = [settled(item) for item in self.iterate(source)]
            return self.change_deque(target, name, extend_items if name == "extend" else _extend_left, (items,))
        if name in ("clear", "reverse") and not count or name == "rotate" and count <= 1:
            args = tuple([self.force(value) for value in args])
            if not all(type(value) is int for value in args):
                return NotImplemented
            return self.change_deque(target, name, named(name), args)
        if name == "copy" and not count:
            return self.new_deque(deque(maxlen=target.maxlen), list(self.view(target)))
        if name == "insert" and count == 2 and target.maxlen is None and type(self.force(args[0])) is int:
            return self.change_deque(target, name, named(name), (self.force(args[0]), settled(args[1])))
        if name in ("index", "count", "remove"):
            return self.search_deque(target, name, tuple([self.force(value) for value in args]))
        return NotImplemented

    def change_deque(self, target: deque[Any], name: str, operation: Any, args: tuple[Any, ...]) -> None:
        items = args[0] if name in ("extend", "extendleft") else args
        if not self.has_pending(items) and self.direct(target, id(target)):
            getattr(target, name)(*args)
        else:
            self.store_op(target, operation, args)
        if self.looped:
            self.deleted(target)

    def search_deque(self, target: deque[Any], name: str, args: tuple[Any, ...]) -> Any:
        """Methods that compare: on the view, if all is there and comparing runs no code of the user's."""
        probe = deque([self.force(item) for item in list(self.view(target))])
        if not all(type(item) in ATOMS for item in (*probe, *args)):
            return NotImplemented
        found = getattr(probe, name)(*args)
        if name == "remove":
            self.change_deque(target, name, remove_item, args)
        return found

    # ------------------------------------------------------------------ iteration
    def iterate_deque(self, target: deque[Any], step: int = 1) -> Iterator[Any]:
        """``for … in target`` (``step`` -1: ``reversed(target)``)."""
        size = len(self.view(target))
        changes: Any = []
        looped = self.looped
        loops = looped.setdefault(id(target), (target, []))[1]
        loops.append(changes)
        generation, probe = self.generation, None
        try:
            for i in range(size + 1):
                view = self.view(target)
                here = (*self.cur.path, self.cur.n + 1)
                if len(view) != size or any(place < here for place, _ in changes):
                    raise RuntimeError("deque mutated during iteration")
                if probe is not None and self.generation != generation:
                    next(probe, None)
                if i == size:
                    return
                generation, probe = self.generation, None if id(target) in self.chains else iter(target)
                yield settled(view[i if step > 0 else -1 - i])
        finally:
            end_of_loop(looped, target, changes)


def _set(target: Any, key: Any, value: Any) -> None:
    target[key] = value


def _extend_left(target: deque[Any], items: list[Any]) -> None:
    target.extendleft([settled(item) for item in items])


__all__ = ["Deques"]
