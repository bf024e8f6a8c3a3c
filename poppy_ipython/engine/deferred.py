"""Deferred operations: reads, segments and natives whose operands are pending.

A deferred operation is a log entry.  It keeps its issue position and runs in the hub when its operands have arrived,
under the *ghost*: a stand-in unit whose position is the entry's, so that every read helper sees exactly what a read at that
position sees, chains and may-writes included.  The ghost cannot stall.  Whatever would have to wait raises ``NotReady``,
and the operation starts again later -- segments are free of effects, so that repeating one is invisible: when another
pending resolves, when a writer has moved on, or, for anything else (user code in an operator, an object we cannot see
into), at the head, where the ghost counts as quiescent and the plain operation on the real objects is right.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import _getframe
from typing import TYPE_CHECKING, Any

from .atoms import ATOMS, OPERANDS
from .pending import NotReady, Pending, real, resolve
from .unit import Entry, Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: what the ghost's log looks like: not empty, so that it never counts as quiescent off the head
_BUSY: Any = (None,)


class Deferred(Base):
    """Part of the :class:`Machine`: deferred entries and the ghost."""

    def _init_deferred(self) -> None:
        self.ghost = Unit(None, ())
        self.ghost.log = _BUSY

    def defer(
        self,
        operation: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any] | None = None,
        born: tuple[int, ...] | None = None,
    ) -> Pending:
        """Run ``operation(*args, **kwargs)`` once the pendings among its arguments have arrived."""
        unit = self.cur
        if unit is self.ghost:
            for value in (*args, *(kwargs or {}).values()):
                if type(value) is Pending and not value.done:
                    raise NotReady(value)
            raise NotReady
        pending = Pending()
        pending.position = born
        entry = Entry(self, unit, self.run_deferred, operation, args, kwargs, pending, False)
        self.locate(entry, _getframe(1))
        missing = 0
        others = False
        for value in args:
            if type(value) is Pending and not value.done:
                missing += 1
                value.when_done(entry.arrived)
            elif type(value) not in ATOMS:
                others = True
        if kwargs:
            for value in kwargs.values():
                if type(value) is Pending and not value.done:
                    missing += 1
                    value.when_done(entry.arrived)
                elif type(value) not in ATOMS:
                    others = True
        entry.missing = missing
        if not missing:
            self.post(self.start_entry, entry)
        if others and self.operators_write() and any(map(self.acts_inside, (*args, *kwargs.values()) if kwargs else args)):
            # What is issued from here on would not know of what code of the user's in the operation writes.
            self.force(pending)
        return pending

    def defer_atom(self, operation: Callable[..., Any], *args: Any) -> Pending:
        """The same for an operation whose result is a number or a string."""
        pending = self.defer(operation, args)
        pending.data = True
        return pending

    def start_entry(self, entry: Entry) -> None:
        """Run ``entry`` now unless it was killed, or has become a matter for the head."""
        if not entry.dead and not entry.done and not entry.at_head:
            entry.run(entry)

    def run_deferred(self, entry: Entry) -> None:
        """From the hub: run the operation under the ghost, or find out what it has to wait for."""
        args = [real(a) for a in entry.args]
        kwargs = {k: real(v) for k, v in entry.kwargs.items()} if entry.kwargs else {}
        try:
            value = self.as_ghost(entry, entry.fn, args, kwargs)
        except NotReady as not_ready:
            self.wait_again(entry, not_ready)
            return
        except BaseException as error:
            entry.error = error
            self.settle(entry)
            return
        pending = entry.pending
        if pending is not None:
            if pending.position is not None and type(value) not in ATOMS:
                self.birth[id(value)] = (value, entry.unit, pending.position)
            self.behind = entry.causes
            resolve(pending, value)
            self.behind = ()
        self.settle(entry)

    def as_ghost(self, entry: Entry, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """``fn(*args, **kwargs)`` as a read at the position of ``entry``."""
        ghost = self.ghost
        before = self.cur, ghost.path, ghost.n, ghost.head, ghost.log, self.running
        ghost.path = entry.unit.path
        ghost.n = entry.number - 1
        ghost.head = entry.at_head
        if entry.at_head:
            self.generation += 1
        ghost.log = () if entry.at_head else _BUSY  # type: ignore[assignment]
        self.cur = ghost
        self.running = entry
        try:
            return fn(*args, **kwargs)
        finally:
            self.cur, ghost.path, ghost.n, ghost.head, ghost.log, self.running = before

    def wait_again(self, entry: Entry, not_ready: NotReady) -> None:
        """Arrange that ``entry`` starts again when what it met is out of the way."""
        if not_ready.pending is not None and not not_ready.pending.done:
            entry.missing = 1
            not_ready.pending.when_done(entry.arrived)
        elif not_ready.writer is not None:
            writer = not_ready.writer
            if writer.callbacks is None:
                writer.callbacks = []
            writer.callbacks.append(lambda: self.post(self.start_entry, entry))
        else:
            entry.at_head = True
            self.post(self.advance, entry.unit)

    # ------------------------------------------------------------------ segments
    def seg(self, fused: Callable[..., Any], step: Callable[..., Any], *values: Any) -> Any:
        """A call-free expression: ``fused`` is its plain form, ``step`` the same through the store buffer."""
        plain = True
        waiting = False
        for value in values:
            kind = type(value)
            if kind is Pending:
                if value.done:
                    return self.seg(fused, step, *[v.value if type(v) is Pending and v.done else v for v in values])
                waiting = True
            elif kind not in OPERANDS:
                plain = False
        if waiting and self.any_risky(values):
            return self.seg(fused, step, *[self.force(v) for v in values])
        if plain:
            if waiting:
                return self.segment_blindly(self.defer(self.late_seg, (fused, step, *values), born=_birth(values)), fused, values)
            return fused(*values)
        unit = self.cur
        if not waiting and not unit.log and unit.head:
            return fused(*values)
        return step(*values)

    def late_seg(self, fused: Callable[..., Any], step: Callable[..., Any], *values: Any) -> Any:
        """A segment whose operands have arrived (runs under the ghost)."""
        for value in values:
            if type(value) not in OPERANDS:
                return fused(*values) if self.ghost.head else step(*values)
        return fused(*values)


def _birth(values: tuple[Any, ...]) -> tuple[int, ...] | None:
    """Where the operands of a segment were born, if all pendings among them are results of external calls."""
    position = None
    for value in values:
        if type(value) is Pending:
            if value.position is None:
                return None
            if position is None or value.position < position:
                position = value.position
    return position
