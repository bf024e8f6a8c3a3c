"""Ollama's side: `POST /api/chat`, `/api/generate` and `/api/embed`, whole or as a line of JSON for each piece.

    import ollama

    client = ollama.Client(host=service.url)
    client.chat(model="local-small", messages=[{"role": "user", "content": "Summarise: ..."}])
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from poppy_ipython.local_llm import embedding
from poppy_ipython.local_llm.answer import answer
from poppy_ipython.local_llm.broken import in_pieces
from poppy_ipython.local_llm.exchange import CHUNK, SETTINGS, Refused, cut, directions, duration, read_json, tokens
from poppy_ipython.local_llm.prompt import plain

CREATED = "2023-11-14T22:13:20Z"


def refused(error: Refused) -> web.Response:
    return web.json_response({"error": str(error)}, status=error.status, headers=error.headers)


async def chat(request: web.Request) -> web.StreamResponse:
    body, asked = await read_json(request)
    turns = asked.get("messages")
    if not isinstance(turns, list) or not turns or not all(isinstance(one, dict) for one in turns):
        raise Refused(400, "'messages' must be a list of at least one message")
    return await _answered(request, body, asked, lambda text: {"message": {"role": "assistant", "content": text}})


async def generate(request: web.Request) -> web.StreamResponse:
    body, asked = await read_json(request)
    parts = {"system": asked.get("system"), "user": asked.get("prompt")}
    said = [{"role": role, "content": text} for role, text in parts.items() if text]
    return await _answered(request, body, {**asked, "messages": said}, lambda text: {"response": text})


async def _answered(
    request: web.Request, body: bytes, asked: dict[str, Any], form: Callable[[str], dict[str, Any]]
) -> web.StreamResponse:
    say = await directions(request, body, asked)
    options = asked.get("options") or {}
    wanted = asked.get("format")
    if isinstance(wanted, dict):
        asked = {**asked, "response_format": {"type": "json_schema", "json_schema": {"schema": wanted}}}
    elif wanted == "json":
        asked = {**asked, "response_format": {"type": "json_object"}}
    limits = {"stop": options.get("stop"), "max_tokens": options.get("num_predict")}
    text, reason = cut(answer({**asked, "seed": options.get("seed")}), limits)
    settings = request.app[SETTINGS]
    whole = duration(say, settings, tokens(text))
    head = {"model": asked["model"], "created_at": CREATED}
    read = sum(tokens(plain(one.get("content"))) for one in asked["messages"])
    last = {"done": True, "done_reason": reason, "prompt_eval_count": read, "eval_count": tokens(text)}
    if asked.get("stream") is False:
        await asyncio.sleep(whole)
        return web.json_response({**head, **form(text), **last})
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    pieces = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
    first = min(whole, settings.first_token * say.factor)
    lines = [json.dumps({**head, **form(piece), "done": False}).encode() + b"\n" for piece in pieces]
    if await in_pieces(request, response, lines, first, whole - first, say.torn):
        await response.write(json.dumps({**head, **form(""), **last}).encode() + b"\n")
    return response


async def embed(request: web.Request) -> web.Response:
    body, asked = await read_json(request)
    texts = asked.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise Refused(400, "'input' must be a text or a list of texts")
    say = await directions(request, body, asked)
    await asyncio.sleep(duration(say, request.app[SETTINGS], 0))
    found = [embedding.embed(text, embedding.DIMENSIONS) for text in texts]
    return web.json_response({"model": asked["model"], "embeddings": found, "prompt_eval_count": sum(map(tokens, texts))})
