"""One run with alternatives: what is planned before it, and what is kept and said after it.

`cell` calls `begin` when a run's session is made, as soon as anybody has made alternatives or wants an objective. Everything
that can be refused is refused there, before anything has run. After the run `finish` writes the profiles and the trace, from
which the next run of the same cell is planned.
"""

from __future__ import annotations

import ast
import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any

from poppy_ipython.choose import objective as objectives
from poppy_ipython.choose.chooser import WARM, Chooser
from poppy_ipython.choose.errors import BadObjective, Infeasible, NothingToChoose
from poppy_ipython.choose.objective import Objective
from poppy_ipython.choose.planning import allowed, estimates, feasible, plan_for
from poppy_ipython.choose.reach import reachable
from poppy_ipython.choose.store import Store

if TYPE_CHECKING:
    from poppy_ipython.options import Options
    from poppy_ipython.trace.run import Run
    from poppy_ipython.trace.trace import Trace

__all__ = ["STORE", "Choices", "begin", "digest", "past"]

STORE = Store()
"""The profiles of this user."""

_log = logging.getLogger("poppy_ipython.choose")
_past: dict[str, tuple[Trace, dict[tuple[int, ...], float]]] = {}
_MOST_PAST = 50
_MOST_CALLS = 5_000  # of a run that is planned from: beyond that a plan would take longer than it is worth


def begin(options: Options, session: Any, tree: ast.Module) -> Choices | None:
    """Have a chooser for a session that has not begun; None where there is nothing to choose from.

    Raises `BadObjective`, of which `NothingToChoose` and `Infeasible` are kinds, and then nothing was run.
    """
    wanted = objectives.objective(options.objective, options.deadline, options.budget, options.min_quality)
    asked = wanted is not None
    found, certain = reachable(tree, session.namespace)
    if options.replay is not None:
        if asked:
            raise BadObjective("--replay asks nobody, so there is nothing to choose: leave out --objective and its bounds")
        return None
    if not found and certain:
        if asked:
            raise NothingToChoose(
                "--objective has nothing to choose from: this cell calls no alternatives. "
                "Make some, caption = alternatives(caption_large, caption_small), or leave it out"
            )
        return None
    if wanted is None and found:
        wanted = objectives.from_project()
    return Choices(wanted, session, digest(tree), found)


def digest(tree: ast.AST) -> str:
    """What tells a cell from others, whatever number it runs under."""
    return hashlib.sha256(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Choices:
    """The choosing side of one run."""

    def __init__(self, wanted: Objective | None, session: Any, cell: str, found: list[Any], store: Store | None = None) -> None:
        self.store = store = STORE if store is None else store
        self.cell = cell
        dispatcher = session.dispatcher
        planned = trace = None
        sizes: dict[tuple[int, ...], float] = {}
        if wanted is not None:
            for one in found:
                known = estimates(one, store)
                left = allowed(one, known, wanted)
                if wanted.budget is not None and min(known[k].price or 0.0 for k in left) > wanted.budget:
                    least = min(known[k].price or 0.0 for k in left)
                    raise Infeasible(
                        f"--budget {wanted.budget:g} does not pay for one call of {one!r}: the cheapest costs {least:.4g}. "
                        "Nothing was run"
                    )
            before = past(cell, store)
            if before is not None:
                trace, sizes = before
                planned = plan_for(trace, wanted, store, sizes, frozenset(WARM))
                feasible(planned)
        self.chooser = Chooser(wanted, store, dispatcher.clock, planned, trace, sizes, dispatcher.choose_again)
        dispatcher.chooser = self.chooser
        self.foreseen = planned

    def finish(self, run: Run) -> tuple[str, ...]:
        """The run is over: keep what was seen. What there is to say; what fails here costs the run nothing."""
        words: list[str] = []
        chooser = self.chooser
        try:
            self.store.add(chooser.seen)
            if chooser.chosen and run.error is None and len(run.trace.calls) <= _MOST_CALLS:
                keep(self.cell, run.trace, chooser.sizes, self.store)
            words += self.store.notices
            self.store.notices.clear()
            if chooser.objective is not None and not chooser.chosen and run.error is None:
                words.append("nothing was chosen: the cell called no alternatives")
            for one in chooser.fallbacks[:3]:
                words.append(f"call {one.number}: {one.failed} failed ({one.error}), {one.then} answered or was asked")
            if chooser.objective is not None and chooser.chosen:
                words.append(self.said(run))
        except Exception as mistake:
            _log.exception("profiles were not kept; the cell did not fail")
            words.append(f"profiles were not kept: {mistake!r}")
        return tuple(f"poppy: {text}" for text in words)

    def said(self, run: Run) -> str:
        """The line below the cell: what was wanted, foreseen and had."""
        chooser = self.chooser
        had = f"{run.trace.wall:.3g} s, {chooser.spent:.4g}"
        parts = [f"{chooser.objective}: {had}"]
        if self.foreseen is None:
            parts.append("first run of this cell, each call chosen by itself")
        else:
            parts.append(f"foreseen {self.foreseen.plan.expected:.3g} s, {self.foreseen.plan.cost:.4g}")
        if chooser.replanned:
            parts.append(f"planned again {chooser.replanned}×")
        wanted = chooser.objective
        if wanted is not None and wanted.deadline is not None and run.trace.wall > wanted.deadline:
            parts.append(f"the deadline of {wanted.deadline:.3g} s was missed")
        return " · ".join(parts)


def past(cell: str, store: Store) -> tuple[Trace, dict[tuple[int, ...], float]] | None:
    """The latest run of a cell, with the sizes of its calls, or None."""
    from poppy_ipython.trace.trace import Trace

    found = _past.get(cell)
    if found is None and (text := store.trace(cell)) is not None:
        try:
            data = json.loads(text)
            sizes = {tuple(position): size for position, size in data["sizes"]}
            found = _past[cell] = Trace.from_json(json.dumps(data["trace"])), sizes
        except (ValueError, KeyError, TypeError):  # of another version: the cell is planned when it has run again
            return None
    return found


def keep(cell: str, trace: Trace, sizes: dict[tuple[int, ...], float], store: Store) -> None:
    _past.pop(cell, None)
    _past[cell] = trace, dict(sizes)
    if len(_past) > _MOST_PAST:
        del _past[next(iter(_past))]
    data = {"trace": json.loads(trace.to_json()), "sizes": [[list(position), size] for position, size in sizes.items()]}
    store.keep(cell, json.dumps(data))
