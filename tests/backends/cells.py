"""Cells run in a namespace of their own, with the declarations at hand."""

from __future__ import annotations

from typing import Any

import poppy_ipython
from poppy_ipython import Options, pure, sequential, unordered

#: a step whose worker dies the first time
DIES = """
import os, signal
@KIND
def step(path):
    with open(path, "a") as file:
        file.write("x")
    if os.path.getsize(path) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"
value = step(path)
"""


def run(source: str, names: dict[str, Any] | None = None, **options: Any) -> tuple[Any, dict[str, Any]]:
    """The run of a cell with its own `__main__`-like namespace, and what it left there."""
    names = {
        "__name__": "__main__", "unordered": unordered, "pure": pure, "sequential": sequential,
        "there": unordered(backend="dask"), **(names or {}),
    }  # fmt: skip
    found = poppy_ipython.run(source, names, options=Options(**options) if options else None)
    return found, names


def ok(source: str, names: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """What a cell left, with its `run`; raises what it raised."""
    found, names = run(source, names, **options)
    if found.error is not None:
        raise found.error
    names["run"] = found
    return names
