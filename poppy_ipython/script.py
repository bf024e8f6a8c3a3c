"""`python -m poppy_ipython [options] script.py [args]`: an ordinary script, its calls overlapped, a summary at the end.

The script runs as `__main__`, with its own `sys.argv` and its folder first on `sys.path`, as under `python script.py`; it ends
with the same traceback and exit status. What is said of the run goes to stderr, so that the script's output can be piped.
The options are those of `%%poppy`; `--trace out.json` keeps the run for `Trace.from_json`.

Decided against `runpy`: it hands the code to `exec`, and here it is ours to run.
"""

from __future__ import annotations
import __future__

import argparse
import os
import sys
import traceback
import types
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["main"]

_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag


def _parser() -> argparse.ArgumentParser:
    from poppy_ipython.magic import PoppyMagics

    options = PoppyMagics.poppy.parser  # what %%poppy knows
    parser = argparse.ArgumentParser(
        prog="python -m poppy_ipython",
        description="Run a script of ordinary Python with its external calls (model, HTTP, tools) overlapping.",
        parents=[options],
        add_help=not options.add_help,
    )
    parser.add_argument("--trace", metavar="FILE", help="Keep the run as JSON (poppy_ipython.trace: Trace.from_json reads it).")
    parser.add_argument("script", help="The script.")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="Its arguments.")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line says; the exit status."""
    from poppy_ipython.magic import options_of

    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        options = options_of(given)
    except ValueError as error:
        parser.error(str(error))
    path = given.script
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        parser.error(f"can't open {path!r}: {error.strerror}")
    if given.trace is not None and not Path(given.trace).resolve().parent.is_dir():
        parser.error(f"--trace {given.trace}: there is no such folder")
    sys.argv = [path, *given.arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=__builtins__, __spec__=None)
    sys.modules["__main__"] = module
    try:
        source, flags = _checked(text, path)
    except SyntaxError as error:
        traceback.print_exception(error.with_traceback(None))
        return 1
    if options.plan:
        return _plan(source, path, module, flags)
    return _run(source, path, module, replace(options, flags=flags), given)


def _checked(text: bytes, path: str) -> tuple[str, int]:
    """The script's text, and the features that it imports from `__future__`. Raises what Python says of it."""
    from importlib.util import decode_source

    code = compile(text, path, "exec", dont_inherit=True)
    return decode_source(text), code.co_flags & _FUTURES


def _run(source: str, path: str, module: types.ModuleType, options: Any, given: argparse.Namespace) -> int:
    from poppy_ipython import cell

    run = cell.run(source, module.__dict__, options=options, filename=path, alone=True)
    error = run.error
    sys.stdout.flush()
    if error is not None and not isinstance(error, SystemExit):
        sys.excepthook(type(error), error, error.__traceback__)
    if given.trace is not None:
        try:
            Path(given.trace).write_text(run.trace.to_json(), "utf-8")
        except OSError as trouble:
            print(f"poppy: the trace was not written: {trouble}", file=sys.stderr)
    if options.view in ("live", "static"):
        print(run.to_text(), file=sys.stderr)
    if not options.quiet and options.view != "none":
        print("\n".join((f"poppy: {run}", *run.notices)), file=sys.stderr)
    if isinstance(error, SystemExit):
        raise error.with_traceback(None)
    if isinstance(error, KeyboardInterrupt):
        return 130
    return 0 if error is None else 1


def _plan(source: str, path: str, module: types.ModuleType, flags: int) -> int:
    import ast

    from poppy_ipython.display.plan import plan_of

    print(plan_of(ast.parse(source, path), source, module.__dict__, os.path.basename(path), flags))
    return 0


def run_and_exit() -> NoReturn:
    """The command line."""
    sys.exit(main())
