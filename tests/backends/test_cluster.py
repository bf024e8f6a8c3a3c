"""Calls on a Dask cluster of two processes on this machine."""

from __future__ import annotations

import logging
import os
import socket
import threading
import traceback

import psutil
import pytest
from distributed import Client, LocalCluster

import poppy_ipython
from poppy_ipython import sequential, unordered
from poppy_ipython.backends import cluster as clusters
from poppy_ipython.backends.parcel import Cannot
from poppy_ipython.backends.remote import WorkerLost

from .cells import DIES, ok, run


@pytest.fixture(scope="module")
def client():
    logging.getLogger("distributed.nanny").setLevel(logging.ERROR)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, resources={"SLOT": 1}) as made:
        with Client(made, set_as_default=False) as found:
            poppy_ipython.use_cluster(found)
            yield found
            poppy_ipython.use_cluster(None)


def test_functions_of_the_notebook_run_on_the_workers_and_write_in_their_place(client, capsys) -> None:
    found = ok(
        "import os\n@there\ndef who(n):\n    print('worker', n)\n    return n, os.getpid()\n"
        "found = []\nfor n in range(6):\n    print('before', n)\n    found.append(who(n))"
    )
    assert [n for n, _ in found["found"]] == list(range(6)) and os.getpid() not in {pid for _, pid in found["found"]}
    assert capsys.readouterr().out.splitlines() == [line for n in range(6) for line in (f"before {n}", f"worker {n}")]
    calls = found["run"].calls
    assert {call.worker for call in calls} <= {"worker 0", "worker 1"} and {call.host for call in calls} == {"dask"}
    assert all(call.started <= call.began <= call.finished <= call.until for call in calls)


def test_a_whole_cell_on_the_cluster(client) -> None:
    assert ok("import os\n@unordered\ndef f(): return os.getpid()\nx = f()", backend="dask")["x"] != os.getpid()


FAILS = "@KIND\ndef parse(text):\n    return int(text)\ndef outer(text):\n    return parse(text)\nvalue = outer('seven')"


def test_exceptions_are_those_of_a_thread_frame_by_frame(client) -> None:
    def said(kind) -> str:
        return "".join(traceback.format_exception(run(FAILS, {"KIND": kind})[0].error))

    assert said(unordered(backend="dask")) == said(unordered(backend="threads"))


CHAIN = """
import numpy as np
@there
def load(n): return np.ones(n)
@there
def double(a): return a * 2
@there
def total(a): return float(a.sum())
"""


def moved() -> int:
    return psutil.net_io_counters(pernic=True)["lo"].bytes_recv


def test_a_chain_of_calls_does_not_travel_through_the_notebook(client) -> None:
    names = ok(CHAIN)
    array = 4_000_000 * 8
    before = moved()
    job = "def job(n):\n    a = load(n)\n    b = double(a)\n    return total(b)\n"
    found = ok(job + "x = total(double(load(n)))\ny = job(n)", {**names, "n": 4_000_000})
    assert found["x"] == found["y"] == 8_000_000.0
    assert moved() - before < 2.5 * array, "at most from worker to worker"
    assert [call.outcome for call in found["run"].calls] == ["ok"] * 6


def test_what_a_variable_of_the_cell_holds_is_a_value(client) -> None:
    names = ok(CHAIN)
    found = ok("a = load(300_000)\nb = double(a)\nkept = [double(a)]\nx = total(b)", names)
    assert (type(found["a"]), type(found["b"]), found["x"]) == (names["np"].ndarray,) * 2 + (600_000.0,)
    assert found["kept"][0][0] == 2.0


def test_large_arguments_are_scattered_and_are_what_they_were_at_the_call(client) -> None:
    names = ok(CHAIN)
    found = ok("a = np.ones(1_000_000)\nx = total(a)\na[:] = 5\ny = total(a)", names)
    assert (found["x"], found["y"]) == (1_000_000.0, 5_000_000.0)


def test_a_killed_worker_is_tried_again_where_that_does_no_harm(client, tmp_path) -> None:
    path = tmp_path / "count"
    assert ok(DIES, {"KIND": unordered(backend="dask"), "path": str(path)})["value"] == "done"
    assert path.stat().st_size == 2


