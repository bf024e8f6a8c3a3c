"""Real clients, no declaration: loops of their calls are in flight together, blocking, awaited and mixed.

The local service answers a request for `+together6` once six of them are there at the same moment, so a loop that runs in
order is an error (504), not a slow test. A plain run asks for `+together1` and must leave the same.
"""

from __future__ import annotations

import asyncio

import pytest

import poppy_ipython
from poppy_ipython import local_llm
from tests.effects.test_async_streams import plain

anthropic = pytest.importorskip("anthropic")
httpx = pytest.importorskip("httpx")
openai = pytest.importorskip("openai")
requests = pytest.importorskip("requests")

N = 6


def namespace(service, together):
    service.reset()
    message = {"role": "user", "content": "Summarise: "}
    return {
        "N": N, "out": [], "asyncio": asyncio, "httpx": httpx, "requests": requests, "url": service.base_url,
        "model": f"local-small+together{together}", "tail": f"+together{together}",
        "client": openai.OpenAI(base_url=service.base_url, api_key="x", max_retries=0),
        "aclient": openai.AsyncOpenAI(base_url=service.base_url, api_key="x", max_retries=0),
        "claude": anthropic.Anthropic(base_url=service.url, api_key="x", max_retries=0),
        "aclaude": anthropic.AsyncAnthropic(base_url=service.url, api_key="x", max_retries=0),
        "session": requests.Session(), "web": httpx.Client(), "aweb": httpx.AsyncClient(base_url=service.base_url),
        "messages": lambda i: [{**message, "content": f"Summarise: Loop {i} ends well."}],
    }  # fmt: skip


LOOPS = {
    "openai": "out.append(client.chat.completions.create(model=model, messages=messages(i)).choices[0].message.content.strip())",
    "openai awaited": "r = await aclient.chat.completions.create(model=model, messages=messages(i))\nout.append(r.choices[0].message.content)",
    "anthropic": "out.append(claude.messages.create(model=model, max_tokens=50, messages=messages(i)).content[0].text)",
    "anthropic awaited": "r = await aclaude.messages.create(model=model, max_tokens=50, messages=messages(i))\nout.append(r.content[0].text)",
    "anthropic tokens": "out.append(claude.messages.count_tokens(model=model, messages=messages(i)).input_tokens)",
    "openai model_dump": "out.append(client.chat.completions.create(model=model, messages=messages(i)).to_dict()['choices'][0]['index'])",
    "httpx": "r = httpx.get(f'{url}/models/local-small{tail}')\nr.raise_for_status()\nout.append(r.json()['id'])",
    "httpx client": "out.append(web.get(f'{url}/models/local-small{tail}').json()['id'])",
    "httpx awaited": "r = await aweb.get(f'/models/local-small{tail}')\nout.append((r.status_code, r.json()['id']))",
    "requests": "r = requests.get(f'{url}/models/local-small{tail}')\nr.raise_for_status()\nout.append(r.json()['id'])",
    "requests session": "r = session.get(f'{url}/models/local-small{tail}', timeout=9)\nout.append(r.text)",
    "a mixture": """if i % 3 == 0: r = client.chat.completions.create(model=model, messages=messages(i)).choices[0].message.content
elif i % 3 == 1: r = (await aclient.chat.completions.create(model=model, messages=messages(i))).choices[0].message.content
else: r = (await aclaude.messages.create(model=model, max_tokens=50, messages=messages(i))).content[0].text
out.append(r)""",
}  # fmt: skip


def loop(body):
    return "for i in range(N):\n" + "\n".join("    " + line for line in body.splitlines())


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_in_flight_at_once(service, name):
    source = loop(LOOPS[name])
    expected = namespace(service, 1)
    plain(source, expected)
    names = namespace(service, N)
    run = poppy_ipython.run(source, names)
    assert run.error is None, repr(run.error)
    shown = [str(value).replace("together6", "together1") for value in names["out"]]
    assert shown == [str(value) for value in expected["out"]] and len(shown) == N
    assert service.stats()["most_at_once"] == N and len(run.calls) == N


