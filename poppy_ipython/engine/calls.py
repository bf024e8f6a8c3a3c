"""Calls: who is called decides what may overlap.

    pending callee          wait for it
    builtin the engine knows  on the forwarded view (``natives``)
    declared pure            in place; deferred if an operand is pending
    declared external        dispatched as soon as its arguments are known (``unordered``), after the older writes of its
                             resource (``readonly``), or at the head (``sequential``)
    user function            its compiled twin, as a unit
    a class                  see ``constructors``
    an instance of yours     its ``__call__``, as a method (``instances``)
    anything else            a fence: wait for the head, then call the object itself, in place

The twin of a function is looked up here, by the function object and only inside a run; the object keeps its own code.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable
from sys import _getframe
from typing import TYPE_CHECKING, Any

from ..compiler.functions import is_coroutine
from ..effects import effect_of_call
from ..effects.doubts import doubt_once
from ..effects.opened import file_resource
from ..effects.registry import effect_of, resource_of
from ..effects.sources import path_resource
from ..effects.table import display_name, own_name, underlying
from ..effects.wrappers import reason_of
from ..trace.uses import Use
from .atoms import CHAINED, SEQUENCES
from .caches import CACHED
from .columns import is_mapper
from .draws import is_shuffle
from .external import EVERYTHING
from .pending import Pending, settled
from .unit import MAX_DEPTH, Entry

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: callables that are looked up by themselves, at once
_HASHED = frozenset({types.FunctionType, types.BuiltinFunctionType, type, types.MethodDescriptorType, types.WrapperDescriptorType})
_RECEIVERS = CHAINED | SEQUENCES | {int, float}
Handler = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


class Calls(Base):
    """Part of the :class:`Machine`: resolves callees, runs twins, fences."""

    def _init_calls(self) -> None:
        self.handlers: dict[Any, Handler] = {}
        self.native_code = False
        #: id of what was called -> how it was treated and how often
        self.uses: dict[int, Use] = {}
        for builtin, method in self.builtin_handlers.items():
            self.handlers[builtin] = _unpacked(self, method)

    def recoded(self) -> None:
        """A function has been given other code: how anything is called is found out again."""
        for twins in (self.twins, self.generator_twins, self.managed_twins, self.coroutine_twins):
            twins.clear()
        for called in [called for called in self.handlers if called not in self.builtin_handlers]:
            del self.handlers[called]

    # ------------------------------------------------------------------ entry points of lowered code
    def call(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """``fn(*args, **kwargs)``."""
        if type(fn) is Pending:
            fn = self.force(fn)
        kind = type(fn)
        if kind is types.MethodType:
            return self.call_method(fn, args, kwargs)
        if kind not in _HASHED and not issubclass(kind, type):
            found = self.call_object(fn, kind, args, kwargs)
            if found is not NotImplemented:
                return found
        try:
            handler = self.handlers.get(fn)
        except TypeError:  # unhashable callable object
            return self.fence(fn, args, kwargs, what=type(fn).__name__)
        if handler is None:
            handler = self.classify(fn)
        return handler(fn, args, kwargs)

    def call_method(self, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        fn = method.__func__
        owner = method.__self__
        try:
            handler = self.handlers.get((fn, type(owner)))  # that of `fn` alone would be called without the owner
        except TypeError:
            return self.fence(method, args, kwargs, what=getattr(method, "__name__", "method"))
        if handler is None:
            handler = self.classify_method(method, fn, type(owner))
        return handler(method, args, kwargs)

    def await_call(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """``await fn(*args, **kwargs)``."""
        fn = self.force(fn)
        effect = effect_of(fn)
        if effect is not None and effect.external:
            self.use_of(fn, effect).calls += 1
            value = self.external(fn, effect, args, kwargs)
            if self.unfinished:
                value = self.in_turn(value)
            if effect.backend == "loop" or (effect.backend == "auto" and inspect.iscoroutinefunction(fn)):
                return value
            return self.await_value(value)  # a plain function: what it has returned is awaited, if it can be
        full = args
        function = fn
        if type(fn) is types.MethodType:
            function, full = fn.__func__, (fn.__self__, *args)
        parent = self.cur
        if type(function) is types.FunctionType and effect is None and is_coroutine(function.__code__):
            inside = parent is self.ghost or parent.handling or parent.depth >= MAX_DEPTH
            twin = None if inside else self.coroutine_twin_of(function)
            if twin is not None:
                return self.run_unit(twin, full, kwargs, None, False)
        value = self.call(fn, *args, **kwargs)
        use = self.use_of(fn, effect)
        begin = self.clock()
        try:
            return self.await_value(value)
        finally:
            use.held += self.clock() - begin

    def await_value(self, value: Any) -> Any:
        """``await value``: in order, by the task that runs the cell."""
        value = self.force(value)
        self.drain("unknown", "await")
        return self.host_await(value)

    # ------------------------------------------------------------------ classification
    def classify(self, fn: Any) -> Handler:
        """Find out, once, how calls of ``fn`` are treated.

        A builtin method of an object is known by its class's: the object would otherwise live as long as the run.
        """
        key = fn
        if issubclass(type(fn), types.BuiltinFunctionType) and (descriptor := underlying(fn)) is not fn:
            key = descriptor, type(fn.__self__)
            handler = self.handlers.get(key)
            if handler is not None:
                return handler
        handler = self.handlers[key] = self._classify(fn)
        return handler

    def _classify(self, fn: Any) -> Handler:
        if issubclass(type(fn), types.BuiltinFunctionType) and type(fn.__self__) in _RECEIVERS:
            return lambda f, args, kwargs: self.meth(f.__self__, f.__name__, *args, **kwargs)
        effect = effect_of(fn)
        if effect is not None:
            return self._by_effect(effect, fn)
        if issubclass(type(fn), type):
            return self.constructor(fn)
        if type(fn) is types.FunctionType:
            twin = self.twin_of(fn)
            if twin is not None:
                return lambda f, args, kwargs: self.run_twin(twin, fn, f, args, args, kwargs)
            make = self.makes_managers(fn)
            if make is not None:
                return make
            attempt = self.retried(fn)
            if attempt is not None:
                return lambda f, args, kwargs: attempt(f, args, args, kwargs)
        if type(fn) is CACHED:
            lookup = self.cached(fn)
            if lookup is not None:
                return lookup
        return self._in_order(fn)

    def use_of(self, fn: Any, effect: Any) -> Use:
        """The count of calls of ``fn``."""
        target = underlying(fn)
        use = self.uses.get(id(target))
        if use is None:
            use = self.uses[id(target)] = Use(display_name(target), own_name(fn))
            if effect is not None:
                use.effect, use.origin = effect.said, effect.origin
                use.doubt = doubt_once(target, effect)
            else:
                use.origin = reason_of(target) or self.not_lowered.get(use.what, "")
        return use

    def _in_order(self, fn: Any) -> Handler:
        """Calls of an undeclared ``fn``, counted and timed: nothing unknown stays silent."""
        use = self.use_of(fn, None)
        clock = self.clock
        function = fn.__func__ if type(fn) is types.MethodType else fn
        ends = type(function) is types.FunctionType and self.end_acts(function)

        def in_order(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            use.calls += 1
            begin = clock()
            try:
                value = self.fence(f, args, kwargs, what=use.what)
                return self.note_generator(value) if ends else value
            finally:
                use.held += clock() - begin

        return in_order

    def classify_method(self, method: Any, fn: Any, kind: type) -> Handler:
        handler: Handler
        effect = effect_of(method)
        if effect is not None:
            handler = self._by_effect(effect, method)
        elif type(fn) is types.FunctionType and (twin := self.twin_of(fn)) is not None:

            def handler(m: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                return self.run_twin(twin, fn, m, args, (m.__self__, *args), kwargs)
        elif type(fn) is types.FunctionType and (make := self.makes_managers(fn)) is not None:

            def handler(m: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                return make(m, args, kwargs)
        elif type(fn) is types.FunctionType and (attempt := self.retried(fn)) is not None:

            def handler(m: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                return attempt(m, args, (m.__self__, *args), kwargs)
        else:
            handler = self._in_order(method)
            if type(fn) is types.FunctionType and is_mapper(kind, fn.__name__):
                in_order = handler

                def handler(m: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                    return self.map_column(m, args, kwargs, in_order)
            elif is_shuffle(fn, kind):
                as_it_is = handler

                def handler(m: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                    return self.shuffle(m, args, kwargs, as_it_is)

        self.handlers[fn, kind] = handler
        return handler

    def _by_effect(self, effect: Any, fn: Any) -> Handler:
        if effect.name == "local":
            return self._in_order(fn)
        use = self.use_of(fn, effect)
        if effect.external:
            if effect.backend == "loop":  # not awaited here: it makes a coroutine object, as Python does
                return lambda f, args, kwargs: self.fence(f, args, kwargs, pure=True)

            def treat(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                use.calls += 1
                value = self.external(f, effect, args, kwargs)
                return self.in_turn(value) if self.unfinished else value
        elif effect.resource is file_resource:

            def treat(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                use.calls += 1
                return self.write_file(f, args, kwargs, effect)
        elif effect.resource is path_resource and effect.known:

            def treat(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                use.calls += 1
                return (self.look_at_file if effect.name == "readonly" else self.write_by_name)(f, args, kwargs, effect)
        elif effect.unless is not None:

            def treat(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                use.calls += 1
                return self._unless(f, args, kwargs)
        elif effect.name == "pure":
            atom = effect.result == "atom"

            def treat(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                use.calls += 1
                return self.native(f, args, kwargs or None, atom, effect)
        else:

            def treat(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                use.calls += 1
                return self.queued(f, args, kwargs, effect)

        return treat

    def _unless(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A native whose arguments may say otherwise (a hook that is user code)."""
        effect = effect_of_call(fn, args, kwargs)
        if effect is None or effect.name not in ("pure", "sequential", "readonly"):
            return self._undeclared(fn, args, kwargs)
        if effect.name == "pure":
            return self.native(fn, args, kwargs or None, effect.result == "atom", effect)
        if not effect.external:
            return self.queued(fn, args, kwargs, effect)
        value = self.external(fn, effect, args, kwargs)
        return self.in_turn(value) if self.unfinished else value

    def _undeclared(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.fence(fn, args, kwargs, what=own_name(fn))

    # ------------------------------------------------------------------ user functions
    def run_twin(
        self, twin: Callable[..., Any], fn: types.FunctionType, callee: Any, args: tuple[Any, ...], full: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call the user's ``fn`` (``callee`` with ``args`` is the call as written, ``full`` has the receiver in front)."""
        parent = self.cur
        if not parent.log and parent.head and self.guards and parent is not self.ghost and self.is_leaf(fn):
            return self.fence(callee, args, kwargs, what=fn.__name__)
        if parent is self.ghost:
            return self.fence(callee, args, kwargs, what="user code")
        if parent.depth >= MAX_DEPTH:
            return self.fence(callee, args, kwargs, what=getattr(callee, "__name__", "deep recursion"))
        found = self.detached_call(fn, full, kwargs)
        if found is not NotImplemented:
            return found
        if parent.handling:
            parent.depth += 1
            try:
                return twin(*full, **kwargs)
            finally:
                parent.depth -= 1
        return self.of_function(fn, self.run_unit(twin, full, kwargs, None, False))

    # ------------------------------------------------------------------ in order
    def fence(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], what: str = "", pure: bool = False
    ) -> Any:
        """Wait for the head with everything retired, then call ``fn`` natively, here."""
        if self.streaming:
            self.escape(getattr(fn, "__self__", None), *args, *kwargs.values())
        unit = self.cur
        if unit.log or not unit.head:
            args = tuple([self.force(a) for a in args])
            kwargs = {k: self.force(v) for k, v in kwargs.items()}
            self.drain("commit" if pure else "unknown", what)
        else:
            args = tuple([settled(a) for a in args])
            for value in args:
                if type(value) is Pending:
                    args = tuple([self.force(a) for a in args])
                    break
            if kwargs:
                kwargs = {k: self.force(v) for k, v in kwargs.items()}
        before: Any = ()
        if not pure:
            if self.plain_reads:
                self.plain_reads.clear()
            if self.ahead:
                self.spoil()
            if self.looped:
                before = self.keys_of_loops()
        self.native_code = True
        self.generation += 1
        try:
            return self.natively(fn, args, kwargs)
        finally:
            self.native_code = False
            for target, keys in before:
                gone = [key for key in keys if key not in target]
                if gone:
                    self.deleted(target, *gone)

    def at_head(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Entry:
        """Queue a call of ``fn`` for the head, where real objects are current; issuing goes on."""
        if self.streaming:
            self.escape(getattr(fn, "__self__", None), *args, *kwargs.values())
        unit = self.cur
        if unit is self.ghost:
            self.drain()
        entry = Entry(self, unit, self.run_at_head, fn, args, kwargs, None, True)
        self.locate(entry, _getframe(1))
        if unit.head and len(unit.log) == 1:
            self.post(self.advance, unit)
        if self.unfinished:
            self.issued()
        return entry

    def at_head_value(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any = None, resource: Any = None
    ) -> Any:
        """Like :meth:`at_head`, with the result as a pending (clock, random state, environment).

        ``effect``: what it is declared as; a write keeps younger external reads of its resource waiting (``resource`` if it is
        known already). Where that depends on arguments that are not there yet, it is every resource.
        """
        if self.quiescent() or self.unfinished and self.one_by_one():
            return self.fence(fn, args, kwargs, pure=True)
        entry = self.at_head(fn, args, kwargs)
        entry.pending = Pending()
        if resource is None and effect is not None and effect.name == "sequential":
            unknown = callable(effect.resource) and self.has_pending(map(settled, (*args, *kwargs.values())))
            resource = EVERYTHING if unknown else resource_of(effect, fn, args, kwargs)
        if resource is not None:
            entry.resource = resource
            self.writes.setdefault(entry.resource, []).append(entry)
            if self.ahead:
                self.spoil(resource)
        return entry.pending

    def run_at_head(self, entry: Entry) -> None:
        self.native_code = True
        self.generation += 1
        try:
            args = [settled(a) for a in entry.args]
            kwargs = {k: settled(v) for k, v in (entry.kwargs or {}).items()}
            value = self.natively_at(entry.unit, entry.frame, entry.lasti, entry.fn, args, kwargs)
        except BaseException as error:
            entry.error = error
        else:
            if entry.pending is not None:
                self._resolve(entry.pending, value)
        finally:
            self.native_code = False
        entry.done = True
        if self.settle_callbacks or entry.resource is not None:
            self.settle(entry)

    def caller_line(self) -> int | None:
        frame = _getframe(1)
        while frame is not None and id(frame.f_code) not in self.lowered:
            frame = frame.f_back  # type: ignore[assignment]
        return frame.f_lineno if frame is not None else None


def _unpacked(machine: Any, method: Callable[..., Any]) -> Handler:
    """The engine's own form of a builtin; a call with other arguments than that takes goes to the builtin itself, which says so."""
    function = getattr(method, "__func__", method)
    code = function.__code__  # read here and not by `inspect.signature`, which was half of what an empty cell cost
    takes = code.co_argcount - (function is not method)
    most = sys.maxsize if code.co_flags & inspect.CO_VARARGS else takes
    least = takes - len(function.__defaults__ or ())
    named = bool(code.co_flags & inspect.CO_VARKEYWORDS)

    def call(fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if least <= len(args) <= most and (named or not kwargs):
            return method(*args, **kwargs)
        return machine.fence(fn, args, kwargs, what=fn.__name__)

    return call


__all__ = ["Calls", "effect_of_call"]
