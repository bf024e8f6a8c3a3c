"""Streams: the body of a loop runs for each item as it arrives, and what is left is what a plain run leaves, whoever else
reads the stream before, during or after the loop. On the simulated clock, with drawn latencies, against plain `exec`;
then the real clients."""

from __future__ import annotations

import gc
import random
import threading

import pytest

import poppy_ipython
from poppy_ipython import local_llm
from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from poppy_ipython.streams import json_items, lines, sentences, texts


class Stream:
    def __init__(self, items, broken=None):
        self.items, self.read, self.broken = iter(items), 0, broken

    def __iter__(self):
        return self

    def __next__(self):
        if self.read == self.broken:
            raise ValueError("broken off")
        item = next(self.items)
        self.read += 1
        return item


@unordered(result="stream")
def stream(name):
    return Stream([f"{name}{i}\n" for i in range(3)])


@unordered(result="stream")
def broken(name):
    return Stream([f"{name}{i}\n" for i in range(3)], broken=2)


@unordered
def expand(item):
    return item.strip().upper()


@unordered
def send(value, more=None):
    value = value[1] if isinstance(value, list) else getattr(value, "s", value)
    return list(value)


class Holder:
    pass


def namespace():
    return {
        "out": [], "stream": stream, "broken": broken, "expand": expand, "send": send, "holder": Holder(), "lines": lines,
    }  # fmt: skip


def both(source, latency):
    plain, ours = namespace(), namespace()
    error = None
    try:
        exec(source, plain)
    except ValueError as raised:
        error = raised
    outcome = run_simulated(source, ours, latency=latency)
    assert ours["out"] == plain["out"]
    assert (type(outcome.error), str(outcome.error)) == (type(error), str(error))
    return outcome


ALONE = {  # one second to open, one for each item, one to learn that there is no more; an expansion takes one
    "for t in stream('a'): out.append(expand(t))": 5,
    "for t in lines(stream('a')): out.append(expand(t))": 5,
    "out += [expand(t) for t in stream('a')]": 5,
    "for t in stream('a'): out.append(expand(t))\nfor u in stream('b'): out.append(expand(u))": 5,
    "for t in stream('a'): out.append(t)\nout.append(expand('after'))": 5,
    "for q in 'abcdef':\n for t in stream(q): out.append(expand(t))": 5,
    "for i, t in enumerate(stream('a')): out.append((i, expand(t)))": 5,
    "def f(q):\n got = []\n for t in stream(q): got.append(expand(t))\n return got\nout += [f(q) for q in 'abc']": 5,
    "def f(s):\n for t in s: out.append(expand(t))\nf(stream('a'))\nf(stream('b'))": 5,
}
SHARED = [
    "s = stream('a')\nfor a, b in zip(s, s): out.append(expand(a + b))\nout.append(list(s))",
    "s = stream('a')\nfor t in s:\n out.append(expand(t))\n break\nout.append(list(s))",
    "s = stream('a')\nfor t in s:\n out.append(expand(t))\n if len(out) == 2: break\nfor t in s: out.append(t)",
    "s = stream('a')\nr = send(s)\nfor t in s: out.append(expand(t))\nout.append(r)",
    "s = stream('a')\nfor t in s:\n out.append(expand(t))\n break\nout.append(send(s))",
    "s = stream('a')\nfor t in s:\n out.append(expand(t))\n out.append(send(s))",
    "s = stream('a')\nbox = [1, s]\nr = send(box)\nfor t in s: out.append(expand(t))\nout.append(r)",
    "s = stream('a')\nx = expand('x')\nr = send(s, x)\nfor t in s: out.append(expand(t))\nout.append(r)",
    "holder.s = stream('a')\nr = send(holder)\nfor t in holder.s: out.append(expand(t))\nout.append(r)",
    "s = stream('a')\nif expand('q'): out.append(list(s))\nfor t in s: out.append(expand(t))",
    "s = stream('a')\nif expand('q'): out.append(next(s))\nfor t in s: out.append(expand(t))",
    "s = stream('a')\nif expand('q'):\n for t in s:\n  out.append(t)\n  break\nfor t in s: out.append(expand(t))",
    "s = stream('a')\ni = iter(s)\nout.append(next(i))\nfor t in s: out.append(expand(t))",
    "s = stream('a')\nfor t in s:\n out.append(expand(t))\n out.append(s.read)",
    "s = stream('a')\nfor t in s: out.append(expand(t))\nout.append(s.read)",
    "s = stream('a')\nfor t in lines(s):\n out.append(expand(t))\n if len(out) == 2: break\nout.append(list(s))",
    "s = stream('a')\nwhile True:\n t = next(s, None)\n if t is None: break\n out.append(expand(t))",
    "ss = [stream(q) for q in 'abc']\nfor s in ss:\n for t in s: out.append(expand(t))",
    "for a, b in zip(stream('a'), stream('b')): out.append(expand(a + b))",
    "s = stream('a')\ntry:\n for t in s:\n  out.append(expand(t))\n  if len(out) == 2: raise ValueError(3)\nexcept ValueError: out.append(list(s))",
    "try:\n for t in broken('a'): out.append(expand(t))\nexcept ValueError as error: out.append(str(error))",
    "for t in broken('a'): out.append(expand(t))\nout.append('never')",
    "out.append(expand('x'))\nfor t in broken('a'): print(expand(t), end='')\nout.append('never')",
]


