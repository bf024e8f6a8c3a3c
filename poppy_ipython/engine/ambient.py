"""What a program takes from its process: the environment, and random numbers.

Both are ordered resources (``environment``, ``rng``), and a call of theirs that waited for its turn would hold whatever is
made of its result: ``ask(f"{random.choice(tones)}: {q}")`` in a loop would be one round after the other. So:

**A read of the environment** runs where it stands if nothing older may still write it: no write of it is in the log (a read
of it changes nothing, so the log's reads do not matter), and no older unit that stands may write it, or what it is not known
to be. What nobody declared may write it, too, but that runs at the head, with everything older retired.

**A random number** is known before its turn (:mod:`.draws`).

**What is shown** (``display``, ``pprint``) is shown in its turn, as with ``print``, if it is plain data or made of it by IPython's own
classes: another object's ``_repr_html_`` is anybody's code, which may write.

**What the system gives** (``uuid4``, ``secrets``) has no state that a program could see: it is taken where it is asked for.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from ..effects import effect_of
from ..effects.table import own_name
from .atoms import ATOMS, CONTAINERS
from .draws import source_of
from .external import EVERYTHING
from .pending import Pending, settled
from .reach.callees import users_file
from .snapshot import Picture, look, may_be_written

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: the resource of what shows its arguments when its turn comes
SHOWN = "shown"


class Ambient(Base):
    """Part of the :class:`Machine`."""

    def _init_ambient(self) -> None:
        #: off: all these wait for their turn
        self.foresees = True
        #: results of calls that make something to be shown
        self.showable: dict[int, Any] = {}

    def queued(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """A call of ``fn``, an ordered effect that is over at once: where it stands if that is the same, else at the head."""
        if effect.known and effect.resource != SHOWN and self.shows_users_code((*args, *kwargs.values())):
            return self.fence(fn, args, kwargs, what=own_name(fn))
        if self.foresees and self.cur is not self.ghost and not self.quiescent():
            owner = getattr(fn, "__self__", None)
            if effect.resource == SHOWN:
                return self._show(fn, args, kwargs, effect)
            if effect.name == "readonly":
                if _all_of(ATOMS, args, kwargs) and not self._may_change(effect.resource, owner):
                    args, kwargs = _settled(args, kwargs)
                    return self.known(self.natively(fn, args, kwargs))
            elif effect.resource == "entropy" and effect.known:
                if _all_of(ATOMS, args, kwargs):
                    args, kwargs = _settled(args, kwargs)
                    return self.natively(fn, args, kwargs)
            elif effect.resource == "rng" and effect.known:
                if owner is not None and source_of(owner) is not None:
                    return self.draw(fn, args, kwargs, effect)
                if self.makes_generator(fn, args, kwargs):
                    return self.born(self.natively(fn, *_settled(args, kwargs)))
        return self.at_head_value(fn, args, kwargs, effect)

    def shows_users_code(self, values: tuple[Any, ...]) -> bool:
        """May a library run a special method of the user's, one that writes, on what it is given?"""
        if _all_of(ATOMS, values, {}) or self.cur is self.ghost or not any(self.writing_code()[:2]):
            return False
        return self.any_risky(values) or any(map(self.acts_inside, values))

    def ordered_item(self, target: Any, key: Any, effect: Any) -> Any:
        """``target[key]`` of a class whose elements ``effect`` says are read in order (the environment)."""
        key = settled(key)
        if self.cur is not self.ghost and type(key) in ATOMS and not self._may_change(effect.resource, target):
            return self.natively(operator.getitem, (target, key), {})
        return self.fence(operator.getitem, (target, key), {}, what=f"{type(target).__name__}[…]", pure=True)

    def _show(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """``display`` and the like: when its turn comes, if it only shows plain data then, and runs no ``_repr_html_`` of the user's."""
        if users_file(None) or not all(self._is_plain(value) for value in (*args, *kwargs.values())):
            return self.fence(fn, args, kwargs, what=fn.__name__)
        pending = self.at_head_value(fn, args, kwargs, effect)
        if isinstance(fn, type):
            self.showable[id(pending)] = pending
        return pending

    def _is_plain(self, value: Any) -> bool:
        """Is it data without an object of the user's in it, whatever is in flight?"""
        value = settled(value)
        if type(value) is Pending:
            if value.elements is not None:
                return all(map(self._is_plain, value.elements))
            return id(value) in self.showable or value.position is not None or value.data
        if type(value) in ATOMS:
            return True
        if type(value) in CONTAINERS or type(value) is tuple:
            picture = Picture()
            look(self, value, picture)
            return not picture.opaque and all(self._is_plain(hole) for _, _, hole in picture.holes)
        effect = effect_of(type(value))
        return effect is not None and effect.resource == SHOWN  # a Markdown, an HTML

    def _may_change(self, resource: Any, target: Any) -> bool:
        """May something older than this position still write ``resource``, which ``target`` holds? (Draws whose numbers are known do not count.)"""
        unit = self.cur
        here = (*unit.path, unit.n + 1)
        if any(write.position < here for name in (resource, EVERYTHING) for write in self.writes.get(name, ())):
            return True
        if not self.may:
            return False
        if self.older_writer((("r", EVERYTHING), ("r", resource)), here, None) is not None:
            return True
        return may_be_written(self, target, {id(target)}) is not None


def _all_of(kinds: frozenset[type], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return all(type(settled(value)) in kinds for value in (*args, *kwargs.values()))


def _settled(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return tuple(map(settled, args)), {name: settled(value) for name, value in kwargs.items()}


__all__ = ["Ambient"]
