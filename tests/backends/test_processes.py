"""Calls in processes of this machine: the same results, output, exceptions; what cannot travel says so."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import traceback

import numpy as np
import pytest

import poppy_ipython
from poppy_ipython import Options, pure, sequential, unordered
from poppy_ipython.backends import parcel, processes
from poppy_ipython.backends.remote import WorkerLost

from .cells import DIES, ok, run

WHO = "import os\n@unordered(backend='processes')\ndef who(n):\n    return n, os.getpid()\n"


def test_functions_of_the_notebook_travel_and_workers_are_kept_between_cells() -> None:
    first = ok(WHO + "found = [who(n) for n in range(8)]")
    assert [n for n, _ in first["found"]] == list(range(8))
    pids = {pid for _, pid in first["found"]}
    assert os.getpid() not in pids and len(pids) <= processes.workers()
    second = ok("found = [who(n) for n in range(8)]", {"who": first["who"]})
    assert {pid for _, pid in second["found"]} <= set(processes._the_pool().names), "the same pool"
    calls = second["run"].calls
    assert {call.worker.split()[0] for call in calls} == {"process"}
    assert all(call.started <= call.began <= call.finished <= call.until for call in calls)


def test_a_whole_cell_in_processes_and_what_names_its_backend_stays() -> None:
    found = ok(
        "import os\n"
        "@unordered\ndef there(): return os.getpid()\n"
        "@unordered(backend='threads')\ndef here(): return os.getpid()\n"
        "a, b = there(), here()",
        backend="processes",
    )
    assert found["a"] != os.getpid() == found["b"]


def test_pure_functions_too() -> None:
    found = ok("import os\n@pure(backend='processes')\ndef f(x): return x + 1, os.getpid()\ny = f(1)")
    assert found["y"][0] == 2 and found["y"][1] != os.getpid()


def test_what_a_call_writes_has_its_place(capsys: pytest.CaptureFixture) -> None:
    ok(
        "import sys, logging\n"
        "@unordered(backend='processes')\n"
        "def say(n):\n    print('out', n)\n    logging.getLogger('a.b').warning('log %d', n)\n    print('err', n, file=sys.stderr)\n"
        "handler = logging.StreamHandler(sys.stdout)\n"
        "logging.getLogger('a').addHandler(handler)\n"
        "logging.getLogger('a').propagate = False\n"
        "for n in range(4):\n    print('before', n)\n    say(n)\n"
        "print('end')\n"
        "logging.getLogger('a').removeHandler(handler)",
    )
    logging.getLogger("a").propagate = True
    out, err = capsys.readouterr()
    want = [line for n in range(4) for line in (f"before {n}", f"out {n}", f"log {n}")] + ["end"]
    assert out.splitlines() == want
    assert [line for line in err.splitlines() if line.startswith("err")] == [f"err {n}" for n in range(4)]


FAILS = """
@unordered(backend=BACKEND)
def parse(text):
    def deeper():
        return int(text)
    try:
        return deeper()
    except ValueError as error:
        error.add_note("while parsing")
        raise KeyError(text) from error
def outer(text):
    return parse(text)
