"""What library data computes from a call: its resource, its host, and whether its client is one that it speaks of.

    <client>        the API client that a method belongs to: its state on the server
    <host>          the host that a URL names, or that a client has as its base URL
    <path>          the file that a path names, however it is written; <open file>: the open file that is written to (`opened.py`)
    <runnable>      the host of the first model in a chain; <instructor>: that of the client it wraps
    <plain client>  true of a client that runs no code of the user's (hooks, a transport of one's own); <plain api>: of a
                    model service's client; <plain call>: and of what the call brings along (`clients.py`)
    <plain model>   true of a pydantic model that is data only (`schemas.py`)
    <known runnable>, <known retriever>, <known step>, <known instructor>
                    true if all that it calls is known (`runnables.py`, `wrappers.py`)
    <path given>    true if the first argument names a file
    <captured command>  true of a command whose output is captured, with nothing of the program's among what it is given
    <plain file>    true of an open file in which nothing of the program's own runs (`opened.py`)
    <listed>        true of a list or tuple and plain data
    <library warnings>  true of a text that is shown, or recorded, by nobody but `warnings`
    <library handlers>  true of a logger whose handlers, filters and formatters are those of `logging`

Methods of `openai` and `anthropic` live on resource objects (`client.chat.completions`) that keep their client in
`_client`. Two calls that change server state must stay in order if they go through the same client; through two clients
they may be two accounts, which is why the resource is the client and not the host. The resource is an object with
identity, not an `id()`: a number could be given to the next client while the first one's calls are still in the log.

A web page has no client that it belongs to: what `post` changes, `get` through any other client may read. So there the
resource is the host. Nothing here asks the network or, `<path>` aside, the file system.
"""

from __future__ import annotations

import logging
import os
import sys
import unicodedata
import warnings
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from poppy_ipython.effects.clients import base_url_of, client_of, is_plain_api, is_plain_call, is_plain_client
from poppy_ipython.effects.opened import file_resource, is_written_plainly
from poppy_ipython.effects.runnables import is_known_retriever, is_known_runnable, is_known_step, runnable_host
from poppy_ipython.effects.schemas import is_plain_model
from poppy_ipython.effects.wrappers import instructor_host, is_known_instructor

__all__ = ["HOSTS", "PREDICATES", "RESOURCES", "SOURCES", "Client", "Source"]


class Client:
    """A client as a resource: equal to itself, readable in a report.

    >>> a, b = object(), object()
    >>> Client(a) == Client(a), Client(a) == Client(b)
    (True, False)
    """

    __slots__ = ("client",)

    def __init__(self, client: object) -> None:
        self.client = client

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Client) and other.client is self.client

    def __hash__(self) -> int:
        return id(self.client)

    def __repr__(self) -> str:
        return f"{type(self.client).__name__} client"


def client_resource(receiver: Any, *args: Any, **kwargs: Any) -> Client:
    return Client(client_of(receiver))


def client_host(receiver: Any, *args: Any, **kwargs: Any) -> str:
    """Host and, where one is given, port: two local services on one machine are two hosts."""
    url = base_url_of(receiver)
    if type(url) is str:
        return _host_in(url)
    return f"{url.host}:{url.port}" if url.port else str(url.host)


def url_host(*args: Any, **kwargs: Any) -> str:
    """The host of the first argument that is a URL with one; else that of the client's base URL.

    >>> url_host("https://User@Example.org:8080/a?b=http://c"), url_host("POST", "http://[::1]/")
    ('example.org:8080', '[::1]')
    """
    for value in (kwargs.get("url"), *args):
        if type(value) is str or type(value).__name__ == "URL":
            found = _host_in(str(value))
            if found:
                return found
    return client_host(args[0])


