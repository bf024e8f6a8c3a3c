"""Secrets reach no trace, no report, no log and nothing that a notebook saves."""

from __future__ import annotations

import logging
import time

import pytest

import poppy_ipython
from poppy_ipython.host import bug
from poppy_ipython.redact import redact

SECRETS = ["sk-proj-9aZ8bY7cX6dW", "hunter2hunter2", "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0"]


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: {0}. You can find", "OpenAI(api_key='{1}')", '{{"Authorization": "Bearer {1}"}}', "token {2}",
        "headers={{'x-api-key': '{1}', 'accept': '*'}}", "https://me:{1}@db.example.org/x", "password: {1}", "MY_SECRET={1}",
        "client_secret = f\"{1}\"", "Basic {1}",
    ],
)  # fmt: skip
def test_a_secret_is_taken_out_and_the_rest_stays(text):
    given = text.format(*SECRETS)
    shown = redact(given)
    assert not any(secret in shown for secret in SECRETS)
    before, _, after = shown.partition("•••")
    assert given.startswith(before) and given.endswith(after) and shown != given


@pytest.mark.parametrize("text", ["api_key=key, x=1", "os.environ['OPENAI_API_KEY']", "skeleton-key-of-1234567", "token budget: 16", "ask(n=1)"])
def test_what_is_none_stays(text):
    assert redact(text) == text


def test_the_value_of_a_secret_variable_is_known(monkeypatch):
    monkeypatch.setenv("EXAMPLE_API_KEY", "plain-words-only")
    monkeypatch.setenv("EXAMPLE_NAME", "other-plain-words")
    assert redact("got plain-words-only, other-plain-words") == "got •••, other-plain-words"


@pytest.mark.parametrize("piece", ["a-", "api_key", "a", "sk-", "://a:", "api_key='", "secret = ", "Bearer ", "eyJaaaaaaaa."])
def test_no_text_takes_long(piece):
    text = piece * (200_000 // len(piece))
    before = time.process_time()
    redact(text)
    assert time.process_time() - before < 3.0


def test_no_part_of_a_run_holds_a_secret(caplog):
    caplog.set_level(logging.DEBUG)
    key = SECRETS[0]

    @poppy_ipython.unordered(host=lambda question, api_key: f"https://user:{api_key}@host")
    def ask(question, api_key):
        if question == "b":
            raise RuntimeError(f"401 for Authorization: Bearer {api_key}")
        return question

    @poppy_ipython.sequential(lambda api_key: ("account", api_key))
    def put(api_key):
        return 1

    source = f"a = ask('a', api_key={key!r})\nput({key!r})\nput({key!r})\nb = ask('b', api_key={key!r})"
    run = poppy_ipython.run(source, {"ask": ask, "put": put})
    assert isinstance(run.error, RuntimeError) and len(run.calls) == 4
    kept = [repr(run.calls), repr(run.trace), str(run), repr(run.trace.waits), run._repr_svg_(), str(bug.report(ValueError(), source)), caplog.text]
    assert not any(key in text for text in kept)
