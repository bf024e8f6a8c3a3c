"""Looking at the store buffer and the real objects at the position of a continuation, without running user code.

Each function has the same shape, ``look(at, where, what)``, so that a footprint can say what it depends on as a list of looks
and what they found (``at`` has the machine and the position). All plain data look the same, and so do all calls in flight, as long as the result
has nothing to do with *which* call it is: nothing may be written through it, nothing read through it (then the evaluation
keeps no trail, or is watched).
"""

from __future__ import annotations

import builtins
import types
from typing import Any

from ..atoms import _MISSING
from ..pending import UNBOUND, Pending
from .values import DATA, PLAIN, TOP_SLOT, UNKNOWN


def seen(value: Any) -> Any:
    """``value`` settled, as far as evaluation tells values apart: all plain data are ``DATA``."""
    while type(value) is Pending:
        if value.done:
            value = value.value
        elif value.data:
            return DATA
        elif value.elements is not None or value.direct or value.unit is not None:
            return value
        else:
            return UNKNOWN
    if type(value) in PLAIN:
        return DATA
    return value if value is not UNBOUND else _MISSING


def look_local(at: Any, place: dict[str, Any], name: str) -> Any:
    """A local variable of a frame."""
    return seen(place.get(name, _MISSING))


def look_global(at: Any, namespace: dict[str, Any], name: str) -> Any:
    """A global or builtin name at the position of the continuation; ``UNKNOWN`` if somebody older may still bind it."""
    machine = at.machine
    chains = machine.name_chains.get(id(namespace))
    cell = chains.get(name) if chains else None
    found = cell.find(at.key) if cell is not None else None
    may = machine.may
    if may:
        slot = ("n", id(namespace), name)
        if (slot in may or TOP_SLOT in may) and machine.older_writer((slot,), at.key, None, found[0] if found is not None else None):
            data = machine.data_slot(slot, (), at.key, None, found, lambda: namespace.get(name, _MISSING))
            return DATA if data else UNKNOWN
    if found is not None:
        value = seen(found[1])
        if value is not _MISSING:
            return value
    elif name in namespace:
        return seen(namespace[name])
    known = namespace.get("__builtins__", builtins)  # a namespace that nothing has run in yet has none
    return (known if type(known) is dict else vars(known)).get(name, _MISSING)


def look_attribute(at: Any, base: Any, name: str) -> Any:
    """A plain attribute at the position of the continuation; ``UNKNOWN`` if somebody older may still write it."""
    machine = at.machine
    key = id(base)
    cell = machine.chains.get((key, name))
    found = cell.find(at.key) if cell is not None else None
    slot, wild = ("a", key, name), (("*a", name), ("c", name))
    if machine.may:
        born = machine.birth_of(base)
        if machine.older_writer((slot, *wild), at.key, born, found[0] if found is not None else None):
            data = machine.data_slot(slot, wild, at.key, born, found, lambda: getattr(base, name, _MISSING))
            return DATA if data else UNKNOWN
    return attribute_now(at, base, name, found)


def attribute_now(at: Any, base: Any, name: str, found: Any = None) -> Any:
    """The attribute as stored so far."""
    if found is None:
        cell = at.machine.chains.get((id(base), name))
        found = cell.find(at.key) if cell is not None else None
    if found is not None and found[1] is not UNBOUND:
        return seen(found[1])
    try:
        value = getattr(base, name)
    except (AttributeError, ValueError):  # (an empty cell)
        return _MISSING
    if type(value) is types.MethodType and value.__self__ is base:
        return Method(value)  # a new object at each look
    return seen(value)


def look_ahead(at: Any, _: Any, __: Any) -> bool:
    """Is a loop over the lines of a file under way?"""
    return bool(at.machine.ahead)


class Method:
    """A bound method as found on its object, equal to itself found again."""

    __slots__ = ("bound",)

    def __init__(self, bound: types.MethodType) -> None:
        self.bound = bound

    def same(self, other: Any) -> bool:
        return type(other) is Method and other.bound.__func__ is self.bound.__func__


def alike(now: Any, token: Any) -> bool:
    """Do two looks that found different objects mean the same to a footprint?"""
    kind = type(token)
    if kind is Pending:
        return type(now) is Pending and now.elements is None and now.direct == token.direct
    return kind is Method and token.same(now)  # type: ignore[no-any-return]
