"""A run: the machine, its dispatcher and whoever drives it.

:class:`Session` runs a cell on an asyncio loop: the machine's queue is flushed by loop callbacks, external calls go through
the live dispatcher, and awaits that are not external calls are performed by the task that awaits :meth:`Session.run`, so
that ``asyncio.current_task()``, timeouts and cancellation mean what they mean in a plain cell.

:func:`run_simulated` runs it on a virtual clock, without a loop: for tests, the fuzzer and what-if.
"""

from __future__ import annotations

import ast
import asyncio
import contextvars
import linecache
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import cached_property
from types import FrameType
from typing import Any

from ..backends.clock import SimulatedDispatcher
from ..backends.dispatch import LiveDispatcher
from ..compiler import compile_cell
from ..options import Options
from ..trace.events import Wait
from ..trace.run import Run
from ..trace.sources import sources_of
from ..trace.trace import Trace
from .collector import Collector
from .machine import Machine
from .tracebacks import as_left, rebuild, steps_of

_Ended = Callable[[Any, BaseException | None], None]
_NATIVELY = (Machine.natively.__code__, Machine.natively_at.__code__)


class EngineError(RuntimeError):
    """A mistake of the engine, not of the cell."""


class Stuck(EngineError):
    """The head waits, and nothing is left to wait for."""