value = outer("seven")
"""


def test_exceptions_are_those_of_a_thread_frame_by_frame() -> None:
    def said(backend: str) -> str:
        found, _ = run(FAILS, {"BACKEND": backend})
        return "".join(traceback.format_exception(found.error))

    assert said("processes") == said("threads")
    assert "line 12, in outer" in said("processes") and "while parsing" in said("processes")


def test_exceptions_that_pickle_cannot_rebuild_keep_their_type() -> None:
    found = ok(
        "class Odd(Exception):\n"
        "    def __init__(self, a, b):\n        super().__init__(f'{a}-{b}')\n        self.a = a\n"
        "@unordered(backend='processes')\n"
        "def fail(): raise Odd(1, 2)\n"
        "try:\n    fail()\nexcept Odd as error:\n    seen = error.a, str(error)"
    )
    assert found["seen"] == (1, "1-2")


def test_classes_of_the_notebook_come_back_as_themselves() -> None:
    found = ok(
        "class Point:\n    def __init__(self, x): self.x = x\n"
        "@unordered(backend='processes')\n"
        "def move(p): return Point(p.x + 1)\n"
        "q = move(Point(1))"
    )
    assert type(found["q"]) is found["Point"] and found["q"].x == 2


def test_arguments_are_what_they_were_at_the_call_and_values_not_promises() -> None:
    found = ok(
        "@unordered(backend='processes')\ndef total(xs): return sum(xs)\n"
        "xs = [1, 2]\na = total(xs)\nxs.append(a)\nb = total(xs)\nxs.append(b)\nc = total(xs)"
    )
    assert (found["a"], found["b"], found["c"], found["xs"]) == (3, 6, 12, [1, 2, 3, 6])


def test_a_global_that_changes_is_seen_by_the_next_call() -> None:
    names = ok("@unordered(backend='processes')\ndef scaled(x): return x * FACTOR\nFACTOR = 2\na = scaled(1), scaled(2)")
    for cell in ("FACTOR = 3", "b = scaled(1)", "def scaled(x): return FACTOR[x]\nFACTOR = [5]", "unordered(backend='processes')(scaled)",
                 "c = scaled(0)", "FACTOR[0] = 6", "d = scaled(0)"):  # fmt: skip
        assert poppy_ipython.run(cell, names).error is None
    assert (names["a"], names["b"], names["c"], names["d"]) == ((2, 4), 3, 5, 6)


def test_large_arrays_go_through_shared_memory_and_nothing_stays_there() -> None:
    pool = processes._the_pool()
    before = np.arange(400_000.0)
    found = ok("@unordered(backend='processes')\ndef twice(a):\n    return a * 2\nafter = twice(before)\nafter[0] = 7", {"before": before})
    assert found["after"][0] == 7 and np.array_equal(found["after"][1:], before[1:] * 2) and before[0] == 0
    assert os.listdir(pool.folder) == ["slots"]
    small = parcel.pack_here(before, pool.folder)
    assert len(small[0]) < 1000 and isinstance(small[1], tuple), "the bytes are beside the pickle"
    parcel.discard(small)


def test_a_full_shared_memory_is_no_error() -> None:
    packed = parcel.pack_here(np.arange(100_000.0), "/no/such/folder")
    assert parcel.unpack(packed)[-1] == 99_999.0


def test_the_surroundings_of_the_notebook(tmp_path, monkeypatch) -> None:
    look = "import os, logging\n@unordered(backend='processes')\ndef look(): return os.environ.get('POPPY_X'), os.getcwd(), logging.getLogger().level\n"
    first = ok(look + "seen = look()")
    assert first["seen"][0] is None
    monkeypatch.setenv("POPPY_X", "yes")
    monkeypatch.chdir(tmp_path)
    assert ok("seen = look()", {"look": first["look"]})["seen"][:2] == ("yes", str(tmp_path))
    monkeypatch.delenv("POPPY_X")
    assert ok("seen = look()", {"look": first["look"]})["seen"][0] is None


# ---------------------------------------------------------------- what goes wrong


def test_an_argument_that_cannot_travel_is_named_with_the_way_out() -> None:
    source = "@unordered(backend='processes')\ndef use(a, config): return 1\ndone = 1\nuse(1, settings)"
    found, names = run(source, {"settings": {"db": {"lock": threading.Lock()}}})
    text = str(found.error)
    assert type(found.error) is parcel.Cannot and "`settings`" in text and "['db']['lock']" in text and "backend='threads'" in text
    assert names["done"] == 1, "what precedes it is done"


def test_a_variable_that_a_function_reads_and_that_cannot_travel_is_named() -> None:
    found, _ = run("@unordered(backend='processes')\ndef use(): return lock\nuse()", {"lock": threading.Lock()})
    assert "use uses the variable `lock`" in str(found.error)


def test_a_result_that_cannot_travel_is_an_error_of_its_call() -> None:
    found, _ = run("import threading\n@unordered(backend='processes')\ndef make(): return threading.Lock()\nmake()")
    assert isinstance(found.error, TypeError) and "lock" in str(found.error)
    assert ok(WHO + "x = who(1)")["x"][0] == 1


def test_a_killed_worker_is_tried_again_where_that_does_no_harm(tmp_path) -> None:
    path = str(tmp_path / "count")
    found = ok(DIES, {"KIND": unordered(backend="processes"), "path": path})
    assert found["value"] == "done" and found["run"].calls[0].attempts == 2


def test_a_killed_worker_is_an_error_where_it_may_do_harm(tmp_path) -> None:
    path = str(tmp_path / "count")
    found, names = run(DIES, {"KIND": sequential("file", backend="processes"), "path": path})
    assert type(found.error) is WorkerLost and "SIGKILL" in str(found.error) and "value" not in names
    assert os.path.getsize(path) == 1, "once"


def test_who_kills_its_worker_every_time_does_not_take_others_with_it() -> None:
    found = ok(
        "import os, signal\n"
        "@unordered(backend='processes')\ndef die(): os.kill(os.getpid(), signal.SIGKILL)\n"
        "@unordered(backend='processes')\ndef live(n): return n\n"
        "values = [live(n) for n in range(10)]\n"
        "try:\n    die()\nexcept RuntimeError as error:\n    seen = type(error).__name__\n"
        "more = [live(n) for n in range(10)]"
    )
    assert found["values"] == found["more"] == list(range(10)) and found["seen"] == "WorkerLost"


def test_a_call_that_nobody_wants_is_interrupted_in_its_worker(tmp_path) -> None:
    """The second one would take a minute; it ends when the first one's failure makes it superfluous."""
    found, _ = run(
        "import os, time\n"
        "@unordered(backend='processes')\n"
        "def fail(path):\n    while not os.path.exists(path): time.sleep(0.01)\n    raise ValueError('no')\n"
        "@unordered(backend='processes')\n"
        "def slow(path):\n"
        "    try:\n        open(path, 'w').close()\n        time.sleep(60)\n    except KeyboardInterrupt:\n        open(path + '2', 'w').close()\n        raise\n"
        "a = fail(path)\nb = slow(path)",
        {"path": str(tmp_path / "begun")},
    )
    assert isinstance(found.error, ValueError)
    if processes.workers() > 1:
        assert [call.outcome for call in found.calls] == ["error", "cancelled"]
    meet = (
        "import os, time\n"
        "@unordered(backend='processes')\n"
        "def meet(folder, n, all):\n"
        "    open(os.path.join(folder, str(n)), 'w').close()\n"
        "    while len(os.listdir(folder)) < all: time.sleep(0.01)\n"
        "    return n\n"
        "found = [meet(folder, n, all) for n in range(all)]"
    )
    (tmp_path / "all").mkdir()
    names = ok(meet, {"folder": str(tmp_path / "all"), "all": processes.workers()})  # each worker is back
    assert names["found"] == list(range(processes.workers()))
    assert (tmp_path / "begun2").exists()


