"""Calls of a continuation: functions, classes and builtins, what they may write and what they may return.

The order of questions is that of :mod:`~poppy_ipython.engine.calls`. Declared effects write their resource or nothing; user
functions are entered with their parameters bound. Whatever is not resolved may write anything.
"""

from __future__ import annotations

import itertools
import sys
import types
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...compiler.functions import belongs_to_user, init_of, is_coroutine, lower_coroutine, lower_function, lower_generator, lower_managed
from ...compiler.generators import is_generator
from ...compiler.operands import ORDER, TRUTH
from ...compiler.references import DATA as DATA_REF
from ...compiler.references import Call, Ref
from ...effects.opened import file_resource, number_written
from ...effects.registry import effect_of, receiver_of
from ...effects.retrying import STRATEGIES, after_failures, retried, tries_first
from ...effects.sources import SOURCES
from ..atoms import hashes_plainly, lookup
from ..attempts import again
from ..caches import CACHED, find, keep, missed, slot_of, take, wrapped_by
from ..constructors import is_plain_enum
from .asked import ASKS, NATIVES_ASK
from .managed import GENERATED, KNOWN_MANAGERS, generator_function
from ..methods import PURE_NAMES
from ..pending import Pending
from .values import (
    COLLECTIONS,
    CYCLE,
    DATA,
    EVERY_RESOURCE,
    HERE,
    INSTANCES,
    JUST_DATA,
    JUST_UNKNOWN,
    PLAIN,
    UNKNOWN,
    Activation,
    Args,
    Fresh,
    Older,
    StandIn,
    Top,
    Values,
)  # fmt: skip

if TYPE_CHECKING:
    from ..base import Base
else:
    Base = object

#: builtins that write nothing, by what they return: plain data, something made of their arguments, one of these
_GIVES_DATA = frozenset({len, isinstance, issubclass, id, callable, print, range, any, all, sum, hash, repr, str, int, float, bool})
_GIVES_TUPLES = frozenset({
    zip, enumerate, dict, itertools.zip_longest, itertools.pairwise, itertools.product, itertools.combinations, itertools.permutations,
    itertools.combinations_with_replacement,
})  # fmt: skip
_GIVES_NEW = frozenset({
    *_GIVES_TUPLES, itertools.chain, itertools.islice, list, tuple, set, dict, sorted, reversed, enumerate, zip, iter, frozenset, map, filter})
_GIVES_ELEMENT = frozenset({min, max})
_HASHES = frozenset({set, frozenset, dict, *COLLECTIONS})
_SIMPLE = (types.FunctionType, types.MethodType)


def users_file(file: Any) -> bool:
    """Does printing to ``file`` run code of the user's, which may change what the next statement reads?"""
    write = lookup(type(sys.stdout if file is None else file), "write")
    return type(write) is types.FunctionType and belongs_to_user(write.__code__.co_filename)


