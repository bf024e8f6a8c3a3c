"""The world that the programs talk to: the project's local model service with drawn latencies, and a small web site.

`python -m benchmarks.service --scale 0.1` is `poppy_ipython.local_llm` in a process of its own, with two things added.

*Latencies.* Real model services answer after a log-normal time with a heavy tail. How long a request takes is drawn from
its own bytes, the seed and nothing else: whoever sends the request, in whatever order, waits the same time, so that
every contender faces the same draws. `scale` multiplies all of them. `GET /drawn` tells the sum of what was drawn since
`POST /stats/reset`, at scale 1: what a sequential program waits in all.

*Pages.* `/site/...` is a site of linked pages made from Python's own help topics, for programs that crawl; `/vision/...`
are the detectors of the video program. Their latencies are drawn in the same way, from distributions of their own.

Decided against: latencies drawn by the client (a hook in each contender is one more thing that may differ), and by
order of arrival (contenders send in different orders).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import random
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from poppy_ipython.local_llm.__main__ import HOST, watch_parent
from poppy_ipython.local_llm.app import make_app
from poppy_ipython.local_llm.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LATENCIES = {"/v1/embeddings": (0.12, 0.3), "/site": (0.15, 0.6), "/vision": (0.30, 0.4), "/v1": (0.60, 0.5)}
"""By the beginning of the path, first that fits: median seconds and sigma of a log-normal distribution."""
TAIL, TAIL_FACTOR = 0.02, 3.0
"""That share of the requests takes so many times longer."""

PAGES = {name: topics[name] for name in sorted(topics) if len(topics[name]) > 1200}
SCALE = web.AppKey("scale", float)
DRAWN = web.AppKey("drawn", list)


def latency(path: str, body: bytes) -> float:
    """Seconds that this request takes at scale 1. In which order a client writes the keys of its JSON is its own affair.

    >>> latency("/v1/chat/completions", b'{"a":1,"b":2}') == latency("/v1/chat/completions", b'{"b": 2, "a": 1}')
    True
    """
    middle, sigma = next(found for start, found in LATENCIES.items() if path.startswith(start))
    try:
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    except ValueError:
        pass
    digest = hashlib.blake2b(path.encode() + b"\0" + body, digest_size=8).digest()
    source = random.Random(int.from_bytes(digest, "big"))
    tail = TAIL_FACTOR if source.random() < TAIL else 1.0
    return tail * source.lognormvariate(math.log(middle), sigma)


@web.middleware
async def drawing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have the request take its time: as a directive of the model service, or here."""
    path = request.path
    if path == "/stats/reset":
        request.app[DRAWN].clear()
    if path.startswith("/stats") or path in ("/drawn", "/v1/models"):
        return await handler(request)
    seconds = latency(request.path_qs, await request.read())
    request.app[DRAWN].append(seconds)
    seconds *= request.app[SCALE]
    if path.startswith("/v1"):
        headers = CIMultiDict(request.headers)
        headers.add("x-local-llm", f"{round(seconds * 1000)}ms")
        request._headers = CIMultiDictProxy(headers)  # a request whose body was read cannot be cloned
        request._cache.pop("headers", None)
        return await handler(request)
    await asyncio.sleep(seconds)
    return await handler(request)


async def drawn(request: web.Request) -> web.Response:
    return web.json_response({"requests": len(request.app[DRAWN]), "seconds": math.fsum(request.app[DRAWN])})


async def page(request: web.Request) -> web.Response:
    """One page, with links to the pages whose names it mentions."""
    name = request.match_info["name"]
    if name == "index":
        links, text = list(PAGES)[::7][:8], "Python's help, page by page."
    elif name in PAGES:
        text = PAGES[name][:3000]
        links = [other for other in PAGES if other != name and f"{other} " in text][:4]
    else:
        return web.Response(status=404, text="no such page")
    anchors = "".join(f'<li><a href="/site/{link}">{link}</a></li>' for link in links)
    return web.Response(text=f"<html><title>{name}</title><p>{text}</p><ul>{anchors}</ul></html>", content_type="text/html")


async def detect(request: web.Request) -> web.Response:
    """Objects in a frame, made up from the frame's name."""
    frame = request.query["frame"]
    source = random.Random(frame)
    kinds = ("person", "car", "dog", "bicycle", "sign")
    found = [
        {"kind": source.choice(kinds), "confidence": round(source.random(), 3), "box": [source.randrange(100) for _ in range(4)]}
        for _ in range(source.randrange(4))
    ]
    return web.json_response({"frame": frame, "objects": found})


def app(scale: float, seed: int) -> web.Application:
    made = make_app(Settings(seed=seed, first_token=0, per_token=0))
    made.middlewares.insert(0, drawing)
    made[SCALE], made[DRAWN] = scale, []
    made.router.add_get("/drawn", drawn)
    made.router.add_get("/site/{name}", page)
    made.router.add_get("/vision/detect", detect)
    return made


class World:
    """The service as a process of its own, for as long as a `with` lasts.

    with World(scale=0.1) as world:
        OpenAI(base_url=world.base_url, api_key="local")
    """

    def __init__(self, scale: float, seed: int = 1) -> None:
        self.scale, self.seed = scale, seed

    def __enter__(self) -> World:
        command = [sys.executable, "-m", "benchmarks.service", "--scale", str(self.scale), "--seed", str(self.seed)]
        root = Path(__file__).parents[1]
        self.process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.root = self.process.stdout.readline().strip()
        if not self.root:
            raise RuntimeError("the service of the benchmarks did not start; its complaint is above")
        self.base_url = self.root + "/v1"
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait(10)

    def ask(self, path: str, method: str = "GET") -> dict[str, Any]:
        """`ask("/stats")`, `ask("/drawn")`, `ask("/stats/reset", "POST")`."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(urllib.request.Request(self.root + path, method=method), timeout=10) as response:
            return dict(json.load(response))


async def serve(scale: float, seed: int) -> None:
    done = asyncio.Event()
    threading.Thread(target=watch_parent, args=(asyncio.get_running_loop(), done), daemon=True).start()
    runner = web.AppRunner(app(scale, seed), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, backlog=1024).start()
    print(f"http://{HOST}:{runner.addresses[0][1]}", flush=True)
    await done.wait()
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    asyncio.run(serve(given.scale, given.seed))
