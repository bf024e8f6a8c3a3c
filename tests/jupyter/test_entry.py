"""The ways into a poppy cell: first line, comments above, other magics around it, by hand; and the ways it is refused."""

from __future__ import annotations

import pytest

from tests.jupyter.kernel import Kernel

PLAIN = "poppy: this cell ran plain, in order, because "


def test_comments_and_blank_lines_above(kernel: Kernel) -> None:
    cell = kernel.run("\n# why\n\n%%poppy --quiet\nx = 1\n1 / 0")
    plain = kernel.run("\n# why\n\n# %%poppy --quiet\nx = 1\n1 / 0")
    assert cell.error is not None
    assert cell.normal() == plain.normal()


def test_further_down_is_an_error_and_nothing_runs(kernel: Kernel) -> None:
    cell = kernel.run("ran = True\n%%poppy\nx = 1")
    assert "move it to line 1" in cell.stderr
    assert cell.reply["ename"] == "UsageError"
    assert kernel.run("'ran' in globals()").value == "False"


def test_inside_a_string_is_text(kernel: Kernel) -> None:
    assert kernel.run('doc = """\n%%poppy\n"""\ndoc').value == "'\\n%%poppy\\n'"
    assert kernel.run('%%poppy\ndoc = """\n%%poppy\n"""\ndoc').value == "'\\n%%poppy\\n'"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--no-such-thing", "unrecognized arguments: --no-such-thing"),
        ("--max-calls 0", "--max-calls must be at least 1"),
        ("--max-calls many", "invalid int value"),
        ("--max-calls", "expected one argument"),
    ],
)
def test_bad_options_run_nothing(kernel: Kernel, line: str, complaint: str) -> None:
    cell = kernel.refused(line)
    assert complaint in cell.stderr
    assert "usage: %%poppy [--max-calls N]" in cell.stderr


def test_documented(kernel: Kernel) -> None:
    shown = kernel.run("%%poppy?").reply["payload"][0]["data"]["text/plain"]
    for word in ("--max-calls", "--no-speculate", "--quiet", "overlapping"):
        assert word in shown
    assert "%%poppy" in (kernel.run("print(get_ipython().run_line_magic('lsmagic', ''))").stdout)


def test_a_cell_without_a_body(kernel: Kernel) -> None:
    assert "UsageError" in kernel.run("%%poppy").stderr
    assert kernel.run("%%poppy\n\n# nothing\n").outputs == []


def test_capture(kernel: Kernel) -> None:
    cell = kernel.run("%%capture kept\n%%poppy\nprint('inside')\nprint('x')")
    assert cell.outputs == []
    assert kernel.run("kept.stdout").value == r"'inside\nx\n'"
    assert kernel.run("len(kept.outputs)").value == "1"  # the summary


def test_time(kernel: Kernel) -> None:
    cell = kernel.run("%%time\n%%poppy --quiet\nprint('inside')\nt = 3\nt")
    assert cell.stdout.startswith("inside\nCPU times")
    assert cell.value == "3"


def test_error_below_time(kernel: Kernel) -> None:
    plain = kernel.run("%%time\n# %%poppy --quiet\nt = 3\n1 / 0")
    ours = kernel.run("%%time\n%%poppy --quiet\nt = 3\n1 / 0")
    assert ours.error is not None
    assert [kind for kind, _ in ours.normal()] == [kind for kind, _ in plain.normal()]
    assert ours.normal()[-1][1]["traceback"][-2:] == plain.normal()[-1][1]["traceback"][-2:]


@pytest.mark.parametrize("magic", ["%%timeit -n2 -r1", "%%prun -q"])
def test_below_a_magic_that_runs_text(kernel: Kernel, magic: str) -> None:
    kernel.run("runs = []")
    cell = kernel.run(f"{magic}\n%%poppy --quiet\nruns.append(1)")
    assert cell.reply["status"] == "ok"
    assert kernel.run("len(runs) == (2 if 'timeit' in _i else 1)".replace("_i", repr(magic))).value == "True"


