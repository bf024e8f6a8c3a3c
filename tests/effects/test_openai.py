"""The real openai client, never sending anything: which effect, resource and host its methods have."""

from __future__ import annotations

import functools
import gc

import pytest

from poppy_ipython.effects import attributes_are_pure, effect_of, effect_of_call, host_of, resource_of

openai = pytest.importorskip("openai")


@pytest.fixture
def client():
    return openai.OpenAI(api_key="none", base_url="http://127.0.0.1:8123/v1")


@pytest.fixture
def aclient():
    return openai.AsyncOpenAI(api_key="none")


def walk(client, path):
    return functools.reduce(getattr, path.split("."), client)


UNORDERED = ["chat.completions.create", "responses.create", "embeddings.create", "moderations.create"]


@pytest.mark.parametrize("path", UNORDERED)
def test_independent_requests(client, aclient, path):
    blocking, waiting = walk(client, path), walk(aclient, path)
    for _ in range(2):
        assert (effect_of(blocking).name, effect_of(blocking).backend) == ("unordered", "threads")
        assert (effect_of(waiting).name, effect_of(waiting).backend) == ("unordered", "loop")
    assert effect_of(blocking).result == "fresh"
    assert host_of(effect_of(blocking), blocking) == "127.0.0.1:8123"
    assert host_of(effect_of(waiting), waiting) == "api.openai.com"


@pytest.mark.parametrize(
    ("path", "kwargs", "name"),
    [
        ("chat.completions.create", {}, "unordered"),
        ("chat.completions.create", {"stream": False, "store": None}, "unordered"),
        ("chat.completions.create", {"stream": True}, "unordered"),
        ("chat.completions.create", {"stream": True, "store": True}, "sequential"),
        ("chat.completions.create", {"store": True}, "sequential"),
        ("chat.completions.create", {"extra_body": {"store": True}}, "sequential"),
        ("chat.completions.create", {"extra_body": {"top_k": 3}}, "unordered"),
        ("responses.create", {"conversation": None}, "unordered"),
        ("responses.create", {"conversation": "conv_1"}, "sequential"),
        ("responses.create", {"previous_response_id": "resp_1"}, "sequential"),
        ("responses.create", {"store": True}, "sequential"),
        ("responses.create", {"store": False}, "unordered"),
        ("responses.create", {"background": True}, "sequential"),
        ("embeddings.create", {"input": "x"}, "unordered"),
    ],
)
def test_arguments_that_leave_something_behind(client, aclient, path, kwargs, name):
    for callee, backend in ((walk(client, path), "threads"), (walk(aclient, path), "loop")):
        effect = effect_of_call(callee, (), {"model": "m", **kwargs})
        assert (effect.name, effect.backend) == (name, backend)


def test_not_given_is_not_given(client):
    omitted = getattr(openai, "omit", openai.NOT_GIVEN)
    assert effect_of_call(client.responses.create, (), {"conversation": omitted}).name == "unordered"


@pytest.mark.parametrize(
    "path",
    ["files.create", "files.delete", "batches.create", "vector_stores.create", "fine_tuning.jobs.create",
     "conversations.create", "models.retrieve", "images.generate", "chat.completions.delete"],
)  # fmt: skip
def test_everything_else_is_ordered_by_its_client(client, aclient, path):
    for one in (client, aclient):
        callee = walk(one, path)
        effect = effect_of(callee)
        assert effect.name == "sequential" and effect.external
        assert effect.backend == ("threads" if one is client else "loop")
        resource = resource_of(effect, callee, (), {})
        assert resource == resource_of(effect, one.files.retrieve, (), {})
        assert resource != resource_of(effect, openai.OpenAI(api_key="other").files.create, (), {})


def test_every_method_of_every_resource_is_unordered_only_if_it_is_one_of_the_four(client):
    allowed = {f"{kind}.{name}" for kind in ("Completions", "Responses", "Embeddings", "Moderations")
               for name in ("create", "parse")}  # fmt: skip
    from openai._resource import SyncAPIResource
    from openai.resources.completions import Completions as Legacy

    pending, seen = [SyncAPIResource], 0
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        for name in dir(kind):
            attribute = getattr(kind, name)
            if name.startswith("_") or not callable(attribute):
                continue
            seen += 1
            effect = effect_of(getattr(kind(client), name))
            assert effect is not None
            expected = f"{kind.__name__}.{name}" in allowed and kind is not Legacy and "beta" not in kind.__module__
            assert (effect.name == "unordered") == expected, f"{kind.__module__}.{kind.__name__}.{name}"
    assert seen > 20


