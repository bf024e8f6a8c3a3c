"""The view of a run while it goes on, and afterwards as long as the kernel lives.

    begin(session) ─ 0.15 s ─▶ look … open the widget once something is in flight … look, send what is new … end(run)

A cell that is over before that never opens one. Looks come at most thirty times a second (`looks.py` says when); while Python
computes there are none, and the browser lets running bars grow.

Nothing here may hurt the cell: whatever fails is logged, the view is dropped, the run goes on. If nobody is there to
look, messages go nowhere.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
from collections.abc import Callable
from typing import Any

from poppy_ipython.display.channel import Channel, live_messages
from poppy_ipython.display.looks import Looks
from poppy_ipython.display.page import page
from poppy_ipython.display.sampler import Sampler
from poppy_ipython.display.saved import picture
from poppy_ipython.display.wire import full
from poppy_ipython.trace.prices import dollars, price_of
from poppy_ipython.trace.run import Run
from poppy_ipython.trace.values import Values

__all__ = ["Live", "show"]

_log = logging.getLogger("poppy_ipython.display")

Kept = Callable[[Run, str, str], dict[str, str]]
"""What the notebook file keeps of a run, by MIME type; its arguments: the run, its mark, its title."""

_INTERVAL = 1 / 30
_REPEAT = 3.0  # full states sent unasked, to a front end that is not heard: 0.3 s, 0.9 s, 2.7 s …


class Live:
    """One run. `title` says how the user knows a file that is a cell: `In [2]`; `kept` makes what the file keeps."""

    def __init__(self, shell: Any, name: str, title: Callable[[str], str | None], kept: Kept = picture) -> None:
        self.shell = shell
        self.name = name
        self.title = title
        self.kept = kept
        self.id = secrets.token_hex(8)
        self.values = Values()
        self.run: Run | None = None
        self.channel: Channel | None = None
        self._session: Any = None
        self._sampler: Sampler | None = None
        self._looks = Looks(self._look, self._drop, _INTERVAL)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._repeat = 0.3
        self._repeated = 0.0
        self._failed = False
        self._tab: Any = None  # a `whatif.Tab`, from the first time that somebody asks

    # ------------------------------------------------------------------ while it runs
    def begin(self, session: Any) -> None:
        """The cell is about to run. `session` is the engine's: its machine's records, `interrupt()`, its loop."""
        self._session = session
        self._loop = session.loop
        self._looks.begin(session.loop)

    def _look(self) -> bool:
        """True unless it was the opening, which happens once."""
        session = self._session
        now = session.machine.clock()
        if self.channel is None:
            if not any(record.started is not None for record in session.machine.records):
                return False
            self._sampler = Sampler(session.machine.records, session.started, session.filename, self.title)
            self._open()
            self._send(self._full(now))
            self._repeated = now
            return False
        assert self._sampler is not None
        if not live_messages() and now - self._repeated > self._repeat:
            self._send(self._full(now))
            self._repeat, self._repeated = self._repeat * _REPEAT, now
            return True
        delta = self._sampler.look(now)
        if delta is not None:
            self._send(delta)
        return True

    def _full(self, now: float) -> dict[str, Any]:
        assert self._sampler is not None
        stop = "live" if live_messages() else "kernel"
        limit = self._session.options.max_calls
        return {**self._sampler.full(now), "run": self.id, "title": self.name, "limit": limit, "stop": stop}

    def _open(self) -> None:
        self.channel = Channel(self.shell, self.id, self._heard)
        self.channel.show()
        if not live_messages():
            self.channel.send_bundle()

    def _send(self, message: dict[str, Any]) -> None:
        if self.channel is not None:
            self.channel.send(message)

    # ------------------------------------------------------------------ the end
    def end(self, run: Run) -> None:
        """The run is over: the last state to whoever looks, a picture for the file."""
        self.run = run
        self._session = self._sampler = None
        self._looks.stop()
        if self.channel is not None and not self._failed:
            try:
                self._send(self._last())
                self.channel.replace(self.kept(run, self.id, self.name))
            except Exception:
                self._drop()

    def show(self) -> None:
        """Show the finished run again, where the output stands now."""
        self.close()
        self.id = secrets.token_hex(8)  # a display of its own
        self._failed = False
        self._open()
        assert self.run is not None and self.channel is not None
        self._send(self._last())
        self.channel.replace(self.kept(self.run, self.id, self.name))

    def close(self) -> None:
        """Let the front end know that nobody answers any more."""
        if self.channel is not None:
            channel, self.channel = self.channel, None
            channel.close()

    def _last(self) -> dict[str, Any]:
        assert self.run is not None
        message = full(self.run.trace, self.id, self.name, self.run.failure)
        expected = sys.modules.get("poppy_ipython.whatif.expected")
        check = None if expected is None else expected.check(self.run)
        if check is not None:
            foretold = {"makespan": check.predicted, "measured": check.measured, "error": check.error}
            message["foretold"] = {**foretold, "words": str(check)}
        return message

    # ------------------------------------------------------------------ what the front end says
    def _heard(self, content: dict[str, Any]) -> None:
        """On the kernel's main thread, or on that of a subshell: so only the loop's thread acts on it."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._act, content)
        else:
            self._act(content)

    def _act(self, content: dict[str, Any]) -> None:
        try:
            if content.get("do") == "stop":
                if self._session is not None:
                    self._session.interrupt()
            elif content.get("ask") == "full":
                if self.run is not None:
                    self._send(self._last())
                elif self._sampler is not None:
                    self._send(self._full(self._session.machine.clock()))
            elif content.get("ask") == "page":
                if self.run is not None:
                    text = page(self.run.trace, self.name, self.run.failure)
                    self._send({"t": "page", "text": text, "name": f"{self.name.replace(' ', '')}.html"})
            elif content.get("ask") == "values":
                number = content.get("number")
                if isinstance(number, int):
                    self._send_values(number)
            elif self.run is not None:
                from poppy_ipython.display.whatif import Tab

                if self._tab is None:
                    self._tab = Tab(self.run.trace)
                answer = self._tab.answer(content)
                if answer is not None:
                    self._send(answer)
        except Exception:
            self._drop()

    def _send_values(self, number: int) -> None:
        found, price = self.values.of(number), price_of(self.values.models.get(number), self.values.tokens.get(number))
        if found is not None:
            cost = {} if price is None else {"costs": {str(number): dollars(price)}}
            self._send({"t": "values", "values": {str(number): found}, **cost})

    def _drop(self) -> None:
        self._failed = True
        _log.exception("the view of this run failed and is dropped; the run goes on")
        self._looks.stop()


def show(shell: Any, run: Run, name: str, kept: Kept = picture) -> Live:
    """A view of a run that is over."""
    live = Live(shell, name, lambda filename: None, kept)
    live.values, live.run = run.values or live.values, run
    live.show()
    return live
