"""The process from the outside: start it, share it, ask it what it saw, stop it.

It dies with us because it holds the reading end of a pipe whose writing end only we hold; that works for a killed
parent too, on every system. It runs in a session of its own: an interrupt of the kernel is not meant for it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from poppy_ipython.local_llm.settings import Settings

START_TIMEOUT = 60.0
STOP_TIMEOUT = 5.0

_lock = threading.Lock()
_running: dict[tuple[int, Settings], Service] = {}


def serve(settings: Settings | None = None, **changes: Any) -> Service:
    """The local model service with these settings: the one that runs already, else a new one.

        with serve() as service:
            client = OpenAI(base_url=service.base_url, api_key="local")

        service = serve(first_token=0, per_token=0)      # keyword arguments are those of `Settings`
        service.stop()

    It stops when everybody who asked for it has stopped it, and in any case with this process.
    """
    settings = settings or Settings()
    if changes:
        settings = Settings.from_json(json.dumps({**json.loads(settings.to_json()), **changes}))
    key = (os.getpid(), settings)
    with _lock:
        service = _running.get(key)
        if service is None or not service.alive:
            service = _running[key] = Service(settings)
        service._users += 1
        return service


class Service:
    """A running service. Made by `serve`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._users = 0
        self._process, self.base_url = start(settings)

    @property
    def url(self) -> str:
        """The address without a path, as `anthropic` takes it."""
        return self.base_url.removesuffix("/v1")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def stats(self) -> dict[str, Any]:
        """What it has seen since it started or since `reset()`.

            {'requests': 12, 'in_flight': 0, 'most_at_once': 8, 'cancelled': 0, 'statuses': {'200': 12}}
        """
        return self._own("GET", "/stats")

    def reset(self) -> None:
        """Start counting again."""
        self._own("POST", "/stats/reset")

    def plan(self, faults: Mapping[str, str]) -> None:
        """Let requests fail that are yet to come: digest of a body -> fault, as after `+` in a model name. Replaces the
        plan before it, and has digests noted from now on."""
        self._own("POST", "/stats/plan", dict(faults))

    def bodies(self) -> list[str]:
        """The digests of the requests since the last `plan`, in the order in which they arrived."""
        return list(self._own("GET", "/stats/bodies")["bodies"])

    def stop(self) -> None:
        """Say that this user needs it no longer; the last one ends the process."""
        with _lock:
            self._users -= 1
            if self._users > 0:
                return
            if _running.get((os.getpid(), self.settings)) is self:
                del _running[os.getpid(), self.settings]
        end(self._process)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<local model service at {self.base_url}{'' if self.alive else ', stopped'}>"

    def _own(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as response:
            return dict(json.load(response))


def start(settings: Settings) -> tuple[subprocess.Popen[str], str]:
    """The process and the base URL that it announced."""
    if importlib.util.find_spec("aiohttp") is None:
        raise ImportError("poppy_ipython.local_llm needs aiohttp: pip install 'poppy-ipython[local]'")
    root = str(Path(__file__).parents[2])  # importable there as here, installed or not
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "poppy_ipython.local_llm", "--until-stdin-closes", "--settings", settings.to_json()]
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
            start_new_session=True,
        )
        deadline = threading.Timer(START_TIMEOUT, process.kill)
        deadline.start()
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        deadline.cancel()
        if not url:
            end(process)
            complaints.seek(0)
            raise RuntimeError(f"the local model service did not start:\n{complaints.read()[-4000:]}")
    return process, url


def end(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
