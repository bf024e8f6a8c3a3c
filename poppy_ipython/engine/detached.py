"""Closed pieces run natively while calls are in flight.

Plain execution of a loop, a comprehension or a function on the real objects is right in a unit that is not quiescent, too, if the piece
(``compiler/closed.py``) begins with exact builtin values and

* nothing that it reads can still be written by anybody older: every container that it can reach has no buffered store, no name and no
  container that it reaches is in a footprint of an older unit that stands, and no value in them is pending;
* nothing that it changes can be seen by anybody older, or asked for back by a fault: each container that it changes was born
  here after the last entry of the unit's log that might look at it (``Heap.direct``). Names of the cell are bound through the store
  buffer, like those of any statement; locals of a function are nobody else's;
* it calls nothing but functions that are known to be pure, and functions of the user's that are closed themselves.

Then it computes what a plain run computes there, of what a plain run has there. If it fails, it fails as a plain run does, with
the same names bound and the same changes made, and the exception takes the way of any exception that is raised ahead of its turn.
If something older fails, what it has changed is unreachable, as for any store to what is young.

What is looked at is paid for: a list of numbers or strings costs a pass of C over its types, other containers one look each. A piece gets a
budget in proportion to the rounds that its loops will take; where that is too little it stays lowered (and changes over, ``guards``).

Decided against: copies of what a piece changes, written back afterwards (aliases inside them would be lost).
"""

from __future__ import annotations

import builtins
import re
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..compiler.closed import Closed
from ..compiler.functions import function_guard
from ..effects.registry import effect_of
from .pending import UNBOUND, NotReady, Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_PLAIN = frozenset({int, float, str, bool, type(None), bytes, complex, range, re.Pattern, re.Match})
_HOLDERS = frozenset({list, tuple, dict, set, frozenset})
_CHANGING = frozenset({list, dict, set})
_DATA_MODULES = (sys.stdlib_module_names | {"builtins"}) - {"pathlib"}
_PURE: frozenset[Any] = frozenset(
    getattr(builtins, name)
    for name in (
        "abs all any ascii bin bool bytes chr complex dict divmod enumerate filter float format frozenset hex int isinstance iter len list map"
        " max min next oct ord pow range repr reversed round set slice sorted str sum tuple zip"
    ).split()
)
_FUNCTIONS = (types.BuiltinFunctionType, types.FunctionType)
_GENERATOR, _COROUTINE = 0x20, 0x80 | 0x100 | 0x200
#: in looks, of about a third of a microsecond: what a small piece may cost, what a round of a lowered loop is worth, what a pass over items costs
_LEAST, _ROUND, _ITEMS = 400, 10, 16
#: containers of a result that are noted as new, at most
_MOST_NEW = 1_000
_MISSING: Any = object()
_NO_NAMES: dict[str, Any] = {}