def _host_in(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    if not mark or "/" in scheme:
        return ""
    for end in "/?#":
        rest = rest.partition(end)[0]
    return rest.rpartition("@")[2].lower()


def host_resource(*args: Any, **kwargs: Any) -> Hashable:
    return ("http", url_host(*args, **kwargs))


#: where "A.txt" may be "a.txt"
_ONE_CASE = sys.platform in ("darwin", "win32")


def path_resource(path: Any, *args: Any, **kwargs: Any) -> Hashable:
    """One resource for one file: links are followed, and of a file with several names its number is taken.

    >>> path_resource("a/../b") == path_resource("b")
    True
    """
    real = os.fsdecode(os.path.realpath(path))
    if _ONE_CASE:
        real = unicodedata.normalize("NFC", real).casefold()
    try:
        found = os.stat(real)
    except OSError:
        return ("file", real)
    return ("file", real) if found.st_nlink == 1 else ("file", found.st_dev, found.st_ino)


def is_path(receiver: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None) -> bool:
    """The first argument is the name of a file."""
    return bool(args) and (issubclass(type(args[0]), PurePath) or (type(args[0]) is str and "://" not in args[0]))


_TOLD = frozenset(
    {
        "capture_output", "check", "cwd", "encoding", "env", "errors", "input", "shell", "stderr", "stdout", "text", "timeout",
        "universal_newlines",
    }
)  # fmt: skip


def is_captured(receiver: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None) -> bool:
    """``subprocess.run`` of texts, its output captured: what it prints otherwise would not be in the program's order.

    >>> is_captured(None, (["ls", "-l"],), {"capture_output": True, "text": True}), is_captured(None, ("ls",), {})
    (True, False)
    """
    if len(args) != 1 or kwargs is None or not kwargs.keys() <= _TOLD:
        return False
    command = args[0]
    texts = command if type(command) in (list, tuple) else (command,)
    if not all(type(one) in (str, bytes) for one in texts):
        return False
    if kwargs.get("capture_output") is not True and not {kwargs.get("stdout"), kwargs.get("stderr")} <= {-1, -2, -3}:
        return False
    return all(type(value) in (bool, bytes, dict, float, int, str, type(None)) for value in kwargs.values())


def is_listed(receiver: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None) -> bool:
    """What is read is in a list that is there, and not in a generator that would run later; the rest is plain data.

    >>> is_listed(None, ([1, 2],), {"ignore_index": True}), is_listed(None, (iter([1]),), {})
    (True, False)
    """
    if not args or kwargs is None or type(args[0]) not in (list, tuple):
        return False
    return all(type(value) in (bool, int, str, type(None)) for value in (*args[1:], *kwargs.values()))


def has_library_handlers(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> bool:
    """Nothing of the user's is called by a record of this logger (a function has none: the root logger)."""
    logger = receiver if isinstance(receiver, logging.Logger) else logging.getLogger()
    parts: list[Any] = [logger, *logger.filters]
    while logger is not None:
        for handler in logger.handlers:
            parts += [handler, handler.formatter, *handler.filters]
        logger = logger.parent if logger.propagate else None  # type: ignore[assignment]
    return all(type(part).__module__ in ("logging", "logging.handlers", "builtins") for part in parts)


def is_library_warning(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> bool:
    """A warning that is a text, of a category of Python's own, with nothing of the user's between it and `sys.stderr`.

    >>> is_library_warning(None, ("x",), {"stacklevel": 2}), is_library_warning(None, (ValueError(),), {})
    (True, False)
    """
    if kwargs is None or not args or not kwargs.keys() <= {"category", "stacklevel"}:
        return False
    text, *others = (*args, *kwargs.values())
    known = all(type(one) in (int, str) or one is None or type(one) is type and one.__module__ == "builtins" for one in others)
    module: Any = warnings
    shown = module.showwarning is module._showwarning_orig and module.formatwarning is module._formatwarning_orig
    shown = shown and module._showwarnmsg_impl.__module__ == "warnings"  # (to record them, it is replaced)
    return type(text) is str and known and shown


RESOURCES: dict[str, Callable[..., Hashable]] = {
    "<client>": client_resource, "<host>": host_resource, "<path>": path_resource,
    "<open file>": file_resource,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """What the engine may know of such a resource before the call's arguments are there."""

    kind: str  # what all its resources begin with: a write of an unknown file is still no write of a page
    positional: int  # arguments by position that may decide it, a method's receiver counted
    keywords: frozenset[str] = frozenset()


SOURCES: dict[Callable[..., Any], Source] = {
    client_resource: Source("client", 1),
    host_resource: Source("http", 3, frozenset({"url"})),
    path_resource: Source("file", 1),
    file_resource: Source("file", 2, frozenset({"fp"})),
}
HOSTS: dict[str, Callable[..., str]] = {
    "<client>": client_host, "<host>": url_host, "<runnable>": runnable_host, "<instructor>": instructor_host,
}  # fmt: skip
PREDICATES: dict[str, Callable[[Any, tuple[Any, ...], Mapping[str, Any] | None], bool]] = {
    "<plain client>": is_plain_client, "<path given>": is_path, "<captured command>": is_captured,
    "<library handlers>": has_library_handlers, "<library warnings>": is_library_warning, "<plain file>": is_written_plainly,
    "<plain api>": is_plain_api, "<plain call>": is_plain_call, "<plain model>": is_plain_model,
    "<known runnable>": is_known_runnable, "<listed>": is_listed,
    "<known retriever>": is_known_retriever, "<known step>": is_known_step,
    "<known instructor>": is_known_instructor,
}  # fmt: skip
