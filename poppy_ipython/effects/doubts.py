"""Declarations that are seen to be false: a `pure` function whose own code calls something that waits, writes or has an order.

Declared effects are trusted, and what a declared function does inside is not watched: it runs as it is, in a thread or in place.
But its code can be read. `doubt` follows the names in it, as far as they are modules, functions, classes and their attributes,
and looks each callee up. What it finds is certain (that object is called under that name when the line runs); what it
does not find proves nothing.

    pure, local       may call nothing external and nothing ordered
    unordered         may call nothing that the user has declared `sequential`
    readonly(r)       may call nothing that is declared `sequential(r)`

A resource expression (`sequential(lambda self, table: ...)`) that raises is said here as well.
"""

from __future__ import annotations

import dis
import inspect
import logging
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from poppy_ipython.effects.effect import Effect
from poppy_ipython.effects.table import MISSING, Table, display_name, underlying

__all__ = ["doubt", "doubt_once", "unclear", "unclear_of"]

_log = logging.getLogger("poppy_ipython.effects")
_said = Table()  # function -> what was said of it
_unclear = Table()  # function -> what was said of its resource

_FOLLOWED = (ModuleType, FunctionType, MethodType, type)
_GLOBAL = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_CLOSURE = frozenset({"LOAD_DEREF", "LOAD_CLASSDEREF"})
_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD"})


def doubt(function: Any, effect: Effect) -> str:
    """What the code of a declared function calls against its declaration, in words; empty if nothing is seen.

    >>> import time
    >>> from poppy_ipython.effects import pure
    >>> def now(): return time.sleep(1)
    >>> doubt(now, pure)
    "calls time.sleep, which is sequential('clock')"
    """
    if effect.known or getattr(function, "__code__", None) is None:
        return ""
    from poppy_ipython.effects.registry import effect_of  # (which imports what we explain)

    for callee in _callees(function):
        if underlying(callee) is function:
            continue
        try:
            found = effect_of(callee)
        except Exception:
            continue
        if found is not None and _against(effect, found):
            return f"calls {display_name(underlying(callee))}, which is {found.said}"
    return ""


def doubt_once(function: Any, effect: Effect) -> str:
    """`doubt`, which is also written to the log the first time."""
    said = _said.get(function)
    if said is MISSING:
        said = doubt(function, effect)
        _said.put(function, said, keep=False)
        if said:
            _log.warning("%s is declared %s (%s), and %s", display_name(function), effect.said, effect.origin, said)
    return str(said)


def unclear(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], error: Exception) -> str:
    """Say, the first time, that a resource expression raised ``error``: such calls keep the order of everything.

    Nothing if the call has not got the arguments that its function takes: then it is the call itself that will fail.

    >>> unclear(lambda key: None, (), {}, TypeError("missing"))
    ''
    """
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return ""
    text = f"has a resource that cannot be told ({type(error).__name__}: {error})"
    said = _unclear.get(function)
    if said is MISSING:
        _unclear.put(function, text)
        _log.warning("%s %s: ordered with everything", display_name(function), text)
    return text if said is MISSING else str(said)


def unclear_of(function: Any) -> str:
    """What `unclear` has said of it."""
    said = _unclear.get(function)
    return "" if said is MISSING else str(said)


def _against(effect: Effect, found: Effect) -> bool:
    if effect.name in ("pure", "local"):
        return found.external or found.ordered
    if effect.name == "unordered":
        return found.name == "sequential" and not found.known
    return effect.name == "readonly" and found.name == "sequential" and found.resource == effect.resource != "*"


def _callees(function: Any) -> Iterator[Any]:
    """What the names in a function's code stand for now, attributes of modules and classes followed; of what is called or not."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    found: Any = MISSING
    for instruction in _instructions(function.__code__):
        name = instruction.opname
        if name in _GLOBAL or name in _CLOSURE:
            if found is not MISSING:
                yield found
            found = _value(function, cells, str(instruction.argval), name in _CLOSURE)
        elif name in _ATTRIBUTE and found is not MISSING:
            found = _attribute(found, str(instruction.argval))
        elif name not in ("PUSH_NULL", "CACHE", "PRECALL", "EXTENDED_ARG"):
            if found is not MISSING:
                yield found
            found = MISSING


def _instructions(code: CodeType) -> Iterator[dis.Instruction]:
    yield from dis.get_instructions(code)


def _value(function: Any, cells: dict[str, Any], name: str, closure: bool) -> Any:
    if closure:
        try:
            found = cells[name].cell_contents
        except (KeyError, ValueError):
            return MISSING
    else:
        found = function.__globals__.get(name, MISSING)
    return found if callable(found) or isinstance(found, ModuleType) else MISSING


def _attribute(owner: Any, name: str) -> Any:
    """An attribute of a module or a class; of nothing else, because reading it may run code."""
    if not isinstance(owner, _FOLLOWED):
        return MISSING
    found = getattr(owner, name, MISSING) if isinstance(owner, ModuleType) else MISSING
    if isinstance(owner, type):
        found = next((one.__dict__[name] for one in owner.__mro__ if name in one.__dict__), MISSING)
        found = found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
    return found if callable(found) or isinstance(found, ModuleType) else MISSING
