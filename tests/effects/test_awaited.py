"""`async def` helpers of the user's that are awaited at once are looked into, as functions are; what a coroutine that was kept does
when it is awaited is not known, and everything waits for it. On the simulated clock, beside a plain run."""

from __future__ import annotations

import random

import pytest

import poppy_ipython
from poppy_ipython import local_llm
from poppy_ipython.engine.run import run_simulated
from poppy_ipython.streams import lines
from tests.effects.test_async_streams import both, namespace, plain, published, shown_lines

F = "async def f(q):\n  r = await expand(q)\n  return r + '!'\n"
MANAGER = """class M:
  def __init__(self, said): self.said = said
  async def __aenter__(self): self.said.append('in'); return self
  async def __aexit__(self, kind, error, traceback): self.said.append(repr(error)); return kind is ValueError
  async def ask(self, q): return await expand(q)
"""
GEN = "async def g(qs):\n  for q in qs:\n    out.append('made ' + q)\n    yield q\n"
ALONE = {  # seconds; a call takes one, a stream one to open, one for each of three items and one to end
    F + "for q in 'abcdef': out.append(await f(q))": 1,
    F + "async def g(q):\n  first = await f(q)\n  return await f(first)\nfor q in 'abc': out.append(await g(q))": 2,
    F + "async def g(q):\n  for i in range(3): log.append(await f(f'{q}{i}'))\nlog = []\nfor q in 'abc': await g(q)\nout += log": 1,
    "async def f(q):\n  if await expand(q) == 'B': out.append(await expand('more'))\nfor q in 'abc': await f(q)": 2,
    "async def f(q, *more, end='.', **named):\n  return await expand(q) + ''.join(more) + end + str(named)\nout = [await f('a', 'b'), await f('c', end=',', x=1)]": 1,
    "class Agent:\n  def __init__(self): self.said = []\n  async def ask(self, q):\n    r = await expand(q)\n    self.said.append(r)\n    return r\n"
    "agents = [Agent(), Agent()]\nfor a in agents:\n  for q in 'abc': out.append(await a.ask(q))\nfor a in agents: out.append(a.said)": 1,
    "async def f(q):\n  got = []\n  async for t in await stream(q): got.append(await expand(t))\n  return got\nfor q in 'abc': out.append(await f(q))": 5,
    "async def f(q):\n  async for t in lines(await stream(q)): out.append(await expand(t))\nfor q in 'abc': await f(q)": 5,
    "async def f(q):\n  for t in 'xyz':\n    if await expand(t) == q: return t\n  return None\nfor q in 'XYZ': out.append(await f(q))": 3,
    "out = [await expand(q) for q in 'abc']": 1,
    "async def main(qs):\n  first = await expand('x')\n  async def f(q): return first + await expand(q)\n  return [await f(q) for q in qs]\nout = await main('abc')": 2,
    "async def make(p):\n  async def f(q): return p + await expand(q)\n  return f\nfor p in 'ab':\n  h = await make(p)\n  out.append(await h('c'))": 1,
    GEN + "out = [await expand(q) async for q in g('abc')]": 1,
    GEN + "async for q in g('abc'):\n  out.append(await expand(q))": 1,
    GEN + "async def main(qs):\n  async for q in g(qs): out.append(await expand(q))\n  return {q: await expand(q) async for q in g(qs) if q != 'b'}\nout.append(await main('abc'))": 1,
    "async def g(qs):\n  for q in qs: yield await expand(q)\nout = [await expand(a) async for a in g('abc')]": 2,
    "class A:\n  async def g(self, qs):\n    for q in qs: yield q\nout = [await expand(q) async for q in A().g('abc')]": 1,
    MANAGER + "async with M(out) as m:\n  for q in 'abc': out.append(await m.ask(q))\nout.append(await expand('d'))": 2,
    MANAGER + "async def main(qs):\n  async with M(out) as m: return [await m.ask(q) for q in qs]\nout.append(await main('abc'))": 1,
    MANAGER + "async def f(q):\n  async with M(out) as m, M(out): return await m.ask(q)\nfor q in 'abc': out.append(await f(q))": 3,
    F + "out = [await f(q) for q in 'abc']": 1,
    F + "async def main(qs): return {q: await f(q) for q in qs}, {await f(q) for q in qs[:1]}\nout = await main('abc')": 1,
    F + "out = [await f(q) for q in 'abc' if await expand(q) != 'B']": 2,
    F + "async def rows(qs): return [[await f(q + p) for p in 'xy'] for q in qs]\nout = [await rows(q) for q in ('ab', 'cd')]": 1,
    F + "async def names(q): return list(await expand(q))\nout = [await f(x) for q in 'abc' for x in await names(q)]": 2,
    "def outer(prefix):\n  async def inner(q): return prefix + await expand(q)\n  return inner\nh = outer('>')\nfor q in 'abc': out.append(await h(q))": 1,
}  # fmt: skip
SHARED = [
    "async def main(qs):\n  n = 0\n  async def f(q):\n    nonlocal n\n    n += len(await expand(q))\n    return n\n  return [await f(q) for q in qs], n\nout.append(await main('abc'))",
    "async def main(qs):\n  fs = []\n  for q in qs:\n    x = await expand(q)\n    async def f(): return q + x + await expand(q)\n    fs.append(f)\n  return [await f() for f in fs]\nout.append(await main('abc'))",
    "async def main(q):\n  if await expand(q) == 'B':\n    async def f(): return await expand('big')\n  try: return await f()\n  except UnboundLocalError as error: return str(error)\nout += [await main(q) for q in 'abc']",
    GEN + "async for q in g('abc'):\n  out.append(await expand(q))\n  if q == 'b': break\nelse: out.append('never')\nout.append(q)",
    "async def g():\n  yield 1\n  next(iter(()))\nasync for q in g(): out.append(await expand(str(q)))",
    "async def g():\n  yield 1\n  raise StopAsyncIteration(await expand('x'))\nasync def f(): return [q async for q in g()]\nawait f()",
    "def h():\n  yield 1\n  next(iter(()))\nasync def g():\n  yield 0\n  for x in h(): yield x\nasync for q in g(): out.append(await expand(str(q)))",
    "async def g(q):\n  got = yield q\n  out.append(got)\na = g('a')\nout.append(await a.asend(None))\nasync for q in a: out.append(q)",
    "async def g(q):\n  try:\n    yield await expand(q)\n  finally: out.append('left')\nasync for a in g('x'): out.append(a)",
    "out.append([q async for q in Own(out)])\nout.append([(p, q) for p in 'ab' async for q in Own(out) if q != '2'])",
    "x = await expand('a')\nasync def f(): return [q async for q in x]\nawait f()",
    "async for q in {}.items(): pass",
    "async for q in enumerate(out): pass",
    MANAGER + "a = await expand('x')\nasync with M(out):\n  out.append(a)\n  raise ValueError(await expand('y'))\nout.append('after')",
    MANAGER + "async def f(q):\n  for t in 'xyz':\n    async with M(out) as m:\n      if t == q: return await m.ask(t)\n      if t == 'y': break\n      out.append(await expand(t))\n  return 'none'\nout += [await f(q) for q in 'yz']",
    MANAGER + "async def f(q):\n  try:\n    async with M(out): x = await expand(q) + 1\n  except TypeError as error: out.append(str(error))\n  return q\nfor q in 'ab': out.append(await f(q))",
    MANAGER + "async with M(out) as m, expand('x') as n: out.append('never')",
    "class M:\n  async def __aenter__(self): return 1\n  def __aexit__(self, *error): return None\nasync with M() as m: out.append(await expand('x'))",
    "async def f(): out.append('f')\nc = f()\nfor q in 'ab':\n if await expand(q) == 'A': await c\nz = len(out)\nout.append(z)",
    "async def f(): out.append('f')\nc = f()\ndef g(): return c\nfor q in 'ab':\n if await expand(q) == 'A': await g()\nz = len(out)\nout.append(z)",
    "async def f(): out.append('f')\nd = {'c': f()}\nfor q in 'ab':\n if await expand(q) == 'A': await d.get('c')\nz = len(out)\nout.append(z)",
    "async def f(): out.append('f')\nd = [f()]\nfor q in 'ab':\n if await expand(q) == 'A': await d.pop()\nz = len(out)\nout.append(z)",
    "class W:\n  def __await__(self):\n    out.append('w')\n    return iter(())\nfor q in 'ab':\n if await expand(q) == 'A': await W()\nz = len(out)\nout.append(z)",
    "async def f(): out.append('f')\nfor q in 'ab':\n if await expand(q) == 'A': await f()\nz = len(out)\nout.append(z)",
    F + "c = [f(q) for q in 'abc']\nfor one in c: out.append(await one)",
    "async def f(q):\n  x = await expand(q)\n  raise ValueError(x)\ntry:\n  await f('a')\nexcept ValueError as error: out.append(str(error))\nout.append(await expand('b'))",
    "async def f(q):\n  x = await expand(q)\n  raise ValueError(x)\nout.append(1)\nawait f('a')\nout.append('never')",
    "async def f(q):\n  x = await expand(q)\n  return next(iter(()))\nout.append(1)\nawait f('a')\nout.append('never')",
    "async def f(): return next(iter(()))\ntry:\n  await f()\nexcept RuntimeError as error: out.append((str(error), type(error.__cause__).__name__))",
    "async def f(q):\n  try:\n    for x in [1]: next(iter(()))\n  except StopIteration: return await expand(q)\nout.append(await f('a'))",
    "async def f(): return 1\nawait f(1)",
    "async def f(q):\n  await asyncio.sleep(0)\n  return await expand(q)\nfor q in 'ab': out.append(await f(q))",
    "async def f(q):\n  try:\n    return await expand(q)\n  finally: out.append('done ' + q)\nfor q in 'ab': out.append(await f(q))",
    "out.append(any(await expand(q) for q in 'ab'))",
    "async def f(q): return sum(await expand(x) for x in q)\nout.append(await f('ab'))",
    "async def f(q): return (await expand(x) for x in q)\nout += [x async for x in await f('ab')]",
    "async def f(n):\n  i = iter(range(n))\n  return [str(next(i)) + await expand(q) for q in 'ab']\ntry: out = [await f(2), await f(1)]\nexcept RuntimeError as error: out.append(repr(error.__cause__))",
    "out.append([next(iter(())) + await expand(q) for q in 'ab'])",
    "async def f(n): return n if n < 1 else n + await f(n - 1)\nout.append(await f(20))\nout.append(await expand('a'))\nout.append(await f(70))",
    "async def f(q):\n  async def inner(): return await expand(q)\n  return await inner()\nout.append(await f('a'))",
    "async def f(q):\n  yield await expand(q)\nasync for x in f('a'): out.append(x)",
    "async def f(q):\n  async for t in await stream(q):\n    if t.startswith('a1'): return t\n  return await expand(q)\nfor q in 'ab': out.append(await f(q))",
    "async def f(q):\n  async for t in await broken(q): out.append(await expand(t))\ntry: await f('a')\nexcept ValueError as error: out.append(str(error))",
    "import contextlib\n@contextlib.asynccontextmanager\nasync def m():\n  out.append('in')\n  yield 1\n  out.append('out')\nasync def f(q):\n  async with m(): return await expand(q)\n"
    "for q in 'ab': out.append(await f(q))",
    "async def f(q, seen=[]):\n  seen.append(await expand(q))\n  return len(seen)\nfor q in 'abc': out.append(await f(q))",
    "total = 0\nasync def f(q):\n  global total\n  total += len(await expand(q))\nfor q in 'abc': await f(q)\nout.append(total)",
    "async def f(q): return await expand(q)\nout.append(type(f('x')).__name__)\nfor q in 'abc': out.append(await f(q))",
]  # fmt: skip


