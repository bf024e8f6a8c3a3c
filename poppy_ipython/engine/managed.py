"""``with`` over managers whose two methods are known: the statement is a ``try``, and a unit as any other.

An undeclared manager is entered at the head and runs alone, because its methods may change what everybody does. Of some managers they
are no secret:

* an instance of a class of the user's whose ``__enter__`` and ``__exit__`` are functions of the program. By the language reference
  the statement is ``value = enter(manager)``, a ``try`` around the body, and ``exit(manager, …)`` in its handler or behind it. So the methods are
  called as any function of the program is: lowered, what they write is buffered, and whoever waits for the rest of the statement waits
  for what ``__exit__`` may write (``reach/managed.py``). If one of them does something undeclared, the footprint of the statement
  is TOP: nothing goes past it, as with the same call in a ``finally``;
* what ``contextlib.contextmanager`` makes of a generator function of the program (:mod:`.generated`);
* exactly ``contextlib.suppress``, of plain exception classes: ``try: … except E: pass``, and ``contextlib.nullcontext``: nothing at all.

Both methods are looked up in the class before either is called, and the real ``with`` of the lowered code calls them (by way of a :class:`Managed`),
so where the exception goes, its context and the lines of its traceback are the interpreter's own doing. The statement is left, as a
``try`` is, when nothing of its body can fail any more: ``__exit__`` is told of an exception in its body and of no other. What ``__enter__``
itself has issued stands before the mark of the ``try``, so its failure does not reach ``__exit__``.

Which manager it is, is asked of the object when the statement begins: any other one, one whose class does not have both methods as plain functions,
and one in a handler is treated as before.
"""

from __future__ import annotations

import ast
import contextlib
import tempfile
import types
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..compiler import scopes
from ..compiler.functions import definition_of
from .pending import Fault, Kill
from .reach.managed import GENERATED, methods_of

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: `__exit__` function -> (can it be lowered as one?, may it return something true?)
_looked_at: weakref.WeakKeyDictionary[types.FunctionType, tuple[bool, bool]] = weakref.WeakKeyDictionary()


class Managed:
    """What the ``with`` of lowered code enters instead of ``manager``."""

    __slots__ = ("abandon", "enter", "leave", "machine")

    def __init__(self, machine: Any, enter: Callable[[], Any], leave: Callable[..., Any], abandon: Callable[[], None] | None = None) -> None:
        self.machine, self.enter, self.leave = machine, enter, leave
        #: what there is to do where nothing of the user's may run any more
        self.abandon = abandon

    def __enter__(self) -> Any:
        return self.enter()

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> Any:
        machine = self.machine
        unit = machine.cur
        if isinstance(error, (Fault, Kill)) or unit is None or unit.killed:
            if self.abandon is not None:
                self.abandon()
            return False
        if error is None:
            self.leave(None, None, None)
            return None
        traceback = machine.tidy(error).__traceback__
        machine.handling(1)
        try:
            try:
                swallowed = machine.truth(self.leave(kind, error, traceback))
                machine.end_handler()
            except BaseException as failed:
                machine.flush_handler(failed)
                raise
        finally:
            machine.handling(-1)
        return swallowed


def is_quiet(manager: Any) -> bool:
    """Is it a manager of ``contextlib`` that runs nobody's code and changes nothing?"""
    kind = type(manager)
    if kind is contextlib.suppress:
        return all(type(one) is type for one in manager._exceptions)
    return kind is contextlib.nullcontext


def look_at(leave: types.FunctionType) -> tuple[bool, bool]:
    """May the method ``leave`` be called as a function is, and may it return something true, and so end an exception?

    Not where it raises again what it is told of (a bare ``raise``): in a plain run that leaves no line of its own.
    """
    found = _looked_at.get(leave)
    if found is None:
        node = definition_of(leave)
        if isinstance(node, ast.Lambda):
            found = True, True
        elif not isinstance(node, ast.FunctionDef):
            found = False, True
        else:
            parts = [part for statement in node.body for part in scopes.walk_scope(statement)]
            again = any(isinstance(part, ast.Raise) and part.exc is None for part in parts)
            true = any(isinstance(p, ast.Return) and p.value is not None and not (isinstance(p.value, ast.Constant) and not p.value.value) for p in parts)
            found = not again, true
        _looked_at[leave] = found
    return found


class ManagedStatements(Base):
    """Part of the :class:`Machine`."""

    #: the switch
    managers = True

    def is_managed(self, manager: Any) -> bool:
        if not self.managers or self.cur.handling or self.cur is self.ghost:
            return False
        if type(manager) is GENERATED:
            return self.is_generated(manager)  # type: ignore[no-any-return]
        methods = methods_of(type(manager))
        return is_quiet(manager) if methods is None else look_at(methods[1])[0]

    def swallows(self, manager: Any) -> bool:
        if type(manager) is GENERATED:
            return self.swallows_some(manager.func)  # type: ignore[no-any-return]
        methods = methods_of(type(manager))
        return type(manager) is not contextlib.nullcontext if methods is None else look_at(methods[1])[1]

    def with_(self, fn: Callable[..., Any], maybe: tuple[bool, ...], passed: tuple[bool, ...], manager: Any, *values: Any) -> Any:
        """A ``with`` over ``manager``: ``fn(manager, *values)``, as a unit if that may be.

        ``maybe`` says which of the names that it binds may be unbound behind it, ``passed`` the same if no exception is swallowed.
        """
        if not self.is_managed(manager):
            return fn(manager, *values)
        return self.unit(fn, maybe if self.swallows(manager) else passed, manager, *values)

    def cell_with(self, cell_unit: Callable[..., None]) -> Callable[..., None]:
        """The same for the cell's own scope."""

        def cell_with(
            fn: Callable[..., Any], names: tuple[str, ...], maybe: tuple[bool | None, ...], passed: tuple[bool | None, ...], manager: Any, *values: Any
        ) -> None:
            if self.is_managed(manager):
                cell_unit(fn, names, maybe if self.swallows(manager) else passed, manager, *values)
            else:
                fn(manager, *values)

        return cell_with

    def managed(self, manager: Any) -> Any:
        """What the statement enters."""
        if not self.is_managed(manager):
            self.enter_exclusive()
            if type(manager) is tempfile.TemporaryDirectory:
                self.in_temporary[self.cur] = self.in_temporary.get(self.cur, 0) + 1
            return manager
        if type(manager) is GENERATED:
            return Managed(self, *self.generated(manager))
        methods = methods_of(type(manager))
        if methods is None:
            return Managed(self, manager.__enter__, manager.__exit__)
        enter, leave = (types.MethodType(method, manager) for method in methods)
        return Managed(self, lambda: self.call(enter), lambda *given: self.call(leave, *given))

    def end_managed(self, guard: Any, mark: int) -> None:
        """At the end of the body, or before a jump out of it."""
        if type(guard) is Managed:
            self.join(mark)
        else:
            self.drain()

    def leave_managed(self, guard: Any, error: BaseException | None, mark: int | None) -> None:
        """At the end of the statement, however it was left."""
        if self.cur is not None and mark is not None:
            self.left(mark)
        if type(guard) is not Managed:
            if type(guard) is tempfile.TemporaryDirectory and self.cur in self.in_temporary:
                self.in_temporary[self.cur] -= 1
            self.leave_exclusive(error)


__all__ = ["Managed", "ManagedStatements", "is_quiet"]
