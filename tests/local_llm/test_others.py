"""Ollama's and Gemini's sides, and calls of tools, with the real clients: the same answers, errors and directives."""

from __future__ import annotations

import json

import pytest
from openai import OpenAI

from poppy_ipython import local_llm

anthropic = pytest.importorskip("anthropic")
genai = pytest.importorskip("google.genai")
ollama = pytest.importorskip("ollama")

PROMPT = "Summarise in one sentence: Loops that end are good loops. Cats sleep."
MESSAGES = [{"role": "user", "content": PROMPT}]
SHAPE = {"type": "object", "properties": {"title": {"type": "string"}, "score": {"type": "integer"}}, "required": ["title"]}


@pytest.fixture
def gemini(service: local_llm.Service):
    client = genai.Client(api_key="local", http_options={"base_url": service.url})  # which closes its connections when it goes
    yield client.models


@pytest.fixture
def llama(service: local_llm.Service):
    return ollama.Client(host=service.url)


@pytest.fixture
def said(client: OpenAI) -> str:
    return str(client.chat.completions.create(model="local-small", messages=MESSAGES).choices[0].message.content)


def test_the_same_model_answers(llama, gemini, said: str) -> None:
    assert llama.chat(model="local-small", messages=MESSAGES).message.content == said
    assert llama.generate(model="local-small", prompt=PROMPT).response == said
    assert gemini.generate_content(model="local-small", contents=PROMPT).text == said
    assert gemini.count_tokens(model="local-small", contents=PROMPT).total_tokens > 0


def test_streams(llama, gemini, said: str) -> None:
    pieces = [part.message.content for part in llama.chat(model="local-small", messages=MESSAGES, stream=True)]
    assert len(pieces) > 1 and "".join(pieces) == said
    assert "".join(part.text for part in gemini.generate_content_stream(model="local-small", contents=PROMPT)) == said


def test_embeddings_are_the_same(llama, gemini, client: OpenAI) -> None:
    theirs = client.embeddings.create(model="local-embed", input="a loop").data[0].embedding
    assert llama.embed(model="local-embed", input="a loop").embeddings[0] == pytest.approx(theirs)
    assert gemini.embed_content(model="local-embed", contents="a loop").embeddings[0].values == pytest.approx(theirs)


def test_structured_answers(llama, gemini) -> None:
    whole = json.loads(llama.chat(model="local-small", messages=MESSAGES, format=SHAPE).message.content)
    config = {"response_mime_type": "application/json", "response_schema": SHAPE}
    assert whole.keys() == json.loads(gemini.generate_content(model="local-small", contents=PROMPT, config=config).text).keys()


def test_errors_in_their_own_words(llama, gemini) -> None:
    with pytest.raises(ollama.ResponseError, match="injected") as raised:
        llama.chat(model="local-small+503", messages=MESSAGES)
    assert raised.value.status_code == 503
    with pytest.raises(genai.errors.ClientError, match="injected") as refused:
        gemini.generate_content(model="local-small+403", contents=PROMPT)
    assert refused.value.code == 403 and refused.value.status == "PERMISSION_DENIED"


def test_a_tool_is_called_when_it_must_be(client: OpenAI, service: local_llm.Service) -> None:
    tool = {"type": "function", "function": {"name": "note", "parameters": SHAPE}}
    asked = {"model": "local-small", "messages": MESSAGES, "tools": [tool]}
    choice = client.chat.completions.create(**asked, tool_choice={"type": "function", "function": {"name": "note"}}).choices[0]
    assert choice.finish_reason == "tool_calls" and choice.message.content is None
    (call,) = choice.message.tool_calls
    assert call.function.name == "note" and json.loads(call.function.arguments).keys() == {"title", "score"}
    assert client.chat.completions.create(**asked).choices[0].message.tool_calls is None
    parts = [one.choices[0].delta for one in client.chat.completions.create(**asked, tool_choice="required", stream=True)]
    written = "".join(part.tool_calls[0].function.arguments or "" for part in parts if part.tool_calls)
    assert json.loads(written) == json.loads(call.function.arguments)
    claude = anthropic.Anthropic(base_url=service.url, api_key="local", max_retries=0)
    tools = [{"name": "note", "input_schema": SHAPE}]
    message = claude.messages.create(
        model="local-small", max_tokens=50, messages=MESSAGES, tools=tools, tool_choice={"type": "tool", "name": "note"}
    )
    assert message.stop_reason == "tool_use" and message.content[0].input == json.loads(call.function.arguments)


@pytest.mark.parametrize("how", ["cut", "torn"])
def test_a_stream_that_breaks_off(client: OpenAI, llama, how: str) -> None:
    seen = []
    with pytest.raises(Exception, match=r"peer closed|Unterminated|Expecting"):
        for chunk in client.chat.completions.create(model=f"local-small+{how}", messages=MESSAGES, stream=True):
            seen.append(chunk.choices[0].delta.content)
    assert "".join(filter(None, seen))
    with pytest.raises(Exception, match=r"peer closed|Unterminated|Expecting"):
        list(llama.chat(model=f"local-small+{how}", messages=MESSAGES, stream=True))
    whole = client.chat.completions.create(model=f"local-small+{how}", messages=MESSAGES)
    assert whole.choices[0].message.content, "only streams break off"
