"""Values of a recording as JSON, and back: data, exceptions and the models of known clients, never code.

    encode(value) ─▶ JSON text ─▶ decode(text)          types, aliasing and cycles included

What JSON has is written as it is. Everything else is an object with the one key `"$"` first, which says what it is:

    {"$": "tuple", "v": […]}                  tuple set frozenset dict (other keys than text) bytes complex …
    {"$": "new", "t": "openai.…:Choice", …}   an instance: its class by name, its state field by field
    {"$": "error", "t": …, "args": […]}       an exception: class, arguments, attributes
    {"$": "same", "n": 7}                     the seventh container of this value again

Nothing is ever unpickled. A class is found by name, only where such values may come from: the libraries in `KNOWN` (that
have been imported), and what this session has defined itself; and it is filled without running its code, except through a
serializer that somebody declared with `serializer`.

Models of `openai` and `anthropic` are stored field by field with what was set and what is extra, and put together in the
same way. `model_validate` was tried and decided against as the only way: these clients build their models *without*
validation, because a server may say things that the model does not know, so a true answer can fail to validate; and
validation chooses anew between the members of a union. Each restored model is a model of an allowed library by its
class, and what its fields hold was decoded by the same rules.

The numbers of containers go on from the arguments to the result, so that a call that returns what it was given (or keeps
a part of it) returns *that* again, and no copy.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from poppy_ipython.record.errors import Unstorable

__all__ = [
    "ATOMS", "BASES", "KNOWN", "LOADERS", "Numbers", "declare_known", "encode", "is_users", "serializer", "text_of",
    "users_module",
]  # fmt: skip

#: libraries whose data may come back from a file, by the first part of their module's name
KNOWN = frozenset(
    "openai anthropic httpx httpx2 requests pydantic datetime decimal fractions uuid collections pathlib numpy pandas".split()
)
_SERIALIZERS: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {}
LOADERS: dict[str, Callable[[Any], Any]] = {}
ATOMS = (str, int, float, bool, type(None))
_DEPTH = 200


class Numbers:
    """The containers met so far, in order: of a call's arguments first, then of its result."""

    __slots__ = ("found", "kept")

    def __init__(self, kept: Iterable[Any] = ()) -> None:
        self.kept: list[Any] = []  # kept alive: a number belongs to one object
        self.found: dict[int, int] = {}
        for thing in kept:
            self.add(thing)

    def add(self, thing: Any) -> int:
        number = self.found[id(thing)] = len(self.kept)
        self.kept.append(thing)
        return number


def serializer(kind: type, dump: Callable[[Any], Any], load: Callable[[Any], Any]) -> None:
    """Say how a class of yours is stored: `dump` gives something that can be, `load` makes a new one of that.

    >>> class Point:
    ...     def __init__(self, x): self.x = x
    ...     __slots__ = ("x",)
    >>> serializer(Point, lambda point: point.x, Point)
    >>> from poppy_ipython.record.reading import decode
    >>> decode(encode(Point(3))).x
    3
    """
    name = _name(kind)
    _SERIALIZERS[kind] = (name, dump, load)
    LOADERS[name] = load


def encode(value: Any, numbers: Numbers | None = None) -> str:
    """`value` as JSON text. Raises `Unstorable`, naming what cannot be stored.

    >>> encode([1, (2, 3), {"a": b"x"}])
    '[1,{"$":"tuple","v":[2,3]},{"a":{"$":"bytes","v":"eA=="}}]'
    >>> shared = []; encode([shared, shared])
    '[[],{"$":"same","n":1}]'
    """
    return json.dumps(Writer(numbers or Numbers()).of(value), separators=(",", ":"))


def text_of(value: Any, numbers: Numbers) -> tuple[str, list[str]]:
    """The text that arguments are told apart by, and the classes in it that could only be named.

    Shared and equal containers read the same here: what a call is given does not depend on it.

    >>> text_of([1, print], Numbers())
    ('[1,{"$":"a","t":"builtins:builtin_function_or_method"}]', ['builtin_function_or_method'])
    """
    writer = Writer(numbers, told=True)
    text = json.dumps(writer.of(value), separators=(",", ":"), sort_keys=True)
    return text, writer.opaque


def users_module(module: str) -> bool:
    from poppy_ipython.compiler.functions import belongs_to_user

    filename = getattr(sys.modules.get(module), "__file__", None)
    return filename is not None and belongs_to_user(filename)


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


