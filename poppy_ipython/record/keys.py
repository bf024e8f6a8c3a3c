"""By what a call is found again: its callee, its arguments, its receiver, and which of several equal ones it is.

    callee     the function under whatever was called, by its full name, wherever the program keeps it
    arguments  a digest of their text (`values.text_of`); what cannot be told apart is named in `opaque`
    receiver   a digest of the object whose method it is, if that is of a class of the user's: of two agents with the same
               question the right one answers. It is asked for second, because an object that counts its own calls is
               never the same twice. (A path or a date counts among the arguments of its methods; a client says nothing.)
    body       for functions of the user's: a digest of the code, and of the data and functions that it names. The call cache
               must not answer for a function that was edited; a replay says that it was

Which of several equal calls it is, is counted in program order and needs the whole run: see `taker` and `answerer`.

Addresses of services are no part of a key: a recording of the service on this machine, which has a new port in every
session, would be worth nothing. The call cache, which outlives a session, adds the host by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from poppy_ipython.compiler.functions import belongs_to_user
from poppy_ipython.effects.table import display_name, underlying
from poppy_ipython.record.values import Numbers, is_users, text_of

__all__ = ["Bodies", "Key", "body_of", "key_of"]

_MOST_FUNCTIONS = 50


@dataclass(frozen=True, slots=True)
class Key:
    """What tells one call from another."""

    callee: str
    arguments: str  # digest
    receiver: str  # digest, or nothing
    text: str  # of the arguments, for a reader and for the nearest one
    opaque: tuple[str, ...]  # classes of arguments that could only be named


def key_of(fn: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], numbers: Numbers | None = None) -> Key:
    """The key of one call. `numbers` then has the containers of the arguments.

    >>> key_of(len, ([1],), {}).text
    '[[1]]'
    >>> key_of(len, ([1],), {}).arguments == key_of(len, ([1.0],), {}).arguments
    False
    """
    while fn.__class__ is partial:
        args, kwargs, fn = (*fn.args, *args), {**fn.keywords, **kwargs}, fn.func
    numbers = numbers if numbers is not None else Numbers()
    parts: list[Any] = [*args]
    if kwargs:
        parts.append({name: kwargs[name] for name in sorted(kwargs)})
    text, opaque = text_of(parts, numbers)
    receiver = getattr(fn, "__self__", None)
    own = told = ""
    if receiver is not None and not isinstance(receiver, (type, ModuleType)):
        found, unknown = text_of(receiver, Numbers())
        if fn.__class__ is MethodType and is_users(type(receiver)):
            own = _digest(found)
        elif not unknown:  # a path, a date: what the method is asked about
            told = found
    return Key(display_name(underlying(fn)), _digest(told + text), own, told + text, tuple(dict.fromkeys(opaque)))


def body_of(fn: Any) -> str:
    """A digest of a user's function with what it names; empty for anything else.

    >>> body_of(len)
    ''
    """
    while fn.__class__ is partial:
        fn = fn.func
    function = underlying(fn)
    if function.__class__ is not FunctionType or not belongs_to_user(function.__code__.co_filename):
        return ""
    parts: list[str] = []
    _body(function, parts, set())
    return _digest("\n".join(parts))


class Bodies:
    """`body_of`, once for each function for as long as this lives.

    >>> Bodies()(len)
    ''
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, str]] = {}

    def __call__(self, fn: Any) -> str:
        function = getattr(fn, "__func__", fn)
        found = self._known.get(id(function))
        if found is None:
            found = self._known[id(function)] = (function, body_of(fn))
        return found[1]


def _body(function: FunctionType, parts: list[str], seen: set[int]) -> None:
    if id(function) in seen or len(seen) > _MOST_FUNCTIONS:
        return
    seen.add(id(function))
    parts.append(_code(function.__code__))
    cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    named = [function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__]
    for value in [function.__defaults__, function.__kwdefaults__, *cells, *named]:
        target = underlying(value) if callable(value) else value
        if target.__class__ is FunctionType:
            if belongs_to_user(target.__code__.co_filename):
                _body(target, parts, seen)
            continue
        parts.append(text_of(value, Numbers())[0] if type(value) in _DATA else type(value).__qualname__)


_DATA = (str, int, float, bool, type(None), tuple, bytes)  # lists and dicts change from call to call


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _code(code: CodeType) -> str:
    constants = [_code(item) if isinstance(item, CodeType) else text_of(item, Numbers())[0] for item in code.co_consts]
    return f"{code.co_name}{code.co_code.hex()}{code.co_names}{code.co_varnames}{constants}"


def _names(code: CodeType) -> list[str]:
    found = list(code.co_names)
    for item in code.co_consts:
        if isinstance(item, CodeType):
            found += _names(item)
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
