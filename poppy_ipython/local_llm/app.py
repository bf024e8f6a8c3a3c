"""The HTTP side: OpenAI's paths (others are in `messages`, `ollama`, `gemini`), errors and event streams, over aiohttp.

One request is: read it, read its directives, fail or wait as they say, answer. Waiting is `asyncio.sleep`, so that
hundreds may be in flight at next to no CPU. A client that goes away cancels its request (`handler_cancellation`).

`GET /stats` tells how many requests there were, how many are in flight and how many were at most; `POST /stats/reset`
starts the count again. Nothing in an answer depends on the clock or on a counter: equal requests get equal bytes.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from poppy_ipython.local_llm import embedding, gemini, messages, ollama
from poppy_ipython.local_llm.answer import answer
from poppy_ipython.local_llm.broken import Broken, torn
from poppy_ipython.local_llm.directives import Directives, digest
from poppy_ipython.local_llm.exchange import (
    CHUNK,
    CREATED,
    SETTINGS,
    TRAFFIC,
    Handler,
    Refused,
    Traffic,
    counts,
    cut,
    directions,
    duration,
    read_json,
    tokens,
)
from poppy_ipython.local_llm.prompt import plain
from poppy_ipython.local_llm.settings import Settings
from poppy_ipython.local_llm.tools import Call, demanded

MODELS = ("local-small", "local-embed")


def make_app(settings: Settings) -> web.Application:
    """The service as an aiohttp application."""
    app = web.Application(client_max_size=64 * 2**20, middlewares=[counted])
    app[SETTINGS] = settings
    app[TRAFFIC] = Traffic()
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_post("/v1/embeddings", embeddings)
    app.router.add_post("/v1/messages", messages.create)
    app.router.add_post("/v1/messages/count_tokens", messages.count_tokens)
    app.router.add_post("/api/chat", ollama.chat)
    app.router.add_post("/api/generate", ollama.generate)
    app.router.add_post("/api/embed", ollama.embed)
    app.router.add_post("/{version:v1|v1beta}/models/{call:[^/]+:[A-Za-z]+}", gemini.call)
    app.router.add_get("/v1/models", models)
    app.router.add_get("/v1/models/{name}", model)
    app.router.add_get("/stats", stats)
    app.router.add_post("/stats/reset", reset)
    app.router.add_post("/stats/plan", plan)
    app.router.add_get("/stats/bodies", bodies)
    return app


REFUSALS = (("/v1/messages", messages.refused), ("/api/", ollama.refused), (":", gemini.refused))
"""What is in a path -> the same refusal in the words of that side; OpenAI's elsewhere."""


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
                response = next((words(refused) for path, words in REFUSALS if path in request.path), None) or refused.response()
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
    calls = [demanded(asked, choice) for choice in range(int(asked.get("n") or 1))]
    said = [
        cut(answer(asked, place), asked) if call is None else (json.dumps(call.arguments), "tool_calls")
        for place, call in enumerate(calls)
    ]
    written = sum(tokens(text) for text, _ in said)
    usage = counts(sum(tokens(plain(one.get("content"))) for one in messages), written)
    head = {"id": f"chatcmpl-{digest(body)}", "created": CREATED, "model": asked["model"]}
    settings = request.app[SETTINGS]
    if asked.get("stream"):
        return await streamed(request, asked, head, said, calls, usage, say, settings)
    await asyncio.sleep(duration(say, settings, max(tokens(text) for text, _ in said)))
    choices = [
        {"index": place, "message": spoken(text, calls[place]), "finish_reason": reason, "logprobs": None}
        for place, (text, reason) in enumerate(said)
    ]
    return web.json_response({**head, "object": "chat.completion", "choices": choices, "usage": usage})


def spoken(text: str, call: Call | None) -> dict[str, Any]:
    """A message: its text, or the call of a tool."""
    if call is None:
        return {"role": "assistant", "content": text}
    made = {"id": f"call_{digest(text.encode())}", "type": "function", "function": {"name": call.name, "arguments": text}}
    return {"role": "assistant", "content": None, "tool_calls": [made]}


async def streamed(
    request: web.Request,
    asked: dict[str, Any],
    head: dict[str, Any],
    said: list[tuple[str, str]],
    calls: list[Call | None],
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
    for place, call in enumerate(calls):
        opening: dict[str, Any] = {"role": "assistant", "content": ""}
        if call is not None:
            opening = spoken("", call)
            opening["tool_calls"][0]["index"] = 0
        await send([{"index": place, "delta": opening, "finish_reason": None}])
    for number, (place, piece) in enumerate(pieces):
        await asyncio.sleep(pause)
        if say.torn is not None and number == len(pieces) // 2:
            return await torn(request, response, say.torn)
        delta = {"content": piece} if calls[place] is None else {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        await send([{"index": place, "delta": delta, "finish_reason": None}])
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
    head = {"id": f"embd-{digest(body)}", "object": "list", "model": asked["model"]}
    return web.json_response({**head, "data": data, "usage": usage})


def described(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "poppy_ipython.local_llm"}


async def models(request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [described(name) for name in MODELS]})


async def model(request: web.Request) -> web.Response:
    """One model, with the directives of its name: something to `GET` that takes as long as one likes."""
    name = request.match_info["name"]
    say = await directions(request, b"", {"model": name})
    await asyncio.sleep(duration(say, request.app[SETTINGS], 0))
    if say.model not in MODELS:
        raise Refused(404, f"there is no model {say.model!r}", "model_not_found")
    return web.json_response(described(name))


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
