"""Guards: may this loop, comprehension or function run natively here?

The compiler keeps the source of what might beside its lowered form, with references to what it calls (``compiler/guards.py``).
Here they are looked up, without running any of the user's code, when control gets there:

* The unit must be *quiescent*: at the head, with an empty log. Then the real objects are those of a sequential run and
  nothing that the unit knows is pending, so that plain execution is plain execution -- this alone makes it right.
  Younger units may have issued already; for them it is as if a fence had run: their reads had to wait for what the footprint of this
  unit said, which is made from the same source, and their buffered stores retire later, as operations, on what is there then.
* Nothing that it calls may be external: else it could not overlap. That is a guess where an object is not known before it is
  called; a wrong one changes how long something takes, not what it does.

A loop that stays lowered because calls are in flight, and turns out to be heavy, changes over in the middle: it waits until the unit is
quiescent, then goes on natively with the rest of its iterator. That gives away what could have been issued behind it, for a loop that
would have cost more lowered than the calls take.

Measured (CPython 3.11, `python -m benchmarks native`): a guard costs 2 to 8 µs when it is looked at, 0.2 µs where the unit is not
quiescent; the loop behind it then runs as fast as in a plain cell.
"""

from __future__ import annotations

import builtins
import collections
import dis
import functools
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from sys import _getframe
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..compiler.functions import belongs_to_user, function_guard
from ..compiler.guards import Guard, Ref
from ..compiler.native import REST
from ..compiler.plan import Lowered
from ..effects.effect import external_names
from ..effects.registry import effect_of
from ..effects.retrying import retried
from .atoms import lookup
from .codes import CodeInfo, locals_of
from .pending import UNBOUND, Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: how many elements of a container are asked for their type
_SAMPLE = 64
#: how long a lowered loop may last, in seconds, before it is worth waiting for the calls in flight to run it natively
PATIENCE = 0.2
_ITERABLES = frozenset({list, tuple, set, frozenset, dict, collections.deque})
_MISSING: Any = lookup(object, "no such attribute")
#: what builtin values have as methods: on an object of unknown type, that is what they are taken for
_COMMON = frozenset(
    name for kind in (str, bytes, list, dict, set, tuple, int, float, collections.deque) for name in dir(kind) if not name.startswith("__")
)
#: a callee that cannot be found
_UNKNOWN: Any = object()


def rest(item: Any, iterator: Iterator[Any]) -> Iterator[Any]:
    """An iterator with an item that had been taken from it."""
    return map(settled, chain((item,), iterator))


class _Rest:
    """What a loop that goes on natively goes over. It is handed out and forgotten: its end may run code, and code objects stay."""

    __slots__ = ("iterator",)

    def __init__(self, iterator: Iterator[Any]) -> None:
        self.iterator: Iterator[Any] | None = iterator

    def __iter__(self) -> Any:
        iterator, self.iterator = self.iterator, None
        return iterator


class Types:
    """Objects of these types, whichever they are."""

    __slots__ = ("kinds",)

    def __init__(self, kinds: Iterable[type]) -> None:
        self.kinds = frozenset(kinds)


class Functions:
    """What several classes have under one name."""

    __slots__ = ("each",)

    def __init__(self, each: list[Any]) -> None:
        self.each = each