def test_from_a_callback_of_the_loop(kernel: Kernel) -> None:
    kernel.run("import asyncio\ndone = asyncio.Event()")
    cell = kernel.run(
        "def later():\n"
        "    get_ipython().run_cell('%%poppy --quiet\\nfrom_callback = 5\\nprint(from_callback)')\n"
        "    done.set()\n"
        "_ = asyncio.get_running_loop().call_soon(later)\n"
        "await done.wait()"
    )
    assert cell.stdout == "5\n"
    assert kernel.run("from_callback").value == "5"


def test_run_cell_in_a_cell(kernel: Kernel) -> None:
    cell = kernel.run("result = get_ipython().run_cell('%%poppy --quiet\\nn = 6\\nprint(n)\\nn * 7')\nresult.result")
    assert cell.stdout == "6\n"
    assert [data["text/plain"] for data in cell.of("value")] == ["42", "42"]


def test_error_in_a_nested_cell_as_plain(kernel: Kernel) -> None:
    code = "_ = get_ipython().run_cell('{}\\nx = 1\\n1 / 0')"
    plain = kernel.run(code.format("# %%poppy --quiet"))
    ours = kernel.run(code.format("%%poppy --quiet"))
    assert ours.error is not None
    assert ours.normal() == plain.normal()


def test_nested_with_await_on_the_running_loop(kernel: Kernel) -> None:
    kernel.run("import asyncio\nready = asyncio.Event()")
    cell = kernel.run(
        "asyncio.get_running_loop().call_soon(ready.set)\n"
        "get_ipython().run_cell_magic('poppy', '--quiet', 'await ready.wait()\\nprint(1)\\n5')"
    )
    assert (cell.stdout, cell.value) == ("1\n", "5")
    assert kernel.run("1 + 1").value == "2"


def test_a_poppy_cell_in_a_poppy_cell_runs_plain(kernel: Kernel) -> None:
    cell = kernel.run("%%poppy --quiet\nget_ipython().run_cell('%%poppy\\nm = 5\\nprint(m)')\nm")
    assert cell.stdout == "5\n"
    assert cell.displays == [PLAIN + "it was run from inside another %%poppy cell"]


def test_autoawait_off(kernel: Kernel) -> None:
    kernel.run("%autoawait off")
    try:
        assert kernel.run("%%poppy --quiet\nprint(1)\n2").value == "2"
    finally:
        kernel.run("%autoawait on")


def test_trace_function_runs_plain_and_says_so(kernel: Kernel) -> None:
    kernel.run("import sys\nlines = []\ndef watch(frame, event, arg):\n    lines.append(frame.f_lineno)\n    return watch")
    kernel.run("sys.settrace(watch)")
    try:
        cell = kernel.run("%%poppy\nprint(1)\n2")
    finally:
        kernel.run("sys.settrace(None)")
    assert (cell.stdout, cell.value) == ("1\n", "2")
    assert cell.displays == [PLAIN + "a trace function is active (sys.settrace)"]


def test_summary_and_last_run(kernel: Kernel) -> None:
    cell = kernel.run("%%poppy\nx = 1\nx")
    assert [kind for kind, _ in cell.outputs] == ["value", "display"]
    assert "0 calls" in cell.displays[0]
    assert kernel.run("%%poppy --quiet\nx").displays == []
    assert kernel.run("import poppy_ipython\npoppy_ipython.last_run.calls").value == "()"
    assert kernel.run("poppy_ipython.last_run.value").value == "1"


def test_debug_after_an_error(kernel: Kernel) -> None:
    kernel.run("%%poppy --quiet\nhere = 7\n1 / 0")
    frames = kernel.run(
        "import sys\nt = sys.last_traceback\nwhile t.tb_next: t = t.tb_next\nt.tb_frame.f_globals['here'], t.tb_lineno"
    )
    assert frames.value == "(7, 3)"
