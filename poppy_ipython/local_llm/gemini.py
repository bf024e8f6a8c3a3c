"""Gemini's side: `POST /v1/models/<model>:generateContent`, its stream, embeddings and counts of tokens.

    from google import genai

    client = genai.Client(api_key="local", http_options={"base_url": service.url})
    client.models.generate_content(model="local-small", contents="Summarise: ...")
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from poppy_ipython.local_llm import embedding
from poppy_ipython.local_llm.answer import answer
from poppy_ipython.local_llm.broken import in_pieces
from poppy_ipython.local_llm.directives import Directives
from poppy_ipython.local_llm.exchange import CHUNK, SETTINGS, Refused, cut, directions, duration, tokens
from poppy_ipython.local_llm.prompt import plain

STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
EVENTS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


def refused(error: Refused) -> web.Response:
    body = {"error": {"code": error.status, "message": str(error), "status": STATUS.get(error.status, "INTERNAL")}}
    return web.json_response(body, status=error.status, headers=error.headers)


async def call(request: web.Request) -> web.StreamResponse:
    model, _, what = request.match_info["call"].rpartition(":")
    body = await request.read()
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise Refused(400, f"the body is not JSON: {error}") from None
    say = await directions(request, body, {"model": model})
    match what:
        case "generateContent" | "streamGenerateContent":
            return await _generate(request, say, _read(asked), what.startswith("stream"))
        case "countTokens":
            await asyncio.sleep(duration(say, request.app[SETTINGS], 0))
            return web.json_response({"totalTokens": _count(_read(asked))})
        case "batchEmbedContents":
            await asyncio.sleep(duration(say, request.app[SETTINGS], 0))
            texts = [_text(one.get("content")) for one in asked.get("requests", ())]
            found = [{"values": embedding.embed(text, embedding.DIMENSIONS)} for text in texts]
            return web.json_response({"embeddings": found})
    raise Refused(404, f"there is no method {what!r}")


def _text(content: Any) -> str:
    return plain((content or {}).get("parts"))


def _read(asked: dict[str, Any]) -> dict[str, Any]:
    """The request in the form that `answer` reads."""
    config = asked.get("generationConfig") or {}
    system = _text(asked.get("systemInstruction"))
    turns = [{"role": "system", "content": system}] if system else []
    for one in asked.get("contents") or ():
        turns.append({"role": "assistant" if one.get("role") == "model" else "user", "content": _text(one)})
    if not turns:
        raise Refused(400, "contents are required")
    limits = {"stop": config.get("stopSequences"), "max_tokens": config.get("maxOutputTokens"), "seed": config.get("seed")}
    read: dict[str, Any] = {"messages": turns, **limits}
    shape = config.get("responseSchema") or config.get("responseJsonSchema")
    if shape is not None:
        read["response_format"] = {"type": "json_schema", "json_schema": {"schema": _lower(shape)}}
    elif config.get("responseMimeType") == "application/json":
        read["response_format"] = {"type": "json_object"}
    return read


def _lower(shape: Any) -> Any:
    """A schema with its types as JSON Schema writes them (`OBJECT` is `object`)."""
    if isinstance(shape, list):
        return [_lower(one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    return {key: value.lower() if key == "type" and isinstance(value, str) else _lower(value) for key, value in shape.items()}


def _count(read: dict[str, Any]) -> int:
    return sum(tokens(one["content"]) for one in read["messages"])


async def _generate(request: web.Request, say: Directives, read: dict[str, Any], stream: bool) -> web.StreamResponse:
    text, reason = cut(answer(read), read)
    settings = request.app[SETTINGS]
    whole = duration(say, settings, tokens(text))
    asked, written = _count(read), tokens(text)
    usage = {"promptTokenCount": asked, "candidatesTokenCount": written, "totalTokenCount": asked + written}

    def part(piece: str, last: bool) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}
        if last:
            candidate["finishReason"] = "MAX_TOKENS" if reason == "length" else "STOP"
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": say.model}

    if not stream:
        await asyncio.sleep(whole)
        return web.json_response(part(text, True))
    response = web.StreamResponse(headers=EVENTS)
    pieces = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)] or [""]
    first = min(whole, settings.first_token * say.factor)
    events = [b"data: " + json.dumps(part(piece, piece is pieces[-1])).encode() + b"\r\n\r\n" for piece in pieces]
    await in_pieces(request, response, events, first, whole - first, say.torn)
    return response
