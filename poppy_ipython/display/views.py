"""Which view a cell gets, and the views of earlier cells.

    live     a widget while the cell runs, a picture in the file; needs a front end that shows widgets
    static   the picture, below the cell's output
    line     the summary line
    none     nothing
    auto     live if a front end is there, else line

In a terminal *live* is a line that moves while the cell runs, and the timeline in characters afterwards; *static* is the
timeline only, and *auto* the moving line only (`terminal.py`).

`%%poppy --view …` says it for one cell, `%poppy set view=…` for all that follow. `%poppy show 3` shows the run of `In [3]`
again. The last runs are kept for that, with the short texts of their arguments and results, in memory only.

What the file keeps of a live or static view is a picture, or after `%poppy set saved=interactive` the page (`saved.py`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from poppy_ipython.display.channel import front_end
from poppy_ipython.display.live import Live, show
from poppy_ipython.display.saved import interactive, picture
from poppy_ipython.display.terminal import TerminalLive, coloured, in_terminal
from poppy_ipython.options import Options
from poppy_ipython.trace.run import Run

__all__ = ["SAVED", "Views"]

_log = logging.getLogger("poppy_ipython.display")
SAVED = ("picture", "interactive")
_KEPT = 12


class Views:
    """The views of one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.view = "auto"
        self.saved = "picture"
        self._runs: dict[int, Run] = {}
        self._live: list[Live] = []

    def of(self, options: Options) -> str:
        """The view of a cell with these options."""
        view = options.view if options.view != "auto" else self.view
        if view != "auto":
            return view
        return "live" if not options.quiet and front_end(self.shell) else "line"

    def begin(self, options: Options, filename: str, title: Callable[[str], str | None]) -> Live | TerminalLive | None:
        """The live view of a cell that is about to run, if it is to have one; `title` names files as the user does."""
        view = self.of(options)
        if in_terminal(self.shell) and not options.quiet and view in ("live", "line") and self._moves(options):
            return TerminalLive(title(filename) or "cell")
        if view != "live" or in_terminal(self.shell):
            return None
        live = Live(self.shell, title(filename) or "cell", title, partial(self.kept, options))
        self._keep(live)
        return live

    def end(self, options: Options, run: Run, title: str | None) -> dict[str, str] | None:
        """The cell is over: what to show below its output, by MIME type."""
        found = re.search(r"\d+", title or "")
        number = int(found[0]) if found else self.shell.execution_count
        self._runs.pop(number, None)
        self._runs[number] = run
        for old in list(self._runs)[:-_KEPT]:
            del self._runs[old]
        view = self.of(options)
        if in_terminal(self.shell):
            return {"text/plain": coloured(run.trace)} if view in ("static", "live") and run.calls else None
        return self.kept(options, run, title=title or "cell") if view == "static" else None

    def _moves(self, options: Options) -> bool:
        """Whether a terminal gets the moving line: unless nothing but the line afterwards was asked for."""
        return (options.view if options.view != "auto" else self.view) != "line"

    def kept(self, options: Options, run: Run, mark: str = "", title: str = "") -> dict[str, str]:
        """What the file keeps of a run that is shown, by MIME type. Values are in it only if this very cell asked for it."""
        if self.saved == "interactive" or options.save_values:
            return interactive(run, mark, title, values=options.save_values)
        return picture(run, mark)

    def show(self, number: int | None = None) -> None:
        """`%poppy show [n]`: the run of `In [n]`, or the last one."""
        if not self._runs:
            raise LookupError("there is no run to show yet")
        if number is None:
            number = next(reversed(self._runs))
        if number not in self._runs:
            known = ", ".join(map(str, self._runs))
            raise LookupError(f"there is no run of In [{number}] (kept are the last {_KEPT}: {known})")
        run = self._runs[number]
        if in_terminal(self.shell):
            self.shell.display_pub.publish({"text/plain": f"{run}\n{coloured(run.trace)}"})
            return
        if not front_end(self.shell) and self.view != "live":
            self.shell.display_pub.publish(self.kept(Options(), run, title=f"In [{number}]"))
            return
        self._keep(show(self.shell, run, f"In [{number}]", partial(self.kept, Options())))

    def close(self) -> None:
        """Let go of everything."""
        for live in self._live:
            live.close()
        self._live.clear()
        self._runs.clear()

    def _keep(self, live: Live) -> None:
        self._live.append(live)
        while len(self._live) > _KEPT:
            try:
                self._live.pop(0).close()
            except Exception:
                _log.exception("the view of an earlier run could not be closed")
