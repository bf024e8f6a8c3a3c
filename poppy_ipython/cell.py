"""One cell's run: namespace, output, interrupt, result.

    a notebook cell   CellTree ─▶ take(…) ─▶ IPython runs  enter(token) · restore(token) · value(token)
    a script          run(source, namespace) ─▶ run_async
                                     both ─▶ perform(tree, …) ─▶ engine.Session   (performing.py)

What is particular to notebooks is in the first half: IPython calls `enter` from the little tree that `host.transform`
left in the cell's place, in the frame of the cell's module, so the frame says which namespace and which file name are
meant (`%%time` uses its own).

An error of the cell is raised here, in one place, outside any `except`, so that it has no `__context__` of ours;
`restore` then puts back the traceback that the engine built.
"""

from __future__ import annotations
import __future__

import ast
import asyncio
import contextvars
import itertools
import linecache
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from types import TracebackType
from typing import Any

from poppy_ipython.display.live import Live
from poppy_ipython.display.terminal import TerminalLive
from poppy_ipython.display.views import Views
from poppy_ipython.host import bug, reentry, tracing, transform
from poppy_ipython.host.afterwards import Afterwards, changes
from poppy_ipython.options import Options
from poppy_ipython.performing import as_written, perform, running, untold
from poppy_ipython.record.errors import RecordError
from poppy_ipython.trace.run import Run

_log = logging.getLogger("poppy_ipython")
_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag


# ---------------------------------------------------------------- notebooks


@dataclass(slots=True)
class _Cell:
    """A cell between its tree step and its end."""

    shell: Any
    words: Afterwards
    views: Views
    body: ast.Module
    options: Options
    line: str
    at: int  # the line of %%poppy, from 1
    failure: BaseException | None = None  # to be raised instead of running anything
    run: Run | None = None
    traceback: TracebackType | None = field(default=None, repr=False)


_cells: dict[str, _Cell] = {}
_tokens = itertools.count(1)


def take(
    shell: Any,
    words: Afterwards,
    views: Views,
    options: Options | BaseException,
    line: str,
    awaits: bool,
    body: ast.Module,
    at: ast.stmt,
) -> ast.Module:
    """The tree for IPython to run in place of a rewritten cell: an entry to us, or the body where it must run plain."""
    failure = options if isinstance(options, BaseException) else None
    options = Options() if isinstance(options, BaseException) else options
    flags = shell.compile.flags & _FUTURES
    if failure is None:
        if not body.body or not _compiles(shell, body):
            return body
        reason = _plain_because(shell, body)
        shown = transform.interactive(body, shell.ast_node_interactivity)
        if reason is not None or shown is None:
            if not options.auto:
                words.say(_PLAIN + str(reason))
            return body
        body = shown
        if options.plan:
            _show_plan(shell, words, body, flags)
            return ast.Module([ast.copy_location(ast.Pass(), at)], [])
    token = str(next(_tokens))
    _cells[token] = _Cell(shell, words, views, body, replace(options, flags=flags), line, at.lineno, failure)
    return transform.entry_tree(token, body, awaits=awaits, at=at)


def _show_plan(shell: Any, words: Afterwards, body: ast.Module, flags: int) -> None:
    """`%%poppy --plan`; of the cell as it was typed, which is what the lines of `body` count in."""
    from poppy_ipython.display.plan import plan_of
    from poppy_ipython.display.steps import steps_shown

    try:
        raw = shell.history_manager.input_hist_raw[-1] if shell.history_manager is not None else ""
        plan = plan_of(body, raw or ast.unparse(body), shell.user_ns, "the cell", flags)
        words.say(str(plan))
        shown = steps_shown(plan)
        if shown is not None:
            words.show(shown)
    except Exception as error:
        _log.exception("the plan of the cell failed")
        words.say(f"poppy: no plan of this cell: {error!r}")


_PLAIN = "poppy: this cell ran plain, in order, because "


def suits(shell: Any, body: ast.Module) -> bool:
    """Whether `take` would take a cell: for `%poppy auto`, which has to know before IPython decides how to run it."""
    return _compiles(shell, body) and _plain_because(shell, body) is None


def _compiles(shell: Any, body: ast.Module) -> bool:
    """Whether IPython, too, could run the cell as a whole; if not, it says why."""
    flags = shell.compile.flags & _FUTURES
    return transform.compiles(body, flags) and (shell.autoawait or not transform.awaits_at_top(body, flags))


