"""Traces from drawings: a test shows the situation, and the same text is what it runs on.

    ask   line 1            |======        |
    ask   line 2 data<1     |......--====  |

One row per call, one column per tenth of a second: `.` issued and waiting, `-` ready and held back, `=` in flight, a
space nothing. The last column of a flight may say how it ended: `!` error, `c` cancelled, `>` never (abandoned). A row
that never gets to `=` was never sent. After the line come `reason<number of the cause` (or a reason alone), a detail in
brackets, and `@host`. A row that begins with `wait` is a unit that stalled:

    wait  line 4 unknown [f]|   ~~~~       |
"""

from __future__ import annotations

import re

from poppy_ipython.trace import CallRecord, Trace, Wait

_ROW = re.compile(
    r"\s*(?P<name>\S+)\s+line\s+(?P<line>\d+)\s*(?P<reason>[a-z]+)?(?:<(?P<cause>\d+))?\s*"
    r"(?:\[(?P<detail>[^\]]*)\])?\s*(?:@(?P<host>\S+))?\s*\|(?P<time>[^|]*)\|"
)
_ENDS = {"!": "error", "c": "cancelled", ">": "abandoned"}


def draw(text: str, **facts: object) -> Trace:
    """The trace of a drawing; `facts` go to `Trace.of` (`cpu`, `max_calls`, `ended` …)."""
    records, waits, width = [], [], 0
    for row in filter(str.strip, text.splitlines()):
        match = _ROW.fullmatch(row.rstrip())
        assert match, f"not a row of a drawing: {row!r}"
        time, line, reason = match["time"], int(match["line"]), match["reason"]
        width = max(width, len(time))
        if match["name"] == "wait":
            waits.append(Wait(reason, line, match["detail"], time.index("~") / 10, (time.rindex("~") + 1) / 10))
            continue
        record = CallRecord(len(records) + 1, match["name"], line=line, host=match["host"], outcome="unsent")
        record.reason = reason or "start"
        record.reason_detail = match["detail"]
        record.cause = int(match["cause"]) if match["cause"] else None  # by number until all rows are read
        _fill(record, time)
        records.append(record)
    for record in records:
        record.cause = records[record.cause - 1] if record.cause else None
    facts.setdefault("ended", width / 10)
    return Trace.of(records, waits, 0.0, **facts)


def _fill(record: CallRecord, time: str) -> None:
    drawn = time.strip()
    record.issued = (len(time) - len(time.lstrip())) / 10
    waiting = len(drawn) - len(drawn.lstrip("."))
    held = len(drawn.lstrip(".")) - len(drawn.lstrip(".").lstrip("-"))
    flight = drawn[waiting + held :]
    assert set(flight) <= {"=", *_ENDS}, f"not a flight: {flight!r}"
    if waiting < len(drawn):
        record.ready = record.issued + waiting / 10
    if flight:
        begin = len(time) - len(time.lstrip()) + waiting + held
        record.ready, record.started = (begin - held) / 10, begin / 10
        record.outcome = _ENDS.get(flight[-1], "ok")
        record.ended = None if flight[-1] == ">" else (begin + len(flight)) / 10
