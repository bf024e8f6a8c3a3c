"""The result of one run, as the user looks at it: `poppy_ipython.last_run`.

A thin view of the trace: the analysis is `trace`'s, the drawing `display`'s. Frozen, so that it still says the same
tomorrow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poppy_ipython.display.plan import CellPlan, Intent
    from poppy_ipython.trace.critical_path import CriticalPath
    from poppy_ipython.trace.trace import Call, Trace
    from poppy_ipython.trace.values import Values
    from poppy_ipython.whatif.advice import Advices
    from poppy_ipython.whatif.result import WhatIf


@dataclass(frozen=True)
class Run:
    """A finished run.

    >>> from poppy_ipython.trace.trace import Trace
    >>> run = Run(Trace(()), value=3)
    >>> run.value, run.error, run.calls
    (3, None, ())
    """

    trace: Trace
    #: the value of a trailing expression
    value: Any = field(default=None, repr=False)
    #: the exception that ended the run
    error: BaseException | None = None
    #: names of blocking calls that an interrupt left behind
    abandoned: tuple[str, ...] = ()
    #: what else the user should know: who kept the event loop from its work
    notices: tuple[str, ...] = ()

    #: short texts of arguments and results, if a view wanted them; never saved unless asked for
    values: Values | None = field(default=None, repr=False, compare=False)
    #: what the run set out to do, for `plan`
    intent: Intent | None = field(default=None, repr=False, compare=False)

    #: what `--check` found (`record.check.Checked`), or None
    check: Any = field(default=None, repr=False, compare=False)

    #: who chose among alternatives (`choose.session.Choices`), or None
    chosen: Any = field(default=None, repr=False, compare=False)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The external calls, in order of issue."""
        return self.trace.calls

    @property
    def failures(self) -> tuple[Call, ...]:
        """The calls that failed, in program order: the one that ended the run, those that were handled, and siblings
        that nobody will see because an earlier one failed."""
        return tuple(sorted((call for call in self.calls if call.outcome == "error"), key=lambda call: call.position))

    @property
    def failure(self) -> str:
        """The type of the exception that ended the run, by name."""
        return type(self.error).__name__ if self.error is not None else ""

    @property
    def critical_path(self) -> CriticalPath:
        """The chain of calls that could not have overlapped."""
        return self.trace.critical_path

    def __str__(self) -> str:
        from poppy_ipython.display.text import summary

        return summary(self.trace)

    def __repr__(self) -> str:
        return f"<Run: {self}>" if self.error is None else f"<Run: {self} · {type(self.error).__name__}>"

    def _repr_svg_(self) -> str:
        from poppy_ipython.display.svg import gantt_svg

        return gantt_svg(self.trace, graph=True)

    def graph(self, fold: bool | None = None) -> Any:
        """The calls by what they waited for, as a `graphviz.Digraph`; `fold=False` for one node per call."""
        from poppy_ipython.display.dot import dot

        return dot(self.trace, fold)

    def plan(self) -> CellPlan:
        """What was known of the cell before it ran: `print(run.plan())`, `run.plan().graph()`."""
        if self.intent is None:
            raise LookupError("there is no plan of this run: its cell ran plain, or it was made by hand")
        return self.intent.plan()

    def to_html(self, path: str | PathLike[str], title: str | None = None, *, values: bool = False) -> None:
        """Write the interactive view as a page of its own, which needs no network and no kernel.

        Names and times only, unless `values` are wanted too: arguments and results, shortened and without secrets, of a run
        that had a view or `--save-values`.
        """
        from poppy_ipython.display.page import page

        kept = self.values.saved() if values and self.values is not None else None
        Path(path).write_text(page(self.trace, title or "A run", self.failure, kept), "utf-8")

    def whatif(self, *levers: Any, **changes: Any) -> WhatIf:
        """The run with other latencies, limits, effects: `run.whatif(ask=faster(2), limit=20)`; see `whatif/result.py`."""
        from poppy_ipython.whatif.result import what_if

        return what_if(self.trace, *levers, **changes)

    def advice(self) -> Advices:
        """Single changes by what they would save, with evidence, risk and the exact line; see `whatif/advice.py`."""
        from poppy_ipython.whatif.advice import advice

        return advice(self.trace)

    def choices(self) -> Any:
        """Which alternatives were chosen, what else there was, what it saved, how sure that is; see `choose/explain.py`."""
        from poppy_ipython.choose.explain import explain

        return explain(self)

    def pareto(self, min_quality: float | None = None) -> Any:
        """What could be had of time, cost, energy and quality by choosing otherwise; see `choose/pareto.py`."""
        from poppy_ipython.choose.pareto import pareto

        return pareto(self, min_quality)

    def rate(self, call: int, quality: float) -> None:
        """Mark the answer of call `call` (its number) from 0 to 1, for the profile of the alternative that gave it."""
        from poppy_ipython.choose.explain import rate

        rate(self, call, quality)

    def to_text(self, width: int | None = None) -> str:
        """The timeline in characters, for a terminal."""
        from poppy_ipython.display.chars import timeline

        return timeline(self.trace, width)
