"""An oracle for footprints: every store of a unit must lie in each footprint that it, or a unit around it, has published before.

`Monitor.install` is the `mutate` hook of `run_simulated`. It notes what is published, under which key, and every store with
its position, whether it went through the store buffer or straight to the real object; `missed()` compares them. A store
to an object that was born behind the key needs no slot. A footprint that is made anew in the same stall replaces the old one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from sys import _getframe
from typing import Any

from poppy_ipython.engine.atoms import ELSEWHERE
from poppy_ipython.engine.methods import MUTATORS
from poppy_ipython.engine.pending import settled
from poppy_ipython.engine.shared import CONTENTS

TOP = "top"


@dataclass(frozen=True, slots=True)
class Store:
    position: tuple[int, ...]
    slots: tuple[Any, ...]  # any of them covers it
    born: tuple[int, ...] | None
    text: str


class Monitor:
    """What one run has published and stored."""

    def __init__(self) -> None:
        #: (unit's path, its stall) -> (key, number of stores before, slots)
        self.published: dict[tuple[tuple[int, ...], int], tuple[tuple[int, ...], int, set[Any]]] = {}
        #: the same -> calls in flight through which it may write: what they give cannot be seen before they end, and whoever
        #: still stands at that stall then publishes anew
        self.unseen: dict[tuple[tuple[int, ...], int], list[Any]] = {}
        self.stores: list[Store] = []
        self.birth: dict[int, tuple[Any, tuple[int, ...]]] = {}
        #: id of an external call's result -> objects that it consisted of when it came
        self.parts: dict[int, dict[int, Any]] = {}
        self.keep: list[Any] = []
        #: lists that slicing has made: (the list, by which unit, in which line); the one that `+=` is extending
        self.sliced: dict[int, tuple[Any, Any, Any]] = {}
        self.own: Any = None
        #: index of a store by an operator in place -> what it adds: of a number nothing is stored
        self.operands: dict[int, Any] = {}

    def install(self, machine: Any) -> None:
        """Wrap the machine's own entry points."""
        publish, direct, store_op, sa, meth, born, globals_of, inplace, ended, fence, gi = (
            machine.publish, machine.direct, machine.store_op, machine.sa, machine.meth, machine.born, machine.globals_of,
            machine.inplace, machine.external_ended, machine.fence, machine.gi,
        )  # fmt: skip
        self.machine = machine

        def on_publish(unit: Any) -> None:
            publish(unit)
            stall = unit.waiting + (machine.cur is unit)
            slots = set(unit.published[1])
            self.published[unit.path, stall] = ((*unit.path, unit.n + 1), len(self.stores), slots)
            watched = machine.footprints.watched if hasattr(machine, "footprints") else {}
            self.unseen[unit.path, stall] = [watched[s[1]][0] for s in slots if s[0] == "p" and s[1] in watched]

        def on_direct(target: Any, key: Any) -> bool:
            if _getframe(1).f_locals.get("name") != "copy":  # asks too, and does not store
                self.store(target, key)
            return direct(target, key)  # type: ignore[no-any-return]

        def on_store_op(target: Any, fn: Any, args: Any, fallible: bool = False) -> None:
            self.store(target, id(target))
            store_op(target, fn, args, fallible)

        def on_sa(target: Any, name: str, value: Any) -> Any:
            target = machine.force(target)
            self.store(target, (id(target), name))
            return sa(target, name, value)

        def on_meth(target: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
            if name in MUTATORS and type(target) in (list, dict, set):
                self.store(target, id(target))
            return meth(target, name, *args, **kwargs)

        def on_gi(target: Any, key: Any) -> Any:
            before = len(target) if type(target) is defaultdict else -1
            result = gi(target, key)
            if type(target) is defaultdict and len(target) > before:  # made by the read itself, natively
                self.birth[id(result)] = (result, self.here())
            if type(key) is slice and type(result) is list:
                self.sliced[id(result)] = (result, machine.cur.path, machine.caller_line())
            return result

        def on_inplace(fn: Any, target: Any, value: Any) -> Any:
            # `x[0:1] += …` changes a list that the statement itself has made, and nobody else has
            made, *where = self.sliced.get(id(target), (None,))
            self.own = target if made is target and where == [machine.cur.path, machine.caller_line()] else None
            if type(target) in (list, dict, set) and target is not self.own:
                self.operands[len(self.stores)] = value
                self.store(target, id(target))
            return inplace(fn, target, value)

        def on_born(target: Any) -> Any:
            self.birth[id(target)] = (target, self.here())
            return born(target)

        def on_ended(entry: Any, value: Any, error: BaseException | None) -> None:
            parts: dict[int, Any] = {}
            self.made_outside(value, entry.position, parts)
            self.parts[id(value)] = parts
            ended(entry, value, error)

        def on_fence(fn: Any, args: Any, kwargs: Any, **more: Any) -> Any:
            result = fence(fn, args, kwargs, **more)
            if isinstance(fn, type) and type(result) is fn:  # made by a native constructor
                self.birth[id(result)] = (result, self.here())
            return result

        def on_globals_of(namespace: dict[str, Any]) -> Any:
            read, store, phantom = globals_of(namespace)

            def on_store(name: str, value: Any) -> Any:
                self.stores.append(Store(self.here(), (("n", id(namespace), name),), None, name))
                return store(name, value)

            return read, on_store, phantom

        def on_seg(fused: Any, step: Any, *operands: Any) -> Any:
            maps = [(each, len(each)) for each in operands if type(each) is defaultdict]
            result = seg(fused, step, *operands)
            if any(len(each) > before for each, before in maps):  # `d[k]` at the head made it
                self.birth[id(result)] = (result, self.here())
            return result

        def on_cell_of(fn: Any) -> Any:
            cell = cell_of(fn)
            if self.birth.get(id(cell), (None,))[0] is not cell:  # first seen by the function that owns it
                self.birth[id(cell)] = (cell, self.here())
            return cell

        def on_shared_store(cell: Any, value: Any) -> Any:
            self.store(cell, (id(cell), CONTENTS))
            return shared_store(cell, value)

        cell_of, shared_store, seg = machine.cell_of, machine.shared_store, machine.seg
        machine.cell_of, machine.shared_store, machine.seg = on_cell_of, on_shared_store, on_seg
        machine.publish, machine.direct, machine.store_op, machine.sa = on_publish, on_direct, on_store_op, on_sa
        machine.meth, machine.born, machine.globals_of, machine.inplace = on_meth, on_born, on_globals_of, on_inplace
        machine.external_ended, machine.fence, machine.gi = on_ended, on_fence, on_gi

    def made_outside(self, value: Any, position: tuple[int, ...], parts: dict[int, Any]) -> None:
        """All of an external call's result is born where the call stands; ``parts``: what it consists of."""
        inside = value if type(value) is dict else getattr(value, "__dict__", None)
        if id(value) in parts or type(inside) is not dict and type(value) is not list:
            return
        parts[id(value)] = value
        if type(value) in (list, dict):
            self.birth[id(value)] = (value, position)
        for item in value if type(value) is list else inside.values():
            self.made_outside(item, position, parts)

    def here(self) -> tuple[int, ...]:
        unit = self.machine.cur
        return (*unit.path, unit.n + 1)

    def store(self, target: Any, key: Any) -> None:
        if target is self.own:
            return
        if key.__class__ is tuple:
            slots: tuple[Any, ...] = (("a", *key), ("*a", key[1]))
        else:
            slots = (("e", key), *ELSEWHERE.get(type(target), (("*k", type(target)),)))
        self.keep.append(target)
        found = self.birth.get(id(target)) or self.machine.birth.get(id(target))
        born = found[-1] if found is not None and found[0] is target else None
        self.stores.append(Store(self.here(), slots, born, f"{type(target).__name__} {slots[0]} in line {self.machine.caller_line()}"))

    @property
    def tops(self) -> int:
        """Footprints that say nothing."""
        return sum(TOP in slots for _, _, slots in self.published.values())

    def missed(self) -> list[str]:
        """Stores that a footprint should have had."""
        found = []
        for (path, stall), (key, before, slots) in self.published.items():
            if TOP in slots:
                continue
            values = [id(pending.value) for pending in self.unseen[path, stall]]
            unseen = {part for value in values for part in (value, *self.parts.get(value, ()))}
            for number, store in enumerate(self.stores[before:], before):
                if type(settled(self.operands.get(number))) in (int, float, bool):
                    continue  # fails
                if store.position < key or store.position[: len(path)] != path:
                    continue
                if (store.born is not None and store.born >= key) or store.slots[0][1] in unseen:
                    continue
                if not any(slot in slots for slot in store.slots):
                    found.append(f"{path} published {key}: {slots}; stored {store.text} at {store.position}")
        return found
