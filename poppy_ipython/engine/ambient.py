"""What a program takes from its process: the environment, and random numbers.

Both are ordered resources (``environment``, ``rng``), and a call of theirs that waited for its turn would hold whatever is
made of its result: ``ask(f"{random.choice(tones)}: {q}")`` in a loop would be one round after the other. So:

**A read of the environment** runs where it stands if nothing older may still write it: no write of it is in the log (a read
of it changes nothing, so the log's reads do not matter), and no older unit that stands may write it, or what it is not known
to be. What nobody declared may write it, too, but that runs at the head, with everything older retired.

**A random number** is a read and a write. The write is queued for the head like any other: there the real generator is asked
again, in its turn, so that its state is at every time that of a plain run, and a call that failed leaves it where it was. The
number is known before that, from a *shadow*: a copy of the generator, made when no draw from it was outstanding, from which
the same draws are made in program order. The copy gives what the real one will give, for its state is its own (``getstate``)
and by contract nobody but declared draws changes that: native code does, but waits for the log to be empty, after which a
new copy is made. A shadow is not used while a draw older than this one is outstanding that did not go through it, while an
older unit may still draw, or once a draw through it was undone by a fault. Arguments must be as they will be at the head: atoms,
or exact builtin containers that nobody has changed in the store buffer.

**What is shown** (``display``, ``pprint``) is shown in its turn, as with ``print``, if it is plain data or made of it by IPython's own
classes: another object's ``_repr_html_`` is anybody's code, which may write.

**What the system gives** (``uuid4``, ``secrets``) has no state that a program could see: it is taken where it is asked for.

Generators of classes of your own, and those of numpy, are asked at the head only. Decided against: drawing from the real
generator ahead and setting its state back after a fault (a thread, or a handler, would see numbers that were never drawn).
"""

from __future__ import annotations

import operator
import random
from typing import TYPE_CHECKING, Any

from ..effects import effect_of
from .atoms import ATOMS, CONTAINERS
from .external import DRAWN, EVERYTHING
from .pending import Pending, settled
from .reach.callees import users_file
from .snapshot import Picture, look, may_be_written

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: draws whose result is a new list
_NEW_LISTS = frozenset({"choices", "sample"})
#: what is no draw: it gives, or takes, the whole state
_STATE = frozenset({"getstate", "setstate", "seed"})
#: the resource of what shows its arguments when its turn comes
SHOWN = "shown"
#: attributes of a generator that belong to its state, and what its methods are made of
_OF_STATE = frozenset({"gauss_next"})
_PARTS = ("random", "getrandbits", "_randbelow", "gauss_next")
_PLAIN = ATOMS | CONTAINERS | {tuple}


class Shadow:
    """A copy of a generator, ahead of it by the draws that have not retired."""

    __slots__ = ("copy", "last", "original")

    def __init__(self, original: random.Random) -> None:
        self.original = original
        self.copy = random.Random(0)
        self.copy.setstate(original.getstate())
        #: the youngest draw
        self.last: Any = None


class Ambient(Base):
    """Part of the :class:`Machine`."""

    def _init_ambient(self) -> None:
        #: off: all these wait for their turn
        self.foresees = True
        self.shadows: dict[int, Shadow] = {}
        #: results of calls that make something to be shown
        self.showable: dict[int, Any] = {}

    def queued(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """A call of ``fn``, an ordered effect that is over at once: where it stands if that is the same, else at the head."""
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
            elif effect.resource == "rng" and effect.known and type(owner) is random.Random and fn.__name__ not in _STATE:
                return self._draw(fn, args, kwargs, effect)
        return self.at_head_value(fn, args, kwargs, effect)

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

    # ------------------------------------------------------------------ random numbers
    def _draw(self, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """A draw from an exact ``random.Random``: its result now if that can be told, else as a pending."""
        name, original = method.__name__, method.__self__
        if not vars(original).keys() <= _OF_STATE or any((id(original), part) in self.chains for part in (name, *_PARTS)):
            return self.at_head_value(method, args, kwargs, effect)  # it has methods of its own
        if not _all_of(_PLAIN, args, kwargs) or not self._are_current((*args, *kwargs.values())):
            return self.at_head_value(method, args, kwargs, effect)
        shadow = None if self.quiescent() or self._may_change("rng", original) else self._shadow_of(original)
        if shadow is None:
            return self.at_head_value(method, args, kwargs, effect)
        args, kwargs = _settled(args, kwargs)
        try:
            value = self.natively(getattr(shadow.copy, name), args, kwargs)
        except Exception:  # it fails in its turn
            del self.shadows[id(original)]
            return self.at_head_value(method, args, kwargs, effect)
        self.at_head_value(method, args, kwargs)
        shadow.last = entry = self.cur.log[-1]
        entry.resource = DRAWN
        self.writes.setdefault(DRAWN, []).append(entry)
        return self.born(value) if name in _NEW_LISTS else value

    def _shadow_of(self, original: random.Random) -> Shadow | None:
        """The copy that stands where ``original`` will stand at this position, if there is one."""
        known = self.shadows.get(id(original))
        if known is not None and known.last is not None and not known.last.done and not known.last.dead:
            return known
        if any(write.fn.__self__ is original for write in self.writes.get(DRAWN, ())):
            return None  # the youngest draws were undone, and where the copy stood before them is not known
        found = self.shadows[id(original)] = Shadow(original)
        return found

    def _are_current(self, values: tuple[Any, ...]) -> bool:
        """Are all of ``values``, and what they hold, exact builtins that have no buffered stores?"""
        picture = Picture()
        for value in values:
            look(self, settled(value), picture)
        return not (picture.shadowed or picture.holes or picture.opaque)


def _all_of(kinds: frozenset[type], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return all(type(settled(value)) in kinds for value in (*args, *kwargs.values()))


def _settled(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return tuple(map(settled, args)), {name: settled(value) for name, value in kwargs.items()}


__all__ = ["Ambient"]