class Guards(Base):
    """Part of the :class:`Machine`: decides between native and lowered form."""

    def _init_guards(self) -> None:
        #: user function -> calls nothing external, may take keys out of a dict
        self.leaves: dict[int, tuple[Any, bool, bool]] = {}
        #: off: everything stays lowered (``Options(guards=False)``)
        self.guards = True
        self.generation: int
        #: a lowered loop that has lasted for so many seconds, of every so many rounds one being timed, is heavy
        self.patience = PATIENCE
        self.rounds = 64

    def quiet_for(
        self, guards: tuple[Guard, ...], namespace: dict[str, Any], cells: dict[str, Any], cell: bool
    ) -> Callable[..., bool]:
        """``quiet(k, *values)`` for one lowered code: may piece ``k`` run natively, its locals having these values?"""
        known: list[tuple[tuple[Any, ...], bool, bool] | None] = [None] * len(guards)

        def quiet(index: int, *values: Any) -> bool:
            unit = self.cur
            if not self.guards:
                return False
            guard = guards[index]
            if unit.log or not unit.head or unit is self.ghost:
                if guard.closed is None:
                    return False
                local = {name: settled(value) for name, value in zip(guard.names, values, strict=True)}
                return self.may_detach(guard.closed, namespace, cells, local, cell and not values)
            look = Look(self, namespace, cells, dict(zip(guard.names, map(settled, values), strict=True)))
            tokens = tuple([look.token(name) for name in guard.loads])
            before = known[index]
            if before is not None and before[0] == tokens:
                _, verdict, deletes = before
            else:
                verdict = look.calls_nothing_external(guard)
                deletes = look.deletes
                known[index] = (tokens, verdict, deletes)
            if deletes and self.looped:
                return False
            if verdict:
                self.before_native()
            return verdict

        return quiet

    def ticker_for(self, guards: tuple[Guard, ...], namespace: dict[str, Any], cells: dict[str, Any]) -> Callable[[int], Callable[[], bool]]:
        """``ticker(k)`` for one lowered code: made before lowered loop ``k``, called in each of its rounds."""

        lasted = [0.0] * len(guards)  # in all its runs, a loop inside another one having many
        counts = [0] * len(guards)
        enough = [self.patience] * len(guards)

        def ticker(index: int) -> Callable[[], bool]:
            begin = 0.0

            def tick() -> bool:
                nonlocal begin
                counts[index] = count = counts[index] + 1
                if count % self.rounds > 1:
                    return False
                if count % self.rounds == 0:
                    begin = perf_counter()
                    return False
                if begin:
                    lasted[index] += self.rounds * (perf_counter() - begin)
                    begin = 0.0
                if lasted[index] < enough[index]:
                    return False
                enough[index] = 4 * lasted[index] + 1  # if it is no now, it may be yes later
                return self.change_over(guards[index], namespace, cells, locals_of(_getframe(1)))

            return tick

        return ticker

    def change_over(self, guard: Guard, namespace: dict[str, Any], cells: dict[str, Any], locals_: dict[str, Any]) -> bool:
        """A lowered loop is heavy: if it calls nothing external, wait until it may go on natively."""
        unit = self.cur
        if not self.guards or unit is self.ghost or unit in self.suspended:  # what a stream gives may be pending
            return False
        values = {name: settled(locals_[name]) for name in guard.names if name in locals_}
        look = Look(self, namespace, cells, values)
        if not look.calls_nothing_external(guard):
            return False
        if look.deletes and self.looped:  # the loop may be over a dict: what native code deletes is not noted (``dictloops``)
            return False
        self.drain("busy")
        self.before_native()
        return True

    def before_native(self) -> None:
        """Code of the user's runs as written now: it may change what views and footprints were made from."""
        if self.ahead:
            self.spoil()
        self.generation += 1
        if self.plain_reads:
            self.plain_reads.clear()

    def name_value(self, namespace: dict[str, Any], name: str, missing: Any) -> Any:
        """What a name of the cell stands for here, bound for good or not."""
        cell = self.name_chains.get(id(namespace), {}).get(name)
        found = cell.find((*self.cur.path, self.cur.n + 1)) if cell is not None else None
        value = settled(found[1]) if found is not None else namespace.get(name, missing)
        return missing if value is UNBOUND else value

    def rest_runner(self, lowered: Lowered, namespace: dict[str, Any]) -> Callable[[int, Any], None]:
        """``nat_rest(k, iterator)``: the rest of a loop of the cell, as written."""
        natives = lowered.natives

        def run(index: int, iterator: Any) -> None:
            code = natives[index].code
            given = _Rest(iterator)
            del iterator
            code = code.replace(co_consts=tuple([given if c == REST else c for c in code.co_consts]))
            self.lowered[id(code)] = CodeInfo(code, lowered, True, None)
            self.native_code = True
            try:
                eval(code, namespace)
            finally:
                self.native_code = False
                self.plain_reads.clear()

        return run

    def settle_locals(self, *values: Any) -> list[Any]:
        """Values of locals as native code may see them."""
        return [settled(value) for value in values]

    def run_native(self, fn: Callable[..., Any], *values: Any) -> Any:
        """An expression in its native form, its locals being ``values``."""
        return fn(*[settled(value) for value in values])

    def is_leaf(self, fn: types.FunctionType) -> bool:
        """May a call of the user's function ``fn`` run as written: does it call nothing external, as far as can be told?

        Inside a loop over a dict it may not take keys out of one either: what native code deletes is not noted (``dictloops``).
        """
        verdict, deletes = self.leaf_of(fn)
        return verdict and not (deletes and bool(self.looped))

    def leaf_of(self, fn: types.FunctionType) -> tuple[bool, bool]:
        """Does a call of ``fn`` call nothing external, and may it take keys out of a dict?"""
        found = self.leaves.get(id(fn))
        if found is not None and found[0] is fn:
            return found[1:]
        self.leaves[id(fn)] = (fn, True, False)  # for a function that calls itself
        verdict = deletes = False
        if not fn.__code__.co_flags & 0x280:  # coroutine, asynchronous generator
            guard = function_guard(fn)
            if guard is not None:
                cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
                look = Look(self, fn.__globals__, cells, {})
                verdict = look.calls_nothing_external(guard)
                deletes = look.deletes
        self.leaves[id(fn)] = (fn, verdict, deletes)
        return verdict, deletes


