"""The cell once more, plain: by CPython, one statement after the other, in a scratch world, told what the first run was told.

The oracle of `--check`. It shares nothing with the engine but the record: which answer each call was given. Its code is the
user's source, compiled by CPython with asking calls (`asking`); its objects are copies (`scratch`). Whoever is asked about a call
says one of these:

    external, in the record        the answer of the n-th such call, for the n-th in the order in which Python makes them
    external, not in the record    the two runs differ: this one makes a call that the first did not
    clock and random numbers       what the first run was told, as far as it was heard
    known to be harmless           the call itself: what is declared pure or local, the builtins, the standard containers, text,
                                   numbers, numpy and pandas, the user's own functions and classes (in the scratch world)
    anything else                  refused by name: it would happen twice
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import sys
import types
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from poppy_ipython.compiler.functions import belongs_to_user
from poppy_ipython.effects.registry import effect_of, effect_of_call, resource_of
from poppy_ipython.effects.table import display_name, underlying
from poppy_ipython.record.asking import CALLED, GIVEN, asking
from poppy_ipython.record.dispatch import write_output
from poppy_ipython.record.keys import key_of
from poppy_ipython.record.reading import class_named, decode
from poppy_ipython.record.scratch import Scratch
from poppy_ipython.record.streams import replayed
from poppy_ipython.record.takes import Take, output_of
from poppy_ipython.record.values import Numbers, is_users
from poppy_ipython.trace.values import brief

__all__ = ["Asker", "Harm", "Other", "run_plain"]

_HARMLESS = frozenset(
    """builtins collections itertools functools operator math cmath json re string typing dataclasses enum decimal fractions
    datetime copy heapq bisect statistics textwrap abc _abc contextlib types asyncio numpy pandas poppy_ipython warnings
    traceback array random _random io _io struct base64 hashlib zlib html unicodedata difflib pprint keyword numbers
    graphlib zoneinfo calendar locale codecs _operator _functools _collections _json _heapq _bisect _struct _datetime
    _decimal _asyncio tqdm inspect""".split()
)
_NOT_TWICE = frozenset((input, exec, eval, compile, open, breakpoint))
_HANDED = frozenset((types.FunctionType, types.BuiltinFunctionType, types.MethodType))


class Harm(BaseException):
    """A call that would happen twice, or whose result cannot be copied: its name and why."""


class Other(BaseException):
    """A call that is not in the record; `within`: the functions of the user's that it was made in, innermost first."""

    def __init__(self, text: str, within: list[types.CodeType]) -> None:
        super().__init__(text)
        self.within = within


class Stub:
    """In place of an external callable, inside the scratch world: answers from the record."""

    def __init__(self, fn: Any, asker: Asker) -> None:
        self.__wrapped__, self._asker = fn, asker

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fn, asker = self.__wrapped__, self._asker
        effect = effect_of_call(fn, args, kwargs)
        if effect is None:
            return asker.harmless(fn)(*args, **kwargs)
        if not effect.external:
            return fn(*args, **kwargs)
        if effect.backend == "loop":
            return asker.later(fn, args, kwargs, effect)
        return asker.answer(fn, args, kwargs, effect)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def __eq__(self, other: object) -> bool:
        return bool(self.__wrapped__ == (other.__wrapped__ if isinstance(other, Stub) else other))

    def __hash__(self) -> int:
        return hash(self.__wrapped__)