@pytest.mark.parametrize("source", ALONE)
def test_items_are_taken_up_as_they_arrive(source):
    assert both(source, 1.0).makespan == ALONE[source]


@pytest.mark.parametrize("source", [*ALONE, *SHARED])
def test_the_same_as_plain_at_any_pace(source, capsys):
    for seed in range(12):
        draw = random.Random(seed)
        both(source, lambda call: draw.choice([0.1, 1.0, 3.0]))


def test_one_record_for_a_stream():
    outcome = both("for t in stream('a'): out.append(expand(t))", 1.0)
    read = [call for call in outcome.calls if call.callee == "stream" and call.started == 1.0]
    assert [(call.started, call.ended, call.outcome) for call in read] == [(1.0, 5.0, "ok")]


def test_output_of_later_streams_follows(capsys):
    source = "for t in stream('a'): print(t, end='')\nfor u in stream('b'): print(u, end='')"
    assert run_simulated(source, namespace()).error is None
    assert capsys.readouterr().out == "a0\na1\na2\nb0\nb1\nb2\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_helpers_do_not_depend_on_where_a_text_is_cut(size):
    def cut(text):
        return [text[i : i + size] for i in range(0, len(text), size)]

    assert list(texts(cut("abc"))) == cut("abc")
    assert list(lines(cut("1. one\n\n2. two \r\nthree"))) == ["1. one", "2. two ", "three"]
    assert list(sentences(cut("One is 1.5. Two? 'Three!' Four"))) == ["One is 1.5.", "Two?", "'Three!'", "Four"]
    assert list(json_items(cut('[{"a": [1, 2]}, 12, "x,]", null]'))) == [{"a": [1, 2]}, 12, "x,]", None]
    assert list(json_items(cut('{"a": 1}\n{"b": 2}\n'))) == [{"a": 1}, {"b": 2}]
    assert list(lines(cut(""))) == list(json_items(cut("[]"))) == list(json_items([])) == []


def test_malformed_json_is_an_error():
    with pytest.raises(ValueError):
        list(json_items(['[{"a": 1}, {"b": ']))


ENDS = {
    "read": "for t in source('a'): out.append(t)",
    "break": "for t in source('a'):\n  out.append(t)\n  if len(out) == 2: break",
    "break, of lines": "for t in lines(source('a')):\n  out.append(t)\n  if len(out) == 2: break",
    "in a function": "def f(q):\n  for t in lines(source(q)):\n    if expand(t): return t\nfor q in 'abc': out.append(f(q))",
    "caught": "try:\n  for t in source('a'):\n    out.append(expand(t))\n    if len(out) == 2: 1 / 0\nexcept ZeroDivisionError: out.append('caught')",
    "failed": "for t in source('a'):\n  out.append(expand(t))\n  if len(out) == 2: 1 / 0",
    "failed elsewhere": "for t in source('a'):\n  out.append(expand(t))\n  1 / 0\nfor t in source('b'): out.append(t)",
    "let go of": "s = source('a')\nfor t in s:\n  out.append(t)\n  if len(out) == 2: break\ndel s",
    "kept": "s = source('a')\nfor t in s:\n  out.append(t)\n  if len(out) == 2: break\nout.append(next(s))",
}


