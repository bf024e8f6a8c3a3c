"""Evaluating what the compiler says a continuation may write, against the values of now.

Every reference has *values* (:mod:`~poppy_ipython.engine.reach.values`). Evaluating one notes the slots on its path; storing
notes the slots that are written, and with what. Where the two meet, what is stored belongs to the path's values as
well, and the evaluation is made again (:meth:`Reach.believed`), until nothing is news. Plain data needs no such care:
nothing can be written through it.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from functools import partial
from typing import Any

from ...compiler.references import DATA as DATA_REF
from ...compiler.references import ATTRIBUTE, EITHER, NAME, OPERATED, RESULT, SEQUENCE_KEY, TAIL_KEY, Ref
from ..atoms import ELSEWHERE, lookup
from ..pending import Pending
from .callees import Callees
from .looks import alike, look_local
from .managed import ManagedStatements
from .members import Members
from .missing import Missing
from .paths import Paths
from .receivers import Receivers
from .shared import SharedVariables
from .stores import Stores
from .values import ANY_ELEMENTS, CYCLE, DATA, INSTANCES, JUST_UNKNOWN, MADE_ATTRIBUTES, MADE_HERE, PLAIN, UNKNOWN, Activation, Fresh, Top, Values


class Reach(Paths, SharedVariables, Missing, Stores, Callees, Receivers, ManagedStatements, Members):
    """One evaluation. ``slots`` and ``watch`` are its result; :meth:`believed` says whether it is complete.

    Args:
        key: position of the continuation: what is older can be seen.
        stored: (slot, key) of a read -> what the continuation itself may have put there, from an earlier evaluation.
    """

    def __init__(self, footprints: Any, key: tuple[int, ...], stored: dict[Any, Values]) -> None:
        self.footprints = footprints
        self.machine = footprints.machine
        self.key = key
        self.stored = stored
        #: it may write anything
        self.failed = False
        self.slots: dict[Any, None] = {}
        self.watch: dict[int, Pending] = {}
        self.read: dict[tuple[Any, Any], None] = {}
        #: (slot, None) of a name -> activations that read it
        self.name_reads: dict[Any, list[Activation]] = {}
        #: slot -> [(key, what is stored)]
        self.written: dict[Any, list[tuple[Any, Callable[[], Values]]]] = {}
        self.bound: dict[Any, list[Activation]] = {}
        self.frames: list[Activation] = []
        self.todo: list[Activation] = []
        self.entered: dict[Any, Activation] = {}
        self.depth: dict[int, int] = {}
        #: what the result depends on: (how to look, where, what, the value found), or None if it cannot be said
        self.trail: list[tuple[Callable[..., Any], Any, Any, Any]] | None = []
        #: displays that are being remembered
        self.displays: set[Any] = set()
        #: id of a container whose elements are read -> its class
        self.kinds: dict[int, type] = {}
        #: class -> what a defaultdict makes of it
        self.empties: dict[type, Fresh] = {}
        self.again: list[tuple[Activation, Ref, str]] = []
        self.calling: list[tuple[Activation, Ref]] = []
        #: what was asked of something not known (names of special methods), and the user's methods that answer, looked at already
        self.of_any: set[Any] = set()
        #: operators in place on names that the cell binds to plain data only
        self.maybe_plain: list[tuple[Activation, str, Ref, Ref | None, str]] = []
        #: a wait of ``@retry`` may draw a random number
        self.draws = False
        #: objects of which some member is called, with the names of all
        self.members_asked: list[tuple[Any, frozenset[str]]] = []

    # ------------------------------------------------------------------ the walk
    def enter(self, act: Activation) -> None:
        self.frames.append(act)
        self.todo.append(act)

    def run(self) -> None:
        while True:
            self.run_all()
            if not self.maybe_plain:
                break
            act, name, changed, added, method = self.maybe_plain.pop()
            if not self.is_plain(act, name):
                for target in self.values(act, changed):
                    if target is not DATA:
                        self.change(target, method, None if added is None else partial(self.values, act, added))
        for act, ref, name in self.again:
            for value in self.values(act, ref):
                if type(lookup(value.kind or object if type(value) in INSTANCES else type(value), name)) is types.FunctionType:
                    raise Top(name)
        if self.members_asked:
            self.check_members()

    def run_all(self) -> None:
        while self.todo:
            act = self.todo.pop()
            summary = act.summary
            if summary.top is not None:
                raise Top(summary.top)
            for name in summary.names:
                slot = ("n", id(act.namespace), name)
                self.slots[slot] = None
                self.bound.setdefault(slot, []).append(act)
            if act.lowered.shared:
                self.bind_shared(act)
            for ref in summary.calls:
                self.values(act, ref)
            for base, name, value in summary.attributes:
                for target in self.values(act, base):
                    self.store_attribute(target, name, partial(self.values, act, value))
            for base, key, value in summary.elements:
                kinds = (dict,) if type(key) is str else (list, dict)
                for target in self.values(act, base):
                    self.store_element(target, key, partial(self.values, act, value), kinds)
            for changed, added, method, plain in summary.inplace:
                if plain is not None:
                    self.maybe_plain.append((act, plain, changed, added, method))
                    continue
                for target in self.values(act, changed):
                    if target is not DATA:
                        self.change(target, method, None if added is None else partial(self.values, act, added))
            for operand, methods in summary.operands:
                for value in self.values(act, operand):
                    if type(value) not in PLAIN:
                        self.special(value, methods)
            for base, name, key in summary.subscripts:
                for value in self.values(act, base):
                    self.read_element(act, value, name, key)
            for ref in summary.iterated:
                for value in self.values(act, ref):
                    self.iterated(value)
            for ref in summary.loads:
                self.values(act, ref)
            for ref, count in summary.classes:
                for value in self.values(act, ref):
                    self.class_pattern(value, count)
            for module in summary.modules:
                if module not in sys.modules:
                    raise Top("import")

    # ------------------------------------------------------------------ may a path be believed?
    def older(self, slots: tuple[Any, ...], born: Any = None, newer: Any = None) -> bool:
        machine = self.machine
        return bool(machine.may) and machine.older_writer(slots, self.key, born, newer) is not None

    def believed(self) -> bool:
        """Does every path that was followed hold what the continuation itself may put there?  If not, ``stored`` grows."""
        read, name_reads = self.read, self.name_reads
        if not self.written and not self.bound:
            return True
        complete = True
        looked = 0
        while looked < len(read):  # looking at what is stored may follow more paths
            slot, key = list(read)[looked]
            looked += 1
            for writer in _writers(slot, key, self.kinds):
                for written, stored in self.written.get(writer, ()):
                    found = _put_there(written, key, stored)
                    if found and not self.remember((slot, key), found):
                        complete = False
        for item, readers in list(name_reads.items()):
            for writer_act in self.bound.get(item[0], ()):
                if any(reader is not writer_act for reader in readers):
                    for ref in writer_act.summary.bindings.get(item[0][2], ()):
                        if not self.remember(item, self.values(writer_act, ref)):
                            complete = False
        return complete

    def mark(self) -> None:
        """Add the marker of every name and attribute in which something other than data may be stored (``counters``).

        What has not been looked at so far is not looked at for this: it counts as something else.
        """
        for slot in list(self.slots):
            if slot[0] == "a":
                data = all(
                    type(stored) is partial and len(stored.args) == 2 and _stores_data(*stored.args, None)
                    for _, stored in self.written.get(slot, ())
                )
            elif slot[0] == "n":
                name = slot[2]
                bound = [(act, act.summary.bindings.get(name)) for act in self.bound.get(slot, ())]
                data = all(refs is not None and all(_stores_data(act, r, name) for r in refs) for act, refs in bound)
            else:
                continue
            if not data:
                self.slots["=", slot] = None

    def gives_fresh(self) -> bool:
        """Is the result of the function in flight sure to be data that nobody else has?

        Then it is as good as a call's own result: what the caller does with it needs no slot before it is there. So is
        what is returned as the result of external calls yet to be made, or of operators; if all that the rest of the function
        (and what it calls) stores are results of operators, none of that is stored elsewhere on the way. Calls made before
        do not count: their results may have been stored by what has run.
        """
        act = self.frames[0]
        returns = act.summary.returns
        if not all(_is_made_later(ref) and _stores_data(act, ref, None) for ref in returns):
            return False
        if any(slot[0] not in ("a", "n", "=") for slot in self.slots) or self.written.keys() & {MADE_HERE, MADE_ATTRIBUTES}:
            return False
        for slot, writes in self.written.items():
            for _, stored in writes:
                if type(stored) is not partial or len(stored.args) != 2 or not _is_counted(stored.args[1], slot):
                    return False
        for slot, acts in self.bound.items():
            for writer in acts:
                refs = writer.summary.bindings.get(slot[2])
                if refs is None or not all(_is_counted(ref, slot) for ref in refs):
                    return False
        return True

    def remember(self, item: Any, values: Values) -> bool:
        """Add ``values`` to what may be stored at ``item``; False if that is news."""
        known = self.stored.get(item, ())
        ids = set(map(id, known))
        new = []
        complete = True
        for value in values:
            if value is DATA or type(value) in PLAIN:
                continue
            if type(value) is Fresh:
                if value.origin is None:
                    value = self.footprints.fresh(value.kind)
                else:
                    complete &= self.remember_display(value)
                    value = self.stored["display", value.origin][0]
            elif value is CYCLE:
                value = UNKNOWN
            if id(value) not in ids:
                ids.add(id(value))
                new.append(value)
        if not new:
            return complete
        self.stored[item] = (*known, *new)
        return False

    def remember_display(self, made: Fresh) -> bool:
        """Let a stored display be one object in all evaluations, with what it is seen to contain; False if that is news."""
        stored, item = self.stored, ("display", made.origin)
        inside = ("contents", made.origin)
        if item not in stored:
            stored[item] = (Fresh(None, lambda: stored.get(inside, ()), made.origin),)
        if made is stored[item][0] or made.origin in self.displays:
            return True
        self.displays.add(made.origin)
        complete = self.remember(inside, made.elements())
        self.displays.discard(made.origin)
        return complete


def _is_made_later(ref: Any) -> bool:
    if ref.kind in (EITHER, OPERATED):
        return all(map(_is_made_later, ref.parts))
    return ref.kind in (RESULT, DATA_REF)


def _is_counted(ref: Any, slot: Any) -> bool:
    """A number, or the slot's own value and something added to it."""
    if type(ref) is not Ref:
        return False
    if ref.kind == EITHER:
        return all(_is_counted(part, slot) for part in ref.parts)
    if ref.kind in (ATTRIBUTE, NAME):
        return bool(ref.detail == slot[2])
    return ref.kind in (OPERATED, DATA_REF)


