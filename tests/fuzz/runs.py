"""The two runs of a program: plain, by CPython's own ``exec``, and by the engine on a simulated clock.

Both see the same file name, whose text is in `linecache` so that tracebacks show source and carets. The plain run
strips its own frame from the traceback, counts executed lines with a trace function, and gives up on programs that
run away (`Runaway`), which the census counts.
"""

from __future__ import annotations

import ast
import linecache
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import IPython.core.interactiveshell  # noqa: F401  (which puts another ``open`` into a notebook's namespace)

from poppy_ipython.effects.opened import openers

from .latency import latency
from .observe import Observation, observe
from .world import OwnOutput, Runaway, World, declared, undeclared

LINES = 4000
DEPTH = 120
"""A plain run that executes more lines than this is given up."""

Runner = Callable[[str, dict[str, Any], str], "Result"]
"""From source, namespace and file name to what came out."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of one run."""

    value: Any = None
    error: BaseException | None = None
    statements: int = 0
    overlap: int = 0
    makespan: float = 0.0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    observation: Observation
    result: Result


def filename(seed: int) -> str:
    return f"<cell {seed}>"


def register(source: str, name: str) -> None:
    """Let tracebacks show the source; one program at a time, so the table does not grow."""
    for key in [key for key in linecache.cache if key.startswith("<cell ")]:
        del linecache.cache[key]
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)


# plain


def compiled(source: str | ast.Module, name: str) -> tuple[CodeType, CodeType | None]:
    """The cell, and its last expression apart, as a notebook takes it."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = ast.parse(source, name) if isinstance(source, str) else source
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compile(ast.Expression(tree.body.pop().value), name, "eval", flags, dont_inherit=True)  # type: ignore[attr-defined]
    return compile(tree, name, "exec", flags, dont_inherit=True), last


def evaluate(code: CodeType, namespace: dict[str, Any]) -> Any:
    """`eval`, also for code that awaits at its top level: the world's coroutines never suspend."""
    value = eval(code, namespace)
    if code.co_flags & 0x80:  # CO_COROUTINE
        try:
            while True:
                value.send(None)
        except StopIteration as stop:
            return stop.value
    return value


def plain_result(source: str | ast.Module, namespace: dict[str, Any], name: str) -> Result:
    """Run as Python runs it."""
    executed = depth = 0

    def on_line(frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal executed, depth
        if event == "return":
            depth -= 1
        if event == "line":
            executed += 1
            if executed > LINES:
                raise Runaway
        return on_line

    def on_call(frame: FrameType, _event: str, _arg: Any) -> Any:
        nonlocal executed, depth
        code = frame.f_code
        if code.co_filename != name or (code.co_name[0] == "<" and code.co_name != "<module>"):
            return None
        depth += 1
        if depth > DEPTH:  # how deep the stack already is differs
            executed = LINES + 1
        return on_line

    cell, last = compiled(source, name)
    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        evaluate(cell, namespace)
        value = evaluate(last, namespace) if last else None
        result = Result(value, None, executed)
    except Exception as error:
        result = Result(None, error, executed)
    finally:
        sys.settrace(before)
    if executed > LINES:
        raise Runaway
    error = result.error
    if error is not None:
        tb = error.__traceback__
        while tb is not None and tb.tb_frame.f_code.co_filename != name:
            tb = tb.tb_next
        error.__traceback__ = tb
    return result


def plain(source: str, seed: int, world: type[World] = World) -> Run:
    """The oracle."""
    return run_in(world(undeclared), source, seed, plain_result)


# the engine


def hasty(machine: Any) -> None:
    """Lowered loops change over to their native form in their second round."""
    machine.patience, machine.rounds = 0.0, 2


def never_detached(machine: Any) -> None:
    """The same, and nothing runs natively beside calls: else few loops would be left."""
    hasty(machine)
    machine.detached = False


_AGAIN = 32
_OWN_OUTPUT = 16
_AS_IN_A_NOTEBOOK = 4
_MUTATE = {3: hasty, 7: never_detached}


def engine(source: str, seed: int, order: str | None = None, world: type[World] = World) -> Run:
    """The engine on a simulated clock, with the seed's order of completion; native forms for every second seed, of these
    every second time at the first occasion, of these every second time not beside calls."""
    from poppy_ipython.engine.run import run_simulated

    def run(source: str, namespace: dict[str, Any], name: str) -> Result:
        outcome = run_simulated(source, namespace, filename=name, latency=latency(seed, order), debug=True, guards=bool(seed % 2), mutate=_MUTATE.get(seed % 8))
        calls = outcome.calls if isinstance(outcome.calls, int) else len(outcome.calls)
        return Result(outcome.value, outcome.error, 0, outcome.overlap, outcome.makespan, calls)

    if seed % _AGAIN == 1:  # from the plan of the run before, as a cell that is run again
        run_in(world(declared), source, seed, run)
    made = world(declared)
    if seed % _OWN_OUTPUT == 6:
        made.stdout = OwnOutput(made.events, "out")
    return run_in(made, source, seed, run)


def run_in(world: World, source: str, seed: int, runner: Runner) -> Run:
    """Run by `runner` in a fresh world, and observe."""
    namespace = world.namespace()
    if seed % _AS_IN_A_NOTEBOOK == 2:
        namespace["open"] = openers()[-1]
    name = filename(seed)
    register(source, name)
    with redirect_stdout(world.stdout), redirect_stderr(world.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # each run compiles the source anew; Python warns once
        result = runner(source, namespace, name)
    return Run(observe(namespace, world, result.value, result.error), result)
