"""The Anthropic-compatible side: `POST /v1/messages`, whole or as events, and `/v1/messages/count_tokens`.

    from anthropic import Anthropic

    client = Anthropic(base_url=service.url, api_key="local")
    client.messages.create(model="local-small", max_tokens=200, messages=[{"role": "user", "content": "Summarise: ..."}])

The same model answers, with the same latency and the same directives; only the forms differ.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from poppy_ipython.local_llm.answer import answer
from poppy_ipython.local_llm.broken import torn
from poppy_ipython.local_llm.directives import digest
from poppy_ipython.local_llm.exchange import CHUNK, SETTINGS, Refused, cut, directions, duration, read_json, tokens
from poppy_ipython.local_llm.prompt import plain
from poppy_ipython.local_llm.tools import demanded

KINDS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


def refused(error: Refused) -> web.Response:
    """The same refusal in Anthropic's words."""
    kind = KINDS.get(error.status, "api_error" if error.status >= 500 else "invalid_request_error")
    body = {"type": "error", "error": {"type": kind, "message": str(error)}}
    return web.json_response(body, status=error.status, headers=error.headers)


async def asked_of(request: web.Request) -> tuple[bytes, dict[str, Any]]:
    """The body, and the request in the form that `answer` reads."""
    body, asked = await read_json(request)
    turns = asked.get("messages")
    if not isinstance(turns, list) or not turns or not all(isinstance(one, dict) for one in turns):
        raise Refused(400, "messages: at least one message is required")
    system = plain(asked.get("system"))
    before = [{"role": "system", "content": system}] if system else []
    return body, {**asked, "messages": [*before, *turns], "stop": asked.get("stop_sequences")}


async def create(request: web.Request) -> web.StreamResponse:
    body, asked = await asked_of(request)
    if not isinstance(asked.get("max_tokens"), int) or asked["max_tokens"] < 1:
        raise Refused(400, "max_tokens: a number, at least 1, is required")
    say = await directions(request, body, asked)
    call = demanded(asked)
    text, reason = cut(answer(asked), asked) if call is None else (json.dumps(call.arguments), "tool_use")
    block: dict[str, Any] = {"type": "text", "text": text}
    if call is not None:
        block = {"type": "tool_use", "id": f"toolu_{digest(body)}", "name": call.name, "input": call.arguments}
    message = {
        "id": f"msg_{digest(body)}", "type": "message", "role": "assistant", "model": asked["model"],
        "content": [block], "stop_sequence": None,
        "stop_reason": {"length": "max_tokens", "tool_use": "tool_use"}.get(reason, "end_turn"),
        "usage": {"input_tokens": read_tokens(asked), "output_tokens": tokens(text)},
    }  # fmt: skip
    settings = request.app[SETTINGS]
    whole = duration(say, settings, tokens(text))
    if not asked.get("stream"):
        await asyncio.sleep(whole)
        return web.json_response(message)

    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})

    async def send(kind: str, **more: Any) -> None:
        await response.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode())

    pieces = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
    first = min(whole, settings.first_token * say.factor)
    await asyncio.sleep(first)
    await response.prepare(request)
    usage = {**message["usage"], "output_tokens": 1}
    await send("message_start", message={**message, "content": [], "stop_reason": None, "usage": usage})
    empty = {**block, "text": ""} if call is None else {**block, "input": {}}
    kind, field = ("text_delta", "text") if call is None else ("input_json_delta", "partial_json")
    await send("content_block_start", index=0, content_block=empty)
    for number, piece in enumerate(pieces):
        await asyncio.sleep((whole - first) / len(pieces))
        if say.torn is not None and number == len(pieces) // 2:
            return await torn(request, response, say.torn)
        await send("content_block_delta", index=0, delta={"type": kind, field: piece})
    await send("content_block_stop", index=0)
    ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    await send("message_delta", delta=ended, usage={"output_tokens": tokens(text)})
    await send("message_stop")
    return response


async def count_tokens(request: web.Request) -> web.Response:
    body, asked = await asked_of(request)
    say = await directions(request, body, asked)
    await asyncio.sleep(duration(say, request.app[SETTINGS], 0))
    return web.json_response({"input_tokens": read_tokens(asked)})


def read_tokens(asked: dict[str, Any]) -> int:
    return sum(tokens(plain(one.get("content"))) for one in asked["messages"])
