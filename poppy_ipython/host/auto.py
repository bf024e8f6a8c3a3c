"""`%poppy auto on`: every cell that the user sends is a poppy cell, without a line in it that says so.

Nothing is added to its text, so `In`, a trailing `;`, and the lines and columns of a SyntaxError are those of the plain cell.
What `%%poppy` says with a line of text is found out in two places instead:

* IPython awaits a cell only if its text awaits. Whether it does is asked of `shell.should_run_async`, a public method, by IPython
  and by ipykernel. While auto is on, the shell has one of ours, which says yes to our cells and else asks the one before.
* The tree step sees a tree without a marker. The stack tells whose it is, and whether somebody awaits it.

What stays as it is: a cell with a cell magic (`%%time`, and `%%poppy` with its own options), a cell of IPython's own words only
(`%load_ext …`, `!ls`, `x?`), text that is no Python, what a front end runs silently, and whatever is run from inside a cell
(`get_ipython().run_cell`, `%run`, `%timeit`), because that belongs to the cell around it.

Decided against adding an `await` to the end of the text (`In` would show it, and a trailing `;` would be lost), and against
rewriting at IPython's `pre_run_cell` event, which comes after the question whether the cell awaits.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Literal

from poppy_ipython.host.transform import entry

__all__ = ["Auto", "ipythons_own"]

#: what IPython's transforms make of magics, of `!` and of `?`
_WORDS = frozenset({"run_line_magic", "run_cell_magic", "system", "getoutput"})


def ipythons_own(tree: ast.Module) -> bool:
    """Whether a transformed cell holds nothing but magics, shell commands and help; an empty one does.

    >>> ipythons_own(ast.parse("get_ipython().run_line_magic('load_ext', 'poppy_ipython')"))
    True
    >>> ipythons_own(ast.parse("files = get_ipython().getoutput('ls')\\nlen(files)"))
    False
    """
    return all(_own(statement) for statement in tree.body)


def _own(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=call) | ast.Assign(value=call):
            pass
        case _:
            return False
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=word)):
            return word in _WORDS
    return False


class Auto:
    """The state of one shell: off, or on with options. ``suits`` says whether a cell's tree can be ours at all.

    It decides nothing about how a cell runs; `cell.take` does that with the options that are kept here.
    """

    def __init__(self, shell: Any, suits: Callable[[ast.Module], bool]) -> None:
        self.shell = shell
        self.suits = suits
        #: what was said after `auto on`, parsed by the magic; None while it is off
        self.options: Any = None
        #: the same as it was typed
        self.line = ""
        self._before: Any = None
        self._asked = self._should_run_async  # one object, to be recognised

    def on(self, options: Any, line: str) -> None:
        """From the next cell on; said again, only the options change."""
        if self.options is None:
            self._before = self.shell.should_run_async
            self.shell.should_run_async = self._asked
        self.options, self.line = options, line

    def off(self) -> None:
        """The shell is as before; if somebody has wrapped its method since, ours stays below and passes on what it is asked."""
        self.options = None
        if vars(self.shell).get("should_run_async") is self._asked:
            del self.shell.should_run_async
            if self.shell.should_run_async != self._before:
                self.shell.should_run_async = self._before

    def way(self, tree: ast.Module) -> Literal["await", "now"] | None:
        """For the tree step: how the tree that it is given is run if it is one of our cells, else None."""
        if self.options is None:
            return None
        from IPython.core.async_helpers import _asyncio_runner, _pseudo_sync_runner

        cell = _cell()
        if cell is None or cell.f_locals.get("silent") or ipythons_own(tree) or not self.suits(tree):
            return None
        awaitable = self.shell.autoawait and self.shell.loop_runner is _asyncio_runner
        if cell.f_back is None or cell.f_back.f_code is not _pseudo_sync_runner.__code__:
            return "await" if awaitable else "now"
        return None if awaitable else "now"  # not awaited although it could be: run from a callback, by no user

    def _should_run_async(self, raw_cell: str, *, transformed_cell: Any = None, preprocessing_exc_tuple: Any = None) -> Any:
        if self.options is not None and preprocessing_exc_tuple is None and transformed_cell is not None:
            if not _silent() and entry(self.shell) == "await" and self._suits(transformed_cell):
                return True
        return self._before(raw_cell, transformed_cell=transformed_cell, preprocessing_exc_tuple=preprocessing_exc_tuple)

    def _suits(self, text: str) -> bool:
        try:
            tree = self.shell.compile.ast_parse(text)
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
            return False
        return not ipythons_own(tree) and self.suits(tree)


def _cell() -> FrameType | None:
    """IPython's frame of the cell whose tree is being transformed, unless something inside a cell asks for that."""
    from IPython.core.interactiveshell import InteractiveShell

    run_cell, run_code = InteractiveShell.run_cell_async.__code__, InteractiveShell.run_code.__code__
    found: FrameType | None = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code is run_code:
            return None
        if frame.f_code is run_cell and found is None:
            found = frame
        frame = frame.f_back
    return found


def _silent() -> bool:
    """Whether the cell that IPython or ipykernel asks about is a silent one: both have an argument of that name."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if "silent" in frame.f_code.co_varnames:
            return bool(frame.f_locals.get("silent"))
        frame = frame.f_back
    return False
