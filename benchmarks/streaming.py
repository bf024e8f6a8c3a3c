"""Six streaming answers at once, each idea expanded as soon as its line is there: against a streaming pipeline written by hand
with asyncio, and against plain code that waits for whole answers.

Measured is the time to the first output and to the end. Everybody prints the same: a line for each idea, those of the
first answer as they arrive, those of later ones when their turn comes. The Opal paper reports up to 12.7 times lower latency of
first results over plain code; how much there is to gain depends on the lengths of the answers, which are those of the local
service here (a first token after 0.3 s, then 100 tokens a second).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from statistics import median
from typing import Any

import openai

import poppy_ipython
from benchmarks import report
from benchmarks.outcome import FirstOutput
from poppy_ipython import local_llm
from poppy_ipython.streams import lines

TOPICS = ("loops", "cats", "ships", "birds", "clocks", "rain")
FIRST_AIM, TOTAL_AIM = 1.1, 1.05
TEXT = """A good loop ends in time and says so to whoever waits for it at its end. A cat that sleeps all day is a happy cat.
Dogs run in the park when the sun shines and nobody minds. Birds sing at dawn, long before anybody wakes up to hear them.
Ships wait for the tide and then they leave without a word. Old clocks lose a minute a day, which is a year in a lifetime."""
EXPAND = '''
def expand(idea):
    question = f"Summarise in at most 8 words:\\n\\n{idea}"
    return client.chat.completions.create(model=MODEL, messages=user(question)).choices[0].message.content
'''
STREAMED = (
    EXPAND
    + """
notes = {}
for topic in topics:
    notes[topic] = []
    for idea in lines(client.chat.completions.create(model=MODEL, messages=user(prompt(topic)), stream=True)):
        print(topic, idea)
        notes[topic].append(expand(idea))
"""
)
WHOLE = (
    EXPAND
    + """
notes = {}
for topic in topics:
    notes[topic] = []
    answer = client.chat.completions.create(model=MODEL, messages=user(prompt(topic))).choices[0].message.content
    for idea in answer.splitlines():
        print(topic, idea)
        notes[topic].append(expand(idea))
"""
)


def user(content: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": content}]


def prompt(topic: str) -> str:
    return f"Propose five ideas from this text:\n\n{TEXT} The {topic} come last of all in this text."


def by_hand(names: dict[str, Any]) -> dict[str, list[str]]:
    """The pipeline that a careful programmer writes: a task a topic, one for each idea, and one that prints in order."""
    client, model = names["aclient"], names["MODEL"]

    async def expand(idea: str) -> str:
        question = f"Summarise in at most 8 words:\n\n{idea}"
        reply = await client.chat.completions.create(model=model, messages=user(question))
        return str(reply.choices[0].message.content)

    async def read(topic: str, said: asyncio.Queue[str | None]) -> list[str]:
        tasks = []
        left = ""

        def take(idea: str) -> None:
            if idea.strip():
                said.put_nowait(idea)
                tasks.append(asyncio.create_task(expand(idea)))

        async for chunk in await client.chat.completions.create(model=model, messages=user(prompt(topic)), stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                *complete, left = (left + chunk.choices[0].delta.content).split("\n")
                for idea in complete:
                    take(idea)
        take(left)
        said.put_nowait(None)
        return list(await asyncio.gather(*tasks))

    async def main() -> dict[str, list[str]]:
        queues: dict[str, asyncio.Queue[str | None]] = {topic: asyncio.Queue() for topic in names["topics"]}
        readers = [asyncio.create_task(read(topic, said)) for topic, said in queues.items()]
        for topic, said in queues.items():
            while (idea := await said.get()) is not None:
                print(topic, idea)
        return dict(zip(queues, await asyncio.gather(*readers), strict=True))

    return asyncio.run(main())


def by_poppy(names: dict[str, Any]) -> dict[str, list[str]]:
    run = poppy_ipython.run(STREAMED, names)
    if run.error is not None:
        raise run.error
    return dict(names["notes"])


def plainly(names: dict[str, Any]) -> dict[str, list[str]]:
    exec(WHOLE, names)
    return dict(names["notes"])


WHO: dict[str, Callable[[dict[str, Any]], dict[str, list[str]]]] = {"by hand": by_hand, "poppy": by_poppy, "plain": plainly}


def one(who: str, names: dict[str, Any]) -> dict[str, Any]:
    """One contender: what it left and printed, seconds to the first output and to the end."""
    watched = FirstOutput()
    began = time.perf_counter()
    with redirect_stdout(watched):
        notes = WHO[who](names)
    ended = time.perf_counter()
    assert watched.first is not None
    return {"notes": notes, "printed": watched.getvalue(), "first": watched.first - began, "total": ended - began}


def measure(rounds: int, first_token: float = 0.3, per_token: float = 0.01) -> dict[str, Any]:
    """All contenders, turn by turn; the plain one once (nothing varies in it)."""
    found: dict[str, list[dict[str, Any]]] = {who: [] for who in WHO}
    with local_llm.serve(first_token=first_token, per_token=per_token, jitter=0) as service:

        def names() -> dict[str, Any]:
            where = {"base_url": service.base_url, "api_key": "local", "max_retries": 0}
            return {
                "client": openai.OpenAI(**where), "aclient": openai.AsyncOpenAI(**where), "MODEL": "local-small",
                "lines": lines, "prompt": prompt, "user": user, "topics": TOPICS,
            }  # fmt: skip

        for who in ("by hand", "poppy"):  # imports and caches
            one(who, {**names(), "topics": TOPICS[:1], "MODEL": "local-small+1ms"})
        for turn in range(rounds):
            for who in WHO:
                if who != "plain" or not turn:
                    found[who].append(one(who, names()))
    left = [(run.pop("notes"), run.pop("printed")) for runs in found.values() for run in runs]
    if any(said != left[0] for said in left):
        raise AssertionError("the results differ")
    return {who: {what: median(run[what] for run in runs) for what in ("first", "total")} for who, runs in found.items()}


def main(rounds: int) -> None:
    print("Streaming:", flush=True)
    found = measure(rounds)
    hand, poppy, plain = found["by hand"], found["poppy"], found["plain"]
    rows = []
    for what, aim in (("first", FIRST_AIM), ("total", TOTAL_AIM)):
        ratio = poppy[what] / hand[what]
        name = "first output" if what == "first" else "end"
        seconds = [f"{one[what]:.2f}" for one in (plain, poppy, hand)]
        cells = (*seconds, f"{plain[what] / poppy[what]:.1f}x", f"{ratio:.3f}")
        rows.append((name, *cells, f"{aim}" if ratio <= aim else f"{aim}, **not reached**"))
    head = ("to", "plain s", "poppy s", "by hand s", "plain / poppy", "poppy / by hand", "aim")
    note = (
        f"Six answers of five ideas, each idea expanded; medians of {rounds}, plain once and without streaming.\n"
        "Opal reports up to 12.7x lower latency of first results; the ratio is a property of the program."
    )
    report.publish("streaming", "Streaming fan-out", head, rows, note, found)
