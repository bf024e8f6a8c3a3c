"""Streams: iterators that the engine itself advances, in place, for a loop or a builtin that reads them at once.

    for x in frames(video)            a generator function of the user's: its lowered twin (``compiler/generators.py``)
    for k, v in enumerate(d.items())  what ``enumerate``, ``zip``, ``map`` and ``itertools`` go over is looked through
    list(map(ask, xs))                so it is where ``list``, ``tuple``, ``sorted``, ``set``, ``dict``, ``any``, ``all`` or ``join`` read it
                                      (``starmap`` is a ``map`` whose items are spread)

The call that makes one and the reader stand next to each other in the source, so nobody else ever holds it. It goes over a fresh iterator of
an exact builtin, a generator's twin, or other streams, each of which it advances exactly when Python would: so everything that
runs does so in a plain run's order, in the unit of the reader. Where this cannot be said (an argument is an iterator or an object of
the user's) the call is made as it is written. A generator that does nothing with a parameter but go through it, once, is such a reader:
``scenes(frames(video))``.

A suspended twin is part of what its unit may still do: footprints look at its frame (:attr:`Streams.suspended`).
"""

from __future__ import annotations

import ast
import csv
import itertools
import types
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..compiler.functions import definition_of
from ..compiler.generators import computes_only, gone_through, is_async_generator, is_generator
from ..effects.opened import openers
from ..effects.registry import effect_of
from .atoms import ATOMS, CHAINED, MAPPINGS, SEQUENCES, hashes_plainly, lookup
from .constructors import is_record
from .pending import UNBOUND, BoundRef, Pending, settled, structured
from .sources import JOINS, NUMBERS, READ_ALL, READERS
from .tracebacks import steps_of
from .unit import MAX_DEPTH
from .walks import WALKED, walk_of

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_END: Any = object()
_DATA: frozenset[type] = frozenset({int, float, str, bool, type(None), bytes, complex})
FRESH: frozenset[type] = frozenset({list, dict, set, frozenset, Pending}) | SEQUENCES


class Stream:
    """An iterator of the engine's, and the call that it stands for."""

    __slots__ = ("args", "calm", "fn", "items", "kwargs", "pairs")

    def __init__(self, items: Iterator[Any], fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], pairs: bool = False) -> None:
        self.items, self.fn, self.args, self.kwargs = items, fn, args, kwargs
        #: every item is a pair
        self.pairs = pairs
        #: advancing it looks at a dict, and does nothing else
        self.calm = False


class LateMap:
    """``map(fn, source)`` of a source that is pending, for a builtin that may read it late (see ``sources``)."""

    __slots__ = ("fn", "source")

    def __init__(self, fn: Any, source: Any) -> None:
        self.fn, self.source = fn, source


