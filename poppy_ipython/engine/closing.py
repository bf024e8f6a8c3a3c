"""Generators of the user's that are let go of before their end, where that runs code.

    def rows(path):
        with timer(path):                 the generator stands still in here; whoever drops it runs the end of the `with`
            for line in open(path): yield line

    for row in rows(p): break             after the loop
    row = next(rows(p))                   after the statement
    it = rows(p); next(it); it = None     where the name gets another value

Python closes a generator where the last reference to it goes: that may be any statement, the end of a function, or what takes an item
out of a container. Nothing that stands for one of these sees the code coming. So while such a generator is under way, everything runs in
order: each call is waited for, and a unit that waits holds up its parent. Then nothing is outstanding where it is closed.

One that only a global name refers to (or the generators that it goes through itself) is at rest: it cannot be closed but by a store to
that name, or by ``del``, which are done in order. Calls overlap meanwhile.

None of this is for generators whose end does nothing that can be seen: without a ``try`` or ``with`` around a ``yield``, or with files and locks
of the library's only (``with open(…)``, ``finally: connection.close()``).
"""

from __future__ import annotations

import builtins
import gc
import types
import weakref
from collections import Counter
from collections.abc import Callable
from sys import getrefcount
from typing import TYPE_CHECKING, Any

from ..compiler.functions import definition_of
from ..compiler.generators import Cleanup, cleanup_of, is_generator
from .atoms import _MISSING, lookup
from .pending import settled
from .reach.stores import is_users_class, is_users_function

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: references that `getrefcount` sees besides those it is asked about: a local variable and its own argument
_SEEN = 2


class Closing(Base):
    """Part of the :class:`Machine`: generators whose end runs code."""

    generation: int

    def _init_closing(self) -> None:
        #: id -> generators under way
        self.unfinished: dict[int, Callable[[], types.GeneratorType[Any, Any, Any] | None]] = {}
        #: id -> how many references loops of ours have to one
        self.looping: Counter[int] = Counter()
        self.ends: weakref.WeakKeyDictionary[types.FunctionType, bool] = weakref.WeakKeyDictionary()

    # ------------------------------------------------------------------ which they are
    def end_acts(self, fn: types.FunctionType) -> bool:
        """May closing a generator that ``fn`` makes do what can be seen?"""
        found = self.ends.get(fn)
        if found is None:
            self.ends[fn] = False  # for one that goes through itself
            node = definition_of(fn) if is_generator(fn.__code__) else None
            found = self.ends[fn] = node is not None and self._end_acts(fn, cleanup_of(node)) and self.writes_older(fn)
        return found

    def _end_acts(self, fn: types.FunctionType, end: Cleanup) -> bool:
        if end.acts or any(self._leaving_acts(fn, *one) for one in end.managers):
            return True
        classes = self.users_classes()[0]
        if any(lookup(cls, name) is not _MISSING for cls in classes for name in end.methods):
            return True
        inner = [_named(fn, name) for name in end.called]
        inner += [lookup(cls, name) for cls in classes for name in end.called_methods]
        return any(is_users_function(one) and self.end_acts(one) for one in map(_function_of, inner))

    def _leaving_acts(self, fn: types.FunctionType, name: str | None, attribute: str | None) -> bool:
        """Is a manager that is called ``name`` (or ``name.attribute``), or made by calling that, the user's?"""
        found = _named(fn, name) if name is not None else _MISSING
        if attribute is not None and type(found) is types.ModuleType:
            found = vars(found).get(attribute, _MISSING)
        elif attribute is not None:
            found = _MISSING
        if found is _MISSING:
            return True
        kind = found if issubclass(type(found), type) else type(found)
        return is_users_class(kind) or is_users_function(vars(found).get("__wrapped__", found) if type(found) is types.FunctionType else found)

    def note_generator(self, value: Any) -> Any:
        """``value``, which a function has given whose generators end with an act."""
        if type(value) is types.GeneratorType:
            key, unfinished = id(value), self.unfinished
            unfinished[key] = weakref.ref(value, lambda _: unfinished.pop(key, None))
        return value

    # ------------------------------------------------------------------ what follows
    def one_by_one(self) -> bool:
        """Is a generator under way that any statement may close?"""
        alive = []
        for key, ref in list(self.unfinished.items()):
            generator = ref()
            if generator is None or generator.gi_frame is None:
                self.unfinished.pop(key, None)
            else:
                alive.append(key)
                del generator
        held = Counter(map(id, self.namespace.values()))
        for key in alive:
            held.update(map(id, gc.get_referents(self.unfinished[key]())))
        for key in alive:
            generator = self.unfinished[key]()
            if getrefcount(generator) - _SEEN > held[key] + self.looping[key] or not held[key]:
                return True
        return False

    def in_turn(self, value: Any) -> Any:
        """The ``value`` of an external call that has been issued: it is there if it has to be waited for."""
        self.issued()
        return settled(value)

    def issued(self) -> None:
        """Something has been put into the log of the current unit: wait for it if need be."""
        if self.one_by_one():
            self.drain()
            self.generation += 1
            self.plain_reads.clear()

    def drops(self, namespace: dict[str, Any], name: str) -> bool:
        """May giving a global name another value close a generator?"""
        if self.one_by_one():
            return True
        if id(namespace.get(name)) not in self.unfinished:
            return False
        self.before_native()
        return True

    def closes(self, slots: tuple[Any, ...]) -> bool:
        """May code that writes ``slots`` close a generator?"""
        spaces = self.namespaces
        return any(slot[0] == "n" and id(spaces[slot[1]].get(slot[2])) in self.unfinished for slot in slots if type(slot) is tuple)


def _function_of(found: Any) -> Any:
    return found.__func__ if type(found) in (staticmethod, classmethod, types.MethodType) else found


def _named(fn: types.FunctionType, name: str) -> Any:
    """What a name that is not a local of ``fn`` stands for."""
    if name in fn.__code__.co_freevars:
        cell = (fn.__closure__ or ())[fn.__code__.co_freevars.index(name)]
        try:
            return cell.cell_contents
        except ValueError:
            return _MISSING
    if name in fn.__code__.co_varnames or name in fn.__code__.co_cellvars:
        return _MISSING
    return fn.__globals__.get(name, getattr(builtins, name, _MISSING))


__all__ = ["Closing"]
