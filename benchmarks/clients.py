"""1,000 calls of a second each through the real `openai` client, 64 at once: blocking against a hand-written pool of 64 threads,
awaited against `gather` under a semaphore of 64. And what a look-up of an effect costs after the first.

The ideal is 16 s for everybody, so the ratio shows what finding out, queueing and waking up cost.
"""

from __future__ import annotations

import asyncio
import json
import time
import timeit
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import httpx
import openai

import poppy_ipython
from benchmarks import report
from poppy_ipython import local_llm, unordered
from poppy_ipython.effects import effect_of
from poppy_ipython.options import Options

CALLS, AT_ONCE, SECONDS = 1_000, 64, 1.0
AIM, LOOKUP_AIM = 1.05, 0.3
CELLS = {
    "blocking": """
answers = []
for i in range(N):
    reply = client.chat.completions.create(model=MODEL, messages=messages(i))
    answers.append(reply.choices[0].message.content)
""",
    "awaited": """
answers = []
for i in range(N):
    reply = await aclient.chat.completions.create(model=MODEL, messages=messages(i))
    answers.append(reply.choices[0].message.content)
""",
}


def messages(i: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Summarise: Loop number {i} ends in time."}]


def by_threads(names: dict[str, Any]) -> list[str]:
    def ask(i: int) -> str:
        reply = names["client"].chat.completions.create(model=names["MODEL"], messages=messages(i))
        return str(reply.choices[0].message.content)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, range(names["N"])))


def by_gather(names: dict[str, Any]) -> list[str]:
    async def main() -> list[str]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def ask(i: int) -> str:
            async with slots:
                reply = await names["aclient"].chat.completions.create(model=names["MODEL"], messages=messages(i))
                return str(reply.choices[0].message.content)

        return list(await asyncio.gather(*map(ask, range(names["N"]))))

    return asyncio.run(main())


TWINS: dict[str, Callable[[dict[str, Any]], list[str]]] = {"blocking": by_threads, "awaited": by_gather}


def by_poppy(cell: str, names: dict[str, Any]) -> list[str]:
    run = poppy_ipython.run(CELLS[cell], names, options=Options(max_calls=AT_ONCE))
    if run.error is not None:
        raise run.error
    return list(names["answers"])


def timed(what: Callable[[], list[str]]) -> tuple[list[str], float]:
    began = time.perf_counter()
    answers = what()
    return answers, time.perf_counter() - began


def measure(cell: str, calls: int, seconds: float, rounds: int) -> dict[str, Any]:
    """Both contenders, turn by turn, each with new clients, as a program would start."""
    pairs = []
    with local_llm.serve(first_token=0, per_token=0) as service:

        def names() -> dict[str, Any]:
            where = {"base_url": service.base_url, "api_key": "local", "max_retries": 0}
            return {
                "N": calls, "MODEL": f"local-small+{round(seconds * 1000)}ms", "messages": messages,
                "client": openai.OpenAI(**where), "aclient": openai.AsyncOpenAI(**where),
            }  # fmt: skip

        by_poppy(cell, {**names(), "N": 4, "MODEL": "local-small+1ms"})  # imports and caches
        TWINS[cell]({**names(), "N": 4, "MODEL": "local-small+1ms"})
        for _ in range(rounds):
            theirs, their_time = timed(lambda: TWINS[cell](names()))
            ours, our_time = timed(lambda: by_poppy(cell, names()))
            if ours != theirs:
                raise AssertionError(f"{cell}: the answers differ")
            pairs.append((our_time, their_time))
    ratio = median(ours / theirs for ours, theirs in pairs)
    poppy, twin = (median(one[side] for one in pairs) for side in (0, 1))
    return {"cell": cell, "calls": calls, "poppy": poppy, "twin": twin, "ratio": ratio, "rounds": pairs}


@unordered
def declared() -> None: ...


class Shop:
    @unordered
    def search(self) -> None: ...

    def other(self) -> None: ...


def lookups(number: int = 100_000) -> list[dict[str, Any]]:
    """Microseconds of `effect_of` for callees of every kind, when it has seen them before."""
    client = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:1/v1")
    callees: dict[str, Any] = {
        "a declared function": declared,
        "a declared method": Shop().search,
        "an undeclared method": Shop().other,
        "json.dumps": json.dumps,
        '"x".upper': "x".upper,
        "client.chat.completions.create": client.chat.completions.create,
        "client.files.create (by class)": client.files.create,
        "httpx.Client().get": httpx.Client().get,
    }
    found = []
    for name, callee in callees.items():
        effect_of(callee)
        whole = min(timeit.repeat(lambda: effect_of(callee), number=number, repeat=5))  # noqa: B023
        empty = min(timeit.repeat(lambda: callee, number=number, repeat=5))  # noqa: B023
        found.append({"callee": name, "us": (whole - empty) / number * 1e6})
    return found


def missed(value: float, aim: float) -> str:
    return "" if value <= aim else "**not reached**"


def main(rounds: int, calls: int = CALLS, seconds: float = SECONDS) -> None:
    print("Clients:", flush=True)
    found = []
    for cell in CELLS:
        print(f"  {calls:,} {cell} calls of {seconds:g} s, {AT_ONCE} at once", flush=True)
        found.append(measure(cell, calls, seconds, rounds))
    twins = {"blocking": "pool of 64 threads", "awaited": "gather, semaphore of 64"}
    rows = [
        (name, twins[name], f"{one['poppy']:.2f}", f"{one['twin']:.2f}", f"{one['ratio']:.3f}", missed(one["ratio"], AIM))
        for one in found
        for name in [str(one["cell"])]
    ]
    head = ("calls", "against", "poppy s", "by hand s", "ratio", f"aim {AIM}")
    note = f"{calls:,} calls of {seconds:g} s through `openai`, {AT_ONCE} at once; medians of {rounds}, turn by turn."
    report.publish("clients", "1,000 calls through a real client", head, rows, note, found)

    looked = lookups()
    rows = [(one["callee"], f"{one['us']:.2f}", missed(one["us"], LOOKUP_AIM)) for one in looked]
    note = "`effect_of`, after the first time; the best of five."
    report.publish("lookup", "Looking an effect up", ("callee", "µs", f"aim {LOOKUP_AIM}"), rows, note, looked)
