"""Clients of model services: where their requests go, and whether one runs code of the user's.

Each library keeps its HTTP client somewhere else:

    openai, anthropic    resource._client (the API client) ._client       ollama    client._client
    mistralai            resource.sdk_configuration.client, .async_client  google.genai  module._api_client._httpx_client, ...

A client is *plain* if it is the library's own, its HTTP client has no hooks, and transports and authentication only send.
Anything else (an `http_client=` with an event hook that logs, a mock transport) runs code of the user's, whose order may
matter, so its calls are undeclared. The same holds for what a call brings along: a class into which an answer is parsed must
be data only (`schemas`), tools must not be functions that the library would call by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from poppy_ipython.effects.schemas import is_plain_answer, plain
from poppy_ipython.effects.table import MISSING, Table

__all__ = ["base_url_of", "client_of", "is_plain_api", "is_plain_call", "is_plain_client"]

NOTHING: Mapping[str, Any] = {}

_PLAIN_PARTS = frozenset(
    {
        "NoneType", "str", "tuple", "AiohttpTransport", "AsyncHTTPTransport", "BasicAuth", "HTTPAdapter", "HTTPBasicAuth",
        "HTTPProxyAuth", "HTTPTransport", "NetRCAuth",
    }
)  # fmt: skip
"""Transports and authentications that only send: not a mock (it calls a function), not a digest (it counts)."""
_LIBRARIES = frozenset(
    {
        "anthropic", "builtins", "google", "httpx", "httpx2", "httpx_aiohttp", "langchain_anthropic", "langchain_openai",
        "mistralai", "ollama", "openai", "requests",
    }
)  # fmt: skip
_ANSWERS = ("response_format", "text_format", "output_format", "response_model", "response_schema", "format")
_checked = Table()  # HTTP client -> (transport, mounts, auth, the verdict on them)


def client_of(receiver: Any) -> Any:
    """The API client that a method's receiver belongs to; itself, if it is one."""
    own = getattr(receiver, "__dict__", NOTHING)
    for name in ("_client", "sdk_configuration", "_api_client"):
        found = own.get(name)
        if found is not None:
            return found
    return receiver


def base_url_of(receiver: Any) -> Any:
    """The address, a text or a URL object, that a client's requests go to."""
    client = client_of(receiver)
    if hasattr(client, "get_server_details"):  # mistralai
        return client.get_server_details()[0]
    options = getattr(client, "_http_options", None)  # google.genai
    return client.base_url if options is None else options.base_url


def _is_librarys(part: Any) -> bool:
    return type(part).__module__.partition(".")[0] in _LIBRARIES


def _plain_part(part: Any) -> bool:
    return type(part).__name__ in _PLAIN_PARTS and _is_librarys(part)


def is_plain_client(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = NOTHING) -> bool:
    """An HTTP client or session without hooks, whose parts only send (a function has no receiver)."""
    own = getattr(receiver, "__dict__", None)
    if own is None:
        return True
    hooks = own.get("_event_hooks") or own.get("hooks")
    if hooks:
        for one in hooks.values():
            if one:
                return False
    transport, mounts, auth = own.get("_transport"), own.get("_mounts"), own.get("_auth")
    row = _checked.get(receiver)
    if row is not MISSING and row[0] is transport and row[1] is mounts and row[2] is auth and transport is not None:
        return bool(row[3])
    parts = [transport, auth, own.get("auth"), *(mounts or NOTHING).values(), *(own.get("adapters") or NOTHING).values()]
    found = all(map(_plain_part, parts))
    if transport is not None and not mounts:
        _checked.put(receiver, (transport, mounts, auth, found))
    return found


def _http_clients(receiver: Any) -> Iterator[Any]:
    client = client_of(receiver)
    own = client.__dict__
    if "_client" in own:  # openai, anthropic
        yield own["_client"]
    elif "_httpx_client" in own:  # google.genai
        yield from (own["_httpx_client"], own.get("_async_httpx_client"), client._http_options.aiohttp_client)
    elif "async_client" in own:  # mistralai
        yield from (own["client"], own["async_client"])
    else:  # ollama
        yield client


def is_plain_api(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = NOTHING) -> bool:
    """The library's own client, sending by itself."""
    client = client_of(receiver)
    if receiver is None or not _is_librarys(receiver) or not _is_librarys(client):
        return False
    for http in _http_clients(receiver):
        if http is not None and not (_is_librarys(http) and is_plain_client(http)):
            return False
    hooks = client.__dict__.get("_hooks")
    return hooks is None or _own_hooks(hooks)


def is_plain_call(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = NOTHING) -> bool:
    """A plain client, and nothing in the call that would run code of the user's. (`kwargs` None: they are not known.)"""
    if kwargs is None or not is_plain_api(receiver):
        return False
    for name in _ANSWERS:
        if name in kwargs and not is_plain_answer(kwargs[name]):
            return False
    if "tools" in kwargs and not _plain_tools(kwargs["tools"]):
        return False
    return "config" not in kwargs or _plain_config(kwargs["config"])


def _own_hooks(hooks: Any) -> bool:
    """Hooks of mistralai: those that it registers itself."""
    found = [one for listed in vars(hooks).values() if isinstance(listed, list) for one in listed]
    return all(map(_is_librarys, found))


def _plain_tools(tools: Any) -> bool:
    """Descriptions of tools; where the library parses calls of them, into models of data only."""
    if tools is None or type(tools).__name__ in ("Omit", "NotGiven"):
        return True
    if not isinstance(tools, list | tuple):
        return False
    if not all(isinstance(one, Mapping) for one in tools):
        return False
    parsed = [one for tool in tools for one in (tool, tool.get("function")) if hasattr(one, "model")]
    return all(plain(one.model) for one in parsed)


def _plain_config(config: Any) -> bool:
    """`google.genai`: no function among the tools (it would be called), no HTTP client, no class that is more than data."""
    if config is None:
        return True
    if not isinstance(config, dict) and not _is_librarys(config):
        return False

    def said(name: str) -> Any:
        return config.get(name) if isinstance(config, dict) else getattr(config, name, None)

    tools = said("tools") or ()
    if not isinstance(tools, list | tuple):
        return False
    if any(callable(one) or not (isinstance(one, dict) or _is_librarys(one)) for one in tools):
        return False
    return said("http_options") is None and is_plain_answer(said("response_schema"))
