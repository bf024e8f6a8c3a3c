"""A service with hard limits, and four ways to meet it: all at once, as learned, with retries, and told.

The service takes so many requests at once and per minute and refuses the rest with a 429. How long the calls would take at
best under these limits is known: `ideal`. Every way gets a service of its own, freshly started.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import openai

import poppy_ipython
from poppy_ipython import Options, limit, local_llm, unordered
from tests.chaos.record import Part

AT_ONCE = 16
LATENCY = 0.25
CALLS = 900


@dataclass
class Way:
    """How one way did."""

    name: str
    seconds: float
    refused: int
    requests: int
    answers: int


def ideal(calls: int, per_minute: int) -> float:
    """Seconds at best: full minutes of the quota, then what is left at full width."""
    full, rest = divmod(calls - 1, per_minute)
    return 60.0 * full + LATENCY * -(-(rest + 1) // AT_ONCE)


def question(n: int) -> dict[str, object]:
    return {"model": "local-small", "messages": [{"role": "user", "content": f"Summarise: item {n} is here."}]}


CELL = "answers = [ask(n) for n in range(calls)]"


def under_poppy(name: str, service: local_llm.Service, calls: int, *, told: dict[str, int] | None, max_retries: int) -> Way:
    with openai.OpenAI(base_url=service.base_url, api_key="local", max_retries=max_retries) as client:

        @unordered(host="the service")
        def ask(n: int) -> str:
            answer = client.chat.completions.create(**question(n))
            return str(answer.choices[0].message.content)

        given = limit("the service", **told) if told else None
        began = time.perf_counter()
        run = poppy_ipython.run(CELL, namespace := {"ask": ask, "calls": calls}, options=Options())
        seconds = time.perf_counter() - began
        if given is not None:
            given.remove()
        if run.error is not None:
            raise run.error
    return of(name, service, seconds, len(namespace["answers"]))


def at_once(service: local_llm.Service, calls: int) -> Way:
    """`asyncio.gather` over all of it, the client's two retries included."""

    async def main() -> int:
        async with openai.AsyncOpenAI(base_url=service.base_url, api_key="local") as client:
            answers = await asyncio.gather(*(client.chat.completions.create(**question(n)) for n in range(calls)), return_exceptions=True)
        return sum(not isinstance(answer, Exception) for answer in answers)

    began = time.perf_counter()
    answers = asyncio.run(main())
    return of("gather, unlimited (client retries twice)", service, time.perf_counter() - began, answers)


def of(name: str, service: local_llm.Service, seconds: float, answers: int) -> Way:
    seen = service.stats()
    return Way(name, seconds, seen["statuses"].get("429", 0), seen["requests"], answers)


def ways(calls: int, per_minute: int) -> list[Way]:
    found = []
    settings = {"first_token": LATENCY, "per_token": 0.0, "jitter": 0.0, "max_at_once": AT_ONCE, "per_minute": per_minute}
    for way in (
        at_once,
        lambda service, calls: under_poppy("poppy, learned", service, calls, told=None, max_retries=0),
        lambda service, calls: under_poppy(
            "poppy, told: limit(calls=16, per_minute=…)", service, calls, told={"calls": AT_ONCE, "per_minute": per_minute}, max_retries=0
        ),
    ):
        with local_llm.serve(**settings) as service:
            found.append(way(service, calls))
        print(found[-1], flush=True)
    return found


def campaign(calls: int = CALLS, per_minute: int = 600) -> Part:
    best = ideal(calls, per_minute)
    part = Part(
        "Limits",
        ("way", "seconds", "of the ideal", "requests", "refused", "share", "answers"),
        note=f"{calls} calls of {LATENCY} s; the service takes {AT_ONCE} at once and {per_minute} per minute; ideal {best:.1f} s. "
        "Promised for the told way: 1.10 of the ideal, less than 1 % refused, every answer.",
    )
    for way in ways(calls, per_minute):
        share = way.refused / way.requests
        part.rows.append(
            (way.name, f"{way.seconds:.1f}", f"{way.seconds / best:.2f}", str(way.requests), str(way.refused), f"{share:.1%}", str(way.answers))
        )
        if "told" in way.name and (way.seconds > 1.1 * best or share >= 0.01 or way.answers != calls):
            part.broken.append(f"{way}")
        if "poppy" in way.name and way.answers != calls:
            part.broken.append(f"{way.name}: {calls - way.answers} answers are missing")
    return part
