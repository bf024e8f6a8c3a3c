"""Builtins that go over a whole container: ``sorted``, ``max``, ``min``, ``sum``, ``any``, ``all``, ``list``, ``set``, ``", ".join``.

They need the container, most of them its elements. What is not there yet is waited for by a deferred operation, not by the
unit, so that a loop goes on:

    the container is pending           the call is deferred as a whole
    its elements are (some of them)    the call on these elements is deferred
    everything is there                at once, if going through the elements looks at nothing that is buffered

A deferred one reads the container as it was at its place in the program (see ``deferred``), so mutating it behind the call
changes nothing; it fails at its place, too. Elements that only the real heap can compare (instances with a ``__lt__`` of the
user's, shadowed containers) wait for the head, where the builtin runs on the real objects. Nothing is deferred that may run
code of the user's which writes (``origins``).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..effects.registry import effect_of
from .atoms import ATOMS, CONTAINERS, ITERABLE, MAPPINGS, is_atom
from .pending import Pending, settled
from .snapshot import Picture, look

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: what they take by name, without a function of the user's
_NAMED: dict[Any, frozenset[str]] = {
    sorted: frozenset({"reverse"}), max: frozenset({"default"}), min: frozenset({"default"}), sum: frozenset({"start"}),
}  # fmt: skip


class Aggregates(Base):
    """Part of the :class:`Machine`."""

    # ------------------------------------------------------------------ comparing and adding
    def aggregate(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``sorted``, ``max``, ``min`` or ``sum`` of one iterable (``sum`` also with a start); others as any native."""
        kwargs = {k: self.force(v) for k, v in kwargs.items()}
        most = 2 if fn is sum else 1
        if not 1 <= len(args) <= most or not kwargs.keys() <= _NAMED[fn] or (self.quiescent() and not self.has_pending(args)):
            return self.native(fn, args, kwargs)
        source, rest = args[0], tuple([self.force(a) for a in args[1:]])
        if self.deferrable(source, True) and not self.risky(source):
            return self.defer(self.late_aggregate, (fn, source, rest, kwargs), born=source.position)
        source = self.force_shape(source)
        if type(source) not in ITERABLE:
            return self.native(fn, (source, *rest), kwargs)
        return self.of_items(fn, list(self.iterate(source)), rest, kwargs)

    def late_aggregate(self, fn: Callable[..., Any], source: Any, rest: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.aggregate(fn, (source, *rest), kwargs)

    def of_items(self, fn: Callable[..., Any], items: list[Any], rest: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``fn(items, *rest, **kwargs)``, deferred if some items are pending."""
        if not any(type(item) is Pending for item in items):
            return self.on_items(fn, items, rest, kwargs)
        if self.cur is not self.ghost and self.can_be_deferred(items):
            born = None
            if fn is max or fn is min:
                born = self.oldest([*items, *kwargs.values()])
            return self.defer(self.late_items, (fn, rest, kwargs, *items), born=born)
        return self.on_items(fn, [self.force(item) for item in items], rest, kwargs)

    def late_items(self, fn: Callable[..., Any], rest: tuple[Any, ...], kwargs: dict[str, Any], *items: Any) -> Any:
        """``fn`` of items that have arrived."""
        return self.on_items(fn, list(items), rest, kwargs)

    def can_be_deferred(self, items: list[Any]) -> bool:
        """Can comparing or adding the items run no code of the user's that writes?"""
        picture = Picture()
        for item in items:
            if type(item) is Pending:
                if self.risky(item):
                    return False
            elif type(item) not in ATOMS:
                look(self, item, picture)
        return not picture.opaque

    def oldest(self, values: list[Any]) -> tuple[int, ...] | None:
        """Where the oldest of ``values`` was born, if all are atoms or come out of external calls."""
        position = None
        for value in values:
            if type(value) is Pending and not value.done:
                if value.position is None:
                    return None
                if position is None or value.position < position:
                    position = value.position
            elif type(value) not in ATOMS:
                return None
        return position

    def on_items(self, fn: Callable[..., Any], items: list[Any], rest: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``fn(items, …)`` if comparing the items looks at nothing that is buffered; else on the real objects at the head."""
        if all(type(item) in ATOMS or is_atom(item) for item in (*items, *rest)):
            return self.known(fn(items, *rest, **kwargs))
        if self.quiescent():
            return fn(items, *rest, **kwargs)
        picture = Picture()
        for item in (*items, *rest):
            look(self, item, picture)
        if picture.shadowed or picture.opaque or picture.holes:
            return self.fence(fn, (items, *rest), kwargs, what=fn.__name__, pure=True)
        return self.known(fn(items, *rest, **kwargs))

    # ------------------------------------------------------------------ any, all
    def n_any(self, value: Any, /) -> Any:
        return self._decide(any, value, True)

    def n_all(self, value: Any, /) -> Any:
        return self._decide(all, value, False)

    def _decide(self, fn: Callable[..., Any], value: Any, decisive: bool) -> Any:
        """``any`` or ``all``: the first item that decides; deferred from the first one that has to be waited for."""
        if self.deferrable(value, True) and not self.risky(value):
            return self.defer(self._decide, (fn, value, decisive))
        value = self.force_shape(value)
        if type(value) not in ITERABLE:
            return self.fence(fn, (value,), {}, what=fn.__name__)
        plain = self.cur is not self.ghost  # nothing so far that asking for its truth again could change
        for item in self.iterate(value):
            if type(item) is Pending and not item.done and plain and not self.risky(item):
                return self.defer(self._decide, (fn, value, decisive))
            if plain and type(item) not in ATOMS and type(item) not in CONTAINERS and type(item) is not tuple:
                plain = False
            if self.truth(item) is decisive:
                return decisive
        return not decisive

    # ------------------------------------------------------------------ containers from containers
    def n_list(self, /, *args: Any, **kwargs: Any) -> Any:
        if len(args) != 1 or kwargs:
            return self.known(list(*args, **kwargs))
        if self.deferrable(args[0], True):
            return self.defer(self.n_list, args, born=args[0].position)
        value = self.force_shape(args[0])
        if type(value) is range:
            return self.born(list(value))
        if type(value) in ITERABLE:
            return self.new_list(list(self.iterate(value)))
        return self.known(self.fence(list, (value,), {}, what="list"))

    def n_copy(self, /, *args: Any, **kwargs: Any) -> Any:
        """``copy.copy``: of an exact list or dict, what is in it here, whether it is there already or not."""
        value = settled(args[0]) if len(args) == 1 and not kwargs else None
        if type(value) is list:
            return self.new_list(list(self.view(value)))
        if type(value) is dict:
            return self.dict_like(self.keyed_view(value), {})
        return self.native(copy.copy, args, kwargs or None, False, effect_of(copy.copy))

    def n_tuple(self, *args: Any) -> Any:
        if len(args) != 1:
            return tuple(*args)
        if self.deferrable(args[0], True):
            return self.defer(self.n_tuple, args, born=args[0].position)
        value = self.force_shape(args[0])
        if type(value) is tuple:
            return value
        if type(value) in ITERABLE:
            return self.new_tuple(*self.iterate(value))
        return self.fence(tuple, (value,), {}, what="tuple")

    def n_set(self, *args: Any) -> Any:
        if len(args) != 1:
            return self.known(set(*args))
        if self.deferrable(args[0], True) and not self.risky(args[0]):
            return self.defer(self.n_set, args, born=args[0].position)
        value = self.force_shape(args[0])
        kind = type(value)
        if kind in (set, frozenset) or (kind is dict and self.quiescent()):  # which keep the hashes of what is in them
            return self.native(set, (value,))
        if kind in ITERABLE:
            if kind is not Pending:
                view = self.view(value) if kind is list or kind is dict else value
                if all(type(item) in ATOMS for item in view):
                    return self.born(set(view))
            return self.new_set(list(self.iterate(value)))
        return self.known(self.fence(set, (value,), {}, what="set"))

    def n_dict(self, /, *args: Any, **kwargs: Any) -> Any:
        if not args:
            return self.new_dict(list(kwargs.items()))
        if len(args) == 1 and self.deferrable(args[0], True) and not self.risky(args[0]):
            return self.defer(self.late_dict, (args[0], kwargs))
        value = self.force(args[0])
        if len(args) == 1 and type(value) in MAPPINGS:
            return self.dict_like(self.keyed_view(value), kwargs)
        return self.known(self.fence(dict, (value, *args[1:]), kwargs, what="dict"))

    def late_dict(self, value: Any, kwargs: dict[str, Any]) -> Any:
        return self.n_dict(value, **kwargs)

    # ------------------------------------------------------------------ join
    def join_text(self, separator: Any, source: Any) -> Any:
        """``separator.join(source)`` of a str or bytes."""
        if self.deferrable(source, True):
            pending = self.defer(self.join_text, (separator, source), born=source.position)
            pending.direct = pending.data = True
            return pending
        source = self.force_shape(source)
        if type(source) is list or type(source) is tuple or type(source) is Pending:
            return self.native(_join, (separator, self.new_tuple(*self.iterate(source))), None, True)
        return self.native(separator.join, (source,), None, True)


def _join(separator: Any, items: tuple[Any, ...]) -> Any:
    return separator.join(items)
