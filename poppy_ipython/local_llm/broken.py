"""Answers that are none: what a bad network, a proxy, or a server that dies does to a request.

They are sent past the handler's own way of answering, because no HTTP framework writes half a response on purpose.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from poppy_ipython.local_llm.settings import Settings

__all__ = ["BROKEN", "Broken", "in_pieces", "torn"]


class Broken(Exception):
    """A request that has been answered, wrongly."""

    def __init__(self, response: web.StreamResponse) -> None:
        super().__init__(response)
        self.response = response


async def cut_off(request: web.Request, settings: Settings) -> web.StreamResponse:
    return _gone(request, web.StreamResponse())


async def cut_in_half(request: web.Request, settings: Settings) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "4000"})
    await response.prepare(request)
    await response.write(b'{"id": "half an answer", "choices": [')
    return _gone(request, response)


async def dripped(request: web.Request, settings: Settings) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "4000"})
    await response.prepare(request)
    for _ in range(int(settings.hang)):
        await response.write(b" ")
        await asyncio.sleep(1.0)
    return _gone(request, response)


async def no_json(request: web.Request, settings: Settings) -> web.StreamResponse:
    return web.Response(body=b'{"choices": [', content_type="application/json")


async def a_page(request: web.Request, settings: Settings) -> web.StreamResponse:
    return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")


async def torn(request: web.Request, response: web.StreamResponse, how: str) -> web.StreamResponse:
    """The rest of a stream that breaks off (`cut`), or goes on with half an event (`torn`)."""
    if how == "torn":
        await response.write(b'data: {"id": "half an event\n\n')
        return response
    return _gone(request, response)


def _gone(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response


BROKEN = {"reset": cut_off, "half": cut_in_half, "drip": dripped, "garbage": no_json, "html": a_page}


async def in_pieces(
    request: web.Request, response: web.StreamResponse, pieces: list[bytes], first: float, rest: float, how: str | None
) -> bool:
    """Send the pieces of a stream, over `rest` seconds after the `first`; False if it broke off halfway (`how`)."""
    await asyncio.sleep(first)
    await response.prepare(request)
    for number, piece in enumerate(pieces):
        await asyncio.sleep(rest / len(pieces))
        if how is not None and number == len(pieces) // 2:
            await torn(request, response, how)
            return False
        await response.write(piece)
    return True
