"""Output of external calls, in program order.

What the cell itself prints is written at the head and needs no help. But the code *inside* an external call (a
coroutine, a function in a thread) runs out of order, and may print, warn, log or display as well. So while a poppy
cell runs, each call gets a `Piece`, named by a context variable in the call's context (tasks inherit it; threads get
a copy of the context). What is written under a piece is kept, and replayed by the engine when the call retires.

    ask(1) ──print──▶ piece 1 ─┐
    ask(2) ──print──▶ piece 2 ─┼─▶ replayed at retirement: 1, 2, …      head ──print──▶ the stream, at once
    (thread, task)             ┘

The hook is an instance attribute `write` on the very stream objects (and `publish`, `clear_output` on the display
publisher), not a proxy in their place. Decided against proxies: `out = sys.stdout` in a cell would leave one in the
user's namespace, a `logging.StreamHandler` made in an earlier cell holds the real stream and would bypass it, and
overlapping redirections restore in the wrong order. Measured: `print` looks up `write` on the instance, for
ipykernel's `OutStream`, `TextIOWrapper` and `StringIO`'s subclasses alike; a stream that takes no attributes is left
alone, its output appears when it is written.

A call that writes nothing costs one small object and a context variable. Raw writes to file descriptors are out of
reach.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, Token
from typing import Any

_current: ContextVar[Piece | None] = ContextVar("poppy_ipython_piece", default=None)

#: one lock for all pieces: taken only by a write under a piece and by the replay of one with content
_lock = threading.RLock()

#: one write to come: what flushes and writes, and with what
_Write = tuple[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class Piece:
    """The output of one external call.

    >>> with ordered():
    ...     first, second = Piece(), Piece()
    ...     with second: print("two")
    ...     with first: print("one")
    ...     first.replay(); second.replay()
    one
    two

    `replay` writes what is kept and lets later writes through (the call is at the head now); `drop` forgets both.
    It does not say *when*: that is the engine's.
    """

    __slots__ = ("_kept", "_state", "_token")

    def __init__(self) -> None:
        self._kept: list[_Write] | None = None
        self._state = "kept"
        self._token: Token[Piece | None] | None = None

    def __enter__(self) -> Piece:
        """Make this the current piece of the context; contexts copied inside the block keep it."""
        self._token = _current.set(self)
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._token is not None
        _current.reset(self._token)
        self._token = None

    def adopt(self, context: Context) -> None:
        """Make this the piece of ``context``, for whatever runs in it."""
        context.run(_current.set, self)

    def replay(self) -> None:
        """Write out what was kept, in order; what the call writes from now on goes straight through."""
        if self._kept is None:
            self._state = "live"
            return
        with _lock:
            self._state = "live"
            kept, self._kept = self._kept, None
            last: Any = None
            for target, write, args, kwargs in kept:
                if last is not None and target is not last:
                    _flush(last)
                last = target
                write(*args, **kwargs)

    def drop(self) -> None:
        """Forget what was kept and whatever comes: the call is cancelled, or was never reached."""
        with _lock:
            self._state, self._kept = "dropped", None

    def _take(self, target: Any, write: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Keep or drop one write; False if it is to be done now."""
        with _lock:
            if self._state == "live":
                return False
            if self._state == "kept":
                if self._kept is None:
                    self._kept = []
                self._kept.append((target, write, args, kwargs))
            return True


@contextmanager
def ordered(*publishers: Any) -> Iterator[None]:
    """Keep apart what is written under a piece, to `sys.stdout`, `sys.stderr` and the given display publishers.

    >>> import io
    >>> with ordered():
    ...     print("not under a piece: written at once")
    not under a piece: written at once

    May be nested, and runs may overlap (threads of a server): the last one to end takes a hook away. Whoever replaced a stream
    or a method meanwhile keeps the replacement.
    """
    wanted = [(stream, "write") for stream in _distinct(sys.stdout, sys.stderr)]
    wanted += [(publisher, name) for publisher in publishers for name in ("publish", "clear_output")]
    with _lock:
        hooks = [_hook_on(target, name) for target, name in wanted]
    try:
        yield
    finally:
        with _lock:
            for hook in reversed(hooks):
                hook.users -= 1
                if not hook.users:
                    hook.remove()


def _hook_on(target: Any, name: str) -> _Hook:
    """The hook that is there already, with one user more, or a new one."""
    found = getattr(getattr(target, "__dict__", {}).get(name), "poppy_hook", None)
    hook: _Hook = found if found is not None else _Hook(target, name)
    if hook.users or hook.install():
        hook.users += 1
    return hook


class _Hook:
    """`target.name`, replaced on the instance by a function that asks the current piece first."""

    def __init__(self, target: Any, name: str) -> None:
        self.target = target
        self.name = name
        self.original = getattr(target, name, None)
        self.shadowed = name in getattr(target, "__dict__", ())
        self.users = 0
        original, is_stream = self.original, name == "write"

        def hooked(*args: Any, **kwargs: Any) -> Any:
            piece = _current.get()
            if piece is not None and piece._take(target, original, args, kwargs):  # type: ignore[arg-type]
                return len(args[0]) if is_stream and args else None
            return original(*args, **kwargs)  # type: ignore[misc]

        hooked.poppy_hook = self  # type: ignore[attr-defined]
        self.hooked = hooked

    def install(self) -> bool:
        if self.original is None:
            return False
        try:
            setattr(self.target, self.name, self.hooked)
        except (AttributeError, TypeError):  # no instance attributes, or read-only
            return False
        return True

    def remove(self) -> None:
        if getattr(self.target, "__dict__", {}).get(self.name) is not self.hooked:
            return
        if self.shadowed:
            setattr(self.target, self.name, self.original)
        else:
            delattr(self.target, self.name)


def _distinct(*streams: Any) -> list[Any]:
    """The streams that are there, each once (stdout and stderr may be one object)."""
    found: list[Any] = []
    for stream in streams:
        if stream is not None and not any(stream is other for other in found):
            found.append(stream)
    return found


def _flush(target: Any) -> None:
    """Kernels send each stream on a timer: without a flush between them, stdout and stderr would swap places."""
    flush = getattr(target, "flush", None)
    if flush is not None:
        flush()
