"""`run.choices()`: what was chosen, what else there was, what that saved, and how sure the profile is.

    line  alternatives                chose       calls   s each   money   saved beside large       sure
    3     large | small | local       small          12     0.41   0.012   0.036 and 9.1 s          31 calls, ± 12 %
                                      large           4     1.20   0.016                            40 calls, ± 8 %

*Saved* is beside the first alternative, which is what a plain run takes: money, Wh, and seconds of calls (not of the cell:
calls overlap). The last lines compare the whole cell with what was foreseen, and with the first alternative everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poppy_ipython.choose.alternatives import known
from poppy_ipython.choose.planning import estimates, project_of, site_of
from poppy_ipython.choose.profiles import Observation, machine

if TYPE_CHECKING:
    from poppy_ipython.choose.chooser import Fallback
    from poppy_ipython.choose.store import Store
    from poppy_ipython.trace.run import Run
    from poppy_ipython.trace.trace import Call

__all__ = ["Explained", "Row", "explain", "rate"]


@dataclass(frozen=True)
class Row:
    """The calls of one place that took one alternative."""

    where: str
    choices: tuple[str, ...]
    choice: str
    calls: int
    seconds: float  # of one call, in the mean
    money: float
    energy: float
    saved_money: float
    saved_energy: float
    saved_seconds: float
    sure: str


@dataclass(frozen=True)
class Explained:
    """The choices of a run."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()

    def __str__(self) -> str:
        if not self.rows:
            return "No call of this run had alternatives."
        head = ("where", "alternatives", "chose", "calls", "s each", "money", "Wh", "saved beside the first", "sure")
        lines: list[tuple[str, ...]] = [head]
        last: Any = None
        for row in self.rows:
            same = (row.where, row.choices) == last
            last = row.where, row.choices
            saved = [f"{row.saved_money:.4g}"] if abs(row.saved_money) > 1e-12 else []
            saved += [f"{row.saved_energy:.3g} Wh"] if abs(row.saved_energy) > 1e-12 else []
            saved += [f"{row.saved_seconds:.2f} s"] if abs(row.saved_seconds) > 5e-3 else []
            figures = (f"{row.calls:,}", f"{row.seconds:.3g}", f"{row.money:.4g}", f"{row.energy:.3g}")
            begin = ("", "") if same else (row.where, " | ".join(row.choices))
            lines.append((*begin, row.choice, *figures, ", ".join(saved) or "–", row.sure))
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        right = (3, 4, 5, 6)
        text = []
        for line in lines:
            columns = enumerate(zip(line, widths, strict=True))
            text.append("  ".join(one.rjust(width) if n in right else one.ljust(width) for n, (one, width) in columns))
        told = [f"call {one.number}: {one.failed} failed ({one.error}), then {one.then}" for one in self.fallbacks]
        return "\n".join([line.rstrip() for line in text] + [*told, *self.notes])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def explain(run: Run, store: Store | None = None) -> Explained:
    """The choices of a run, by place."""
    chosen = run.chosen
    if store is None:
        store = chosen.store if chosen is not None else _store()
    groups: dict[Any, list[Call]] = {}
    for call in run.trace.sent:
        if call.choice is not None:
            groups.setdefault((site_of(call), call.choices, call.choice), []).append(call)
    order = sorted(groups, key=lambda key: (groups[key][0].position, key[2]))
    first_of = {key[:2]: min(groups[other][0].position for other in groups if other[:2] == key[:2]) for key in groups}
    order.sort(key=lambda key: (first_of[key[:2]], key[1].index(key[2])))
    rows = [_row(run, key[1], key[2], groups[key], store) for key in order]
    notes = []
    if chosen is not None and rows:
        notes = _whole(run, chosen)
    fallbacks = tuple(chosen.chooser.fallbacks) if chosen is not None else ()
    return Explained(tuple(rows), tuple(notes), fallbacks)


def _row(run: Run, choices: tuple[str, ...], choice: str, calls: list[Call], store: Store) -> Row:
    seen = run.trace.seen(calls[0])
    where = run.trace.where(seen.filename, seen.line) or "–"
    seconds = sum(call.seconds for call in calls) / len(calls)
    alternatives = known(choices)
    if alternatives is None:
        return Row(where, choices, choice, len(calls), seconds, 0.0, 0.0, 0.0, 0.0, 0.0, "its alternatives are gone")
    found = estimates(alternatives, store)
    est, first = found[choices.index(choice)], found[0]
    n = len(calls)
    energy, energy_first = est.energy_of(seconds) or 0.0, first.energy_of(first.seconds()) or 0.0
    money, money_first = est.price or 0.0, first.price or 0.0
    saved = (0.0, 0.0, 0.0)
    if choice != choices[0]:
        saved = (n * (money_first - money), n * (energy_first - energy), n * (first.seconds() - seconds))
    return Row(where, choices, choice, n, seconds, n * money, n * energy, *saved, est.sure)


def _whole(run: Run, chosen: Any) -> list[str]:
    chooser = chosen.chooser
    notes = [f"the cell: {run.trace.wall:.3g} s, money {chooser.spent:.4g}, {chooser.energy:.3g} Wh"]
    if chosen.foreseen is not None:
        plan = chosen.foreseen.plan
        notes.append(f"foreseen: {plan.expected:.3g} s, money {plan.cost:.4g}, {plan.energy:.3g} Wh")
    try:
        project, _ = project_of(run.trace, None, chooser.store, chooser.sizes)
        plan = [0] * len(project)
        end = project.evaluate(plan).end
        cost, energy = project.cost(plan), project.energy(plan)
        notes.append(f"the first alternative everywhere: {end:.3g} s, money {cost:.4g}, {energy:.3g} Wh")
    except ValueError:  # what was declared has changed since
        pass
    if chooser.replanned:
        notes.append(f"planned again {chooser.replanned}× while it ran: calls left their profile")
    return notes


def rate(run: Run, number: int, quality: float, store: Store | None = None) -> None:
    """Mark an answer. Raises `ValueError` for a call that had no alternatives, or a mark beyond 0 to 1."""
    call = next((one for one in run.calls if one.number == number), None)
    if call is None or call.choice is None:
        raise ValueError(f"call {number} of this run had no alternatives: run.choices() says which had")
    if isinstance(quality, bool) or not isinstance(quality, int | float) or not 0 <= quality <= 1:
        raise ValueError(f"quality {quality!r}: from 0 to 1 is expected")
    alternatives = known(call.choices)
    if alternatives is None:
        raise ValueError(f"the alternatives of call {number} are gone")
    one = alternatives.options[call.choices.index(call.choice)]
    store = store if store is not None else run.chosen.store if run.chosen is not None else _store()
    mark = Observation(one.key, call.seconds, at_once=0, quality=float(quality), machine=machine(), at=run.trace.at or 0.0)
    store.add([replace(mark, size=run.chosen.chooser.sizes.get(call.position, 0.0) if run.chosen is not None else 0.0)])


def _store() -> Store:
    from poppy_ipython.choose.session import STORE

    return STORE
