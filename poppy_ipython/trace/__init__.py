"""The record of a run: events while it runs, a frozen `Trace` afterwards, and what follows from it."""

from poppy_ipython.trace.critical_path import CriticalPath, Step, critical_path
from poppy_ipython.trace.edges import Edge
from poppy_ipython.trace.events import CallRecord, Instrument, Instruments, Outcome, Reason, Wait, What
from poppy_ipython.trace.trace import Call, Trace
from poppy_ipython.trace.why import Cause, why

__all__ = [
    "Call",
    "CallRecord",
    "Cause",
    "CriticalPath",
    "Edge",
    "Instrument",
    "Instruments",
    "Outcome",
    "Reason",
    "Step",
    "Trace",
    "Wait",
    "What",
    "critical_path",
    "why",
]
