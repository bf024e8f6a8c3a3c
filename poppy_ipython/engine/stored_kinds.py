"""What older units may yet store: the classes of it.

A path ends at a slot that somebody older may still write: what will be there has no value yet. Often it has a class:
``self.points.append(Point(…))`` in an unfinished loop puts instances of ``Point`` there and nothing else, and with the
class the methods are known that a continuation calls on them. Asked for only when a path meets such a slot, so that a cell
without one pays nothing.

Why it is right: an older unit whose footprint has the slot was looked at in the same way, and the footprint holds
everything that its continuation may store there, whatever it still waits for. It stands still until it is made anew, and what
it stores then is among that. What younger units write in such an instance takes the wildcard of the attribute
(:class:`~poppy_ipython.engine.reach.values.Older`), as the instance has no identity yet; methods are those of its class.
The same holds for what a function in flight may return. If only one store (or result) is not known to be of such instances or of plain data, nothing is known. What external calls return is not
plain data here: it is an object that the older unit receives, and a younger one may change.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, cast

from ..compiler.references import ANY_KEY, MISSING_KEY, Ref
from .atoms import MAPPINGS
from .pending import Pending
from .reach.values import DATA, DISPLAY, PLAIN, TOP_SLOT, Activation, Fresh, Older, StandIn, Super

if TYPE_CHECKING:
    from .reach import Reach

#: most older units that are asked about one slot
_MOST = 64
#: units that are remembered
_KEPT = 256
_HEAP_TYPE = 1 << 9
_IN_C = (types.WrapperDescriptorType, types.MethodDescriptorType, types.BuiltinFunctionType, types.ClassMethodDescriptorType)
_OURS = (StandIn, Pending, Super)
Kinds = dict[Any, frozenset[type]]


class StoredKinds:
    """Part of :class:`~poppy_ipython.engine.footprint.Footprints`: ``kinds_stored``."""

    machine: Any

    def _init_stored_kinds(self) -> None:
        self.known: dict[int, Known] = {}
        self.wanted: set[int] = set()
        self.of_class: dict[type, Older] = {}

    def older(self, kind: type) -> Older:
        """An instance of that class that somebody older has made, somewhere."""
        found = self.of_class.get(kind)
        if found is None:
            found = self.of_class[kind] = Older(kind)
        return found

    def kinds_stored(self, slots: tuple[Any, ...], key: tuple[int, ...], born: Any) -> tuple[type, ...] | None:
        """Classes of the instances that units older than ``key`` may store in ``slots``; None if that is not known."""
        if not self.machine.stored_kinds:
            return None
        may = self.machine.may
        asked: dict[int, Any] = {}
        found: dict[type, None] = {}
        for slot in (*slots, TOP_SLOT):
            wild = slot is TOP_SLOT or slot[0] in ("*a", "*k")
            for writers in may.get(slot, ()):
                for index in range(writers.head, len(writers.keys)):
                    position, unit = writers.keys[index], writers.units[index]
                    if position >= key:
                        break
                    if wild and born is not None and position <= born:
                        continue
                    if slot is TOP_SLOT:
                        return None
                    asked[id(unit)] = unit
                    if len(asked) > _MOST:
                        return None
                    known = self.known_of(unit)
                    if known is None or slot not in known.stored:
                        return None
                    kinds = known.stored[slot]
                    found.update(dict.fromkeys(kinds))
        return tuple(found)

    def values_left(self, unit: Any, name: str) -> tuple[Any, ...] | None:
        """What ``unit`` may bind ``name`` to, or what its function may return: objects that there are, instances by class."""
        if not self.machine.stored_kinds or unit.published is None:
            return None
        known = self.known_of(unit)
        if known is None or known.reach is None:
            return None
        if name not in known.left:
            known.left[name] = None  # for who asks on the way
            known.left[name] = self.left(known.reach, known.acts, name)
        return known.left[name]

    def known_of(self, unit: Any) -> Known | None:
        """What is known of the continuation of ``unit``, which stands still."""
        found = self.known.get(id(unit))
        if found is not None and found.unit is unit and found.published is unit.published:
            return found
        if id(unit) in self.wanted:
            return None
        self.wanted.add(id(unit))
        try:
            followed = self.reach_of(unit)
            if followed is None:
                found = Known(unit, {}, None, [])
            else:
                reach, frames = followed
                acts = reach.frames[: len(frames)] if frames else []
                found = Known(unit, _stored(reach), reach, acts)
        finally:
            self.wanted.discard(id(unit))
        if len(self.known) >= _KEPT:
            self.known.clear()
        self.known[id(unit)] = found
        return found

    def left(self, reach: Reach, acts: list[Activation], name: str) -> tuple[Any, ...] | None:
        """``acts``: the code of the unit itself, innermost first."""
        if not acts:
            return None
        outermost = acts[-1]
        if name:
            if not outermost.lowered.cell:
                return None
            found = reach.name(outermost, cast(Ref, Name(name)))
        elif outermost.lowered.cell:
            return None
        else:
            found = tuple([v for act in acts for ref in act.summary.returns for v in reach.values(act, ref)])
        values: dict[int, Any] = {}
        for value in found:
            if type(value) in PLAIN:
                continue
            kind = value.kind if isinstance(value, Fresh | Older) else type(value)
            if kind is None and value.origin is not None:
                value = DISPLAY
            elif kind is None or not has_only_methods(kind):
                return None
            elif isinstance(value, Fresh):
                value = self.older(kind)
            values[id(value)] = value
        return tuple(values.values())

    def reach_of(self, unit: Any) -> tuple[Reach, Any] | None:
        raise NotImplementedError


class Name:
    """A reference to a name, as far as :meth:`~poppy_ipython.engine.reach.paths.Paths.name` looks at it."""

    __slots__ = ("detail",)

    def __init__(self, detail: str) -> None:
        self.detail = detail


class Known:
    """What is known of one unit at one stall."""

    __slots__ = ("acts", "left", "published", "reach", "stored", "unit")

    def __init__(self, unit: Any, stored: Kinds, reach: Reach | None, acts: list[Activation]) -> None:
        self.unit = unit
        self.published = unit.published
        self.stored = stored
        self.reach = reach
        self.acts = acts
        #: name ("" for the result) -> what is known of it
        self.left: dict[str, tuple[Any, ...] | None] = {}


def _stored(reach: Reach) -> Kinds:
    found: Kinds = {}
    for slot, writes in reach.written.items():
        if slot[0] not in ("e", "*k", "a", "*a") or slot[0] == "*k" and slot[1] in MAPPINGS:
            continue
        kinds: set[type] = set()
        for key, stored in writes:
            if key is ANY_KEY and slot[0] == "e":  # of a dict, the key may be anything
                break
            for value in stored():
                if type(value) in PLAIN or value is DATA and key is MISSING_KEY:
                    continue
                if key is MISSING_KEY and type(value) is Fresh and (made := [k for k, v in reach.empties.items() if v is value]):
                    kinds.update(made)
                    continue
                kind = value.kind if isinstance(value, Fresh | Older) else type(value)
                if kind is None or not has_only_methods(kind):
                    break
                kinds.add(kind)
            else:
                continue
            break
        else:
            found[slot] = frozenset(kinds)
    return found


def has_only_methods(kind: type) -> bool:
    """Is it a class made by a ``class`` statement, all the way up, so that its operations are functions or ``object``'s?"""
    if type(kind) is not type or kind in _OURS:
        return False
    return all(
        base is object or (base.__flags__ & _HEAP_TYPE and not any(type(found) in _IN_C for found in base.__dict__.values()))
        for base in kind.__mro__
    )


__all__ = ["StoredKinds", "has_only_methods"]
