"""What every request of the service goes through: it is read, counted, refused or let wait.

`Traffic` counts; `directions` reads what a request says about itself (see `directives`) and carries out what comes before an
answer; `duration` and `cut` say how long an answer takes and where it ends. Waiting is `asyncio.sleep`, so that hundreds
may be in flight at next to no CPU.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from aiohttp import web

from poppy_ipython.local_llm import directives
from poppy_ipython.local_llm.broken import BROKEN, Broken
from poppy_ipython.local_llm.directives import BadDirective, Directives, digest
from poppy_ipython.local_llm.settings import Settings

CREATED = 1_700_000_000
CHARACTERS_PER_TOKEN = 4
CHUNK = 16
"""Characters in one event of a stream: four tokens, so that streaming costs little."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """A request answered by an error."""

    def __init__(self, status: int, message: str, code: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}

    def response(self) -> web.Response:
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        error = {"message": str(self), "type": kind, "param": None, "code": self.code}
        return web.json_response({"error": error}, status=self.status, headers=self.headers)


class Traffic:
    """What was asked so far and what is in flight now."""

    def __init__(self) -> None:
        self.now = 0
        self.plan: dict[str, str] = {}
        self.bodies: list[str] | None = None
        self._admitted: deque[float] = deque()
        self._inside = 0
        self._gates: dict[int, asyncio.Event] = {}
        self._waiting: Counter[int] = Counter()
        self.reset()

    def reset(self) -> None:
        self.requests = 0
        self.most = self.now
        self.cancelled = 0
        self.statuses: Counter[int] = Counter()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        self.requests += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            yield
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.now -= 1

    @contextmanager
    def admitted(self, settings: Settings) -> Iterator[None]:
        """Within what the service takes at once and per minute, or refused."""
        now, admitted = time.monotonic(), self._admitted
        while admitted and admitted[0] <= now - 60.0:
            admitted.popleft()
        if settings.max_at_once and self._inside >= settings.max_at_once:
            raise Refused(429, f"more than {settings.max_at_once:g} requests at once", "rate_limit_exceeded")
        if settings.per_minute and len(admitted) >= settings.per_minute:
            after = {"Retry-After": f"{admitted[0] + 60.0 - now:.3f}"}
            raise Refused(429, f"more than {settings.per_minute:g} requests per minute", "rate_limit_exceeded", after)
        admitted.append(now)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def gather(self, count: int, patience: float) -> None:
        """Return once `count` requests that ask for as many are here at the same moment."""
        gate = self._gates.setdefault(count, asyncio.Event())
        self._waiting[count] += 1
        try:
            if self._waiting[count] >= count:
                self._gates.pop(count).set()
            async with asyncio.timeout(patience):
                await gate.wait()
        except TimeoutError:
            raise Refused(504, f"only {self._waiting[count]} of {count} requests were in flight at once") from None
        finally:
            self._waiting[count] -= 1

    def report(self) -> dict[str, Any]:
        statuses = {str(status): count for status, count in sorted(self.statuses.items())}
        return {
            "requests": self.requests,
            "in_flight": self.now,
            "most_at_once": self.most,
            "cancelled": self.cancelled,
            "statuses": statuses,
        }


SETTINGS = web.AppKey("settings", Settings)
TRAFFIC = web.AppKey("traffic", Traffic)


async def read_json(request: web.Request) -> tuple[bytes, dict[str, Any]]:
    body = await request.read()
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise Refused(400, f"the body is not JSON: {error}") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("model"), str):
        raise Refused(400, "'model' must be a text", "model_not_found")
    return body, asked


async def directions(request: web.Request, body: bytes, asked: dict[str, Any]) -> Directives:
    """Read the request's directives and carry out those that come before an answer."""
    settings, traffic = request.app[SETTINGS], request.app[TRAFFIC]
    if traffic.bodies is not None:
        traffic.bodies.append(digest(body))
    header = request.headers.get("x-local-llm", "")
    try:
        attempt = request.headers.get("x-stainless-retry-count", "0")
        say = directives.read(settings, asked["model"], header, body, attempt, traffic.plan)
    except BadDirective as error:
        raise Refused(400, str(error)) from None
    if say.together:
        await traffic.gather(say.together, settings.hang)
    if say.fault == "timeout":
        await asyncio.sleep(settings.hang)
        raise Refused(504, "injected timeout")
    if say.fault in BROKEN:
        await asyncio.sleep(duration(say, settings, 0))
        raise Broken(await BROKEN[say.fault](request, settings))
    if say.fault is not None and say.torn is None:
        await asyncio.sleep(duration(say, settings, 0))
        status, _, after = say.fault.partition("-")
        headers = {"Retry-After": f"{settings.retry_after:g}"} if after else None
        raise Refused(int(status), f"injected error {status}", "injected", headers)
    return say


def duration(say: Directives, settings: Settings, count: int) -> float:
    """Seconds that an answer of `count` tokens takes."""
    return (settings.first_token + count * settings.per_token) * say.factor if say.latency is None else say.latency


def cut(text: str, asked: dict[str, Any]) -> tuple[str, str]:
    """(text, finish reason) within the request's `stop` and `max_tokens`."""
    stops = asked.get("stop") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.split(stop, 1)[0]
    most = asked.get("max_completion_tokens") or asked.get("max_tokens")
    if most and tokens(text) > most:
        return text[: most * CHARACTERS_PER_TOKEN], "length"
    return text, "stop"


def tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def counts(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
