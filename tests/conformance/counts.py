"""How the statements of a cell were run.

    as written   the compiler does not lower it, or (as shipped) the guard let it run natively because nothing was in flight
    stalled      it waited: for the head, for an answer, for a branch
    overlapped   it sent a call that was in flight together with another one
    in place     the rest: issued without waiting

Counted for top-level statements of cells only, by their lines: what functions called from them do counts for the statement
that stands on the line where it happened, which is another cell's or none.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from typing import Any

from poppy_ipython.compiler.cells import native_reason

KINDS = ("statements", "as written", "stalled", "overlapped", "in place")


def count(body: list[ast.stmt], calls: Iterable[Any], waits: Iterable[Any]) -> Counter[str]:
    """``calls``: with line, started, ended; ``waits``: lines."""
    flights = sorted((c.started, c.ended if c.ended is not None else c.started, c.line) for c in calls if c.started is not None)
    together: set[int] = set()
    for index, (_, ended, line) in enumerate(flights):
        for started, _, other in flights[index + 1 : index + 50]:
            if started >= ended:
                break
            together |= {line, other}
    waited = {line for line in waits if line is not None}
    found: Counter[str] = Counter()
    for statement in body:
        lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        found["statements"] += 1
        if native_reason(statement) is not None:
            found["as written"] += 1
        elif together.intersection(lines):
            found["overlapped"] += 1
        elif waited.intersection(lines):
            found["stalled"] += 1
        else:
            found["in place"] += 1
    return found
