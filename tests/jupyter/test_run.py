"""`poppy_ipython.run`: the same without IPython, on a loop of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
import traceback

import pytest

from poppy_ipython import cell
from poppy_ipython.host.bug import InternalError
from poppy_ipython.options import Options


def test_namespace_value_and_error() -> None:
    namespace: dict[str, object] = {}
    run = cell.run("x = 2\nx * 21", namespace)
    assert (run.value, run.error, namespace["x"]) == (42, None, 2)
    assert sys.modules["poppy_ipython"].last_run is run  # type: ignore[attr-defined]
    assert cell.run("x = 2").value is None


def test_an_error_is_kept_with_the_traceback_of_a_plain_run() -> None:
    source = "def f(n):\n    return 1 / n\n\nx = 1\nf(0)\nx = 2\n"
    namespace: dict[str, object] = {"__name__": "__main__"}
    run = cell.run(source, namespace, filename="<mine>")
    assert isinstance(run.error, ZeroDivisionError)
    assert namespace["x"] == 1
    plain: list[str] = []
    try:
        exec(compile(source, "<mine>", "exec"), {"__name__": "__main__"})
    except ZeroDivisionError as error:
        assert error.__traceback__ is not None
        plain = traceback.format_exception(error.with_traceback(error.__traceback__.tb_next))
    assert traceback.format_exception(run.error) == plain


def test_top_level_await() -> None:
    assert cell.run("import asyncio\nawait asyncio.sleep(0, 7)").value == 7


def test_a_syntax_error_is_raised() -> None:
    with pytest.raises(SyntaxError):
        cell.run("x = = 1")


def test_below_a_running_loop_it_says_what_to_do() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="run_async"):
            cell.run("x = 1")
        assert (await cell.run_async("x = 1\nx")).value == 1

    asyncio.run(main())


def test_the_signal_handler_and_the_streams_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), dict(vars(sys.stdout))
    cell.run("1 / 0")
    assert (signal.getsignal(signal.SIGINT), dict(vars(sys.stdout))) == before


def test_interrupt_in_a_script() -> None:
    run = cell.run("import signal\nx = 1\nsignal.raise_signal(signal.SIGINT)\nx = 2", namespace := {})
    assert isinstance(run.error, KeyboardInterrupt)
    assert namespace["x"] == 1


def test_context_variables_last() -> None:
    import contextvars

    mine: contextvars.ContextVar[int] = contextvars.ContextVar("mine", default=0)
    cell.run("mine.set(3)", {"mine": mine})
    assert mine.get() == 3


def test_under_a_trace_function_it_runs_as_written() -> None:
    lines: list[int] = []

    def watch(frame, event, arg):  # type: ignore[no-untyped-def]
        if frame.f_code.co_filename == "<watched>" and event == "line":
            lines.append(frame.f_lineno)
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        run = cell.run("a = 1\nb = 2\na + b", filename="<watched>")
        failed = cell.run("a = 1\n1 / 0", filename="<watched>")
    finally:
        sys.settrace(before)
    assert run.value == 3
    assert lines == [1, 2, 3, 1, 2]
    assert isinstance(failed.error, ZeroDivisionError)
    assert traceback.extract_tb(failed.error.__traceback__)[0].filename == "<watched>"


def test_a_mistake_of_the_engine_is_labelled_as_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    from poppy_ipython.engine import run as engine

    class Broken(engine.Session):
        async def run(self):  # type: ignore[no-untyped-def, override]
            raise AssertionError("lost a unit")

    monkeypatch.setattr(engine, "Session", Broken)
    run = cell.run("x = ask('something')", {})
    assert isinstance(run.error, InternalError)
    assert isinstance(run.error.__cause__, AssertionError)
    for words in (
        "mistake in poppy_ipython, not in your cell",
        "AssertionError: lost a unit",
        "Python 3.",
        "| x = ask(",
    ):
        assert words in str(run.error)


def test_options_refuse_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Options(max_calls=0)