class Session:
    """One cell on one event loop.

    >>> import ast, asyncio
    >>> async def main():
    ...     source, namespace = "x = 1 + 1\\nx", {}
    ...     session = Session(ast.parse(source), source, "<doc>", namespace, Options(), loop=asyncio.get_running_loop())
    ...     return await session.run()
    >>> asyncio.run(main())
    (None, 2)
    """

    def __init__(
        self,
        tree: ast.Module,
        source: str,
        filename: str,
        namespace: dict[str, Any],
        options: Options,
        loop: asyncio.AbstractEventLoop,
        piece: Callable[[], Any] | None = None,
    ) -> None:
        self.loop = loop
        self.filename = filename
        self.options = options
        self.namespace = namespace
        self.context = contextvars.copy_context()
        began = time.perf_counter()
        self.plan = compile_cell(tree, filename, options.flags)
        self.compiling = time.perf_counter() - began
        self.python = 0.0
        self.dispatcher = LiveDispatcher(loop, options.max_calls, failed=self._failed)
        self.machine = Machine(self.dispatcher, time.perf_counter, self, speculate=options.speculate, context=None)
        self.machine.guards = options.guards
        self.machine.detached = options.detached
        self.machine.stored_kinds = options.stored_kinds
        self.machine.managers = options.managers
        self.machine.piece = piece
        self.abandoned: list[str] = []
        self.requests: list[tuple[Any, _Ended, BaseException | None]] = []
        self.changed = asyncio.Event()
        self.collector = Collector()
        self.awaiting: asyncio.Task[Any] | None = None
        #: the task that runs the cell, while it does
        self.task: asyncio.Task[Any] | None = None
        self.stopping = False
        self.started = self.ended = self.cpu = 0.0

    # ------------------------------------------------------------------ the machine's host
    def wake(self) -> None:
        self.loop.call_soon(self._flush, context=self.context)

    def finished(self) -> None:
        self.changed.set()

    def wait_for(self, awaitable: Any, ended: _Ended, handled: BaseException | None) -> None:
        self.requests.append((awaitable, ended, handled))
        self.changed.set()

    def crowd(self, in_flight: int) -> int:
        return self.collector.crowd(in_flight)

    def _flush(self) -> None:
        began = time.perf_counter()
        task, loop = self.task, self.loop
        if task is None or asyncio.current_task(loop) is not None:
            self.machine.flush()
        else:  # code of the cell runs here: for it this is the task that a plain cell is run by
            asyncio.tasks._enter_task(loop, task)
            try:
                self.machine.flush()
            finally:
                asyncio.tasks._leave_task(loop, task)
        self.python += time.perf_counter() - began

    def _failed(self, bug: BaseException) -> None:
        self.machine.crash(bug)

    # ------------------------------------------------------------------ running
    async def run(self) -> tuple[BaseException | None, Any]:
        """Run the cell to its end: ``(error, value)``; raises :class:`EngineError` for a mistake of ours."""
        machine = self.machine
        if self.options.order == "program":
            self.dispatcher.in_program_order()
        self.context = contextvars.copy_context()
        machine.context = _current_context()
        cell = machine.function(self.plan.lowered, self.namespace)
        self.task = asyncio.current_task()
        self.started = time.perf_counter()
        self.cpu = time.process_time()
        self.collector.begin()
        machine.start(cell)
        del cell  # a traceback would keep this frame, its code, and with that the machine
        try:
            while not machine.finished:
                try:
                    await self.changed.wait()
                except asyncio.CancelledError as cancelled:
                    self.context.run(self._flush)  # what has come to its end may have withdrawn it
                    if self.task is not None and self.task.cancelling():
                        if machine.finished:
                            raise
                        self._cancelled(cancelled)
                self.changed.clear()
                while self.requests:
                    awaitable, ended, handled = self.requests.pop(0)
                    self.awaiting = task = self.task
                    try:
                        value, error = await (awaitable if handled is None else _while_handling(handled, awaitable)), None
                    except BaseException as raised:
                        value, error = None, raised
                        if self.stopping and task is not None:
                            task.uncancel()
                            self.stopping = False
                            error = KeyboardInterrupt().with_traceback(raised.__traceback__)
                    finally:
                        self.awaiting = None
                    ended(value, error)
                    self.context.run(self._flush)  # the cell goes on at once, before other tasks have another turn
        finally:
            self.task = None
            self.collector.end()
            self.ended = time.perf_counter()
            self.cpu = time.process_time() - self.cpu
            self._name_abandoned()
            self.dispatcher.close()
        if machine.engine_error is not None:
            if isinstance(machine.engine_error, Stuck):
                error = machine.engine_error
                machine.close()
                raise error
            raise EngineError("the engine failed") from machine.engine_error
        root = machine.root
        error = finished_error(machine, root.error, self.plan.coroutine)
        machine.close()
        return error, root.value if error is None else None

    def interrupt(self) -> None:
        """From the loop's thread: end the run with a ``KeyboardInterrupt`` where the head stands."""
        if self.awaiting is not None:
            if not self.stopping:
                self.stopping = True
                self.awaiting.cancel()
        else:
            self.machine.post(self._stop_head)  # behind all that has come to its end
            self._flush()

    def _cancelled(self, error: asyncio.CancelledError) -> None:
        """The task that runs the cell was cancelled while it awaits nothing of the cell's: for a plain cell that is where the head stands,
        in the asynchronous call that it awaits there."""
        if self.requests and self.task is not None:  # about to be awaited
            self.task.uncancel()
            self.task.cancel(*error.args)
            return
        entry = self.machine.call_at_head()
        if entry is None or not self.dispatcher.cancel_inside(entry, *error.args):
            self.machine.post(self.machine.interrupt, error.with_traceback(None))
            self._flush()

    def _stop_head(self) -> None:
        if self.requests:  # the head is about to await this
            awaitable, ended, _ = self.requests.pop(0)
            if isinstance(awaitable, Coroutine):
                awaitable.close()
            ended(None, KeyboardInterrupt())
        else:
            self.machine.interrupt(KeyboardInterrupt())

    def stuck(self) -> str | None:
        """For the watchdog: what the head waits for, if nothing runs, nothing is in flight, and nothing can come of itself."""
        machine = self.machine
        busy = machine.finished or machine.queue or machine.cur is not None or self.awaiting is not None or self.requests
        if busy or not self.started:
            return None
        return describe(machine) if self.dispatcher.idle else None

    def give_up(self, why: str) -> None:
        """For the watchdog: end the run as a mistake of ours."""
        machine = self.machine
        machine.engine_error = Stuck(f"nothing is in flight and the cell has not ended\n{why}")
        machine.post(machine.stop, machine.engine_error)
        self._flush()

    def lowered(self, frame: FrameType) -> bool:
        """Whether this is a frame of the cell's own code."""
        return id(frame.f_code) in self.machine.lowered

    def of_cell(self, frame: FrameType) -> bool:
        """Whether an exception may be raised here as if by the cell's code: it is that, or native code that it called."""
        if id(frame.f_code) in self.machine.lowered:
            return True
        caller = frame.f_back
        if caller is None:
            return False
        return caller.f_code in _NATIVELY or (caller.f_code is Session.run.__code__ and self.awaiting is not None)

    def standing(self) -> str:
        """Whether the code that runs now is what a plain run would be running (``head``), runs ``ahead``, or is ``dead``."""
        unit = self.machine.cur
        if unit is None:
            return "head"
        if unit.killed or self.machine.finished:
            return "dead"
        return "head" if unit.head and not unit.log else "ahead"

    def _name_abandoned(self) -> None:
        for record in self.machine.records:
            if record.outcome == "abandoned":
                self.abandoned.append(f"{record.callee} (line {record.line})")

    def result(self) -> Run:
        """What was recorded."""
        trace = trace_of(self.machine, self.started, self.ended, self.cpu, self.options.max_calls, self.filename)
        return Run(replace(trace, compiling=self.compiling, python=self.python))


async def _while_handling(handled: BaseException, awaitable: Any) -> Any:
    """Await what a handler of the cell awaits: for its code ``handled`` is being handled here, too (``sys.exc_info()``, contexts, ``raise``)."""
    traceback = handled.__traceback__
    try:
        raise handled
    except BaseException:
        handled.__traceback__ = traceback
        return await awaitable


def finished_error(machine: Machine, error: BaseException | None, coroutine: range) -> BaseException | None:
    """The cell's exception with the traceback of a plain run, which runs the lines ``coroutine`` as one."""
    if error is None:
        return None
    machine.tidy(error)
    machine.stand_in(error)
    return as_left(error, error.__traceback__ is not None and error.__traceback__.tb_lineno in coroutine)


