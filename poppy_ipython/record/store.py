"""Recordings on disk: one SQLite file each, in the user's data directory, readable by the owner only.

    <user data>/poppy_ipython/recordings/NAME.sqlite       table `about` (one row), table `calls` (one row each)
    <user data>/poppy_ipython/cache.sqlite                 the call cache, see `cache`

A recording is written whole when its run is over: into a new file beside, which then takes the old one's name. So a full
disk, a crash or a second kernel that records under the same name at the same time never leaves a half recording or costs an
older one: there is always one that is whole, the last. A file of that name which cannot be read is moved aside and named,
never overwritten: nobody knows what it was.

Decided against: one file for all recordings (a damaged one would cost them all), and writing during the run (its calls would
pay for it, and an interrupted run would have replaced a good recording by a piece of one).
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from poppy_ipython.record.errors import BadRecording, NoRecording, RecordError

__all__ = ["About", "Row", "connected", "file_of", "folder", "names", "private", "read", "said", "write"]

FORMAT = 1
_ENVIRONMENT = "POPPY_IPYTHON_DATA"


@dataclass(frozen=True, slots=True)
class Row:
    """One call of a recording, as it is stored."""

    rank: int  # which of those with the same callee and arguments, in program order, from 0
    callee: str
    arguments: str  # digests, see `keys`
    receiver: str
    body: str
    text: str  # of the arguments, without secrets
    name: str  # as the program writes it
    file: str  # `In [3]`, or the file's name
    line: int
    position: str  # `1.4.2`, in program order
    effect: str
    resource: str
    host: str
    started: float  # seconds since the run began
    seconds: float
    attempts: int
    kind: str  # value · error · stream · none (it could not be stored; `payload` says why) · unread
    payload: str
    output: str  # what it wrote, as JSON


@dataclass(frozen=True, slots=True)
class About:
    """What a recording says of its run."""

    format: int
    name: str
    cell: str  # a digest of the cell's text
    source: str
    made: str
    seconds: float


def folder() -> Path:
    """Where the files are; the environment variable POPPY_IPYTHON_DATA moves it."""
    import platformdirs

    chosen = os.environ.get(_ENVIRONMENT)
    return Path(chosen) if chosen else Path(platformdirs.user_data_path("poppy_ipython", appauthor=False))


def file_of(name: str) -> Path:
    """The file of the recording `name`.

    >>> file_of("first try").name
    Traceback (most recent call last):
    ...
    poppy_ipython.record.errors.RecordError: 'first try': a recording's name is of letters, digits, - _ and .
    """
    if not re.fullmatch(r"[A-Za-z0-9_][\w.-]{0,99}", name, re.ASCII):
        raise RecordError(f"{name!r}: a recording's name is of letters, digits, - _ and .")
    return folder() / "recordings" / f"{name}.sqlite"


def names() -> list[str]:
    """The recordings that there are."""
    return sorted(path.stem for path in (folder() / "recordings").glob("*.sqlite"))


def private(path: Path) -> None:
    """Make the file and its folder, for the owner only, if they are not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for made in (folder(), path.parent):
        if made.exists():
            made.chmod(0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)


@contextlib.contextmanager
def connected(path: Path, pages: int | None = None) -> Iterator[sqlite3.Connection]:
    """A connection that is closed again. `pages`: the most that the file may have (tests fill a disk with it)."""
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        if pages is not None:
            connection.execute(f"pragma max_page_count = {int(pages)}")
        yield connection
    finally:
        connection.close()


def said(error: BaseException) -> str:
    """Why the disk did not take it, in words."""
    return "the disk is full" if "full" in str(error).lower() or getattr(error, "errno", 0) == 28 else str(error)


def write(about: About, rows: Iterable[Row], pages: int | None = None) -> str:
    """Keep a recording. A sentence about what else happened, or nothing.

    Raises `RecordError` if it could not be kept; an older one of the name is then as it was.
    """
    path = file_of(about.name)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    told = ""
    try:
        private(fresh)
        with connected(fresh, pages) as connection:
            connection.execute("pragma journal_mode = off")  # a file that nobody has seen needs none
            connection.execute("pragma page_size = 4096")
            connection.execute("begin")
            _fill(connection, "about", About, [about])
            _fill(connection, "calls", Row, rows)
            connection.execute("commit")
        if path.exists():
            try:
                _check(path)
            except BadRecording:
                aside = _free(path)
                os.replace(path, aside)
                told = f"what was there under that name is no recording and was kept as {aside.name}"
        os.replace(fresh, path)
    except (sqlite3.Error, OSError) as error:
        raise RecordError(f"the recording {about.name!r} was not kept: {said(error)} ({path.parent})") from None
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
    return told


def read(name: str) -> tuple[About, list[Row]]:
    """A recording. Raises `NoRecording` or `BadRecording`."""
    path = file_of(name)
    if not path.exists():
        known = names()
        there = f"there are {', '.join(known[:20])}" if known else "there is none yet"
        raise NoRecording(f"no recording {name!r} ({there}); %%poppy --record {name} makes one")
    try:
        with connected(path) as connection:
            about = _rows(connection, "about", About)[0]
            if about.format != FORMAT:
                raise BadRecording(f"the recording {name!r} is of format {about.format}; this version reads {FORMAT}")
            return about, _rows(connection, "calls", Row)
    except (sqlite3.Error, IndexError, TypeError) as error:
        raise BadRecording(f"the recording {name!r} cannot be read: {error} ({path}); the file was left as it is") from None


def _check(path: Path) -> None:
    try:
        with connected(path) as connection:
            _rows(connection, "about", About)
    except (sqlite3.Error, TypeError) as error:
        raise BadRecording(str(error)) from None


def _free(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}")).exists():
        number += 1
    return aside


def _fill(connection: sqlite3.Connection, table: str, kind: Any, rows: Iterable[Any]) -> None:
    names = [field.name for field in fields(kind)]
    connection.execute(f"create table {table} ({', '.join(names)})")
    connection.executemany(f"insert into {table} values ({', '.join('?' * len(names))})", map(astuple, rows))


def _rows(connection: sqlite3.Connection, table: str, kind: Any) -> list[Any]:
    names = ", ".join(field.name for field in fields(kind))
    return [kind(*row) for row in connection.execute(f"select {names} from {table} order by rowid")]
