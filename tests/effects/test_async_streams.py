"""`async for` in a cell: over a declared stream its body runs for each item as it arrives, over anything else in order; what is
left is what a plain run leaves. On the simulated clock, then with the real asynchronous clients."""

from __future__ import annotations

import ast
import asyncio
import inspect
import linecache
import random
import traceback

import pytest

import poppy_ipython
from poppy_ipython import local_llm
from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from poppy_ipython.streams import json_items, lines, sentences, texts
from tests.engine.monitor import Monitor


class Stream:
    def __init__(self, items, broken=None):
        self.items, self.read, self.broken = iter(items), 0, broken

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.read == self.broken:
            raise ValueError("broken off")
        try:
            item = next(self.items)
        except StopIteration:
            raise StopAsyncIteration from None
        self.read += 1
        return item


@unordered(result="stream")
async def stream(name):
    return Stream([f"{name}{i}\n" for i in range(3)])


@unordered(result="stream")
async def broken(name):
    return Stream([f"{name}{i}\n" for i in range(3)], broken=2)


@unordered(result="stream")
async def generated(name):
    for i in range(3):
        yield f"{name}{i}\n"


@unordered
async def expand(item):
    return item.strip().upper()


@unordered
def send(value):
    return value.read


class Own:
    """Somebody's own asynchronous iterable, which says what happens to it."""

    def __init__(self, said):
        self.said, self.n = said, 0

    def __aiter__(self):
        self.said.append("begun")
        return self

    async def __anext__(self):
        self.n += 1
        self.said.append(f"asked {self.n}")
        if self.n > 3:
            raise StopAsyncIteration
        return f"{self.n}"


def namespace():
    return {
        "out": [], "stream": stream, "broken": broken, "generated": generated, "expand": expand, "send": send, "lines": lines,
        "Own": Own, "asyncio": asyncio,
    }  # fmt: skip


