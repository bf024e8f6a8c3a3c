"""Reads and stores of attributes, elements and global names, through the store buffer.

Every operation starts with the cheap case -- a quiescent unit (at the head, empty log) works on the real objects, as a plain
run does -- and goes through chains and may-writes otherwise.

``direct``: a store may go straight to the real object only if no chain exists for its slot and either the unit is
quiescent or the object was born after the unit's last log entry, names that were bound since not counted (binding a name looks at
no object): then nobody, older or outside, can look at it before this store, and no fault can ask for it back.
"""

from __future__ import annotations

import operator
import types
from collections import defaultdict, deque
from collections.abc import Callable
from sys import _getframe
from typing import Any

from ..effects.registry import effect_of_special, is_ordered
from ..effects.table import MISSING
from .atoms import (
    _MISSING,
    ATOMS,
    COLLECTED,
    ELSEWHERE,
    MAPPINGS,
    OPERANDS,
    SEQUENCES,
    WRITABLE,
    acts_as_index,
    hashes_plainly,
    lookup,
    reads_plainly,
    stores_plainly,
)
from .buffer import Cell, Chain, Place, bind_name, named, set_item, set_slice
from .constructors import is_record
from .displays import Displays
from .maywrites import TOP
from .memory import MEMORY
from .pending import UNBOUND, NotReady, Pending, settled
from .tables import _MISSING as NO_CELL
from .taking import NOTHING

_PLAIN_READS = WRITABLE - {type}
_METHODS = (types.FunctionType, types.MethodDescriptorType)


