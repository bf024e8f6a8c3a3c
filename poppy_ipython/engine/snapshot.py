"""Looking through arguments: is everything in them plain and current, and a copy where it is not.

:func:`look` walks exact builtin containers (never opaque objects) as a reader at the current position and tells

* ``shadowed`` -- a buffered store is reachable, so the real object is older than this position;
* ``holes`` -- places of the copy where a pending belongs;
* ``opaque`` -- an object was met that the walk does not enter (an instance, a generator, a library's object).

The copy is a faithful picture of the forwarded view: containers new, atoms and opaque objects shared, aliasing and
cycles kept.  It serves natives whose result is an atom, and arguments of external calls.
"""

from __future__ import annotations

import collections
import gc
import sys
import types
from typing import Any

from ..effects.library import NAMES
from ..effects.opened import IN_MEMORY, KEPT
from ..effects.registry import is_closed
from .atoms import _MISSING, ATOMS, BUILTIN_VALUES, hashes_plainly, is_atom, lookup
from .constructors import is_record
from .maywrites import nearest
from .memory import MEMORY, has_no_memory
from .pending import Pending

#: among the identities of reachable objects: there may be others
EVERYTHING = -1
#: packages whose classes are known not to do anything behind the program's back
_LIBRARIES = sys.stdlib_module_names | NAMES


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
    kind = type(value)
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
            if type(item) not in ATOMS:
                item = look(machine, item, picture)
                if type(item) is Pending:
                    picture.holes.append((copy, len(copy), item))
            copy.append(item)
        return copy
    if kind is dict:
        view = _view(machine, value, picture)
        for name in view:
            if type(name) not in ATOMS and not hashes_plainly(name):  # it is not copied, which would ask for its hash
                memo[key] = (value, value)
                picture.opaque.append(value)
                return value
        copy = {}
        memo[key] = (value, copy)
        for name, item in list(view.items()):
            if type(name) not in ATOMS:
                name = look(machine, name, picture)
            if type(item) not in ATOMS:
                item = look(machine, item, picture)
                if type(item) is Pending:
                    picture.holes.append((copy, name, item))
            copy[name] = item
        return copy
    if kind is tuple or is_record(kind):
        items = [look(machine, item, picture) for item in value]
        memo[key] = (value, value)
        if all(a is b for a, b in zip(items, value, strict=True)):
            return value
        if any(type(item) is Pending for item in items):
            raise AssertionError("a real tuple holds a pending")
        copy = tuple.__new__(kind, items)
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


def instance_is_current(machine: Any, value: Any, seen: set[int], quiet: bool = False) -> bool:
    """True if nothing buffered is reachable through an opaque object (no stalls); ``seen`` is what is reachable.

    With ``quiet`` it must also be made of :func:`quiet_kind` objects, the containers themselves aside.

    References are followed as the garbage collector follows them, through slots and C containers too, but not into
    classes, modules and functions. A loop and not a recursion: a parsed document is a chain of thousands of nodes.
    """
    chains = machine.chains
    owners = {key[0] for key in chains if type(key) is tuple}
    stack = [value]
    memory = MEMORY in machine.writes and not machine.stores_elsewhere(value)
    while stack:
        value = stack.pop()
        kind = type(value)
        if kind in ATOMS or id(value) in seen or issubclass(type(value), type):
            continue
        key = id(value)
        seen.add(key)
        if key in chains or key in owners or key in machine.reading or len(seen) > 10_000 or machine.is_drawn_from(value):
            return False
        if memory and not is_closed(kind) and not has_no_memory(kind):
            return False
        if kind not in BUILTIN_VALUES:
            if quiet and not quiet_kind(kind):
                return False
            if kind in KEPT and (machine.may or IN_MEMORY in machine.writes):
                return False
            if is_closed(kind):
                continue
        if kind.__name__ == "ndarray" and getattr(getattr(value, "dtype", None), "hasobject", False):
            if value.size <= 10_000:  # numpy does not tell the collector what such an array holds
                stack += value.ravel().tolist()
                continue
            seen.add(EVERYTHING)
            if chains:
                return False
        stack += gc.get_referents(value)
    return True


_quiet: dict[type, bool] = {}


def quiet_kind(kind: type) -> bool:
    """True if no special method of ``kind`` is code of the user's, or changes what it only seems to read.

    >>> import collections
    >>> quiet_kind(collections.Counter), quiet_kind(collections.defaultdict), quiet_kind(type(iter([])))
    (True, False, False)
    """
    known = _quiet.get(kind)
    if known is None:
        known = lookup(kind, "__next__") is _MISSING and not issubclass(kind, collections.defaultdict)
        for base in kind.__mro__:
            if base.__module__.partition(".")[0] not in _LIBRARIES:
                known = known and not any(isinstance(v, (types.FunctionType, property)) for v in vars(base).values())
        _quiet[kind] = known
    return known


def instance_is_settled(machine: Any, value: Any, quiet: bool = False) -> bool:
    """True if an instance is current and nobody older may still write it or what is reachable through it."""
    reach: set[int] = set()
    return instance_is_current(machine, value, reach, quiet) and may_be_written(machine, value, reach) is None


def may_be_written(machine: Any, value: Any, reach: set[int]) -> Any:
    """A unit that may still write an old instance, or an object of ``reach``, before the current position; else None."""
    if not machine.may:
        return None
    unit = machine.cur
    here = (*unit.path, unit.n + 1)
    born = machine.birth_of(value)
    for slot, found in machine.may.items():
        wild = type(slot) is str or slot[0] in ("*a", "*k")
        if wild or slot[0] == "c" or (slot[0] in ("a", "e") and (slot[1] in reach or EVERYTHING in reach)):
            _, writer = nearest(found, here, born if wild and born is not None else ())
            if writer is not None:
                return writer
    return None


__all__ = ["Picture", "instance_is_settled", "look"]
