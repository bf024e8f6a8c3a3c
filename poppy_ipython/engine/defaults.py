"""``collections.defaultdict``: a dict that stores what is missing when it is read.

``d[k]`` of a missing key is ``d.setdefault(k, factory())``: the value is made, stored like any other, and returned. So a read may
write, and three things follow.

* A continuation that reads ``x[k]`` may write the elements of ``x`` if that is a defaultdict: its footprint says so
  (``reach/missing``), by identity, or with the wildcard ``("*k", defaultdict)`` for what is not known; and what its factory writes.
* A deferred read of a missing key waits for the head, where the real defaultdict does it. No footprint speaks of that, so a read that
  has to be deferred because the *key* is not there waits for the key instead, and while one is deferred because the
  *receiver* is the result of an unfinished function of the user's, which may be any defaultdict, no defaultdict is looked at
  before the head (``blind``).
* What an external call returns is a matter of its region only, but reads of it may be deferred: a defaultdict found in a result
  (``foreign``, in its first parts; what library data says of clients is of no such kind) is looked at at the head only.

The factory is called at the place of the read, where it has to be, if it is a builtin class that makes something empty, or a function
that writes nothing older (as ``origins`` finds out); any other at the head.
"""

from __future__ import annotations

import dis
import operator
from collections import defaultdict
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from .atoms import ATOMS, EMPTY
from .buffer import update_items
from .pending import NotReady, Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: parts of a result that are looked at
_MOST = 64
_subscripts: dict[CodeType, bool] = {}


class Defaults(Base):
    """Part of the :class:`Machine`."""

    def _init_defaults(self) -> None:
        #: reads of the results of unfinished functions, deferred
        self.blind: list[Pending] = []
        #: functions of the program that were seen as factories
        self.factories: set[FunctionType] = set()
        self.most_blind = 64
        self.foreign: dict[int, Any] = {}

    def see_default(self, target: defaultdict[Any, Any]) -> None:
        """Before ``target`` is looked at here: wait for the head if a read that nothing speaks of may write it."""
        if self.blind:
            self.blind = [pending for pending in self.blind if not pending.done]
        if (self.blind or id(target) in self.foreign) and not self.quiescent():
            self.drain("unknown", "defaultdict")

    # ------------------------------------------------------------------ what is not seen
    def blindly(self, pending: Pending, target: Any) -> Pending:
        """``pending`` is a deferred read of an element of ``target``."""
        if target.position is None and not target.data:
            blind = self.blind
            blind.append(pending)
            if len(blind) > self.most_blind:
                self.blind = [p for p in blind if not p.done]
                self.most_blind = 64 + 2 * len(self.blind)
        return pending

    def segment_blindly(self, pending: Pending, fused: Callable[..., Any], values: tuple[Any, ...]) -> Pending:
        """The same for a segment, which may read elements."""
        for value in values:
            if type(value) is Pending and value.position is None and not value.data:
                return self.blindly(pending, value) if reads_elements(fused.__code__) else pending  # type: ignore[attr-defined]
        return pending

    def find_foreign(self, value: Any) -> None:
        """Note defaultdicts among the first parts of what came from outside."""
        work, left = [value], _MOST
        while work and left:
            value = work.pop()
            kind = type(value)
            if kind in ATOMS:
                continue
            left -= 1
            if kind is defaultdict:
                self.foreign[id(value)] = value
            if kind is dict or kind is defaultdict:
                work += list(value.values())[:left]
            elif kind is list or kind is tuple:
                work += value[:left]

    # ------------------------------------------------------------------ making one, and reading what is missing
    def n_defaultdict(self, /, *args: Any, **kwargs: Any) -> Any:
        if len(args) > 1 or kwargs:
            return self.known(self.fence(defaultdict, args, kwargs, what="defaultdict"))
        factories = [self.force(value) for value in args]
        self.factories.update([factory for factory in factories if type(factory) is FunctionType])
        return self.born(defaultdict(*factories))

    def missing(self, target: defaultdict[Any, Any], key: Any) -> Any:
        """``target[key]`` where there is no such key."""
        if self.cur is self.ghost:
            raise NotReady
        factory = self.ga(target, "default_factory")
        if factory is None:
            raise KeyError(key)
        if not self.makes(factory):
            return self.fence(operator.getitem, (target, key), {}, what="defaultdict")
        value = self.call(factory)
        self.si(target, key, value)
        return settled(value)

    def makes(self, factory: Any) -> bool:
        """Does calling ``factory`` write nothing that is older?"""
        if type(factory) is type:
            return factory in EMPTY or factory is defaultdict
        if type(factory) is not FunctionType:
            return False
        key = ("factory", factory)
        known = self.plain_reads.get(key)
        if known is None:
            known = self.plain_reads[key] = not self.writes_older(factory)
        return bool(known)

    def copy_of_default(self, target: defaultdict[Any, Any]) -> Any:
        items = {key: settled(value) for key, value in self.view(target).items()}
        found: Any = self.born(defaultdict(self.ga(target, "default_factory")))
        if self.has_pending(items.values()):
            self.store_op(found, update_items, (items,))
        else:
            found.update(items)
        return found


def reads_elements(code: CodeType) -> bool:
    """Has ``code`` a subscript?

    >>> reads_elements((lambda r: r["x"]).__code__), reads_elements((lambda r: r.x + 1).__code__)
    (True, False)
    """
    found = _subscripts.get(code)
    if found is None:
        found = _subscripts[code] = any(i.opname == "BINARY_SUBSCR" or i.argrepr == "[]" for i in dis.get_instructions(code)) or any(
            isinstance(inner, CodeType) and reads_elements(inner) for inner in code.co_consts
        )
    return found


__all__ = ["Defaults"]