@pytest.mark.parametrize(
    "post",
    [
        "httpx.post(f'{url}/embeddings', json=body)", "web.post(f'{url}/embeddings', json=body)",
        "requests.post(f'{url}/embeddings', json=body)", "session.post(f'{url}/embeddings', json=body)",
    ],
)  # fmt: skip
def test_what_may_change_something_is_sent_in_order(service, post):
    names = namespace(service, 1) | {"body": {"model": "local-embed+20ms", "input": "a"}}
    run = poppy_ipython.run(f"for i in range(3): out.append({post})", names)
    assert run.error is None and len(names["out"]) == 3
    assert service.stats()["most_at_once"] == 1
    assert {call.effect for call in run.calls} == {"sequential"}


def test_a_read_comes_after_the_writes_before_it_and_other_hosts_do_not_wait(service):
    names = namespace(service, 1) | {"body": {"model": "local-embed+50ms", "input": "a"}}
    with local_llm.serve(first_token=0, per_token=0, hang=7) as other:
        names["elsewhere"] = other.base_url
        source = """
a = httpx.post(f'{url}/embeddings', json=body)
b = httpx.get(f'{url}/models/local-small')
c = httpx.get(f'{elsewhere}/models/local-small')
out.append((a.status_code, b.status_code, c.status_code))"""
        run = poppy_ipython.run(source, names)
    assert run.error is None and names["out"] == [(200, 200, 200)]
    write, read, elsewhere = run.calls
    assert read.started >= write.ended > elsewhere.started


def test_a_client_with_a_hook_of_ones_own_is_not_known(service):
    seen = []
    hooked = httpx.Client(event_hooks={"response": [lambda response: seen.append(response.status_code)]})
    names = namespace(service, 1) | {"hooked": hooked}
    run = poppy_ipython.run("for i in range(3): out.append(hooked.get(f'{url}/models').status_code)", names)
    assert run.error is None and names["out"] == seen == [200] * 3 and not run.calls


def test_a_transport_of_ones_own_runs_in_order(service):
    order = []

    def answer(request):
        order.append(request.url.path)
        return httpx.Response(200, text="x")

    names = namespace(service, 1) | {"mock": httpx.Client(transport=httpx.MockTransport(answer))}
    run = poppy_ipython.run("for i in range(4): out.append(mock.get(f'http://a/{i}').text)", names)
    assert run.error is None and order == ["/0", "/1", "/2", "/3"] and not run.calls


def test_errors_are_those_of_a_plain_run(service):
    source = "for i in range(3):\n    r = httpx.get(f'{url}/models/no-such-model')\n    r.raise_for_status()\n    out.append(r)"
    expected, names = namespace(service, 1), namespace(service, 1)
    with pytest.raises(httpx.HTTPStatusError) as raised:
        plain(source, expected)
    run = poppy_ipython.run(source, names)
    assert type(run.error) is httpx.HTTPStatusError and str(run.error) == str(raised.value) and names["out"] == []


def test_two_clients_share_the_limit_of_their_host(service):
    """Blocking and awaited, of two libraries: what a host takes is asked of the host, not of the client."""
    source = """
for i in range(9):
    if i % 3 == 0: r = client.chat.completions.create(model='local-small+30ms', messages=messages(i)).choices[0].message.content
    elif i % 3 == 1: r = (await aclient.chat.completions.create(model='local-small+30ms', messages=messages(i))).choices[0].message.content
    else: r = claude.messages.create(model='local-small+30ms', max_tokens=50, messages=messages(i)).content[0].text
    out.append(r)"""
    names = namespace(service, 1)
    said = poppy_ipython.limit(service.url.removeprefix("http://"), calls=3)
    try:
        run = poppy_ipython.run(source, names)
    finally:
        said.remove()
    assert run.error is None and names["out"] == [f"Loop {i} ends well." for i in range(9)]
    assert service.stats()["most_at_once"] == 3 and len(run.calls) == 9
