"""What happens once IPython is through with a cell: the words below its output, and its context variables.

Both hang on IPython's `post_run_cell` event. The words (summary, notices) are a `display_data` message of plain text:
below the value or the traceback of the cell, and not part of the user's stdout, which stays what a plain run prints.

The context variables: a kernel runs plain cells in one lasting context, so `numpy.set_printoptions` or
`decimal.setcontext` in a cell holds in the next one. An awaited cell is a Task with a copy of that context, and its
changes would be lost. What our run changed is set again here, outside the Task. (Cells that await by themselves lose
it in a plain run, and so do they in ours.)
"""

from __future__ import annotations

import contextvars
from typing import Any

Changes = list[tuple[contextvars.ContextVar[Any], Any]]


def changes(before: contextvars.Context, after: contextvars.Context) -> Changes:
    """The variables that have another value in `after`."""
    missing = object()
    return [(var, value) for var, value in after.items() if before.get(var, missing) is not value]


class Afterwards:
    """Collects during a cell, and acts after it. One per shell, registered while the extension is loaded."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._lines: list[str] = []
        self._shown: list[dict[str, str]] = []
        self._context: Changes = []

    def say(self, text: str) -> None:
        """Show `text` below the cell's output; texts of one cell make one display."""
        self._lines.append(text)

    def show(self, data: dict[str, str]) -> None:
        """Show something below the cell's output, above the words; `data` by MIME type."""
        self._shown.append(data)

    def keep(self, before: contextvars.Context, after: contextvars.Context) -> None:
        """Carry over the variables that differ between two snapshots of the run's context."""
        self._context = changes(before, after)

    def post_run_cell(self, result: Any) -> None:
        """IPython's event: the cell is over, its value or traceback shown."""
        context, self._context = self._context, []
        for var, value in context:
            var.set(value)
        lines, self._lines = self._lines, []
        shown, self._shown = self._shown, []
        if getattr(getattr(result, "info", None), "silent", False):
            return
        for data in shown:
            self.shell.display_pub.publish(data, {})
        if lines:
            self.shell.display_pub.publish({"text/plain": "\n".join(lines)}, {})
