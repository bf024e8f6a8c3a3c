"""Worker processes that survive a hang: the fuzzer must report one, not become one.

A worker takes one task at a time and arms a watchdog of C (`faulthandler`), which prints the stack of a program that
computes for too long and ends the process even if Python no longer runs. The parent then reports a hang of that task with
the stack and starts another worker. Decided against `signal.alarm`: an exception raised from a signal lands in
whatever greenlet is running and may be swallowed there.
"""

from __future__ import annotations

import faulthandler
import importlib
import multiprocessing
import os
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

SECONDS = 20.0
"""Of CPU: the machine may be busy with other things."""

WAITING = 12
"""Times as many seconds until a program that does not even compute is given up."""


@dataclass(frozen=True, slots=True)
class Hang:
    """A task that did not come back, and the stack it hung in (innermost frames first)."""

    stack: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that raised: the harness's own fault."""

    text: str


def _serve(pipe: Connection, log: str, task: str, setup: str | None, seconds: float) -> None:
    function: Callable[[Any], Any] = _named(task)
    os.chdir(folder := Path(log).parent)  # a program that was shrunk may remove whatever is here
    tempfile.tempdir = str(folder)  # where nobody else makes files while two runs are compared
    if setup:
        try:
            _named(setup.partition("=")[0])(setup.partition("=")[2])
        except Exception:
            failure = Failure(traceback.format_exc())
            function = lambda _: failure  # noqa: E731
    with open(log, "w") as stack:
        faulthandler.register(signal.SIGPROF, file=stack, chain=True)  # and then as it was: the process ends
        while True:
            try:
                argument = pipe.recv()
            except EOFError:
                return
            stack.seek(0)
            stack.truncate()
            faulthandler.dump_traceback_later(WAITING * seconds, exit=True, file=stack)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            try:
                answer = function(argument)
            except Exception:
                answer = Failure(traceback.format_exc())
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
            pipe.send(answer)


def _named(name: str) -> Callable[[Any], Any]:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


class Worker:
    """One process at a time; a new one after a hang."""

    def __init__(self, task: str, setup: str | None = None, seconds: float = SECONDS) -> None:
        self._how = (task, setup, seconds)
        self._directory = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._log = str(Path(self._directory.name) / "stack")
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._log, *self._how), daemon=True)
        self._process.start()
        theirs.close()

    def send(self, argument: Any) -> None:
        self.pipe.send(argument)

    def receive(self) -> Any:
        """The answer to the last task, or a `Hang`."""
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            stack = Path(self._log).read_text() or f"the worker ended with code {self._process.exitcode}"
            self.pipe.close()
            self._start()
            return Hang(stack)

    def ask(self, argument: Any) -> Any:
        self.send(argument)
        return self.receive()

    def close(self) -> None:
        self._process.kill()  # it may be in the middle of a task that nobody waits for
        self._process.join()
        self.pipe.close()
        self._directory.cleanup()


def spread(
    task: str, arguments: Iterable[Any], *, jobs: int = 1, setup: str | None = None, seconds: float = SECONDS
) -> Iterator[tuple[Any, Any]]:
    """Pairs of argument and answer, in the order of finishing, from `jobs` workers."""
    workers = [Worker(task, setup, seconds) for _ in range(jobs)]
    todo = iter(arguments)
    busy: dict[Connection, tuple[Worker, Any]] = {}

    def feed(worker: Worker) -> None:
        for argument in todo:
            worker.send(argument)
            busy[worker.pipe] = (worker, argument)
            return

    try:
        for worker in workers:
            feed(worker)
        while busy:
            for pipe in wait(list(busy)):
                worker, argument = busy.pop(pipe)  # type: ignore[index]
                answer = worker.receive()
                feed(worker)
                yield argument, answer
    finally:
        for worker in workers:
            worker.close()
