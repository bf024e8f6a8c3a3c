"""``functools.cache`` and ``lru_cache`` around a function of the user's: questions that are not in the cache are asked all at once.

    @cache
    def get(q): return ask(q)

    answers = [get(q) for q in qs]       # one round; the same question again waits for its answer, and is a hit

The cache itself is written in C, and changes in program order only, by calls of the wrapper itself at the head: of a hit as it is, of a miss
with the function answered by what the call made ahead has come to (:mod:`.answered`). So what is in it, in which order, and
how many hits and misses it has had is what a plain run leaves, at every time. What runs ahead is a unit of lowered code,

    if find(record): return take(record, wrapper, q)
    try: value = function(q)
    except BaseException as error: failed = error
    else: return keep(record, value, wrapper, function, q)
    return missed(record, failed, wrapper, function, q)

Whether a call is a hit is known at its place, from what the cache holds and from the *records* of older calls that are on their way there:
all calls of the wrapper are found out about in program order. Who may still call it has that in its footprint, and
younger calls wait for that. A call in flight with the same key is waited for. It cannot fail without us: whoever would catch its failure
stands in a ``try`` that may call the wrapper, or has left it because nothing in it could fail any more. A failure is a miss
that stores nothing: :meth:`Attempts.again`.

Keys are numbers and strings (hashing them runs no code). A cache that might overflow, one with ``typed=True``, and methods stay in order.
"""

from __future__ import annotations

import ast
import functools
import gc
import types
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..compiler.functions import lower_given
from ..compiler.plan import Lowered
from .answered import answered
from .attempts import NAMED, Attempts

CACHED = type(functools.cache(len))
_PLAIN_KEYS = frozenset({int, str, float, bool, bytes, type(None)})


def find(record: Any) -> bool:
    """What lowered code calls; see :class:`Caches`."""
    raise AssertionError("unreachable")


def take(record: Any, wrapper: Any, /, *args: Any, **kwargs: Any) -> Any:
    raise AssertionError("unreachable")