class Callees(Base):
    """Part of :class:`~poppy_ipython.engine.reach.Reach`: ``result(act, ref)`` of a call."""

    def result(self, act: Activation, ref: Ref) -> Values:
        """The values of a call, after noting what it writes."""
        call: Call = ref.detail
        found: list[Any] = []
        args = Args(self, act, call)
        if call.awaited:
            self.awaits(act, call)
        self.calling.append((act, ref))
        if call.receiver is None:
            for callee in self.values(act, call.callee):
                found += self.invoke(callee, args)
        else:
            for receiver in self.values(act, call.receiver):
                if receiver is CYCLE and call.method in PURE_NAMES:
                    self.again.append((act, call.receiver, call.method))
                    found.append(DATA)
                else:
                    found += self.method(receiver, call.method, args)
        self.calling.pop()
        return self.distinct(found)  # type: ignore[no-any-return]

    def awaits(self, act: Activation, call: Call) -> None:
        """What is called gives something that is awaited: what that does is known of declared calls and of coroutine functions."""
        for callee in self.values(act, call.callee):
            function = callee.__func__ if type(callee) is types.MethodType else callee
            if type(function) is types.FunctionType and is_coroutine(function.__code__):
                continue
            effect = None if type(callee) in INSTANCES or type(callee) in (StandIn, Pending) else effect_of(callee)
            if effect is None or not effect.external:
                raise Top("await")

    # ------------------------------------------------------------------ functions, classes, builtins
    def invoke(self, callee: Any, args: Args) -> Values:
        """A call of ``callee``."""
        kind = type(callee)
        if kind is StandIn:
            if callee is HERE:
                return JUST_UNKNOWN
            return self.some_member(callee, args)  # type: ignore[no-any-return]
        if kind in INSTANCES and callee.kind is not None and type(call := lookup(callee.kind, "__call__")) is types.FunctionType:
            return self.bound_method(types.MethodType(call, callee), args)  # type: ignore[no-any-return]
        if kind in INSTANCES or kind is Pending:
            raise Top("a callee that is not known")
        if kind is types.MethodType:
            return self.bound_method(callee, args)
        try:
            known = self.footprints.callees.get(id(callee))
            if known is None or known[0] is not callee:
                known = self.footprints.callees[id(callee)] = (callee, self.classify(callee))
        except TypeError:
            raise Top(kind.__name__) from None
        return known[1](self, callee, args)  # type: ignore[no-any-return]

    def classify(self, callee: Any) -> Any:
        """How calls of ``callee`` are treated: a function of (reach, callee, args)."""
        if issubclass(type(callee), types.BuiltinFunctionType) and not isinstance(callee.__self__, (types.ModuleType, type(None), type)):
            return lambda reach, c, args: reach.method(c.__self__, c.__name__, args)
        if callee is getattr or callee is hasattr:
            return Callees.getattr_
        if callee is setattr or callee is object.__setattr__:
            return Callees.setattr_
        if callee is next:
            return Callees.gives_next
        if type(callee) is partial:
            return lambda reach, c, args: reach.invoke(c.func, Args(reach, None, None))
        if callee is type:
            return Callees.gives_type
        if not hashes_plainly(callee):  # nor is it compared with anything
            return Callees.instance if effect_of(callee) is None else Callees.undeclared
        if callee in _GIVES_DATA:
            return Callees.gives_data
        if callee in _GIVES_NEW or callee in COLLECTIONS:
            return Callees.gives_new
        if callee in _GIVES_ELEMENT:
            return Callees.gives_element
        if callee in KNOWN_MANAGERS:
            return Callees.gives_manager
        effect = effect_of(callee)
        if effect is not None:
            return lambda reach, c, args: reach.declared(effect, args, receiver_of(c))
        if issubclass(type(callee), type):
            return Callees.construct
        if callee is again:
            return Callees.again
        if callee in (find, take, keep, missed):
            return Callees.looks_up
        if type(callee) is CACHED:
            return Callees.cache
        wrapped = generator_function(callee)
        if wrapped is not None and self.machine.managers:
            return partial(Callees.makes_manager, wrapped=wrapped)
        if type(callee) is types.FunctionType:
            return Callees.wrapper if retried(callee) is not None else Callees.function
        return Callees.instance

    def instance(self, callee: Any, args: Args) -> Values:
        """A call of an instance."""
        call = lookup(type(callee), "__call__")
        if type(call) is not types.FunctionType:
            return self.undeclared(callee, args)
        return self.bound_method(types.MethodType(call, callee), args)  # type: ignore[no-any-return]

    def undeclared(self, callee: Any, _: Args) -> Values:
        raise Top(getattr(callee, "__qualname__", None) or type(callee).__name__)

    def callbacks(self, args: Args) -> None:
        """Functions among the arguments of something native may be called by it."""
        for values in args.each():
            for value in values:
                if type(value) in _SIMPLE:
                    self.invoke(value, Args(self, None, None))
        if args.call is not None and args.act is not None:
            for name, ref in args.call.keywords:
                if name == "key":
                    self.called_back(self.values(args.act, ref))

    def called_back(self, values: Values) -> None:
        """One of ``values`` is called with arguments that are not known."""
        for value in values:
            if type(value) not in _SIMPLE and value is not HERE and value is not DATA and type(value) not in PLAIN:
                self.invoke(value, Args(self, None, None))

    def gives_type(self, callee: Any, args: Args) -> Values:
        """``type(x)``: a class that exists already, whatever ``x`` is. (With more arguments it makes one, and tells its bases.)"""
        given = args.each()
        if len(given) != 1 or args.call is None or args.call.spread or args.call.keywords:
            raise Top("type")
        found = []
        for value in given[0]:
            kind = value.kind if type(value) in INSTANCES else type(value)
            found.append(UNKNOWN if type(value) in (Pending, StandIn) or type(value) in PLAIN or kind is None else kind)
        return self.distinct(found)  # type: ignore[no-any-return]

    def gives_data(self, callee: Any, args: Args) -> Values:
        if callee in (any, all, sum):
            self.reads_all(args)
        if callee in (any, all, sum, range):
            self.asked(self.given_and_inside(args), NATIVES_ASK)
        elif callee is isinstance or callee is issubclass:
            self.checked(args)
        if callee is print and args.call is not None and args.act is not None:
            files = [v for name, ref in args.call.keywords if name == "file" for v in self.values(args.act, ref)]
            if args.call.spread:
                files += [v for values in args.each() for v in values if users_file(v)]
            if any(type(file) in (StandIn, Pending) or users_file(file) for file in files or [None]):
                raise Top("print to a file of your own")
        methods = ASKS.get(callee)
        if methods is not None:
            for values in args.each() if args.call is not None else [JUST_UNKNOWN]:
                for value in values:
                    if type(value) not in PLAIN:
                        self.special(value, methods)
        return JUST_DATA

    def makes_manager(self, callee: Any, args: Args, wrapped: types.FunctionType) -> Values:
        """What the generator function ``wrapped`` does, which will be driven by a ``with``."""
        self.function(wrapped, args, lower_managed(wrapped))
        return (Fresh(GENERATED),)

    def gives_manager(self, callee: Any, args: Args) -> Values:
        args.each()
        return (Fresh(callee),)

    def gives_next(self, callee: Any, args: Args) -> Values:
        for value in self.first_of(args):
            if (type(value) is StandIn and value is not DATA) or type(value) is Pending:
                raise Top("next")
            if type(value) is itertools.count:
                self.slots["e", id(value)] = None
                continue
            self.iterated(value)
        return JUST_UNKNOWN

    def first_of(self, args: Args) -> Values:
        """What the first argument may be; nothing of a call without any, which fails."""
        return next(iter(args.each()), ())

    def reads_all(self, args: Args) -> None:
        for values in args.each():
            for value in values:
                self.iterated(value, False)

    def gives_new(self, callee: Any, args: Args) -> Values:
        self.callbacks(args)
        if callee is map or callee is filter:
            self.called_back(self.first_of(args))
        elif callee is iter and len(args.each()) == 2:
            self.called_back(self.first_of(args))
        self.reads_all(args)
        if callee is sorted:
            self.ordered(args)
        elif callee is filter:
            self.asked(JUST_UNKNOWN, TRUTH)
        self.asked(self.given_and_inside(args), NATIVES_ASK)

        def elements() -> Values:
            if callee is map:
                return JUST_UNKNOWN
            found = [e for values in args.each() for v in values for e in self.elements_of(v)]
            if callee in _GIVES_TUPLES:
                return (Fresh(None, lambda: self.distinct([DATA, *found])),)
            return self.distinct(found)  # type: ignore[no-any-return]

        return (Fresh(None, elements),)

    def ordered(self, args: Args) -> None:
        """Arguments, what is in them, or what a key function makes of it, are compared."""
        keyed = args.call is None or args.call.spread or any(name == "key" for name, _ in args.call.keywords)
        self.asked(JUST_UNKNOWN if keyed else self.given_and_inside(args), ORDER)

    def given_and_inside(self, args: Args) -> Values:
        """What special methods of arguments are looked for in, if any may write."""
        if not self.machine.operators_write():
            return ()
        if args.call is None or args.call.spread:
            return JUST_UNKNOWN
        found = [v for values in args.each() for v in values]
        return self.distinct([*found, *[e for v in found for e in self.elements_of(v)]])  # type: ignore[no-any-return]

    def gives_element(self, callee: Any, args: Args) -> Values:
        self.callbacks(args)
        self.reads_all(args)
        self.ordered(args)
        found = [v for values in args.each() for v in values]
        return self.distinct([*found, *[e for v in found for e in self.elements_of(v)]])  # type: ignore[no-any-return]

    def getattr_(self, callee: Any, args: Args) -> Values:
        name = _literal(args, 1)
        if name is None:
            given = args.each()
            self.asked(self.first_of(args), ASKS[hasattr])
            return self.member_of(given[0]) if len(given) == 2 and args.call is not None and not args.call.spread else JUST_UNKNOWN
        target, _, *rest = args.each()
        found = [v for t in target for v in self.attribute_of(t, name)]
        return JUST_DATA if callee is hasattr else self.distinct([*found, *[v for values in rest for v in values]])

    def setattr_(self, callee: Any, args: Args) -> Values:
        name = _literal(args, 1)
        if name is None or args.call is None or args.act is None or len(args.call.args) != 3:
            raise Top("setattr")
        for target in args.each()[0]:
            self.store_attribute(target, name, partial(self.values, args.act, args.call.args[2]), callee is not setattr)
        return JUST_DATA

    def declared(self, effect: Any, args: Args, receiver: Any = None) -> Values:
        unless = effect.unless
        if unless is not None and self.otherwise(unless, args, receiver):
            if unless.otherwise is None:
                raise Top("a hook or an option makes it undeclared")
            self.declared(unless.otherwise, args)
        if self.machine.streaming:
            for values in args.each():
                for value in values:
                    self.touches(value)
        name = effect.name
        if name == "local":
            raise Top("local")
        if name == "sequential":
            resource = effect.resource
            if resource == "shown" and not all(v is DATA or type(v) in PLAIN for values in args.each() for v in values):
                raise Top("a `_repr_html_` may be anybody's code")
            if not callable(resource):
                self.slots["r", resource] = None
            else:
                source = SOURCES.get(resource)
                number = number_written(receiver) if resource is file_resource else None
                self.slots[EVERY_RESOURCE if source is None else ("r", number or (source.kind,))] = None
        may_share = effect.resource == "tables"  # cells of the frames that it is made of
        if not effect.external:
            self.asked(self.given_and_inside(args), NATIVES_ASK)
        if effect.external or effect.result in ("atom", "fresh") or (name in ("sequential", "readonly") and not may_share):
            return JUST_DATA
        plain = all(v is DATA or type(v) in PLAIN for values in args.each() for v in values)
        return JUST_DATA if plain else JUST_UNKNOWN

    def otherwise(self, unless: Any, args: Args, receiver: Any) -> bool:
        """May the receiver and the arguments be such that the call has another effect?"""
        call = args.call
        if call is None or call.spread:
            return True
        if any((name in unless.kwargs and (name != "stream" or unless.streams is None)) or name == unless.inside for name, _ in call.keywords):
            return True
        if unless.at_most is not None and len(call.args) > unless.at_most:
            return True
        if unless.only is not None:
            given = [self.for_predicate(args.act, r) for r in call.args]
            if not unless.only(receiver, tuple(given), {name: self.for_predicate(args.act, r) for name, r in call.keywords}):
                return True
        return unless.callables and any(v is HERE or type(v) is Older or callable(v) for values in args.each() for v in values)

    def for_predicate(self, act: Activation, ref: Ref) -> Any:
        """An argument, for a predicate of library data: a text for plain data, a class itself, else something that tells nothing."""
        found = self.values(act, ref)
        if all(v is DATA or type(v) in PLAIN for v in found):
            return ""
        return found[0] if len(found) == 1 and issubclass(type(found[0]), (type, types.GenericAlias)) else HERE

    def construct(self, cls: Any, args: Args) -> Values:
        """An instance of a user's class: its ``__init__`` on a fresh object."""
        if is_plain_enum(cls):
            for values in args.each():
                for value in values:
                    self.special(value, ("__hash__", "__eq__"))
            return JUST_UNKNOWN
        new = Fresh(cls)
        init = init_of(cls)
        if issubclass(cls, BaseException) and type(init) is not types.FunctionType:
            return (new,)
        if lookup(type(cls), "__call__") is not type.__call__:
            raise Top(cls.__qualname__)
        if lookup(cls, "__new__") is not object.__dict__["__new__"] and not issubclass(cls, BaseException):
            generated = lookup(cls, "__new__")
            if issubclass(cls, tuple) and getattr(getattr(generated, "__func__", generated), "__name__", "") == "__new__":
                code = getattr(getattr(generated, "__func__", generated), "__code__", None)
                if code is not None and code.co_filename.startswith("<string>") and init is object.__init__:
                    return (Fresh(None, lambda: self.distinct([v for values in args.each() for v in values]), named=cls),)
            raise Top(cls.__qualname__)
        if init is object.__init__:
            return (new,)
        if type(init) is not types.FunctionType:
            raise Top(cls.__qualname__)
        self.function(init, args.bound(new))
        return (new,)

    def again(self, callee: Any, args: Args) -> Values:
        """Another attempt of a wrapper (``attempts``), with the arguments of the first."""
        call, act = args.call, args.act
        assert call is not None and act is not None
        found: list[Any] = []
        for wrapper in self.values(act, call.args[1]):
            if type(wrapper) is not types.FunctionType:
                raise Top("retry")
            found += self.wrapper(wrapper, Args(self, act, replace(call, args=call.args[3:])))
        return self.distinct(found)  # type: ignore[no-any-return]

    def looks_up(self, callee: Any, args: Args) -> Values:
        """What ``caches`` does with a call whose key is known: no other call has to wait for that."""
        return JUST_UNKNOWN

    def cache(self, wrapper: Any, args: Args) -> Values:
        """A call of what ``functools.cache`` has made: it may give what it has given before."""
        function = wrapped_by(wrapper)
        if function is None:
            raise Top(getattr(wrapper, "__qualname__", "cache"))
        self.slots[slot_of(wrapper)] = None
        self.function(function, args)
        return JUST_UNKNOWN

    def wrapper(self, wrapper: types.FunctionType, args: Args) -> Values:
        """A call of what ``@retry`` has made: one attempt or several, with the statistics of the call and random waits."""
        found = retried(wrapper)
        if found is None:
            raise Top(wrapper.__qualname__)
        retrying = found.retrying
        for name in STRATEGIES:  # those of now, if nobody may still change them
            if any(value is not getattr(retrying, name) and value is not DATA for value in self.attribute_of(retrying, name)):
                raise Top(name)
        if not tries_first(retrying):
            raise Top(wrapper.__qualname__)
        for callee in after_failures(retrying):
            self.invoke(callee, Args(self, None, None))
        slot = ("a", id(wrapper), "statistics")
        self.slots[slot] = self.slots["=", slot] = None
        self.draws = True
        returned = self.function(found.function, args)
        return returned if retrying.retry_error_callback is None else JUST_UNKNOWN

    def function(self, fn: types.FunctionType, args: Args, lowered: Any = None) -> Values:
        """A call of a user's function: its body, with its parameters bound."""
        generates = is_generator(fn.__code__)
        if lowered is None:
            lowered = lower_generator(fn) if generates else lower_coroutine(fn) if is_coroutine(fn.__code__) else lower_function(fn)
        if isinstance(lowered, str):
            raise Top(f"{fn.__qualname__}: {lowered}")
        code = fn.__code__
        if self.trail is not None:
            self.trail.append((look_defaults, fn, None, fn.__defaults__))
        given = args.parameters(code, fn.__defaults__ or (), fn.__kwdefaults__ or {})
        key: Any = (id(code), tuple([tuple(map(id, v)) for v in given.values()]))
        act = self.entered.get(key)
        if act is None:
            depth = self.depth[id(code)] = self.depth.get(id(code), 0) + 1
            if depth > 8:
                given = dict.fromkeys(given, JUST_UNKNOWN)
                key = id(code)
                act = self.entered.get(key)
            if act is None:
                closure = dict(zip(code.co_freevars, fn.__closure__ or (), strict=True))
                summary = self.footprints.body_of(lowered)
                act = self.entered[key] = Activation(summary, lowered, fn.__globals__, [], given, closure)
                self.todo.append(act)
        inside = self.calling[-1] if self.calling else None
        returned: list[Any] = []
        for ref in act.summary.returns:
            values = self.values(act, ref)
            returned += values if (act, ref) != inside else [v for v in values if v is not CYCLE]  # a call in its own tail
        if generates:
            return (Fresh(None, lambda: self.distinct([v for ref in act.summary.returns for v in self.values(act, ref)])),)
        return self.distinct(returned)  # type: ignore[no-any-return]  # (None as well: nothing can be done through it)


def _literal(args: Args, index: int) -> str | None:
    """The literal string among the arguments."""
    call = args.call
    if call is None or call.spread or len(call.args) <= index:
        return None
    ref = call.args[index]
    return ref.detail if ref.kind == DATA_REF and type(ref.detail) is str else None


def look_defaults(at: Any, fn: types.FunctionType, _: Any) -> Any:
    """The defaults of a function that was entered."""
    return fn.__defaults__
