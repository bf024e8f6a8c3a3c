"""Functions that somebody's decorator has made: what they wrap, where that can be shown.

`functools.wraps` copies names and `__wrapped__` onto anything, so neither says what a wrapper does. What does is its *code*: all
functions that one decorator makes share one code object, which is found from the decorator's name and never from the
function's, and whose free variable holds what it calls. Library data names both:

    [wrappers]                                                       # decorator's inner function = its free variable
    "openai._legacy_response.to_raw_response_wrapper.<locals>.wrapped" = "func"

A call of such a wrapper has the effect of the call that it makes. A wrapper that is not listed is undeclared, and
`reason_of` says so in words. (Decorators of the user's own, in the notebook or beside it, need none of this: their
wrappers are functions of the user's, which the engine looks into.)
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

from poppy_ipython.effects.schemas import is_plain_answer
from poppy_ipython.effects.table import MISSING, display_name, quietly

__all__ = ["Wrappers", "bare", "code_at", "instructor_host", "is_known_instructor", "reason_of"]

_calls: dict[CodeType, str] = {}
"""Code of a wrapper -> the free variable that holds what it wraps."""


def code_at(module: Any, path: str) -> CodeType | None:
    """The code of an inner function: `decorator.<locals>.wrapper`, from the outside inwards.

    >>> import functools
    >>> code_at(functools, "singledispatch.<locals>.wrapper").co_freevars[0]
    'dispatch'
    """
    outer, *inner = path.split(".<locals>.")
    found: Any = module
    for part in outer.split("."):
        found = getattr(found, part, None)
    code = getattr(found, "__code__", None)
    for name in inner:
        code = next((one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name), None) if code else None
    return code


class Wrappers:
    """The `[wrappers]` of the files, by module, until that is imported. Owned by `library`."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[str, str]]] = {}

    def add(self, table: Mapping[str, str]) -> None:
        for name, variable in table.items():
            outer, mark, inner = name.partition(".<locals>")
            module, _, function = outer.rpartition(".")
            self._waiting.setdefault(module, []).append((function + mark + inner, variable))

    def refresh(self) -> list[str]:
        """Resolve those of modules that are there; the names that their modules do not have."""
        missing = []
        for name in self._waiting.keys() & sys.modules.keys():
            if getattr(getattr(sys.modules[name], "__spec__", None), "_initializing", False):
                continue
            for path, variable in self._waiting.pop(name):
                code = code_at(sys.modules[name], path)
                if code is None or variable not in code.co_freevars:
                    missing.append(f"{name}.{path}")
                else:
                    _calls[code] = variable
        return missing


def wrapped_by(function: Any) -> Any:
    """What a listed wrapper calls; MISSING for anything else."""
    if type(function) is not FunctionType or not _calls:
        return MISSING
    variable = _calls.get(function.__code__)
    if variable is None or function.__closure__ is None:
        return MISSING
    try:
        return function.__closure__[function.__code__.co_freevars.index(variable)].cell_contents
    except ValueError:  # an empty cell
        return MISSING


def bare(callee: Any) -> Any:
    """`callee` without the listed wrappers around it."""
    while True:
        inner = wrapped_by(callee)
        if inner is MISSING:
            return callee
        callee = inner


def reason_of(function: Any) -> str:
    """In words, why nothing is known of what a decorator has made; empty for what none has.

    >>> import functools
    >>> reason_of(functools.cache(len))
    'wrapped by functools.lru_cache, which is not looked into'
    """
    inner = quietly(function, "__wrapped__")
    if inner is None or not callable(inner):
        return ""
    if type(function).__module__ == "functools":
        return "wrapped by functools.lru_cache, which is not looked into"
    code = quietly(function, "__code__")
    if code is None:
        return f"wrapped by {display_name(type(function))}, which is not looked into"
    module = getattr(function, "__globals__", {}).get("__name__", "?")
    return f"wrapped by {module}.{code.co_qualname.partition('.<locals>')[0]}, which is not looked into"


# ---------------------------------------------------------------- instructor


def _create_of(receiver: Any) -> Any:
    """The client's own method under `Instructor.create`, if nothing of the user's is in between."""
    if any(type(one).__module__.partition(".")[0] != "instructor" for one in (receiver, receiver.hooks)):
        return MISSING
    if any(vars(receiver.hooks).get("_handlers", {"?": [1]}).values()):
        return MISSING
    create = receiver.create_fn
    inner = bare(create)
    return inner if inner is not create and type(inner) is MethodType else MISSING


def is_known_instructor(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> bool:
    """An `instructor` client around a method that is known, asked for data only, with nothing that listens."""
    from poppy_ipython.effects.registry import effect_of_call  # (which reads the data that names us)

    inner = _create_of(receiver)
    if kwargs is None:
        return False
    wanted = kwargs.get("response_model", args[0] if args else None)
    if inner is MISSING or not is_plain_answer(wanted):
        return False
    asked = {**receiver.kwargs, **kwargs}
    if any(asked.get(name) is not None for name in ("hooks", "cache", "context", "stream")):
        return False
    retries = asked.get("max_retries", 1)
    if type(retries) is not int:
        return False
    effect = effect_of_call(inner, (), {k: v for k, v in asked.items() if k != "response_model"})
    return effect is not None and effect.name == "unordered"


def instructor_host(receiver: Any, *args: Any, **kwargs: Any) -> str:
    from poppy_ipython.effects.sources import client_host

    return client_host(_create_of(receiver).__self__)
