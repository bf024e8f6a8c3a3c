"""What belongs to one API client: its state on the server, and the host it talks to.

Methods of `openai` live on resource objects (`client.chat.completions`) that keep their client in `_client`. Two calls
that change server state must stay in order if they go through the same client; through two clients they may be two
accounts, which is why the resource is the client and not the host. The resource is an object with identity, not an
`id()`: a number could be given to the next client while the first one's calls are still in the log.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Client", "client_host", "client_resource"]


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


def client_of(receiver: Any) -> Any:
    return getattr(receiver, "_client", receiver)


def client_resource(receiver: Any, *args: Any, **kwargs: Any) -> Client:
    return Client(client_of(receiver))


def client_host(receiver: Any, *args: Any, **kwargs: Any) -> str:
    """Host and, where one is given, port: two local services on one machine are two hosts."""
    url = client_of(receiver).base_url
    return f"{url.host}:{url.port}" if url.port else url.host
