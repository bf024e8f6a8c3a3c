"""Methods of builtin types, through the store buffer.

A method of a pending receiver is classified by its name: one that only strings, numbers and reading containers have is
deferred; one that could mutate, or that we do not know, waits for the receiver (its unit stalls, its siblings go on).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..effects.table import underlying
from .atoms import ATOMS, COLLECTED, CONTAINERS, ITERABLE, MAPPINGS, SEQUENCES, acts_as_index, hashes_plainly
from .buffer import extend_items, named, remove_item, set_add, set_item, update_items
from .collected import Collected
from .dictloops import CLEARED, POPPED, taken_out
from .openings import READS, WRITES
from .pending import BoundRef, Pending, settled

_IMMUTABLE_TYPES = (str, bytes, int, float, complex, tuple, frozenset, range)
#: names that no mutating method of a builtin container has, and that some immutable builtin type has
PURE_NAMES: frozenset[str] = frozenset(
    name for kind in _IMMUTABLE_TYPES for name in dir(kind) if not name.startswith("_")
) | {"get", "keys", "values", "items"}
MUTATORS: frozenset[str] = frozenset(
    {
        "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "setdefault", "popitem",
        "add", "discard", "difference_update", "intersection_update", "symmetric_difference_update",
    }
)  # fmt: skip
PURE_NAMES -= MUTATORS
#: methods that among builtins only texts have: their results are new
TEXT_ONLY = frozenset(dir(str)) - {name for kind in (list, dict, set, tuple, int, float, complex, range) for name in dir(kind)}
#: methods of ``collections.Counter`` that only read
_COLLECTION_READS = frozenset({"most_common", "elements", "total"})
#: names that only read whatever has them, digests of `hashlib` among it (a pending that has another method of that name waits for its turn)
_READS = _COLLECTION_READS | {"digest", "hexdigest"}


class Methods(Collected):
    """Part of the :class:`Machine`."""

    def meth(self, target: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """``target.name(*args, **kwargs)``."""
        if type(target) is Pending:
            if target.done:
                target = target.value
            elif (name in PURE_NAMES or name in _READS) and not self.risky_method(target, name):
                result = self.defer(self.meth, (target, name, *args), kwargs or None, born=target.position)
                # text has no parts that somebody could hold; what is part of an answer is nobody else's
                result.direct = (target.direct or target.position is not None) and name in TEXT_ONLY
                return result
            elif name in WRITES and id(target) in self.opened:
                return self.write_late(target, name, args, kwargs)
            elif getattr(target, "copy", None) is not None and (name in READS or name == "close"):
                return self.read_ahead(target, name, args, kwargs)
            else:
                target = self.force(target)
        kind = type(target)
        if kind is str or kind in SEQUENCES or kind is int or kind is float:
            return self.atom_method(target, name, args, kwargs)
        if kind in CONTAINERS:
            if kwargs:
                args = tuple([self.force(a) for a in args])
                kwargs = {k: self.force(v) for k, v in kwargs.items()}
            unit = self.cur
            if not unit.log and unit.head:
                for value in args:
                    if type(value) is Pending:
                        break
                else:
                    if not self.looped:
                        return getattr(target, name)(*args, **kwargs)
                    found = getattr(target, name)(*args, **kwargs)
                    if kind is dict:
                        self.deleted(target, *taken_out(name, args))
                    return found
            if kind is list:
                return self.list_method(target, name, args, kwargs)
            if kind is dict:
                return self.dict_method(target, name, args, kwargs)
            return self.set_method(target, name, args, kwargs)
        if kind in COLLECTED:
            return self.collected_method(target, name, args, kwargs)
        return self.call(self.ga(target, name), *args, **kwargs)

    def meth_told(self, target: Any, name: str, told: dict[str, Any], /, *args: Any, **kwargs: Any) -> Any:
        """``target.name(*args, **kwargs)``, with names that pandas would look up in its caller's frame (see ``compiler/queries``)."""
        pandas: Any = sys.modules.get("pandas")
        if pandas is not None:
            target = target if type(target) is BoundRef else self.own(target, name, True)
            fn = settled(target.fn) if type(target) is BoundRef else None
            if any(underlying(fn) is looks for looks in (pandas.DataFrame.query, pandas.DataFrame.eval, pandas.eval)):
                kwargs = {**kwargs, "local_dict": told}
        return self.meth(target, name, *args, **kwargs)

    def atom_method(self, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A method of an immutable builtin: pure."""
        method = getattr(target, name)
        if name == "join" and len(args) == 1:
            return self.join_text(target, args[0])
        return self.native(method, args, kwargs or None, type(target) is not tuple)

    # ------------------------------------------------------------------ lists
    def append(self, target: list[Any], value: Any) -> None:
        """``target.append(value)``."""
        if type(value) is Pending:
            if not value.done:
                return self.store_op(target, list.append, (value,))  # type: ignore[no-any-return]
            value = value.value
        unit = self.cur
        if (not unit.log and unit.head) or self.direct(target, id(target)):
            return target.append(value)
        return self.store_op(target, list.append, (value,))  # type: ignore[no-any-return]

    def list_method(self, target: list[Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name == "append" and len(args) == 1 and not kwargs:
            return self.append(target, args[0])
        if name == "extend" and len(args) == 1 and not kwargs:
            return self.extend(target, args[0])
        if name == "insert" and len(args) == 2 and not kwargs:
            index = self.force(args[0])
            if type(index) is int:
                return self.store_op(target, named("insert"), (index, settled(args[1])))
        if name in ("pop", "reverse", "clear", "copy") and not kwargs:
            if name == "copy" and not args:
                return self.new_list(list(self.view(target)))
            args = tuple([self.force(a) for a in args])
            if any(map(acts_as_index, args)):
                return self.fence(getattr(target, name), args, {}, what="__index__")
            if self.direct(target, id(target)):
                return getattr(target, name)(*args)
            view = self.view(target)
            probe = list(view)
            result = getattr(probe, name)(*args)
            self.store_op(target, named(name), args)
            return settled(result)
        if name in ("sort", "remove", "index", "count"):
            return self.comparing_method(target, name, args, kwargs)
        return self.fence(getattr(target, name), args, kwargs, what=f"list.{name}")

    def comparing_method(self, target: list[Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``sort``, ``remove``, ``index``, ``count``: need the elements; on the view if all are atoms."""
        if name == "sort" and not args and self.cur is not self.ghost and self.sort_later(target, kwargs):
            return None
        if name in ("index", "count") and not kwargs and self.cur is not self.ghost:
            items = [*self.view(target), *args]
            if self.has_pending(map(settled, items)) and self.can_be_deferred(items):
                pending = self.defer(self.late_comparing, (target, name, *args))
                pending.data = True  # a number
                return pending
        args = tuple([self.force(a) for a in args])
        kwargs = {k: self.force(v) for k, v in kwargs.items()}
        items = list(self.view(target))
        for i, item in enumerate(items):
            items[i] = self.force(item)
        if kwargs.get("key") is None and all(type(x) in ATOMS for x in (*items, *args)):
            probe = list(self.view(target))
            probe[:] = [settled(x) for x in probe]
            try:
                result = getattr(probe, name)(*args, **kwargs)
            except TypeError:
                if name == "sort":  # two items could not be compared: the list stays as far as it had been sorted
                    self.store_op(target, contents, (probe,))
                raise
            if name == "sort":
                self.store_op(target, _sort, (bool(kwargs.get("reverse", False)),))
            elif name == "remove":
                self.store_op(target, remove_item, args)
            return result
        return self.fence(getattr(target, name), args, kwargs, what=f"list.{name}", pure=True)

    def late_comparing(self, target: list[Any], name: str, *args: Any) -> Any:
        return self.comparing_method(target, name, args, {})

    def extend(self, target: list[Any], source: Any) -> None:
        """``target.extend(source)`` and ``target += source``."""
        source = self.force_shape(source)
        if type(source) not in ITERABLE:  # it may raise in the middle, or look at the list while that grows
            self.fence(target.extend, (source,), {}, what="list.extend")
            return
        items = [settled(x) for x in self.iterate(source)]
        if not any(type(x) is Pending for x in items) and self.direct(target, id(target)):
            target.extend(items)
            return
        self.store_op(target, extend_items, (items,))

    # ------------------------------------------------------------------ dicts
    def dict_method(self, target: dict[Any, Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if (kwargs and name != "update") or (args and name in _KEYED and not hashes_plainly(self.force(args[0]))):
            found = self.fence(getattr(target, name), args, kwargs, what=f"dict.{name}")
            if self.looped:
                self.deleted(target, *taken_out(name, args))
            return found
        if name == "get" and 1 <= len(args) <= 2:
            key = self.key_of(args[0])
            stored = self.stored_item(target, key)
            if stored is not None:
                return settled(stored[1])
            return settled(self.view(target).get(key, *args[1:]))
        if name in ("items", "keys", "values") and not args:
            # a live view object: whoever uses it natively must see the real dict, which is current at the head only
            return self.fence(getattr(target, name), args, kwargs, what=f"dict.{name}", pure=True)
        if name == "copy" and not args:
            return self.dict_like(self.keyed_view(target), {})
        if name == "setdefault" and 1 <= len(args) <= 2:
            key = self.key_of(args[0])
            view = self.view(target)
            if key in view:
                return settled(view[key])
            value = settled(args[1]) if len(args) == 2 else None
            self.si(target, key, value)
            return value
        if name == "update" and len(args) <= 1:
            return self.update(target, args, kwargs)
        if name == "pop" and 1 <= len(args) <= 2:
            key = self.key_of(args[0])
            view = self.view(target)
            if not view or key not in view:  # of an empty dict no key is hashed
                if len(args) == 2:
                    return settled(args[1])
                raise KeyError(key)
            value = settled(view[key])
            self.take_out(target, key)
            return value
        if name == "popitem" and not args:
            view = self.view(target)
            if not view:
                raise KeyError("popitem(): dictionary is empty")
            key = next(reversed(view))
            value = settled(view[key])
            self.store_op(target, named("popitem"), ())
            if self.looped:
                self.deleted(target, POPPED)
            return self.new_tuple(key, value)
        if name == "clear" and not args:
            if self.looped:
                self.deleted(target, CLEARED)
            if self.direct(target, id(target)):
                return target.clear()
            return self.store_op(target, named("clear"), ())
        return self.fence(getattr(target, name), args, kwargs, what=f"dict.{name}")

    def update(self, target: dict[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        items: dict[Any, Any] = {}
        if args:
            source = self.force(args[0])
            if type(source) in MAPPINGS and all(map(hashes_plainly, view := self.view(source))):
                items.update(view)
            else:  # it may raise in the middle, or look at the dict while that grows
                self.fence(target.update, (source,), kwargs, what="dict.update")
                return
        items.update(kwargs)
        items = {k: settled(v) for k, v in items.items()}
        if not any(type(v) is Pending for v in items.values()) and self.direct(target, id(target)):
            target.update(items)
            return
        self.store_op(target, update_items, (items,))

    def key_of(self, key: Any) -> Any:
        key = self.force(key)
        self.hashable(key)
        return key

    # ------------------------------------------------------------------ sets
    def set_method(self, target: set[Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name == "add" and len(args) == 1 and not kwargs:
            return self.set_add(target, args[0])
        if name in ("discard", "remove") and len(args) == 1 and not kwargs:
            item = self.force(args[0])
            if not hashes_plainly(item):
                return self.fence(getattr(target, name), (item,), {}, what=f"set.{name}")
            if self.direct(target, id(target)):
                return getattr(target, name)(item)
            if name == "remove" and item not in self.view(target):
                raise KeyError(item)
            return self.store_op(target, named("discard"), (item,))
        if name == "copy" and not args:
            return self.native(set.copy, (target,))
        if name == "clear" and not args:
            return self.store_op(target, named("clear"), ())
        if name == "update" and len(args) == 1 and not kwargs:
            source = self.force_shape(args[0])
            if type(source) in ITERABLE:
                for item in list(self.iterate(source)):
                    self.set_add(target, item)
                return None
        if name in ("union", "intersection", "difference", "issubset", "issuperset", "isdisjoint", "symmetric_difference"):
            sources = [self.force(a) for a in args]
            if self.view(target) is target and all(type(s) in CONTAINERS or type(s) in (tuple, frozenset) for s in sources):
                views = [self.view(s) if type(s) in CONTAINERS else s for s in sources]
                views = [[self.force(x) for x in v] if type(v) is not set else v for v in views]
                if all(type(x) in ATOMS for v in (*views, self.view(target)) for x in v):
                    return self.known(getattr(target, name)(*views))
        return self.fence(getattr(target, name), args, kwargs, what=f"set.{name}")


def contents(target: list[Any], items: list[Any]) -> None:
    target[:] = [settled(x) for x in items]


def _sort(target: list[Any], reverse: bool) -> None:
    target[:] = [settled(x) for x in target]
    target.sort(reverse=reverse)


#: methods of a dict whose first argument is a key
_KEYED = frozenset({"get", "setdefault", "pop"})

__all__ = ["Methods", "set_add", "set_item", "Callable"]
