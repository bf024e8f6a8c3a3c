"""From the object called to its effect: `effect_of`, and what follows from one call's arguments.

The answer depends on the object that is really called, never on its name in the program. In this order:

1. declared by the user, or library data, for the underlying function (or class, instance, builtin);
2. for methods, library data for the receiver's class: `os._Environ.get` is inherited from `Mapping`, and
   `AsyncAPIResource.*` stands for all methods of the library's own subclasses;
3. nothing: None, *undeclared*, which the engine treats as a fence.

A user's subclass inherits what it does not override; an override is a new function and undeclared, because it may do
anything. A `functools.partial` has the effect of what it calls.

Everything found, None included, is remembered beside the underlying function, so that a look-up is one or two dict
accesses. Measured on CPython 3.11 (`python -m tests.effects.measure`): function or declared bound method 0.08 µs, method
found by class 0.20 µs, builtin method `"x".upper` 0.18 µs, `effect_of_call` of `create` 0.25 µs, its host 1.7 µs. (A
first look-up takes about 1.5 µs, the very first of a process some milliseconds for reading the data.)
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import partial
from types import BuiltinFunctionType, MethodType, ModuleType
from typing import Any

from poppy_ipython.effects.doubts import unclear
from poppy_ipython.effects.effect import Effect, derived, effects
from poppy_ipython.effects.library import Group, Library, in_library
from poppy_ipython.effects.named import Names
from poppy_ipython.effects.schemas import copies, plain
from poppy_ipython.effects.table import MISSING, BuiltinMethodType, Table, class_attribute, display_name, quietly, underlying
from poppy_ipython.effects.wrappers import wrapped_by

__all__ = [
    "NAMES", "attributes_are_pure", "effect_of", "effect_of_call", "effect_of_special", "host_of", "is_closed", "is_ordered",
    "receiver_of", "resource_of",
]  # fmt: skip

_log = logging.getLogger("poppy_ipython.effects")
_library: Library | None = None
NAMES = Names()
"""What was declared by name."""
_rows: dict[int, Effect | None] = effects.rows
_methods = Table()  # function -> Table(receiver's class -> Effect | None)
_builtin_methods = Table()  # receiver's class -> {name: Effect | None}
derived += [_methods, _builtin_methods]
_plain = Table()  # class -> bool


def _refreshed() -> Library:
    global _library
    if _library is None:
        _library = Library()
    _library.refresh()
    NAMES.refresh()
    return _library


def effect_of(callee: Any) -> Effect | None:
    """The effect declared for what is called; None if nobody did.

    >>> effect_of("a".upper)
    pure
    >>> effect_of(lambda: 1) is None
    True

    For one call with its arguments use `effect_of_call`, which knows that `create(stream=True)` is another matter.
    """
    found: Effect | None
    kind = type(callee)
    if kind is MethodType:
        function = callee.__func__
        found = _rows.get(id(function))
        if found is not None:
            return found
        row = _methods.rows.get(id(function))
        if row is not None:
            receiver = callee.__self__
            found = row.rows.get(id(type(receiver)), MISSING)
            if found is not MISSING and not issubclass(type(receiver), type):
                return found
        return _find_method(function, callee.__self__)
    found = _rows.get(id(callee), MISSING)
    if found is not MISSING:
        return found
    if kind is BuiltinFunctionType or kind is BuiltinMethodType:
        row = _builtin_methods.rows.get(id(type(callee.__self__)))
        if row is not None:
            found = row.get(callee.__name__, MISSING)
            if found is not MISSING:
                return found
    return _find(callee)


def effect_of_call(callee: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Effect | None:
    """The effect of one call: as `effect_of`, refined by the arguments where library data says so.

    >>> import json
    >>> effect_of_call(json.dumps, ({},), {})
    pure
    >>> effect_of_call(json.dumps, ({},), {"default": print}) is None    # a hook: user code
    True
    """
    effect = effect_of(callee)
    if effect is None or effect.unless is None:
        return effect
    callee, args, kwargs = _reached(callee, args, kwargs)
    receiver = callee if issubclass(type(callee), type) else quietly(callee, "__self__")
    found: Effect | None = effect.unless.other(effect, receiver, args, kwargs)
    return found if found is effect or found is None else in_library(underlying(callee), found)


def _reached(
    callee: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Any, tuple[Any, ...], Mapping[str, Any]]:
    """What a call reaches in the end, with the arguments that it is given there: through partials and known wrappers."""
    while True:
        if type(callee) is partial:
            args, kwargs, callee = (*callee.args, *args), {**callee.keywords, **kwargs}, callee.func
            continue
        inner = wrapped_by(callee) if _rows.get(id(callee)) is None else MISSING
        if inner is MISSING:
            return callee, args, kwargs
        callee = inner


def receiver_of(callee: Any) -> Any:
    """What library data asks about, if `callee` is a class or a known wrapper of a method; None for other functions."""
    if issubclass(type(callee), type):
        return callee
    inner = wrapped_by(callee)
    return None if inner is MISSING else getattr(_reached(inner, (), {})[0], "__self__", None)


def effect_of_special(kind: type, name: str) -> Effect | None:
    """The effect of the special method `name` on objects of class `kind`: of an operator, not of a call by name.

    >>> import re
    >>> effect_of_special(re.Match, "__getitem__")
    pure
    """
    definer, raw = class_attribute(kind, name)
    if definer is None:
        return None
    found: Effect | None = effects.get(raw, None)
    if found is None:
        library = _refreshed()
        found = effects.get(raw, None)  # which may have come with it
    return found if found is not None else _by_class(library, raw, kind, name)


def is_closed(kind: type) -> bool:
    """Whether library data says that nothing a program could change is reached through such objects."""
    return _library is not None and kind in _library.closed  # (whoever has such an object has called its library)


def is_ordered(kind: type) -> bool:
    """Whether library data says that queued calls change such objects, so that a field of one is read in order."""
    return _library is not None and kind in _library.ordered


def _find(callee: Any) -> Effect | None:
    """The slow path for everything but Python's bound methods; remembers what it found."""
    kind = type(callee)
    if kind is partial:
        return effect_of(callee.func)  # not remembered: cheap, and what it calls may be declared later
    found: Effect | None
    library = _refreshed()
    if issubclass(type(callee), BuiltinFunctionType) and not isinstance(callee.__self__, (ModuleType, type(None))):
        receiver = callee.__self__
        found = effects.get(underlying(callee), None)
        if found is None:
            found = _by_class(library, underlying(callee), receiver, callee.__name__)
        if not issubclass(type(receiver), type):
            _row(_builtin_methods, type(receiver), dict)[callee.__name__] = found
        return found
    target = underlying(callee)
    found = effects.get(target, None) or NAMES.of_main(target)
    if found is None and issubclass(type(target), type):
        found = _by_class_called(library, target)
        if found is not None:
            effects.put(target, found, keep=False)
    if found is None:
        inner = wrapped_by(target)
        if inner is not MISSING:
            return effect_of(inner)  # not remembered: what it wraps may be declared later
        effects.put(target, None, keep=False)
    return found