def _plain_because(shell: Any, body: ast.Module) -> str | None:
    """Why this cell is left to IPython, or None."""
    if transform.changes_compiler(body):
        return "it has a `from __future__` import"
    if shell.ast_node_interactivity not in transform.INTERACTIVITY:
        return f"ast_node_interactivity is {shell.ast_node_interactivity!r}"
    return unsuitable(shell)


def unsuitable(shell: Any) -> str | None:
    """Why no cell can be run by us just now, or None."""
    if shell.user_ns is not shell.user_global_ns:
        return "this is an embedded shell, with local variables"
    if running.get():
        return "it was run from inside another %%poppy cell"
    return tracing.watcher()


def run_body(shell: Any, words: Afterwards, views: Views, options: Options, line: str, text: str) -> Any:
    """The magic called by hand: run `text` now and give the value of its trailing expression."""
    first = f"# %%poppy {line}".rstrip() + "\n"
    source = shell.transform_cell(first + text)
    filename = shell.compile.cache(source, shell.execution_count, raw_code=first + text)
    body = shell.transform_ast(shell.compile.ast_parse(source, filename=filename))
    options = replace(options, flags=shell.compile.flags & _FUTURES)
    cell = _Cell(shell, words, views, body, options, line, 1)
    reason = unsuitable(shell)
    if reason is None:
        reentry.run_now(_run_cell(cell, shell.user_ns, filename))
    else:
        words.say(_PLAIN + reason)
        cell.run = reentry.run_now(as_written(body, filename, shell.user_ns, options))
        cell.failure = cell.run.error
    try:
        _finish(cell)
    finally:
        if cell.failure is not None:
            cell.failure.__traceback__ = cell.traceback
    return None if cell.run is None else cell.run.value


def enter(token: str) -> Awaitable[None]:
    """Run the cell that `take` kept under `token`, in the namespace and under the file name of the calling frame."""
    frame = sys._getframe(1)
    return _enter(_cells[token], frame.f_globals, frame.f_code.co_filename)


def enter_now(token: str) -> None:
    """`enter` where nobody awaits. It raises out here: a KeyboardInterrupt must not leave through a Task."""
    frame = sys._getframe(1)
    cell = _cells[token]
    if cell.failure is None:
        reentry.run_now(_run_cell(cell, frame.f_globals, frame.f_code.co_filename))
    _finish(cell)


def value(token: str) -> Any:
    """The value of the cell's trailing expression, for IPython to show."""
    run = _cells.pop(token).run
    return None if run is None else run.value


def restore(token: str) -> None:
    """The cell is over: give its error, if it has one, the traceback of a plain run back."""
    cell = _cells[token]
    if cell.failure is None and isinstance(cell.body.body[-1], ast.Expr):
        return  # `value` comes next
    del _cells[token]
    if cell.failure is not None:
        cell.failure.__traceback__ = cell.traceback


async def _enter(cell: _Cell, namespace: dict[str, Any], filename: str) -> None:
    if cell.failure is None:
        await _run_cell(cell, namespace, filename)
    _finish(cell)


async def _run_cell(cell: _Cell, namespace: dict[str, Any], filename: str) -> None:
    _name_line(filename, cell.at, f"# %%poppy {cell.line}".rstrip())
    source = "".join(linecache.getlines(filename))
    transform.show_warnings(cell.body, filename, cell.options.flags)
    before = contextvars.copy_context()
    publisher, title = cell.shell.display_pub, partial(_title, cell.shell)
    view = _begin_view(cell, filename, title)
    cell.run = await perform(cell.body, source, filename, namespace, cell.options, publisher, title=title, view=view)
    cell.failure = cell.run.error
    if not transform.awaits_at_top(cell.body, cell.options.flags):
        cell.words.keep(before, contextvars.copy_context())
    _speak(cell, cell.run, title(filename))


def _finish(cell: _Cell) -> None:
    if cell.failure is not None:
        cell.traceback = cell.failure.__traceback__
        raise cell.failure


def _title(shell: Any, filename: str) -> str | None:
    """`In [2]` for the file name that IPython compiled that cell under."""
    found = shell.compile.format_code_name(filename)
    return None if found is None else str(found[1]).replace("[", " [")


