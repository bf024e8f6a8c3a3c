"""Builtin functions on forwarded views.

*Structural* builtins (``len``, ``list``, ``isinstance`` …) look at the shape only and wait for no element.  *Comparing* ones
(``sum``, ``sorted``, ``min`` …) and every other native of reach ``args`` need their elements:

    operands pending            -> deferred until they arrive
    quiescent, or all atoms     -> run here, as a plain run does
    plain and current           -> run on the real objects (also opaque ones that nothing buffered is reachable from)
    shadowed, result an atom    -> run on a copy of the forwarded view
    anything else               -> wait for the head and run on the real objects
"""

from __future__ import annotations

import builtins
import collections
import copy
import functools
import json
import operator
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..effects.opened import openers
from ..effects.table import BuiltinMethodType
from .atoms import ATOMS, BUILTIN_VALUES, CHAINED, lookup
from .attempts import again
from .caches import find, keep, missed, take
from .pending import NotReady, Pending, settled
from .reach.callees import users_file
from .reach.members import SPECIAL
from .reach.stores import is_users_function
from .snapshot import Picture, instance_is_settled, look, quiet_kind

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: natives whose result is always an atom
ATOMIC: frozenset[Any] = frozenset(
    {
        int, float, str, bool, complex, bytes, abs, round, pow, ord, chr, hash, format, repr, ascii, bin, hex, oct, divmod,
        callable, id, range,
    }
)  # fmt: skip

_NONE: dict[str, Any] = {}


_CODE = (types.FunctionType, types.MethodType, functools.partial)
_BOUND = frozenset({types.MethodType, types.BuiltinFunctionType, BuiltinMethodType})


class SpecialName(RuntimeError):
    """``getattr`` was given a name such as ``__setattr__`` where that could not be foreseen (see :mod:`.reach.members`)."""


