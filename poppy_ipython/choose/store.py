"""Profiles and past runs on disk: one SQLite file in the user's data directory, shared by all kernels.

    observations   one row a call, the latest `KEPT` of each alternative and machine
    cells          the trace of the latest run of a cell, by a digest of its text, the latest `CELLS`

Rows of one run are written in one transaction when it is over, so two kernels wait for each other for a moment and lose
nothing. A file that is damaged is moved aside and named; one of a newer version is left alone, and this session keeps what
it sees to itself. Neither costs a cell its run.

`export` and `load` are JSON, for another machine or for a file beside the notebook.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, astuple, fields, replace
from pathlib import Path

from poppy_ipython.choose.errors import BadProfile
from poppy_ipython.choose.profiles import Observation, Profile, machine, profile_of
from poppy_ipython.record.store import connected, folder, private, said

__all__ = ["KEPT", "Store"]

FORMAT = 1
KEPT, CELLS, _LARGEST = 500, 50, 4_000_000
_NAMES = [field.name for field in fields(Observation)]
_log = logging.getLogger("poppy_ipython.choose")


class Store:
    """The profiles of a user. `path` is for tests; a store whose file cannot be used keeps everything in memory.

    >>> import tempfile
    >>> store = Store(Path(tempfile.mkdtemp()) / "profiles.sqlite")
    >>> store.add([Observation("small", 0.5, machine=machine()), Observation("small", 0.7, machine=machine())])
    >>> round(store.profile("small").mean, 2)
    0.6
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._memory: list[Observation] = []
        self._seen: dict[str, list[Observation]] = {}
        self._version: object = None
        self._traces: dict[str, str] = {}
        self.notices: list[str] = []  # what somebody should be told, once

    @property
    def path(self) -> Path:
        return self._path if self._path is not None else folder() / "profiles.sqlite"

    # -- in

    def add(self, observations: Iterable[Observation]) -> None:
        """Keep what was observed."""
        rows = list(observations)
        if not rows:
            return
        self._seen.clear()
        if not self._usable(make=True) and not self._usable(make=True):  # one that was moved aside is begun anew
            self._memory = [*self._memory, *rows][-50 * KEPT :]
            return
        marks = ", ".join("?" * len(_NAMES))
        try:
            with connected(self.path) as connection:
                connection.execute("begin immediate")
                connection.executemany(f"insert into observations values ({marks})", map(astuple, rows))
                for key, where in {(one.key, one.machine) for one in rows}:
                    connection.execute(
                        "delete from observations where key = ? and machine = ? and rowid not in (select rowid from "
                        "observations where key = ? and machine = ? order by rowid desc limit ?)",
                        (key, where, key, where, KEPT),
                    )
                connection.execute("commit")
        except (sqlite3.Error, OSError) as error:
            self._say(f"profiles were not kept: {said(error)} ({self.path})")
            self._memory += rows

    def keep(self, cell: str, text: str) -> None:
        """Keep the trace of a cell's latest run, for the plan of its next one."""
        self._traces[cell] = text
        if len(text) > _LARGEST or not self._usable(make=True):
            return
        try:
            with connected(self.path) as connection:
                connection.execute("begin immediate")
                connection.execute("delete from cells where cell = ?", (cell,))
                connection.execute("insert into cells values (?, ?)", (cell, text))
                latest = "select rowid from cells order by rowid desc limit ?"
                connection.execute(f"delete from cells where rowid not in ({latest})", (CELLS,))
                connection.execute("commit")
        except (sqlite3.Error, OSError) as error:
            self._say(f"the run was not kept for the next plan: {said(error)} ({self.path})")

    # -- out

    def trace(self, cell: str) -> str | None:
        """What `keep` kept."""
        if cell not in self._traces and self._usable():
            try:
                with connected(self.path) as connection:
                    found = connection.execute("select text from cells where cell = ?", (cell,)).fetchone()
            except sqlite3.Error as error:
                _log.debug("no trace: %s", error)
                found = None
            if found:
                self._traces[cell] = found[0]
        return self._traces.get(cell)

    def observations(self, key: str | None = None) -> list[Observation]:
        """All of them, or those of one alternative, oldest first."""
        rows: list[Observation] = []
        if self._usable():
            where, given = ("where key = ?", (key,)) if key is not None else ("", ())
            try:
                with connected(self.path) as connection:
                    found = connection.execute(f"select {', '.join(_NAMES)} from observations {where} order by rowid", given)
                    rows = [replace(Observation(*row), ok=bool(row[_NAMES.index("ok")])) for row in found]
            except sqlite3.Error as error:
                self._say(f"profiles cannot be read: {error} ({self.path})")
        return rows + [one for one in self._memory if key is None or one.key == key]

    def profile(self, key: str) -> Profile | None:
        """What is known of one alternative."""
        version = self._stamp()
        if version != self._version:
            self._seen.clear()
            self._version = version
        if key not in self._seen:
            self._seen[key] = self.observations(key)
        return profile_of(key, self._seen[key])

    def names(self) -> list[str]:
        return sorted({one.key for one in self.observations()})

    def clear(self) -> int:
        """Forget everything; how many observations that were."""
        count = len(self.observations())
        self._memory, self._traces = [], {}
        self._seen.clear()
        if self._usable():
            with connected(self.path) as connection:
                connection.execute("delete from observations")
                connection.execute("delete from cells")
        return count

    # -- elsewhere

    def export(self, path: str | os.PathLike[str]) -> int:
        """Write all observations as JSON; how many."""
        rows = self.observations()
        text = json.dumps({"format": "poppy_ipython.profiles", "version": FORMAT, "observations": [asdict(one) for one in rows]})
        Path(path).write_text(text, "utf-8")
        return len(rows)

    def load(self, path: str | os.PathLike[str]) -> int:
        """Add the observations of a file that `export` wrote. Raises `BadProfile`, and then nothing was added."""
        try:
            data = json.loads(Path(path).read_text("utf-8"))
        except OSError as error:
            raise BadProfile(f"{path}: {error.strerror or error}") from None
        except ValueError as error:
            raise BadProfile(f"{path} is damaged: {error}; nothing was imported") from None
        if not isinstance(data, dict) or data.get("format") != "poppy_ipython.profiles":
            raise BadProfile(f"{path} has no profiles of poppy_ipython in it; nothing was imported")
        if not isinstance(data.get("version"), int) or data["version"] > FORMAT:
            raise BadProfile(f"{path} was written by a newer poppy_ipython (format {data.get('version')}, known here: {FORMAT})")
        try:
            rows = [Observation(**{name: row[name] for name in _NAMES if name in row}) for row in data["observations"]]
            if any(not isinstance(one.key, str) or not one.seconds >= 0 for one in rows):
                raise ValueError("a row without name or seconds")
        except (TypeError, KeyError, ValueError) as error:
            raise BadProfile(f"{path} is damaged: {error}; nothing was imported") from None
        self.add(replace(one, machine=one.machine or machine()) for one in rows)
        return len(rows)

    # -- the file

    def _stamp(self) -> object:
        try:
            state = os.stat(self.path)
        except OSError:
            return None
        return state.st_mtime_ns, state.st_size

    def _usable(self, make: bool = False) -> bool:
        """Whether the file can be read and written: made if wanted, moved aside if damaged, left alone if newer."""
        path = self.path
        if not path.exists() and not make:
            return False
        try:
            private(path)
            with connected(path) as connection:
                version = connection.execute("pragma user_version").fetchone()[0]
                if version > FORMAT:
                    self._say(f"{path} is of a newer poppy_ipython (format {version}, known here: {FORMAT}): left alone")
                    return False
                if version < FORMAT:
                    connection.execute("begin immediate")
                    connection.execute(f"create table if not exists observations ({', '.join(_NAMES)})")
                    connection.execute("create index if not exists of_key on observations (key)")
                    connection.execute("create table if not exists cells (cell, text)")
                    connection.execute(f"pragma user_version = {FORMAT}")
                    connection.execute("commit")
            return True
        except sqlite3.OperationalError as error:  # locked, full, read-only
            self._say(f"profiles are not kept: {said(error)} ({path})")
        except sqlite3.DatabaseError as error:
            self._move_aside(path, error)
        except OSError as error:
            self._say(f"profiles are not kept: {said(error)} ({path})")
        return False

    def _move_aside(self, path: Path, error: sqlite3.Error) -> None:
        number = 1
        while (aside := path.with_name(f"{path.stem}.damaged-{number}")).exists():
            number += 1
        try:
            os.replace(path, aside)
        except OSError:
            aside = path
        self._say(f"the profiles were damaged ({error}) and were kept as {aside.name}; new ones are begun")

    def _say(self, text: str) -> None:
        _log.info(text)
        if text not in self.notices:
            self.notices.append(text)
