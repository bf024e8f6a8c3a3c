"""Real clients of other services and the frameworks around them, no declaration: their loops are in flight together.

As in `test_clients.py`, the local service answers a request for `+together6` once six are there at the same moment. Which of
their shapes are *not* known, and why, stands here as well.
"""

from __future__ import annotations

import pytest

import poppy_ipython
from poppy_ipython.effects import effect_of_call, unordered
from poppy_ipython.streams import lines, texts
from tests.effects.test_async_streams import plain
from tests.effects.test_clients import loop

anthropic = pytest.importorskip("anthropic")
genai = pytest.importorskip("google.genai")
instructor = pytest.importorskip("instructor")
mistral = pytest.importorskip("mistralai.client")
ollama = pytest.importorskip("ollama")
openai = pytest.importorskip("openai")
pydantic = pytest.importorskip("pydantic")
lc_openai = pytest.importorskip("langchain_openai")
lc_anthropic = pytest.importorskip("langchain_anthropic")

from langchain_core.callbacks import BaseCallbackHandler, UsageMetadataCallbackHandler  # noqa: E402
from langchain_core.globals import set_debug, set_llm_cache  # noqa: E402
from langchain_core.output_parsers import PydanticOutputParser, StrOutputParser  # noqa: E402
from langchain_core.prompts import ChatPromptTemplate  # noqa: E402
from langchain_core.runnables import RunnableLambda, RunnablePassthrough  # noqa: E402
from langchain_core.vectorstores import InMemoryVectorStore  # noqa: E402

N = 6


class Idea(pydantic.BaseModel):
    title: str
    score: int


class Checked(Idea):
    @pydantic.field_validator("title")
    def short(cls, title):
        return title[:5]


def namespace(service, together):
    service.reset()
    tail = f"+together{together}"
    gpt = openai.OpenAI(base_url=service.base_url, api_key="x", max_retries=0)
    claude = anthropic.Anthropic(base_url=service.url, api_key="x", max_retries=0)
    web = {"http_async_client": openai.DefaultAsyncHttpxClient()}  # else one for all, which belongs to the loop that first used it
    chat = lc_openai.ChatOpenAI(model=f"local-small{tail}", base_url=service.base_url, api_key="x", max_retries=0, **web)
    sonnet = lc_anthropic.ChatAnthropic(model=f"local-small{tail}", base_url=service.url, api_key="x", max_retries=0)
    embed = {"base_url": service.base_url, "api_key": "x", "check_embedding_ctx_length": False}
    store = InMemoryVectorStore(lc_openai.OpenAIEmbeddings(model="local-embed", **embed))
    store.add_texts(["Loops end in time.", "Cats sleep all day."])
    store.embedding = lc_openai.OpenAIEmbeddings(model=f"local-embed{tail}", **embed)
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "Summarise: Loop {i} ends well.")])
    service.reset()
    return {
        "N": N, "out": [], "model": f"local-small{tail}", "embedder": f"local-embed{tail}", "Idea": Idea, "Ideas": list[Idea], "Checked": Checked,
        "lines": lines, "texts": texts, "chat": chat, "sonnet": sonnet, "store": store, "retriever": store.as_retriever(search_kwargs={"k": 1}),
        "prompt": prompt, "chain": prompt | chat | StrOutputParser(), "bound": chat.bind(stop=["zzz"]), "structured": chat.with_structured_output(Idea),
        "structured_claude": sonnet.with_structured_output(Idea), "RunnableLambda": RunnableLambda,
        "rag": {"i": store.as_retriever() | RunnableLambda(joined), "x": RunnablePassthrough()} | prompt | chat | StrOutputParser(),
        "typed": instructor.from_openai(gpt), "atyped": instructor.from_openai(openai.AsyncOpenAI(base_url=service.base_url, api_key="x")),
        "typed_claude": instructor.from_anthropic(claude), "raw": gpt.chat.completions.with_raw_response,
        "local": ollama.Client(host=service.url), "alocal": ollama.AsyncClient(host=service.url),
        "gemini": genai.Client(api_key="x", http_options={"base_url": service.url}),
        "mistral": mistral.Mistral(api_key="x", server_url=service.url),
        "messages": lambda i: [{"role": "user", "content": f"Summarise: Loop {i} ends well."}],
    }  # fmt: skip


@poppy_ipython.pure
def joined(documents):
    return " ".join(one.page_content for one in documents)