def test_without_loky_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['loky'] = None\n"
        "import poppy_ipython\n"
        "f = poppy_ipython.unordered(backend='processes')(lambda: 1)\n"
        "print(poppy_ipython.run('f()', {'f': f}).error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True).stdout
    assert "poppy-ipython[processes]" in said


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: unordered(backend="processs"), "'processes'"),
        (lambda: unordered(backend="processes", resources={"GPU": 1}), "backend='dask'"),
        (lambda: unordered(backend="dask", resources={"GPU": 0}), "names and amounts"),
        (lambda: pure(backend="threads"), "runs in place"),
        (lambda: Options(backend="cloud"), "--backend is processes or dask"),
    ],
)
def test_settings_that_cannot_be_meant(wrong, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        wrong()


def test_async_functions_do_not_go_there() -> None:
    async def ask(): ...

    with pytest.raises(TypeError, match="async function"):
        unordered(backend="processes")(ask)


def test_a_thread_says_how_long_it_computed_and_a_worker_when() -> None:
    source = "import time\n@KIND\ndef compute():\n    end = time.thread_time() + 0.05\n    while time.thread_time() < end: pass\ncompute()"
    (call,) = ok(source, {"KIND": unordered})["run"].calls
    assert 0.05 <= call.cpu <= call.seconds and call.worker is None
    found = ok(source, {"KIND": unordered(backend="processes")})["run"]
    (call,) = found.calls
    assert call.cpu is None and 0.05 <= call.finished - call.began <= call.seconds
    slices = [(e["name"], e["cat"]) for e in found.trace.to_chrome_trace()["traceEvents"] if e["ph"] == "X" and e["cat"] != "waiting"]
    assert slices == [("compute", "call"), (f"to {call.worker}", "transfer"), (call.worker, "computing"), (f"from {call.worker}", "transfer")]
