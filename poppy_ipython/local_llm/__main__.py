"""`python -m poppy_ipython.local_llm`: the service in this process, until Ctrl-C (or, with a parent, until that is gone).

    python -m poppy_ipython.local_llm --port 8765 --first-token 0.1
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import os
import signal
import sys
import threading

from aiohttp import web

from poppy_ipython.local_llm.app import make_app
from poppy_ipython.local_llm.settings import Settings

HOST = "127.0.0.1"  # never anything else: it answers whoever asks


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m poppy_ipython.local_llm", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0, the default: any free one")
    parser.add_argument("--settings", help=argparse.SUPPRESS)
    parser.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    for field in dataclasses.fields(Settings):
        flag = "--" + field.name.replace("_", "-")
        parser.add_argument(flag, type=type(field.default), default=field.default, help=f"default {field.default}")
    given = parser.parse_args(arguments)
    if given.settings:
        settings = Settings.from_json(given.settings)
    else:
        settings = Settings(**{field.name: getattr(given, field.name) for field in dataclasses.fields(Settings)})
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(settings, given.port, given.until_stdin_closes))


async def serve(settings: Settings, port: int, until_stdin_closes: bool) -> None:
    """Answer on loopback; print the base URL on the first line of stdout."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
        loop.add_signal_handler(signal.SIGTERM, done.set)
    if until_stdin_closes:
        threading.Thread(target=watch_parent, args=(loop, done), daemon=True).start()
    runner = web.AppRunner(make_app(settings), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, backlog=1024)
    await site.start()
    print(f"http://{HOST}:{runner.addresses[0][1]}/v1", flush=True)
    try:
        await done.wait()
    finally:
        await runner.cleanup()


def watch_parent(loop: asyncio.AbstractEventLoop, done: asyncio.Event) -> None:
    """The parent holds the other end of stdin: when it is gone, however it went, there is nothing left to read."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop is closed already
        loop.call_soon_threadsafe(done.set)


if __name__ == "__main__":
    main()