class Streams(Base):
    """Part of the :class:`Machine`."""

    def _init_streams(self) -> None:
        #: unit -> generators that it has begun to read: twins, and ours that call functions
        self.suspended: dict[Any, list[Any]] = {}
        #: generators that run as written, and which functions make such
        self.computing: weakref.WeakSet[Any] = weakref.WeakSet()
        self.computations: weakref.WeakKeyDictionary[Any, frozenset[str] | None] = weakref.WeakKeyDictionary()
        self.readers_of: weakref.WeakKeyDictionary[Any, frozenset[str]] = weakref.WeakKeyDictionary()
        self.stream_makers: dict[Any, Callable[..., Any]] = {
            enumerate: self._enumerated, zip: self._zipped, map: self._mapped, itertools.chain: self._chained,
            itertools.islice: self._sliced, itertools.zip_longest: self._zipped_longest, itertools.pairwise: self._pairwise,
            itertools.product: self._product, itertools.starmap: self._starmapped, reversed: self._reversed,
        }  # fmt: skip
        self.stream_readers: dict[Any, Callable[[Stream], Any]] = {
            list: lambda s: self.new_list(list(s.items)), tuple: lambda s: self.new_tuple(*s.items),
            sorted: lambda s: self.call(sorted, self.new_list(list(s.items))), set: self._read_set, dict: self._read_dict,
            any: lambda s: self.n_any(self._at_hand(s)) if s.calm else any(self.truth(item) for item in s.items),
            all: lambda s: self.n_all(self._at_hand(s)) if s.calm else all(self.truth(item) for item in s.items),
        }
        #: these look at an item before they ask for the next: only where asking does nothing
        self.calm_readers: dict[Any, Callable[[Stream], Any]] = {
            fn: lambda s, fn=fn: self.call(fn, self._at_hand(s)) for fn in (sum, max, min)  # type: ignore[misc]
        }  # fmt: skip
        for fn in (itertools.combinations, itertools.permutations, itertools.combinations_with_replacement):
            self.stream_makers[fn] = self._arranged(fn)

    # ------------------------------------------------------------------ entry points of lowered code
    def stream_call(self, at_once: bool | None, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """``fn(*args, **kwargs)`` for a reader that follows: a :class:`Stream`, or the value of the call.

        ``at_once``: it is read by a builtin, so that where nothing external is called both may run natively. None: the reader
        is an ``async for``.
        """
        if type(fn) is Pending:
            fn = self.force(fn)
        kind = type(fn)
        if self.walks and not (kind in _BUILTIN and fn in self.stream_makers):
            for value in args:  # a function of the user's may advance it first
                self.walks.pop(id(value), None)
        if self.cur is not self.ghost and not (at_once and self.quiescent() and self.native_will_do(fn, args)):
            if fn is map and at_once and len(args) == 2 and not kwargs and self.is_calm(args[0]):
                if self.deferrable(args[1], True) and not self.risky(args[1]):
                    return LateMap(*args)
            if at_once is None:
                made = self._async_generator(fn, args, kwargs) if kind is types.FunctionType or kind is types.MethodType else None
            elif kind is type or kind is types.BuiltinFunctionType:
                maker = self.stream_makers.get(fn)
                made = maker(*args, **kwargs) if maker is not None else None
            elif kind is types.FunctionType or kind is types.MethodType:
                made = self._generator(fn, args, kwargs)
            else:
                made = None
            if made is not None:
                pairs = fn is enumerate or (fn is zip and len(args) == 2)
                return Stream(made, fn, args, kwargs, pairs)
        return self.call(fn, *map(self.unstreamed, args), **kwargs)

    def native_will_do(self, fn: Any, args: tuple[Any, ...]) -> bool:
        if not self.guards or any(type(a) is Stream or type(a) is Pending for a in args):
            return False
        maps = fn is map or fn is itertools.starmap
        called = args[0] if maps and args else fn
        effect = effect_of(called)
        if effect is not None:
            return not effect.external
        called = called.__func__ if type(called) is types.MethodType else called
        return bool(self.is_leaf(called)) if type(called) is types.FunctionType else type(called) is not type or not maps

    def stream_meth(self, at_once: bool | None, target: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """``target.name(*args, **kwargs)``, likewise."""
        kind = type(target)
        if kind is Pending and target.done:
            target = target.value
            kind = type(target)
        if at_once is not None and name in _VIEWS and not args and not kwargs and (kind in MAPPINGS or kind is Pending):
            if kind is Pending:
                if at_once and self.deferrable(target, True) and not self.risky_method(target, name):
                    return self.defer(self.late_view, (target, name), born=target.position)
                target = self.force(target)
            if type(target) in MAPPINGS:
                stream = Stream(self.iterate_method(target, name), getattr(target, name), (), {}, name == "items")
                stream.calm = True
                return stream
            return self.stream_meth(at_once, target, name)
        if kind is Pending or kind in CHAINED or kind in ATOMS and kind is not types.ModuleType:
            return self.meth(target, name, *map(self.unstreamed, args), **kwargs)
        fn = target.fn if kind is BoundRef else self.ga(target, name)
        found = self.stream_call(at_once, fn, *args, **kwargs)
        if name in WALKED and self.tame.get(id(found), self) is found:
            self.walks[id(found)] = walk_of(getattr(fn, "__self__", None), name)
        return found

    def read(self, reader: Any, value: Any) -> Any:
        """``reader(value)``, where ``value`` may be a stream."""
        kind = type(reader)
        builtin = kind is type or kind is types.BuiltinFunctionType
        if type(value) is LateMap:
            if builtin and reader in READ_ALL:
                return self.call(reader, self.defer(self.late_map, (value.fn, value.source)))
            value = self.begun_map(value)
        if type(value) is not Stream:
            return self.call(reader, value)
        rule = self.stream_readers.get(reader) if builtin else None
        if rule is None and builtin and (value.calm or self._is_calm_map(value, reader)):
            rule = self.calm_readers.get(reader)
        if reader is len and value.calm:
            return len(list(value.items))
        if rule is None or reader is dict and not value.pairs:
            return self.call(reader, self.unstreamed(value))
        return rule(value)

    def read_join(self, target: Any, name: str, value: Any) -> Any:
        """``target.join(value)``, where ``value`` may be a stream; ``str.join`` reads all of it before it looks at any item."""
        if type(value) is LateMap:
            if type(settled(target)) is str:
                return self.meth(target, name, self.defer(self.late_map, (value.fn, value.source)))
            value = self.begun_map(value)
        if type(value) is Stream:
            value = self.new_list(list(value.items)) if type(settled(target)) is str else self.unstreamed(value)
        return self.meth(target, name, value)

    def reads_at_once(self, name: str, reader: Any, key: int = -1, *values: Any) -> bool:
        """Is what is called ``name`` the builtin that reads all of a generator before it does anything else?  Also one that hashes, adds or
        compares each item before it asks for the next, unless that may run code of the user's which writes. What is given
        by name is among ``values``: at ``key`` what ``max`` or ``min`` calls for each item before it asks for the next."""
        return self.force(reader) is READERS.get(name) and not self.combining_writes(name) and (key < 0 or self.may_go_first(values[key]))

    def joins_at_once(self, target: Any) -> bool:
        return lookup(type(self.force(target)), "join") in JOINS

    def begun_map(self, late: LateMap) -> Any:
        """The stream, or the value, of a ``map`` whose source has to be waited for after all."""
        return self.stream_call(False, map, late.fn, self.force(late.source))

    def _is_calm_map(self, stream: Stream, reader: Any) -> bool:
        """A ``map`` of a function without effects, over values that are at hand, whose results the reader can take."""
        if stream.fn is not map or len(stream.args) != 2 or type(stream.args[1]) is Stream or not self.is_calm(stream.args[0]):
            return False
        return reader is not sum or stream.args[0] in NUMBERS

    def _at_hand(self, stream: Stream) -> Any:
        return self.new_tuple(*stream.items)

    def unstreamed(self, value: Any) -> Any:
        """``value``; for a stream that nobody has begun to read, the value of the call that it stands for."""
        if type(value) is LateMap:
            value = self.begun_map(value)
        return self.call(value.fn, *map(self.unstreamed, value.args), **value.kwargs) if type(value) is Stream else value

    # ------------------------------------------------------------------ generators
    def _generator(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any] | None:
        code: Any = getattr(fn.__func__ if type(fn) is types.MethodType else fn, "__code__", None)
        if code is None or not is_generator(code) or self.cur.depth >= MAX_DEPTH or effect_of(fn) is not None:
            return None
        if type(fn) is types.MethodType:
            args = (fn.__self__, *args)
            fn = fn.__func__
        if not kwargs and self._computes(fn, args):
            found = fn(*[a.items if type(a) is Stream else a for a in args])
            self.computing.add(found)
            return found  # type: ignore[no-any-return]
        if "open" in fn.__code__.co_names and not self._opens_files(fn.__globals__):
            return None
        twin = self.generator_twin_of(fn)
        if twin is None:
            return None
        if any(type(a) is Stream for a in args):
            names = self._goes_through(fn)
            args = tuple([a if name in names else self.unstreamed(a) for name, a in itertools.zip_longest(fn.__code__.co_varnames[: len(args)], args)])
        return self._begun(twin(*args, **kwargs))

    def _async_generator(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any] | None:
        function = fn.__func__ if type(fn) is types.MethodType else fn
        if type(function) is not types.FunctionType or not is_async_generator(function.__code__):
            return None
        if self.cur.depth >= MAX_DEPTH or self.cur.handling or effect_of(fn) is not None:
            return None
        twin = self.generator_twin_of(function)
        if twin is None:
            return None
        return self._awaited(twin(*((fn.__self__, *args) if function is not fn else args), **kwargs))

    def _awaited(self, generator: Any) -> Iterator[Any]:
        """The items of the twin of an asynchronous generator, which turns other exceptions than a twin does into others."""
        code = generator.gi_code
        try:
            yield from self._begun(generator)
        except StopAsyncIteration as error:
            left = RuntimeError("async generator raised StopAsyncIteration")
            left.__cause__ = left.__context__ = self.tidy(error)
        except RuntimeError as error:
            steps = steps_of(error.__traceback__)
            if not isinstance(error.__cause__, StopIteration) or any(frame.f_code is code for frame, _, _ in steps):
                raise
            left = error
            left.args = ("async generator raised StopIteration",)
        else:
            return
        raise left

    def _goes_through(self, fn: types.FunctionType) -> frozenset[str]:
        """Parameters of a generator function that may be streams: its twin's loop is who reads them."""
        found = self.readers_of.get(fn)
        if found is None:
            node = definition_of(fn)
            found = self.readers_of[fn] = gone_through(node) if isinstance(node, ast.FunctionDef) else frozenset()
        return found

    def _opens_files(self, names: dict[str, Any]) -> bool:
        """Is what is called ``open`` there Python's own, or IPython's, and is what goes through a file what its name says?"""
        if names.get("open", open) not in openers() or not _THROUGH.keys().isdisjoint(self.name_chains.get(id(names), ())):
            return False
        return all(name == "open" or names.get(name, own) is own for name, own in _THROUGH.items())

    def _computes(self, fn: types.FunctionType, args: tuple[Any, ...]) -> bool:
        """Does the generator work on its own locals alone?  Then it runs as written: its own frames, its own speed."""
        for value in (*args, *(fn.__defaults__ or ())):
            kind = type(value)
            if kind is Stream and value.items in self.computing or kind in _DATA:
                continue
            if kind is not tuple or not all(type(item) in _DATA for item in value):
                return False
        if fn.__closure__ or fn.__kwdefaults__:
            return False
        found = self.computations.get(fn, _END)
        if found is _END:
            node = definition_of(fn)
            found = self.computations[fn] = computes_only(node) if isinstance(node, ast.FunctionDef) else None
        names = self.name_chains.get(id(fn.__globals__), ())
        return found is not None and not any(name in fn.__globals__ or name in names for name in found)

    def _begun(self, generator: Any) -> Iterator[Any]:
        self.suspended.setdefault(self.cur, []).append(generator)
        return self._advance(generator, self.cur)

    def _advance(self, generator: Any, unit: Any) -> Iterator[Any]:
        """The items of what runs code of the user's when it is advanced; its frame counts for every unit that does."""
        owners = [unit]
        try:
            while True:
                unit = self.cur
                if unit not in owners:
                    owners.append(unit)
                    self.suspended.setdefault(unit, []).append(generator)
                unit.depth += 1
                try:
                    item = next(generator, _END)
                except RuntimeError as error:
                    if isinstance(error.__cause__, StopIteration):  # of which Python has made this one
                        self.tidy(error.__cause__)
                    raise
                finally:
                    unit.depth -= 1
                if item is _END:
                    return
                yield item
        finally:
            if hasattr(self, "suspended"):  # the run may be over
                for owner in owners:
                    left = self.suspended[owner]
                    left.remove(generator)
                    if not left:
                        del self.suspended[owner]

    def delegate(self, value: Any) -> Iterator[Any]:
        """``yield from value`` of a twin."""
        if type(value) is Stream or type(self.force_shape(value)) in FRESH:
            return self.iterate(value)  # type: ignore[no-any-return]
        value = self.force(value)
        if type(value) is types.CoroutineType:
            raise TypeError("cannot 'yield from' a coroutine object in a non-coroutine generator")
        return self._delegate(value)

    def _delegate(self, value: Any) -> Iterator[Any]:
        iterator = self.fence(iter, (value,), {}, what=type(value).__name__)
        unit = self.cur
        try:
            while True:
                item = self.fence(next, (iterator, _END), {}, what=type(value).__name__)
                if item is _END:
                    return
                yield item
        except GeneratorExit:
            if self.cur is unit and not unit.killed and hasattr(iterator, "close"):  # `break`
                if self.quiescent():
                    self.fence(iterator.close, (), {})
                else:
                    self.at_head(iterator.close, (), {})
            raise

    # ------------------------------------------------------------------ what is looked through
    def sources(self, args: tuple[Any, ...]) -> list[Iterator[Any]] | None:
        """Fresh iterators over ``args``, if each is an exact builtin, a named tuple, a stream or known better (``iterables``)."""
        values = [self.begun_map(a) if type(a) is LateMap else a if type(a) is Stream else self.force_shape(a) for a in args]
        for value in values:
            kind = type(value)
            if kind not in FRESH and kind is not Stream and not is_record(kind) and not self.is_looked_through(value):
                return None
        return [self.iterate(value) for value in values]

    def _enumerated(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        if not 1 <= len(args) <= 2 or len(args) + len(kwargs) > 2 or kwargs.keys() - {"start"}:
            return None
        start = self.force(args[1] if len(args) == 2 else kwargs.get("start", 0))
        found = self.sources(args[:1]) if type(start) is int else None
        return None if found is None else self._enumerate(found[0], start)

    def _zipped(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        found = None if kwargs else self.sources(args)
        return None if found is None else self._zip(found)

    def _mapped(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        found = self.sources(args[1:]) if len(args) > 1 and not kwargs else None
        return None if found is None else self._begun(self._map(self.force(args[0]), found))

    def _map(self, fn: Any, sources: list[Iterator[Any]]) -> Iterator[Any]:
        while True:
            items = []
            for source in sources:
                item = next(source, _END)
                if item is _END:
                    return
                items.append(item)
            yield self.call(fn, *items)

    def _starmapped(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        found = self.sources(args[1:]) if len(args) == 2 and not kwargs else None
        return None if found is None else self._begun(self._starmap(self.force(args[0]), found[0]))

    def _starmap(self, fn: Any, source: Iterator[Any]) -> Iterator[Any]:
        for item in source:
            item = self.force_shape(item)
            if type(item) is not tuple and type(item) is not Pending:
                item = self.force_shape(self.call(tuple, item))
            values: tuple[Any, ...] = item.elements or () if type(item) is Pending else item
            yield self.call(fn, *values)

    def _chained(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        found = None if kwargs else self.sources(args)
        return None if found is None else itertools.chain(*found)

    def _sliced(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        bounds = [self.force(a) for a in args[1:]]
        if not bounds or kwargs or any(b is not None and type(b) is not int for b in bounds):
            return None
        found = self.sources(args[:1])
        return None if found is None else itertools.islice(found[0], *bounds)

    def _zipped_longest(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        found = None if kwargs.keys() - {"fillvalue"} else self.sources(args)
        return None if found is None else (structured(items) for items in itertools.zip_longest(*found, **kwargs))

    def _pairwise(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        found = None if kwargs or len(args) != 1 else self.sources(args)
        return None if found is None else (structured(items) for items in itertools.pairwise(found[0]))

    def _product(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        found = None if kwargs else self.sources(args)
        return None if found is None else (structured(items) for items in itertools.product(*found))

    def _arranged(self, fn: Any) -> Callable[..., Iterator[Any] | None]:
        def make(*args: Any, **kwargs: Any) -> Iterator[Any] | None:
            sizes = [self.force(a) for a in args[1:]]
            if kwargs or not args or any(type(s) is not int or s < 0 for s in sizes):
                return None
            found = self.sources(args[:1])
            return None if found is None else (structured(items) for items in fn(found[0], *sizes))

        return make

    def _reversed(self, *args: Any, **kwargs: Any) -> Iterator[Any] | None:
        if len(args) != 1 or kwargs or type(args[0]) is Stream or type(source := self.force_shape(args[0])) is not list:
            return None
        return self.iterate_backwards(source, len(self.view(source)))

    def iterate_backwards(self, target: list[Any], size: int) -> Iterator[Any]:
        """``for … in reversed(target)``: from where its end was, over what stands there then."""
        for i in reversed(range(size)):
            view = self.view(target)
            if i >= len(view):
                return
            yield settled(view[i])

    # ------------------------------------------------------------------ who reads them
    def _read_set(self, stream: Stream) -> Any:
        target: set[Any] = self.born(set())
        for item in stream.items:
            self.set_add(target, item)
        return target

    def _read_dict(self, stream: Stream) -> Any:
        """Each key is hashed once, as it comes; where that is code of the user's, all values are waited for."""
        found: dict[Any, Any] = {}
        plain = True
        for pair in stream.items:
            key, value = self.unpack(pair, 2)
            key = self.force(key)
            if type(key) not in ATOMS and not hashes_plainly(key):
                plain = False
                self.hashable(key)
                value = self.force(value)
            found[key] = value
        if not plain:
            for key, value in list(found.items()):
                if type(value) is Pending:  # under a plain key
                    found[key] = self.force(value)
        return self.new_dict([(UNBOUND, found)])


_VIEWS = frozenset({"items", "keys", "values"})
_BUILTIN = (type, types.BuiltinFunctionType)
#: the functions whose names `generators.reads_lines` knows
_THROUGH: dict[str, Any] = {"open": open, "enumerate": enumerate, "zip": zip, "islice": itertools.islice, "csv": csv}

__all__ = ["FRESH", "Stream", "Streams"]
