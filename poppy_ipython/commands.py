"""`%poppy …`: what one asks or says between cells.

    %poppy effects                             a table of every callee of the last cell
    %poppy effects set search unordered        what a function does, from now on
    %poppy effects set db.flag sequential('db')
    %poppy show                                the view of the last run
    %poppy show 3                              that of In [3]
    %poppy set view=static                     what the cells that follow show of their runs
    %poppy set saved=interactive               what a notebook file keeps of them: a page that needs no kernel, or a picture
    %poppy cache clear                         forget what runs with --cache were told
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import get_args

from IPython.core.error import UsageError

from poppy_ipython.display.views import SAVED, Views
from poppy_ipython.effects.named import BadDeclaration, parse
from poppy_ipython.effects.registry import NAMES
from poppy_ipython.options import View

__all__ = ["command"]

VIEWS = get_args(View)
SETTINGS = f"set view={'|'.join(VIEWS)} | set saved={'|'.join(SAVED)}"
USAGE = f"usage: %poppy effects [set NAME EFFECT] | show [N] | {SETTINGS} | cache clear"


def command(line: str, views: Views) -> str:
    """The answer to `%poppy line`, empty if there is nothing to say. Raises `UsageError`."""
    words = line.split(maxsplit=3)
    if words[:1] == ["show"]:
        return _show(words[1:], views)
    if words[:1] == ["set"]:
        return _set(words[1:], views)
    if words == ["cache", "clear"]:
        from poppy_ipython.record import cache

        return f"{cache.clear():,} answers forgotten."
    if not words or words[0] != "effects":
        close = difflib.get_close_matches(words[0], ["effects", "show", "set", "cache clear"], 1) if words else []
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


def _show(words: list[str], views: Views) -> str:
    if len(words) > 1 or not all(word.isdecimal() for word in words):
        raise UsageError(USAGE)
    try:
        views.show(int(words[0]) if words else None)
    except LookupError as error:
        raise UsageError(str(error)) from None
    return ""


def _set(words: list[str], views: Views) -> str:
    name, _, value = words[0].partition("=") if words else ("", "", "")
    if len(words) != 1 or value not in {"view": VIEWS, "saved": SAVED}.get(name, ()):
        raise UsageError(USAGE)
    setattr(views, name, value)
    return ""