def trace_of(machine: Machine, started: float, ended: float, cpu: float, max_calls: int | None, filename: str) -> Trace:
    waits = [Wait(reason, line, detail, begin, end) for reason, line, detail, begin, end in machine.waits]
    sources = sources_of(machine.records, filename)
    trace = Trace.of(machine.records, waits, started, ended, cpu, max_calls, filename, sources)
    return replace(trace, uses=tuple(use for use in machine.uses.values() if use.calls))


def _current_context() -> contextvars.Context | None:
    """The context of the running task, shared by every unit of the run."""
    from greenlet import getcurrent

    return getcurrent().gr_context


# ---------------------------------------------------------------- the simulated clock


@dataclass(frozen=True)
class Outcome:
    """What a simulated run left."""

    error: BaseException | None
    value: Any
    #: most calls in flight at once
    overlap: int
    #: simulated seconds
    makespan: float
    machine: Machine

    @cached_property
    def calls(self) -> tuple[Any, ...]:
        return trace_of(self.machine, 0.0, self.makespan, 0.0, None, "").calls


class _SimulatedHost:
    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.done = False

    def wake(self) -> None:
        pass

    def finished(self) -> None:
        self.done = True

    def wait_for(self, awaitable: Any, ended: _Ended, handled: BaseException | None) -> None:
        self.requests.append((awaitable, ended, handled))

    def crowd(self, in_flight: int) -> int:
        return 2 * in_flight


def run_simulated(
    source: str,
    namespace: dict[str, Any],
    *,
    filename: str = "<cell>",
    latency: Callable[[Any], float] | float = 1.0,
    max_calls: int | None = None,
    debug: bool = True,
    speculate: bool = True,
    guards: bool = True,
    mutate: Callable[[Machine], None] | None = None,
) -> Outcome:
    """Run ``source`` on the virtual clock.

    Args:
        latency: seconds that a call takes, or a function of the call.
        max_calls: calls at once (no limit if None).
        debug: check the engine's invariants while running.
        guards: run what calls nothing external natively.
        mutate: called with the machine before it starts (tests break it on purpose).

    Raises:
        EngineError: the engine failed, or nothing is in flight and the cell has not ended.

    >>> from poppy_ipython.effects import unordered
    >>> @unordered
    ... def ask(q): return q.upper()
    >>> outcome = run_simulated("out = [ask(q) for q in 'abc']", ns := {"ask": ask})
    >>> ns["out"], outcome.makespan, outcome.overlap
    (['A', 'B', 'C'], 1.0, 3)
    """
    if filename.startswith("<"):
        linecache.cache[filename] = (len(source), None, [line + "\n" for line in source.splitlines()], filename)
    plan = compile_cell(source, filename)
    host = _SimulatedHost()
    dispatcher = SimulatedDispatcher(latency, max_calls)
    machine = Machine(dispatcher, dispatcher.clock, host, speculate)
    machine.guards = guards
    machine.context = _current_context()
    if mutate is not None:
        mutate(machine)
    cell = machine.function(plan.lowered, namespace)
    machine.start(cell)
    while not host.done:
        if machine.queue:
            machine.flush()
        elif host.requests:
            awaitable, ended, handled = host.requests.pop(0)
            ended(*_drive(awaitable if handled is None else _while_handling(handled, awaitable)))
        elif not dispatcher.advance():
            raise EngineError(f"nothing is in flight and the cell has not ended\n{describe(machine)}")
    dispatcher.close()
    if machine.engine_error is not None:
        raise EngineError(f"the engine failed\n{describe(machine)}") from machine.engine_error
    root = machine.root
    error = finished_error(machine, root.error, plan.coroutine)
    machine.close()
    return Outcome(error, root.value if error is None else None, dispatcher.most_in_flight, dispatcher.now, machine)


def _drive(awaitable: Any) -> tuple[Any, BaseException | None]:
    """Run an awaitable (or what is none) that waits for nothing real."""

    async def awaited() -> tuple[Any, BaseException | None]:
        try:
            return await awaitable, None
        except BaseException as error:
            return None, error

    steps = awaited()
    try:
        while True:
            steps.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def describe(machine: Machine) -> str:
    """The state of a run in words: for bug reports and the watchdog."""
    lines: list[str] = []

    def show(unit: Any, indent: str) -> None:
        lines.append(f"{indent}{unit!r} waits={unit.reason}")
        for entry in list(unit.log)[:8]:
            if type(entry) is tuple:
                lines.append(f"{indent}  store {entry[1]}")
            elif type(entry).__name__ == "Unit":
                show(entry, indent + "  ")
            else:
                flags = " ".join(f for f in ("at_head", "started", "done", "dead") if getattr(entry, f))
                line = f" (line {entry.record.line})" if entry.record is not None else ""
                lines.append(f"{indent}  call{line} {getattr(entry.fn, '__name__', entry.fn)} {entry.position} {flags} missing={entry.missing}")

    show(machine.root, "")
    lines.append(f"in flight {machine.in_flight}, queue {len(machine.queue)}, may {list(machine.may)[:6]}")
    return "\n".join(lines)


__all__ = ["EngineError", "Outcome", "Session", "describe", "rebuild", "run_simulated", "steps_of", "trace_of"]
