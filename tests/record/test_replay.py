from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from poppy_ipython import local_llm, unordered
from poppy_ipython.record import store
from poppy_ipython.record.errors import MissingCall, NoRecording
from poppy_ipython.streams import lines
from tests.record.cells import World

LOOP = """
out = []
for n in range(6):
    out.append(ask(n))
again = [ask("same") for _ in range(3)]
save(len(out))
"""
CLIENT = """
def ask(prompt, model="local-small", **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}], **more)
answers = [ask(f"Summarise: item {n} is here. Another.") for n in range(4)]
try:
    ask("x", "local-small+500")
except Exception as error:
    kept = error
    failed = type(error), str(error), error.status_code, error.body
short = []
for idea in lines(ask("Propose two ideas from this text:\\n\\nA good loop ends. Cats sleep all day.", stream=True)):
    short.append(ask("Summarise in at most 3 words:\\n\\n" + idea).choices[0].message.content)
stream, head = ask("Propose two ideas from this text:\\n\\nDogs run. Ships wait.", stream=True), ""
for chunk in stream:
    head += chunk.choices[0].delta.content or ""
    if len(head) > 4:
        break
rest = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
"""
GATHER = """
import asyncio
first = await ask(1)
both = await asyncio.gather(ask(2), ask(3))
"""


def test_every_call_is_answered_and_nobody_asked() -> None:
    world = World()
    run, names = world.run(LOOP, record="a")
    assert run.notices == ("poppy: 10 calls recorded as 'a'",)
    asked, saved = list(world.asked), list(world.saved)
    again, replayed = world.run(LOOP, replay="a", latency=0)
    assert again.error is None and (replayed["out"], replayed["again"]) == (names["out"], names["again"])
    assert (world.asked, world.saved) == (asked, saved)
    assert "10 calls answered from the recording 'a'" in again.notices[0] and "edited" not in again.notices[0]


def test_deliberate_repeats_stay_distinct() -> None:
    world = World()
    _, names = world.run(LOOP, record="a")
    assert len({answer["number"] for answer in names["again"]}) == 3
    rows = [row for row in store.read("a")[1] if row.text == '["same"]']
    assert [row.rank for row in rows] == [0, 1, 2]
    run, _ = world.run(LOOP.replace("range(3)", "range(4)"), replay="a", latency=0)
    assert isinstance(run.error, MissingCall) and "any more: it was called 3 times" in str(run.error)


def test_a_cell_that_was_edited_since() -> None:
    world = World()
    world.run(LOOP, record="a")
    run, names = world.run(LOOP.replace("ask(n)", "ask(n + 1)"), replay="a", latency=0)
    assert isinstance(run.error, MissingCall) and "the cell was edited since" in run.notices[0]
    assert "has no ask(6); the nearest is ask(" in str(run.error)
    assert [answer["question"] for answer in names["out"]] == [1, 2, 3, 4, 5]
    asked = len(world.asked)
    live, names = world.run(LOOP.replace("ask(n)", "ask(n + 1)"), replay="a", missing="live", latency=0)
    assert live.error is None and world.asked[asked:] == [6] and "1 call asked live" in live.notices[0]
    assert "1 call of it not made" in live.notices[0]


def test_a_missing_call_is_not_taken_for_a_failure_of_the_call() -> None:
    world = World()
    source = "try:\n    answer = ask(QUESTION)\nexcept Exception:\n    answer = None"
    world.run(source, {"QUESTION": "one"}, record="a")
    run, names = world.run(source, {"QUESTION": "two"}, replay="a")
    assert isinstance(run.error, MissingCall) and "answer" not in names


def test_exceptions_come_back_and_are_not_tried_again() -> None:
    world = World()
    source = "try:\n    ask('fail')\nexcept ValueError as error:\n    said = error.args"
    world.run(source, record="a")
    run, names = world.run(source, replay="a", latency=0)
    assert names["said"] == ("no answer", "fail") and run.calls[0].outcome == "error" and world.asked == ["fail"]


def test_a_function_edited_since_is_named() -> None:
    source = "x = tell(1)"
    before, after = unordered(lambda n: n + 1), unordered(lambda n: n + 2)
    world = World()
    world.run(source, {"tell": before}, record="a")
    run, names = world.run(source, {"tell": after}, replay="a", latency=0)
    assert names["x"] == 2 and "edited since that recording, answered all the same: tell" in run.notices[1]


def test_arguments_that_cannot_be_stored_are_taken_in_order() -> None:
    world = World()
    held = unordered(lambda lock, n: [n, id(lock)])
    source = "a, b = held(one, 1), held(two, 1)"
    run, names = world.run(source, {"held": held, "one": threading.Lock(), "two": threading.Lock()}, record="a")
    assert "arguments that cannot be stored" in run.notices[1] and "held (lock)" in run.notices[1]
    _, again = world.run(source, {"held": held, "one": threading.Lock(), "two": threading.Lock()}, replay="a", latency=0)
    assert (again["a"], again["b"]) == (names["a"], names["b"])


def test_a_result_that_cannot_be_stored_is_said_and_is_an_error_when_replayed() -> None:
    world = World()
    lock = unordered(lambda: threading.Lock())
    run, _ = world.run("x = lock()", {"lock": lock}, record="a")
    assert run.error is None and "results that cannot be stored" in run.notices[1]
    again, _ = world.run("x = lock()", {"lock": lock}, replay="a")
    assert isinstance(again.error, MissingCall) and "serializer" in str(again.error)


