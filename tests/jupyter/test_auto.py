"""`%poppy auto on` in a real kernel: what becomes a poppy cell, what does not, and that it shows what a plain cell shows.

Two calls that wait for each other (`meet`) can only come back from a cell of ours: a plain one waits for the first alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jupyter.kernel import Cell, Kernel
from tests.jupyter.test_same import CELLS, PRELUDE

SETUP = """
import threading, poppy_ipython
from poppy_ipython import unordered
barrier = threading.Barrier(2)
@unordered
def meet(n):
    barrier.wait(5)
    return n
@unordered
def alone(n):
    return n
def pairs():
    return [meet(1), meet(2)]
def broken():
    try:
        barrier.wait(0)
    except threading.BrokenBarrierError:
        pass
"""
MEET = "x = meet(1)\ny = meet(2)\nx + y"


@pytest.fixture(scope="module", autouse=True)
def setup(kernel: Kernel) -> None:
    for text in (PRELUDE, SETUP):
        assert kernel.run(text).reply["status"] == "ok"


@pytest.fixture
def auto(kernel: Kernel) -> Iterator[Kernel]:
    assert kernel.run("%poppy auto on --quiet").outputs == []
    yield kernel
    assert kernel.run("%poppy auto off").outputs == []


def both(kernel: Kernel, code: str, **request: object) -> tuple[Cell, Cell]:
    """The cell plain, and with auto on; the value before it is the same."""
    found = []
    for state in ("off", "on --quiet"):
        kernel.run(f"%poppy auto {state}")
        kernel.run("'the value before'")
        found.append(kernel.run(code, **request))
    kernel.run("%poppy auto off")
    return found[0], found[1]


@pytest.mark.parametrize("name", CELLS)
def test_as_a_plain_cell(kernel: Kernel, name: str) -> None:
    plain, ours = both(kernel, CELLS[name])
    assert ours.normal() == plain.normal()
    assert {**ours.reply, "execution_count": 0, "traceback": 0} == {**plain.reply, "execution_count": 0, "traceback": 0}


def test_on_and_off(kernel: Kernel) -> None:
    kernel.run("%poppy auto on --quiet")
    assert kernel.run(MEET).value == "3"
    assert kernel.run("%poppy auto off").outputs == []
    kernel.run("broken()")
    assert kernel.run(MEET).reply["ename"] == "BrokenBarrierError"
    kernel.run("barrier.reset()")


def test_it_survives_errors_interrupts_and_syntax_errors(auto: Kernel) -> None:
    assert auto.run("1 / 0").reply["ename"] == "ZeroDivisionError"
    assert auto.run("y = = 2").reply["ename"] == "SyntaxError"
    assert auto.run("%no_such_magic").reply["status"] == "error"
    cell, _ = auto.interrupted("import asyncio\nprint('now', flush=True)\nawait asyncio.Event().wait()")
    assert cell.reply["ename"] == "KeyboardInterrupt"
    assert auto.run(MEET).value == "3"


def test_the_text_of_a_cell_stays(auto: Kernel) -> None:
    shown = auto.run("x = 1\nx + 1;")
    number = shown.reply["execution_count"]
    assert auto.run(f"In[{number}], _i{number}, _i").value == repr(("x = 1\nx + 1;",) * 3)
    assert auto.run("41 + 1").reply["execution_count"] == number + 2
    assert auto.run(f"_, Out[{number + 2}], {number} in Out").value == "(42, 42, False)"


def test_summary_and_last_run_are_of_cells_that_call(kernel: Kernel) -> None:
    kernel.run("%poppy auto on --view line")
    try:
        assert kernel.run("x = 1").displays == []
        assert kernel.run(MEET).displays[0].startswith("2 calls")
        assert kernel.run("len(poppy_ipython.last_run.calls)").value == "2"
        assert kernel.run("poppy_ipython.last_run.value").value == "3"
        assert kernel.run("1 / 0").displays == []
        assert "meet" in kernel.run("%poppy effects").stdout
    finally:
        kernel.run("%poppy auto off")


def test_a_cell_with_poppy_on_top_has_its_own_options(auto: Kernel) -> None:
    assert auto.run("%%poppy --view line\n" + MEET).displays[0].startswith("2 calls")
    assert auto.run("%%poppy --plan\nx = 'not run'").reply["status"] == "ok"
    assert auto.run("x").value == "1"


@pytest.mark.parametrize("above", ["%%time", "%%capture shown"])
def test_other_cell_magics_stay_what_they_are(auto: Kernel, above: str) -> None:
    auto.run("broken()")
    cell = auto.run(f"{above}\n{MEET}")
    auto.run("barrier.reset()")
    assert cell.reply.get("ename") == "BrokenBarrierError" or "BrokenBarrierError" in str(cell.outputs)


def test_a_magic_below_python_is_part_of_the_cell(auto: Kernel) -> None:
    cell = auto.run("x = meet(1) + meet(2)\n%who_ls function\nfiles = !echo a b\nx, files")
    assert cell.value == "(3, ['a b'])"


def test_silent_requests_and_user_expressions(auto: Kernel) -> None:
    auto.run(MEET)
    assert auto.run("alone(5)", silent=True).outputs == []
    assert auto.run("len(poppy_ipython.last_run.calls)").value == "2"
    reply = auto.run("x = meet(3) + meet(4)", user_expressions={"seen": "x * 2", "wrong": "1 / 0"}).reply
    assert reply["user_expressions"]["seen"]["data"]["text/plain"] == "14"
    assert reply["user_expressions"]["wrong"]["ename"] == "ZeroDivisionError"


def test_without_history(auto: Kernel) -> None:
    before = auto.run("1").reply["execution_count"]
    assert auto.run(MEET, store_history=False).value == "3"
    assert auto.run("2").reply["execution_count"] == before + 1


def test_what_runs_inside_a_cell_belongs_to_it(auto: Kernel) -> None:
    nested = "found = get_ipython().run_cell('z = alone(1)\\nprint(z)\\nz * 7')\nfound.result"
    cell = auto.run(nested)
    assert (cell.stdout, cell.displays) == ("1\n", [])
    assert [data["text/plain"] for data in cell.of("value")] == ["7", "7"]
    cell = auto.run("%%capture shown\n" + nested)
    assert auto.run("shown.stdout").value == repr("1\nOut[{0}]: 7\nOut[{0}]: 7\n").format(cell.reply["execution_count"]) or cell.outputs == []
    assert auto.run("import asyncio\nasync def f(): return await get_ipython().run_cell_async('5', transformed_cell='5')\n(await f()).result").stdout == ""


def test_autoawait_off(auto: Kernel) -> None:
    auto.run("%autoawait off")
    try:
        assert auto.run(MEET).value == "3"
        assert "outside" in (auto.run("await asyncio.sleep(0)").error or "")
    finally:
        auto.run("%autoawait on")
    assert auto.run(MEET + "\nawait asyncio.sleep(0, x + y)").value == "3"


def test_context_variables_and_modes(auto: Kernel) -> None:
    auto.run("import decimal\ndecimal.setcontext(decimal.Context(prec=7))")
    assert auto.run("decimal.getcontext().prec").value == "7"
    auto.run("get_ipython().ast_node_interactivity = 'last'")
    decimal = auto.run("decimal.setcontext(decimal.Context(prec=5))")
    assert decimal.displays == []
    assert auto.run("decimal.getcontext().prec").value == "5"
    auto.run("get_ipython().ast_node_interactivity = 'last_expr'\n")


def test_the_shell_is_as_before(kernel: Kernel) -> None:
    look = "'should_run_async' in vars(get_ipython())"
    assert kernel.run(look).value == "False"
    kernel.run("%poppy auto on")
    kernel.run("%poppy auto on --quiet")
    assert kernel.run(look).value == "True"
    kernel.run("%poppy auto off")
    kernel.run("%poppy auto off")
    assert kernel.run(look).value == "False"


def test_somebody_else_wraps_the_method_too(kernel: Kernel) -> None:
    kernel.run("%poppy auto on --quiet")
    kernel.run("shell = get_ipython()\nbelow = shell.should_run_async\nshell.should_run_async = lambda *a, **k: below(*a, **k)")
    kernel.run("%poppy auto off")
    assert kernel.run("2 + 2").value == "4"
    kernel.run("del shell.should_run_async")
    assert kernel.run("await asyncio.sleep(0, 5)").value == "5"


def test_reloading_and_unloading_turn_it_off(kernel: Kernel) -> None:
    kernel.run("%poppy auto on --quiet")
    kernel.run("%unload_ext poppy_ipython")
    assert kernel.run("'should_run_async' in vars(get_ipython())").value == "False"
    kernel.run("%load_ext poppy_ipython")
    assert kernel.run("%poppy").stdout.startswith("auto: off")


def test_poppy_alone_says_the_state(kernel: Kernel) -> None:
    said = kernel.run("%poppy").stdout
    assert said.startswith("auto: off (only cells that begin with %%poppy)\nview: auto\nsaved: picture\nusage: ")
    kernel.run("%poppy auto on --quiet --max-calls 8")
    assert kernel.run("%poppy").stdout.startswith("auto: on --quiet --max-calls 8 (every cell of Python)\n")
    kernel.run("import sys\nsys.settrace(lambda *a: None)")
    assert "cells run plain just now, because a trace function is active (sys.settrace)" in kernel.run("%poppy").stdout
    kernel.run("sys.settrace(None)")
    kernel.run("%poppy auto off")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("auto", "usage: %poppy auto on"),
        ("auto off --quiet", "usage: %poppy auto on"),
        ("auto maybe", "usage: %poppy auto on"),
        ("auto on --max-calls 0", "at least 1"),
        ("auto on --no-such", "--no-such"),
        ("auto on --plan", "--plan is for one cell: %%poppy --plan"),
        ("auto on --record a", "--record is for one cell: %%poppy --record a"),
        ("auto on --check-anyway", "--check-anyway is for one cell"),
        ("atuo on", "did you mean 'auto'?"),
    ],
)
def test_mistakes(kernel: Kernel, line: str, says: str) -> None:
    cell = kernel.run(f"%poppy {line}")
    assert says in cell.stderr and cell.reply["ename"] == "UsageError"
    assert kernel.run("%poppy").stdout.startswith("auto: off")


def test_it_can_check_every_cell(kernel: Kernel) -> None:
    kernel.run("%poppy auto on --check")
    try:
        assert "the same as a plain run" in "".join(kernel.run("x = alone(1)\nx").displays)
    finally:
        kernel.run("%poppy auto off")


def test_a_callback_of_a_widget_calls_functions_of_the_cell(kernel: Kernel) -> None:
    code = (
        "import ipywidgets\ncalled = []\n"
        "def doubled(n):\n    called.append(alone(n) * 2)\n    return called[-1]\n"
        "slider = ipywidgets.IntSlider(3)\nslider.observe(lambda change: doubled(change['new']), 'value')\n"
        "shown = ipywidgets.interactive(doubled, n=slider)\nslider.value = 4\nslider.model_id"
    )
    for state in ("off", "on --quiet"):
        kernel.run(f"%poppy auto {state}")
        comm = (kernel.run(code).value or "").strip("'")
        data = {"comm_id": comm, "data": {"method": "update", "state": {"value": 9}, "buffer_paths": []}}
        kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", data))
        assert kernel.run("called, slider.value, shown.result").value == "([6, 8, 8, 18, 18], 9, 18)", state
    kernel.run("%poppy auto off")
