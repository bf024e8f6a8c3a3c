"""A service with hard limits, and four ways to meet it: all at once, as learned, with retries, and told.

The service takes so many requests at once and per minute and refuses the rest with a 429. How long the calls would take at
best under these limits is known: `ideal`. Every way gets a service of its own, freshly started.
"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Any

import openai

import poppy_ipython
from poppy_ipython import Options, limit, local_llm, unordered
from tests.chaos.record import Part

AT_ONCE = 16
LATENCY = 0.25
WARM_UP = 30.0
CALLS = 900


@dataclass
class Way:
    """How one way did."""

    name: str
    seconds: float
    refused: int
    requests: int
    answers: int
    #: refused, and requests, after the warm-up
    later: tuple[int, int] = (0, 0)


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
        warm: list[dict[str, Any]] = []
        timer = threading.Timer(WARM_UP, lambda: warm.append(service.stats()))
        timer.start()
        began = time.perf_counter()
        run = poppy_ipython.run(CELL, namespace := {"ask": ask, "calls": calls}, options=Options())
        seconds = time.perf_counter() - began
        timer.cancel()
        if given is not None:
            given.remove()
        if run.error is not None:
            raise run.error
    return of(name, service, seconds, len(namespace["answers"]), *warm)


def at_once(service: local_llm.Service, calls: int) -> Way:
    """`asyncio.gather` over all of it, the client's two retries included."""

    async def main() -> int:
        async with openai.AsyncOpenAI(base_url=service.base_url, api_key="local") as client:
            answers = await asyncio.gather(*(client.chat.completions.create(**question(n)) for n in range(calls)), return_exceptions=True)
        return sum(not isinstance(answer, Exception) for answer in answers)

    began = time.perf_counter()
    answers = asyncio.run(main())
    return of("gather, unlimited (client retries twice)", service, time.perf_counter() - began, answers)


def of(name: str, service: local_llm.Service, seconds: float, answers: int, warm: dict[str, Any] | None = None) -> Way:
    seen = service.stats()
    refused, requests = seen["statuses"].get("429", 0), seen["requests"]
    later = (0, 0) if warm is None else (refused - warm["statuses"].get("429", 0), requests - warm["requests"])
    return Way(name, seconds, refused, requests, answers, later)


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
        ("way", "seconds", "of the ideal", "requests", "refused", "share", "after the warm-up", "answers"),
        note=f"{calls} calls of {LATENCY} s; the service takes {AT_ONCE} at once and {per_minute} per minute; ideal {best:.1f} s. "
        f"The warm-up is the first {WARM_UP:.0f} s, in which both limits are met for the first time. Promised, told or learned: 1.10 "
        "of the ideal, less than 1 % refused after the warm-up, every answer.",
    )
    for way in ways(calls, per_minute):
        share = way.refused / way.requests
        refused, requests = way.later
        later = f"{refused} of {requests}" if requests else "–"
        figures = f"{way.seconds:.1f}", f"{way.seconds / best:.2f}", str(way.requests), str(way.refused), f"{share:.1%}", later
        part.rows.append((way.name, *figures, str(way.answers)))
        if "poppy" in way.name and (way.seconds > 1.1 * best or refused >= 0.01 * max(1, requests)):
            part.broken.append(f"{way}")
        if "poppy" in way.name and way.answers != calls:
            part.broken.append(f"{way.name}: {calls - way.answers} answers are missing")
    return part