def test_a_killed_worker_is_an_error_where_it_may_do_harm(client, tmp_path) -> None:
    path = tmp_path / "count"
    found, names = run(DIES, {"KIND": sequential("file", backend="dask"), "path": str(path)})
    assert type(found.error) is WorkerLost and "must not be done twice" in str(found.error) and "value" not in names
    assert path.stat().st_size == 1, "once"


def test_who_kills_its_worker_every_time_is_an_error(client) -> None:
    """As a worker out of memory, which its nanny kills."""
    scheduler = client.cluster.scheduler
    before, scheduler.allowed_failures = scheduler.allowed_failures, 0
    try:
        found, _ = run("import os, signal\n@there\ndef die(): os.kill(os.getpid(), signal.SIGKILL)\ndie()")
    finally:
        scheduler.allowed_failures = before
    assert type(found.error) is WorkerLost and "out of memory" in str(found.error)
    assert ok("@there\ndef f(): return 1\nx = f()")["x"] == 1


def test_memory_that_a_call_does_not_get_is_its_own_error(client) -> None:
    found, _ = run("@there\ndef much(): return bytearray(1 << 60)\nmuch()")
    assert isinstance(found.error, MemoryError)


def test_a_call_that_nobody_wants_is_interrupted(client, tmp_path) -> None:
    found, _ = run(
        "import os, time\n"
        "@there\ndef fail(path):\n    while not os.path.exists(path): time.sleep(0.01)\n    raise ValueError('no')\n"
        "@there\ndef slow(path):\n    open(path, 'w').close()\n    while True: time.sleep(0.01)\n"
        "a = fail(path)\nb = slow(path)",
        {"path": str(tmp_path / "begun")},
    )
    assert isinstance(found.error, ValueError)
    meet = (
        "import os, time\n@there\ndef meet(folder, n):\n"
        "    open(os.path.join(folder, str(n)), 'w').close()\n"
        "    while len(os.listdir(folder)) < 2: time.sleep(0.01)\n    return n\n"
        "found = [meet(folder, n) for n in range(2)]"
    )
    (tmp_path / "all").mkdir()
    assert ok(meet, {"folder": str(tmp_path / "all")})["found"] == [0, 1], "both workers are free again"


def test_an_argument_that_cannot_travel_is_named(client) -> None:
    found, _ = run("@there\ndef use(x): return 1\nuse(lock)", {"lock": threading.Lock()})
    assert type(found.error) is Cannot and "`lock`" in str(found.error)


def test_resources_are_dasks_and_a_cluster_that_is_too_small_says_so(client) -> None:
    declared = {"one": unordered(backend="dask", resources={"SLOT": 1}), "two": unordered(backend="dask", resources={"SLOT": 2})}
    assert ok("@one\ndef f(n): return n\nx = [f(n) for n in range(4)]", declared)["x"] == [0, 1, 2, 3]
    found, _ = run("@two\ndef f(n): return n\nf(1)", declared)
    assert type(found.error) is clusters.ClusterError and "{'SLOT': 1}" in str(found.error)


def test_a_scheduler_that_is_down_is_named(client, monkeypatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", "1s")
    poppy_ipython.use_cluster(address)
    try:
        found, names = run("done = 1\n@there\ndef f(): return 1\nf()")
    finally:
        poppy_ipython.use_cluster(client)
    assert type(found.error) is clusters.ClusterError and address in str(found.error) and names["done"] == 1


def test_versions_that_differ(client, caplog) -> None:
    versions = client.get_versions(packages=["cloudpickle", "poppy_ipython"])
    assert clusters.complaint(versions) is None
    name = next(iter(versions["workers"]))
    worker = versions["workers"][name]
    worker["packages"]["cloudpickle"] = "0.1"
    assert clusters.complaint(versions) is None and "cloudpickle 0.1" in caplog.text
    worker["packages"]["poppy_ipython"] = None
    assert "has no poppy_ipython" in clusters.complaint(versions)
    worker["host"]["python"] = "3.99.0.final.0"
    assert name in clusters.complaint(versions) and "3.99" in clusters.complaint(versions)
