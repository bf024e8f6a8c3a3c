"""A traceback on its way between processes: what each frame says of itself, and frames that say the same.

A frame cannot be made, only run. So for each one a tiny piece of code is compiled that raises at exactly the place of the
original, down to the columns, under its file's and function's name, and is run. Whoever prints the traceback, IPython
included, finds the same lines with the same carets. Locals stay where they were.

`tblib` was decided against: its frames know lines but no columns, so that since Python 3.11 carets stand under the wrong words.
"""

from __future__ import annotations

import ast
from itertools import islice
from types import TracebackType

__all__ = ["Place", "describe", "rebuild"]

#: file, function, its first line, and module; line, end line, column, end column
Place = tuple[str, str, int, str, int, int | None, int | None, int | None]


class _Stop(Exception):
    pass


def describe(traceback: TracebackType | None) -> list[Place]:
    """The frames of a traceback, outermost first, as plain data."""
    found: list[Place] = []
    while traceback is not None:
        code, line = traceback.tb_frame.f_code, traceback.tb_lineno or 0
        where = next(islice(code.co_positions(), traceback.tb_lasti // 2, None), (None,) * 4)
        end, col, end_col = where[1:] if where[0] == line else (None, None, None)
        module = str(traceback.tb_frame.f_globals.get("__name__", "?"))
        found.append((code.co_filename, code.co_name, code.co_firstlineno, module, line, end, col, end_col))
        traceback = traceback.tb_next
    return found


def rebuild(places: list[Place]) -> TracebackType | None:
    """A traceback that tells what ``describe`` was told.

    >>> try:
    ...     {}["key"]
    ... except KeyError as error:
    ...     places = describe(error.__traceback__)
    >>> describe(rebuild(places)) == places
    True
    """
    traceback: TracebackType | None = None
    for place in reversed(places):
        made = _frame(place)
        traceback = TracebackType(traceback, made.tb_frame, made.tb_lasti, max(place[4], 1))
    return traceback


def _frame(place: Place) -> TracebackType:
    filename, function, first, module, line, end, col, end_col = place
    known = col is not None and end_col is not None and end is not None
    first = max(1, min(first, line))
    line, end = max(1, line - first + 1), max(1, (end or line) - first + 1)  # the table of lines counts from the first one
    where = {"lineno": line, "end_lineno": end if known else line, "col_offset": col or 0, "end_col_offset": end_col or 0}
    stop = ast.Name("stop", ast.Load(), **where)  # type: ignore[arg-type]
    tree = ast.Module([ast.Raise(stop, None, **where)], [])  # type: ignore[arg-type]
    code = compile(tree, filename, "exec", dont_inherit=True)
    code = code.replace(co_name=function, co_qualname=function, co_firstlineno=first)
    try:
        exec(code, {"__name__": module, "__file__": filename, "stop": _Stop})
    except _Stop as stopped:
        assert stopped.__traceback__ is not None and stopped.__traceback__.tb_next is not None
        return stopped.__traceback__.tb_next
    raise AssertionError("it raises")
