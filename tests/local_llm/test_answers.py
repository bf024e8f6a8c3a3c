"""What the service says, asked by the real client over HTTP: on topic, the same again, another when the request differs."""

from __future__ import annotations

import json
from pydoc_data.topics import topics

import pytest
from openai import OpenAI

MODEL = "local-small"


def ask(client: OpenAI, prompt: str, **more: object) -> str:
    response = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": prompt}], **more)
    return response.choices[0].message.content


@pytest.mark.parametrize("name", ["for", "try", "with", "del"])
def test_a_summary_is_made_of_the_text(client: OpenAI, name: str) -> None:
    said = ask(client, f"Summarise in one sentence:\n\n{topics[name]}")
    assert said in " ".join(topics[name].split())
    assert said.endswith(".")
    assert len(said) < len(topics[name]) / 3


def test_different_texts_have_different_summaries(client: OpenAI) -> None:
    said = {ask(client, f"Summarise in two sentences:\n\n{topics[name]}") for name in ("for", "try", "with", "del")}
    assert len(said) == 4


def test_the_same_request_is_answered_by_the_same_bytes(client: OpenAI) -> None:
    request = {"model": MODEL, "messages": [{"role": "user", "content": f"Summarise: {topics['for']}"}]}
    first = client.chat.completions.create(**request)
    assert client.chat.completions.create(**request) == first
    assert first.usage.total_tokens == first.usage.prompt_tokens + first.usage.completion_tokens > 100


def test_choices_and_seeds_differ(client: OpenAI) -> None:
    request = {"model": MODEL, "messages": [{"role": "user", "content": f"Summarise in one sentence: {topics['for']}"}]}
    choices = client.chat.completions.create(**request, n=3).choices
    assert len({one.message.content for one in choices}) == 3
    seeded = client.chat.completions.create(**request, seed=1).choices[0]
    assert seeded.message.content == choices[1].message.content


def test_words_are_counted(client: OpenAI) -> None:
    assert len(ask(client, f"Summarise in at most 7 words:\n\n{topics['for']}").split()) == 7


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The loop runs the loop body. A loop can be nested in a loop.", "loop"),
        ("An exception is raised. Handlers catch the exception.", "exception"),
        ("Licence terms: the licence permits use under the terms of the licence.", "licence"),
    ],
)
@pytest.mark.parametrize(
    "instruction",
    [
        "Answer with one of: loop, exception, licence",
        "Which label fits? Labels: loop, exception, licence",
        "Classify this text as loop, exception or licence",
    ],
)
def test_labels_by_keyword(client: OpenAI, instruction: str, text: str, label: str) -> None:
    assert ask(client, f"{instruction}\n\n{text}") == label


def test_yes_and_no(client: OpenAI) -> None:
    question = "Is this about loops? Answer yes or no."
    assert ask(client, f"{question}\n\n{topics['for']}") == "yes"
    assert ask(client, f"{question}\n\n{topics['assert']}") == "no"


def test_numbers_stay_in_range_and_differ(client: OpenAI) -> None:
    rated = [
        int(ask(client, f"Rate from 3 to 8 how well this explains loops and lists:\n\n{topics[name]}"))
        for name in ("for", "try", "with", "del", "assert", "lambda", "while", "return")
    ]
    assert all(3 <= one <= 8 for one in rated)
    assert len(set(rated)) >= 3


def test_items_are_numbered(client: OpenAI) -> None:
    lines = ask(client, f"Propose three next steps:\n\n{topics['try']}").splitlines()
    assert [line[:2] for line in lines] == ["1.", "2.", "3."]


def test_a_text_may_have_fences_of_its_own(client: OpenAI) -> None:
    text = "A class may have a docstring. " * 30 + 'For example:\n\n    """Counts keywords."""\n'
    assert ask(client, f"Propose one next point, in one sentence.\n\n{text}") == "A class may have a docstring."
    assert ask(client, 'Summarise the text in """quotes""" in one sentence') == "quotes"


def test_a_question_finds_its_sentence(client: OpenAI) -> None:
    text = "Rome lies in Italy. Paris lies in France. The longest river of France is the Loire."
    assert ask(client, f"Which river is the longest?\n\n{text}") == "The longest river of France is the Loire."


def test_system_message_and_earlier_turns(client: OpenAI) -> None:
    messages = [
        {"role": "system", "content": "Answer with one of: loop, exception"},
        {"role": "user", "content": "Handlers catch the exception that was raised, if the exception matches."},
    ]
    assert client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content == "exception"
    messages = [
        {"role": "user", "content": "Rome lies in Italy. Paris lies in France, on the river Seine."},
        {"role": "assistant", "content": "Noted."},
        {"role": "user", "content": "Which river is Paris on?"},
    ]
    said = client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content
    assert said == "Paris lies in France, on the river Seine."


def test_json_object_has_the_keys_asked_for(client: OpenAI) -> None:
    prompt = f'Reply in JSON with "title", "topics" and "score".\n\n{topics["for"]}'
    said = json.loads(ask(client, prompt, response_format={"type": "json_object"}))
    assert set(said) == {"title", "topics", "score"}
    assert all(topic in topics["for"].lower() for topic in said["topics"])
    assert isinstance(said["score"], int)


def test_json_schema_is_kept(client: OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["loop", "exception"]},
            "difficulty": {"type": "integer", "minimum": 1, "maximum": 3},
            "about_loops": {"type": "boolean", "description": "the for statement iterates"},
            "points": {"type": "array", "items": {"$ref": "#/$defs/point"}, "minItems": 2, "maxItems": 2},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        },
        "$defs": {"point": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "note", "schema": schema}}
    said = json.loads(ask(client, f"Describe:\n\n{topics['for']}", response_format=form))
    assert said["kind"] == "loop"
    assert said["difficulty"] in (1, 2, 3)
    assert said["about_loops"] is True
    assert [set(point) for point in said["points"]] == [{"text"}, {"text"}]
    assert said["maybe"] in " ".join(topics["for"].split())


def test_max_tokens_and_stop(client: OpenAI) -> None:
    request = {"model": MODEL, "messages": [{"role": "user", "content": f"Summarise: {topics['for']}"}]}
    choice = client.chat.completions.create(**request, max_tokens=5).choices[0]
    assert (len(choice.message.content), choice.finish_reason) == (20, "length")
    choice = client.chat.completions.create(**request, stop=" ").choices[0]
    assert (" " in choice.message.content, choice.finish_reason) == (False, "stop")


def test_streams_say_the_same(client: OpenAI) -> None:
    request = {"model": MODEL, "messages": [{"role": "user", "content": f"Summarise in one sentence: {topics['try']}"}]}
    whole = client.chat.completions.create(**request)
    chunks = list(client.chat.completions.create(**request, stream=True, stream_options={"include_usage": True}))
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == whole.choices[0].message.content
    assert len(pieces) > 5
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage == whole.usage


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings_of_like_texts_lie_close(client: OpenAI, encoding: str) -> None:
    texts = ["the loop iterates over a list", "loops iterate over lists", "a licence permits redistribution"]
    data = client.embeddings.create(model="local-embed", input=texts, encoding_format=encoding).data
    if encoding == "float":
        vectors = [one.embedding for one in data]
    else:
        vectors = [one.embedding for one in client.embeddings.create(model="local-embed", input=texts).data]
    loop, loops, licence = vectors

    def cosine(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert len(loop) == 256
    assert cosine(loop, loop) == pytest.approx(1, abs=1e-5)
    assert cosine(loop, loops) > cosine(loop, licence) + 0.3


def test_models_are_listed(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["local-small", "local-embed"]
