"""The Anthropic-compatible side with the real client: the same answers, errors, directives and streams."""

from __future__ import annotations

import asyncio

import pytest
from openai import OpenAI

from poppy_ipython import local_llm

anthropic = pytest.importorskip("anthropic")


@pytest.fixture
def claude(service: local_llm.Service):
    service.reset()
    with anthropic.Anthropic(base_url=service.url, api_key="local", max_retries=0) as made:
        yield made


def ask(prompt: str = "Summarise: The loop ends.", model: str = "local-small", **more: object) -> dict[str, object]:
    return {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": prompt}], **more}


def test_the_same_model_answers(claude, client: OpenAI) -> None:
    prompt = "Summarise in one sentence: Loops end. Loops that end are good loops. Cats sleep."
    theirs = client.chat.completions.create(model="local-small", messages=[{"role": "user", "content": prompt}])
    message = claude.messages.create(**ask(prompt))
    assert message.content[0].text == theirs.choices[0].message.content
    assert (message.role, message.stop_reason, message.model) == ("assistant", "end_turn", "local-small")
    assert message.usage.output_tokens > 0
    assert message == claude.messages.create(**ask(prompt))


def test_system_parts_and_limits(claude) -> None:
    parts = [{"type": "text", "text": "Loops end. Cats sleep well."}]
    labelled = claude.messages.create(
        model="local-small", max_tokens=9, system="Answer with one of: loops, dogs", messages=[{"role": "user", "content": parts}]
    )
    assert labelled.content[0].text == "loops"
    short = claude.messages.create(**ask("Summarise: " + "A very long loop ends here and there. " * 5, max_tokens=2))
    assert (short.stop_reason, len(short.content[0].text)) == ("max_tokens", 8)


def test_a_stream(claude) -> None:
    whole = claude.messages.create(**ask("Summarise: A rather long sentence about loops ends here."))
    with claude.messages.stream(**ask("Summarise: A rather long sentence about loops ends here.")) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(pieces) > 1 and "".join(pieces) == whole.content[0].text == final.content[0].text
    assert final.stop_reason == "end_turn" and final.usage.output_tokens == whole.usage.output_tokens
    kinds = [event.type for event in claude.messages.create(**ask(), stream=True)]
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, anthropic.BadRequestError), (401, anthropic.AuthenticationError), (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError), (529, anthropic.InternalServerError),
    ],
)  # fmt: skip
def test_errors_in_its_own_words(claude, status: int, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        claude.messages.create(**ask(model=f"local-small+{status}"))
    assert caught.value.body["type"] == "error" and "injected" in caught.value.body["error"]["message"]


def test_bad_requests(claude) -> None:
    with pytest.raises(anthropic.BadRequestError, match="at least one message"):
        claude.messages.create(model="local-small", max_tokens=5, messages=[])
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        claude.messages.create(**ask(max_tokens=0))


def test_tokens_are_counted(claude) -> None:
    few, many = (claude.messages.count_tokens(model="local-small", messages=ask("word " * n)["messages"]) for n in (1, 100))
    assert many.input_tokens > few.input_tokens > 0


def test_64_at_once(service: local_llm.Service) -> None:
    async def run() -> list[str]:
        async with anthropic.AsyncAnthropic(base_url=service.url, api_key="local", max_retries=0) as claude:
            calls = [claude.messages.create(**ask(f"Summarise: Loop {i} ends.", "local-small+together64")) for i in range(64)]
            return [message.content[0].text for message in await asyncio.gather(*calls)]

    assert asyncio.run(run()) == [f"Loop {i} ends." for i in range(64)]


def test_one_model_by_name(service: local_llm.Service, client: OpenAI) -> None:
    assert client.models.retrieve("local-small+10ms").id == "local-small+10ms"
    with pytest.raises(Exception, match="there is no model 'local-medium'"):
        client.models.retrieve("local-medium")
