"""`%load_ext poppy_ipython`: registers the magic, its two transformers and the words after a cell, and no more.

The magic's function documents the options (`%%poppy?`) and parses them. It is called as a magic only when somebody
calls it by hand (`get_ipython().run_cell_magic("poppy", line, body)`); a cell that begins with `%%poppy` is rewritten
before IPython looks for magics (see `host.transform` for how and why).

Everything is registered with a shell and taken away again by `%unload_ext`; loading twice changes nothing.
"""

from __future__ import annotations

from functools import partial
from typing import Any, get_args

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from poppy_ipython import cell as cells
from poppy_ipython.commands import command
from poppy_ipython.display.views import Views
from poppy_ipython.host import transform, versions
from poppy_ipython.host.afterwards import Afterwards
from poppy_ipython.host.auto import Auto
from poppy_ipython.options import Backend, Options, View

VIEWS = get_args(View)
BACKENDS = get_args(Backend)


@magics_class
class PoppyMagics(Magics):
    """The magic, as `%lsmagic` and `%%poppy?` know it."""

    @magic_arguments()
    @argument(
        "--max-calls",
        type=int,
        metavar="N",
        help="At most N calls at once to one host (default: as many as it takes, learned from 16 on).",
    )
    @argument(
        "--order",
        choices=("chain", "program"),
        default="chain",
        help="Of the calls that wait for a place, first goes one that heads a long chain, when it has to; or always the oldest.",
    )
    @argument(
        "--no-speculate",
        action="store_true",
        help="Send no call that an earlier statement could still prevent by raising. Slower; nothing is sent in vain.",
    )
    @argument(
        "--backend",
        choices=BACKENDS,
        help="Where your own blocking functions run that name no backend: processes of this machine, or a Dask cluster "
        "(default: threads).",
    )
    @argument("--quiet", action="store_true", help="No summary line after the cell.")
    @argument(
        "--view",
        choices=VIEWS,
        default="auto",
        help="What to show of the run: a live view, a static picture, a summary line, or nothing "
        "(default: live where the front end shows widgets, else the line; `%%poppy set view=…` changes that).",
    )
    @argument(
        "--save-values",
        action="store_true",
        help="Save the interactive page with this run, and in it shortened arguments and results, without secrets "
        "(otherwise only names and times are saved).",
    )
    @argument("--record", metavar="NAME", help="Keep every external call with its answer, as the recording NAME.")
    @argument("--replay", metavar="NAME", help="Answer every external call from the recording NAME; nobody is asked.")
    @argument(
        "--latency", metavar="recorded|0|xK", default="recorded", help="How long replayed calls take: as recorded, no time, x2 …"
    )
    @argument(
        "--replay-missing", choices=("error", "live"), default="error", help="A call that the recording lacks: error, or ask."
    )
    @argument(
        "--check",
        action="store_true",
        help="Run the cell a second time, plain and in order, on copies and with the same answers, and say what differs.",
    )
    @argument("--check-anyway", action="store_true", help="--check, also where that runs something unknown twice.")
    @argument("--cache", action="store_true", help="Do not ask again what a run with --cache has asked.")
    @argument("--objective", metavar="time|cost|energy", help="What alternatives are chosen for (see `alternatives`).")
    @argument("--deadline", metavar="8s", help="The whole cell is to end within: 8s, 500ms, 2min.")
    @argument("--budget", type=float, metavar="AMOUNT", help="What calls of alternatives may cost, in the money of their prices.")
    @argument("--min-quality", type=float, metavar="0…1", help="No alternative below this quality.")
    @argument("--plan", action="store_true", help="Show what is known of each line before it runs; run nothing.")
    @cell_magic("poppy")  # type: ignore[arg-type]
    def poppy(self, line: str, cell: str) -> Any:
        """Run a cell of ordinary Python with its external calls (model, HTTP, tools) overlapping.

        The cell leaves what a plain run leaves: variables, output, order of effects, exception. It must be the
        first magic of the cell; comments and blank lines may stand above it.
        """
        assert self.shell is not None
        return cells.run_body(self.shell, _loaded[self.shell].words, _loaded[self.shell].views, parse(line), line, cell)

    @line_magic("poppy")  # type: ignore[arg-type]
    def between_cells(self, line: str) -> None:
        """%poppy auto on [OPTIONS] | off: every cell that follows is a %%poppy cell. %poppy: whether that is so.

        %poppy effects: every callee of the last cell; %poppy effects set NAME EFFECT: what a function does.
        %poppy show [n]: the view of the last run, or of the run of In [n]. %poppy set view=auto|live|static|line|none.
        %poppy set saved=picture|interactive: what a file keeps of a view.
        %poppy cache clear: forget what cells with --cache were told.
        %poppy profiles: what alternatives take; %poppy resources gpu=2 cpu=16: how much there is of what they occupy.
        """
        assert self.shell is not None
        loaded = _loaded[self.shell]
        answer = command(line, loaded.views, loaded.auto, parse)
        if answer:
            print(answer)


