"""What runs on a worker of a Dask cluster, around `worker.perform`: once only, interruptible, and what stays of a result.

Tasks run in threads there, where no signal arrives: who is to stop gets KeyboardInterrupt set by its thread's number, under the
lock under which a call takes its number back. So it cannot hit a later call of the same thread.
"""

from __future__ import annotations

import ctypes
import threading
import time
from typing import Any

from distributed import Event, get_worker
from distributed.sizeof import safe_sizeof

from poppy_ipython.backends.worker import CANCELLED, perform

__all__ = ["LARGE", "about", "interrupt", "perform_there"]

LARGE = 1_000_000
_threads: dict[str, int] = {}
_lock = threading.Lock()


def perform_there(parcel: Any, token: str, once: bool = False, indices: Any = (), *outcomes: Any) -> tuple[Any, ...]:
    """A call, with the results of others in the places `indices`. `once`: not if it has begun before, on a worker that died."""
    worker = get_worker().name
    began = time.time()
    if once:
        event = Event(token)
        if event.is_set():
            return "lost", None, [], began, began, worker
        event.set()
    with _lock:
        _threads[token] = threading.get_ident()
    try:
        try:
            fill = {index: outcome[1] for index, outcome in zip(indices, outcomes, strict=True)}
            answer = perform(parcel, fill=fill)
        finally:
            with _lock:
                _threads.pop(token, None)
    except KeyboardInterrupt:  # came too late to hit the call
        return CANCELLED, None, [], began, time.time(), worker
    return *answer[:-1], worker


def interrupt(tokens: list[str]) -> None:
    """Stop those of the calls that run on this worker."""
    with _lock:
        for token in tokens:
            thread = _threads.pop(token, None)
            if thread is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt))


def about(outcome: tuple[Any, ...]) -> tuple[Any, ...]:
    """All of an outcome but a large result, which stays where it is."""
    word, value, *rest = outcome
    if word != "ok" or safe_sizeof(value) < LARGE:
        return outcome
    return "stays", None, *rest
