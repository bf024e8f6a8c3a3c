"""What a call may do to the rest of the program: the five declarations, as frozen values that are also decorators.

    name          order          reach   runs                 says
    pure          free           args    in place             reads its arguments only, mutates nothing, keeps none
    local         free           own     in place             may also mutate its receiver and arguments
    unordered     free           args    outside (external)   order does not matter; the result aliases nothing older
    readonly(r)   after writes   args    outside (external)   reads resource r
    sequential(r) total order    args    outside (external)   reads and writes resource r
    (undeclared)  '*'            any     in place, as a fence

One frozen dataclass serves as declaration, decorator and value for `declare`, so that there is a single thing to learn
and to print. The decorator hands back *the same function object* (see `table.py`). A decorator that wraps was decided
against: it would show in tracebacks, pickles and `inspect`, and two wrappers of one function could disagree.

`sequential(x)` is a resource if `x` is a constant or a lambda, and a decoration if `x` is a function with a name; an
ambiguous lambda is therefore a resource: `sequential(lambda self, table: ("db", table))`. For the free declarations,
which have no resource, a lambda is a function like any other.
"""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any, Literal, TypeVar, get_args

from poppy_ipython.effects.table import MISSING, Table, display_name, underlying

__all__ = ["Effect", "declare", "local", "pure", "readonly", "sequential", "unordered"]

Name = Literal["pure", "local", "unordered", "readonly", "sequential"]
Backend = Literal["auto", "loop", "threads", "processes", "dask"]
REMOTE = ("processes", "dask")  # in other processes
Result = Literal["any", "atom", "fresh", "iterator", "stream"]
F = TypeVar("F")

effects = Table()
"""Underlying callable -> Effect, or None where a look-up has found nothing (written by this module and `registry`)."""

derived: list[Table] = []
"""What `registry` has derived from `effects` and has to forget when an effect is declared."""

_decorated = Table()
"""What decorators said, to find two that contradict each other; `declare` may replace it, as library data may be."""

KEYWORDS = ("resource", "external", "backend", "host", "result", "retry", "retry_on", "timeout", "idempotent", "resources")
SHOWN = ("backend", "host", "retry", "timeout", "idempotent")