class Natives(Base):
    """Part of the :class:`Machine`."""

    def native(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any] | None = None,
        atom: bool = False,
        effect: Any = None,
    ) -> Any:
        """Call ``fn``, a native that reads its arguments and what is reachable from them, and changes nothing.

        ``atom``: its result is known to be one. ``effect``: what it is declared as, if it is a function that has a
        declaration (and not an operator, which may do anything to an opaque operand).
        """
        if effect is not None and effect.result == "stream":
            return self.derived_stream(fn, args, kwargs or {}, effect)
        owner: Any = getattr(fn, "__self__", None) if type(fn) in _BOUND else None
        plain = type(owner) in ATOMS or issubclass(type(owner), type)
        waiting = False
        for value in (*args, *kwargs.values()) if kwargs else args:
            kind = type(value)
            if kind is Pending:
                if value.done:
                    kwargs = {k: settled(v) for k, v in kwargs.items()} if kwargs else None
                    return self.native(fn, tuple([settled(a) for a in args]), kwargs, atom, effect)
                waiting = True
            elif kind in _CODE:  # a callback: user code, which may do anything
                return self.fence(fn, args, kwargs or {}, what=getattr(fn, "__name__", str(fn)))
            elif kind not in ATOMS:
                plain = False
        if waiting:
            if self.any_risky(args) or any(map(self.acts, args)) or self.acts_inside(owner) or (kwargs and self.any_risky(kwargs.values())):
                kwargs = {k: self.force(v) for k, v in kwargs.items()} if kwargs else None
                return self.native(fn, tuple([self.force(a) for a in args]), kwargs, atom, effect)
            return self._late(fn, args, kwargs, atom, effect)
        unit = self.cur
        if plain or (not unit.log and unit.head):
            if plain and (type(fn) is types.BuiltinFunctionType or (type(fn) is type and fn in ATOMIC)):
                return fn(*args, **kwargs) if kwargs else fn(*args)
            return self.made(self.natively(fn, args, kwargs or _NONE), effect, fn)
        picture = Picture()
        copies = [look(self, value, picture) for value in args]
        named = {k: look(self, v, picture) for k, v in kwargs.items()} if kwargs else {}
        look(self, owner, picture)
        if picture.opaque and (effect is None or not all(self.is_settled(o, o is owner, effect) for o in picture.opaque)):
            return self.at_the_head(fn, args, kwargs, effect, picture)
        if not picture.shadowed and not picture.holes:
            return self.made(self.natively(fn, args, kwargs or _NONE), effect, fn)
        if atom or fn in ATOMIC:
            if not picture.holes:
                return self.natively(fn, copies, named)
            return self.defer(self.filled, (fn, copies, named, picture.holes))
        return self.at_the_head(fn, args, kwargs, effect, picture)

    def at_the_head(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None, effect: Any, picture: Picture) -> Any:
        """``fn`` on the real objects, which are current there: queued if it is declared and reaches no code of the user's."""
        if effect is None or effect.result == "iterator" or self.cur is self.ghost or self.quiescent() or self.cur.handling:
            queued = False
        else:  # quiet kinds have no special method of the user's; what is in them might, if any such method writes
            queued = all(quiet_kind(type(o)) for o in picture.opaque) and not self.writing_code()[0]
        if not queued:
            for _, _, pending in picture.holes:
                self.force(pending)
            return self.fence(fn, args, kwargs or {}, what=getattr(fn, "__name__", str(fn)), pure=True)
        pending = self.at_head_value(fn, args, kwargs or {})
        if effect.result in ("atom", "fresh"):
            pending.position = (*self.cur.path, self.cur.n)
            pending.direct = True
        return pending

    def _late(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None, atom: bool, effect: Any) -> Pending:
        def operation(*values: Any, **named: Any) -> Any:
            return self.native(fn, values, named or None, atom, effect)

        unit = self.cur
        fresh = atom or fn in ATOMIC or (effect is not None and effect.result in ("atom", "fresh"))
        pending = self.defer(operation, args, kwargs, born=(*unit.path, unit.n + 1) if fresh else None)
        pending.direct = fresh
        return pending

    def filled(self, fn: Any, copies: list[Any], named: dict[str, Any], holes: list[Any]) -> Any:
        """Run ``fn`` on copies whose pendings have arrived (deferred; starts again until all are there)."""
        more = Picture()
        for container, key, pending in holes:
            if not pending.done:
                raise NotReady(pending)
            container[key] = look(self, pending.value, more)
        if more.opaque and not self.ghost.head:  # (there it is current, and what is in it)
            raise NotReady
        for _, _, pending in more.holes:
            raise NotReady(pending)
        return self.natively(fn, copies, named)

    def is_settled(self, value: Any, receiver: bool, effect: Any) -> bool:
        """May a declared native look at an opaque operand here? A library reads its own object in its own ways; what else
        it is given must not be able to call the user's code, unless it is the user who declared it."""
        quiet = effect.known and not (receiver and self.attributes_are_pure(type(value)))
        return instance_is_settled(self, value, quiet)

    def made(self, value: Any, effect: Any, fn: Any = None) -> Any:
        """Note what is known of the result of the native ``fn``."""
        if type(value) in ATOMS or fn is operator.getitem:  # (an element may have been there before)
            return value
        if effect is not None:
            if effect.result == "fresh":
                return self.born(value)
            if effect.result == "iterator":
                self.tame[id(value)] = value
                return value
        return self.known(value)

    def known(self, value: Any) -> Any:
        """Note the birth of a container that a native has just made (if it is one)."""
        kind = type(value)
        if kind in CHAINED:
            return self.born(value)
        return value

    # ------------------------------------------------------------------ structural builtins
    def n_len(self, value: Any, /) -> Any:
        if self.deferrable(value):
            return self.defer_atom(self.n_len, value)
        value = self.force_shape(value)
        if type(value) is Pending:
            return len(value.elements or ())
        kind = type(value)
        if kind in CHAINED:
            if not self.chains and not self.may and kind is not collections.defaultdict:
                return len(value)
            return len(self.view(value))
        if kind in BUILTIN_VALUES:
            return len(value)
        if not self.quiescent() and self.measurable(value):
            return self.natively(len, (value,), {})
        special = None if self.quiescent() else self.special_of(value, "__len__")
        return self.fence(len, (value,), {}, what="len") if special is None else self.length(special)

    def n_isinstance(self, value: Any, classes: Any, /) -> Any:
        if self.deferrable(value) and not (type(classes) is not type and asks_the_user(settled(classes), "__instancecheck__")):
            return self.defer_atom(self.n_isinstance, value, classes)
        value = self.force_shape(value)
        classes = self.force(classes)
        if type(classes) is not type and asks_the_user(classes, "__instancecheck__"):
            return self.fence(isinstance, (value, classes), {}, what="isinstance")
        if type(value) is Pending:  # structured: it will be a tuple
            value = () if value.kind is None else tuple.__new__(value.kind, value.elements or ())
        return self.belongs(isinstance, value, classes)

    def belongs(self, fn: Any, value: Any, classes: Any) -> Any:
        """``isinstance`` or ``issubclass``, in order where a class of the user's answers."""
        if type(classes) is not type and self.classes_answer():
            return self.fence(fn, (value, classes), {}, what=fn.__name__)
        return fn(value, classes)

    def n_issubclass(self, cls: Any, classes: Any, /) -> Any:
        cls, classes = self.force(cls), self.force(classes)
        if asks_the_user(classes, "__subclasscheck__"):
            return self.fence(issubclass, (cls, classes), {}, what="issubclass")
        return self.belongs(issubclass, cls, classes)

    def n_type(self, /, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs:
            if self.deferrable(args[0]):
                return self.defer(self.n_type, args)
            value = self.force_shape(args[0])
            return (value.kind or tuple) if type(value) is Pending else type(value)
        return self.fence(type, args, kwargs, what="type")

    def n_id(self, value: Any, /) -> int:
        return id(self.force(value))

    def n_callable(self, value: Any, /) -> Any:
        if self.deferrable(value):
            return self.defer_atom(self.n_callable, value)
        return callable(self.force(value))

    def force_shape(self, value: Any) -> Any:
        """Like ``force``, but a tuple whose elements are pending is good as it is (its shape is known)."""
        while type(value) is Pending:
            if value.done:
                value = value.value
            elif value.elements is not None:
                return value
            else:
                value = self.force(value)
        return value

    def quiescent(self) -> bool:
        unit = self.cur
        return not unit.log and unit.head

    def has_pending(self, values: Any) -> bool:
        return any(type(value) is Pending for value in values)

    def _init_natives(self) -> None:
        """The table of builtins that the engine treats itself."""
        self.builtin_handlers: dict[Any, Callable[..., Any]] = {
            len: self.n_len, list: self.n_list, tuple: self.n_tuple, set: self.n_set, dict: self.n_dict,
            isinstance: self.n_isinstance, issubclass: self.n_issubclass, type: self.n_type, id: self.n_id, callable: self.n_callable,
            object.__setattr__: self.n_object_setattr, str: self.n_str, repr: self.n_repr,
            collections.deque: self.n_deque, collections.Counter: self.n_counter, collections.defaultdict: self.n_defaultdict,
            next: self.n_next, sorted: lambda *a, **k: self.keyed(sorted, a, k), copy.copy: self.n_copy,
            functools.reduce: self.n_reduce, min: lambda *a, **k: self.keyed(min, a, k), max: lambda *a, **k: self.keyed(max, a, k),
            sum: lambda *a, **k: self.aggregate(sum, a, k), any: self.n_any, all: self.n_all,
            range: lambda *a: self.native(range, a, None, True), print: self.n_print, **{fn: self.n_open(fn) for fn in openers()}, json.load: self.n_json_load, getattr: self.n_getattr, setattr: self.n_setattr, hasattr: self.n_hasattr,
            again: self.again, find: self.find_cached, take: self.take_cached, keep: self.keep_cached, missed: self.missed_cached,
        }  # fmt: skip

    def n_getattr(self, target: Any, name: Any, *default: Any) -> Any:
        name = self.force(name)
        if len(default) > 1 or type(name) is not str:
            return self.fence(getattr, (target, name, *default), {}, what="getattr")
        if name in SPECIAL:
            self.refuse_special(name)
        if not default:
            return self.ga(target, name)
        if self.deferrable(target):
            plain = type(default[0]) in ATOMS
            return self.defer(self.n_getattr, (target, name, *default), born=target.position if plain else None)
        target = self.force(target)
        if self.getter_of(type(target), name) is not None:
            return self.fence(getattr, (target, name, *default), {}, what=name)
        try:
            return self.ga(target, name)
        except AttributeError:
            return default[0]

    def n_setattr(self, target: Any, name: Any, value: Any, /) -> None:
        name = self.force(name)
        if type(name) is not str:
            return self.fence(setattr, (target, name, value), {}, what="setattr")
        return self.sa(target, name, value)

    def refuse_special(self, name: str) -> None:
        """End the run if somebody has gone ahead because the ``name`` given to ``getattr`` would not be a special one."""
        unit = self.cur
        above: Any = unit
        while above is not None and not above.no_special:
            above = above.parent
        if above is None or unit is self.ghost:
            return
        line = self.caller_line()
        self.post(self.stop, SpecialName(f"line {line}: getattr was given the name {name!r} by a call, and later statements have gone ahead: write the name out, or run the cell without %%poppy"))  # fmt: skip
        self.stall("unknown", "getattr", hold=True)

    def n_hasattr(self, target: Any, name: Any) -> Any:
        if self.deferrable(target):
            return self.defer_atom(self.n_hasattr, target, name)
        name = self.force(name)
        if type(name) is not str:
            return self.fence(hasattr, (target, name), {}, what="hasattr")
        target = self.force(target)
        if self.getter_of(type(target), name) is not None:
            return self.fence(hasattr, (target, name), {}, what=name)
        try:
            self.ga(target, name)
        except AttributeError:
            return False
        return True

    def n_print(self, /, *args: Any, **kwargs: Any) -> None:
        """``print`` is rendered and written at the head; its result is known now."""
        if self.quiescent() and not self.has_pending(args):
            builtins.print(*args, **{k: self.force(v) for k, v in kwargs.items()})
            return
        file = settled(kwargs.get("file"))
        if (id(file) not in self.opened and users_file(self.force(file))) or self.any_risky(args) or any(map(self.acts_inside, args)):  # a `__str__` that writes
            self.fence(builtins.print, args, kwargs, what="print")
            return
        self.at_head_value(builtins.print, args, kwargs, None, self.printed_to(settled(file)) if file is not None else None)


def asks_the_user(classes: Any, method: str) -> bool:
    """Is one of these classes of a metaclass of the user's that answers by itself?"""
    kind = type(classes)
    if kind is tuple or kind is types.UnionType:
        return any(asks_the_user(one, method) for one in (classes if kind is tuple else classes.__args__))
    if kind is type:
        return False
    check, hook = lookup(kind, method), lookup(classes, "__subclasshook__") if issubclass(type(classes), type) else None
    return any(is_users_function(fn) for fn in (check, getattr(hook, "__func__", None)))