def plain(source, names, filename="<cell>"):
    code = compile(source, filename, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    async def main():
        found = eval(code, names)
        if inspect.isawaitable(found):
            await found

    asyncio.run(main())


def both(source, latency):
    expected, ours = namespace(), namespace()
    error = None
    try:
        plain(source, expected)
    except Exception as raised:
        error = raised
    monitor = Monitor()
    outcome = run_simulated(source, ours, latency=latency, mutate=monitor.install)
    assert monitor.missed() == []
    assert ours["out"] == expected["out"]
    assert (type(outcome.error), str(outcome.error)) == (type(error), str(error))
    return outcome


ALONE = {  # one second to open, one for each item, one to learn that there is no more; an expansion takes one
    "async for t in await stream('a'): out.append(await expand(t))": 5,
    "async for t in lines(await stream('a')): out.append(await expand(t))": 5,
    "async for t in await stream('a'): out.append(await expand(t))\nasync for u in await stream('b'): out.append(await expand(u))": 5,
    "async for t in await stream('a'): out.append(t)\nout.append(await expand('after'))": 5,
    "for q in 'abcdef':\n async for t in await stream(q): out.append(await expand(t))": 5,
    "async for t in generated('a'): out.append(await expand(t))": 5,
    "async for t in await stream('a'):\n if t.startswith('a1'): continue\n out.append(await expand(t))\nelse: out.append('end')": 5,
}
SHARED = [
    "s = await stream('a')\nasync for t in s:\n out.append(await expand(t))\n break\nasync for t in s: out.append(t)",
    "s = await stream('a')\nasync for t in s: out.append(await expand(t))\nout.append(s.read)",
    "s = await stream('a')\nasync for t in s:\n out.append(await expand(t))\n out.append(send(s))",
    "s = await stream('a')\nr = send(s)\nasync for t in s: out.append(await expand(t))\nout.append(r)",
    "s = await stream('a')\nif await expand('q'): out.append(await anext(s))\nasync for t in s: out.append(await expand(t))",
    "s = await stream('a')\nout.append([await expand(t) async for t in s])",
    "s = await stream('a')\nasync for t in s:\n async for u in s: out.append(t + u)",
    "try:\n async for t in await broken('a'): out.append(await expand(t))\nexcept ValueError as error: out.append(str(error))",
    "async for t in await broken('a'): out.append(await expand(t))\nout.append('never')",
    "async for t in Own(out): out.append(await expand(t))",
    "async for t in Own(out): out.append(t)\nelse: out.append('end')",
    "async for t in Own(out):\n if t == '2': break\n out.append(await expand(t))\nelse: out.append('never')\nout.append(t)",
    "a = await expand('x')\nasync for t in Own(out): out.append(a + t)",
    "async for t in 5: pass",
    "async for t in await expand('x'): pass",
    "async for a, b in Own(out): pass",
    "async def f():\n async for t in await stream('a'): out.append(await expand(t))\nawait f()\nout.append('after')",
]


@pytest.mark.parametrize("source", ALONE)
def test_items_are_taken_up_as_they_arrive(source):
    assert both(source, 1.0).makespan == ALONE[source]


@pytest.mark.parametrize("source", [*ALONE, *SHARED])
def test_the_same_as_plain_at_any_pace(source):
    for seed in range(8):
        draw = random.Random(seed)
        both(source, lambda call: draw.choice([0.1, 1.0, 3.0]))


def shown_lines(source):
    """The last lines of a failing cell's traceback, which are those of a plain run."""
    filename = f"<cell {len(linecache.cache)}>"
    linecache.cache[filename] = (len(source), None, [line + "\n" for line in source.splitlines()], filename)

    def shown(error):
        found = traceback.extract_tb(error.__traceback__)
        return [(one.name, one.lineno) for one in found if one.filename in (filename, __file__) and one.name not in ("main", "plain", "shown_lines")]

    with pytest.raises(Exception) as raised:
        plain(source, namespace(), filename)
    outcome = run_simulated(source, namespace(), filename=filename)
    expected = shown(raised.value)
    assert shown(outcome.error)[-len(expected) :] == expected and type(outcome.error) is type(raised.value)
    return expected


def published(source, **names):
    monitor = Monitor()
    outcome = run_simulated(source, {**namespace(), **names}, mutate=monitor.install)
    assert outcome.error is None and monitor.missed() == []
    return [slots for _, _, slots in monitor.published.values()]


def test_what_is_no_stream_may_write_anything():
    """An ``async for`` runs code of its iterable: what stands behind it waits, unless the iterable is a declared stream."""
    rest = "for q in 'ab':\n r = await expand(q)\n async for t in {}: kept = t\nlast = await expand('c')"
    assert {"top"} in published(rest.format("Own(out)")) and {"top"} in published(rest.format("own"), own=Own([]))
    assert {"top"} not in published(rest.format("await stream(q)"))


@pytest.mark.parametrize("source", ["async for t in 5:\n pass", "async for t in await broken('a'):\n out.append(t)", "async for a, b in Own(out):\n pass"])
def test_the_lines_of_a_traceback_are_those_of_a_plain_run(source):
    assert shown_lines(source)


def test_helpers_of_asynchronous_streams():
    async def pieces(text):
        for start in range(0, len(text), 3):
            yield text[start : start + 3]

    async def read(helper, text):
        return [item async for item in helper(pieces(text))]

    assert asyncio.run(read(lines, "one\ntwo\n\nthree")) == ["one", "two", "three"]
    assert asyncio.run(read(sentences, "One is 1.5. Two? Three")) == ["One is 1.5.", "Two?", "Three"]
    assert asyncio.run(read(json_items, '[{"a": [1, 2]}, 12]')) == [{"a": [1, 2]}, 12]
    assert asyncio.run(read(texts, "abcd")) == ["abc", "d"]


# ---------------------------------------------------------------- real clients

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")
ollama = pytest.importorskip("ollama")

IDEAS = "Propose three ideas:\n\nLoops end in time. Cats sleep all day long. Dogs run in the park. Birds sing at dawn."
LOOPS = {
    "openai": "async for idea in lines(await client.chat.completions.create(model=model, messages=ask(q), stream=True)): out.append(idea)",
    "anthropic": "async for idea in lines(await claude.messages.create(model=model, max_tokens=99, messages=ask(q), stream=True)): out.append(idea)",
    "ollama": "async for idea in lines(await local.chat(model=model, messages=ask(q), stream=True)): out.append(idea)",
    "chunks": """stream = await client.chat.completions.create(model=model, messages=ask(q), stream=True)
async for chunk in stream:
  if chunk.choices[0].delta.content: out.append(chunk.choices[0].delta.content)""",
}


@pytest.mark.parametrize("name", LOOPS)
def test_three_answers_at_once(name):
    if name == "chunks":
        source = "for q in ['One', 'Two', 'Three']:\n" + "\n".join(" " + line for line in LOOPS[name].splitlines())
    else:
        source = f"for q in ['One', 'Two', 'Three']:\n {LOOPS[name]}"
    with local_llm.serve(first_token=0, per_token=0, hang=8) as service:
        left = []
        for together in (1, 3):
            if name == "chunks" and together == 3:
                together = 1  # a stream with a name of its own may hold up the next
            names = {
                "out": [], "client": openai.AsyncOpenAI(base_url=service.base_url, api_key="x", max_retries=0),
                "claude": anthropic.AsyncAnthropic(base_url=service.url, api_key="x", max_retries=0), "local": ollama.AsyncClient(host=service.url),
                "lines": lines, "model": f"local-small+together{together}", "ask": lambda q: [{"role": "user", "content": IDEAS + f" {q} ends."}],
            }  # fmt: skip
            if not left:
                plain(source, names)
            else:
                run = poppy_ipython.run(source, names)
                assert run.error is None, repr(run.error)
            left.append(names["out"])
        assert left[0] == left[1] and len(left[0]) >= 6
