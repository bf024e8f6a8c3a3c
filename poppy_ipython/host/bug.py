"""An exception of our own, labelled as ours.

Whatever the engine raises instead of returning is a mistake of this package, and the user must not search for it in
the cell. The message says what state the notebook is in and what to send us; the engine's own traceback stays
attached as the cause.
"""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from poppy_ipython.redact import redact

PAGE = "the issue page of poppy_ipython"


class InternalError(RuntimeError):
    """poppy_ipython failed, not the cell. `__cause__` is the exception that it failed with."""


def report(error: BaseException, source: str) -> InternalError:
    """The error to show for `error`, with the text of a bug report.

    >>> print(str(report(AssertionError("lost a unit"), "x = ask(1)")).splitlines()[0])
    this is a mistake in poppy_ipython, not in your cell: AssertionError: lost a unit
    """
    found = InternalError(
        f"this is a mistake in poppy_ipython, not in your cell: {type(error).__name__}: {error}\n"
        "Nothing was run twice. Your variables are as the last finished statement left them; the rest of the cell was\n"
        "not run. The cell runs without its %%poppy line. "
        f"Please send what follows, with the traceback above, to {PAGE}:\n"
        f"    {versions()}\n" + "\n".join(f"    | {redact(line)}" for line in source.splitlines()[:60])
    )
    found.__cause__ = error
    return found


def versions() -> str:
    """One line naming everything that matters.

    >>> "greenlet" in versions()
    True
    """
    names = ["poppy-ipython", "ipython", "ipykernel", "greenlet", "openai"]
    parts = []
    for name in names:
        try:
            parts.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            parts.append(f"{name} -")
    return f"Python {platform.python_version()} on {sys.platform}, " + ", ".join(parts)
