"""A tree's run, for notebooks and scripts alike: session, output, interrupt, record, choices, and the `Run` that is left of it.

This is the one place that knows the engine's `Session` on one side and the host on the other.
"""

from __future__ import annotations

import ast
import asyncio
import contextvars
import inspect
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from poppy_ipython.backends.apart import hide_loop
from poppy_ipython.backends.limits import BadLimit
from poppy_ipython.choose.alternatives import some as some_alternatives
from poppy_ipython.choose.errors import ChoiceError
from poppy_ipython.display import output
from poppy_ipython.display.live import Live
from poppy_ipython.display.terminal import TerminalLive
from poppy_ipython.effects.named import BadDeclaration
from poppy_ipython.effects.registry import NAMES
from poppy_ipython.host import bug
from poppy_ipython.host.interrupt import Interrupt, without_handler
from poppy_ipython.host.watchdog import Watchdog
from poppy_ipython.options import Options
from poppy_ipython.record.errors import RecordError
from poppy_ipython.trace.run import Run
from poppy_ipython.trace.usage import Usage, with_usage
from poppy_ipython.trace.values import Values

__all__ = ["as_written", "perform", "running", "untold"]

#: the warnings' filters, which are changed meanwhile, are the process's
_compiling = threading.Lock()
#: whether this is code of a run
running: contextvars.ContextVar[bool] = contextvars.ContextVar("poppy_ipython_running", default=False)


async def perform(
    tree: ast.Module,
    source: str,
    filename: str,
    namespace: dict[str, Any],
    options: Options,
    *publishers: Any,
    title: Callable[[str], str | None] | None = None,
    view: Live | TerminalLive | None = None,
    alone: bool = False,
    signals: bool = True,
) -> Run:
    """Run a tree to its end: errors of the cell are returned, ours become an `InternalError`, returned as well.

    ``title`` says how the user knows a file that is a cell: `In [2]`; ``view`` looks on.
    """
    loop = asyncio.get_running_loop()
    abandoned: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    value: Any = None
    error: BaseException | None
    session: Any = None
    intent: Any = None
    known = None if title is None else title(filename)
    values = view.values if view is not None else Values() if options.save_values else Usage()
    at = time.time()
    recorder: Any = None
    choices: Any = None
    flag = running.set(True)
    try:
        from poppy_ipython.display.plan import Intent
        from poppy_ipython.engine.run import Session

        NAMES.read_file()
        with _compiling, warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # shown once already, by whoever compiled the user's text
            session = Session(tree, source, filename, namespace, options, loop=loop, piece=output.Piece)
        intent = Intent.of(tree, source, session.plan.lowered.sites, namespace, known or "the cell", options.flags)
        session.machine.values = values
        if options.recorded:
            from poppy_ipython.record.run import begin

            recorder = begin(options, session, tree, source, title)
        session.dispatcher.backend = options.backend
        if options.wants or some_alternatives():
            from poppy_ipython.choose.session import begin as begin_choices

            choices = begin_choices(options, session, tree)
        if alone:
            hide_loop(session.machine)
        interrupt = Interrupt(loop, session)
        with output.ordered(*publishers), interrupt if signals else nullcontext(), Watchdog(loop, session) as watch:
            if view is not None:
                view.begin(session)
            error, value = await (session if recorder is None else recorder).run()
        if interrupt.seen and error is not None:
            without_handler(error)
        abandoned = tuple(session.abandoned)
        if watch.starved is not None:
            notices = (str(watch.starved),)
        if recorder is not None:
            recorder.stop()
            notices += tuple(await recorder.end(error, value))
    except (asyncio.CancelledError, GeneratorExit):
        if session is not None:
            session.interrupt()
        if view is not None:
            view.end(Run(_trace(session, filename)))
        raise
    except (KeyboardInterrupt, BadLimit, BadDeclaration, ChoiceError, RecordError) as stop:
        error = stop.with_traceback(None) if isinstance(stop, ChoiceError) else stop
    except BaseException as mistake:
        error = bug.report(mistake, source)
    finally:
        running.reset(flag)
        if recorder is not None:
            recorder.stop()
    trace = replace(with_usage(_trace(session, filename), values), at=at)
    if title is not None:
        files = dict.fromkeys(call.filename for call in trace.calls)
        trace = replace(trace, titles=tuple((name, text) for name in files if (text := title(name)) is not None))
    found = Run(trace, value, error, abandoned, notices, values if isinstance(values, Values) else None, intent)
    if recorder is not None:
        found = replace(found, check=recorder.checked)
    if choices is not None:
        found = replace(found, chosen=choices, notices=(*found.notices, *choices.finish(found)))
    if view is not None:
        view.end(found)
    if not untold(options, found):
        sys.modules["poppy_ipython"].last_run = found  # type: ignore[attr-defined]
    return found


def _trace(session: Any, filename: str) -> Any:
    from poppy_ipython.trace.trace import Trace

    try:
        return session.result().trace
    except Exception:  # there is nothing to look at after a mistake of ours
        return Trace((), filename=filename)


async def as_written(tree: ast.Module, filename: str, namespace: dict[str, Any], options: Options) -> Run:
    """Run a tree as Python does, for whoever watches line by line."""
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    parts: list[ast.Module | ast.Expression] = [ast.Module(tree.body[:-1] if last else tree.body, tree.type_ignores)]
    if last is not None:
        parts.append(ast.Expression(last.value))
    value = None
    try:
        for part in parts:
            mode = "eval" if isinstance(part, ast.Expression) else "exec"
            flags = options.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(part, filename, mode, flags=flags, dont_inherit=True)  # type: ignore[call-overload]
            value = eval(code, namespace)
            if code.co_flags & inspect.CO_COROUTINE:
                value = await value
    except BaseException as error:
        assert error.__traceback__ is not None
        error.__traceback__ = error.__traceback__.tb_next
        return Run(_trace(None, filename), None, error)
    return Run(_trace(None, filename), value)


def untold(options: Options, run: Run) -> bool:
    """Whether a run is one of those that nobody asked for and that nobody could tell from a plain one."""
    return options.auto and not (run.calls or run.abandoned or run.notices)
