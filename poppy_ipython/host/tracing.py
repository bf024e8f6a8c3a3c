"""Whether somebody watches this thread line by line, so that a cell must run as it is written.

A debugger, `sys.settrace` or a coverage tool would see our lowered code instead of the user's, and breakpoints would
not be met in the user's order. So the cell then runs plain, and one line says so. Coverage counts, on purpose: its
figures would be of lines that ran ahead. A profiler (`sys.setprofile`, `%%prun`) does not: it measures, and what we
do costs time as well.
"""

from __future__ import annotations

import sys


def watcher() -> str | None:
    """What watches, in words for the user, or None.

    >>> watcher() is None or isinstance(watcher(), str)
    True
    """
    trace = sys.gettrace()
    if trace is not None:
        owner = str(getattr(trace, "__module__", None) or type(trace).__module__)
        if owner.partition(".")[0] in ("bdb", "pdb", "debugpy", "_pydevd_bundle", "pydevd", "IPython"):
            return "a debugger is active"
        if owner.partition(".")[0] == "coverage":
            return "coverage is being measured"
        return "a trace function is active (sys.settrace)"
    monitoring = getattr(sys, "monitoring", None)  # 3.12 and newer: debuggers need no trace function
    if monitoring is not None and monitoring.get_tool(monitoring.DEBUGGER_ID) is not None:
        return "a debugger is active"
    return None
