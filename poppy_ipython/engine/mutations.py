"""Declared functions that change what they are given: seen, and said.

`unordered`, `readonly` and `sequential` promise to change no argument, and results rest on it: a call may see a copy. What a
function did to a list, dict or set of its arguments is seen by their lengths and first elements, before and after the call. Nothing
is undone: the declaration has to change. Looking deeper would cost more than many a call; what is not seen proves nothing.

Calls in flight may share an argument, and who of several callees has changed it cannot be told: then nobody is named.
"""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_log = logging.getLogger("poppy_ipython.effects")
_CONTAINERS = frozenset({list, dict, set})
_FIRST = 8


def shape(value: Any) -> tuple[int, ...]:
    """Length and first elements, by identity; taken without running Python code: another thread may be changing it."""
    return (len(value), *map(id, islice(value.values() if type(value) is dict else value, _FIRST)))


class Watched:
    """A container that calls in flight were given."""

    __slots__ = ("fns", "shape", "users", "value")

    def __init__(self, value: Any) -> None:
        self.value, self.shape, self.users = value, shape(value), 0
        self.fns: set[int] = set()


class Mutations(Base):
    """Part of the :class:`Machine`."""

    def _init_mutations(self) -> None:
        #: id of a container -> itself, while calls that were given it are in flight
        self.given: dict[int, Watched] = {}

    def watch_arguments(self, entry: Any) -> None:
        """The call is sent now."""
        for value in _arguments(entry):
            found = self.given.get(id(value))
            if found is None:
                found = self.given[id(value)] = Watched(value)
            found.users += 1
            found.fns.add(id(entry.fn))

    def look_at_arguments(self, entry: Any) -> None:
        """The call is over."""
        for value in _arguments(entry):
            found = self.given.get(id(value))
            if found is not None and shape(value) != found.shape and len(found.fns) == 1:
                self._say(entry, value)
        self.forget_arguments(entry)

    def forget_arguments(self, entry: Any) -> None:
        """The call is over, or nobody waits for it any more."""
        for value in _arguments(entry):
            found = self.given.get(id(value))
            if found is not None:
                found.users -= 1
                if not found.users:
                    del self.given[id(value)]

    def _say(self, entry: Any, value: Any) -> None:
        use = self.use_of(entry.fn, entry.effect)
        if not use.doubt:
            use.doubt = f"changes an argument, a {type(value).__name__}"
            _log.warning("%s is declared %s (%s), and %s", use.callee, use.effect, use.origin, use.doubt)


def _arguments(entry: Any) -> list[Any]:
    kwargs = entry.kwargs
    return [value for value in (*entry.args, *(kwargs.values() if kwargs else ())) if type(value) in _CONTAINERS]
