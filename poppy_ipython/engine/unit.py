"""Units and the entries of their logs.

A unit is a piece of program with its own in-order issue, run in a greenlet.  Its log holds, in program order, what has
been issued and not retired: calls, head-only effects, stores and child units.  A child unit *is* its own log entry.

A *position* is a tuple of ints: the unit's path plus a counter.  Tuple order is program order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any

from .pending import Fault, Pending, resolve

if TYPE_CHECKING:
    from greenlet import greenlet

    from .machine import Machine

Position = tuple[int, ...]
#: calls nested deeper than this run natively, in order (recursion limits stay those of a plain run)
MAX_DEPTH = 50


class Entry:
    """A log entry that is a call: external, deferred native, or (``at_head``) an ordered effect."""

    __slots__ = (
        "args",
        "at_head",
        "callers",
        "causes",
        "context",
        "dead",
        "done",
        "effect",
        "error",
        "fallible",
        "fn",
        "holes",
        "frame",
        "kwargs",
        "large",
        "lasti",
        "machine",
        "missing",
        "number",
        "pending",
        "piece",
        "position",
        "record",
        "resource",
        "run",
        "started",
        "unit",
    )

    def __init__(
        self,
        machine: Machine,
        unit: Unit,
        run: Callable[[Entry], None],
        fn: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any] | None,
        pending: Pending | None,
        at_head: bool,
    ) -> None:
        self.machine = machine
        machine.outstanding += 1
        self.unit = unit
        self.run = run
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.pending = pending
        self.at_head = at_head
        self.done = self.started = self.dead = False
        self.error: BaseException | None = None
        self.effect: Any = None
        self.record: Any = None
        #: of an entry without a record: the calls whose answers it has waited for (``machine.behind`` when it has run)
        self.causes: tuple[Any, ...] = ()
        self.resource: Any = None
        self.missing = 0
        self.holes: Any = None
        #: what keeps the output of an external call until it retires, and the context that carries it
        self.piece: Any = None
        self.context: Any = None
        #: identities and sizes of large arguments, while the call is on its way (``window``)
        self.large: Any = None
        unit.n = number = unit.n + 1
        self.number = number
        self.position = unit.path + (number,)
        #: where it was issued: lowered frame and instruction, and the lowered frames that called that one in place
        self.frame: Any = None
        self.lasti = -1
        self.callers: Any = ()
        unit.log.append(self)

    def arrived(self) -> None:
        """One of the pendings among the operands has its value."""
        self.missing -= 1
        record, machine = self.record, self.machine
        cause = machine.cause
        if cause is not None:
            if record is None:
                self.causes = machine.arrivals(self.causes)
            else:
                needs = [(one, "data", None, None) for one in machine.arrivals(())]
                if record.needs is None:
                    record.needs = needs  # type: ignore[assignment]
                else:
                    record.needs += needs
        if self.missing == 0 and not self.dead:
            machine.post(machine.start_entry, self)

    def followers(self) -> list[Entry | None]:
        """The entries that wait for this one's value; None for a unit, of which nobody knows what it will issue.

        For whoever decides which of several calls goes first.
        """
        found: list[Entry | None] = []
        work = [self.pending]
        while work:
            pending = work.pop()
            for callback in pending.callbacks or () if pending is not None else ():
                if type(callback) is MethodType and type(callback.__self__) is Entry:
                    found.append(callback.__self__)
                elif type(callback) is partial:
                    if callback.func is resolve:
                        work.append(callback.args[0])
                    else:
                        found.append(None)
        return found

    def finish(self, value: Any, error: BaseException | None) -> None:
        """Called once by the dispatcher, on the loop's thread, when an external call has ended."""
        self.machine.external_ended(self, value, error)


class Unit:
    """One piece of program in flight.  See the module docstring; owned and mutated by the scheduler only."""

    __slots__ = (
        "began",
        "begin",
        "behind",
        "callbacks",
        "callers",
        "cause",
        "code_done",
        "complete",
        "depth",
        "draining",
        "error",
        "exclusive",
        "failing",
        "fault",
        "fell_at",
        "forked",
        "frame",
        "greenlet",
        "handled",
        "handling",
        "head",
        "killed",
        "lasti",
        "log",
        "marks",
        "merged",
        "n",
        "no_special",
        "number",
        "origin",
        "outs",
        "parent",
        "path",
        "published",
        "reason",
        "settled_cb",
        "value",
        "waiting",
        "where",
    )

    def __init__(self, parent: Unit | None, path: Position, log: deque[Any] | None = None) -> None:
        self.parent = parent
        self.path = path
        self.number = path[-1] if path else 0
        self.n = 0
        self.log: deque[Any] = deque() if log is None else log
        #: how to start it, while its code has not begun (:mod:`~poppy_ipython.engine.branches`)
        self.begin: Any = None
        self.greenlet: greenlet | None = None
        #: the parent's greenlet while it still waits, in place, for our first stall
        self.origin: greenlet | None = None
        self.head = False
        self.code_done = self.complete = self.killed = self.forked = self.draining = False
        self.error: BaseException | None = None
        self.fault: Fault | None = None
        #: where the exception comes from that is handled, if it was raised in the unit's own code
        self.fell_at: Position = ()
        #: position of the innermost entry whose failure ended the unit
        self.where: Position = path
        self.value: Any = None
        #: names bound by the unit as pendings in its parent (a compound statement), or None for one value
        self.outs: Any = None
        self.waiting = 0
        self.published: Any = None
        self.callbacks: list[Callable[[], None]] | None = None
        self.settled_cb: list[Callable[[], None]] | None = None
        self.handling = 0 if parent is None else parent.handling
        #: exceptions whose handlers are running in this unit
        self.handled: list[BaseException | None] | None = None
        #: program points of the ``try`` statements that it is in, and of the handlers
        self.marks: list[int] | None = None
        self.began: list[int] | None = None
        #: an entry that has failed, but something older of the unit is not over
        self.failing: Any = None
        #: a footprint of it counted on ``getattr`` not being given a special name
        self.no_special = False
        self.exclusive = 0
        self.depth = 0 if parent is None else parent.depth + 1
        self.frame: Any = None
        self.lasti = -1
        self.callers: Any = ()
        #: True for a statement or expression of its parent's function: one frame in a traceback, not two
        self.merged = False
        self.reason: Any = None
        self.cause: Any = None
        #: the other calls behind that answer, if it was computed from several
        self.behind: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        flags = [f for f in ("head", "forked", "code_done", "complete", "killed", "draining") if getattr(self, f)]
        return f"<unit {self.path} {' '.join(flags)} log={len(self.log)}>"