class Writer:
    """One value on its way out. With `told` it is only told from others: what cannot be stored is named."""

    def __init__(self, numbers: Numbers, told: bool = False) -> None:
        self.numbers = numbers
        self.told = told
        self.opaque: list[str] = []
        self._around: set[int] = set()
        self._depth = 0

    def of(self, value: Any) -> Any:
        kind = type(value)
        if kind in ATOMS:
            return value
        number = self.numbers.found.get(id(value))
        if number is not None and (not self.told or id(value) in self._around):
            if not self.told and id(value) in self._around and kind in (tuple, frozenset):
                raise Unstorable("a tuple that contains itself")
            return {"$": "same", "n": number}
        if self._depth > _DEPTH:
            if self.told:
                return {"$": "deep"}
            raise Unstorable(f"something nested more than {_DEPTH} deep")
        if number is None:
            self.numbers.add(value)
        self._around.add(id(value))
        self._depth += 1
        try:
            return self._container(value, kind)
        finally:
            self._depth -= 1
            self._around.discard(id(value))

    def _container(self, value: Any, kind: type) -> Any:
        if kind is list:
            return [self.of(item) for item in value]
        if kind is dict:
            if all(type(key) is str and key != "$" for key in value):
                return {key: self.of(item) for key, item in value.items()}
            return {"$": "dict", "v": [[self.of(key), self.of(item)] for key, item in value.items()]}
        if kind is tuple:
            return {"$": "tuple", "v": [self.of(item) for item in value]}
        if kind in (set, frozenset):
            items = [self.of(item) for item in sorted(value, key=repr)] if self.told else [self.of(item) for item in value]
            return {"$": kind.__name__, "v": items}
        if kind in (bytes, bytearray):
            return {"$": kind.__name__, "v": base64.b64encode(value).decode()}
        if kind is complex:
            return {"$": "complex", "v": [value.real, value.imag]}
        if value is Ellipsis or value is NotImplemented:
            return {"$": "constant", "v": repr(value)}
        found = _SERIALIZERS.get(kind)
        if found is None:
            declare_known(kind)
            found = _SERIALIZERS.get(kind)
        if found is not None:
            return {"$": "own", "t": found[0], "v": self.of(found[1](value))}
        if isinstance(value, BaseException):
            args = self.of(value.args)
            state = self.of({} if self.told else {**vars(value), **_chain(value)})
            return {"$": "error", "t": self._class(kind), "args": args, "v": state}
        return self._instance(value, kind)

    def _instance(self, value: Any, kind: type) -> Any:
        if self.told and (isinstance(value, type) or kind is FunctionType):
            if value.__qualname__.endswith("<lambda>"):
                self.opaque.append("a lambda")
            return {"$": "named", "t": _name(value)}
        try:
            named, state = self._class(kind), state_of(value)
        except Unstorable as reason:
            if not self.told:
                raise
            self.opaque.append(str(reason))
            return {"$": "a", "t": _name(kind)}
        return {"$": "new", "t": named, "v": [self.of(part) for part in state]}

    def _class(self, kind: type) -> Any:
        """A class by its name; of a generic model, its origin and its arguments."""
        generic = kind.__dict__.get("__pydantic_generic_metadata__")
        if generic and generic["origin"] is not None:
            return [self._class(generic["origin"]), *[self._class(part) for part in generic["args"]]]
        root = kind.__module__.partition(".")[0]
        if "<locals>" in kind.__qualname__ and not self.told:
            raise Unstorable(f"{kind.__qualname__} (a class inside a function)")
        if root not in KNOWN and kind.__module__ != "builtins" and not is_users(kind):
            raise Unstorable(kind.__qualname__)
        return _name(kind)


def is_users(kind: type) -> bool:
    """Whether the class was written here: in a cell, or in a module beside it."""
    return kind.__module__ == "__main__" or users_module(kind.__module__)


def _chain(error: BaseException) -> dict[str, Any]:
    return {"__cause__": error.__cause__} if error.__cause__ is not None else {}


def state_of(value: Any) -> list[Any]:
    """What an instance is made of, without running its code: attributes, slots, and the builtin that it extends.

    Raises `Unstorable` for what keeps something that no attribute shows: a client, a lock, an open file.
    """
    kind = type(value)
    if hasattr(kind, "__pydantic_fields__"):
        fields = sorted(value.__pydantic_fields_set__)
        return ["model", dict(vars(value)), value.__pydantic_extra__, fields, value.__pydantic_private__]
    base = next((cls for cls in kind.__mro__ if cls in BASES), None)
    if not is_users(kind) or not all(cls in (object, base) or _written(cls) for cls in kind.__mro__):
        raise Unstorable(kind.__qualname__)
    attributes = dict(getattr(value, "__dict__", {}))
    slots = {name: getattr(value, name) for cls in kind.__mro__ for name in _slots(cls) if hasattr(value, name)}
    return ["plain", attributes, slots, None if base is None else [base.__name__, base(value)]]


BASES = (dict, list, tuple, str, int, float)
_ABSTRACT = frozenset({"abc", "typing", "collections", "collections.abc", "_collections_abc", "dataclasses"})


def _written(cls: type) -> bool:
    """Whether the attributes of its instances are all there is to them."""
    return is_users(cls) or (cls.__module__ in _ABSTRACT and cls.__basicsize__ <= object.__basicsize__ + 16)


def _slots(cls: type) -> list[str]:
    named = cls.__dict__.get("__slots__", ())
    names = [named] if isinstance(named, str) else list(named)
    return [name for name in names if name not in ("__dict__", "__weakref__")]


def declare_known(kind: type) -> None:
    """Declare the serializer for `kind`, if this package has one."""
    from poppy_ipython.record import known

    known.declare(kind)