def parse(line: str) -> Options:
    """The options that stand behind `%%poppy`.

    >>> parse("--max-calls 4 --quiet").max_calls
    4
    """
    try:
        return options_of(parse_argstring(PoppyMagics.poppy, line))
    except (UsageError, ValueError) as error:
        usage = " ".join(PoppyMagics.poppy.parser.format_usage().replace("::", "").replace("%poppy", "%%poppy").split())
        raise UsageError(f"{error}\nusage: {usage}\n(%%poppy? explains the options. Nothing was run.)") from None


def _seconds(text: str) -> float:
    from poppy_ipython.choose.objective import seconds_of

    return seconds_of(text)


def options_of(given: Any) -> Options:
    """What a parsed line, or command line, says. Raises `ValueError`."""
    shown = {"quiet": given.quiet, "view": given.view, "save_values": given.save_values, "plan": given.plan}
    kept: dict[str, Any] = {"record": given.record, "replay": given.replay, "missing": given.replay_missing}
    kept |= {"latency": _factor(given.latency), "cache": given.cache}
    kept |= {"order": given.order, "speculate": not given.no_speculate, "backend": given.backend}
    kept |= {"check": given.check or given.check_anyway, "check_anyway": given.check_anyway}
    kept |= {"objective": given.objective, "budget": given.budget, "min_quality": given.min_quality}
    kept |= {"deadline": None if given.deadline is None else _seconds(given.deadline)}
    return Options(max_calls=given.max_calls, **shown, **kept)


def _factor(text: str) -> float:
    """What `--latency` says: `recorded`, `0`, `x2`."""
    if text in ("recorded", "0"):
        return 1.0 if text == "recorded" else 0.0
    try:
        return float(text.lstrip("x×"))
    except ValueError:
        raise ValueError(f"--latency {text}: it is recorded, 0, or x2 for twice as long") from None


class Extension:
    """What one shell has of us while the extension is loaded."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.words = Afterwards(shell)
        self.views = Views(shell)
        self.text = transform.CellText(shell, self._move_last)
        self.auto = Auto(shell, partial(cells.suits, shell))
        self.tree = transform.CellTree(self._take, self.auto.way)

    def install(self) -> None:
        self.shell.register_magics(PoppyMagics)
        self.shell.input_transformers_cleanup.append(self.text)
        self.shell.ast_transformers.append(self.tree)
        self.shell.events.register("post_run_cell", self.words.post_run_cell)

    def remove(self) -> None:
        self.auto.off()
        for kind in ("cell", "line"):
            self.shell.magics_manager.magics[kind].pop("poppy", None)
        self.shell.magics_manager.registry.pop("PoppyMagics", None)
        if self.text in self.shell.input_transformers_cleanup:
            self.shell.input_transformers_cleanup.remove(self.text)
        if self.tree in self.shell.ast_transformers:
            self.shell.ast_transformers.remove(self.tree)
        self.views.close()
        self.shell.events.unregister("post_run_cell", self.words.post_run_cell)

    def _take(self, line: str | None, awaits: bool, body: Any, at: Any) -> Any:
        options: Options | UsageError
        try:
            options = self.auto.options if line is None else parse(line)
        except UsageError as error:
            options = error
        return cells.take(self.shell, self.words, self.views, options, line or "", awaits, body, at)

    def _move_last(self) -> None:
        """Other extensions' tree transformers must see the body before we take it away."""
        registered = self.shell.ast_transformers
        if self.tree in registered and registered[-1] is not self.tree:
            registered.remove(self.tree)
            registered.append(self.tree)


_loaded: dict[InteractiveShell, Extension] = {}


def load(shell: InteractiveShell) -> None:
    """`%load_ext poppy_ipython`. Refuses, and registers nothing, on an IPython or ipykernel that is too old."""
    complaint = versions.complaint_here()
    if complaint is not None:
        raise UsageError(complaint)
    if shell not in _loaded:
        extension = Extension(shell)
        extension.install()
        _loaded[shell] = extension


def unload(shell: InteractiveShell) -> None:
    """`%unload_ext poppy_ipython`: the shell is as it was before."""
    extension = _loaded.pop(shell, None)
    if extension is not None:
        extension.remove()