LOOPS = {
    "ollama": "out.append(local.chat(model=model, messages=messages(i)).message.content)",
    "ollama by key": "out.append(local.generate(model=model, prompt=f'Summarise: Loop {i} ends.')['response'])",
    "ollama embed": "out.append(len(local.embed(model=embedder, input=f'loop {i}').embeddings[0]))",
    "ollama awaited": "r = await alocal.chat(model=model, messages=messages(i))\nout.append(r.message.content)",
    "mistral": "out.append(mistral.chat.complete(model=model, messages=messages(i)).choices[0].message.content)",
    "mistral awaited": "r = await mistral.chat.complete_async(model=model, messages=messages(i))\nout.append(r.choices[0].message.content)",
    "mistral embeddings": "out.append(len(mistral.embeddings.create(model=embedder, inputs=[f'loop {i}']).data))",
    "gemini": "out.append(gemini.models.generate_content(model=model, contents=f'Summarise: Loop {i} ends well.').text)",
    "gemini awaited": "r = await gemini.aio.models.generate_content(model=model, contents=f'Summarise: Loop {i} ends.')\nout.append(r.text)",
    "gemini into a model": """r = gemini.models.generate_content(model=model, contents=f'Summarise: Loop {i} ends.',
    config={'response_mime_type': 'application/json', 'response_schema': Idea})
out.append(r.parsed.title)""",
    "openai raw": "r = raw.create(model=model, messages=messages(i))\nout.append((r.status_code, r.parse().choices[0].message.content))",
    "openai model_dump": "out.append(raw.create(model=model, messages=messages(i)).parse().model_dump()['choices'][0]['index'])",
    "instructor": "out.append(typed.chat.completions.create(model=model, messages=messages(i), response_model=Idea).title)",
    "instructor, a list": "out.append(len(typed.create(model=model, messages=messages(i), response_model=Ideas)))",
    "instructor awaited": "r = await atyped.create(model=model, messages=messages(i), response_model=Idea)\nout.append(r.score)",
    "instructor claude": "out.append(typed_claude.messages.create(model=model, max_tokens=99, messages=messages(i), response_model=Idea).title)",
    "instructor and completion": "r, c = typed.create_with_completion(model=model, messages=messages(i), response_model=Idea)\nout.append((r.title, c.model[:5]))",
    "langchain": "out.append(chat.invoke(f'Summarise: Loop {i} ends well.').content)",
    "langchain claude": "out.append(sonnet.invoke(f'Summarise: Loop {i} ends well.').content)",
    "langchain awaited": "r = await chat.ainvoke(f'Summarise: Loop {i} ends well.')\nout.append(r.content)",
    "langchain chain": "out.append(chain.invoke({'i': i}))",
    "langchain chain awaited": "r = await chain.ainvoke({'i': i})\nout.append(r)",
    "langchain structured": "out.append(structured.invoke(f'Summarise: Loop {i} ends well.').title)",
    "langchain structured claude": "out.append(structured_claude.invoke(f'Summarise: Loop {i} ends well.').title)",
    "langchain prompt by hand": "out.append(chat.invoke(prompt.invoke({'i': i})).content)",
    "langchain retriever": "d = retriever.invoke(f'loop {i}')\nout.append(d[0].page_content)",
    "langchain search": "out.append(store.similarity_search(f'loop {i}', k=1)[0].page_content)",
    "langchain bound": "out.append(bound.invoke(f'Summarise: Loop {i} ends well.').content)",
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_in_flight_at_once(service, name):
    source = loop(LOOPS[name])
    expected = namespace(service, 1)
    plain(source, expected)
    names = namespace(service, N)
    run = poppy_ipython.run(source, names)
    assert run.error is None, repr(run.error)
    assert [str(value) for value in names["out"]] == [str(value) for value in expected["out"]] and len(names["out"]) == N
    assert service.stats()["most_at_once"] == N and {call.effect for call in run.calls} == {"unordered"}


STREAMS = {
    "ollama": "local.chat(model=model, messages=messages(i), stream=True)",
    "ollama generate": "local.generate(model=model, prompt=f'Summarise: Loop {i} ends well.', stream=True)",
    "mistral": "mistral.chat.stream(model=model, messages=messages(i))",
    "gemini": "gemini.models.generate_content_stream(model=model, contents=f'Summarise: Loop {i} ends well.')",
    "langchain": "chat.stream(f'Summarise: Loop {i} ends well.')",
    "langchain claude": "sonnet.stream(f'Summarise: Loop {i} ends well.')",
    "langchain chain": "chain.stream({'i': i})",
}


@pytest.mark.parametrize("name", STREAMS)
def test_streams_are_in_flight_at_once(service, name):
    source = loop(f"for t in texts({STREAMS[name]}): out.append(t)")
    expected = namespace(service, 1)
    plain(source, expected)
    names = namespace(service, N)
    run = poppy_ipython.run(source, names)
    assert run.error is None, repr(run.error)
    assert names["out"] == expected["out"] and len(names["out"]) > N and "ends" in "".join(names["out"])
    assert service.stats()["most_at_once"] == N


def test_a_cell_of_frameworks_leaves_what_a_plain_one_leaves(service):
    source = """
class Note(pydantic.BaseModel):
    text: str
    tags: list[str] = []

notes = []
for i in range(N):
    idea = typed.create(model=model, messages=messages(i), response_model=Idea)
    note = Note(text=idea.title, tags=[str(idea.score)])
    notes.append(Note.model_validate(note.model_dump()))
    out.append(note.model_dump_json())
"""
    expected, names = namespace(service, 1) | {"pydantic": pydantic}, namespace(service, 1) | {"pydantic": pydantic}
    plain(source, expected)
    run = poppy_ipython.run(source, names)
    assert run.error is None, repr(run.error)
    assert names["out"] == expected["out"] and repr(names["notes"]) == repr(expected["notes"])
    assert all(type(note) is names["Note"] for note in names["notes"])


def counted(value):
    raise AssertionError("never called")


class Listener(BaseCallbackHandler):
    pass


def test_what_is_not_known_of_a_chain(service):
    names = namespace(service, 1)
    chat, chain, prompt = names["chat"], names["chain"], names["prompt"]

    class Own(lc_openai.ChatOpenAI):
        pass

    def known(runnable, *args, **kwargs):
        return effect_of_call(runnable.invoke, ("x", *args), kwargs) is not None

    asked = unordered(lambda text: text)
    for runnable, expected in [
        (chat, True), (chain, True), (names["rag"], True), (names["structured"], True), (chain.with_retry(), True),
        (chat.with_fallbacks([names["sonnet"]]), True), (prompt | chat | PydanticOutputParser(pydantic_object=Idea), True),
        (prompt | RunnableLambda(asked) | chat, True), (prompt | chat | RunnableLambda(counted), False),
        (prompt | chat | PydanticOutputParser(pydantic_object=Checked), False), (chat.with_structured_output(Checked), False),
        (RunnablePassthrough.assign(a=chain), False), (RunnablePassthrough.assign(a=chain) | prompt | chat, True),
        (chat.with_config(callbacks=[Listener()]), False), (chat.with_listeners(on_end=counted), False),
        (Own(model="m", api_key="x"), False), (lc_openai.ChatOpenAI(model="m", api_key="x", callbacks=[Listener()]), False),
        (lc_openai.ChatOpenAI(model="m", api_key="x", cache=True), False), (names["retriever"], True),
        (names["store"].as_retriever(search_kwargs={"filter": counted}), False),
    ]:  # fmt: skip
        assert known(runnable) == expected, runnable
    assert not known(chat, {"callbacks": [Listener()]}) and not known(chat, config={"tags": ["a"]})
    set_debug(True)
    assert not known(chat)
    set_debug(False)
    set_llm_cache(object())
    assert not known(chat)
    set_llm_cache(None)
    with pytest.importorskip("langchain_core.callbacks").get_usage_metadata_callback() as usage:
        assert isinstance(usage, UsageMetadataCallbackHandler) and not known(chat)
    assert known(chat)


def test_what_is_not_known_of_instructor(service):
    names = namespace(service, 1)
    typed = names["typed"]

    def known(client=typed, **kwargs):
        return effect_of_call(client.create, (), {"messages": [], "response_model": Idea} | kwargs) is not None

    assert known() and known(response_model=None) and known(max_retries=2)
    for kwargs in ({"response_model": Checked}, {"context": {"a": 1}}, {"stream": True}, {"max_retries": object()}):
        assert not known(**kwargs)
    listening = instructor.from_openai(openai.OpenAI(api_key="x"))
    listening.on("completion:kwargs", print)
    assert not known(listening)
    stored = instructor.from_openai(openai.OpenAI(api_key="x"), store=True)
    assert not known(stored), "a request that leaves something behind"


def test_what_is_not_known_of_gemini(service):
    client = namespace(service, 1)["gemini"]

    def known(**config):
        return effect_of_call(client.models.generate_content, (), {"model": "m", "contents": "x", "config": config}) is not None

    assert known(temperature=0.5) and known(response_schema=Idea) and known(tools=[genai.types.Tool(google_search=genai.types.GoogleSearch())])
    assert not known(tools=[counted]) and not known(response_schema=Checked) and not known(http_options={"timeout": 3})
    chat = client.chats.create(model="m")
    assert effect_of_call(chat.send_message, ("x",), {}) is None


SEEN: list[str] = []


class Noted(Idea):
    @pydantic.field_validator("title")
    def note(cls, title):
        SEEN.append("validated")
        return title


def test_a_validator_that_writes_keeps_its_place(service):
    """What a unit may still write is known from its source, and there the model is an argument by name."""
    source = """
def f(i):
    if chat.invoke(f'Summarise: Loop {i} ends.').content:
        typed.create(model=model, messages=messages(i), response_model=Noted)
f(1)
out.append(len(SEEN))
f(2)
out.append(len(SEEN))
"""
    names = namespace(service, 1) | {"Noted": Noted, "SEEN": SEEN}
    SEEN.clear()
    run = poppy_ipython.run(source, names)
    assert run.error is None and names["out"] == [1, 2]
