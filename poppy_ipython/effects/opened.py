"""Files that `open` made: which objects are such, and which file they are.

A write to one is known to do no more than change that file if nothing of the program's own runs in it: the object and what
lies below it are exactly the classes of `io` that `open` puts together, nobody has hung a method of his own on one of them, and
its encoding is one of Python's (a codec or an error handler of one's own is code of the user's). Asked at every call, because
whether it is so can be seen from the object alone (1 µs, less than the write).

`io.StringIO` and `io.BytesIO` are such files, too. They have no name and no number: what may be
written is looked for in whatever is handed to a call (`engine/snapshot.py`).

An open file is told by device and number, which stay its own however its name changes (a `Path` is told by its name:
`sources.path_resource`; who reads through a path asks for both).
"""

from __future__ import annotations

import gc
import io
import json
import os
import sys
from collections.abc import Hashable, Mapping
from types import BuiltinFunctionType
from typing import Any

__all__ = [
    "IN_MEMORY", "KEPT", "file_given", "file_of", "file_resource", "is_name", "is_plain_file", "is_written_plainly", "named",
    "number_of", "number_written", "openers", "opens_plainly",
]  # fmt: skip

#: files that are kept in memory
KEPT: frozenset[type] = frozenset({io.StringIO, io.BytesIO})
#: the resource of all of them: who is given one asks for no other
IN_MEMORY = ("file", "memory", 0)
_BUFFERS = frozenset({io.BufferedReader, io.BufferedWriter, io.BufferedRandom})
_ENCODINGS = frozenset(
    {"utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii", "latin-1", "iso-8859-1", "iso8859-1", "cp1252", "utf-16", "utf-32"}
)  # fmt: skip
_ERRORS = frozenset(
    {"strict", "ignore", "replace", "backslashreplace", "surrogateescape", "surrogatepass", "xmlcharrefreplace", "namereplace"}
)


def is_plain_file(file: Any) -> bool:
    """Does nothing of the program's own run in what is done with this file?

    >>> with open(__file__) as file:
    ...     is_plain_file(file), is_plain_file(file.buffer), is_plain_file(io.StringIO()), is_plain_file(object())
    (True, True, True, False)
    """
    kind = type(file)
    if kind in KEPT:
        return not vars(file)
    if kind is io.TextIOWrapper:
        if not vars(file).keys() <= {"mode"} or file.encoding.lower() not in _ENCODINGS or file.errors not in _ERRORS:
            return False
        file = file.buffer
        kind = type(file)
    if kind in _BUFFERS:
        if vars(file):
            return False
        file = file.raw
        kind = type(file)
    return kind is io.FileIO and vars(file).keys() <= {"name"}


def is_name(path: Any) -> bool:
    """Is it the name of a file, with no code of the program's in it?

    >>> import pathlib
    >>> is_name("a.txt"), is_name(pathlib.Path("a.txt")), is_name(1)
    (True, True, False)
    """
    kind = type(path)
    return kind is str or kind is bytes or (kind.__module__.partition(".")[0] == "pathlib" and isinstance(path, os.PathLike))


def openers() -> tuple[Any, ...]:
    """``open``, and what IPython puts in its place in a notebook (it refuses the numbers 0, 1 and 2, and calls ``open``)."""
    shell = getattr(sys.modules.get("IPython.core.interactiveshell"), "_modified_open", None)
    return (open,) if shell is None else (open, shell)


def opens_plainly(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Does ``open(*args, **kwargs)`` give such a file, or fail?

    >>> opens_plainly(("a.txt", "w"), {"encoding": "utf-8"}), opens_plainly(("a.txt",), {"opener": os.open})
    (True, False)
    """
    given = dict(zip(("file", "mode", "buffering", "encoding", "errors", "newline"), args, strict=False)) | dict(kwargs)
    if len(args) > 6 or "file" not in given or given.keys() - {"file", "mode", "buffering", "encoding", "errors", "newline"}:
        return False
    kinds = {type(value) for name, value in given.items() if name != "file"}
    file = given["file"]
    return (
        kinds <= {str, int, type(None)}
        and is_name(file)
        and (given.get("encoding") is None or type(given["encoding"]) is str and given["encoding"].lower() in _ENCODINGS)
        and (given.get("errors") is None or given["errors"] in _ERRORS)
    )


def file_of(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
    """The open file that a call writes to: the receiver, the one behind a writer of `csv`, or `json.dump`'s second argument."""
    if receiver is None:
        return args[1] if len(args) > 1 else (kwargs or {})["fp"]
    if type(receiver).__module__ == "csv":
        receiver = receiver.writer
    if type(receiver).__module__ == "_csv":
        for found in gc.get_referents(receiver):
            if type(found) is BuiltinFunctionType and found.__name__ == "write":
                return found.__self__
    return receiver


def is_written_plainly(receiver: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None) -> bool:
    """The predicate `<plain file>`: such a file, and open (what is tried with a closed one fails where it stands)."""
    file = file_of(receiver, args, kwargs)
    return is_plain_file(file) and not file.closed


def number_of(file: Any) -> Hashable:
    """The resource of an open file."""
    if type(file) in KEPT:
        return IN_MEMORY
    found = os.fstat(file if type(file) is int else file.fileno())
    return ("file", found.st_dev, found.st_ino)


def named(resource: Hashable) -> tuple[Hashable, ...]:
    """The names under which ``resource`` may be written: a file with a path may be open, too."""
    if type(resource) is tuple and len(resource) == 2 and resource[0] == "file":
        try:
            found = os.stat(resource[1])
        except (OSError, ValueError):
            return (resource,)
        return (resource, ("file", found.st_dev, found.st_ino))
    return (resource,)


def file_resource(receiver: Any, *args: Any, **kwargs: Any) -> Hashable:
    """The resource `<open file>`: of the method of a file or writer, or of `json.dump`.

    A file that is closed has none; whatever is tried with it fails.
    """
    if type(receiver).__module__ in ("_io", "_csv", "csv"):
        return number_of(file_of(receiver))
    return number_of(file_of(None, (receiver, *args), kwargs))


def number_written(receiver: Any) -> Hashable | None:
    """The resource of what a method of ``receiver``, a file or writer, writes to; None if that cannot be said."""
    try:
        file = file_of(receiver)
        return number_of(file) if is_plain_file(file) else None
    except (OSError, ValueError, TypeError, LookupError):
        return None


def file_given(fn: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The file that ``fn(*args, **kwargs)`` writes to, which may not be there yet."""
    return file_of(None if fn is json.dump else fn.__self__, args, kwargs)
