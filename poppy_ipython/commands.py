"""`%poppy …`: what one asks or says between cells.

    %poppy effects                             a table of every callee of the last cell
    %poppy effects set search unordered        what a function does, from now on
    %poppy effects set db.flag sequential('db')
"""

from __future__ import annotations

import difflib
from dataclasses import replace

from IPython.core.error import UsageError

from poppy_ipython.effects.named import BadDeclaration, parse
from poppy_ipython.effects.registry import NAMES

__all__ = ["command"]

USAGE = "usage: %poppy effects [set NAME EFFECT]"


def command(line: str) -> str:
    """The answer to `%poppy line`. Raises `UsageError`."""
    words = line.split(maxsplit=3)
    if not words or words[0] != "effects":
        close = difflib.get_close_matches(words[0], ["effects"], 1) if words else []
        hint = f"{words[0]!r}: did you mean {close[0]!r}?\n" if close else ""
        raise UsageError(hint + USAGE)
    if len(words) == 1:
        import poppy_ipython
        from poppy_ipython.display.effects import effects_table

        run = poppy_ipython.last_run
        return "No %%poppy cell has run yet." if run is None else effects_table(run.trace)
    if words[1] != "set" or len(words) != 4:
        raise UsageError(USAGE)
    try:
        effect = replace(parse(words[3]), origin="%poppy effects set")
        NAMES.declare(words[2], effect, now=True)
    except BadDeclaration as error:
        raise UsageError(str(error)) from None
    return f"{words[2]} is {effect!r} from now on."
