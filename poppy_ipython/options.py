"""The options of one run, as a value.

The magic parses its line into one of these, a script makes one by hand, and engine and dispatcher only read it. What
the user can say is on top; below it is what the host must tell the engine about the shell it runs in. It knows no
IPython, so that `poppy_ipython.run` in a script or a test does not either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Interactivity = Literal["last_expr", "none"]
View = Literal["auto", "live", "static", "line", "none"]
Backend = Literal["processes", "dask"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a cell is run.

    >>> options = Options(max_calls=4)
    >>> options.max_calls, options.view, options.save_values
    (4, 'auto', False)
    >>> Options(max_calls=0)
    Traceback (most recent call last):
    ...
    ValueError: --max-calls must be at least 1, not 0
    """

    #: calls at once per host; None: as many as it takes, learned from 16 on
    max_calls: int | None = None
    #: which of the calls that wait for a place goes first: what heads a long chain (when it has to), or always the oldest
    order: Literal["chain", "program"] = "chain"
    #: where blocking functions of the user's go that name no backend themselves; None: threads
    backend: Backend | None = None
    #: send calls that an earlier statement could still prevent by raising
    speculate: bool = True
    #: run what calls nothing external as plain Python wherever nothing is outstanding (off: to look for a bug of ours)
    guards: bool = True
    #: run what computes on plain data of its own as plain Python while calls are in flight, too (off: likewise)
    detached: bool = True
    #: ask unfinished loops for the classes of what they put into containers (off: likewise)
    stored_kinds: bool = True
    #: a `with` over managers of the program itself is a `try` like any other (off: it runs alone, likewise)
    managers: bool = True
    #: no summary line after the cell
    quiet: bool = False
    #: what is shown of the run besides its output; auto: live where a front end shows widgets, else the line
    view: View = "auto"
    #: put shortened arguments and results, without secrets, into what is saved of the run
    save_values: bool = False
    #: show what is known of the cell before it runs, and do not run it
    plan: bool = False
    #: keep every call of the run, with its answer, as the recording of this name
    record: str | None = None
    #: answer every call from the recording of this name
    replay: str | None = None
    #: answered calls take so many times as long as they did
    latency: float = 1.0
    #: what becomes of a call that the recording lacks: an error, or a call like any other
    missing: Literal["error", "live"] = "error"
    #: run the cell once more, plain and in order, with the same answers, and compare; anyway: also where that may do harm
    check: bool = False
    check_anyway: bool = False
    #: ask nobody again what a run with this option has asked
    cache: bool = False
    #: nobody asked for this very cell (`%poppy auto on`): nothing is said of it, and nothing kept, unless it called something
    auto: bool = False
    #: what alternatives are chosen for, and within which bounds (`choose.objective`): seconds, money, 0 to 1
    objective: str | None = None
    deadline: float | None = None
    budget: float | None = None
    min_quality: float | None = None
    #: whose value `Session.run` returns: that of a trailing expression, or nothing
    interactivity: Interactivity = "last_expr"
    #: compiler flags in force (`from __future__ import …` of an earlier cell)
    flags: int = 0

    @property
    def recorded(self) -> bool:
        """Whether calls are written down, or answered by something written down."""
        return bool(self.record is not None or self.replay is not None or self.check or self.cache)

    @property
    def wants(self) -> bool:
        """Whether there is something to choose for."""
        return any(one is not None for one in (self.objective, self.deadline, self.budget, self.min_quality))

    def __post_init__(self) -> None:
        if self.wants:
            from poppy_ipython.choose.objective import objective

            objective(self.objective, self.deadline, self.budget, self.min_quality)  # raises if it cannot be meant
        if self.max_calls is not None and self.max_calls < 1:
            raise ValueError(f"--max-calls must be at least 1, not {self.max_calls}")
        if self.backend not in (None, *get_args(Backend)):
            raise ValueError(f"--backend is processes or dask, not {self.backend!r}")
        if self.replay is not None and (self.record is not None or self.cache):
            raise ValueError(f"--replay asks nobody, so there is nothing to --{'record' if self.record is not None else 'cache'}")
        if self.check and (self.replay is not None or self.cache):
            raise ValueError("--check writes down what the run is told; it does not go with --replay or --cache")
        if not 0 <= self.latency < float("inf"):
            raise ValueError(f"--latency is recorded, 0, or x2 for twice as long; not {self.latency}")
