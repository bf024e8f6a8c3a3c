"""Functions wrapped by tenacity's ``@retry``: what is wrapped, and whether only the wrapped function runs as long as it succeeds.

All functions that ``@retry`` makes share one code object, whose free variables hold the wrapped function and the ``Retrying``
object with its strategies. A call copies that object, puts the statistics of the copy on the wrapper and calls the function. If
that succeeds, the strategies decide whether its result is good. Those listed here say it always is, and only run its code:

    before                       nothing (the default)
    stop                         never, after so many attempts, any or all of these
    retry                        if there was an exception (of these types, with such a cause, that satisfies this predicate)
    wait, sleep, after, before_sleep, retry_error_callback, reraise, retry_error_cls    anything: asked after a failure only

Decided against: ``stop_after_delay`` (how long the first attempt took would be known to nobody), ``retry_if_result`` and
``retry_if_not_exception_message``, which look at a result, and classes that inherit from tenacity's.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from .wrappers import code_at

#: what the strategies hold beside others
_DATA = (int, float, str, bool, type(None))
_MODULES = ("tenacity.stop", "tenacity.wait", "tenacity.retry")
_DEEP = 9
_STOPS = frozenset({"_stop_never", "stop_after_attempt"})
_STOPS_OF = frozenset({"stop_any", "stop_all"})
_RETRIES = frozenset({
    "_retry_never", "retry_if_exception", "retry_if_exception_type", "retry_if_not_exception_type",
    "retry_if_exception_cause_type",
})  # fmt: skip
#: attributes of a ``Retrying`` that decide
STRATEGIES = (
    "sleep", "stop", "wait", "retry", "before", "after", "before_sleep", "reraise", "retry_error_cls", "retry_error_callback",
)  # fmt: skip

_code: dict[int, types.CodeType | None] = {}
"""id of the module (there may be another one, after a reload) -> the code of its wrappers, if it does what is written above."""


class Retried(NamedTuple):
    """A wrapped function and the object that decides when it is called again."""

    function: types.FunctionType
    retrying: Any


def retried(callee: Any) -> Retried | None:
    """What ``callee`` wraps, if ``@retry`` has made it of a function.

    >>> import tenacity
    >>> def ask(question): ...
    >>> retried(tenacity.retry(ask)).function is ask, retried(ask)
    (True, None)
    """
    tenacity = sys.modules.get("tenacity")
    if tenacity is None or type(callee) is not types.FunctionType:
        return None
    code = _code.get(id(tenacity), tenacity)
    if code is tenacity:
        code = _code[id(tenacity)] = _wrapper_of(tenacity)
    if code is None or callee.__code__ is not code or callee.__closure__ is None:
        return None
    try:
        function, retrying, _ = [cell.cell_contents for cell in callee.__closure__]
    except ValueError:  # an empty cell
        return None
    if type(function) is not types.FunctionType or type(retrying) is not tenacity.Retrying:
        return None
    return Retried(function, retrying)


def _wrapper_of(tenacity: Any) -> types.CodeType | None:
    """The code of the wrappers, if a call that succeeds at once leaves the statistics that it begins with (version 9)."""
    code = code_at(tenacity, "BaseRetrying.wraps.<locals>.wrapped_f")
    if code is None or code.co_freevars != ("f", "self", "wrapped_f"):
        return None
    try:
        wrapper = tenacity.Retrying().wraps(lambda: None)
        wrapper()
        expected, left = statistics_of(wrapper.retry), dict(wrapper.statistics)
    except Exception:  # another version, whose objects are made otherwise
        return None
    return code if list(expected.items())[1:] == list(left.items())[1:] and next(iter(left), "") == "start_time" else None


def statistics_of(retrying: Any) -> Any:
    """The statistics of a call that begins."""
    copy = retrying.copy()
    copy.begin()
    return copy.statistics


def tries_first(retrying: Any) -> bool:
    """Does a call of the wrapper call the function, and nothing else if that succeeds?

    >>> import tenacity as t
    >>> tries_first(t.Retrying(stop=t.stop_after_attempt(3), wait=t.wait_random_exponential(min=1, max=60)))
    True
    >>> tries_first(t.Retrying(stop=t.stop_after_delay(3))), tries_first(t.Retrying(retry=t.retry_if_result(bool)))
    (False, False)
    """
    return retrying.before is sys.modules["tenacity"].before_nothing and _stops(retrying.stop) and _retries(retrying.retry)


def _stops(strategy: Any) -> bool:
    kind = type(strategy)
    if kind.__module__ != "tenacity.stop":
        return False
    return kind.__name__ in _STOPS or kind.__name__ in _STOPS_OF and all(map(_stops, strategy.stops))


def _retries(strategy: Any) -> bool:
    kind = type(strategy)
    if kind.__module__ != "tenacity.retry":
        return False
    return kind.__name__ in _RETRIES or kind.__name__ == "retry_any" and all(map(_retries, strategy.retries))


def after_failures(retrying: Any) -> Iterator[Any]:
    """What may be called once an attempt has failed, beside the function and tenacity's own code.

    >>> import tenacity as t
    >>> list(after_failures(t.Retrying(stop=t.stop_after_attempt(3), wait=t.wait_fixed(1) + t.wait_random(0, 2))))
    []
    >>> list(after_failures(t.Retrying(retry=t.retry_if_exception(callable), retry_error_callback=print)))
    [<built-in function callable>, <built-in function print>]
    """
    tenacity: Any = sys.modules["tenacity"]
    known = (tenacity.nap.sleep, tenacity.before_nothing, tenacity.after_nothing)
    for name in STRATEGIES:
        value = getattr(retrying, name)
        if name == "retry_error_cls":
            if value is not tenacity.RetryError:
                yield value
        elif value not in known:
            yield from _inside(value)


def _inside(value: Any, depth: int = 0) -> Iterator[Any]:
    kind = type(value)
    if kind in _DATA or isinstance(value, type):
        return
    if depth < _DEEP and kind in (tuple, list):
        for item in value:
            yield from _inside(item, depth + 1)
    elif depth < _DEEP and kind.__module__ in _MODULES:
        for item in vars(value).values():
            yield from _inside(item, depth + 1)
    elif kind is not types.FunctionType or value.__module__ != "tenacity.retry":  # (predicates made of types)
        yield value