def _name_line(filename: str, number: int, text: str) -> None:
    """Let tracebacks show the magic, as a comment, where the cell's compiled text has our marker."""
    entry = linecache.cache.get(filename)
    if entry is not None and len(entry) == 4 and number <= len(entry[2]) and transform.MARKER in entry[2][number - 1]:
        entry[2][number - 1] = text + "\n"


def _begin_view(cell: _Cell, filename: str, title: Callable[[str], str | None]) -> Live | TerminalLive | None:
    try:
        return cell.views.begin(cell.options, filename, title)
    except Exception:
        _log.exception("the cell has no view; it runs")
        return None


def _speak(cell: _Cell, run: Run, title: str | None) -> None:
    """The words below the cell. A mistake in them must not cost the user the cell."""
    if isinstance(run.error, (bug.InternalError, RecordError)):
        return
    if untold(cell.options, run):
        return
    try:
        shown = cell.views.end(cell.options, run, title)
        if shown is not None:
            cell.words.show(shown)
        if cell.views.of(cell.options) == "none":
            return
    except Exception:
        _log.exception("the view of the cell failed; the cell did not")
    if cell.options.quiet:
        if run.abandoned:  # the summary would say so
            cell.words.say(f"poppy: left running, results dropped: {', '.join(run.abandoned)}")
        return
    try:
        cell.words.say("\n".join((str(run), *run.notices, *_foretold(run))))
    except Exception:
        _log.exception("the summary of the cell failed; the cell did not")


def _foretold(run: Run) -> tuple[str, ...]:
    """What a prediction that waits for this run says of it; without one, nothing is imported."""
    expected = sys.modules.get("poppy_ipython.whatif.expected")
    return expected.words(run) if expected is not None else ()


# ---------------------------------------------------------------- scripts


def is_running() -> bool:
    """Whether this is code of a run."""
    return running.get()


def run(
    source: str,
    namespace: dict[str, Any] | None = None,
    *,
    options: Options | None = None,
    filename: str = "<cell>",
    alone: bool = False,
) -> Run:
    """Run a cell's text to its end, on an event loop of its own. An exception of the cell is in `Run.error`.

    ``alone``: its native code finds no running loop, as in a script.

    >>> ns = {}
    >>> run("x = [n * n for n in range(4)]\\nx[-1]", ns).value
    9
    >>> ns["x"]
    [0, 1, 4, 9]
    """
    if asyncio._get_running_loop() is not None:
        raise RuntimeError(
            "poppy_ipython.run() starts an event loop of its own, and one is already running in this thread: "
            "use %%poppy in a notebook, or `await poppy_ipython.cell.run_async(...)`"
        )
    before = contextvars.copy_context()
    context = before.copy()
    found: list[Run] = []

    async def main() -> None:  # with no result: asyncio.Runner makes a repr of its task's, to throw it away
        found.append(await _run(source, namespace, options, filename, alone, True))

    with asyncio.Runner() as runner:
        runner.run(main(), context=context)
    for var, value in changes(before, context):
        var.set(value)
    return found[0]


async def run_async(
    source: str,
    namespace: dict[str, Any] | None = None,
    *,
    options: Options | None = None,
    filename: str = "<cell>",
    alone: bool = False,
    signals: bool = True,
) -> Run:
    """`run` on the running loop. Raises what parsing the text raises; for the rest see `Run.error`.

    ``signals``: Ctrl-C ends the run; off where others have their say about signals, as in a server.
    A cancelled task cancels the run: ``CancelledError`` is raised where the cell stands, and here if it leaves the cell.
    """
    run = await _run(source, namespace, options, filename, alone, signals)
    task = asyncio.current_task()
    if isinstance(run.error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise run.error
    return run


async def _run(
    source: str, namespace: dict[str, Any] | None, options: Options | None, filename: str, alone: bool, signals: bool
) -> Run:
    options = options or Options()
    tree = ast.parse(source, filename)
    compile(tree, filename, "exec", flags=options.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    if filename.startswith("<"):  # else the file is there to be read
        linecache.cache[filename] = (len(source), None, [line + "\n" for line in source.splitlines()], filename)
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    if tracing.watcher() is not None:
        return await as_written(tree, filename, namespace, options)
    return await perform(tree, source, filename, namespace, options, alone=alone, signals=signals)
