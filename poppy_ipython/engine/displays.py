"""Displays: ``[a, b]``, ``{k: v}``, ``{a, b}``, with items that may be in flight.

Pendings never enter a real container: the display is a real, empty one, and they are its first buffered store.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from .atoms import ATOMS, MAPPINGS, hashes_plainly
from .buffer import extend_items, set_add, set_merge, update_items
from .pending import UNBOUND, Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


def _spread(mapping: Any) -> dict[Any, Any]:
    return {**mapping}


class Displays(Base):
    """Part of :class:`~poppy_ipython.engine.heap.Heap`."""

    def new_list(self, items: list[Any]) -> Any:
        """A list display: pendings never enter the real list, they are its first buffered store."""
        if len(items) > 64 and Pending not in set(map(type, items)):
            return self.born(items)
        for i, item in enumerate(items):
            if type(item) is Pending:
                if not item.done:
                    target = self.born([])
                    self.store_op(target, extend_items, ([settled(x) for x in items],))
                    return target
                items[i] = item.value
        return self.born(items)

    def new_dict(self, items: list[tuple[Any, Any]]) -> Any:
        """A dict display, ``items`` in order; a key of UNBOUND stands for ``**mapping``, spread already.

        Keys whose hash is code of the user's are hashed once, when the real dict is made: all values are waited for.
        """
        result: dict[Any, Any] = {}
        waiting = False
        for key, value in items:
            if not (all(map(hashes_plainly, value)) if key is UNBOUND else hashes_plainly(settled(key))):
                items = [(key, value if key is UNBOUND else self.force(value)) for key, value in items]
                break
        for key, value in items:
            if key is UNBOUND:
                result.update(value)
                waiting = waiting or any(type(v) is Pending for v in value.values())
                continue
            key = self.force(key)
            if type(key) not in ATOMS:
                self.hashable(key)
            if type(value) is Pending:
                if value.done:
                    value = value.value
                else:
                    waiting = True
            result[key] = value
        if waiting:
            target = self.born({})
            self.store_op(target, update_items, (result,))
            return target
        return self.born(result)

    def keyed_view(self, mapping: Any) -> Any:
        """What is in a dict, to be copied, which hashes no key again: of keys whose hash is code of the user's the real one."""
        view = self.view(mapping)
        if view is not mapping and not all(map(hashes_plainly, view)):
            self.drain("unknown", "__hash__")
            view = self.view(mapping)
        return view

    def dict_like(self, view: dict[Any, Any], more: dict[str, Any]) -> Any:
        """A new dict of what is in ``view`` (a `keyed_view`), and ``more``."""
        if any(type(v) is Pending for v in (*view.values(), *more.values())):
            return self.new_dict([(UNBOUND, view), *more.items()])
        return self.born({**view, **more})

    def spread_mapping(self, value: Any) -> dict[Any, Any]:
        """``**value`` in a dict display: what is in it before the items behind it are evaluated."""
        mapping = self.force(value)
        kind = type(mapping)
        if kind in MAPPINGS:
            return dict(self.keyed_view(mapping))
        # of a series (a row) this is asking for each of its labels
        effect = self.special(kind, "__getitem__") if kind.__module__ == "pandas" and kind.__name__ == "Series" else None
        return self.force(self.native(_spread, (mapping,), None, False, effect))

    def merge_into(self, target: Any, value: Any) -> Any:
        """``target |= value`` of a dict or a set.

        A dict takes what ``update`` would take; of anything but a dict it is told by Python. A set grows otherwise in a merge than
        when elements are added, which its order shows: so the merge itself is repeated, of a display that holds one element in flight.
        """
        value = self.force(value)
        if type(target) is dict and type(value) in MAPPINGS and all(map(hashes_plainly, self.view(value))):
            self.update(target, (value,), {})
            return target
        if type(target) is set and type(value) is set and (item := self._only_item(value)) is not UNBOUND:
            self.store_op(target, set_merge, (item,), fallible=True)
            return target
        return self.fence(operator.ior, (target, value), {}, what="|=")

    def _only_item(self, value: set[Any]) -> Any:
        """The one element, in flight, of a display that was just made; else UNBOUND."""
        chain = self.chains.get(id(value))
        if value or self.may or chain is None or len(chain.ops) - chain.head != 1:
            return UNBOUND
        position, fn, args = chain.ops[-1]
        if fn is not set_add or position >= (*self.cur.path, self.cur.n + 1):
            return UNBOUND
        item = settled(args[0])
        return item if type(item) is Pending and self.birth_of(value) is not None and not self.risky(item) else UNBOUND

    def new_set(self, items: list[Any]) -> Any:
        """A set display; pending elements are queued like ``add``."""
        target: set[Any] = self.born(set())
        for item in items:
            self.set_add(target, item)
        return target

    def set_add(self, target: set[Any], item: Any) -> None:
        if type(item) is Pending and (item.done or self.risky(item)):
            item = self.force(item)
        if type(item) is Pending:
            self.store_op(target, set_add, (item,), fallible=True)
            return
        if not hashes_plainly(item):
            self.fence(set.add, (target, item), {}, what="__hash__")
            return
        if not self.direct(target, id(target)):
            hash(item)
            self.store_op(target, set_add, (item,))
            return
        target.add(item)


__all__ = ["Displays"]
