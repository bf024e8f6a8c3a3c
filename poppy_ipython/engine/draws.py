"""Random numbers that are known before their turn: `random`, generators of `random.Random`, `numpy.random` and its generators.

A random number is a read and a write of its generator. The write is queued for the head like any other: there the real generator is
asked again, in its turn, so that its state is at every time that of a plain run, and a call that failed leaves it where it was. The
number is known before that, from a *shadow*: a copy of the generator, made when no draw from it was outstanding, from which
the same draws are made in program order. The copy gives what the real one will give, for its state is its own (``getstate``, the ``state`` of a bit generator)
and by contract nobody but declared draws changes that: native code does, but waits for the log to be empty, after which a
new copy is made. A shadow is not used while a draw older than this one is outstanding that did not go through it, while an
older unit may still draw, or once a draw through it was undone by a fault. Two generators of numpy may share the bit generator that holds the state: the
shadow belongs to that, and to who drew first. Arguments must be as they will be at the head: plain data, or exact builtin containers that nobody has
changed in the store buffer; arrays of numbers or texts while no store to one is outstanding.

**Shuffling** a list is a draw that depends on nothing but its length, and a store. The shadow shuffles numbers instead; where they come to
lie is the store, which goes to the buffer (elements may be in flight), and the real generator shuffles as many things in its turn.

**A new generator** (``default_rng(7)``, ``random.Random(7)``) draws from nobody.

Generators of classes of your own are asked at the head only. Decided against: drawing from the real generator ahead and setting its state back
after a fault (a thread, or a handler, would see numbers that were never drawn).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .atoms import ATOMS, CONTAINERS
from .external import DRAWN
from .memory import MEMORY, is_scalar
from .pending import settled
from .snapshot import Picture, look

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: draws whose result is a new list
_NEW_LISTS = frozenset({"choices", "sample"})
#: what is no draw: it gives, or takes, the whole state
_STATE = frozenset({"getstate", "setstate", "seed", "get_state", "set_state"})
#: attributes of a generator that belong to its state, and what its methods are made of
_OF_STATE = frozenset({"gauss_next"})
_PARTS = ("random", "getrandbits", "_randbelow", "gauss_next")
_PLAIN = ATOMS | CONTAINERS | {tuple}
_BITS = frozenset({"PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"})


class Shadow:
    """A copy of a generator, ahead of it by the draws that have not retired."""

    __slots__ = ("copy", "last", "original", "source")

    def __init__(self, original: Any, source: Any) -> None:
        #: who is asked, and what holds the state
        self.original, self.source = original, source
        if source is original:
            self.copy: Any = random.Random(0)
            self.copy.setstate(original.getstate())
        elif type(original).__name__ == "RandomState":
            self.copy = type(original)(type(source)(0))
            self.copy.set_state(original.get_state(legacy=False))
        else:
            bits = type(source)(0)
            bits.state = source.state
            self.copy = type(original)(bits)
        #: the youngest draw
        self.last: Any = None

    def is_ahead(self) -> bool:
        return self.last is not None and not self.last.done and not self.last.dead


class Draws(Base):
    """Part of the :class:`Machine`: owns ``shadows``."""

    def _init_draws(self) -> None:
        #: by the id of what holds the state
        self.shadows: dict[int, Shadow] = {}

    def makes_generator(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Does the call make a generator of its own, from plain data or from nothing?"""
        numpy: Any = sys.modules.get("numpy.random")
        if fn is not random.Random and (numpy is None or (fn is not numpy.default_rng and fn is not numpy.RandomState)):
            return False
        return all(type(settled(value)) in ATOMS for value in (*args, *kwargs.values()))

    def draw(self, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """A draw from a known generator: its result now if that can be told, else as a pending."""
        args = tuple(map(settled, args))
        kwargs = {name: settled(value) for name, value in kwargs.items()}
        if method.__name__ in _STATE or not all(map(self._is_plain_argument, (*args, *kwargs.values()))) or not self._are_current((*args, *kwargs.values())):
            return self.at_head_value(method, args, kwargs, effect)
        shadow = self._shadow_for(method.__self__)
        if shadow is None:
            return self.at_head_value(method, args, kwargs, effect)
        try:
            value = self.natively(getattr(shadow.copy, method.__name__), args, kwargs)
        except Exception:  # it fails in its turn
            del self.shadows[id(shadow.source)]
            return self.at_head_value(method, args, kwargs, effect)
        self._draw_later(shadow, method, args, kwargs)
        new = type(value).__name__ == "ndarray" or method.__name__ in _NEW_LISTS  # (else it may be what was chosen)
        return self.born(value) if new else value

    def shuffle(self, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any], in_order: Callable[..., Any]) -> Any:
        """``random.shuffle(xs)``; ``in_order`` runs it as it is."""
        target = settled(args[0]) if len(args) == 1 and not kwargs else None
        if type(target) is not list or not self.foresees or self.cur is self.ghost or self.quiescent():
            return in_order(method, args, kwargs)
        size = len(self.view(target))
        shadow = self._shadow_for(method.__self__)
        if shadow is None:
            return in_order(method, args, kwargs)
        order = list(range(size))
        self.natively(shadow.copy.shuffle, (order,), {})
        if self.direct(target, id(target)):
            rearrange(target, order)
        else:
            self.store_op(target, rearrange, (order,))
        self._draw_later(shadow, method, ([None] * size,), {})
        return None

    def _draw_later(self, shadow: Shadow, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.at_head_value(method, args, kwargs)
        shadow.last = entry = self.cur.log[-1]
        entry.resource = DRAWN
        self.writes.setdefault(DRAWN, []).append(entry)

    def _shadow_for(self, original: Any) -> Shadow | None:
        """The copy that stands where ``original`` will stand at this position, if there is one."""
        source = source_of(original)
        if source is None or self.quiescent() or self._may_change("rng", original):
            return None
        if source is original and (not vars(original).keys() <= _OF_STATE or any((id(original), part) in self.chains for part in _PARTS)):
            return None  # it has methods of its own
        known = self.shadows.get(id(source))
        if known is not None and known.is_ahead():
            return known if known.original is original and known.source is source else None
        if any(source_of(write.fn.__self__) is source for write in self.writes.get(DRAWN, ())):
            return None  # the youngest draws were undone, and where the copy stood before them is not known
        found = self.shadows[id(source)] = Shadow(original, source)
        return found

    def is_drawn_from(self, value: Any) -> bool:
        """Are draws from ``value``, a generator or what holds its state, outstanding?"""
        found = self.shadows.get(id(value))
        return found is not None and found.source is value and found.is_ahead()

    def _is_plain_argument(self, value: Any) -> bool:
        if type(value) in _PLAIN or is_scalar(value):
            return True
        return MEMORY not in self.writes and _is_simple_array(value) and not self.may

    def _are_current(self, values: tuple[Any, ...]) -> bool:
        """Are all of ``values``, and what they hold, exact builtins that have no buffered stores?"""
        picture = Picture()
        for value in values:
            if type(value) in _PLAIN:
                look(self, value, picture)
        return not (picture.shadowed or picture.holes or picture.opaque)


def source_of(original: Any) -> Any:
    """What holds the state of a generator that is known; None for any other object."""
    kind = type(original)
    if kind is random.Random:
        return original
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is None or (kind is not numpy.Generator and kind is not numpy.RandomState):
        return None
    source = original._bit_generator if kind is numpy.RandomState else original.bit_generator
    names = _BITS if kind is numpy.Generator else ("MT19937",)
    return source if type(source).__name__ in names and type(source).__module__.startswith("numpy.random.") else None


def is_shuffle(fn: Any, kind: type) -> bool:
    """Is ``fn`` the method of ``kind``, the class of a known generator, that shuffles a list?"""
    if kind is random.Random:
        return fn is random.Random.shuffle
    numpy: Any = sys.modules.get("numpy.random")
    known = numpy is not None and (kind is numpy.Generator or kind is numpy.RandomState)
    return known and getattr(fn, "__name__", "") == "shuffle" and fn is getattr(kind.shuffle, "__func__", kind.shuffle)  # type: ignore[attr-defined]


def rearrange(target: list[Any], order: list[int]) -> None:
    """Put the elements in the ``order`` of their numbers (one that a callback has added meanwhile stays where it is)."""
    target[: len(order)] = [target[i] for i in order if i < len(target)]


def _is_simple_array(value: Any) -> bool:
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray and value.dtype.kind in "biufUS"


__all__ = ["Draws", "is_shuffle"]
