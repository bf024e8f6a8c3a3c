"""Witness cells that need the real loop: threads, callbacks, timeouts. Each runs in a process of its own, because what
they pin down is that nothing hangs and nobody sees a value that is not real.

No test sleeps: externals answer at once, and a timeout that must fire is zero.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.fuzz.workers import Failure, Hang, Worker


def run(source: str, **names: Any) -> dict[str, Any]:
    """The namespace after an engine run; a user's exception is raised."""
    import poppy_ipython

    namespace: dict[str, Any] = {"__name__": "__main__", **names}
    outcome = poppy_ipython.run(source, namespace)
    if outcome.error is not None:
        raise outcome.error
    return namespace


def externals() -> dict[str, Any]:
    from poppy_ipython import effects

    @effects.unordered
    def ask(q):
        return f"r{q}"

    @effects.unordered
    async def aask(q):
        return f"a{q}"

    @effects.unordered
    def ask2(q):
        return ask(f"{q}!")

    return {"ask": ask, "aask": aask, "ask2": ask2}


def executor_inside_a_cell() -> None:
    source = "with ThreadPoolExecutor(8) as ex:\n    out = list(ex.map(ask, range(20)))\n"
    assert run(source, ThreadPoolExecutor=ThreadPoolExecutor, **externals())["out"] == [f"r{q}" for q in range(20)]


def blocking_external_calls_externals() -> None:
    source = "@unordered\ndef agent(q): return ask2(ask(q))\nout = [agent(q) for q in range(100)]\n"
    from poppy_ipython import effects

    assert run(source, unordered=effects.unordered, **externals())["out"] == [f"rr{q}!" for q in range(100)]


def callback_while_a_loop_appends() -> None:
    class Button:
        def on_click(self, callback):
            self.callback = callback

    button = Button()

    async def pressing(q):
        button.callback(q)
        return q

    from poppy_ipython import effects

    source = (
        "out = []\nbtn.on_click(lambda q: out.append(('click', type(out).__name__)))\n"
        "for q in range(5):\n    out.append(await pressing(q))\n"
    )
    out = run(source, btn=button, pressing=effects.unordered(pressing))["out"]
    assert [q for q in out if isinstance(q, int)] == list(range(5))
    assert [q for q in out if isinstance(q, tuple)] == [("click", "list")] * 5


def thread_sees_real_values() -> None:
    seen: list[Any] = []

    def watch(out: list[Any]) -> None:
        for _ in range(200):
            seen.extend(type(item) for item in list(out))

    source = (
        "out = []\nt = threading.Thread(target=watch, args=(out,)); t.start()\n"
        "for q in range(30): out.append(ask(q))\nt.join()\n"
    )
    namespace = run(source, threading=threading, watch=watch, **externals())
    assert namespace["out"] == [f"r{q}" for q in range(30)]
    assert set(seen) <= {str}


def timeout_cancels_its_block_only() -> None:
    async def never(q):
        await asyncio.get_running_loop().create_future()

    source = (
        "b = aask(1)\nb = await b\n"
        "try:\n    async with asyncio.timeout(0):\n        r = await never(1)\n    r = 'late'\n"
        "except TimeoutError:\n    r = 'timeout'\n"
        "c = await aask(2)\n"
    )
    from poppy_ipython import effects

    namespace = run(source, asyncio=asyncio, never=effects.unordered(never), **externals())
    assert (namespace["b"], namespace["r"], namespace["c"]) == ("a1", "timeout", "a2")


def stream_is_one_unit() -> None:
    def ask_stream(q) -> Iterator[str]:
        yield from (f"{q}{i}" for i in range(4))

    source = "buf = ''\nfor tok in ask_stream(ask(1)):\n    buf += tok\n"
    assert run(source, ask_stream=ask_stream, **externals())["buf"] == "r10r11r12r13"


def natives_see_real_values() -> None:
    import json
    import pickle

    source = (
        "x = ask(1)\nd = {'k': [ask(2)]}\n"
        "g = {type(v).__name__ for k, v in globals().items() if k in ('x', 'd')}\n"
        "v = vars()['x']\nj = json.dumps(d)\np = pickle.loads(pickle.dumps(d))\nl = sorted(locals())[-1]\n"
    )
    namespace = run(source, json=json, pickle=pickle, **externals())
    assert namespace["g"] == {"str", "dict"} and namespace["v"] == "r1"
    assert namespace["j"] == '{"k": ["r2"]}' and namespace["p"] == {"k": ["r2"]}


WITNESSES = (
    executor_inside_a_cell,
    blocking_external_calls_externals,
    callback_while_a_loop_appends,
    thread_sees_real_values,
    timeout_cancels_its_block_only,
    stream_is_one_unit,
    natives_see_real_values,
)


def perform(name: str) -> str:
    """A worker's work."""
    globals()[name]()
    return "done"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker(f"{__name__}:perform", seconds=20)
    yield made
    made.close()


@pytest.mark.parametrize("name", [witness.__name__ for witness in WITNESSES])
def test_live(worker: Worker, name: str) -> None:
    answer = worker.ask(name)
    assert not isinstance(answer, Hang), answer.stack
    assert not isinstance(answer, Failure), answer.text
    assert answer == "done"
