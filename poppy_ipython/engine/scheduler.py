"""Units in greenlets: fork-on-stall, waiting, resumption.

One greenlet, the *hub*, belongs to whoever drives the run (an event loop's callback, or the simulated clock). A unit
starts at once in a greenlet of its own, while its parent waits in place. At its first stall control goes back to the
parent, which issues past it (the unit has *forked*); at later stalls control goes to the hub. So an unstalled unit
costs one switch there and back, and everything else happens in the hub, one callback after another.

Deadlock freedom: a unit waits only for values, writers and entries that are older than itself, and the oldest entry
always can run. ``hold=True`` (a certain raise, an undeclared ``with``) makes younger units wait for older ones as well,
which keeps that order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from sys import _getframe
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent, greenlet

from ..trace.records import KEPT
from .pending import Fault, Kill, NotReady, Pending, real, resolve
from .reach.values import FRESH_RESULT
from .tracebacks import is_ours, line_of
from .unit import Entry, Unit
from .workers import Workers

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: of how many calls behind one value the trace keeps account: the youngest
MOST_CAUSES = 32


class Scheduler(Workers):
    """Part of the :class:`Machine`: owns units, logs, the run queue."""

    outstanding: int

    def _init_scheduler(self) -> None:
        self.queue: deque[tuple[Callable[..., None], tuple[Any, ...], Any]] = deque()
        self.awake = False
        self.hub: greenlet = getcurrent()
        self.pool: list[greenlet] = []
        #: what a unit that ran in place has ended with: (whom its caller is, the error, where that comes from)
        self.fell: tuple[Unit, BaseException, tuple[int, ...]] | None = None
        self.cur: Unit = None  # type: ignore[assignment]
        self.cause: Any = None
        #: the calls behind the value that is being passed on, if it was computed from answers
        self.behind: tuple[Any, ...] = ()
        self.root = Unit(None, ())
        self.root.head = True
        self.exclusive: list[Unit] = []
        self.parked: list[tuple[Callable[..., None], tuple[Any, ...], Any]] = []
        self.waits: deque[tuple[Any, ...]] = deque(maxlen=KEPT)
        self.finished = False
        self.stop_error: BaseException | None = None
        self.engine_error: BaseException | None = None
        #: off: a failure is raised at the head only
        self.speculate_faults = True
        self.settle_callbacks: dict[Entry, list[Callable[[], None]]] = {}

    # ------------------------------------------------------------------ the run queue
    def post(self, fn: Callable[..., None], *args: Any) -> None:
        """Have ``fn(*args)`` called in the hub, after what has been posted before."""
        self.queue.append((fn, args, self.cause))
        if not self.awake:
            self.awake = True
            self.wake_host()

    def flush(self) -> None:
        """Run everything posted, in the greenlet of the caller, which is the hub from now on."""
        self.hub = getcurrent()
        queue = self.queue
        before = self.cur
        try:
            while queue or (self.no_room and self.let_in()):
                fn, args, self.cause = queue.popleft()
                fn(*args)
        except BaseException as error:
            self.crash(error)
        finally:
            self.cur = before
            self.cause = None
            self.awake = bool(queue)
            if queue:
                self.wake_host()

    # ------------------------------------------------------------------ greenlets
    def _run(self, unit: Unit, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Run a unit's code to its end and file its outcome.  Never raises."""
        try:
            if unit.begin is not None:
                args = self.tested(unit)
            value = fn(*args, **kwargs)
        except Kill:
            unit.code_done = unit.complete = True
            return
        except BaseException as error:
            value, error = None, self._certain(unit, error)
            if error is None:
                return
            coroutine = isinstance(error, StopIteration) and fn in self.coroutine_twins.values()
            unit.error = self.left_coroutine(error) if coroutine else error
        finally:
            if self.readers:
                self.stop_reading(unit)
        unit.code_done = True
        self.debug_no_pending_state(unit)
        if unit.forked:
            if unit.error is None:
                self._publish_value(unit, value)
            else:
                unit.complete = not unit.log
                if not unit.head:
                    self.post(self.fails_early, unit)
            if unit.published is not None:
                self.unpublish(unit)
            if unit.callbacks is not None:
                self.wake_readers(unit)
            if unit.head and unit.parent is not None:  # else its parent looks when it gets that far
                self.post(self.advance, unit.parent)
        else:
            unit.value = value
        callbacks = unit.settled_cb
        if callbacks is not None:
            unit.settled_cb = None
            self.post(self.joined, unit, callbacks)

    def joined(self, unit: Unit, callbacks: list[Callable[[], None]]) -> None:
        """Tell who has waited for the end of ``unit``."""
        self.behind = unit.behind
        for callback in callbacks:
            callback()
        self.behind = ()

    def _certain(self, unit: Unit, error: BaseException) -> BaseException | None:
        """An exception leaves the unit.  Only an older fault can still prevent it: wait for the head, holding the parent."""
        where: Any = None
        while True:
            if isinstance(error, Fault):
                unit.where = where = error.position
                if unit.head:
                    return error.error
                error = error.error
            elif where is None:
                where = self.fell_at(unit, error)
            if (unit.head and not unit.log) or (self.speculate_faults and self.caught_above(unit) and self.nothing_outstanding(unit)):
                if unit.forked or unit.head or not unit.log:
                    unit.where = where
                    return error
            unit.draining = True
            self.post(self.advance, unit)
            try:
                self.stall("commit", hold=True)
            except Kill:
                unit.code_done = unit.complete = True
                return None
            except Fault as fault:
                error = fault
            finally:
                unit.draining = False

    def fell_at(self, unit: Unit, error: BaseException | None) -> tuple[int, ...]:
        """Where ``error``, raised in the code of ``unit``, comes from: an entry that failed in a unit that ran in place, or here."""
        fell, self.fell = self.fell, None
        return fell[2] if fell is not None and fell[0] is unit and fell[1] is error else (*unit.path, unit.n + 1)

    def _publish_value(self, unit: Unit, value: Any) -> None:
        outs = unit.outs
        self.behind = unit.behind
        if type(outs) is Pending:
            resolve(outs, value)
        else:
            for pending, item in zip(outs, value, strict=True):
                resolve(pending, item)
        self.behind = ()

    def run_unit(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], outs: int | None, merged: bool
    ) -> Any:
        """Run ``fn`` as a unit: its value, or -- if it stalls -- one pending (``outs`` None) or that many."""
        if self.outstanding > self.window or self.held > self.most_held:
            self.await_room()
        parent = self.cur
        parent.n += 1
        self.outstanding += 1
        unit = Unit(parent, parent.path + (parent.n,))
        unit.head = parent.head and not parent.log
        unit.merged = merged
        self.locate(unit, _getframe(2))
        parent.log.append(unit)
        unit.greenlet = worker = self.worker()
        unit.origin = getcurrent()
        self.cur = unit
        worker.switch([unit, fn, args, kwargs])
        self.cur = parent
        if unit.code_done and not unit.forked:
            if not unit.log:
                if parent.log and parent.log[-1] is unit:
                    parent.log.pop()
                    self.outstanding -= 1
                unit.complete = True
                if unit.error is not None:
                    self.fell = parent, unit.error, unit.where
                    raise unit.error
                unit.frame = None
                unit.callers = ()
            else:
                self.post(self.advance, parent)
            return unit.value
        if outs is None:
            unit.outs = pending = Pending()
            pending.unit = None if merged else unit
            pending.direct = unit.published is not None and FRESH_RESULT in unit.published[1]
            return pending
        unit.outs = pendings = [Pending() for _ in range(outs)]
        return pendings

    def stall(self, reason: str, detail: Any = None, hold: bool = False) -> None:
        """Suspend the current unit until it is resumed; the caller has arranged for that."""
        unit = self.cur
        if unit is self.ghost:
            raise NotReady
        begin = self.clock()
        if unit.exclusive or hold or self.unfinished and self.one_by_one():
            target = None
        else:
            target = unit.origin
        if target is not None:
            unit.origin = None
            unit.forked = True
        if unit.parent is not None:
            self.publish(unit)
        if unit.head:
            if unit.log:
                self.post(self.advance, unit)
        elif target is None and unit.origin is not None:
            above = unit.parent  # its parents wait in place: whoever of them is at the head may have stores to retire
            while above is not None and not above.head:
                above = above.parent
            if above is not None:
                self.post(self.advance, above)
        frame = _getframe(1)
        lowered = self.lowered
        while frame is not None and id(frame.f_code) not in lowered:
            frame = frame.f_back  # type: ignore[assignment]
        line = frame.f_lineno if frame is not None else None
        if frame is not None and is_ours(frame.f_code) and unit.frame is not None:
            line = line_of(unit.frame.f_code, unit.lasti)
        unit.reason = (reason, line, detail)
        unit.waiting += 1
        self.cur = None  # type: ignore[assignment]
        del frame
        if unit.handling:
            handled = unit.handled[-1] if unit.handled else None
            try:
                (target if target is not None else self.hub).switch()
            except Fault as fault:  # what a handler raises has what it handles as its context
                if fault.error.__context__ is None and fault.error is not handled:
                    fault.error.__context__ = handled
                raise
        else:
            (target if target is not None else self.hub).switch()
        unit.cause = self.cause
        self.waits.append((reason, line, detail, begin, self.clock()))

    def _switch_to(self, unit: Unit, error: BaseException | None = None) -> None:
        """From the hub: continue ``unit`` (raising ``error`` in it) until it stalls or ends."""
        unit.waiting += 1
        if unit.published is not None:
            self.unpublish(unit)
        if unit.callbacks is not None:
            self.wake_readers(unit)
        if unit.head and not unit.log:
            self.generation += 1  # what it does now it does to the real objects: views of them are old
        self.cur = unit
        assert unit.greenlet is not None
        if error is None:
            unit.greenlet.switch()
        else:
            unit.greenlet.throw(error)
        self.cur = None  # type: ignore[assignment]

    def resume(self, unit: Unit, token: int) -> None:
        """Continue ``unit`` if it still waits for the stall that ``token`` names."""
        if unit.waiting != token or unit.code_done or unit.killed:
            return
        if self.exclusive and not self._inside(unit):
            self.parked.append((self.resume, (unit, token), self.cause))
            return
        self._switch_to(unit)

    def resumer(self) -> Callable[[], None]:
        """A callback that resumes the current unit from the stall that follows."""
        unit = self.cur
        token = unit.waiting + 1
        return partial(self.wake, unit, token)

    def wake(self, unit: Unit, token: int) -> None:
        """What ``unit`` waited for in the stall that ``token`` names is there."""
        cause = self.cause
        if unit.waiting == token and cause is not None:
            since = cause.issued  # what had ended by then, the call that ended now has waited for
            unit.behind = self.arrivals(tuple([one for one in unit.behind if one.ended is None or one.ended > since]))
        self.post(self.resume, unit, token)

    def arrivals(self, known: tuple[Any, ...]) -> tuple[Any, ...]:
        """``known`` and the calls behind the value that arrives now, the last of them last."""
        behind, cause = self.behind, self.cause
        if not behind:
            return known if known and known[-1] is cause else (*known, cause)[-MOST_CAUSES:]
        return (*known, *[one for one in behind if one is not cause and one not in known], cause)[-MOST_CAUSES:]

    # ------------------------------------------------------------------ waiting
    def force(self, value: Any, reason: str = "data") -> Any:
        """The real value behind ``value``; stalls the unit until it is there."""
        while type(value) is Pending:
            while not value.done:
                if self.cur is self.ghost:
                    raise NotReady(value)
                value.when_done(self.resumer())
                self.stall(reason)
            value = value.value
        return value

    def drain(self, reason: str = "commit", detail: Any = None) -> None:
        """Wait until the unit is at the head with an empty log: everything before this point has finished."""
        unit = self.cur
        if unit is self.ghost and not unit.head:
            raise NotReady
        while unit.log or not unit.head:
            unit.draining = True
            try:
                self.stall(reason, detail)
            finally:
                unit.draining = False

    def joins(self, mark: int) -> None:
        """Wait until every entry of the unit after number ``mark`` has finished without an exception.

        Unlike :meth:`drain` this does not wait for older entries, unless one of ours failed, must run at the head,
        or is a store that can fail: then only the head can tell.
        """
        unit = self.cur
        log = unit.log
        if not log:
            return
        work: list[Any] = [e for e in log if (e[1][-1] if type(e) is tuple else e.number) > mark]
        while work:
            entry = work[-1]
            kind = type(entry)
            if kind is tuple:
                if entry[0].fallible:
                    self.drain()
                    return
                work.pop()
            elif kind is Unit:
                if entry.complete and entry.error is None:
                    work.pop()
                elif entry.error is not None:
                    self.drain()
                    return
                elif entry.code_done:
                    work.pop()
                    work.extend(entry.log)
                else:
                    if entry.settled_cb is None:
                        entry.settled_cb = []
                    entry.settled_cb.append(self.resumer())
                    self.stall("branch")
            elif entry.at_head or entry.error is not None or entry.dead:
                if entry.done and entry.error is None:
                    work.pop()
                    continue
                self.drain()
                return
            elif entry.done:
                work.pop()
            else:
                self.settle_callbacks.setdefault(entry, []).append(self.resumer())
                self.stall("branch")

    # ------------------------------------------------------------------ begin and end
    def start(self, fn: Callable[[], Any]) -> None:
        """Begin the run: the root unit issues until its first stall."""
        root = self.root
        self.hub = getcurrent()
        worker = greenlet(self._root_body, self.hub)
        worker.gr_context = self.context
        root.greenlet = worker
        self.cur = root
        worker.switch(fn)
        self.cur = None  # type: ignore[assignment]

    def _root_body(self, fn: Callable[[], Any]) -> None:
        root = self.root
        try:
            try:
                root.value = fn()
            except Kill:
                root.error = self.stop_error
            except BaseException as error:
                root.error = self._certain(root, error)
                if root.error is None:
                    root.error = self.stop_error
            else:
                self.drain()
                root.value = self.force(root.value)
        except Fault as fault:
            root.error = fault.error
        except Kill:
            root.error = self.stop_error
        root.code_done = root.complete = True
        self._root_done()

    def _root_done(self) -> None:
        if not self.finished:
            self.finished = True
            self.host_finished()

    def stop(self, error: BaseException) -> None:
        """From the hub: end the run now with ``error``; nothing that has not retired stays."""
        if self.finished:
            return
        self.stop_error = error
        root = self.root
        self.exclusive = []
        self._rollback(root.log)
        root.waiting += 1
        self.cur = root
        if root.greenlet is not None and not root.code_done:
            root.greenlet.throw(Kill())
        self.cur = None  # type: ignore[assignment]
        if not self.finished:
            root.error = error
            root.code_done = root.complete = True
            self._root_done()

    def call_at_head(self) -> Any:
        """The external call at the head, if that is what the run waits for."""
        unit = self.root
        while True:
            entry = unit.log[0] if unit.log else None
            if type(entry) is not Unit:
                break
            unit = entry
        return entry if type(entry) is Entry and entry.record is not None and entry.started and not entry.done else None

    def interrupt(self, error: BaseException) -> None:
        """From the hub: what stands at the head fails with ``error``, as if it had been raised there."""
        if self.finished:
            return
        unit = self.root
        while True:
            self.begin(unit)  # if its code has not begun, it stands at its first line now
            entry = unit.log[0] if unit.log else None
            if type(entry) is Unit and not entry.complete:
                unit = entry
                continue
            break
        if entry is None or type(entry) is tuple or type(entry) is Unit or entry.done:
            if unit.code_done or unit.greenlet is None:
                self.stop(error)
                return
            unit.draining = False
            self._rollback(unit.log)
            self._switch_to(unit, Fault(unit.n + 1, error, (*unit.path, unit.n + 1)))
            return
        if entry.record is not None:
            self.cancel_call(entry)
        entry.dead = True
        entry.error = error
        self.settle(entry)

    def crash(self, error: BaseException) -> None:
        """The engine itself failed (a bug of ours): end the run, say so, leave what has retired."""
        self.queue.clear()
        self.cur = None  # type: ignore[assignment]
        self.engine_error = error
        if not self.finished:
            self.root.error = error
            self.root.code_done = self.root.complete = True
            self._root_done()

    def debug_no_pending_state(self, unit: Unit) -> None:
        """Hook of the debug machine: checks invariants when a unit's code ends."""


__all__ = ["Scheduler", "real"]
