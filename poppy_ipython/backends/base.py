"""The seam between the engine and those who perform calls.

The engine knows *when* a call may be sent; a dispatcher knows *how* and *when it is back*. Everything that differs
between asyncio, threads, other processes, a recording or a simulated clock lies behind `Dispatcher`, so that the engine
is tested without any of them.

    engine ──submit(call)──▶ Dispatcher ──Slots──▶ backend (loop, threads, simulated)
       ▲                                              │
       └───────────── call.finish(value, error) ◀─────┘      exactly once, on the engine's thread,
                                                             never inside submit(), never after cancel()

That nothing finishes inside `submit` lets the engine submit from the middle of a step, without being re-entered there;
that nothing finishes after `cancel` lets it forget a killed call at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from poppy_ipython.redact import redact

__all__ = ["Call", "Dispatcher", "Record", "mark_failed", "note_try", "status_of"]


class Record(Protocol):
    """What a dispatcher writes about a call (`trace.CallRecord`)."""

    host: str | None
    started: float | None
    ended: float | None
    outcome: Any
    error: str | None
    attempts: int
    tries: list[tuple[float, float | None, str]] | None


class Call(Protocol):
    """What the engine hands over. Identity matters, equality is not used."""

    fn: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    effect: Any  # effects.Effect
    position: tuple[int, ...]  # program order
    record: Any  # Record
    context: Any  # contextvars.Context to run in; None or missing: a copy of the current one

    def finish(self, value: Any, error: BaseException | None) -> None:
        """The call is back. Runs on the engine's thread, possibly inside the call's own asyncio Task and context: note
        the result and go on in a context of one's own. Whatever it raises is the engine's own bug."""


class Dispatcher(Protocol):
    """Who sends calls. Made for one run and closed with it."""

    may_be_billed: int  # calls that were sent and then cancelled or abandoned

    def submit(self, call: Call) -> None:
        """Send the call as soon as its host's limit allows, older positions first."""

    def cancel(self, call: Call) -> None:
        """Forget the call: unsent ones are never sent, sent ones cancelled or abandoned. `finish` is not called."""

    def release(self, call: Call) -> None:
        """A call that failed has been handled (or the run is over): sends that it held back may go."""

    def close(self) -> None:
        """Cancel whatever is left. Idempotent."""

    @property
    def idle(self) -> bool:
        """Whether nothing will ever come back by itself."""

    @property
    def flush_needed(self) -> bool:
        """Whether something is sent only after the event loop has had a turn (`await flush()`)."""

    async def flush(self, patience: float = 0.0) -> None: ...


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an exception carries, by the names that clients use.

    >>> error = OSError("refused"); error.status_code = 429
    >>> status_of(error)
    429

    `openai`, `anthropic` and `httpx` say `status_code` or `response.status_code`, `urllib` `code`, `aiohttp` `status`.
    """
    response = getattr(error, "response", None)
    for holder, name in ((error, "status_code"), (response, "status_code"), (error, "code"), (error, "status")):
        found = getattr(holder, name, None)
        if found.__class__ is int:
            return found
    return None


def note_try(record: Any, sent: float, over: float, error: BaseException) -> None:
    """An attempt is over that another one follows. By the error's type and status: its text belongs to the last one."""
    status = status_of(error)
    why = type(error).__name__ if status is None else f"{type(error).__name__} {status}"
    record.tries = [*(record.tries or (None,))[:-1], (sent, over, why)]


def mark_failed(record: Any, error: BaseException) -> None:
    record.outcome = "error"
    try:
        record.error = redact(repr(error))
    except Exception:  # a user's __repr__
        record.error = type(error).__name__
