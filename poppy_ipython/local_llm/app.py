"""The HTTP side: OpenAI's paths, errors and event streams, over aiohttp.

One request is: read it, read its directives, fail or wait as they say, answer. Waiting is `asyncio.sleep`, so that
hundreds may be in flight at next to no CPU. A client that goes away cancels its request (`handler_cancellation`).

`GET /stats` tells how many requests there were, how many are in flight and how many were at most; `POST /stats/reset`
starts the count again. Nothing in an answer depends on the clock or on a counter: equal requests get equal bytes.
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

from poppy_ipython.local_llm import directives, embedding
from poppy_ipython.local_llm.answer import answer
from poppy_ipython.local_llm.broken import BROKEN, Broken
from poppy_ipython.local_llm.directives import BadDirective, Directives, digest
from poppy_ipython.local_llm.prompt import plain
from poppy_ipython.local_llm.settings import Settings

MODELS = ("local-small", "local-embed")
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


def make_app(settings: Settings) -> web.Application:
    """The service as an aiohttp application."""
    app = web.Application(client_max_size=64 * 2**20, middlewares=[counted])
    app[SETTINGS] = settings
    app[TRAFFIC] = Traffic()
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_post("/v1/embeddings", embeddings)
    app.router.add_get("/v1/models", models)
    app.router.add_get("/stats", stats)
    app.router.add_post("/stats/reset", reset)
    app.router.add_post("/stats/plan", plan)
    app.router.add_get("/stats/bodies", bodies)
    return app


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count what goes to the model; turn refusals and unknown paths into OpenAI's error body."""
    try:
        if request.path.startswith("/stats"):
            return await handler(request)
        traffic = request.app[TRAFFIC]
        async with traffic.one():
            try:
                with traffic.admitted(request.app[SETTINGS]):
                    response = await handler(request)
            except Refused as refused:
                response = refused.response()
            except Broken as broken:
                response = broken.response
            traffic.statuses[response.status] += 1
            return response
    except web.HTTPException as error:
        return Refused(error.status, f"{request.method} {request.path}: {error.reason}").response()


async def chat(request: web.Request) -> web.StreamResponse:
    body, asked = await read_json(request)
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        raise Refused(400, "'messages' must be a list of at least one message")
    say = await directions(request, body, asked)
    said = [cut(answer(asked, choice), asked) for choice in range(int(asked.get("n") or 1))]
    written = sum(tokens(text) for text, _ in said)
    usage = counts(sum(tokens(plain(one.get("content"))) for one in messages), written)
    head = {"id": f"chatcmpl-{digest(body)}", "created": CREATED, "model": asked["model"]}
    settings = request.app[SETTINGS]
    if asked.get("stream"):
        return await streamed(request, asked, head, said, usage, say, settings)
    await asyncio.sleep(duration(say, settings, max(tokens(text) for text, _ in said)))
    choices = [
        {"index": place, "message": {"role": "assistant", "content": text}, "finish_reason": reason, "logprobs": None}
        for place, (text, reason) in enumerate(said)
    ]
    return web.json_response({**head, "object": "chat.completion", "choices": choices, "usage": usage})


async def streamed(
    request: web.Request,
    asked: dict[str, Any],
    head: dict[str, Any],
    said: list[tuple[str, str]],
    usage: dict[str, int],
    say: Directives,
    settings: Settings,
) -> web.StreamResponse:
    """Server-sent events: the role, then a few tokens at a time at the model's rate, then the reason to stop."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    pieces = [
        (place, text[start : start + CHUNK]) for place, (text, _) in enumerate(said) for start in range(0, len(text), CHUNK)
    ]
    whole = duration(say, settings, sum(tokens(text) for text, _ in said))
    first = min(whole, settings.first_token * say.factor)
    pause = (whole - first) / max(1, len(pieces))

    async def send(choices: list[dict[str, Any]], **more: Any) -> None:
        event = {**head, "object": "chat.completion.chunk", "choices": choices, **more}
        await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")

    await asyncio.sleep(first)
    await response.prepare(request)
    for place in range(len(said)):
        await send([{"index": place, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
    for place, piece in pieces:
        await asyncio.sleep(pause)
        await send([{"index": place, "delta": {"content": piece}, "finish_reason": None}])
    for place, (_, reason) in enumerate(said):
        await send([{"index": place, "delta": {}, "finish_reason": reason}])
    if (asked.get("stream_options") or {}).get("include_usage"):
        await send([], usage=usage)
    await response.write(b"data: [DONE]\n\n")
    return response


async def embeddings(request: web.Request) -> web.Response:
    body, asked = await read_json(request)
    texts = asked.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise Refused(400, "'input' must be a text or a list of texts")
    say = await directions(request, body, asked)
    settings = request.app[SETTINGS]
    dimensions = int(asked.get("dimensions") or embedding.DIMENSIONS)
    data = [
        {
            "object": "embedding",
            "index": place,
            "embedding": embedding.encoded(embedding.embed(text, dimensions), asked.get("encoding_format", "float")),
        }
        for place, text in enumerate(texts)
    ]
    await asyncio.sleep(duration(say, settings, 0))
    used = sum(map(tokens, texts))
    usage = {"prompt_tokens": used, "total_tokens": used}
    return web.json_response({"object": "list", "data": data, "model": asked["model"], "usage": usage})


async def models(request: web.Request) -> web.Response:
    data = [{"id": name, "object": "model", "created": CREATED, "owned_by": "poppy_ipython.local_llm"} for name in MODELS]
    return web.json_response({"object": "list", "data": data})


async def stats(request: web.Request) -> web.Response:
    return web.json_response(request.app[TRAFFIC].report())


async def reset(request: web.Request) -> web.Response:
    request.app[TRAFFIC].reset()
    return web.json_response(request.app[TRAFFIC].report())


async def plan(request: web.Request) -> web.Response:
    """Faults to come, by digest of the body; digests are noted from now on, for `bodies`."""
    traffic = request.app[TRAFFIC]
    traffic.plan, traffic.bodies = dict(await request.json()), []
    return web.json_response({})


async def bodies(request: web.Request) -> web.Response:
    return web.json_response({"bodies": request.app[TRAFFIC].bodies or []})


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
    if say.fault is not None:
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
