"""Containers of the ``collections`` module: which operation goes where.

Objects of the very classes ``deque``, ``Counter`` and ``defaultdict`` have chains, views and births as lists and dicts have; a
subclass may do anything and waits for the head. Where one is like a dict (:data:`~poppy_ipython.engine.atoms.MAPPINGS`) the rules of dicts hold; what is its own
is in ``deques``, ``tallies`` and ``defaults``. What none of them knows runs natively at the head.

Decided against: ``OrderedDict``, whose order may be changed in ways that a dict's cannot, for the little that it is used.
"""

from __future__ import annotations

import operator
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from typing import Any

from .atoms import ATOMS, CHAINED, ELSEWHERE, acts_as_index, hashes_plainly
from .defaults import Defaults
from .deques import Deques
from .dictloops import taken_out
from .pending import settled
from .tallies import Tallies

_PLAIN_ARGUMENTS = ATOMS | CHAINED | {tuple, frozenset}
#: methods of dicts that a defaultdict or a counter has unchanged
_AS_DICT = frozenset({"get", "items", "keys", "values", "setdefault", "pop", "popitem", "clear"})


class Collected(Deques, Tallies, Defaults):
    """Part of :class:`Methods`."""

    def element_slots(self, target: Any) -> tuple[Any, ...]:
        """What somebody who may write the elements of ``target`` publishes."""
        return (("e", id(target)), *ELSEWHERE[type(target)])

    # ------------------------------------------------------------------ elements
    def collected_item(self, target: Any, key: Any) -> Any:
        """``target[key]``, not quiescent."""
        kind = type(target)
        if kind is deque:
            if acts_as_index(key):
                return self.fence(operator.getitem, (target, key), {}, what="__index__")
            return settled(self.view(target)[key])
        if not hashes_plainly(key):
            return self.fence(operator.getitem, (target, key), {}, what="__hash__")
        if kind is defaultdict:
            self.see_default(target)
            if self.quiescent():
                return self.fence(operator.getitem, (target, key), {}, what="defaultdict")
        stored = self.stored_item(target, key)
        if stored is not None:
            return settled(stored[1])
        view = self.view(target)
        if key in view:
            return settled(view[key])
        return 0 if kind is Counter else self.missing(target, key)

    def delete_collected(self, target: Any, key: Any) -> None:
        """``del target[key]``."""
        kind = type(target)
        if acts_as_index(key) if kind is deque else not (hashes_plainly(key) and (kind is defaultdict or _is_hashable(key))):
            return self.fence(operator.delitem, (target, key), {}, what="del")  # type: ignore[no-any-return]
        if kind is deque:
            probe = self.view(target).copy()
            del probe[key]
        elif key not in self.view(target):
            if kind is Counter:
                return None
            raise KeyError(key)
        self.take_out(target, key)
        return None

    # ------------------------------------------------------------------ methods
    def collected_method(self, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``target.name(*args, **kwargs)``."""
        kind = type(target)
        if kind is Counter and (target.__dict__ or (id(target), name) in self.chains):
            return self.call(self.ga(target, name), *args, **kwargs)
        if self.quiescent() and not self.has_pending(args) and all(type(value) in _PLAIN_ARGUMENTS for value in args):
            found = getattr(target, name)(*args, **{key: self.force(value) for key, value in kwargs.items()})
            if self.looped and name not in _READS:
                self.deleted(target, *taken_out(name, args))
            return found
        found = NotImplemented
        if kwargs:
            pass
        elif kind is deque:
            found = self.deque_method(target, name, args)
        elif kind is Counter:
            found = self.dict_method(target, name, args, kwargs) if name in _AS_DICT else self.counter_method(target, name, args)
        elif name in _AS_DICT or name == "update":
            found = self.dict_method(target, name, args, kwargs)
        elif name == "copy" and not args:
            found = self.copy_of_default(target)
        if found is not NotImplemented:
            return found
        found = self.fence(getattr(target, name), args, kwargs, what=f"{kind.__name__}.{name}")
        if self.looped and name not in _READS:
            self.deleted(target, *taken_out(name, args))
        return self.known(found)

    def iterate_collected(self, target: Any, step: int = 1) -> Iterator[Any]:
        """``for … in target`` (``step`` -1: reversed, which only a deque is)."""
        if type(target) is deque:
            return self.iterate_deque(target, step)
        return self.iterate_dict(target)  # type: ignore[no-any-return]


_READS = frozenset({"get", "items", "keys", "values", "copy", "index", "count", "most_common", "elements", "total"})

def _is_hashable(key: Any) -> bool:
    """(That it is not is said by a line of ``Counter`` itself.)"""
    try:
        hash(key)
    except TypeError:
        return False
    return True


__all__ = ["Collected"]
