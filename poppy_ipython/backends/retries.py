"""Whether a failed call is sent again, and when.

Two different things are repeated here:

* **What somebody asked for**: `unordered(retry=3)` sends a call up to three times more after a failure that passes: a
  lost connection, a timeout, a status of `PASSING`; or whatever `retry_on=` (exception types, or a predicate) says.
* **What our own haste caused**: a 429 (and a 503 or 529 that names a time) that comes while calls of ours were out
  together, or had been within the last minute. A plain run, one call after the other, would not have met it. The host has
  said that it did not do the call. So it is sent again, up to `REFUSALS` times, with nobody asking; `retry=0` forbids it.
  A refusal that came to a call alone is the program's, as in a plain run, and so is one that says that the money is gone.

A third is not ours: a worker process that dies (`WorkerLost`) takes calls with it. One that had not begun, or that may be
repeated, is performed again; `retry=0` forbids it for one that had.

Both only where sending twice does no harm: for `unordered`, `readonly` and what is declared `idempotent`. Both never on top of
a client that repeats by itself (`openai`, `anthropic`: `client.max_retries`): its word is the last one.

`tenacity` was decided against: a call that waits for its next attempt must give its place back and line up again in program
order, cancellable, under the simulated clock as well as the real one.

A predicate that raises says nothing: the failure of the call itself is what the program sees.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from poppy_ipython.backends.base import status_of
from poppy_ipython.backends.pace import OVERLOADED
from poppy_ipython.backends.remote import WorkerLost

__all__ = ["MINUTE", "PASSING", "REFUSALS", "again", "may_repeat", "overload", "retries_by_itself", "retry_after", "wanted"]

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
REFUSALS = 5
LOSSES = 2
MOST_LOSSES = 10
MINUTE = 60.0
_PASSING_NAMES = frozenset({"APIConnectionError", "TransportError", "ClientConnectionError"})  # openai, httpx, aiohttp
_log = logging.getLogger("poppy_ipython.backends")


def retry_after(error: BaseException) -> float | None:
    """The seconds that the host asks to be left alone for; negative if that time is over; None if it does not say.

    >>> from types import SimpleNamespace
    >>> error = OSError(); error.response = SimpleNamespace(headers={"Retry-After": "2.5"})
    >>> retry_after(error)
    2.5
    """
    headers = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        headers = getattr(error, "headers", None)
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        text = _header(headers, name)
        if text is None:
            continue
        try:
            seconds = float(text) * scale
            if seconds == seconds:
                return seconds
        except ValueError:
            pass
        try:
            when = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
    return None


def _header(headers: Any, name: str) -> str | None:
    try:
        found = headers.get(name)
        if found is None and headers.__class__ is dict:
            found = next((value for key, value in headers.items() if str(key).lower() == name), None)
    except Exception:  # not what we take it for
        return None
    return found if found.__class__ is str else None if found is None else str(found)


def overload(error: BaseException) -> bool:
    """Whether the host says that it gets too much."""
    status = status_of(error)
    if status not in OVERLOADED:
        return False
    return status != 429 or not _is_final(error)


def _is_final(error: BaseException) -> bool:
    """A 429 that no waiting helps against: a quota that is used up."""
    if getattr(error, "code", None) == "insufficient_quota":
        return True
    body = getattr(error, "body", None)
    return isinstance(body, Mapping) and body.get("code") == "insufficient_quota"


def may_repeat(effect: Any) -> bool:
    """Whether sending a call twice does no harm."""
    return effect.idempotent or effect.name in ("unordered", "readonly")


def retries_by_itself(call: Any, error: BaseException) -> bool:
    """Whether the client has repeated, or would have, what failed here."""
    receiver = getattr(call.fn, "__self__", None)
    for holder in (getattr(receiver, "_client", None), receiver):
        most = getattr(holder, "max_retries", None)
        if most.__class__ is int:
            return bool(most > 0)
    request = getattr(error, "request", None)  # deep in a function of the user's
    return _header(getattr(request, "headers", None), "x-stainless-retry-count") not in (None, "0")


def wanted(effect: Any, error: BaseException) -> bool:
    """Whether the declaration calls this a failure that passes."""
    rule = effect.retry_on
    if rule is not None:
        try:
            return isinstance(error, rule) if isinstance(rule, (type, tuple)) else bool(rule(error))
        except Exception as mistake:
            _log.warning("retry_on=%r failed (%r); the call is not repeated", rule, mistake)
            return False
    if not isinstance(error, Exception):
        return False
    status = status_of(error)
    if status is not None:
        return status in PASSING and not (status == 429 and _is_final(error))
    if isinstance(error, (ConnectionError, TimeoutError)) or type(error).__name__ == "gaierror":
        return True
    return any(kind.__name__ in _PASSING_NAMES for kind in type(error).__mro__)


def again(call: Any, error: BaseException, sent: int, in_company: bool) -> bool:
    """Whether a call that was sent `sent` times and failed is sent once more."""
    effect = call.effect
    if isinstance(error, WorkerLost):
        return lost_again(effect, error, sent)
    if effect.retry == 0 or not may_repeat(effect) or retries_by_itself(call, error):
        return False
    if effect.retry is not None and wanted(effect, error):
        return sent <= int(effect.retry)
    if not in_company or sent > REFUSALS or not overload(error):
        return False
    return status_of(error) == 429 or retry_after(error) is not None


def lost_again(effect: Any, error: WorkerLost, sent: int) -> bool:
    """Whether a call whose worker died is sent again: if it had not begun, or may be repeated; not for ever.

    What may have killed its worker is tried `LOSSES` times more; who only died with others, as often as they do, nearly.
    """
    if error.final or error.begun and (effect.retry == 0 or not may_repeat(effect)):
        return False
    return sent <= (LOSSES if error.guilty else MOST_LOSSES)
