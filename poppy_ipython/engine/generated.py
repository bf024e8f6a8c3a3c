"""Managers that ``contextlib.contextmanager`` makes of generator functions of the program.

    @contextmanager
    def step(name):
        began = time.time()
        try: yield name
        finally: print(name, time.time() - began)

Calling ``step`` makes a generator, which runs nothing, and an object around it: that is done at once. When a ``with`` enters the object, its
generator is replaced by the lowered twin with the same arguments (``compiler.functions.lower_managed``), and ``contextlib``'s own two methods
drive that: so what is thrown in, swallowed or said about a generator that does not stop is ``contextlib``'s own doing, its lines
are in tracebacks, and what runs between is lowered code of the unit that the ``with`` stands in, as with other twins (:mod:`.streams`).

What such a twin does more than others is to yield in the body of a ``try``. There

* what the ``try`` has issued before its ``yield`` has finished when control leaves through it, so that a failure of the ``with``'s own body is the
  only one that still can reach the ``try``, and that is thrown in when the body is over;
* a unit that is killed throws the same into its generators: no code of the user's runs, then or when they are collected.

A suspended generator is part of what its unit may still do; a call of ``step`` to come counts as all of its body.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import types
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..compiler import scopes
from ..compiler.functions import lower_managed
from ..compiler.generators import is_generator
from .pending import Kill, Pending, settled
from .reach.managed import GENERATED, generator_function
from .unit import MAX_DEPTH

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: generator function -> may the manager made of it swallow an exception?
_swallow: weakref.WeakKeyDictionary[types.FunctionType, bool] = weakref.WeakKeyDictionary()


class GeneratedManagers(Base):
    """Part of the :class:`Machine`."""

    managers: bool

    def managed_twin_of(self, fn: types.FunctionType) -> Callable[..., Any] | None:
        """The lowered twin of a generator function that is driven as a manager, or None."""
        found = self.managed_twins.get(fn)
        if found is not None and found.__defaults__ is fn.__defaults__ and found.__kwdefaults__ is fn.__kwdefaults__:
            return found  # type: ignore[no-any-return]
        return self.make_twin(fn, lower_managed(fn), self.managed_twins)  # type: ignore[no-any-return]

    def makes_managers(self, fn: Any) -> Callable[[Any, tuple[Any, ...], dict[str, Any]], Any] | None:
        """How ``fn`` is called if ``contextmanager`` made it of a function that can be lowered, else None."""
        wrapped = generator_function(fn)
        if wrapped is None or self.managed_twin_of(wrapped) is None:
            return None

        def make(called: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            args = tuple(map(settled, args))
            kwargs = {name: settled(value) for name, value in kwargs.items()}
            if not self.managers or self.cur is self.ghost or any(type(value) is Pending for value in (*args, *kwargs.values())):
                return self.fence(called, args, kwargs, what=wrapped.__qualname__)
            return self.natively(called, args, kwargs)

        return make

    def is_generated(self, manager: Any) -> bool:
        """Is it such a manager, which nobody has entered or changed?"""
        inside = vars(manager)
        fn, generator = inside.get("func"), inside.get("gen")
        if type(fn) is not types.FunctionType or type(generator) is not types.GeneratorType or type(inside.get("args")) is not tuple:
            return False
        if inspect.getgeneratorstate(generator) != inspect.GEN_CREATED:
            return False
        return generator.gi_code is fn.__code__ and is_generator(fn.__code__) and self.cur.depth < MAX_DEPTH and self.managed_twin_of(fn) is not None

    def is_driven(self, manager: Any) -> bool:
        """Is ``manager`` between its two methods, with a twin for its generator?"""
        generator = vars(manager).get("gen")
        return type(generator) is types.GeneratorType and id(generator.gi_code) in self.lowered

    def swallows_some(self, fn: types.FunctionType) -> bool:
        found = _swallow.get(fn)
        if found is None:
            lowered = lower_managed(fn)
            parts = [] if isinstance(lowered, str) else [part for statement in lowered.source for part in scopes.walk_scope(statement)]
            tries = [part for part in parts if isinstance(part, ast.Try)]
            jumps = any(isinstance(p, (ast.Return, ast.Break, ast.Continue)) for one in tries for s in one.finalbody for p in scopes.walk_scope(s))
            found = _swallow[fn] = isinstance(lowered, str) or jumps or any(one.handlers for one in tries)
        return found

    def generated(self, manager: Any) -> tuple[Callable[[], Any], Callable[..., Any], Callable[[], None]]:
        """How to enter, leave and abandon ``manager``."""
        original = manager.gen
        twin = self.managed_twins[manager.func]
        generator = manager.gen = twin(*manager.args, **manager.kwds)
        original.close()
        owners: list[Any] = []

        def forgotten() -> None:
            for unit in owners:
                left = self.suspended[unit]
                left.remove(generator)
                if not left:
                    del self.suspended[unit]
            owners.clear()

        def run(method: Callable[..., Any], *given: Any) -> Any:
            unit = self.cur
            unit.depth += 1
            try:
                return method(*given)
            finally:
                unit.depth -= 1

        def enter() -> Any:
            try:
                value = run(manager.__enter__)
            except BaseException:
                manager.gen = original
                raise
            owners.append(self.cur)
            self.suspended.setdefault(self.cur, []).append(generator)
            return value

        def leave(*given: Any) -> Any:
            try:
                return run(manager.__exit__, *given)
            finally:
                forgotten()
                manager.gen = original

        def abandon() -> None:
            forgotten()
            manager.gen = original
            with contextlib.suppress(Kill):
                generator.throw(Kill())

        return enter, leave, abandon


__all__ = ["GENERATED", "GeneratedManagers"]