class Asker:
    """Stands at every call of the plain run. `told`: what clocks and random sources said, by name."""

    def __init__(self, scratch: Scratch, takes: list[Take], told: dict[str, deque[Any]], anyway: bool) -> None:
        self.scratch = scratch
        self.told = told
        self.anyway = anyway
        self.effects: list[tuple[str, str, str]] = []  # resource, callee, arguments of each ordered call
        self.answered = 0
        self.raised: list[BaseException] = []
        self.live: dict[str, None] = {}  # clocks that could not be answered
        self._left: dict[tuple[str, str], list[Take]] = {}
        for take in takes:
            self._left.setdefault((take.key.callee, take.key.arguments), []).append(take)

    @property
    def unused(self) -> list[Take]:
        return [take for left in self._left.values() for take in left]

    # ------------------------------------------------------------------ at a call
    def given(self, value: Any) -> Any:
        """`value` as it is handed on."""
        if value.__class__ not in _HANDED and not callable(value):
            return value
        effect = effect_of(value) if value.__class__ is not Stub and not isinstance(value, type) else None
        return Stub(value, self) if effect is not None and effect.external else self._own(value)

    def called(self, value: Any) -> Any:
        """What to call in place of `value`."""
        kind = value.__class__
        if kind is Stub:
            return value
        effect = effect_of(value)
        if effect is not None:
            if effect.external:
                return Stub(value, self)
            return self._in_place(value) if effect.name in ("sequential", "readonly") else value
        own = self._own(value)
        return own if own is not value else self.harmless(value)

    def _own(self, value: Any) -> Any:
        """The scratch world's own copy of a function of the user's that was reached some other way."""
        function = value.__func__ if value.__class__ is types.MethodType else value
        if function.__class__ is types.FunctionType and not self.scratch.is_own(function):
            made = self.scratch.copy(function, function.__qualname__)
            self.scratch.need(set())
            if made is not function:
                return types.MethodType(made, value.__self__) if value.__class__ is types.MethodType else made
        return value

    def harmless(self, value: Any) -> Any:
        """`value`, if calling it a second time does no harm."""
        if self.anyway or self._is_harmless(value):
            return value
        raise Harm(f"{display_name(underlying(value))} (line {_line()}) has no declared effect, and would run twice")

    def _is_harmless(self, value: Any) -> bool:
        if value.__class__ is partial:
            return value.func.__class__ is Stub or self._is_harmless(value.func)
        if value.__class__ is types.FunctionType and self.scratch.is_own(value):
            return True
        if value.__class__ is types.MethodType:
            function = value.__func__
            return self._is_harmless(function) or is_users(type(value.__self__)) or _root(type(value.__self__)) in _HARMLESS
        if isinstance(value, type):
            return is_users(value) or _root(value) in _HARMLESS or issubclass(value, BaseException)
        try:
            if value in _NOT_TWICE:
                return False
        except TypeError:
            pass
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):
            return _root(type(owner)) in _HARMLESS or is_users(type(owner))
        if not isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)):
            # not `functools`: a cache in front of who knows what
            return is_users(type(value)) or _root(type(value)) in _HARMLESS - {"functools"}
        return _root(value) in _HARMLESS

    def _in_place(self, value: Any) -> Any:
        name = display_name(underlying(value))
        left = self.told.get(name)
        if left is None:
            return value

        def heard(*args: Any, **kwargs: Any) -> Any:
            if left:
                return left.popleft()
            self.live[name] = None
            return value(*args, **kwargs)

        return heard

    # ------------------------------------------------------------------ answers
    def answer(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """What the first run was told."""
        args = tuple([_original(a) for a in args])
        kwargs = {name: _original(value) for name, value in kwargs.items()}
        numbers = Numbers()
        key = key_of(fn, args, kwargs, numbers)
        left = self._left.get((key.callee, key.arguments))
        if not left:
            shown = ", ".join([*map(brief, args), *[f"{k}={brief(v)}" for k, v in kwargs.items()]])
            raise Other(f"{display_name(underlying(fn))}({shown[:200]}), line {_line()}", _within())
        own = [take for take in left if take.key.receiver == key.receiver] or left
        take = own[0]
        left.remove(take)
        self.answered += 1
        if effect.ordered:
            self.effects.append((str(resource_of(effect, fn, args, kwargs)), key.callee, key.arguments))
        text = output_of(take.call)
        if text:
            write_output(text)
        value, error = self._told(take, numbers)
        if error is not None:
            self.raised.append(error)
            raise error
        return value

    async def later(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """`answer`, where it is awaited."""
        return self.answer(fn, args, kwargs, effect)

    def _told(self, take: Take, numbers: Numbers) -> tuple[Any, BaseException | None]:
        where = f"{take.call.record.callee} (line {take.call.record.line})"
        if take.kind == "stream" and take.stream is not None:
            client = getattr(getattr(take.call.fn, "__self__", None), "_client", None)
            return replayed(take.stream.payload(), 0.0, where, client), None
        if take.kind == "none":
            if take.alive is None:
                raise Harm(f"the result of {where}, {take.payload}, cannot be copied")
            (value,) = take.alive
            return (None, value) if take.call.record.outcome == "error" else (value, None)
        found = decode(take.payload, numbers, self._class)
        return (None, found) if take.kind == "error" else (found, None)

    def _class(self, module: str, name: str) -> Any:
        found = self.scratch.class_of(module, name)
        return class_named(module, name) if found is None else found


def _original(value: Any) -> Any:
    return value.__wrapped__ if value.__class__ is Stub else value


def _root(thing: Any) -> str:
    return str(getattr(thing, "__module__", None) or "builtins").partition(".")[0]


def _line() -> int:
    """The line of the user's code that stands nearest."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and "poppy_ipython" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame.f_lineno if frame is not None else 0


def _within() -> list[types.CodeType]:
    """The code of the user's that is on the stack, without that of the cell."""
    found = []
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name != "<module>" and belongs_to_user(code.co_filename):
            found.append(code)
        frame = frame.f_back
    return found


async def run_plain(
    tree: ast.Module, filename: str, flags: int, scratch: Scratch, asker: Asker
) -> tuple[BaseException | None, Any]:
    """Run the cell in the scratch world: its exception, or the value of its trailing expression."""
    names = scratch.names
    scratch.builtins |= {CALLED: asker.called, GIVEN: asker.given, "__import__": _importing(scratch, builtins.__import__)}
    tree = asking(tree)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    parts: list[tuple[Any, str]] = [(ast.Module(tree.body[:-1] if last is not None else tree.body, []), "exec")]
    if last is not None:
        parts.append((ast.Expression(last.value), "eval"))
    value = None
    try:
        for part, mode in parts:
            code = compile(part, filename, mode, flags=flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            value = eval(code, names)
            if code.co_flags & inspect.CO_COROUTINE:
                value = await value
    except (Harm, Other, asyncio.CancelledError):
        raise
    except BaseException as error:
        return error, None
    return None, value


def _importing(scratch: Scratch, real: Callable[..., Any]) -> Callable[..., Any]:
    """`__import__` for the scratch world: modules beside the notebook are its own copies."""

    def importing(name: str, *args: Any, **kwargs: Any) -> Any:
        found = scratch.copy(real(name, *args, **kwargs), name)
        scratch.need(set())
        return found

    return importing
