"""`%poppy …`: what one asks or says between cells.

    %poppy                                     what is in force: auto, view, saved
    %poppy auto on --max-calls 8               every cell that follows is a %%poppy cell with these options
    %poppy auto off
    %poppy effects                             a table of every callee of the last cell
    %poppy effects set search unordered        what a function does, from now on
    %poppy effects set db.flag sequential('db')
    %poppy show                                the view of the last run
    %poppy show 3                              that of In [3]
    %poppy set view=static                     what the cells that follow show of their runs
    %poppy set saved=interactive               what a notebook file keeps of them: a page that needs no kernel, or a picture
    %poppy cache clear                         forget what runs with --cache were told
    %poppy profiles                            what alternatives take, as far as it was seen
    %poppy profiles export FILE                ... as JSON; import FILE, clear
    %poppy resources gpu=2 cpu=16              how much there is of what they occupy; without words: what was said
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

from IPython.core.error import UsageError

from poppy_ipython.display.views import SAVED, Views
from poppy_ipython.effects.named import BadDeclaration, parse as parse_effect
from poppy_ipython.effects.registry import NAMES
from poppy_ipython.host.auto import Auto
from poppy_ipython.options import Options, View

__all__ = ["command"]

VIEWS = get_args(View)
SETTINGS = f"set view={'|'.join(VIEWS)} | set saved={'|'.join(SAVED)}"
USAGE = f"usage: %poppy auto on [OPTIONS] | auto off | effects [set NAME EFFECT] | show [N] | {SETTINGS} | cache clear"
PROFILES = "profiles [export FILE | import FILE | clear]"
USAGE += f" | {PROFILES} | resources [NAME=UNITS …]"


def command(line: str, views: Views, auto: Auto, parse: Callable[[str], Options]) -> str:
    """The answer to `%poppy line`, empty if there is nothing to say; ``parse`` reads options. Raises `UsageError`."""
    words = line.split(maxsplit=3)
    if not words:
        return _state(views, auto)
    if words[0] == "auto":
        return _auto(line.split(maxsplit=2)[1:], auto, parse)
    if words[:1] == ["show"]:
        return _show(words[1:], views)
    if words[:1] == ["set"]:
        return _set(words[1:], views)
    if words == ["cache", "clear"]:
        from poppy_ipython.record import cache

        return f"{cache.clear():,} answers forgotten."
    if words[:1] == ["profiles"]:
        return _profiles(words[1:])
    if words[:1] == ["resources"]:
        return _resources(line.split()[1:])
    if words[0] != "effects":
        known = ["auto", "effects", "show", "set", "cache clear", "profiles", "resources"]
        close = difflib.get_close_matches(words[0], known, 1)
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
        effect = replace(parse_effect(words[3]), origin="%poppy effects set")
        NAMES.declare(words[2], effect, now=True)
    except BadDeclaration as error:
        raise UsageError(str(error)) from None
    return f"{words[2]} is {effect!r} from now on."


#: what names one run, or runs nothing, is not for every cell
_ONE_CELL = ("plan", "record", "replay", "check_anyway")


def _auto(words: list[str], auto: Auto, parse: Callable[[str], Options]) -> str:
    if words == ["off"]:
        auto.off()
        return ""
    if words[:1] != ["on"]:
        raise UsageError(USAGE)
    line = "".join(words[1:])
    options = parse(line)
    wrong = [name for name in _ONE_CELL if getattr(options, name)]
    if wrong:
        raise UsageError(f"--{wrong[0].replace('_', '-')} is for one cell: %%poppy {line}")
    auto.on(replace(options, auto=True), line)
    return ""


def _state(views: Views, auto: Auto) -> str:
    from poppy_ipython.cell import unsuitable

    said = "auto: off (only cells that begin with %%poppy)"
    if auto.options is not None:
        why = unsuitable(auto.shell)
        said = " ".join(("auto: on", auto.line)).rstrip()
        said += " (every cell of Python)" if why is None else f", but cells run plain just now, because {why}"
    return f"{said}\nview: {views.view}\nsaved: {views.saved}\n{USAGE}"


def _show(words: list[str], views: Views) -> str:
    if len(words) > 1 or not all(word.isdecimal() for word in words):
        raise UsageError(USAGE)
    try:
        views.show(int(words[0]) if words else None)
    except LookupError as error:
        raise UsageError(str(error)) from None
    return ""


def _profiles(words: list[str]) -> str:
    from poppy_ipython.choose.errors import BadProfile
    from poppy_ipython.choose.listing import profiles_table
    from poppy_ipython.choose.session import STORE

    try:
        match words:
            case []:
                return "\n".join([profiles_table(STORE), *STORE.notices])
            case ["export", path]:
                return f"{STORE.export(path):,} observations written to {path}."
            case ["import", path]:
                return f"{STORE.load(path):,} observations of {path} added."
            case ["clear"]:
                return f"{STORE.clear():,} observations forgotten."
    except (BadProfile, OSError) as error:
        raise UsageError(str(error)) from None
    raise UsageError(f"usage: %poppy {PROFILES}")


def _resources(words: list[str]) -> str:
    from poppy_ipython.choose.errors import BadResource
    from poppy_ipython.choose.resources import CAPACITIES, parse_capacities

    try:
        CAPACITIES.set(parse_capacities(words))
    except BadResource as error:
        raise UsageError(f"{error}\nusage: %poppy resources gpu=2 cpu=16 (gpu=none takes it back)") from None
    return str(CAPACITIES)


def _set(words: list[str], views: Views) -> str:
    name, _, value = words[0].partition("=") if words else ("", "", "")
    if len(words) != 1 or value not in {"view": VIEWS, "saved": SAVED}.get(name, ()):
        raise UsageError(USAGE)
    setattr(views, name, value)
    return ""
