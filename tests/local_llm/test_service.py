"""The service as a process and as a server: overlap, errors, cancellation, its life beside ours. No test reads a clock."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import psutil
import pytest
from openai import AsyncOpenAI, OpenAI

from poppy_ipython import local_llm
from poppy_ipython.local_llm import directives


def request(prompt: str = "Summarise: The loop ends.", model: str = "local-small") -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": prompt}]}


def test_64_at_once(service: local_llm.Service, async_client: AsyncOpenAI) -> None:
    async def run() -> list[str]:
        calls = [
            async_client.chat.completions.create(**request(f"Summarise: Loop {i} ends.", "local-small+together64"))
            for i in range(64)
        ]
        return [answer.choices[0].message.content for answer in await asyncio.gather(*calls)]

    assert asyncio.run(run()) == [f"Loop {i} ends." for i in range(64)]
    assert service.stats() == {
        "requests": 64,
        "in_flight": 0,
        "most_at_once": 64,
        "cancelled": 0,
        "statuses": {"200": 64},
    }


def test_one_after_the_other_is_seen_as_such(service: local_llm.Service, client: OpenAI) -> None:
    for _ in range(5):
        client.chat.completions.create(**request())
    assert service.stats()["most_at_once"] == 1


def test_company_that_never_comes_is_an_error() -> None:
    with local_llm.serve(hang=0.01) as impatient:
        with OpenAI(base_url=impatient.base_url, api_key="local", max_retries=0) as client:
            with pytest.raises(openai.InternalServerError, match="only 1 of 2 requests"):
                client.chat.completions.create(**request(model="local-small+together2"))


@pytest.mark.parametrize(
    ("suffix", "error"),
    [
        ("400", openai.BadRequestError),
        ("401", openai.AuthenticationError),
        ("404", openai.NotFoundError),
        ("429", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("503@1", openai.InternalServerError),
    ],
)
def test_injected_errors(client: OpenAI, suffix: str, error: type[openai.APIStatusError]) -> None:
    for _ in range(2):
        with pytest.raises(error) as caught:
            client.chat.completions.create(**request(model=f"local-small+{suffix}"))
        status = suffix[:3]
        assert str(caught.value).startswith(f"Error code: {status} - ")
        assert f"injected error {status}" in str(caught.value)
        assert "retry-after" not in caught.value.response.headers
    with pytest.raises(error):
        client.chat.completions.create(**request(), extra_headers={"x-local-llm": suffix})


def test_retry_after(client: OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**request(model="local-small+429-after"))
    assert caught.value.response.headers["retry-after"] == "1"


def test_a_timeout_is_the_clients_to_notice(service: local_llm.Service, client: OpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.05).chat.completions.create(**request(model="local-small+timeout"))


def test_a_client_that_leaves_cancels_its_request(service: local_llm.Service, async_client: AsyncOpenAI) -> None:
    async def run() -> None:
        left = asyncio.create_task(async_client.chat.completions.create(**request(model="local-small+timeout")))
        async with asyncio.timeout(20):
            while not (await asyncio.to_thread(service.stats))["in_flight"]:
                assert not left.done()
            left.cancel()
            while (await asyncio.to_thread(service.stats))["in_flight"]:
                pass

    asyncio.run(run())
    assert service.stats()["cancelled"] == 1


def test_faults_by_seed_hit_the_same_requests_in_any_order() -> None:
    def failures(client: OpenAI, numbers: list[int]) -> set[int]:
        failed = set()
        for number in numbers:
            try:
                client.chat.completions.create(**request(f"Summarise: Loop {number} ends."))
            except openai.InternalServerError:
                failed.add(number)
        return failed

    numbers = list(range(60))
    with local_llm.serve(first_token=0, per_token=0, seed=3, error_500_share=0.2) as flaky:
        with OpenAI(base_url=flaky.base_url, api_key="local", max_retries=0) as client:
            failed = failures(client, numbers)
            assert failures(client, numbers[::-1]) == failed
    assert 4 <= len(failed) <= 24
    with local_llm.serve(first_token=0, per_token=0, seed=4, error_500_share=0.2) as flaky:
        with OpenAI(base_url=flaky.base_url, api_key="local", max_retries=0) as client:
            assert failures(client, numbers) != failed


def test_a_retry_is_drawn_anew() -> None:
    settings = local_llm.Settings(error_429_share=0.5)
    faults = [directives.read(settings, "m", "", b"{}", str(attempt)).fault for attempt in range(20)]
    assert {None, "429-after"} == set(faults)


def test_jitter_depends_on_the_request_and_stays_within_bounds() -> None:
    settings = local_llm.Settings(jitter=0.25)
    factors = [directives.read(settings, "m", "", b"%d" % number, "0").factor for number in range(200)]
    assert factors == [directives.read(settings, "m", "", b"%d" % number, "0").factor for number in range(200)]
    assert 0.75 <= min(factors) < 0.8 < 1.2 < max(factors) <= 1.25


def test_unknown_words_are_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="'soon' after"):
        client.chat.completions.create(**request(model="local-small+soon"))


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/chat/completions", b"{", 400),
        ("/chat/completions", b'{"messages": []}', 400),
        ("/chat/completions", b'{"model": "local-small", "messages": []}', 400),
        ("/embeddings", b'{"model": "local-embed", "input": [1]}', 400),
        ("/files", b"{}", 404),
    ],
)
def test_bad_requests_get_openais_error_body(service: local_llm.Service, path: str, body: bytes, status: int) -> None:
    asked = urllib.request.Request(service.base_url + path, body, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked)
    assert caught.value.code == status
    assert json.load(caught.value)["error"]["type"] == "invalid_request_error"


def test_equal_settings_share_a_process_until_the_last_stop() -> None:
    first = local_llm.serve(first_token=0, seed=101)
    second = local_llm.serve(first_token=0, seed=101)
    other = local_llm.serve(first_token=0, seed=102)
    try:
        assert first is second
        assert other.base_url != first.base_url
        assert first.base_url.startswith("http://127.0.0.1:")
        first.stop()
        assert second.stats()["requests"] == 0
    finally:
        second.stop()
        other.stop()
    assert not second.alive
    assert "stopped" in repr(second)
    with pytest.raises(urllib.error.URLError):
        second.stats()
    again = local_llm.serve(first_token=0, seed=101)
    assert again is not first
    again.stop()


def test_it_dies_with_a_parent_that_is_killed() -> None:
    code = (
        "import sys; from poppy_ipython import local_llm\n"
        "service = local_llm.serve(first_token=0)\n"
        "print(service._process.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdin and parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    assert child.is_running()
    parent.kill()
    parent.wait()
    for pipe in (parent.stdin, parent.stdout):
        pipe.close()
    gone, alive = psutil.wait_procs([child], timeout=20)
    # Where nobody reaps orphans (a container without init) it stays as a zombie, which is gone enough.
    assert gone or alive[0].status() == psutil.STATUS_ZOMBIE


def test_from_the_command_line() -> None:
    command = [sys.executable, "-m", "poppy_ipython.local_llm", "--first-token", "0", "--per-token", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        body = json.dumps(request("Summarise: The loop ends.")).encode()
        asked = urllib.request.Request(url + "/chat/completions", body, {"Content-Type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked) as response:
            assert json.load(response)["choices"][0]["message"]["content"] == "The loop ends."
        process.terminate()
        assert process.wait(20) == 0


def test_a_service_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such port >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(RuntimeError, match="did not start:\nno such port"):
        local_llm.serve(seed=103)


@pytest.mark.parametrize("changes", [{"first_token": "soon"}, {"seed": -1}, {"jitter": True}])
def test_settings_are_checked(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be a number"):
        local_llm.serve(**changes)


def test_settings_survive_the_command_line() -> None:
    settings = local_llm.Settings(seed=5, jitter=0.5)
    assert local_llm.Settings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("fault", "error"),
    [("reset", openai.APIConnectionError), ("half", openai.APIConnectionError), ("drip", openai.APITimeoutError), ("garbage", ValueError)],
)
def test_broken_answers(client: OpenAI, fault: str, error: type[Exception]) -> None:
    patient = client.with_options(timeout=0.5)
    with pytest.raises(error):
        patient.chat.completions.create(**request(model=f"local-small+{fault}"))
    assert patient.chat.completions.create(**request()).choices


def test_a_page_instead_of_json(client: OpenAI) -> None:
    assert "<html>" in str(client.chat.completions.create(**request(model="local-small+html")))


def test_a_plan_hits_equal_requests_in_any_order(service: local_llm.Service, client: OpenAI) -> None:
    asked = [request(text) for text in "abc"]
    service.plan({})
    for one in asked:
        client.chat.completions.create(**one)
    digests = service.bodies()
    assert len(set(digests)) == 3
    service.plan({digests[1]: "500"})
    for _ in range(2):
        for place in (2, 1, 0):
            if place == 1:
                with pytest.raises(openai.InternalServerError):
                    client.chat.completions.create(**asked[place])
            else:
                client.chat.completions.create(**asked[place])
    service.plan({})
    assert client.chat.completions.create(**asked[1]).choices


def test_what_it_takes_at_once_and_per_minute() -> None:
    with local_llm.serve(first_token=0.2, per_token=0, jitter=0, max_at_once=2, per_minute=5) as service:
        with OpenAI(base_url=service.base_url, api_key="local", max_retries=0) as client:

            def one(n: int) -> int:
                try:
                    client.chat.completions.create(**request(str(n)))
                except openai.RateLimitError as error:
                    return 429 if "retry-after" not in error.response.headers else 430
                return 200

            with ThreadPoolExecutor(3) as pool:
                assert sorted(pool.map(one, range(3))) == [200, 200, 429]
            with ThreadPoolExecutor(2) as pool:
                assert [*pool.map(one, range(2)), one(3), one(4)] == [200, 200, 200, 430]