def test_secrets_in_arguments_are_hidden_and_the_file_still_answers() -> None:
    world = World()
    login = unordered(lambda request: len(request))
    source = "x = login({'api_key': 'sk-proj-abcd1234efgh5678', 'q': 1})"
    world.run(source, {"login": login}, record="a")
    assert b"sk-proj" not in store.file_of("a").read_bytes()
    run, names = world.run(source, {"login": login}, replay="a", latency=0)
    assert run.error is None and names["x"] == 2


def test_what_a_call_prints_is_printed_again(capsys: pytest.CaptureFixture[str]) -> None:
    say = unordered(lambda n: print("said", n))
    world = World()
    world.run("for n in range(3): say(n)\nprint('end')", {"say": say}, record="a")
    first = capsys.readouterr().out
    world.run("for n in range(3): say(n)\nprint('end')", {"say": say}, replay="a", latency=0)
    assert capsys.readouterr().out == first == "said 0\nsaid 1\nsaid 2\nend\n"


def test_latency_as_recorded_none_and_doubled() -> None:
    world = World()
    slow = unordered(lambda n: time.sleep(0.06))
    source = "for n in range(4): slow(n)"
    recorded, _ = world.run(source, {"slow": slow}, record="a")
    took = [sum(call.seconds for call in world.run(source, {"slow": slow}, replay="a", latency=k)[0].calls) for k in (0.0, 1.0, 2.0)]
    whole = sum(call.seconds for call in recorded.calls)
    assert took[0] < whole / 2 and took[1] >= whole * 0.99 and took[2] >= whole * 1.99


def test_a_recording_that_is_not_there_runs_nothing() -> None:
    world = World()
    run, names = world.run("x = 1\nask(1)", replay="nothing")
    assert isinstance(run.error, NoRecording) and "x" not in names and not world.asked


def test_the_real_client_with_streams_and_errors() -> None:
    world = World()
    with local_llm.serve(first_token=0, per_token=0) as service:
        names = {"client": OpenAI(base_url=service.base_url, api_key="local", max_retries=0), "lines": lines}
        run, first = world.run(CLIENT, names, record="a")
        assert run.error is None and "9 calls recorded" in run.notices[0], run.notices
    names = {"client": OpenAI(base_url=service.base_url, api_key="local", max_retries=0), "lines": lines}
    again, second = world.run(CLIENT, names, replay="a", latency=0)
    assert again.error is None  # although the service is gone
    for name in ("answers", "failed", "short", "head", "rest"):
        assert second[name] == first[name], name
    assert type(second["stream"]) is openai.Stream and second["kept"].response.status_code == 500
    assert second["answers"][0].choices[0].message.content and second["rest"]


def test_a_stream_of_an_asynchronous_client() -> None:
    source = """
turn = [{"role": "user", "content": "Propose two ideas from this text:\\n\\nA good loop ends. Cats sleep all day."}]
out = []
async for idea in lines(await client.chat.completions.create(model="local-small", messages=turn, stream=True)):
    out.append(idea)
"""
    world = World()
    with local_llm.serve(first_token=0, per_token=0) as service:
        names = {"client": AsyncOpenAI(base_url=service.base_url, api_key="local", max_retries=0), "lines": lines}
        run, first = world.run(source, names, record="a")
        assert run.error is None and "1 call recorded" in run.notices[0], run.notices
    again, second = world.run(source, names, replay="a", latency=0)
    assert again.error is None and second["out"] == first["out"] and len(first["out"]) == 2


def test_coroutines_that_are_gathered() -> None:
    asked = []

    @unordered
    async def ask(n: int) -> int:
        asked.append(n)
        await asyncio.sleep(0)
        return n * n

    world = World()
    _, first = world.run(GATHER, {"ask": ask}, record="a")
    _, second = world.run(GATHER, {"ask": ask}, replay="a", latency=0)
    assert (second["first"], second["both"]) == (first["first"], first["both"]) == (1, [4, 9]) and asked == [1, 2, 3]


def test_code_that_runs_as_written_reaches_nobody(service: local_llm.Service) -> None:
    source = (
        "import asyncio\nasync def own():\n  async with asyncio.Lock():\n    return await client.chat.completions.create("
        "model='local-small', messages=[{'role': 'user', 'content': 'hi'}])\nanswer, = await asyncio.gather(own())"
    )
    world = World()
    service.reset()
    world.run(source, {"client": AsyncOpenAI(base_url=service.base_url, api_key="local", max_retries=0)}, record="a")
    asked = service.stats()["requests"]
    names = {"client": AsyncOpenAI(base_url=service.base_url, api_key="local", max_retries=0)}
    run, _ = world.run(source, names, replay="a")
    assert service.stats()["requests"] == asked
    assert isinstance(run.error, MissingCall) and "wanted to connect to 127.0.0.1" in str(run.error)


def test_two_receivers_with_the_same_question() -> None:
    class Agent:
        def __init__(self, name: str) -> None:
            self.name = name

        @unordered
        def ask(self, question: str) -> str:
            return f"{self.name}: {question}"

    world = World()
    source = "x = [agent.ask('q') for agent in agents]"
    world.run(source, {"agents": [Agent("a"), Agent("b")]}, record="r")
    _, names = world.run(source, {"agents": [Agent("b"), Agent("a")]}, replay="r", latency=0)
    assert names["x"] == ["b: q", "a: q"]


def test_a_damaged_payload_is_an_error_of_that_call(data: Any) -> None:
    import sqlite3

    world = World()
    world.run("x = ask(1)", record="a")
    with sqlite3.connect(store.file_of("a")) as connection:
        connection.execute("update calls set payload = '{\"$\": \"new\", \"t\": \"subprocess:Popen\"}'")
    run, _ = world.run("x = ask(1)", replay="a")
    assert "subprocess.Popen" in str(run.error)
