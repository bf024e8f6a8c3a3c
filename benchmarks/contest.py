"""One program and its contenders: plain, under `poppy_ipython`, hand-written asyncio, on a simulated clock.

Every contender gets the same namespace and talks to the same service through clients that are made and warmed before
the clock starts: what is compared is the program, not the first connection. What a contender leaves is what it left in
the variables and what it printed; `outcome.differences` says where two of them are not the same.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from anthropic import Anthropic, AsyncAnthropic
from openai import AsyncOpenAI, OpenAI

import poppy_ipython
from benchmarks.outcome import Result, measured
from benchmarks.programs import FOLDER as PROGRAMS
from benchmarks.service import PAGES, World

MODEL = "local-small"
LIMIT = 16
"""Calls at once, in the engine and in the twins."""
DOCUMENTS = {name: text[:3000] for name, text in PAGES.items()}


class Contest:
    """A program, with clients that live as long as the contest."""

    def __init__(self, name: str, world: World) -> None:
        self.name, self.world = name, world
        self.path = PROGRAMS / f"{name}.py"
        self.source = self.path.read_text()
        self.twin = importlib.import_module(f"benchmarks.programs.{name}_asyncio").main
        self.runner = asyncio.Runner()
        self.client = OpenAI(base_url=world.base_url, api_key="local", max_retries=0)
        self.async_client = AsyncOpenAI(base_url=world.base_url, api_key="local", max_retries=0)
        self.claude = Anthropic(base_url=world.root, api_key="local", max_retries=0)
        self.async_claude = AsyncAnthropic(base_url=world.root, api_key="local", max_retries=0)

    def __enter__(self) -> Contest:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.run(self.async_client.close())
        self.runner.run(self.async_claude.close())
        self.runner.close()
        self.client.close()
        self.claude.close()

    def given(self) -> dict[str, Any]:
        return {"documents": dict(DOCUMENTS), "service": self.world.root, "site": f"{self.world.root}/site"}

    def namespace(self) -> dict[str, Any]:
        return {"__name__": "__main__", "client": self.client, "claude": self.claude, "MODEL": MODEL, **self.given()}

    def measured(self, namespace: dict[str, Any], perform: Any) -> Result:
        result = measured(namespace, perform)
        result.root = self.world.root
        return result

    def plain(self) -> Result:
        """As Python runs it."""
        code = compile(self.source, str(self.path), "exec")
        return self.measured(self.namespace(), lambda namespace: exec(code, namespace))

    def poppy(self) -> Result:
        """Under the engine, as shipped. `details` is its Run."""

        def perform(namespace: dict[str, Any]) -> Any:
            options = poppy_ipython.Options(max_calls=LIMIT)
            run = poppy_ipython.run(self.source, namespace, filename=str(self.path), options=options)
            if run.error is not None:
                raise run.error
            return run

        return self.measured(self.namespace(), perform)

    def simulated(self) -> Result:
        """Under the engine on a clock where each call takes 1 s. `details` has `calls`, `makespan` and `overlap`."""
        from poppy_ipython.engine.run import run_simulated

        def perform(namespace: dict[str, Any]) -> Any:
            outcome = run_simulated(self.source, namespace, filename=str(self.path), debug=False)
            if outcome.error is not None:
                raise outcome.error
            return outcome

        return self.measured(self.namespace(), perform)

    def connect(self, number: int) -> None:
        """Open so many connections of the async client before a clock starts."""

        async def perform() -> None:
            await asyncio.gather(*(self.async_client.models.list() for _ in range(number)))

        self.runner.run(perform())

    def asyncio(self, limit: int = LIMIT) -> Result:
        """The twin. It prints nothing; its namespace is what it returns."""

        def perform(namespace: dict[str, Any]) -> None:
            clients = {"client": self.async_client, "claude": self.async_claude}
            namespace |= self.runner.run(self.twin(**clients, model=MODEL, limit=limit, **self.given()))

        return self.measured({}, perform)

    def threads(self) -> Result | None:
        """The same with `ThreadPoolExecutor.map`, where that applies: `name_threads.py`."""
        if not (PROGRAMS / f"{self.name}_threads.py").exists():
            return None
        rival = importlib.import_module(f"benchmarks.programs.{self.name}_threads").main

        def perform(namespace: dict[str, Any]) -> None:
            namespace |= rival(client=self.client, model=MODEL, limit=LIMIT, **self.given())

        return self.measured({}, perform)
