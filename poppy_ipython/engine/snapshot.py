"""Looking through arguments: is everything in them plain and current, and a copy where it is not.

:func:`look` walks exact builtin containers (never opaque objects) as a reader at the current position and tells

* ``shadowed`` -- a buffered store is reachable, so the real object is older than this position;
* ``holes`` -- places of the copy where a pending belongs;
* ``opaque`` -- an object was met that the walk does not enter (an instance, a generator, a library's object).

The copy is a faithful picture of the forwarded view: containers new, atoms and opaque objects shared, aliasing and
cycles kept.  It serves natives whose result is an atom, and arguments of external calls.
"""

from __future__ import annotations

import types
from typing import Any

from .atoms import ATOMS, is_atom
from .pending import Pending

#: among the identities of reachable objects: there may be others
EVERYTHING = -1


class Picture:
    """What :func:`look` found."""

    __slots__ = ("holes", "memo", "opaque", "shadowed")

    def __init__(self) -> None:
        self.shadowed = False
        self.opaque: list[Any] = []
        self.holes: list[tuple[Any, Any, Pending]] = []
        self.memo: dict[int, Any] = {}


def look(machine: Any, value: Any, picture: Picture) -> Any:
    """The copy of ``value`` as seen at the machine's current position; may stall for may-writes of what it meets."""
    kind = value.__class__
    if kind in ATOMS:
        return value
    if kind is Pending:
        if value.done:
            return look(machine, value.value, picture)
        return value
    key = id(value)
    memo = picture.memo
    if key in memo:
        return memo[key][1]
    if kind is list:
        view = _view(machine, value, picture)
        copy: Any = []
        memo[key] = (value, copy)
        for item in list(view):
            if item.__class__ not in ATOMS:
                item = look(machine, item, picture)
                if item.__class__ is Pending:
                    picture.holes.append((copy, len(copy), item))
            copy.append(item)
        return copy
    if kind is dict:
        view = _view(machine, value, picture)
        copy = {}
        memo[key] = (value, copy)
        for name, item in list(view.items()):
            if name.__class__ not in ATOMS:
                name = look(machine, name, picture)
            if item.__class__ not in ATOMS:
                item = look(machine, item, picture)
                if item.__class__ is Pending:
                    picture.holes.append((copy, name, item))
            copy[name] = item
        return copy
    if kind is tuple:
        items = [look(machine, item, picture) for item in value]
        memo[key] = (value, value)
        if all(a is b for a, b in zip(items, value, strict=True)):
            return value
        if any(item.__class__ is Pending for item in items):
            raise AssertionError("a real tuple holds a pending")
        copy = tuple(items)
        memo[key] = (value, copy)
        return copy
    if kind is set:
        # a copy of a set may iterate in another order: a set is passed as it is, or not before it is current
        view = _view(machine, value, picture)
        memo[key] = (value, value)
        if view is not value:
            picture.opaque.append(value)
        return value
    if kind is frozenset:
        for item in value:
            look(machine, item, picture)
        memo[key] = (value, value)
        return value
    memo[key] = (value, value)
    if is_atom(value) or kind is slice:
        return value
    if kind is types.MethodType:
        look(machine, value.__self__, picture)
        return value
    picture.opaque.append(value)
    return value


def _view(machine: Any, value: Any, picture: Picture) -> Any:
    view = machine.view(value)
    if view is not value:
        picture.shadowed = True
    return view


def instance_is_current(machine: Any, value: Any, seen: set[int]) -> bool:
    """True if nothing buffered or still to be written is reachable through a plain instance (no stalls)."""
    if value.__class__ in ATOMS:
        return True
    key = id(value)
    if key in seen:
        return True
    seen.add(key)
    if len(seen) > 10_000:
        return False
    chains = machine.chains
    if key in chains:
        return False
    kind = value.__class__
    if kind in (list, tuple, set, frozenset):
        return all(instance_is_current(machine, item, seen) for item in value)
    if kind is dict:
        return all(instance_is_current(machine, item, seen) for item in value.values())
    own = getattr(value, "__dict__", None)
    if own.__class__ is dict:
        for name, item in own.items():
            if (key, name) in chains or not instance_is_current(machine, item, seen):
                return False
        if any(k.__class__ is tuple and k[0] == key for k in chains):
            return False
    else:
        seen.add(EVERYTHING)  # we cannot see inside
    return True


def instance_is_settled(machine: Any, value: Any) -> bool:
    """True if an instance is current and nobody older may still write it or what is reachable through it."""
    reach: set[int] = set()
    return instance_is_current(machine, value, reach) and may_be_written(machine, value, reach) is None


def may_be_written(machine: Any, value: Any, reach: set[int]) -> Any:
    """A unit that may still write an old instance, or an object of ``reach``, before the current position; else None."""
    if not machine.may:
        return None
    unit = machine.cur
    here = (*unit.path, unit.n + 1)
    born = machine.birth_of(value)
    for slot, writers in machine.may.items():
        for position, _, writer in writers:
            if position >= here:
                break
            wild = slot.__class__ is str or slot[0] in ("*a", "*k")
            if wild and born is not None and position <= born:
                continue
            if wild or slot[0] == "c" or (slot[0] in ("a", "e") and (slot[1] in reach or EVERYTHING in reach)):
                return writer
    return None


__all__ = ["Picture", "instance_is_settled", "look"]