class Detached(Base):
    """Part of the :class:`Machine`."""

    generation: int

    def _init_detached(self) -> None:
        #: the switch (``Options(detached=False)``)
        self.detached = True
        #: a piece of the cell's own scope may run now, in names of its own: what it takes, and what it may reach
        self.detaching: World | None = None
        #: functions that are not closed, whatever they are called with
        self.open_functions: dict[int, Any] = {}
        #: how many pieces have run so
        self.detached_pieces = 0

    def may_detach(
        self, closed: Closed, namespace: dict[str, Any], cells: dict[str, Any], values: dict[str, Any], cell: bool
    ) -> bool:
        """May the piece run natively here, although the unit is not quiescent? ``cell``: it is one of the cell's own scope."""
        unit = self.cur
        if not self.detached or unit is self.ghost or unit.handling:
            return False
        world = World(self, namespace)
        if not world.takes(closed, cells, values, not cell):
            return False
        if world.ahead:
            functions = world.current() if cell else None
            if functions is None:
                return False
            for name, value in world.taken.items():
                if id(value) in functions:
                    if name in closed.loads:
                        return False
                    world.copies[name] = functions[id(value)]
        self.generation += 1
        self.detaching = world if cell else None
        self.detached_pieces += 1
        return True

    def detached_cell(self, code: types.CodeType, world: World, namespace: dict[str, Any], store: Callable[..., Any]) -> Any:
        """Run a piece of the cell in a copy of its names, and bind what it has bound."""
        taken = world.taken
        names = {**namespace, **taken, **world.copies}
        for name in world.bound:
            if name not in taken:
                names.pop(name, None)
        self.native_code = True
        try:
            value = eval(code, names)
        finally:
            self.native_code = False
            for name in [name for name in names if name in world.bound]:  # in the order of binding
                if names[name] is not taken.get(name, _MISSING):
                    store(name, self.adopted(names[name], world))
            for name in taken:
                if name not in names:  # (an exception handler's name is unbound behind it)
                    store(name, UNBOUND)
        return self.adopted(value, world)

    def adopted(self, value: Any, world: World) -> Any:
        """Note the containers that are new in ``value``."""
        if type(value) not in _HOLDERS:
            return value
        todo = [value]
        seen = world.seen
        for _ in range(_MOST_NEW):
            if not todo:
                break
            item = todo.pop()
            if id(item) in seen:
                continue
            seen[id(item)] = item
            kind = type(item)
            if kind in _CHANGING:
                self.born(item)
            items = (*item.keys(), *item.values()) if kind is dict else item
            if not set(map(type, items)) <= _PLAIN:
                todo += [i for i in items if type(i) in _HOLDERS]
        return value

    def detached_call(self, fn: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call of the user's function ``fn``, natively here or, if an argument is on its way, when that has come; NotImplemented if
        it has to be lowered."""
        if not (self.guards and self.detached) or self.open_functions.get(id(fn)) is fn or fn.__code__.co_flags & _GENERATOR:
            return NotImplemented
        world = World(self, fn.__globals__)
        if not world.calls(fn):
            if world.open:
                self.open_functions[id(fn)] = fn
            return NotImplemented
        args, kwargs = tuple(map(settled, args)), {k: settled(v) for k, v in kwargs.items()}
        later = False
        for value in (*args, *kwargs.values()):
            if type(value) is Pending:
                later = True
            elif not world.admits(value):
                return NotImplemented
        if later:
            if world.calls_given or self.may_act((*args, *kwargs.values()), world.methods):
                return NotImplemented
            return self.defer(self.late_call, (fn, *args), kwargs)
        functions = world.current()
        if functions is None:
            return NotImplemented
        self.generation += 1
        self.detached_pieces += 1
        return self.adopted(self.natively(functions[id(fn)], args, kwargs), world)

    def may_act(self, values: tuple[Any, ...], methods: set[str]) -> bool:
        """May code of the user's that writes be behind an operator, an iteration or a method of what ``values`` will be?"""
        return self.any_risky(values) or self.any_risky(values, True) or not methods.isdisjoint(self.writing_code()[2])

    def late_call(self, fn: types.FunctionType, *args: Any, **kwargs: Any) -> Any:
        """A call of a closed function whose arguments have come (runs under the ghost): as it is at the head, before that if they are plain."""
        if self.ghost.head:
            return self.natively(fn, args, kwargs)
        world = World(self, fn.__globals__)
        if not world.calls(fn) or not all(map(world.admits, (*args, *kwargs.values()))):
            raise NotReady
        functions = world.current()
        if functions is None:
            raise NotReady
        self.detached_pieces += 1
        return self.natively(functions[id(fn)], args, kwargs)


def _makes_data(fn: Any) -> bool:
    """Is what ``fn`` makes data, all of whose methods are harmless? (A path writes files, and so do arrays and frames.)"""
    module = getattr(fn, "__module__", None) or ""
    return module.partition(".")[0] in _DATA_MODULES


class World:
    """What a closed piece may reach, found by looking at it."""

    __slots__ = (
        "ahead", "bound", "budget", "calls_given", "copies", "functions", "here", "keywords", "loads", "machine", "methods", "namespace", "open", "seen", "standing", "taken",
    )  # fmt: skip

    def __init__(self, machine: Any, namespace: dict[str, Any]) -> None:
        unit = machine.cur
        self.machine = machine
        self.namespace = namespace
        self.here = (*unit.path, unit.n + 1)
        self.budget: float = _LEAST
        #: id -> container, and those that may be changed
        self.seen: dict[int, Any] = {}
        #: names of the cell with their values, for a piece of its own scope; names that it binds
        self.taken: dict[str, Any] = {}
        self.copies: dict[str, Any] = {}
        self.bound: frozenset[str] = frozenset()
        #: user's functions that may be called, and names with other values than their namespace has: (namespace, name, value)
        self.functions: dict[int, types.FunctionType] = {}
        self.ahead: list[tuple[dict[str, Any], str, Any]] = []
        self.loads: frozenset[str] = frozenset()
        self.keywords: frozenset[str] = frozenset()
        self.methods: set[str] = set()
        self.calls_given = False
        self.standing = bool(machine.may)
        #: what was found is so whatever the values are
        self.open = False

    def takes(self, closed: Closed, cells: dict[str, Any], values: dict[str, Any], real: bool) -> bool:
        """Look at all that the piece begins with; ``real``: it reads global names from the namespace itself."""
        machine = self.machine
        if self.standing and machine.older_writer((), self.here, None) is not None:
            return False
        found = self.taken
        self.keywords |= closed.keywords
        self.loads |= closed.loads
        for name in closed.names:
            value = values.get(name, _MISSING)
            if value is _MISSING:
                if name in cells:
                    return False
                value = self.name(name, self.namespace, real)
                if value is Pending:
                    return False
                if value is _MISSING:
                    continue
            elif value is UNBOUND:
                continue
            elif type(value) is Pending:
                return False
            found[name] = value
        self.budget += _ROUND * self.rounds(closed)
        if not all(self.suits(name, value, closed) for name, value in found.items()):
            return False
        self.bound = closed.bound
        return self.changes(closed)

    def rounds(self, closed: Closed) -> float:
        """About how many rounds the loops of the piece will take."""
        total = 0.0
        for nest in closed.loops:
            product = 1.0
            for sources in nest:
                product *= max([self.length(source) for source in sources], default=1.0)
            total += product
        return total

    def length(self, source: str | int) -> float:
        value: Any = source if type(source) is int else self.taken.get(str(source))
        if type(value) is int:
            return float(min(max(value, 1), 10_000_000))
        return float(len(value) or 1) if type(value) in _HOLDERS or type(value) in (str, range) else 1.0

    # ------------------------------------------------------------------ names and functions
    def name(self, name: str, namespace: dict[str, Any], real: bool) -> Any:
        """The value of a global name; `_MISSING` if it has none, `Pending` if nobody can tell.

        ``real``: native code is going to read it from the namespace itself, which may not have it yet.
        """
        machine = self.machine
        cell = machine.name_chains.get(id(namespace), _NO_NAMES).get(name)
        found = cell.find(self.here) if cell is not None else None
        if self.standing:
            slot = ("n", id(namespace), name)
            if slot in machine.may and machine.older_writer((slot,), self.here, None, found[0] if found is not None else None) is not None:
                return Pending
        if found is not None:
            value = settled(found[1])
            if type(value) is Pending:
                return Pending
            if value is not UNBOUND:
                if real and namespace.get(name, _MISSING) is not value:
                    self.ahead.append((namespace, name, value))
                return value
            if name in namespace:
                return Pending
        else:
            value = namespace.get(name, _MISSING)
            if value is not _MISSING:
                return value
        names = namespace.get("__builtins__", builtins)
        return (names if isinstance(names, dict) else vars(names)).get(name, _MISSING)

    def suits(self, name: str, value: Any, closed: Closed) -> bool:
        """May the piece ``closed`` begin with ``value`` under ``name``: plain data, a pure function, a module of whose functions it calls such?"""
        called = [attribute for base, attribute in closed.members if base == name] if type(value) is types.ModuleType else ()
        return all(self.member(value, attribute) for attribute in called) if called else self.admits(value)

    def member(self, module: types.ModuleType, name: str) -> bool:
        """May the function ``module.name`` be called?"""
        machine = self.machine
        key = (id(module), name)
        if key in machine.chains:
            return False
        if self.standing and machine.older_writer((("a", *key), ("*a", name), ("c", name)), self.here, None) is not None:
            return False
        return self.harmless(vars(module).get(name))

    def harmless(self, value: Any) -> bool:
        """Is a call of ``value`` closed?"""
        kind = type(value)
        if kind is types.FunctionType and function_guard(value) is not None:
            return self.calls(value)
        if kind is type and issubclass(value, BaseException):
            return bool(value.__module__ == "builtins")
        if kind is type or kind is types.BuiltinFunctionType:
            if value in _PURE:
                return True
            if kind is not type and type(value.__self__) is not types.ModuleType:  # a method, with an object
                return False
        elif kind not in _FUNCTIONS:
            return False
        try:
            effect = effect_of(value)
        except TypeError:
            return False
        if effect is None or effect.name != "pure" or not effect.known or effect.result not in ("atom", "fresh") or not _makes_data(value):
            return False
        other = effect.unless  # a function among the arguments is closed, too
        return other is None or not (other.only or other.inside or other.at_most is not None or self.keywords & set(other.kwargs))

    def calls(self, fn: types.FunctionType) -> bool:
        """Is the user's function closed, and what it reads there and known?"""
        if id(fn) in self.functions:
            return True
        self.functions[id(fn)] = fn
        code = fn.__code__
        guard = function_guard(fn) if not code.co_flags & _COROUTINE and not code.co_freevars else None
        closed = guard.closed if guard is not None else None
        if closed is None or closed.anything or closed.below or effect_of(fn) is not None:
            self.open = True
            return False
        if self.standing and self.machine.older_writer((), self.here, None) is not None:
            return False
        self.budget += 2 * len(closed.names)
        self.keywords |= closed.keywords
        self.loads |= closed.loads
        self.methods |= closed.methods
        self.calls_given = self.calls_given or closed.calls_given
        for name in closed.names:
            value = self.name(name, fn.__globals__, True)
            if name in closed.changed and type(value) is not types.ModuleType:  # (`math.sqrt` is no method)
                self.open = True
                return False
            if value is _MISSING:
                continue
            if value is Pending or not self.suits(name, value, closed):
                return False
        return all(map(self.admits, fn.__defaults__ or ())) and all(map(self.admits, (fn.__kwdefaults__ or {}).values()))

    def current(self) -> dict[int, types.FunctionType] | None:
        """The functions as they can be called, by identity: themselves, or, where a name that they read is not bound in its namespace yet,
        copies that read copies of the namespaces; None if a copy might be seen."""
        if not self.ahead:
            return self.functions
        if any(name in self.loads for space, name, value in self.ahead if type(value) is types.FunctionType):
            return None
        spaces: dict[int, dict[str, Any]] = {}
        copies: dict[int, types.FunctionType] = {}
        for key, fn in self.functions.items():
            space = fn.__globals__
            names = spaces.get(id(space))
            if names is None:
                names = spaces[id(space)] = {**space, **{name: value for owner, name, value in self.ahead if owner is space}}
            copies[key] = copy = types.FunctionType(fn.__code__, names, fn.__name__, fn.__defaults__)
            copy.__kwdefaults__ = fn.__kwdefaults__
        for names in spaces.values():
            for name, value in names.items():
                if type(value) is types.FunctionType and id(value) in copies:
                    if name in self.loads:
                        return None
                    names[name] = copies[id(value)]
        return copies

    # ------------------------------------------------------------------ values
    def admits(self, value: Any) -> bool:
        """Is all that ``value`` reaches plain, here and current?"""
        if type(value) in _PLAIN:
            return True
        if type(value) not in _HOLDERS:
            return callable(value) and self.harmless(value)
        machine = self.machine
        chains, seen = machine.chains, self.seen
        budget = self.budget
        todo = [value]
        while todo:
            item = todo.pop()
            key = id(item)
            if key in seen:
                continue
            seen[key] = item
            kind = type(item)
            budget -= 1 + len(item) / _ITEMS
            if budget < 0:
                return False
            if kind in _CHANGING:
                if key in chains:
                    return False
                if self.standing and machine.older_writer((("e", key), ("*k", kind)), self.here, machine.birth_of(item)) is not None:
                    return False
            kinds = set(map(type, item))
            if kind is dict:
                kinds.update(map(type, item.values()))
            rest = kinds - _PLAIN
            if rest:
                if not rest <= _HOLDERS:
                    return False
                todo += [i for i in item if type(i) in _HOLDERS]
                if kind is dict:
                    todo += [i for i in item.values() if type(i) in _HOLDERS]
        self.budget = budget
        return True

    def changes(self, closed: Closed) -> bool:
        """Is all that the piece may change young, and nobody else's?"""
        changed: dict[int, Any] = {}
        if closed.anything:
            changed = self.seen
        else:
            for name in closed.changed:
                value = self.taken.get(name)
                if type(value) in _CHANGING:
                    changed[id(value)] = value
            if closed.below:
                inside = World(self.machine, self.namespace)
                inside.budget = self.budget
                if not all(inside.admits(self.taken[name]) for name in closed.below if type(self.taken.get(name)) in _HOLDERS):
                    return False
                changed |= inside.seen
        machine = self.machine
        for key, item in changed.items():
            if type(item) in _CHANGING and (key in machine.looped or not machine.direct(item, key)):
                return False
        return True


__all__ = ["Detached"]