class Look:
    """One look at what references stand for now."""

    __slots__ = ("cells", "deletes", "locals", "machine", "methods", "namespace")

    def __init__(self, machine: Any, namespace: dict[str, Any], cells: dict[str, Any], locals_: dict[str, Any]) -> None:
        self.machine = machine
        self.namespace = namespace
        self.cells = cells
        self.locals = locals_
        self.methods: dict[str, list[Any]] | None = None
        #: what has been looked at may take keys out of a dict
        self.deletes = False

    def token(self, name: str) -> Any:
        """Something that is the same as long as the verdict is: the identity of what is callable, else the type."""
        value = self.name(name)
        kind = type(value)
        if kind in _ITERABLES:
            return kind, tuple(self.kinds(value))
        return id(value) if callable(value) or kind is types.ModuleType else kind

    def kinds(self, value: Any) -> frozenset[type]:
        return frozenset(map(type, islice(list(value) if type(value) is set else value, _SAMPLE)))

    # ------------------------------------------------------------------ references
    def name(self, name: str) -> Any:
        value = self.locals.get(name, _MISSING)
        if value is _MISSING and name in self.cells:
            try:
                value = self.cells[name].cell_contents
            except ValueError:
                return _UNKNOWN
        if value is _MISSING:
            value = self.machine.name_value(self.namespace, name, _MISSING)
        if value is _MISSING:
            names = self.namespace.get("__builtins__", builtins)
            value = (names if isinstance(names, dict) else vars(names)).get(name, _UNKNOWN)
        return _UNKNOWN if value is UNBOUND or type(value) is Pending else value

    def value(self, ref: Ref) -> Any:
        """What ``ref`` stands for: an object, some :class:`Types`, or unknown."""
        kind = ref[0]
        if kind == "n":
            return self.name(ref[1])
        if kind == "t":
            return Types((ref[1],))
        if kind == "?":
            return _UNKNOWN
        base = self.value(ref[1])
        if base is _UNKNOWN:
            return base
        if kind == "a":
            return self.attribute(base, ref[2])
        if type(base) is Functions:
            return _UNKNOWN
        if type(base) is Types:
            return Types((str,)) if base.kinds == {str} else _UNKNOWN
        if type(base) is str:
            return Types((str,))
        if type(base) is range:
            return Types((int,))
        if type(base) not in _ITERABLES:
            return _UNKNOWN
        if type(base) is dict and kind == "v":
            base = base.values()
        found = self.kinds(base)
        return Types(found) if found else _UNKNOWN

    def attribute(self, base: Any, name: str) -> Any:
        """``base.name`` as it lies there; for some types, what their classes have (a list)."""
        if type(base) is Types:
            found = [lookup(kind, name) for kind in base.kinds]
            return _UNKNOWN if _MISSING in found or any(issubclass(type(f), property) for f in found) else Functions(found)
        if type(base) is Functions:
            return _UNKNOWN
        if issubclass(type(base), types.ModuleType):
            return vars(base).get(name, _UNKNOWN)
        if issubclass(type(base), type):
            found = lookup(base, name)
            return _UNKNOWN if found is _MISSING else getattr(found, "__func__", found)
        own = getattr(base, "__dict__", None) if lookup(type(base), "__dict__") is not _MISSING else None
        if type(own) is dict and name in own:
            return own[name]
        found = lookup(type(base), name)
        if issubclass(type(found), types.FunctionType):
            return types.MethodType(found, base)
        if found is _MISSING or issubclass(type(found), (property, functools.cached_property)):
            return _UNKNOWN
        return getattr(found, "__func__", found)

    # ------------------------------------------------------------------ verdicts
    def calls_nothing_external(self, guard: Guard) -> bool:
        self.deletes = self.deletes or guard.deletes
        return all(self.callee(ref) for ref in guard.callees) and all(self.harmless(name) for name in guard.loads)

    def harmless(self, name: str) -> bool:
        """May the name be read, so that what it stands for is called by somebody else?"""
        value = self.name(name)
        if value is _UNKNOWN or type(value) is type or not callable(value):
            return True
        return self.leaf(value)

    def callee(self, ref: Ref) -> bool:
        found = self.value(ref)
        if found is _UNKNOWN:
            return ref[0] == "a" and self.by_name(ref[2])
        if type(found) is Types:
            return bool(found.kinds == {types.FunctionType} and ref[0] == "t")
        if type(found) is Functions:
            return all(self.leaf(f) for f in found.each)
        return self.leaf(found)

    def by_name(self, name: str) -> bool:
        """A method of an object that nobody knows."""
        if name in _COMMON:
            return True
        return name not in external_names and all(self.leaf(f) for f in self.users_methods().get(name, ()))

    def users_methods(self) -> dict[str, list[Any]]:
        """Methods of the user's classes, by name: those in sight, and of the objects in sight."""
        if self.methods is None:
            self.methods = {}
            values = list(self.namespace.values())
            for value in [*values, *self.locals.values()]:
                if issubclass(type(value), types.ModuleType) and belongs_to_user(getattr(value, "__file__", None) or "<string>"):
                    values += [v for v in vars(value).values() if issubclass(type(v), type)]
            for cls in {v if issubclass(type(v), type) else type(v) for v in values}:
                for base in cls.__mro__:
                    if _is_users(base):
                        self.note(base, self.methods)
        return self.methods

    def note(self, cls: type, methods: dict[str, list[Any]]) -> None:
        """Methods of a class of the user's, and the attributes of its instances, which may be anything."""
        for name in vars(cls).get("__annotations__", ()):
            methods.setdefault(name, []).append(_UNKNOWN)
        for name, found in vars(cls).items():
            if type(found) is types.FunctionType:
                methods.setdefault(name, []).append(found)
                for stored in _stored_attributes(found.__code__):
                    methods.setdefault(stored, []).append(_UNKNOWN)

    def leaf(self, callee: Any) -> bool:
        """Does a call of this object call nothing external, as far as can be told?"""
        if callee is _UNKNOWN:
            return False
        try:
            effect = effect_of(callee)
        except TypeError:
            return False
        if effect is not None:
            return not effect.external
        kind = type(callee)
        if kind is types.MethodType:
            return self.leaf(callee.__func__)
        if kind is types.FunctionType:
            if not belongs_to_user(callee.__code__.co_filename):
                wrapped = retried(callee)
                return wrapped is None or self.leaf(wrapped.function)
            verdict, deletes = self.machine.leaf_of(callee)
            self.deletes = self.deletes or deletes
            return bool(verdict)
        if kind is functools.partial:
            return self.leaf(callee.func)
        if issubclass(type(callee), type):
            made = [lookup(callee, n) for n in ("__init__", "__new__", "__post_init__")]
            return all(self.leaf(f) for f in made if type(f) is types.FunctionType)
        wrapped = getattr(callee, "__wrapped__", None) if kind is _CACHED else None
        if wrapped is not None:
            return self.leaf(wrapped)
        if _is_users(kind):
            call = lookup(kind, "__call__")
            return type(call) is not types.FunctionType or self.leaf(call)
        return True


_STORE_ATTR = dis.opmap["STORE_ATTR"]


@functools.lru_cache(maxsize=2048)
def _stored_attributes(code: types.CodeType) -> frozenset[str]:
    if _STORE_ATTR not in code.co_code[::2]:
        return frozenset()
    return frozenset(i.argval for i in dis.get_instructions(code) if i.opname == "STORE_ATTR")


_CACHED = type(functools.lru_cache(lambda: None))


@functools.lru_cache(maxsize=2048)
def _is_users_module(name: str) -> bool:
    module = sys.modules.get(name)
    return name in ("__main__", "builtins") or module is None or belongs_to_user(getattr(module, "__file__", None) or "<string>")


def _is_users(cls: type) -> bool:
    return cls.__flags__ & (1 << 9) != 0 and _is_users_module(getattr(cls, "__module__", "") or "")


__all__ = ["Guards"]
