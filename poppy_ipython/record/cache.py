"""The call cache: `%%poppy --cache` asks nobody twice while a cell is being written.

One table for all runs with `--cache`: callee with its code, arguments, receiver and host, and which of several equal calls
of a run it is. Equal calls within one run stay distinct calls: the third `ask("a joke")` of a run is answered with what the third
one was told before, and sent if there was none. Answered are `unordered` calls alone (a cell that writes to a database
writes), with results that can be stored and arguments that can be told apart; failures are not kept, so that they are tried
again. A stream is kept if it was read to its end.

`unordered` says that the order of calls does not matter, not that an answer stays true. That is why the cache is asked for
only by name, per cell, and shown: answered calls read `ask (cached)` in every view, and the line below the cell counts them.

Several kernels may use it at once (SQLite's write-ahead log). A cache that cannot be read is moved aside: it can be made again.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from poppy_ipython.effects.registry import host_of
from poppy_ipython.record import store
from poppy_ipython.record.answers import Answer, told
from poppy_ipython.record.errors import RecordError
from poppy_ipython.record.keys import Bodies, Key
from poppy_ipython.record.reading import Resolve
from poppy_ipython.record.takes import Take

__all__ = ["Cache", "clear", "file"]

_TABLE = """create table if not exists answers (callee text, body text, arguments text, receiver text, host text, rank integer,
            kind text, payload text, output text, primary key (callee, body, arguments, receiver, host, rank)) without rowid"""
_FIND = """select kind, payload, output from answers
           where callee = ? and body = ? and arguments = ? and receiver = ? and host = ? and rank = ?"""
Place = tuple[str, str, str, str, str]


def file() -> Path:
    return store.folder() / "cache.sqlite"


def clear() -> int:
    """Forget every answer: how many there were."""
    path = file()
    if not path.exists():
        return 0
    found = 0
    try:
        with store.connected(path) as connection:
            found = connection.execute("select count(*) from answers").fetchone()[0]
            connection.execute("delete from answers")
            connection.execute("vacuum")
    except sqlite3.Error:
        for suffix in ("", "-wal", "-shm"):
            Path(str(path) + suffix).unlink(missing_ok=True)
    return int(found)


class Cache:
    """What earlier runs were told, for one run."""

    def __init__(self, resolve: Resolve | None = None, pages: int | None = None) -> None:
        self.resolve = resolve
        self.path = file()
        self.words: list[str] = []
        self._pages = pages
        self._asked: Counter[Place] = Counter()
        self._missed: dict[int, int] = {}  # id(call) -> which of its equals it is
        self._body = Bodies()
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            aside = self.path.with_name(f"cache.damaged-{os.getpid()}")
            self.words.append(f"the call cache could not be read ({error}) and was put aside as {aside.name}")
            os.replace(self.path, aside)
            for suffix in ("-wal", "-shm"):
                Path(str(self.path) + suffix).unlink(missing_ok=True)
            self._open()

    def _open(self) -> None:
        try:
            store.private(self.path)
        except OSError as error:
            raise RecordError(f"the call cache cannot be used: {store.said(error)} ({self.path})") from None
        self._connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute(_TABLE)
        except BaseException:
            self._connection.close()
            raise

    def find(self, call: Any, key: Key) -> Answer | None:
        """What the same call was told before, the n-th for the n-th."""
        place = self._place(call, key)
        if place is None:
            return None
        rank = self._asked[place]
        self._asked[place] += 1
        row = self._connection.execute(_FIND, (*place, rank)).fetchone()
        if row is None:
            self._missed[id(call)] = rank
            return None
        kind, payload, output = row
        stored = store.Row(
            rank, key.callee, key.arguments, key.receiver, "", "", call.record.callee, "the call cache", 0, "", "unordered", "",
            "", 0.0, 0.0, 1, kind, payload, output,
        )  # fmt: skip
        client = getattr(getattr(call.fn, "__self__", None), "_client", None)
        return Answer(0.0, lambda numbers: told(stored, numbers, call.record.callee, 0.0, client, self.resolve), 1, output)

    def keep(self, takes: list[Take], rows: list[store.Row]) -> None:
        """Remember what this run was told. What cannot be kept is said in `words`, and the run is none the worse."""
        fresh = []
        for take, row in zip(takes, rows, strict=True):
            place = self._place(take.call, take.key)
            if place is None or row.kind not in ("value", "stream") or (row.kind == "stream" and not _is_whole(take)):
                continue
            rank = self._missed.get(id(take.call), 0)
            fresh.append((*place, rank, row.kind, row.payload, row.output))
        try:
            if self._pages is not None:
                self._connection.execute(f"pragma max_page_count = {self._pages}")
            self._connection.execute("begin immediate")
            self._connection.executemany(f"insert or replace into answers values ({', '.join('?' * 9)})", fresh)
            self._connection.execute("commit")
        except (sqlite3.Error, OSError) as error:
            self.words.append(f"the call cache did not take {len(fresh):,} new answers: {store.said(error)}")

    def close(self) -> None:
        self._connection.close()  # what was begun and not committed is undone

    def _place(self, call: Any, key: Key) -> Place | None:
        if call.effect.name != "unordered" or key.opaque:
            return None
        host = host_of(call.effect, call.fn, call.args, call.kwargs)
        return key.callee, self._body(call.fn), key.arguments, key.receiver, host


def _is_whole(take: Take) -> bool:
    return take.stream is not None and take.stream.end is not None and take.stream.end[2] is None