@dataclass(frozen=True, slots=True)
class Effect:
    """An order and a reach. Made by `pure`, `local`, `unordered`, `readonly(r)`, `sequential(r)`; never by hand.

    >>> unordered
    unordered
    >>> sequential("db")
    sequential('db')
    >>> @unordered(backend="threads", host="api.example.org")
    ... def ask(question): ...
    """

    name: Name
    resource: Hashable | Callable[..., Hashable] = None  # a constant, or called with the call's arguments
    external: bool = False  # its time is spent outside this interpreter: a backend runs it
    backend: Backend = "auto"  # auto: coroutine functions on the loop, all else in threads
    said_backend: bool = field(default=False, repr=False, compare=False)  # and not found by itself
    resources: tuple[tuple[str, float], ...] = ()  # of a cluster: what a worker must have for it
    host: str | Callable[..., str] | None = None  # key of the calls-at-once limit; None: derived
    #: atom: always int/str/float/bool/None/bytes · fresh: new, aliases nothing older · iterator: advancing it is pure
    #: · stream: an iterator whose items come from outside, read by nobody else
    result: Result = "any"
    retry: int | None = None  # sent again up to so often after a failure that passes; 0: never; None: see backends.retries
    retry_on: Any = None  # exception types, or a predicate of the exception: what passes; None: the usual
    timeout: float | None = None  # seconds that one attempt may take, then TimeoutError
    idempotent: bool = False  # sending it twice does no harm, although it is ordered
    unless: Any = field(default=None, repr=False)  # a `library.Refinement`: other arguments, other effect
    origin: str = field(default="", repr=False, compare=False)  # where it was declared, for a reader

    @property
    def said(self) -> str:
        """In one word, for a table: `unordered`, `sequential('db')`, `readonly(…)` for what the arguments decide."""
        if not self.ordered or self.resource == "*":
            return self.name
        return f"{self.name}({'…' if callable(self.resource) else repr(self.resource)})"

    @property
    def known(self) -> bool:
        """Whether library data says so, and not the user: then what user code it may call is not covered."""
        return self.origin.startswith("library/")

    @property
    def ordered(self) -> bool:
        """Whether it names a resource."""
        return self.name == "readonly" or self.name == "sequential"

    def __call__(self, target: Any = MISSING, /, **settings: Any) -> Any:
        """Declare `target`, or give a resource or settings. See the module docstring for which is which."""
        if target is MISSING:
            return self._with(settings)
        if self._is_resource(target):
            if "resource" in settings:
                raise TypeError(f"{self.name} was given two resources: {target!r} and {settings['resource']!r}")
            return self._with({"resource": target, **settings})
        if settings:
            return self._with(settings)(target)
        function = _checked(target, self)
        before = _decorated.get(function, self)
        if before.name != self.name:
            raise TypeError(
                f"{display_name(function)} is already {before!r}; it cannot be {self!r} too. "
                f"Keep one of them, or replace it knowingly with declare({display_name(function)}, {self!r})."
            )
        _decorated.put(function, self)
        _register(function, self if self.origin else replace(self, origin=_place()))
        return target

    def _is_resource(self, target: Any) -> bool:
        if not self.ordered:
            if callable(target) or isinstance(target, (staticmethod, classmethod, property)):
                return False
            raise TypeError(
                f"{self.name} orders nothing, so it takes no resource ({target!r}); "
                f"did you mean sequential({target!r}) or readonly({target!r})?"
            )
        if isinstance(target, FunctionType) and target.__name__ == "<lambda>":
            return True
        return not (callable(target) or isinstance(target, (staticmethod, classmethod, property)))

    def _with(self, settings: dict[str, Any]) -> Effect:
        for key, value in settings.items():
            if key not in KEYWORDS:
                close = difflib.get_close_matches(key, KEYWORDS, 1)
                hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(KEYWORDS)}."
                raise TypeError(f"{self.name}() has no setting {key!r}; {hint}")
            check = getattr(_Checks, key, None)
            if check is not None:
                check(self, value)
        if self.ordered and "resource" in settings and self.resource not in ("*", settings["resource"]):
            raise TypeError(f"{self!r} already names a resource; it cannot be {settings['resource']!r} too.")
        if "backend" in settings:
            if self.name == "pure":  # in another process it is a call like others, and its result a copy
                return unordered._with(settings)
        if "resources" in settings:
            settings = {**settings, "resources": tuple(sorted(settings["resources"].items()))}
        made = replace(self, **settings, said_backend=self.said_backend or "backend" in settings)
        if made.resources and made.backend != "dask":
            raise TypeError(f"{made!r}: resources are what a worker of a cluster must have; say backend='dask', too.")
        if made.name == "sequential" and (made.retry or made.retry_on is not None) and not made.idempotent:
            raise TypeError(
                f"{made!r}: a sequential call changes something, and the attempt that failed may have done it. "
                "Only if sending it twice does no harm: idempotent=True, too."
            )
        if made.retry_on is not None and not made.retry:
            raise TypeError(f"{made!r}: retry_on says when to send again; say how often with retry=, too.")
        return made

    def __repr__(self) -> str:
        parts = [] if self.resource in (None, "*") else [repr(self.resource)]
        said = [(key, getattr(self, key)) for key in SHOWN]
        parts += [f"{key}={value!r}" for key, value in said if value not in ("auto", None) and value is not False]
        return f"{self.name}({', '.join(parts)})" if parts else self.name


class _Checks:
    """One check per setting: what may stand there, and for which declaration."""

    @staticmethod
    def resource(effect: Effect, value: Any) -> None:
        if not effect.ordered:
            raise TypeError(f"{effect.name} orders nothing, so it takes no resource; did you mean sequential({value!r})?")
        if value is None:
            raise TypeError(f"{effect.name}(None): a resource is a name such as 'db', or a function of the arguments.")
        try:
            hash(value)
        except TypeError:
            raise TypeError(f"{effect.name}({value!r}): a resource must be hashable, a str or a tuple for example.") from None

    @staticmethod
    def backend(effect: Effect, value: Any) -> None:
        if effect.name != "pure" or value not in REMOTE:
            _Checks._outside(effect, "backend")
        if value not in get_args(Backend):
            raise ValueError(f"backend={value!r}: it is one of {', '.join(map(repr, get_args(Backend)))}.")

    @staticmethod
    def resources(effect: Effect, value: Any) -> None:
        if effect.name != "pure":
            _Checks._outside(effect, "resources")
        rows: list[tuple[Any, Any]] = list(value.items()) if isinstance(value, dict) else [(None, 0)]
        if not all(isinstance(name, str) and type(figure) in (int, float) and figure > 0 for name, figure in rows):
            raise TypeError(f"resources={value!r}: names and amounts are expected, such as {{'GPU': 1}}.")

    @staticmethod
    def host(effect: Effect, value: Any) -> None:
        _Checks._outside(effect, "host")
        if not (value is None or isinstance(value, str) or callable(value)):
            raise TypeError(f"host={value!r}: a host is a str, or a function of the arguments that returns one.")

    @staticmethod
    def result(effect: Effect, value: Any) -> None:
        if value not in get_args(Result):
            raise ValueError(f"result={value!r}: it is one of {', '.join(map(repr, get_args(Result)))}.")

    @staticmethod
    def external(effect: Effect, value: Any) -> None:
        if not isinstance(value, bool):
            raise TypeError(f"external={value!r}: True or False.")
        if value and effect.name in ("pure", "local"):
            raise TypeError(f"{effect.name} runs in place; a call whose time is spent outside is unordered.")
        if not value and effect.name == "unordered":
            raise TypeError("unordered is for calls whose time is spent outside; one that runs in place is pure.")

    @staticmethod
    def retry(effect: Effect, value: Any) -> None:
        _Checks._outside(effect, "retry")
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"retry={value!r}: how often a call is sent again, a whole number not below 0.")

    @staticmethod
    def retry_on(effect: Effect, value: Any) -> None:
        _Checks._outside(effect, "retry_on")
        kinds = value if isinstance(value, tuple) else (value,)
        types = bool(kinds) and all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds)
        if not types and (isinstance(value, type) or not callable(value)):
            raise TypeError(f"retry_on={value!r}: exception types, or a function of the exception that says yes or no.")

    @staticmethod
    def timeout(effect: Effect, value: Any) -> None:
        _Checks._outside(effect, "timeout")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise ValueError(f"timeout={value!r}: seconds, more than 0.")

    @staticmethod
    def idempotent(effect: Effect, value: Any) -> None:
        _Checks._outside(effect, "idempotent")
        if not isinstance(value, bool):
            raise TypeError(f"idempotent={value!r}: True or False.")

    @staticmethod
    def _outside(effect: Effect, setting: str) -> None:
        if effect.name in ("pure", "local"):
            raise TypeError(f"{effect.name} runs in place, so it has no {setting}; for a call that waits outside use unordered.")


def _checked(target: Any, effect: Effect) -> Any:
    """The underlying callable of what a declaration stands on, or an error that says what to do instead."""
    if isinstance(target, property):
        raise TypeError(f"{effect!r} stands on a property; put it under @property, on the function.")
    function = underlying(target)
    if not callable(function) and not isinstance(target, (staticmethod, classmethod)) and not hasattr(function, "__get__"):
        raise TypeError(f"{effect!r} declares callables; this is a {type(target).__name__}: {target!r}")
    if not effect.external and inspect.iscoroutinefunction(function):
        raise TypeError(
            f"{display_name(function)} is an async function: it waits for something outside. "
            f"Declare it unordered, readonly(...) or sequential(...), not {effect!r}."
        )
    return function


def _register(function: Any, effect: Effect) -> None:
    effects.put(function, settled(function, effect))
    if effect.external:
        external_names.add(getattr(function, "__name__", ""))
    if not isinstance(function, FunctionType):  # those are looked up in `effects` first, always
        for table in derived:
            table.clear()


#: the last parts of the names of external callables: for whoever knows a call by its name alone
external_names: set[str] = set()


def _place() -> str:
    """Where the declaration stands: file and line of whoever calls into this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("poppy_ipython.effects"):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def settled(function: Any, effect: Effect) -> Effect:
    """The effect with what depends on the function alone filled in, so that no call has to ask again."""
    if not effect.external or (effect.backend != "auto" and effect.host is not None):
        return effect
    backend = effect.backend
    if backend == "auto":
        backend = "loop" if inspect.iscoroutinefunction(function) else "threads"
    elif backend in REMOTE and inspect.iscoroutinefunction(function):
        raise TypeError(f"{display_name(function)} is an async function, which waits on this loop: not for backend={backend!r}.")
    host = effect.host if effect.host is not None else backend if backend in REMOTE else display_name(function)
    return replace(effect, backend=backend, host=host)


def declare(target: F, effect: Effect) -> F:
    """Say what somebody else's callable does. Replaces what was known; returns the callable.

    >>> import shutil
    >>> declare(shutil.disk_usage, readonly("files")) is shutil.disk_usage
    True

    Of a bound method the *function* is declared: for every instance, not for this one only. A name in quotes is resolved
    when its module is imported, which may be later: `declare("shutil.disk_usage", readonly("files"))`.
    """
    if not isinstance(effect, Effect):
        raise TypeError(f"declare(callable, effect): {effect!r} is no effect; for example declare(f, unordered).")
    if not effect.origin:
        effect = replace(effect, origin=_place())
    if isinstance(target, str):
        from poppy_ipython.effects.registry import NAMES

        NAMES.declare(target, effect)
        return target
    function = _checked(target, effect)
    if function in _decorated:
        _decorated.put(function, effect)
    _register(function, effect)
    return target


pure = Effect("pure")
local = Effect("local")
unordered = Effect("unordered", external=True, result="fresh")
readonly = Effect("readonly", resource="*", external=True)
sequential = Effect("sequential", resource="*", external=True)
