"""Models and tokens, from the answers of the real clients; and that nothing of the user's is run to find them."""

import anthropic
import openai
import pytest

import poppy_ipython
from poppy_ipython import local_llm
from poppy_ipython.trace import Trace
from poppy_ipython.trace.usage import Usage
from tests.display.test_page import Mean

CELL = """
said = []
for q in ("one", "two words"):
    said.append(client.chat.completions.create(model="local-small", messages=[{"role": "user", "content": q}]))
vector = client.embeddings.create(model="local-embedding", input="one two")
other = claude.messages.create(model="local-large", max_tokens=20, messages=[{"role": "user", "content": "one"}])
"""


@pytest.fixture(scope="module")
def found():
    service = local_llm.serve(first_token=0, per_token=0)
    space = {
        "client": openai.OpenAI(base_url=service.base_url, api_key="local"),
        "claude": anthropic.Anthropic(base_url=service.base_url.removesuffix("/v1"), api_key="local"),
    }
    run = poppy_ipython.run(CELL, space)
    assert run.error is None
    return run, space


def test_models_and_tokens_are_those_of_the_answers(found):
    run, space = found
    answers = [*space["said"], space["vector"], space["other"]]
    assert [call.model for call in run.calls] == [answer.model for answer in answers]
    for call, answer in zip(run.calls, answers, strict=True):
        usage = answer.usage
        sent = usage.input_tokens if hasattr(usage, "input_tokens") else usage.prompt_tokens
        received = getattr(usage, "output_tokens", None) or getattr(usage, "completion_tokens", 0)
        assert call.tokens == (sent, received) and sent > 0
    assert len(run.calls) == 4
    assert Trace.from_json(run.trace.to_json()) == run.trace
    assert list(run.trace.to_frame()["tokens sent"]) == [call.tokens.sent for call in run.calls]


def test_the_run_knows_when_it_began(found):
    assert found[0].trace.at > 1.6e9


def test_nothing_of_the_users_is_run():
    usage = Usage()
    for value in (Mean(), Mean, 3, None, object()):
        usage.ended(1, value, None)
    usage.sent(1, (), {"model": Mean()})
    assert not usage.models and not usage.tokens
