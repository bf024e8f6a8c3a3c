"""The prediction that the next run is measured against: put by `expect()`, taken once, by the first run that ends well.

Who reports a run asks `check`; it answers the same whoever asks first, the line below the cell or the view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poppy_ipython.trace.run import Run
    from poppy_ipython.whatif.result import Check, WhatIf

__all__ = ["check", "put", "words"]

_waiting: list[WhatIf] = []
_KEPT = "_whatif_check"


def put(prediction: WhatIf) -> None:
    """The next run is compared with this one, and with no other."""
    _waiting[:] = [prediction]


def check(run: Run) -> Check | None:
    """Predicted against measured, if this is the run that was predicted; a run that failed is not."""
    kept: Check | None = run.trace.__dict__.get(_KEPT)
    if kept is None and _waiting and run.error is None and run.trace.sent:
        kept = run.trace.__dict__[_KEPT] = _waiting.pop().check(run)
    return kept


def words(run: Run) -> tuple[str, ...]:
    """What to say below the run."""
    found = check(run)
    return () if found is None else (f"what if {found.words}: {found}",)
