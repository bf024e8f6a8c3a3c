"""One run with a recording: what is exchanged before it, what is written and said after it.

`cell` calls `begin` when the session is made and `end` when it is over. Only what is asked for is made: a run without any
of the options does not come here.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from poppy_ipython.options import Options
from poppy_ipython.record import store
from poppy_ipython.record.answers import Replay, Source
from poppy_ipython.record.cache import Cache
from poppy_ipython.record.check import Check, Checked, publishers
from poppy_ipython.record.coroutines import listen
from poppy_ipython.record.dispatch import RecordedDispatcher
from poppy_ipython.record.errors import MissingCall, RecordError
from poppy_ipython.record.guard import offline
from poppy_ipython.record.reading import within
from poppy_ipython.record.takes import Heard, Takes
from poppy_ipython.redact import redact

__all__ = ["Recorder", "begin"]

_log = logging.getLogger("poppy_ipython.record")
Title = Callable[[str], str | None]
_NAMED = 3


def begin(options: Options, session: Any, tree: Any, source: str, title: Title | None = None) -> Recorder:
    """Exchange the dispatcher of a session that has not begun. Raises `RecordError`, and then nothing was run."""
    check = None
    if options.check:
        check = Check(tree, session.filename, session.namespace, options, *publishers())
    recorder = Recorder(options, session, source, title or (lambda name: None), check)
    session.dispatcher.close()
    session.dispatcher = session.machine.dispatcher = recorder.dispatcher
    if session.machine.piece is not None:
        session.machine.piece = Heard
    listen(session.machine, recorder.dispatcher)
    if check is not None:
        check.begin(session.machine)
    return recorder


class Recorder:
    """What a run is asked to write down, or told from what was."""

    def __init__(self, options: Options, session: Any, source: str, title: Title, check: Check | None = None) -> None:
        self.options = options
        self.session = session
        self.source = source
        self.title = title
        self.check = check
        self.checked: Checked | None = None
        self.replay: Replay | None = None
        self.cache: Cache | None = None
        answers: Source | None = None
        if options.record is not None:
            store.file_of(options.record)  # a name that cannot be one is said before anything is asked
        if options.replay is not None:
            answers = self.replay = Replay(options.replay, options.latency, options.missing, within(session.namespace))
        elif options.cache:
            answers = self.cache = Cache(within(session.namespace))
        self.takes = None if self.replay is not None else Takes(None if check is None else check.keep)
        self.dispatcher = RecordedDispatcher(
            session.loop,
            options.max_calls,
            failed=session._failed,
            takes=self.takes,
            source=answers,
            cached=self.cache is not None,
        )

    def stop(self) -> None:
        """The run is over, however it ended."""
        if self.check is not None:
            self.check.stop()

    async def run(self) -> tuple[BaseException | None, Any]:
        """`Session.run`, cut off from the network if every answer has to come from a recording."""
        alone = self.replay is not None and self.replay.missing == "error"
        with offline(self.options.replay if alone else None) as wanted:
            error, value = await self.session.run()
        if wanted and not isinstance(error, MissingCall):
            error = MissingCall(wanted[0]).with_traceback(None if error is None else error.__traceback__)
        return error, value

    async def end(self, error: BaseException | None, value: Any) -> list[str]:
        """The run is over: write, compare, and what there is to say. What fails here costs the run nothing."""
        words: list[str] = []
        try:
            if self.check is not None and self.takes is not None and not isinstance(error, KeyboardInterrupt):
                self.checked = await self.check.end(self.takes, error, value)
                words.append(str(self.checked))
            if self.replay is not None:
                words += self._replayed(self.replay)
            if self.takes is not None and (self.options.record is not None or self.cache is not None):
                words += self._kept(self.takes, whole=not isinstance(error, KeyboardInterrupt))
        except RecordError as mistake:
            words.append(str(mistake))
        except Exception as mistake:
            _log.exception("the recording failed; the cell did not")
            words.append(f"the recording failed: {mistake!r}")
        return [f"poppy: {text}" for text in words]

    def _kept(self, takes: Takes, whole: bool) -> list[str]:
        session, words = self.session, []
        rows = takes.rows(session.started, self.title)
        if self.cache is not None:
            self.cache.keep(takes.ranked(), rows)
            self.cache.close()
            words += self.cache.words
            words.append(f"{_calls(self.dispatcher.answered)} answered from the call cache, {len(rows):,} asked")
        if self.options.record is not None and not whole:
            words.append(f"interrupted, so not recorded as {self.options.record!r}")
        elif self.options.record is not None:
            digest = hashlib.sha256(self.source.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            when, seconds = datetime.now(UTC).isoformat(timespec="seconds"), session.ended - session.started
            about = store.About(store.FORMAT, self.options.record, digest, redact(self.source), when, seconds)
            told = store.write(about, rows)
            words.append(f"{_calls(len(rows))} recorded as {self.options.record!r}" + (f"; {told}" if told else ""))
            words += _holes(rows, takes)
        return words

    def _replayed(self, replay: Replay) -> list[str]:
        digest = hashlib.sha256(self.source.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        answered = self.dispatcher.answered - (0 if replay.missing == "live" else replay.lacking)
        text = f"{_calls(answered)} answered from the recording {replay.name!r} of {replay.about.made[:10]}"
        if replay.missing == "live" and replay.lacking:
            text += f", {_calls(replay.lacking)} asked live"
        if replay.unused:
            text += f", {_calls(replay.unused)} of it not made"
        if digest != replay.about.cell:
            text += "; the cell was edited since"
        words = [text]
        if replay.edited:
            words.append(f"edited since that recording, answered all the same: {', '.join(replay.edited)}")
        return words


def _calls(number: int) -> str:
    return f"{number:,} call" + ("" if number == 1 else "s")


def _holes(rows: list[store.Row], takes: Takes) -> list[str]:
    """What a replay will not have, and what it cannot tell apart."""
    words = []
    lost = dict.fromkeys(f"{row.name} ({row.file}, line {row.line}: {row.payload})" for row in rows if row.kind == "none")
    if lost:
        named = ", ".join(list(lost)[:_NAMED]) + (" …" if len(lost) > _NAMED else "")
        words.append(f"results that cannot be stored, so a replay will not have them: {named}")
    alike = dict.fromkeys(f"{take.call.record.callee} ({', '.join(take.key.opaque)})" for take in takes.all if take.key.opaque)
    if alike:
        named = ", ".join(list(alike)[:_NAMED]) + (" …" if len(alike) > _NAMED else "")
        words.append(f"arguments that cannot be stored, so calls that differ by them alone are taken in order: {named}")
    return words