@pytest.mark.parametrize("source", ALONE)
def test_helpers_are_in_flight_together(source):
    assert both(source, 1.0).makespan == ALONE[source]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("source", [*ALONE, *SHARED])
def test_the_same_as_plain_at_any_pace(source):
    for seed in range(6):
        draw = random.Random(seed)
        both(source, lambda call: draw.choice([0.1, 1.0, 3.0]))


@pytest.mark.parametrize(
    "source",
    [
        "async def f(q):\n  x = await expand(q)\n  raise ValueError(x)\nasync def g(q):\n  y = 1\n  return await f(q)\n\nawait g('a')",
        "async def f(q):\n  x = await expand(q)\n  return x + 1\n\nfor q in 'ab':\n  await f(q)",
        "async def f(q):\n  async for t in await broken(q):\n    out.append(t)\n\nawait f('a')",
        "async def f(): return 1\n\nawait f(1)",
        "async def f():\n  return next(iter(()))\n\nawait f()",
        "async def f(q):\n  return 1 / len(await expand(q))\n\nx = [await f(q)\n  for q in ['a', '']]",
        "async def f(q):\n  return [await expand(x) + 1\n    for x in q]\n\nawait f('ab')",
    ],
)
def test_the_lines_of_a_traceback_are_those_of_a_plain_run(source):
    assert shown_lines(source)


def test_what_may_be_awaited_decides_what_may_be_written():
    rest = "async def f(q): kept.append(await expand(q))\nkept, c = [], f('z')\nfor q in 'ab':\n r = await expand(q)\n {}\nlast = await expand('c')"
    assert {"top"} in published(rest.format("if r == 'B': await c"))
    known = published(rest.format("if r == 'B': await f(q)") + "\nc.close()")
    assert known and {"top"} not in known


def test_a_helper_that_is_not_looked_into_is_named_with_what_it_held_up():
    names = namespace()
    source = "async def f(q):\n  class K: pass\n  return await expand(q)\nout.append(await f('a'))"
    outcome = run_simulated(source, names)
    use = next(one for one in outcome.machine.uses.values() if one.what == "f")
    assert outcome.error is None and names["out"] == ["A"] and use.origin == "ClassDef runs in order"


openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")
HELPERS = """
async def ask(q, client=None):
    turn = [{"role": "user", "content": f"Summarise: {q} ends well."}]
    if client is not None:
        return (await client.messages.create(model=model, max_tokens=50, messages=turn)).content[0].text
    reply = await gpt.chat.completions.create(model=model, messages=turn)
    return reply.choices[0].message.content

async def read(q):
    found = []
    turn = [{"role": "user", "content": f"Propose three ideas:\\n\\nLoops end. Cats sleep. {q} sings at dawn."}]
    async for idea in lines(await gpt.chat.completions.create(model=model, messages=turn, stream=True)):
        found.append(idea)
    return found
"""
LOOPS = {
    "asked": "for i in range(6): out.append(await ask(i, claude if i % 2 else None))",
    "read": "for i in range(6): out.append(await read(i))",
    "kept": "import asyncio\nout += await asyncio.gather(*[ask(i) for i in range(6)])",
}


@pytest.mark.parametrize("name", LOOPS)
def test_with_real_clients(name):
    """The service answers once six requests are there at the same moment."""
    source, left = HELPERS + LOOPS[name], []
    with local_llm.serve(first_token=0, per_token=0, hang=8) as service:
        for together in (1, 6):
            where = {"api_key": "x", "max_retries": 0}
            names = {
                "out": [], "lines": lines, "model": f"local-small+together{together}",
                "gpt": openai.AsyncOpenAI(base_url=service.base_url, **where), "claude": anthropic.AsyncAnthropic(base_url=service.url, **where),
            }  # fmt: skip
            if together == 1:
                plain(source, names)
            else:
                run = poppy_ipython.run(source, names)
                assert run.error is None, repr(run.error)
            left.append(names["out"])
    assert left[0] == left[1] and len(left[0]) == 6
