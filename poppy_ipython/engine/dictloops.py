"""Loops over a dict or a set that the loop itself may change.

A dict may not change its size while it is iterated over, and Python says so at the next step. It may be emptied and filled again, though, to
the same size: then the loop goes on over its entries in their order, an entry that was deleted and set again being a new one at the end, and
ends in an error if there are more of them than there were keys at first:

    for k in d:                  a b c        ▸ a
        del d["b"]; d["a"] …     a c x        ▸ c ▸ x      (three keys, three steps)

The keys of the beginning are all that is needed as long as nobody deletes one. So a loop is told of deletions (``deleted``), with their
places in the program: those before the step that it takes count, whoever made them and whenever.

After ``popitem`` the next entry stands where the last one did. After ``clear`` the new entries stand where the old ones did. What native code deletes is seen
when it has run, by the keys that are gone. Not followed is where Python moves the entries of a dict that grows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from .atoms import hashes_plainly
from .pending import settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

CLEARED: Any = object()
#: the last entry is gone, and the next one will stand in its place
POPPED: Any = object()
Deletions = list[tuple[tuple[int, ...], tuple[Any, ...]]]


def taken_out(name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a method has deleted, for the loops over its dict."""
    return (POPPED,) if name == "popitem" else (CLEARED,) if name == "clear" else tuple(map(settled, args[:1])) if name == "pop" else ()


def end_of_loop(looped: dict[int, tuple[Any, list[Any]]], target: Any, noted: Any) -> None:
    """A loop over ``target`` has ended: ``noted``, this very list, is told of nothing more (that of another loop may be equal)."""
    loops = looped[id(target)][1]
    loops[:] = [one for one in loops if one is not noted]
    if not loops:
        del looped[id(target)]


class DictLoops(Base):
    """Part of :class:`Control`."""

    #: id(dict) -> (the dict, what has been deleted from it for each loop over it that goes on)
    looped: dict[int, tuple[Any, list[Deletions]]]

    def deleted(self, target: dict[Any, Any], *keys: Any) -> None:
        """``keys`` are deleted from ``target`` here (call only if ``looped`` is not empty)."""
        found = self.looped.get(id(target))
        if found is not None:
            unit = self.cur
            for deletions in found[1]:
                deletions.append(((*unit.path, unit.n), keys))

    def keys_of_loops(self) -> list[tuple[dict[Any, Any], list[Any]]]:
        """What stands in the dicts and sets that are looped over, before native code which may delete from them. Keys whose hash or
        comparison is the user's are left out: looking for them would call it."""
        return [(target, [key for key in target if hashes_plainly(key)]) for target, _ in self.looped.values() if type(target) is not deque]

    def iterate_dict(self, target: Any) -> Iterator[Any]:
        keys = list(self.view(target))
        deletions: Deletions = []
        looped = self.looped  # also when the machine is gone
        loops = looped.setdefault(id(target), (target, []))[1]
        loops.append(deletions)
        passed: set[Any] | None = None  # keys that stand before the next one, once somebody has deleted any
        try:
            for step in range(len(keys) + 1):
                view = self.view(target)
                if len(view) != len(keys):
                    name = "Set" if type(target) is set else "dictionary"
                    raise RuntimeError(f"{name} changed size during iteration")
                if deletions:
                    here = (*self.cur.path, self.cur.n + 1)
                    gone = {key for place, found in deletions if place < here for key in found}
                    if POPPED in gone and passed is None:
                        keys = list(view)
                        deletions[:] = [deletion for deletion in deletions if deletion[0] >= here]
                    gone.discard(POPPED)
                    if gone:
                        passed = set(islice(view, step)) if CLEARED in gone else (set(keys[:step]) if passed is None else passed) - gone
                        deletions[:] = [deletion for deletion in deletions if deletion[0] >= here]
                if passed is None:
                    if step == len(keys):
                        return
                    key = keys[step]
                else:
                    left = [key for key in view if key not in passed]
                    if not left:
                        return
                    if step == len(keys):
                        raise RuntimeError("dictionary keys changed during iteration")
                    key = left[0]
                    passed.add(key)
                yield key
        finally:
            end_of_loop(looped, target, deletions)


__all__ = ["CLEARED", "POPPED", "DictLoops", "end_of_loop", "taken_out"]