@pytest.mark.parametrize("name", ENDS)
def test_what_a_loop_has_left_is_closed(name):
    """Also where the error's traceback is kept. (A stream of a younger loop, which a plain run never opens, is closed as well.)"""
    closed, left = [], []
    for ours in (False, True):
        closing = []

        @unordered(result="stream")
        def source(name, closing=closing):
            try:
                yield from [f"{name}{i}\n" for i in range(5)]
            finally:
                closing.append(name)

        names = {"out": [], "source": source, "expand": expand, "lines": lines}
        error = None
        if ours:
            error = poppy_ipython.run(ENDS[name], names).error
            for _ in range(200):  # the thread that has asked for the last item may hold the stream for a moment yet
                if len(closing) >= len(closed[0]):
                    break
                threading.Event().wait(0.01)
        else:
            try:
                exec(ENDS[name], names)
            except ZeroDivisionError as raised:
                error = raised
        if name == "let go of":
            gc.collect()
        closed.append([one for one in closing if name != "failed elsewhere" or one == "a"])
        left.append((names["out"], type(error)))
    assert sorted(closed[0]) == sorted(closed[1]) and bool(closed[0]) == (name != "kept") and left[0] == left[1]


# ---------------------------------------------------------------- real clients

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")

IDEAS = "Propose three ideas:\n\nLoops end in time. Cats sleep all day long. Dogs run in the park. Birds sing at dawn."
LOOPS = {
    "openai": "for idea in lines(client.chat.completions.create(model=model, messages=ask(q), stream=True)):\n  out.append(expand(idea))",
    "anthropic": "for idea in lines(claude.messages.create(model=model, max_tokens=99, messages=ask(q), stream=True)):\n  out.append(expand(idea))",
    "chunks": """for chunk in client.chat.completions.create(model=model, messages=ask(q), stream=True):
  if chunk.choices[0].delta.content: out.append(chunk.choices[0].delta.content)""",
}


@pytest.mark.parametrize("name", LOOPS)
def test_three_answers_at_once(name):
    with local_llm.serve(first_token=0, per_token=0, hang=8) as service:
        client = openai.OpenAI(base_url=service.base_url, api_key="x", max_retries=0)
        claude = anthropic.Anthropic(base_url=service.url, api_key="x", max_retries=0)

        def expand(idea):
            prompt = [{"role": "user", "content": f"Summarise: {idea}"}]
            return client.chat.completions.create(model="local-small", messages=prompt).choices[0].message.content

        left = []
        for together in (1, 3):
            names = {
                "out": [], "client": client, "claude": claude, "lines": lines, "expand": expand,
                "model": f"local-small+together{together}", "ask": lambda q: [{"role": "user", "content": IDEAS + f" {q} ends."}],
            }  # fmt: skip
            source = "for q in ['One', 'Two', 'Three']:\n" + "\n".join(" " + line for line in LOOPS[name].splitlines())
            if together == 1:
                exec(source, names)
            else:
                run = poppy_ipython.run(source, names)
                assert run.error is None, repr(run.error)
            left.append(names["out"])
        assert left[0] == left[1] and len(left[0]) >= 6


@pytest.mark.parametrize("how", ["cut", "torn"])
def test_a_stream_that_breaks_off_is_an_error_of_the_loop(how):
    """What came before it is done; the error is the client's own."""
    source = """
for t in client.chat.completions.create(model=model, messages=ask('One'), stream=True):
  if t.choices[0].delta.content: out.append(t.choices[0].delta.content)
out.append('never')"""
    with local_llm.serve(first_token=0, per_token=0, hang=8) as service:
        client = openai.OpenAI(base_url=service.base_url, api_key="x", max_retries=0)
        left = []
        for ours in (False, True):
            names = {
                "out": [], "client": client, "model": f"local-small+{how}", "ask": lambda q: [{"role": "user", "content": IDEAS + f" {q} ends."}],
            }  # fmt: skip
            if ours:
                error = poppy_ipython.run(source, names).error
            else:
                with pytest.raises(Exception) as raised:
                    exec(source, names)
                error = raised.value
            left.append((names["out"], type(error), str(error)))
        assert left[0] == left[1] and left[0][0] and left[0][0][-1] != "never"


def test_a_chunk_is_printed_before_the_next_one_comes(capsys):
    """The first stream's output is live: each item looks at what was printed of those before it."""
    seen = []

    class Watching(Stream):
        def __next__(self):
            seen.append(capsys.readouterr().out)
            return super().__next__()

    names = {"stream": unordered(result="stream")(lambda: Watching(["a", "b", "c"]))}
    assert run_simulated("for t in stream(): print(t, end='', flush=True)", names).error is None
    assert seen == ["", "a", "b", "c"]
