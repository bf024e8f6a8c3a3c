"""``match`` on values in flight: which case it is, and what that captures.

The patterns themselves are tried by Python, in a function that the compiler made of them (``compiler/matches.py``). This decides when, and
on what:

* *In its turn*, on the real objects, like other native code: always right. Patterns of classes and of named values may run code of
  the user's (``__match_args__``, properties, ``__eq__``).
* *Ahead of its turn*, if the patterns compare with literals and ask for builtin classes only (these are looked up first: they must be
  Python's own), and what they look at is exact builtin data or an object that nobody has taught to compare. Then no code of the
  user's runs, and the answer depends on the data alone: on a list or dict as the store buffer shows it here, with each element, as deep as the
  patterns look, waited for. Where that needs a copy, a captured part of it stands for the object that it was copied from.

Below the depth of the patterns nothing is looked into: a list compared with ``1`` is not equal, whatever is in it.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .atoms import ATOMS, hashes_plainly, lookup
from .pending import Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_HOLDERS = frozenset({list, dict, tuple})
_OTHERS = frozenset({set, frozenset, bytearray})
#: instances of a class with one of these may match a sequence or mapping pattern
_SEQUENCE_OR_MAPPING = (1 << 5) | (1 << 6)


class _Opaque(Exception):
    """What a pattern would look at may run code of the user's, or is not known to be what it seems."""


class Matches(Base):
    """Part of the :class:`Machine`."""

    def select(
        self,
        selector: Callable[..., tuple[int, tuple[Any, ...]]],
        subject: Any,
        depth: int,
        first: int,
        stars: tuple[tuple[int, ...], ...],
        names: tuple[str, ...],
        classes: tuple[Any, ...],
        *named: Any,
    ) -> tuple[int, tuple[Any, ...]]:
        """Number of the case that matches (-1: none), and what it captures.

        ``depth``: how deep the patterns look, -1 if they may run anything; ``stars``: for each case from ``first`` on, which
        captures are new containers; ``classes``: what stands for ``names`` of builtin classes; ``named``: other names of the patterns.
        """
        subject = self.force(subject, "branch")
        if depth >= 0 and all(settled(c) is getattr(builtins, n) for n, c in zip(names, classes, strict=True)):
            copies: dict[int, Any] = {}
            try:
                seen = self.as_matched(subject, depth, copies)
            except _Opaque:
                pass
            else:
                number, caught = selector(seen)
                return (number, caught) if number < 0 else (number, self.as_captured(caught, stars[number - first], copies))
        return self.fence(selector, (subject, *named), {}, what="match")  # type: ignore[no-any-return]

    def as_matched(self, value: Any, depth: int, copies: dict[int, Any]) -> Any:
        """``value`` as patterns of that ``depth`` may look at it; a copy is noted in ``copies`` with what it was copied from."""
        if type(value) is Pending:
            value = self.force(value, "branch")
        kind = type(value)
        if kind in ATOMS:
            return value
        if kind not in _HOLDERS:
            if kind in _OTHERS:
                return value
            if kind.__flags__ & _SEQUENCE_OR_MAPPING or any(lookup(kind, name) is not own for name, own in _OBJECTS):
                raise _Opaque
            return value
        if depth == 0:
            return value
        while True:
            view = value if kind is tuple else self.view(value)
            keys = list(view) if kind is dict else []
            items = list(view.values()) if kind is dict else list(view)
            waiting = next((item for item in items if type(item) is Pending and not item.done), None)
            if waiting is None:
                break
            self.force(waiting, "branch")  # somebody may have changed the container meanwhile: once more
        if not all(map(hashes_plainly, keys)):
            raise _Opaque
        real = view is value
        found = [self.as_matched(item, depth - 1, copies) for item in items]
        if real and all(new is old for new, old in zip(found, items, strict=True)):
            return value
        copy: Any = dict(zip(keys, found, strict=True)) if kind is dict else kind(found)
        copies[id(copy)] = (copy, value)
        return copy

    def as_captured(self, caught: tuple[Any, ...], new: tuple[int, ...], copies: dict[int, Any]) -> tuple[Any, ...]:
        """``caught`` with originals for copies; those at ``new`` are containers that the pattern has made."""
        found = []
        for place, value in enumerate(caught):
            if place in new:
                if type(value) is dict:
                    for key in value:
                        value[key] = _original(value[key], copies)
                else:
                    value[:] = [_original(item, copies) for item in value]
                found.append(self.born(value))
            else:
                found.append(_original(value, copies))
        return tuple(found)


def _original(value: Any, copies: dict[int, Any]) -> Any:
    known = copies.get(id(value))
    return known[1] if known is not None and known[0] is value else value


#: what comparing with a literal, and asking for a class, looks at
_OBJECTS = tuple([(name, lookup(object, name)) for name in ("__eq__", "__class__", "__getattribute__")])

__all__ = ["Matches"]
