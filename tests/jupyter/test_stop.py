"""Every other way in which a cell is stopped: a second signal, an exit, a shutdown, an error before queued cells; nothing is left."""

from __future__ import annotations

import ast
import time

import pytest

from tests.jupyter.kernel import Kernel

PRELUDE = """
import asyncio, gc, os, signal, sys, threading, time
import greenlet, poppy_ipython
from poppy_ipython import unordered
gates = []

@unordered
async def slow(n):
    await asyncio.sleep(60)

@unordered
def blocking(n):
    gate = threading.Event()
    gates.append(gate)
    gate.wait(60)

@unordered
def tool(n):
    if n == 7:
        raise ValueError(n)
    return n

@unordered
def leaves():
    raise SystemExit(3)

STDOUT = sys.stdout

def census():
    while gates:
        gates.pop().set()  # what was abandoned may go
    gc.collect()
    alive = [g for g in gc.get_objects() if issubclass(type(g), greenlet.greenlet) and g and g is not greenlet.getcurrent() and g.parent]
    tasks = [t for t in asyncio.all_tasks() if "slow" in repr(t) or "poppy_ipython" in repr(t)]
    return [len(tasks), len(alive), sorted(t.name for t in threading.enumerate() if t.name != "poppy-call"), len(os.listdir("/proc/self/fd")),
            sys.stdout is STDOUT, signal.getsignal(signal.SIGINT).__module__]
"""


@pytest.fixture(scope="module", autouse=True)
def prelude(kernel: Kernel) -> None:
    assert kernel.run(PRELUDE).reply["status"] == "ok"
    kernel.run("%%poppy --quiet\nx = [tool(n) for n in range(5)]")  # threads that stay are there from now on


WAITING = ["x = await slow(1)", "x = blocking(1)\nprint(x)", "xs = [blocking(n) for n in range(4)]\nprint(xs)", "while True: pass"]


@pytest.mark.parametrize("body", WAITING)
def test_a_second_impatient_signal(kernel: Kernel, body: str) -> None:
    def run() -> None:
        cell = kernel.run(
            "import threading, _thread\n"
            "threading.Timer(0.2, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()\n"
            "threading.Timer(0.202, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()"
        )
        assert cell.reply["status"] == "ok"

    run()
    cell = kernel.run("%%poppy --quiet\n" + body)
    assert cell.reply["status"] == "error" and cell.reply["ename"] == "KeyboardInterrupt"
    kernel.run("time.sleep(0.1)")  # the second signal may still be on its way: to a plain cell, as with any kernel
    assert kernel.run("%%poppy --quiet\n6 * 7").value == "42"


@pytest.mark.parametrize("body", ["raise SystemExit(3)", "x = leaves()\nprint(x)", "import sys\nsys.exit('enough')"])
def test_an_exit_is_what_it_is_in_a_plain_cell(kernel: Kernel, body: str) -> None:
    plain, ours = kernel.run(body), kernel.run("%%poppy --quiet\n" + body)
    assert ours.reply["ename"] == plain.reply["ename"] == "SystemExit" and ours.reply["evalue"] == plain.reply["evalue"]
    assert kernel.run("%%poppy --quiet\n6 * 7").value == "42"


@pytest.mark.parametrize("stop_on_error", [True, False])
def test_queued_cells_run_or_not_as_jupyter_was_told(kernel: Kernel, stop_on_error: bool) -> None:
    kernel.run("reached = 0")
    first = kernel.client.execute("%%poppy --quiet\nx = tool(7)\nprint(x)", stop_on_error=stop_on_error)
    second = kernel.client.execute("%%poppy --quiet\nreached = tool(1)")
    replies = {}
    while len(replies) < 2:
        reply = kernel.client.get_shell_msg(timeout=20)
        replies[reply["parent_header"].get("msg_id")] = reply["content"]["status"]
    assert replies[first] == "error" and replies[second] == ("aborted" if stop_on_error else "ok")
    assert kernel.run("reached").value == ("0" if stop_on_error else "1")


def test_nothing_is_left_after_any_of_it(kernel: Kernel) -> None:
    cell = kernel.run("census()")
    before = cell.value
    assert before is not None, cell.error
    for _ in range(3):
        kernel.run("%%poppy --quiet\nxs = [tool(n) for n in range(6)]\nprint(xs)")
        kernel.run("%%poppy --quiet\nxs = [tool(n) for n in range(9)]\nprint(xs)")
        kernel.run("get_ipython().run_cell_magic('poppy', '--quiet', 'ys = [tool(n) for n in range(5)]')")
        for body in WAITING[:3]:
            kernel.interrupted(f"%%poppy --quiet\nprint('now', flush=True)\n{body}")
    cell = kernel.run("census()")  # opens the gates
    assert cell.value is not None, cell.error
    # the interrupt's second look is a timer, which ends by itself
    kernel.run("import threading\nfor t in threading.enumerate():\n    if isinstance(t, threading.Timer): t.join()")
    tasks, greenlets, threads, files, *rest = ast.literal_eval(str(kernel.run("census()").value))
    least = ast.literal_eval(before)
    assert [tasks, greenlets, threads, rest] == [0, 0, least[2], least[4:]]
    assert files <= least[3], "a descriptor is left (the kernel itself may close one)"


def test_a_shutdown_does_not_wait_for_calls() -> None:
    kernel = Kernel()
    try:
        kernel.run("%load_ext poppy_ipython")
        kernel.run(PRELUDE)
        kernel.client.execute("%%poppy --quiet\nprint('now', flush=True)\nxs = [blocking(n) for n in range(4)]\nprint(xs)")
        while kernel.client.get_iopub_msg(timeout=20)["content"].get("text") != "now\n":
            pass
        began = time.monotonic()
        kernel.manager.shutdown_kernel(now=False)
        assert time.monotonic() - began < 5.5, "not even the manager's patience is used up"
        assert not kernel.manager.is_alive()
    finally:
        kernel.close()
