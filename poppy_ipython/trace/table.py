"""All calls as a table for a terminal, a log or a notebook.

One unit for the whole table, named once in the heading, so that columns can be compared by eye. What does not fit the
width goes in this order: `ready`, `issued`, `took`, then the names get shorter. Long runs show their beginning and end.
Plain text on purpose: it must survive a log file, a pipe and a narrow window; rich was considered and would only have
added colour.
"""

from __future__ import annotations

import shutil

from poppy_ipython.trace.trace import Call, Trace
from poppy_ipython.trace.units import cells, count, duration, shorten

__all__ = ["table"]

_OPTIONAL = ("ready", "issued", "took")
_RIGHT = ("#", "issued", "ready", "started", "ended", "took")
_NAME_WIDTH, _SHORT_NAME = 36, 12


def table(trace: Trace, width: int | None = None, rows: int = 60) -> str:
    """The calls of a run, one a line, in order of issue.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> one = CallRecord(1, "ask", line=1, issued=0, ready=0, started=0.001, ended=0.5, outcome="ok")
    >>> two = CallRecord(2, "ask", line=2, issued=0.001, ready=0.6, started=0.6, ended=0.9, cause=one, reason="data",
    ...                  outcome="error", error="TimeoutError()")
    >>> print(table(Trace.of([one, two]), width=80))
    2 calls; times in ms since the run began
    #  call  line    issued  ready  started  ended  took  waited for  result
    1  ask   line 1       0      0        1    500   499              ok
    2  ask   line 2       1    600      600    900   300  #1 data     TimeoutError()
    """
    width = shutil.get_terminal_size((100, 24)).columns if width is None else width
    if not trace.calls:
        return f"no external call seen in {duration(trace.wall)}"
    unit, scale, digits = _unit(trace.wall)
    shown = list(trace.calls)
    if len(shown) > rows:
        shown = shown[: rows - rows // 4] + shown[len(shown) - rows // 4 :]
    dropped: list[str] = []
    for name in ("", *_OPTIONAL):
        dropped.append(name)
        lines = _lines([_row(trace, call, scale, digits) for call in shown], dropped)
        if cells(lines[0]) <= width:
            break
    if max(map(cells, lines)) > width:
        lines = [_fit(line, width) for line in _lines([_narrow(trace, c, scale, digits) for c in shown], dropped)]
    if len(trace.calls) > len(shown):
        at = 1 + rows - rows // 4
        lines.insert(at, _fit(f"… {len(trace.calls) - len(shown):,} more calls …", width))
    return "\n".join([_fit(f"{count(len(trace.calls), 'call')}; times in {unit} since the run began", width), *lines])


def _row(trace: Trace, call: Call, scale: float, digits: int, names: int = _NAME_WIDTH) -> dict[str, str]:
    def time(seconds: float | None) -> str:
        return "–" if seconds is None else f"{seconds * scale:.{digits}f}"

    return {
        "#": str(call.number),
        "call": shorten(call.callee, names),
        "line": trace.where(call.filename, call.line),
        "issued": time(call.issued),
        "ready": time(call.ready),
        "started": time(call.started),
        "ended": time(call.ended),
        "took": time(call.seconds) if call.started is not None else "–",
        "waited for": _waited(call, names),
        "result": _result(call, names),
    }


def _narrow(trace: Trace, call: Call, scale: float, digits: int) -> dict[str, str]:
    return _row(trace, call, scale, digits, _SHORT_NAME)


def _waited(call: Call, names: int) -> str:
    who = f"#{call.cause}" if call.cause is not None else ""
    what = "" if call.reason == "start" else call.reason
    detail = shorten(call.reason_detail, names) if call.reason_detail and what else ""
    return " ".join(filter(None, (who, what, detail)))


def _result(call: Call, names: int) -> str:
    if call.outcome == "error" and call.error:
        return shorten(call.error, names)
    return {"unsent": "never sent", "error": "failed"}.get(call.outcome, call.outcome)


def _lines(rows: list[dict[str, str]], dropped: list[str]) -> list[str]:
    names = [name for name in rows[0] if name not in dropped]
    widths = {name: max(cells(name), *(cells(row[name]) for row in rows)) for name in names}

    def line(row: dict[str, str]) -> str:
        parts = []
        for name in names:
            space = " " * (widths[name] - cells(row[name]))
            parts.append(space + row[name] if name in _RIGHT else row[name] + space)
        return "  ".join(parts).rstrip()

    return [line({name: name for name in names}), *map(line, rows)]


def _unit(wall: float) -> tuple[str, float, int]:
    """The unit, what to multiply seconds with, and how many decimals show three digits of the whole run."""
    if wall < 1e-3:
        return "µs", 1e6, 0 if wall >= 1e-4 else 1
    if wall < 2:
        return "ms", 1e3, 0 if wall >= 0.1 else 1 if wall >= 0.01 else 2
    return "s", 1.0, 2 if wall < 100 else 1


def _fit(line: str, width: int) -> str:
    return line if cells(line) <= width else shorten(line, width) if width < 2 else _cut(line, width)


def _cut(line: str, width: int) -> str:
    while cells(line) > width - 1:
        line = line[:-1]
    return line + "…"
