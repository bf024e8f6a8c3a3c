"""The real openai clients through the dispatcher, against a raw HTTP server on loopback in a thread of its own.

The server is a thread, so that it sees what has reached the wire while the loop is held by native code.
"""

from __future__ import annotations

import asyncio
import json
import socketserver
import threading

import pytest

from poppy_ipython.backends import LiveDispatcher
from poppy_ipython.effects import effect_of_call
from tests.backends.calls import Call

openai = pytest.importorskip("openai")


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while head := self.rfile.readline():
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            body = json.loads(self.rfile.read(length) or b"{}")
            if "messages" not in body:
                return
            content = body["messages"][0]["content"]
            self.server.arrived(content)
            status, answer = 200, {
                "id": "c", "object": "chat.completion", "created": 0, "model": "m",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content.upper()}}],
            }  # fmt: skip
            if content == "refuse":
                status, answer = 401, {"error": {"message": "no such key", "code": "invalid_api_key"}}
            data = json.dumps(answer).encode()
            self.wfile.write(
                b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(data), data)
            )
            assert head.startswith(b"POST /v1/chat/completions")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: dict[str, threading.Event] = {}
        self.gates: dict[str, threading.Event] = {}

    def expect(self, content, gated=False):
        self.seen[content] = threading.Event()
        if gated:
            self.gates[content] = threading.Event()

    def arrived(self, content):
        if content in self.seen:
            self.seen[content].set()
        if content in self.gates:
            self.gates[content].wait(20)


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        for gate in server.gates.values():
            gate.set()
        server.shutdown()
        thread.join()


def client_for(server, kind):
    return kind(api_key="none", base_url=f"http://127.0.0.1:{server.server_address[1]}/v1", max_retries=0)


def ask(client, content, at=0):
    create = client.chat.completions.create
    kwargs = {"model": "m", "messages": [{"role": "user", "content": content}]}
    return Call(create, at=at, effect=effect_of_call(create, (), kwargs), **kwargs)


def text(response):
    return response.choices[0].message.content


def test_async_and_blocking_clients_at_once(server):
    async def main():
        dispatcher = LiveDispatcher(asyncio.get_running_loop())
        async with client_for(server, openai.AsyncOpenAI) as aclient:
            with client_for(server, openai.OpenAI) as client:
                server.expect("first", gated=True)
                server.expect("second", gated=True)
                first, second = ask(aclient, "first"), ask(client, "second", at=1)
                dispatcher.submit(first)
                dispatcher.submit(second)
                for content in ("first", "second"):
                    while not server.seen[content].is_set():
                        await asyncio.sleep(0)
                assert dispatcher.in_flight == 2 and first.outcomes == second.outcomes == []
                for gate in server.gates.values():
                    gate.set()
                assert (text(await first.answer()), text(await second.answer())) == ("FIRST", "SECOND")
                assert first.record.host == second.record.host == f"127.0.0.1:{server.server_address[1]}"

    asyncio.run(main())


def test_on_a_kept_connection_the_request_is_on_the_wire_when_submit_returns(server):
    async def main():
        dispatcher = LiveDispatcher(asyncio.get_running_loop())
        async with client_for(server, openai.AsyncOpenAI) as client:
            warm = ask(client, "warm")
            dispatcher.submit(warm)
            await warm.answer()
            server.expect("now")
            call = ask(client, "now", at=1)
            dispatcher.submit(call)
            assert server.seen["now"].wait(20), "native code held the loop and nothing had been sent"
            assert text(await call.answer()) == "NOW"

    asyncio.run(main())


def test_cancelling_leaves_the_client_usable(server):
    async def main():
        dispatcher = LiveDispatcher(asyncio.get_running_loop())
        async with client_for(server, openai.AsyncOpenAI) as client:
            server.expect("never", gated=True)
            call, begun = ask(client, "never"), ask(client, "begun")
            dispatcher.submit(call)
            dispatcher.submit(begun)
            dispatcher.cancel(begun)
            while not server.seen["never"].is_set():
                await asyncio.sleep(0)
            dispatcher.cancel(call)
            after = ask(client, "after", at=1)
            dispatcher.submit(after)
            assert text(await after.answer()) == "AFTER"
            assert call.outcomes == begun.outcomes == [] and dispatcher.may_be_billed == 2

    asyncio.run(main())


@pytest.mark.parametrize("kind", [openai.AsyncOpenAI, openai.OpenAI])
def test_a_wrong_key_is_refused_once(server, kind):
    async def main():
        dispatcher = LiveDispatcher(asyncio.get_running_loop(), max_calls=1)
        client = client_for(server, kind)
        server.expect("later")
        refused, later = ask(client, "refuse"), ask(client, "later", at=1)
        dispatcher.submit(refused)
        dispatcher.submit(later)
        with pytest.raises(openai.AuthenticationError):
            await refused.answer()
        assert later.record.outcome == "waiting" and not server.seen["later"].is_set()
        dispatcher.release(refused)
        assert text(await later.answer()) == "LATER"
        await client.close() if kind is openai.AsyncOpenAI else client.close()

    asyncio.run(main())


def test_nested_entry_with_nest_asyncio2_keeps_starting_at_once():
    """The synchronous entry patches asyncio's Task; in a process of its own, because the patch stays."""
    import subprocess
    import sys

    script = """
import asyncio, nest_asyncio2
nest_asyncio2.apply()
from poppy_ipython.backends import LiveDispatcher
from tests.backends.calls import Call
begun = []
async def ask(x):
    begun.append(asyncio.current_task())
    await asyncio.sleep(0)
    assert asyncio.current_task() is begun[-1]
    return x
async def inner():
    dispatcher = LiveDispatcher(asyncio.get_running_loop())
    call = Call(ask, 7)
    dispatcher.submit(call)
    assert len(begun) == 1
    return await call.answer()
async def outer():
    return asyncio.get_running_loop().run_until_complete(inner())
print(asyncio.run(outer()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr


