"""`@parallel`: a function of an ordinary program whose calls overlap as in a `%%poppy` cell.

    f(x)              from a script, a test, a thread: its own event loop, the value or the exception
    await f.aio(x)    from a coroutine (a FastAPI handler): on the loop that runs, beside others
    f.run(x)          as f(x), and the `Run`: value or error, calls, timeline; nothing is raised

The function stays an ordinary one, written in order; what it calls and defines overlaps by the same rules and declarations.
Every run has its own machine, limits at once, output and context, so that runs do not meet, in threads or on one loop. What
belongs to the process is shared on purpose: declarations, limits per minute, connections of your clients, pools of
workers. `poppy_ipython.last_run` is the one that ended last; `f.run` knows which one it means.

Where overlapping is impossible the function runs as it is, in order: called from code of a running loop without `await`
(which a plain call would block, too), inside a `%%poppy` cell, under a debugger.

Decided against `async def` functions: their bodies run as written, so nothing would be gained.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import warnings
from collections.abc import Callable
from types import MethodType, TracebackType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from poppy_ipython.options import Options

if TYPE_CHECKING:
    from poppy_ipython.trace.run import Run

__all__ = ["Parallel", "parallel"]

P = ParamSpec("P")
R = TypeVar("R")
_FILE = "<poppy_ipython.parallel>"
_SOURCE = "fn(*args, **kwargs)"


class Parallel(Generic[P, R]):
    """A function that `parallel` has made; `__wrapped__` is the one that you wrote."""

    def __init__(self, fn: Callable[P, R], options: Options) -> None:
        functools.update_wrapper(self, fn)
        self._fn = fn
        self._options = options

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        from poppy_ipython import cell

        if cell.is_running():
            return self._fn(*args, **kwargs)
        if asyncio._get_running_loop() is not None:
            name = getattr(self, "__name__", "f")
            words = f"{name}() was called on a running event loop, so it runs in order and blocks the loop: `await {name}.aio(…)`"
            warnings.warn(words, RuntimeWarning, stacklevel=2)
            return self._fn(*args, **kwargs)
        return _result(self.run(*args, **kwargs))

    def run(self, *args: P.args, **kwargs: P.kwargs) -> Run:
        """Call it, on an event loop of its own; the run, whose `value` or `error` is what the function left."""
        from poppy_ipython import cell

        return cell.run(_SOURCE, self._namespace(args, kwargs), options=self._options, filename=_FILE, alone=True)

    async def aio(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call it on the loop that runs, concurrently with whatever else does. A cancelled task cancels its calls."""
        return _result(await self.run_aio(*args, **kwargs))

    async def run_aio(self, *args: P.args, **kwargs: P.kwargs) -> Run:
        """`run` on the loop that runs."""
        from poppy_ipython import cell

        task = asyncio.ensure_future(
            cell.run_async(
                _SOURCE, self._namespace(args, kwargs), options=self._options, filename=_FILE, alone=True, signals=False
            )
        )
        return await task  # a task, for a context of its own

    def _namespace(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        return {"__name__": self._fn.__module__, "fn": self._fn, "args": args, "kwargs": kwargs}

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        if owner is None:
            return self
        bound: Parallel[..., R] = Parallel(MethodType(self._fn, owner), self._options)
        return bound

    def __repr__(self) -> str:
        return f"<parallel {getattr(self, '__qualname__', self._fn)}>"


def _result(run: Run) -> Any:
    error = run.error
    if error is None:
        return run.value
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == _FILE:
        traceback = traceback.tb_next
    try:
        raise error.with_traceback(traceback)
    finally:
        del error, run  # they hold the frame that holds them


@overload
def parallel(fn: Callable[P, R], /) -> Parallel[P, R]: ...


@overload
def parallel(**options: Any) -> Callable[[Callable[P, R]], Parallel[P, R]]: ...


def parallel(fn: Any = None, /, **options: Any) -> Any:
    """Have a function run like a `%%poppy` cell. Keywords are those of `Options`: `parallel(max_calls=4, backend="processes")`.

    >>> import poppy_ipython
    >>> @poppy_ipython.unordered
    ... def ask(question): return question.upper()
    >>> @parallel(max_calls=8)
    ... def answers(questions):
    ...     return [ask(question) for question in questions]
    >>> answers("ab")
    ['A', 'B']
    >>> run = answers.run("abc")
    >>> run.value, len(run.calls)
    (['A', 'B', 'C'], 3)

    Raises `TypeError` for what is no plain function: an `async def`, a generator, a class.
    """
    try:
        chosen = Options(**options)
    except TypeError:
        unknown = next(name for name in options if name not in Options.__dataclass_fields__)
        known = ", ".join(name for name in Options.__dataclass_fields__ if name not in ("interactivity", "flags"))
        raise TypeError(f"parallel() has no option {unknown!r}; known are {known}") from None
    if fn is None:
        return functools.partial(_make, options=chosen)
    return _make(fn, chosen)


def _make(fn: Any, options: Options) -> Any:
    if isinstance(fn, staticmethod | classmethod):
        raise TypeError(f"@parallel stands under @{type(fn).__name__}, on the function")
    if isinstance(fn, type) or not callable(fn):
        raise TypeError(f"@parallel is for functions, not for {fn!r}")
    name = getattr(fn, "__qualname__", repr(fn))
    if inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn):
        raise TypeError(f"{name} is an async function; write it as a plain `def`, in order, and `await {name}.aio(…)` it")
    if inspect.isgeneratorfunction(fn):
        raise TypeError(f"{name} is a generator; have it return what it yields, as a list")
    return Parallel(fn, options)
