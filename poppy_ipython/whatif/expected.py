"""The prediction that the next run is measured against: put by `expect()`, taken once by whoever reports that run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poppy_ipython.trace.run import Run
    from poppy_ipython.whatif.result import WhatIf

__all__ = ["put", "take", "words"]

_waiting: list[WhatIf] = []


def put(prediction: WhatIf) -> None:
    """The next run is compared with this one, and with no other."""
    _waiting[:] = [prediction]


def take() -> WhatIf | None:
    """The prediction, if there is one; it is gone then."""
    return _waiting.pop() if _waiting else None


def words(run: Run) -> tuple[str, ...]:
    """What to say below the run that was predicted; nothing below any other, or below one that failed."""
    if run.error is not None or not _waiting or not run.trace.sent:
        return ()
    prediction = _waiting.pop()
    return (f"what if {prediction.words}: {prediction.check(run)}",)