def test_asynchronous_methods_that_send_nothing_are_undeclared(aclient):
    assert effect_of(aclient.models.list) is None
    assert effect_of(aclient.chat.completions.stream) is None


def test_what_only_looks_like_create(client):
    class Mine(type(client.chat.completions)):
        def create(self, **kwargs):
            return "mine"

    assert effect_of(Mine(client).create) is None

    @functools.wraps(client.chat.completions.create)
    def logged(**kwargs): ...

    assert effect_of(logged) is None


def test_a_raw_response_is_what_it_wraps(client, aclient):
    for one, backend in ((client, "threads"), (aclient, "loop")):
        create = one.chat.completions.with_raw_response.create
        effect = effect_of_call(create, (), {"model": "m"})
        assert (effect.name, effect.backend) == ("unordered", backend)
        assert effect_of_call(create, (), {"store": True}).name == "sequential"
        assert host_of(effect, create) == str(one.base_url.host) + (f":{one.base_url.port}" if one.base_url.port else "")
        assert effect_of(one.files.with_raw_response.create).name == "sequential"
    assert effect_of(client.chat.completions.with_streaming_response.create) is None


@pytest.mark.parametrize("library", ["openai", "anthropic"])
def test_a_client_that_runs_ones_own_code_is_undeclared(library):
    module = pytest.importorskip(library)
    kind = module.OpenAI if library == "openai" else module.Anthropic
    web = type(kind(api_key="x")._client).__mro__
    http = next(__import__(one.__module__.partition(".")[0]) for one in web if one.__name__ == "Client")

    class Mine(kind):
        pass

    hooked = http.Client(event_hooks={"request": [print]})
    mocked = http.Client(transport=http.MockTransport(print))
    plain, listening = http.Client(), http.Client()
    for client, known in [
        (kind(api_key="x"), True), (kind(api_key="x", http_client=plain), True), (Mine(api_key="x"), False),
        (kind(api_key="x", http_client=hooked), False), (kind(api_key="x", http_client=mocked), False),
    ]:  # fmt: skip
        create = client.chat.completions.create if library == "openai" else client.messages.create
        assert (effect_of_call(create, (), {}) is not None) == known
    client = kind(api_key="x", http_client=listening)
    create = client.chat.completions.create if library == "openai" else client.messages.create
    assert effect_of_call(create, (), {}).name == "unordered"
    listening.event_hooks["response"].append(print)
    assert effect_of_call(create, (), {}) is None, "a hook that came later"


def test_an_answer_is_parsed_into_data_only(client):
    import pydantic

    class Data(pydantic.BaseModel):
        text: str

    class Checked(Data):
        @pydantic.field_validator("text")
        def look(cls, value):
            return value

    tool = openai.pydantic_function_tool
    parse = client.chat.completions.parse
    for kwargs, known in [
        ({"response_format": Data}, True), ({"response_format": Checked}, False), ({"response_format": {"type": "text"}}, True),
        ({"tools": [tool(Data)]}, True), ({"tools": [tool(Checked)]}, False), ({"tools": [{"type": "function"}]}, True),
    ]:  # fmt: skip
        assert (effect_of_call(parse, (), kwargs) is not None) == known


def test_the_module_level_client(monkeypatch):
    monkeypatch.setattr(openai, "api_key", "none")
    assert effect_of(openai.chat.completions.create).name == "unordered"


def test_attributes(client, aclient):
    for one in (client, aclient):
        for value in (one, one.chat, one.chat.completions, one.with_options(timeout=3)):
            assert attributes_are_pure(type(value))
    from openai.types.chat import ChatCompletion, ChatCompletionMessage

    assert attributes_are_pure(ChatCompletion) and attributes_are_pure(ChatCompletionMessage)

    class Mine(openai.OpenAI):
        @property
        def chat(self):
            print("looked at")

    assert not attributes_are_pure(Mine)
    assert not attributes_are_pure(str)


def test_fields_of_pydantic_models():
    import pydantic

    class Answer(pydantic.BaseModel):
        text: str

        @property
        def loud(self):
            print("looked at")

    assert not attributes_are_pure(Answer)
    assert attributes_are_pure(Answer, "text")
    assert not attributes_are_pure(Answer, "loud")


def test_a_resource_keeps_clients_apart_after_one_is_gone(client):
    resource = resource_of(effect_of(client.files.create), client.files.create, (), {})
    seen = {resource}
    del client
    gc.collect()
    for _ in range(50):
        other = openai.OpenAI(api_key="none")
        assert resource_of(effect_of(other.files.create), other.files.create, (), {}) not in seen
