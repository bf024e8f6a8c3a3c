"""The three programs with the real `openai` client: plain, under `poppy_ipython`, and as hand-written asyncio.

One round runs the cell and its twin one after the other, so that both see the same machine; the ratio is the median of
the rounds' ratios. Clients are made and warmed before the clock starts: what is compared is the program, not the first
connection. Plain runs take long and are nobody's contestant: once is enough. All three must leave the same results.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from pathlib import Path
from pydoc_data.topics import topics
from statistics import median
from typing import Any

from openai import AsyncOpenAI, OpenAI

import poppy_ipython
from benchmarks import report
from benchmarks.programs import NAMES
from poppy_ipython import local_llm

HERE = Path(__file__).parent / "programs"
MODEL = "local-small"
LIMIT = 16
DOCUMENTS = {name: topics[name][:6000] for name in sorted(topics) if len(topics[name]) > 1500}


class Contest:
    """One program and its twin, with clients that live as long as the contest."""

    def __init__(self, name: str, documents: dict[str, str], base_url: str) -> None:
        self.name, self.documents = name, documents
        self.source = (HERE / f"{name}.py").read_text()
        self.twin = importlib.import_module(f"benchmarks.programs.{name}_asyncio").main
        self.runner = asyncio.Runner()
        self.client = OpenAI(base_url=base_url, api_key="local", max_retries=0)
        self.async_client = AsyncOpenAI(base_url=base_url, api_key="local", max_retries=0)

    def close(self) -> None:
        self.runner.run(self.async_client.close())
        self.runner.close()
        self.client.close()

    def namespace(self) -> dict[str, Any]:
        return {"client": self.client, "MODEL": MODEL, "documents": dict(self.documents)}

    def plain(self) -> tuple[dict[str, Any], float]:
        namespace = self.namespace()
        code = compile(self.source, f"{self.name}.py", "exec")
        began = time.perf_counter()
        exec(code, namespace)
        return namespace, time.perf_counter() - began

    def poppy(self) -> tuple[dict[str, Any], float, poppy_ipython.Run]:
        namespace = self.namespace()
        began = time.perf_counter()
        run = poppy_ipython.run(self.source, namespace, options=poppy_ipython.Options(max_calls=LIMIT))
        took = time.perf_counter() - began
        if run.error is not None:
            raise run.error
        return namespace, took, run

    def asyncio(self) -> tuple[dict[str, Any], float]:
        began = time.perf_counter()
        results = self.runner.run(self.twin(self.async_client, MODEL, dict(self.documents), LIMIT))
        return results, time.perf_counter() - began


def same(twin: dict[str, Any], *namespaces: dict[str, Any]) -> None:
    """Everything the twin returns is in each namespace, with the same value."""
    for name, value in twin.items():
        for namespace in namespaces:
            if namespace[name] != value:
                raise AssertionError(f"{name!r} differs:\n{namespace[name]!r}\nasyncio: {value!r}")


def contest(name: str, rounds: int, service: local_llm.Service) -> dict[str, Any]:
    """Measure one program."""
    print(f"  {name}: plain", end="", flush=True)
    one = Contest(name, DOCUMENTS, service.base_url)
    try:
        plain, plain_took = one.plain()
        print(f" {plain_took:.1f} s; {rounds} rounds", end="", flush=True)
        same(one.asyncio()[0], plain, one.poppy()[0])  # warms both clients, too
        measured = []
        for _ in range(rounds):
            namespace, poppy_took, run = one.poppy()
            twin, asyncio_took = one.asyncio()
            same(twin, namespace)
            measured.append((poppy_took, asyncio_took))
            print(".", end="", flush=True)
        print(flush=True)
    finally:
        one.close()
    return {
        "program": name,
        "calls": len(run.calls),
        "plain": plain_took,
        "poppy": median(poppy for poppy, _ in measured),
        "asyncio": median(twin for _, twin in measured),
        "ratio": median(poppy / twin for poppy, twin in measured),
        "rounds": measured,
    }


def main(rounds: int) -> None:
    print("Three programs, real openai client, local service:", flush=True)
    with local_llm.serve(seed=1) as service:
        measured = [contest(name, rounds, service) for name in NAMES]
    rows = [
        (
            one["program"].replace("_", " "),
            str(one["calls"]),
            f"{one['plain']:.1f}",
            f"{one['poppy']:.2f}",
            f"{one['asyncio']:.2f}",
            f"{one['plain'] / one['poppy']:.1f}x",
            f"{one['ratio']:.2f}",
        )
        for one in measured
    ]
    head = ("program", "calls", "plain s", "poppy s", "asyncio s", "plain / poppy", "poppy / asyncio")
    note = f"Median of {rounds}; plain once. At most {LIMIT} calls at once in both; the same results in all three."
    report.publish("endtoend", "Three programs, end to end", head, rows, note, measured)
