"""Functions of the user's whose next call is answered by what a call made ahead of time has come to.

A library's wrapper calls the user's function itself, in code that is not lowered: C, or Python that waits and counts. To run
the function ahead and the wrapper in its turn, the wrapper must find the result where it calls the function. So for the time of that call
the function *object* has other code: its next call, in this thread, puts the real code back and returns the result, or raises the
exception, which leaves it with the traceback that it has had (a bare ``raise`` adds no line for the frame that it leaves). Everybody
else sees the same object throughout: in the wrapper's frames, its callbacks, its log messages.

Another thread that calls the function in these microseconds runs the real code.

Decided against: a copy of the wrapper around a function of ours (it would be seen in frames and callbacks, and a wrapper written in C has
no parts to be copied).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any


def _next_call(*args: Any, **kwargs: Any) -> Any:
    take = "<take>"
    found = take()  # type: ignore[operator]
    if found[0] is not None:
        return found[0](*args, **kwargs)
    if found[2] is None:
        return found[1]
    try:
        raise found[2]
    except BaseException as error:
        error.__traceback__ = found[3]
        error.__context__ = found[4]
        raise


@contextmanager
def answered(function: FunctionType, value: Any, error: BaseException | None = None) -> Iterator[None]:
    """Within it the next call of ``function`` returns ``value``, or raises ``error``.

    >>> def double(x): return 2 * x
    >>> with answered(double, "two"):
    ...     print(double(1), double(1))
    two 2
    """
    code = function.__code__
    thread = threading.get_ident()
    answer = (None, value, error, None, None) if error is None else (None, value, error, error.__traceback__, error.__context__)

    def take() -> tuple[Any, ...]:
        if threading.get_ident() != thread:
            return (_with_code(function, code),)
        function.__code__ = code
        return answer

    function.__code__ = shim = _shim(code, take)
    try:
        yield
    finally:
        if function.__code__ is shim:
            function.__code__ = code


def _shim(code: CodeType, take: Callable[[], Any]) -> CodeType:
    """Code for the function with ``code`` that asks ``take`` what to do."""
    made = _next_call.__code__
    constants = tuple([take if constant == "<take>" else constant for constant in made.co_consts])
    return made.replace(co_consts=constants, co_freevars=code.co_freevars, co_name=code.co_name, co_qualname=code.co_qualname)


def _with_code(function: FunctionType, code: CodeType) -> FunctionType:
    copy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


__all__ = ["answered"]
