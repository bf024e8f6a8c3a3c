"""Reads that may write: ``d[k]`` where ``d`` is a defaultdict (see ``engine/defaults.py``).

A read of a key that is there writes nothing. It is there for sure if the key is a constant or a variable that the continuation does
not bind again, the defaultdict has it at the position of the continuation (if it handles failures: when the unit begins), and nobody
older may still take it out. (If the continuation itself does, its footprint has the elements for that.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...compiler.references import ANY_KEY, MISSING_KEY
from ..atoms import ATOMS, EMPTY
from ..pending import settled
from .values import CYCLE, DATA, JUST_UNKNOWN, UNKNOWN, Activation, Args, Fresh, Older, Values

if TYPE_CHECKING:
    from ..base import Base
else:
    Base = object

_ATOMIC = frozenset({int, float, str, bool, bytes})
_NONE: Any = object()


class Missing(Base):
    """Part of :class:`~poppy_ipython.engine.reach.Reach`."""

    trail: list[tuple[Callable[..., Any], Any, Any, Any]] | None
    empties: dict[type, Fresh]

    def read_element(self, act: Activation, value: Any, name: str | None, key: Any) -> None:
        """``value[k]`` is read (``k`` is the variable ``name``, or the constant ``key``): a defaultdict stores what is missing."""
        kind = type(value)
        if kind is defaultdict:
            self.trail = None
            if self.has_key(act, value, name, key):
                return
            made = self.made_by(value)
            self.write(("e", id(value)), MISSING_KEY, lambda: made)
        elif value is UNKNOWN or value is CYCLE or kind is Older and value.kind is defaultdict:
            for factory in self.machine.factories:
                self.invoke(factory, Args(self, None, None))
            self.write(("*k", defaultdict), ANY_KEY, lambda: JUST_UNKNOWN)

    def made_by(self, target: defaultdict[Any, Any]) -> Values:
        """What the factory of ``target`` gives."""
        factory = self.attribute_of(target, "default_factory")
        if all(one is None or one in EMPTY for one in factory):
            return (*[DATA if one is None or one in _ATOMIC else self.empty(one) for one in factory],)
        return self.distinct([made for one in factory if one is not None for made in self.invoke(one, Args(self, None, None))])

    def empty(self, kind: type) -> Fresh:
        """A new container of that class."""
        found = self.empties.get(kind)
        if found is None:
            found = self.empties[kind] = Fresh(None, tuple)
        return found

    def has_key(self, act: Activation, target: defaultdict[Any, Any], name: str | None, key: Any) -> bool:
        """Is the key in ``target`` when the continuation reads it?"""
        if name is not None:
            key = self.variable(act, name)
        elif key is None:
            return False
        if type(key) not in ATOMS and not (type(key) is tuple and all(type(part) in ATOMS for part in key)):
            return False
        if not self.plain_elements(target):
            return False
        chain = self.machine.chains.get(id(target))
        if chain is None:
            return key in target
        here = self.key
        if any(frame.summary.catches for frame in self.frames):
            here = here[:-1]  # where the unit begins: what it has stored itself, a fault may drop before a handler runs
        return chain.waiting_key(here) is None and key in chain.at(here, self.machine.generation)

    def variable(self, act: Activation, name: str) -> Any:
        """The value of a variable that the continuation does not bind; else something that is no key."""
        if name in act.given or name in act.closure or any(name in frame.summary.bindings for frame in self.frames):
            return _NONE
        found = [place[name] for _, place in act.locals if name in place]
        if found:
            return settled(found[0]) if all(value is found[0] for value in found) else _NONE
        if not act.lowered.cell and name in act.lowered.locals or name in self.footprints.global_names():
            return _NONE
        if self.older((("n", id(act.namespace), name),)):
            return _NONE
        chains = self.machine.name_chains.get(id(act.namespace))
        cell = chains.get(name) if chains else None
        found = cell.find(self.key) if cell is not None else None
        return settled(found[1] if found is not None else act.namespace.get(name, _NONE))


__all__ = ["Missing"]
