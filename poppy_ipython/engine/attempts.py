"""``@retry`` of tenacity around a function of the user's: the first attempt runs ahead, all others are tenacity's own.

    @retry(wait=wait_random_exponential(min=1, max=60), stop=stop_after_attempt(6))
    def get(q): return ask(q)

    answers = [get(q) for q in qs]       # one round, not one question after the other

As long as an attempt succeeds, tenacity does nothing but count (:mod:`~poppy_ipython.effects.retrying` says for which strategies that is
known). So a call of the wrapper is a unit of lowered code,

    try: return function(q)
    except BaseException as error: failed = error
    return again(failed, wrapper, function, q)

and the statistics that a call begins with are stored on the wrapper before it, a store like any other. If the attempt fails, then as soon as
the failure is certain the unit goes on to ``again``, which waits for the head, as undeclared code does, and calls the wrapper itself: its
own code, with a function whose next call is answered by the exception that there was (:mod:`.answered`). Whether there is another attempt,
when, what is logged and what is raised in the end is tenacity's decision, made by tenacity, in its turn, and its frames stand in
the traceback where they do in a plain run.

What others have to wait for is in the footprint (:meth:`~poppy_ipython.engine.reach.callees.Callees.wrapper`): what the function may write,
that is what its other attempts may write, what is called after failures only, the statistics, and the random numbers of a wait.

Where the clock is read differs: an attempt that fails has begun, for tenacity, when its failure is known to it.

Decided against: lowering tenacity's own code (locks, conditions and thread locals, each of them a wait for the head).
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from functools import lru_cache
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from ..compiler.functions import lower_given
from ..compiler.plan import Lowered
from ..effects.retrying import STRATEGIES, Retried, retried, statistics_of, tries_first
from .answered import answered
from .unit import MAX_DEPTH

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: in front of the names of keyword arguments, where they are names of variables
NAMED = "named_"


def again(failed: BaseException, wrapper: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """What lowered code calls; see :meth:`Attempts.again`."""
    raise AssertionError("unreachable")


@lru_cache(maxsize=256)
def attempt_of(count: int, names: tuple[str, ...]) -> tuple[types.FunctionType, Lowered]:
    """The text above for a call with ``count`` arguments, and others of these ``names``: a function, and its lowered form."""
    places = [f"a{i}" for i in range(count)]
    given = ", ".join([*places, *[f"{name}={NAMED}{name}" for name in names]])
    taken = ", ".join(["again", "wrapper", "function", *places, *[NAMED + name for name in names]])
    text = (
        f"def attempt({taken}):\n try: return function({given})\n except BaseException as error: failed = error\n"
        f" return again(failed, wrapper, function{given and ', ' + given})"
    )
    tree = ast.parse(text)
    names_: dict[str, Any] = {}
    exec(compile(tree, __file__, "exec"), names_)
    function: types.FunctionType = names_["attempt"]
    return function, lower_given(function, tree.body[0])  # type: ignore[arg-type]


class Attempts(Base):
    """Part of the :class:`Machine`."""

    def _init_attempts(self) -> None:
        #: off: wrappers run as they are
        self.wrappers_ahead = True

    def retried(self, fn: Any) -> Callable[..., Any] | None:
        """``run(callee, args, full, kwargs)`` for calls of ``fn`` if ``@retry`` has made it, else None."""
        found = retried(fn)
        if found is None or self.twin_of(found.function) is None:
            return None

        def run(callee: Any, args: tuple[Any, ...], full: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if not self.goes_ahead(found.function, kwargs) or not self._tries_first(found):
                return self._in_order(callee)(callee, args, kwargs)
            self.sa(fn, "statistics", statistics_of(found.retrying))
            attempt = self.twin_given(attempt_of(len(full), tuple(kwargs)))
            named = {NAMED + name: value for name, value in kwargs.items()}
            return self.of_wrapped(found, self.run_unit(attempt, (again, fn, found.function, *full), named, None, False))

        return run

    def twin_given(self, given: tuple[types.FunctionType, Lowered]) -> Any:
        """The twin of a function of ours, with its lowered form."""
        return self.twins.get(given[0]) or self.make_twin(*given, self.twins)

    def goes_ahead(self, function: Any, kwargs: dict[str, Any]) -> bool:
        """May what a wrapper calls, and is sure to call first, be run by us?"""
        if not all(name.isidentifier() and not iskeyword(name) for name in kwargs):
            return False
        unit = self.cur
        if not self.wrappers_ahead or unit is self.ghost or unit.handling or unit.depth >= MAX_DEPTH:
            return False
        return not (self.guards and not unit.log and unit.head and self.is_leaf(function))

    def _tries_first(self, found: Retried) -> bool:
        """Is tenacity sure to call the function, and to be content if that succeeds?"""
        retrying = found.retrying
        key = id(retrying)
        if self.may or any((key, name) in self.chains for name in STRATEGIES):
            unit = self.cur
            here = (*unit.path, unit.n + 1)
            slots = [(("a", key, name), ("*a", name), ("c", name)) for name in STRATEGIES]
            if any((key, name) in self.chains for name in STRATEGIES) or any(self.older_writer(each, here, None) for each in slots):
                self.drain("commit", "retry")
        return tries_first(retrying)

    def of_wrapped(self, found: Retried, result: Any) -> Any:
        """``result``, with what is known of those of the function, if there are no others."""
        return result if found.retrying.retry_error_callback is not None else self.of_function(found.function, result)

    def again(self, failed: BaseException, wrapper: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """The call of ``wrapper``, at the head, from where its first attempt has ``failed``; its caller is that of the unit."""
        if self.streaming:
            self.escape(None, *args, *kwargs.values())
        args = tuple([self.force(value) for value in args])
        kwargs = {name: self.force(value) for name, value in kwargs.items()}
        self.drain("unknown", wrapper.__name__)
        self.before_native()
        unit = self.cur
        self.native_code = True
        try:
            with answered(function, None, failed):
                return self.natively_at(unit.parent, unit.frame, unit.lasti, wrapper, args, kwargs)
        finally:
            self.native_code = False


__all__ = ["NAMED", "Attempts", "again", "attempt_of"]