def keep(record: Any, value: Any, wrapper: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    raise AssertionError("unreachable")


def missed(record: Any, failed: Any, wrapper: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    raise AssertionError("unreachable")


def slot_of(wrapper: Any) -> tuple[str, Any]:
    """What a unit publishes that may still call ``wrapper``."""
    return "r", ("cache", id(wrapper))


class Record:
    """A call of a wrapper that the cache does not know of yet."""

    __slots__ = ("before", "home", "key", "over", "unit", "value", "waiting")

    def __init__(self, home: dict[Any, Record], key: Any, before: Record | None) -> None:
        self.home, self.key, self.before = home, key, before
        home[key] = self
        self.unit: Any = None
        #: a tuple of what the function has returned
        self.value: tuple[Any, ...] | None = None
        #: the cache knows of it, or it has failed
        self.over = False
        self.waiting: list[Callable[[], None]] = []

    def end(self) -> None:
        self.over = True
        self.before = None
        if self.home.get(self.key) is self:
            del self.home[self.key]

    def alive(self) -> bool:
        return not self.over and not self.killed()

    def killed(self) -> bool:
        """Has it never been called, as something before it has failed?"""
        return self.unit is not None and bool(self.unit.killed)


@lru_cache(maxsize=256)
def lookup_of(count: int, names: tuple[str, ...]) -> tuple[types.FunctionType, Lowered]:
    """The text above for a call with ``count`` arguments, and others of these ``names``: a function, and its lowered form."""
    places = [f"a{i}" for i in range(count)]
    given = ", ".join([*places, *[f"{name}={NAMED}{name}" for name in names]])
    taken = ", ".join(["find, take, keep, missed, record, wrapper, function", *places, *[NAMED + name for name in names]])
    more = given and ", " + given
    text = (
        f"def lookup({taken}):\n if find(record): return take(record, wrapper{more})\n try: value = function({given})\n"
        " except BaseException as error: failed = error\n"
        f" else: return keep(record, value, wrapper, function{more})\n return missed(record, failed, wrapper, function{more})"
    )
    tree = ast.parse(text)
    made: dict[str, Any] = {}
    exec(compile(tree, __file__, "exec"), made)
    return made["lookup"], lower_given(made["lookup"], tree.body[0])  # type: ignore[arg-type]


def contents_of(wrapper: Any) -> tuple[dict[Any, Any], Any] | None:
    """The keys in the cache of ``wrapper`` (and values, if it has no limit), and what it puts in front of keywords in a key."""
    parts = gc.get_referents(wrapper)
    dicts = [part for part in parts if type(part) is dict and part is not wrapper.__dict__]
    marks = [part for part in parts if type(part) is object]
    return (dicts[-1], marks[-1]) if dicts and marks else None


class Caches(Attempts):
    """Part of the :class:`Machine`."""

    def _init_caches(self) -> None:
        self._init_attempts()
        #: id of a wrapper -> its calls that the cache does not know of yet, the youngest for each key
        self.lookups: dict[int, dict[Any, Record]] = {}

    def cached(self, wrapper: Any) -> Callable[..., Any] | None:
        """``run(callee, args, kwargs)`` for calls of ``wrapper`` if it caches a function that can be lowered, else None."""
        function = wrapped_by(wrapper)
        if function is None or self.twin_of(function) is None:
            return None
        limit = wrapper.cache_parameters()["maxsize"]
        if limit == 0:
            return None
        records = self.lookups.setdefault(id(wrapper), {})

        def run(callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if not self.goes_ahead(function, kwargs):
                return self._in_order(wrapper)(wrapper, args, kwargs)
            args = tuple([self.force(value) for value in args])
            kwargs = {name: self.force(value) for name, value in kwargs.items()}
            found = contents_of(wrapper)
            if found is None or not all(type(value) in _PLAIN_KEYS for value in (*args, *kwargs.values())):
                return self._in_order(wrapper)(wrapper, args, kwargs)
            self.await_writers(None, (slot_of(wrapper),))
            key = _key(args, kwargs, found[1])
            record = records.get(key)
            while record is not None and record.killed():
                record = record.before
            if record is None or record.over:
                if key in found[0]:
                    if limit is not None:
                        return self.at_head_value(wrapper, args, kwargs)
                    value = found[0][key]
                    self.at_head(wrapper, args, kwargs)
                    return value
                waiting = sum(one.alive() for one in records.values())
                if limit is not None and len(found[0]) + waiting >= limit:
                    return self._in_order(wrapper)(wrapper, args, kwargs)
            elif record.value is not None:
                self.at_head(wrapper, args, kwargs)
                return record.value[0]
            elif self._inside_of(record.unit):
                return self._in_order(wrapper)(wrapper, args, kwargs)
            record = Record(records, key, record)
            lookup = self.twin_given(lookup_of(len(args), tuple(kwargs)))
            named = {NAMED + name: value for name, value in kwargs.items()}
            result = self.run_unit(lookup, (find, take, keep, missed, record, wrapper, function, *args), named, None, False)
            return self.of_function(function, result)

        return run

    def _inside_of(self, unit: Any) -> bool:
        """Are we part of what ``unit`` has called?"""
        above = self.cur
        while above is not None and above is not unit:
            above = above.parent
        return above is unit

    # ------------------------------------------------------------------ what the text calls
    def find_cached(self, record: Record) -> bool:
        """Has the older call with the same key, if there is one, come to a value? Waits for it."""
        record.unit = self.cur
        before = record.before
        while before is not None and before.alive() and before.value is None:
            before.waiting.append(self.resumer())
            self.stall("data")
        record.value = before.value if before is not None and not before.killed() else None
        return record.value is not None

    def take_cached(self, record: Record, wrapper: Any, /, *args: Any, **kwargs: Any) -> Any:
        assert record.value is not None
        self._wake(record)
        self.at_head(self._settle, (record, wrapper, wrapper, args, kwargs), {})
        return record.value[0]

    def keep_cached(self, record: Record, value: Any, wrapper: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        value = self.force(value)
        record.value = (value,)
        self._wake(record)
        self.at_head(self._settle, (record, wrapper, function, args, kwargs), {})
        return value

    def missed_cached(self, record: Record, failed: Any, wrapper: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        record.end()
        self._wake(record)
        return self.again(failed, wrapper, function, *args, **kwargs)

    def _wake(self, record: Record) -> None:
        waiting, record.waiting = record.waiting, []
        for callback in waiting:
            callback()

    def _settle(self, record: Record, wrapper: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """At the head: let the cache know of a miss, or (``function`` is the wrapper) of a hit."""
        assert record.value is not None
        if function is wrapper:
            wrapper(*args, **kwargs)
        else:
            with answered(function, record.value[0]):
                wrapper(*args, **kwargs)
        record.end()


def wrapped_by(wrapper: Any) -> types.FunctionType | None:
    """The function of a cache by identity, as the cache itself has it, or None."""
    function = getattr(wrapper, "__wrapped__", None)
    if type(function) is not types.FunctionType or type(wrapper) is not CACHED or function.__code__.co_flags & 0x2A0:
        return None
    if not any(part is function for part in gc.get_referents(wrapper)) or wrapper.cache_parameters()["typed"]:
        return None
    return function


def _key(args: tuple[Any, ...], kwargs: dict[str, Any], mark: Any) -> Any:
    """The key of a call, as the cache makes it."""
    if kwargs:
        return (*args, mark, *[part for pair in kwargs.items() for part in pair])
    return args[0] if len(args) == 1 and type(args[0]) in (int, str) else args


__all__ = ["CACHED", "Caches", "find", "keep", "missed", "slot_of", "take", "wrapped_by"]
