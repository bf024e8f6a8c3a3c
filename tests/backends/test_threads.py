"""Daemon threads that are reused and never waited for."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import subprocess
import sys
import threading
import weakref

from poppy_ipython.backends.threads import Mailbox, ThreadPool

var: contextvars.ContextVar[str] = contextvars.ContextVar("var", default="outside")


class Inbox:
    """What came back, on the loop's thread, awaitable."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue = asyncio.Queue()
        self.threads: set[int] = set()
        self.box = Mailbox(asyncio.get_running_loop(), self.take)

    def take(self, ticket, value, error):
        self.threads.add(threading.get_ident())
        self.queue.put_nowait((ticket, value, error))

    async def next(self):
        return await asyncio.wait_for(self.queue.get(), 20)


def test_one_after_the_other_needs_one_thread_and_at_once_as_many_as_calls():
    async def main():
        pool, inbox = ThreadPool(), Inbox()
        idents = set()
        for n in range(5):
            pool.submit(n, inbox.box, threading.get_ident, (), {})
            ticket, ident, error = await inbox.next()
            idents.add(ident)
            assert ticket == n and error is None
        assert len(idents) == 1 and threading.get_ident() not in idents

        barrier = threading.Barrier(8)
        for n in range(8):
            pool.submit(n, inbox.box, barrier.wait, (20,), {})
        back = [await inbox.next() for _ in range(8)]
        assert sorted(ticket for ticket, _, _ in back) == list(range(8))
        assert all(error is None for _, _, error in back)
        assert inbox.threads == {threading.get_ident()}

    asyncio.run(main())


def test_threads_are_daemons_and_run_in_the_context_of_submit():
    async def main():
        pool, inbox = ThreadPool(), Inbox()
        var.set("cell 1")

        def look():
            seen = var.get()
            var.set("thread")
            return seen, threading.current_thread().daemon

        for _ in range(2):
            pool.submit(0, inbox.box, look, (), {})
            assert (await inbox.next())[1] == ("cell 1", True)
        assert var.get() == "cell 1"

    asyncio.run(main())


def test_whatever_is_raised_comes_back():
    async def main():
        pool, inbox = ThreadPool(), Inbox()
        for kind in (ValueError, KeyboardInterrupt, SystemExit):

            def fails():
                raise kind("no")

            pool.submit(0, inbox.box, fails, (), {})
            _, value, error = await inbox.next()
            assert value is None and type(error) is kind
            assert error.__traceback__.tb_frame.f_code is fails.__code__
        pool.submit(0, inbox.box, len, (), {})
        assert isinstance((await inbox.next())[2], TypeError)

    asyncio.run(main())


def test_an_idle_thread_ends_and_keeps_nothing_alive():
    async def main():
        pool, inbox = ThreadPool(idle_seconds=0.0), Inbox()

        class Thing:
            pass

        def give(x):
            return threading.current_thread()

        thing = Thing()
        gone = weakref.ref(thing)
        pool.submit(0, inbox.box, give, (thing,), {})
        _, thread, _ = await inbox.next()
        thread.join(20)
        assert not thread.is_alive() and not pool._idle
        del thing
        gc.collect()
        assert gone() is None
        pool.submit(1, inbox.box, give, (None,), {})
        assert (await inbox.next())[0] == 1

    asyncio.run(main())


def test_a_closed_loop_is_nobodys_problem():
    release, posted = threading.Event(), threading.Event()
    delivered = []

    async def main():
        box = Mailbox(asyncio.get_running_loop(), lambda *letter: delivered.append(letter))
        post = box.post

        class Box:
            @staticmethod
            def post(*letter):
                post(*letter)
                posted.set()

        ThreadPool().submit(0, Box, release.wait, (20,), {})

    asyncio.run(main())
    release.set()
    assert posted.wait(20) and delivered == []


def test_the_interpreter_exits_while_a_call_hangs():
    script = """
import asyncio, threading
from poppy_ipython.backends import LiveDispatcher
from tests.backends.calls import Call
async def main():
    started = threading.Event()
    def hang():
        started.set()
        threading.Event().wait()
    LiveDispatcher(asyncio.get_running_loop()).submit(Call(hang))
    started.wait()
asyncio.run(main())
print("left")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "left\n"), done.stderr