def _find_method(function: Any, receiver: Any) -> Effect | None:
    library = _refreshed()
    found: Effect | None = effects.get(function, None) or NAMES.of_main(function)
    if found is not None:
        return found
    found = _by_class(library, function, receiver, getattr(function, "__name__", ""))
    if not issubclass(type(receiver), type):
        _row(_methods, function, Table).put(type(receiver), found)
    return found


def _by_class_called(library: Library, kind: type) -> Effect | None:
    """The effect of calling `kind`, if library data has its library's class as `Class()`."""
    for cls in kind.__mro__:
        groups: dict[str, Group] = library.by_type.get(cls, {})
        if "()" in groups:
            effect = groups["()"].effect
            return replace(effect, result="fresh") if plain(kind) and copies(kind) else effect
    return None


def _by_class(library: Library, function: Any, receiver: Any, name: str) -> Effect | None:
    kind = receiver if issubclass(type(receiver), type) else type(receiver)
    definer, raw = class_attribute(kind, name)
    if definer is None or (raw.__func__ if isinstance(raw, (staticmethod, classmethod)) else raw) is not function:
        return None
    for cls in kind.__mro__:
        groups: dict[str, Group] = library.by_type.get(cls, {})
        group = groups.get(name) or groups.get("*")
        if group is None or not (issubclass(cls, definer) or _root(cls) == _root(definer)):
            continue
        effect = in_library(function, group.effect)
        return None if group.coroutines and effect.backend != "loop" else effect
    return None


def _row(table: Table, key: object, make: Any) -> Any:
    row = table.get(key)
    if row is MISSING:
        row = make()
        table.put(key, row)
    return row


def _root(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _with_receiver(callee: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """The arguments as the function under the callee receives them."""
    callee, args, kwargs = _reached(callee, args, kwargs)
    receiver = quietly(callee, "__self__")
    if receiver is None or issubclass(type(receiver), ModuleType) or isinstance(underlying(callee), staticmethod):
        return args, kwargs
    return (receiver, *args), kwargs


def resource_of(effect: Effect, callee: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Hashable:
    """The resource of one call. A method's resource function receives `self` first.

    >>> from poppy_ipython.effects import sequential
    >>> class Table:
    ...     @sequential(lambda self, key: ("row", key))
    ...     def put(self, key): ...
    >>> put = Table().put
    >>> resource_of(effect_of(put), put, (3,), {})
    ('row', 3)

    Where the resource function itself fails, the answer is '*', everything's order: the call may be one that fails for
    the same reason (a missing argument), and then it is the call's own exception that a plain run shows. If it is not, a
    warning says so once.
    """
    resource = effect.resource
    if not callable(resource):
        return resource
    args, kwargs = _with_receiver(callee, args, kwargs)
    try:
        found: Hashable = resource(*args, **kwargs)
        hash(found)
    except Exception as error:
        unclear(underlying(callee), args, kwargs, error)
        return "*"
    return found


def host_of(effect: Effect, callee: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> str:
    """The key of the calls-at-once limit: the declared host, a client's host, or the callee's name."""
    host = effect.host
    if type(host) is str:
        return host  # type: ignore[return-value]
    if host is None:
        return display_name(underlying(callee))
    args, kwargs = _with_receiver(callee, args, kwargs or {})
    try:
        return str(host(*args, **kwargs))  # type: ignore[operator]
    except Exception as error:
        _log.debug("host of %s unknown (%r)", display_name(callee), error)
        return display_name(underlying(callee))


def attributes_are_pure(kind: type, name: str | None = None) -> bool:
    """Whether reading an attribute of such an object (the attribute `name`, if given) does nothing that can be seen.

    >>> attributes_are_pure(type(object()))
    False

    True for classes named in library data and the same library's subclasses of them; a user's subclass may have
    properties of its own. For one field of a pydantic model `name` must be given.
    """
    found: bool = _plain.get(kind)
    if found is MISSING:
        plain = _refreshed().plain
        found = any(cls in plain and _root(cls) == _root(kind) for cls in kind.__mro__)
        _plain.put(kind, found)
    if found or name is None:
        return found
    fields = getattr(kind, "__pydantic_fields__", None)
    reads_plainly = getattr(kind, "__getattribute__", None) is object.__getattribute__
    return type(fields) is dict and name in fields and reads_plainly
