"""`%poppy effects`: every callee of the last cell, what it was taken to be, who said so, and what it held up.

    callee            effect           declared               calls   held others back
    pandas.read_csv   unknown          -                         12             3.10 s
    ask               unordered        In [2], line 1            12
    json.dumps        pure             library/stdlib.toml       12

The line below a cell is made here as well, when it matters: something undeclared that stood on the critical path for a
tenth of the run or more.
"""

from __future__ import annotations

from poppy_ipython.trace.trace import Trace
from poppy_ipython.trace.units import duration, shorten
from poppy_ipython.trace.uses import UNKNOWN, Use, on_critical_path, unknown_uses

__all__ = ["effects_table", "unknown_text"]

_WORTH_SAYING = 0.1  # of the run
_HEAD = ("callee", "effect", "declared", "calls", "held others back")


def effects_table(trace: Trace) -> str:
    """The table as text.

    >>> print(effects_table(Trace(())))
    The last cell called nothing whose effect matters.
    """
    unknown = unknown_uses(trace)
    known = sorted((use for use in trace.uses if use.effect != UNKNOWN), key=lambda use: (use.effect, use.callee))
    if not unknown and not known:
        return "The last cell called nothing whose effect matters."
    rows = [_HEAD]
    for use in [*unknown, *known]:
        held = duration(use.held) if use.effect == UNKNOWN else ""
        effect = use.effect + ("?" if use.doubt else "")
        rows.append((shorten(use.callee, 48), effect, _declared(trace, use.origin), f"{use.calls:,}", held))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = []
    for row in rows:
        left = [text.ljust(width) for text, width in zip(row[:3], widths[:3], strict=True)]
        right = [text.rjust(width) for text, width in zip(row[3:], widths[3:], strict=True)]
        lines.append("   ".join([*left, *right]).rstrip())
    doubted = [use for use in known if use.doubt]
    lines += ["", *[f"{use.what} {use.doubt}: {_conclusion(use)}" for use in doubted]] if doubted else []
    if unknown:
        say = f"%poppy effects set {unknown[0].callee} unordered"
        lines += ["", f"Say what it does:  {say}   (or pure, readonly('…'), sequential('…'))"]
    return "\n".join(lines)


def _declared(trace: Trace, origin: str) -> str:
    filename, _, line = origin.rpartition(":")
    return (trace.where(filename, int(line)) or f"line {line}") if line.isdigit() else origin or "-"


def unknown_text(trace: Trace) -> str | None:
    """`pandas.read_csv ran in order 12× (unknown effect): 3.1 s on the critical path · %poppy effects`, or None."""
    unknown = unknown_uses(trace)
    costs = on_critical_path(trace) if trace.sent else {use.what: use.held for use in unknown}
    if not costs:
        return None
    what = max(costs, key=lambda one: costs[one])
    if costs[what] < _WORTH_SAYING * trace.wall:
        return None
    use = next((one for one in unknown if one.what == what), None)
    name, times = (use.callee, f" {use.calls:,}×") if use is not None else (what, "")
    cost = duration(costs[what]) + (" on the critical path" if trace.sent else "")
    return f"`{shorten(name, 40)}` ran in order{times} (unknown effect): {cost} · %poppy effects"


def _conclusion(use: Use) -> str:
    return "it keeps the order of everything" if use.doubt.startswith("has a resource") else "the declaration is not true"
