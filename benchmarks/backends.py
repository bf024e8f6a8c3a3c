"""Other processes: what `backend="processes"` and `backend="dask"` cost beside the engines that they rest on.

    python -m benchmarks.backends [cpu] [noop] [chain]         (all three: about two minutes on two idle cores)

* **cpu**: 200 calls that compute for 50 ms each: plain, `joblib.Parallel`, a cell. Workers are warm in both; best of two.
* **noop**: 10,000 calls that do nothing on a Dask cluster of two processes: `Client.map` and `gather`, a cell. Best of two.
* **chain**: three calls on 50 MB arrays, the last one's result fetched: bytes over the loopback interface, which is all there is
  between notebook, scheduler and workers. By hand: `submit` with the future of the one before.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import poppy_ipython
from poppy_ipython import unordered

CALLS, SECONDS, NOTHINGS, MEGABYTES = 200, 0.05, 10_000, 50


def spin(n: int) -> int:
    """Compute for `SECONDS` of this thread's own time."""
    end = time.thread_time() + SECONDS
    while time.thread_time() < end:
        n = (n * 31 + 7) % 1_000_003
    return n


def nothing(n: int) -> int:
    return n


def timed(what: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


def cell(source: str, **names: Any) -> Callable[[], Any]:
    """A cell to be run; an exception of its ends the benchmark."""

    def run() -> Any:
        found = poppy_ipython.run(source, {"__name__": "__main__", **names})
        if found.error is not None:
            raise found.error
        return found

    return run


def report(name: str, figures: dict[str, str], ratio: str, reached: bool) -> None:
    said = " · ".join(f"{what} {figure}" for what, figure in figures.items())
    print(f"{name:6} {said}\n       {ratio}{'' if reached else ', NOT REACHED'}", flush=True)


def cpu() -> None:
    from joblib import Parallel, delayed

    ours = cell("out = [spin(n) for n in range(calls)]", spin=unordered(backend="processes")(spin), calls=CALLS)
    pool = Parallel(n_jobs=os.cpu_count())
    pool(delayed(nothing)(n) for n in range(4))
    cell("out = [f(n) for n in range(4)]", f=unordered(backend="processes")(nothing))()
    plain = timed(lambda: [spin(n) for n in range(CALLS)])
    joblib = min(timed(lambda: pool(delayed(spin)(n) for n in range(CALLS))) for _ in range(2))
    poppy = min(timed(ours) for _ in range(2))
    reached = plain / poppy >= 1.85 and poppy / joblib <= 1.05
    ratio = f"{plain / poppy:.2f} times sooner than plain (aim 1.85), {poppy / joblib:.3f} of joblib (aim 1.05)"
    report("cpu", {"plain": f"{plain:.2f} s", "joblib": f"{joblib:.2f} s", "poppy": f"{poppy:.2f} s"}, ratio, reached)


@contextmanager
def cluster() -> Any:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made,
        Client(made, set_as_default=False) as client,
    ):
        poppy_ipython.use_cluster(client)
        yield client
        poppy_ipython.use_cluster(None)


def noop() -> None:
    there = unordered(backend="dask")(nothing)
    with cluster() as client:
        cell("out = [f(n) for n in range(500)]", f=there)()
        client.gather(client.map(nothing, range(500), pure=False))
        ours = cell("out = [f(n) for n in range(count)]", f=there, count=NOTHINGS)
        by_hand, poppy = [], []
        for _ in range(2):
            by_hand.append(timed(lambda: client.gather(client.map(nothing, range(NOTHINGS), pure=False))))
            poppy.append(timed(ours))
    ratio = min(poppy) / min(by_hand)
    figures = {"map + gather": f"{min(by_hand):.2f} s", "poppy": f"{min(poppy):.2f} s"}
    report("noop", figures, f"{ratio:.2f} of Client.map and gather (aim 1.15)", ratio <= 1.15)


def chain() -> None:
    import numpy as np
    import psutil

    def load(count: int) -> Any:
        return np.ones(count)

    def double(array: Any) -> Any:
        return array * 2

    def moved(what: Callable[[], Any]) -> float:
        before = psutil.net_io_counters(pernic=True)["lo"].bytes_recv
        what()
        return (psutil.net_io_counters(pernic=True)["lo"].bytes_recv - before) / 1e6

    count = MEGABYTES * 1_000_000 // 8
    with cluster() as client:

        def by_hand() -> Any:
            first = client.submit(load, count, pure=False)
            return client.submit(double, client.submit(double, first, pure=False), pure=False).result()

        there = unordered(backend="dask")
        ours = cell("out = double(double(load(count)))", load=there(load), double=there(double), count=count)
        hand, poppy = moved(by_hand), moved(ours)
    ratio = poppy / hand
    figures = {"by hand": f"{hand:.1f} MB", "poppy": f"{poppy:.1f} MB"}
    report("chain", figures, f"{ratio:.3f} of the bytes (aim 1.1)", ratio <= 1.1)


ALL = {"cpu": cpu, "noop": noop, "chain": chain}

if __name__ == "__main__":
    unknown = [name for name in sys.argv[1:] if name not in ALL]
    if unknown:
        sys.exit(f"usage: python -m benchmarks.backends [{'] ['.join(ALL)}]")
    for name in sys.argv[1:] or ALL:
        ALL[name]()
