"""Nobody is asked during a replay: a connection that replayed code opens is an error, and not a bill.

What the engine runs as it is written is not answered: a coroutine that is kept before it is awaited, `async with`, a callback
inside native code. It would ask the real service, in the middle of a replay, unseen. Python tells whoever wants to know before a
socket is connected (an audit hook, which cannot be taken out again and costs one look at a context variable), and a context
variable tells what belongs to the replay: tasks and the threads of async libraries inherit it.

A connection that is open already can be written to unheard; in the kernel that plays a recording back there mostly is none.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from poppy_ipython.record.errors import MissingCall

__all__ = ["offline"]

_replaying: ContextVar[tuple[str, list[str]] | None] = ContextVar("poppy_ipython_replaying", default=None)
_hooked = False


@contextlib.contextmanager
def offline(name: str | None) -> Iterator[list[str]]:
    """Inside, nothing of this context connects to anything over the network (None: it may). What wanted to is in the list:
    a library may make another error of ours."""
    global _hooked
    if name is not None and not _hooked:
        _hooked = True
        sys.addaudithook(_look)
    wanted: list[str] = []
    token = _replaying.set(None if name is None else (name, wanted))
    try:
        yield wanted
    finally:
        _replaying.reset(token)


def _look(event: str, args: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    found = _replaying.get()
    if found is None or getattr(args[0], "family", None) not in (socket.AF_INET, socket.AF_INET6):
        return
    host, port = (args[1] if isinstance(args[1], tuple) and len(args[1]) >= 2 else (args[1], ""))[:2]
    text = (
        f"the replay of {found[0]!r} wanted to connect to {host}:{port}: a call from code that runs as it is written (a "
        "coroutine that was kept, async with, a callback of a library) is in no recording. Declare the function around it, or "
        "--replay-missing live."
    )
    found[1].append(text)
    raise MissingCall(text)