def _stores_data(act: Any, ref: Any, name: str | None) -> bool:
    """Is ``ref`` known to be data, if the name that it is bound to was data before?"""
    if type(ref) is not Ref:
        return False
    if ref.kind == NAME and ref.detail == name:
        return True
    if ref.kind == EITHER:
        return all(_stores_data(act, part, name) for part in ref.parts)
    if ref.kind == OPERATED:
        return all(_stores_data(act, part, name) or _is_of_answers(act, part) for part in ref.parts)
    if ref.kind == DATA_REF:
        return True
    found = act.memo[ref.index]
    return found is not None and all(v is DATA or type(v) in PLAIN for v in found)


def _is_of_answers(act: Any, ref: Ref) -> bool:
    """Is it an answer in flight, or part of one? As an operand it counts as data (``counters``)."""
    found = act.memo[ref.index]
    return bool(found) and all(type(v) is Pending and v.position is not None for v in found)


def _put_there(written: Any, key: Any, stored: Callable[[], Values]) -> Values:
    """What a store under ``written`` may leave where a path looks for ``key``."""
    if type(key) is str:
        if written is SEQUENCE_KEY or written is TAIL_KEY or (type(written) is str and written != key):
            return ()
    elif type(key) is int:
        if written is SEQUENCE_KEY:
            return JUST_UNKNOWN  # elements change places
        if type(written) is str or (type(written) is int and written != key and (written < 0) == (key < 0)):
            return ()
    return stored()


def _writers(slot: Any, key: Any, kinds: dict[int, type]) -> tuple[Any, ...]:
    """The slots under which a store may write what a path reads as ``slot``."""
    kind = slot[0]
    if kind == "a":
        return slot, ("*a", key), ("c", key)
    if kind == "e":
        return slot, *ELSEWHERE[kinds[slot[1]]]
    return slot, *ANY_ELEMENTS, ("*a", key)




__all__ = ["Reach", "alike", "look_local"]
