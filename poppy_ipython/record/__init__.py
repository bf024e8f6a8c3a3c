"""Recorded runs: the calls of a cell with their answers, kept, played back, compared, and not made twice.

    %%poppy --record NAME     takes      every call as it is sent and answered      ─▶ store (one SQLite file a name)
    %%poppy --replay NAME     answers    a dispatcher that knows the answers        ◀─ store
    %%poppy --cache           cache      both, for all runs, by code and arguments  ◀▶ one SQLite file
    %%poppy --check           check      both, in memory: once more, plain, on copies ─▶ what differs

    values   data as JSON and back, nothing unpickled      keys      what tells one call from another
    streams  items with their times                        dispatch  the seam: a dispatcher in place of the run's
    scratch  copies of what a cell can reach               plain     the cell once more, by CPython alone
    compare  two worlds, walked together

The engine knows nothing of all this. A run's dispatcher is exchanged before it starts (`run.begin`), behind the seam that it
has for loops, threads and simulated time. Secrets in arguments are hidden by `redact` before they reach a file; results must be
what they were, and are stored as they are, in files for the owner alone.
"""

from __future__ import annotations

from poppy_ipython.record.errors import BadRecording, CheckRefused, MissingCall, NoRecording, RecordError
from poppy_ipython.record.store import names
from poppy_ipython.record.values import serializer

__all__ = ["BadRecording", "CheckRefused", "MissingCall", "NoRecording", "RecordError", "names", "serializer"]
