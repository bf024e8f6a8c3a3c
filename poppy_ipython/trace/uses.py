"""Who was called, as what, and what it cost: one `Use` for each callee of a run.

Calls of external functions have records of their own; this is about everybody else too. The engine counts a use when it
treats a call (code that runs as written, because nothing was outstanding, is not counted). An undeclared callee is
timed from the moment it is reached to its return: that is how long it waited for everything older, and then held what is
younger. These seconds may overlap each other; what they cost the whole run is `on_critical_path`, from the walk that
`why.py` makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Trace

__all__ = ["UNKNOWN", "Use", "on_critical_path", "unknown_uses"]

UNKNOWN = "unknown"


@dataclass(slots=True)
class Use:
    """One callee. The engine adds to `calls` and `held`; nobody writes after the run.

    >>> Use("pandas.read_csv", "read_csv").effect
    'unknown'
    """

    callee: str  # module and qualified name
    what: str  # as a wait names it
    effect: str = UNKNOWN
    origin: str = ""  # where that was declared: a file and line, a file of library data; why not looked into
    calls: int = 0
    held: float = 0.0  # seconds from being reached to having returned, of an undeclared one
    doubt: str = ""  # what its code was seen to do against its declaration


def unknown_uses(trace: Trace) -> list[Use]:
    """The undeclared callees, also those that are no calls (an operator, a `with`), the most expensive first."""
    found = {use.what: use for use in trace.uses if use.effect == UNKNOWN}
    for wait in trace.waits:
        if wait.reason == "unknown" and wait.detail and wait.detail not in found:
            waits = [one for one in trace.waits if one.reason == "unknown" and one.detail == wait.detail]
            held = sum(one.seconds for one in waits)
            found[wait.detail] = Use(wait.detail, wait.detail, calls=len(waits), held=held)
    return sorted(found.values(), key=lambda use: (-use.held, use.callee))


def on_critical_path(trace: Trace) -> dict[str, float]:
    """Seconds that each undeclared callee (as waits name it) cost the run."""
    from poppy_ipython.trace.why import charges

    found: dict[str, float] = {}
    if trace.sent:
        for cause in charges(trace):
            if cause.name == "unknown effect" and cause.detail:
                found[cause.detail] = found.get(cause.detail, 0.0) + cause.seconds
    return found