class Heap(Displays):
    """Part of the :class:`Machine`: owns ``chains``."""

    outstanding: int

    def _init_heap(self) -> None:
        #: id(container) -> Chain, (id(object), attribute) -> Cell
        self.chains: dict[Any, Any] = {}
        self.looped: dict[int, Any] = {}
        #: counts runs of native code, each of which may have written to any real object
        self.generation = 0
        #: the list that was made last by slicing an exact list
        self.sliced: Any = None
        self.name_chains: dict[int, dict[str, Cell]] = {}
        self.plain_reads: dict[tuple[Any, ...], Any] = {}
        self._init_defaults()

    # ------------------------------------------------------------------ chains
    def view(self, target: Any) -> Any:
        """The forwarded view of an exact container for a read here; waits for writers and pending keys."""
        if type(target) is defaultdict:
            self.see_default(target)
        while True:
            if self.may:
                self.await_writers(target, (("e", id(target)), *ELSEWHERE[type(target)]))
            chain = self.chains.get(id(target))
            if chain is None:
                return target
            unit = self.cur
            here = (*unit.path, unit.n + 1)
            key = chain.waiting_key(here)
            if key is None:
                return chain.at(here, self.generation)
            self.force(key)

    def direct(self, target: Any, key: Any) -> bool:
        """May a store to slot ``key`` of ``target`` go straight to the real object?"""
        unit = self.cur
        if key in self.chains or (unit is self.ghost and not unit.head):
            return False
        if not unit.log and unit.head:
            return True
        born = self.birth.get(id(target))
        if born is None or born[0] is not target or born[1] is not unit:
            return False
        log = unit.log
        at = born[2][-1]
        for i in range(len(log) - 1, -1, -1):
            last = log[i]
            if type(last) is not tuple:
                return bool(last.number <= at)
            if last[1][-1] <= at:
                return True
            if type(last[0].key) is not str:
                return False
        return True

    def store_op(self, target: Any, fn: Callable[..., Any], args: tuple[Any, ...], fallible: bool = False) -> None:
        """Buffer the operation ``fn(target, *args)`` on an exact container."""
        if self.cur is self.ghost:
            for value in args:
                if type(value) is list or type(value) is dict:
                    for item in value.values() if type(value) is dict else value:
                        if type(item) is Pending and not item.done:
                            raise NotReady(item)
            raise NotReady
        key = id(target)
        chain = self.chains.get(key)
        if chain is None:
            self.chains[key] = chain = Chain(self.chains, key, target)
        unit = self.cur
        unit.n = n = unit.n + 1
        position = (*unit.path, n)
        chain.add(position, fn, args)
        if fallible:
            chain.fallible = True
            chain.places[position] = issue = Place()
            self.locate(issue, _getframe(1))
        self.outstanding += 1
        unit.log.append((chain, position))
        if self.unfinished:
            self.issued()

    # ------------------------------------------------------------------ attributes
    def ga(self, target: Any, name: str) -> Any:
        """``target.name``."""
        if type(target) is Pending:
            if not target.done:
                if target.elements is not None and target.kind is not None and name in target.kind._fields:
                    return settled(target.elements[target.kind._fields.index(name)])
                if target.kind is None and not self.risky(target):
                    return self.defer(self.ga, (target, name), born=target.position)
            target = self.force(target)
        unit = self.cur
        if not unit.log and unit.head:
            return getattr(target, name)
        kind = type(target)
        if kind in OPERANDS:
            return getattr(target, name)
        if name == "__dict__" or id(target) in self.exposed:  # the same slots under two names: as attributes and as a dict's items
            self.exposed[id(target)] = target
            return self.fence(getattr, (target, name), {}, what=f"{kind.__name__}.{name}")
        key = (id(target), name)
        may = self.may
        if key in self.chains or (
            may and (("a", *key) in may or ("*a", name) in may or ("c", name) in may or TOP in may)
        ):
            while True:
                here = (*unit.path, unit.n + 1)
                cell = self.chains.get(key)
                found = cell.find(here) if cell is not None else None
                if self.may:
                    writer = self.older_writer(
                        (("a", id(target), name), ("*a", name), ("c", name)),
                        here,
                        self.birth_of(target),
                        found[0] if found is not None else None,
                    )
                    if writer is not None:
                        self.wait_for_writer(writer)
                        continue
                if found is not None and found[1] is not UNBOUND:
                    return settled(found[1])
                break
        if kind in _PLAIN_READS or self.reads_plainly(kind, name, target):
            return getattr(target, name)
        getter = self.getter_of(kind, name)
        if getter is not None:
            return self.call_method(types.MethodType(getter, target), (), {})
        if MEMORY in self.writes and lookup(kind, name) is _MISSING and (found := self.column_read(target, name)) is not NO_CELL:
            return found
        return self.fence(getattr, (target, name), {}, what=f"{kind.__name__}.{name}")

    def reads_plainly(self, kind: type, name: str, target: Any) -> bool:
        """Is ``target.name`` free of user code (plain slots, or a library whose attributes are declared pure)?"""
        if self.reading and self.is_being_read(target):
            return False
        if reads_plainly(kind, name, target):
            return not is_ordered(kind) or type(lookup(kind, name)) in _METHODS
        if kind.__module__.startswith("numpy.random.") and type(lookup(kind, name)).__name__ == "cython_function_or_method":
            return True
        key = (kind, name)
        known = self.plain_reads.get(key)
        if known is None:
            known = self.plain_reads[key] = self.attributes_are_pure(kind)
        return known and (MEMORY not in self.writes or self.left_alone(target, name))

    def special(self, kind: type, name: str) -> Any:
        """The effect of an operator on objects of class ``kind``, if its special method is declared pure (or a read of what is there)."""
        key = ("special", kind, name)
        known = self.plain_reads.get(key, MISSING)
        if known is MISSING:
            effect = effect_of_special(kind, name)
            here = effect is not None and (effect.name == "pure" or effect.name == "readonly" and not effect.external)
            known = self.plain_reads[key] = effect if here else None
        return known

    def sa(self, target: Any, name: str, value: Any) -> None:
        """``target.name = value`` (``value`` UNBOUND deletes)."""
        if type(target) is Pending:
            target = self.force(target)
        if type(value) is Pending and value.done:
            value = value.value
        unit = self.cur
        if not unit.log and unit.head and type(value) is not Pending and name != "__code__":
            return setattr(target, name, value)
        if not stores_plainly(type(target), name) or id(target) in self.exposed:
            value = self.force(value)
            self.fence(setattr, (target, name, value), {}, what=f"{type(target).__name__}.{name} =")
            if name == "__code__":
                self.recoded()
            return None
        return self.store_attribute(target, name, value)

    def store_attribute(self, target: Any, name: str, value: Any) -> None:
        """A store that only writes the instance dict or a slot, as ``object.__setattr__`` does."""
        if type(value) is Pending and value.done:
            value = value.value
        key = (id(target), name)
        if type(value) is not Pending and self.direct(target, key):
            return object.__setattr__(target, name, value)
        unit = self.cur
        if unit is self.ghost:
            raise NotReady
        cell = self.chains.get(key)
        if cell is None:
            cell = self.chains[key] = Cell(self.chains, key, target, lambda obj, v: object.__setattr__(obj, name, v))
        unit.n = n = unit.n + 1
        position = (*unit.path, n)
        cell.add(position, value)
        self.outstanding += 1
        unit.log.append((cell, position))
        if self.unfinished:
            self.issued()
        return None

    def da(self, target: Any, name: str) -> None:
        """``del target.name``."""
        self.fence(delattr, (self.force(target), name), {}, what="del")

    # ------------------------------------------------------------------ elements
    def stored_item(self, target: dict[Any, Any], key: Any) -> tuple[Any, Any] | None:
        """The store of ``key`` in ``target`` that a read here finds, whatever units older than the store may still do.

        They all come before it, as a plain run has it: only who stands between the store and the read could undo it.
        """
        if not self.may or type(key) not in ATOMS:
            return None
        chain = self.chains.get(id(target))
        if chain is None:
            return None
        unit = self.cur
        here = (*unit.path, unit.n + 1)
        found: tuple[Any, Any] | None = chain.last_item(here, key)
        if found is None or self.older_writer(self.element_slots(target), here, self.birth_of(target), found[0]) is not None:
            return None
        return found

    def gi(self, target: Any, key: Any) -> Any:
        """``target[key]``."""
        if type(target) is Pending:
            if target.done:
                target = target.value
            elif target.elements is not None and type(key) is int:
                return settled(target.elements[key])
            elif not self.risky(target) and (type(key) in ATOMS or not self.acts(key)):
                return self.blindly(self.defer(self.gi, (target, key), born=target.position), target)
            else:
                target = self.force(target)
        if type(key) is Pending:
            if not key.done and (special := self.special_of(target, "__getitem__")) is not None:
                return self.call_method(special, (key,), {})
            if not key.done and type(target) is not defaultdict and not self.risky(key) and not self.acts(target):
                return self.defer(self.gi, (target, key))
            key = self.force(key)
        kind = type(target)
        if kind is list or kind is dict:
            if kind is list and type(key) is not int and acts_as_index(key):
                value = self.fence(operator.getitem, (target, key), {}, what="__index__")
            elif not self.chains and not self.may:
                value = target[key]
            elif kind is dict and not hashes_plainly(key):
                value = self.fence(operator.getitem, (target, key), {}, what="__hash__")
            else:
                if kind is dict:
                    stored = self.stored_item(target, key)
                    if stored is not None:
                        return settled(stored[1])
                value = settled(self.view(target)[key])
            if kind is list and type(key) is slice:
                self.sliced = value = self.new_list(value)
            return value
        self.sliced = None
        if kind in SEQUENCES or is_record(kind):
            if type(key) is not int and acts_as_index(key):
                return self.fence(operator.getitem, (target, key), {}, what="__index__")
            return target[key]
        unit = self.cur
        if not unit.log and unit.head:
            return target[key]
        if kind in COLLECTED:
            return self.collected_item(target, key)
        if issubclass(kind, type) and type(lookup(target, "__class_getitem__")) is classmethod:
            return self.fence(operator.getitem, (target, key), {}, what="__class_getitem__")
        special = self.special_of(target, "__getitem__")
        if special is not None:
            return self.call_method(special, (key,), {})
        effect = self.special(kind, "__getitem__")
        if effect is not None and effect.name == "readonly":
            return self.ordered_item(target, key, effect)
        if type(key) is tuple and (found := self.cell_read(target, key)) is not NO_CELL:
            return found
        if type(key) is str and (found := self.column_read(target, key)) is not NO_CELL:
            return found
        if effect is None and ((found := self.row_read(target, key)) is not NO_CELL or (found := self.taken(target, key)) is not NOTHING):
            return found
        return self.native(operator.getitem, (target, key), None, False, effect)

    def hashable(self, key: Any) -> None:
        """Before ``key`` is hashed, which Python does once: wait for the head if that may run code of the user's."""
        if not hashes_plainly(key):
            self.drain("unknown", "__hash__")
            self.before_native()

    def si(self, target: Any, key: Any, value: Any) -> None:
        """``target[key] = value``."""
        if type(target) is Pending:
            target = self.force(target)
        if type(value) is Pending and value.done:
            value = value.value
        if type(key) is Pending and (key.done or self.risky(key)):
            key = self.force(key)
        kind = type(target)
        if kind in MAPPINGS:
            if type(key) is Pending:
                return self.store_op(target, set_item, (key, value), fallible=True)
            if not hashes_plainly(key):
                return self.fence(operator.setitem, (target, key, value), {}, what="__hash__")
            if type(value) is not Pending and self.direct(target, id(target)):
                target[key] = value
                return None
            hash(key)
            return self.store_op(target, set_item, (key, value))
        if kind is list and not acts_as_index(key := self.force(key)):
            if type(value) is not Pending and self.direct(target, id(target)):
                if type(key) is not slice or type(value) in (tuple, str, range):
                    target[key] = value
                    return None
            if type(key) is slice:
                items = list(self.iterate(self.force(value)))
                probe = list(self.view(target))
                probe[key] = items
                return self.store_op(target, set_slice, (key, items))
            if type(key) is int or type(key) is bool:
                size = len(self.view(target))
                if not -size <= key < size:
                    raise IndexError("list assignment index out of range")
                return self.store_op(target, set_item, (int(key), value))
        if kind is deque:
            return self.set_deque_item(target, key, value)
        special = self.special_of(target, "__setitem__") if self.cur.log or not self.cur.head else None
        if special is not None:
            self.call_method(special, (key, value), {})
            return None
        if self.store_later(target, key, value):
            return None
        return self.fence(operator.setitem, (target, self.force(key), self.force(value)), {}, what=f"{kind.__name__}[…] =")

    def di(self, target: Any, key: Any) -> None:
        """``del target[key]``."""
        target = self.force(target)
        key = self.force(key)
        kind = type(target)
        if kind is dict or (kind is list and not acts_as_index(key)):
            if kind is dict and not hashes_plainly(key):
                return self.fence(operator.delitem, (target, key), {}, what="__hash__")
            if self.direct(target, id(target)):
                del target[key]
            else:
                probe = self.view(target).copy()
                del probe[key]
                self.store_op(target, named("__delitem__"), (key,))
            if self.looped and kind is dict:
                self.deleted(target, key)
            return None
        if kind in COLLECTED:
            return self.delete_collected(target, key)
        return self.fence(operator.delitem, (target, key), {}, what="del")

    def take_out(self, target: Any, key: Any) -> None:
        """``del target[key]`` of what is there."""
        if self.direct(target, id(target)):
            del target[key]
        else:
            self.store_op(target, named("__delitem__"), (key,))
        if self.looped:
            self.deleted(target, key)

    # ------------------------------------------------------------------ names
    def globals_of(self, namespace: dict[str, Any]) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
        """``(read, store, phantom)`` for the names of ``namespace``, made once per lowered code object."""
        chains = self.name_chains.setdefault(id(namespace), {})
        self.namespaces[id(namespace)] = namespace
        may, unfinished = self.may, self.unfinished
        space = id(namespace)
        builtins = namespace.get("__builtins__", __builtins__)
        builtins = builtins if isinstance(builtins, dict) else vars(builtins)

        slot_of: dict[str, tuple[Any, ...]] = {}
        missing: Any = object()

        def read(name: str) -> Any:
            if may:
                slot = slot_of.get(name)
                if slot is None:
                    slot = slot_of[name] = ("n", space, name)
                while slot in may or TOP in may:
                    unit = self.cur
                    here = (*unit.path, unit.n + 1)
                    cell = chains.get(name)
                    found = cell.find(here) if cell is not None else None
                    writer = self.older_writer((slot,), here, None, found[0] if found is not None else None)
                    if writer is None:
                        break
                    self.wait_for_writer(writer)
            cell = chains.get(name)
            if cell is not None:
                unit = self.cur
                found = cell.find((*unit.path, unit.n + 1))
                if found is not None:
                    value = found[1]
                    if type(value) is Pending:
                        if value.done:
                            value = value.value
                        elif value.maybe_unbound:
                            value = self.force(value)
                    if value is not UNBOUND:
                        return value
                    if name in builtins:
                        return builtins[name]
                    raise NameError(f"name '{name}' is not defined", name=name)
            value = namespace.get(name, missing)
            if value is not missing:
                return value
            value = builtins.get(name, missing)
            if value is not missing:
                return value
            raise NameError(f"name '{name}' is not defined", name=name)

        def store(name: str, value: Any) -> Any:
            unit = self.cur
            closes = unfinished and self.drops(namespace, name)
            if closes:
                value = self.force(value)
                self.drain()
            if type(value) is Pending and value.done:
                value = value.value
            cell = chains.get(name)
            if cell is None:
                if not unit.log and unit.head and type(value) is not Pending:
                    if value is UNBOUND:
                        del namespace[name]
                    else:
                        namespace[name] = value
                    return value
                cell = chains[name] = Cell(chains, name, namespace, lambda ns, v: bind_name(ns, name, v))
            unit.n = n = unit.n + 1
            position = (*unit.path, n)
            cell.add(position, value)
            self.outstanding += 1
            unit.log.append((cell, position))
            if closes:
                self.drain()
            return value

        def phantom(name: str, value: Any) -> None:
            """After a forked statement: readers find its result; the statement's own stores do the work."""
            cell = chains.get(name)
            if cell is None:
                cell = chains[name] = Cell(chains, name, namespace, lambda ns, v: bind_name(ns, name, v))
            unit = self.cur
            unit.n = n = unit.n + 1
            position = (*unit.path, n)
            cell.add(position, value, True)
            self.outstanding += 1
            unit.log.append((cell, position))

        return read, store, phantom
