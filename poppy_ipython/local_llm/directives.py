"""What happens to one request besides being answered: its latency, its fault.

A request can say so itself, after a `+` in its model name or in the header `x-local-llm` (same words, comma between):

    local-small+500          fails with that status, any of 400..599
    local-small+429-after    a 429 with a Retry-After header
    local-small+500@0.2      fails for one request in five, drawn from the request
    local-small+timeout      is never answered
    local-small+reset        the connection is cut off instead of an answer
    local-small+half         so it is in the middle of one
    local-small+drip         the answer trickles, a byte a second
    local-small+garbage      an answer that is no JSON
    local-small+html         a page instead of JSON
    local-small+cut          a stream that breaks off halfway
    local-small+torn         a stream with an event that is no JSON halfway
    local-small+50ms         takes exactly 50 ms
    local-small+together8    is answered once eight such requests are in flight at the same moment: shows overlap
                             without a clock

The model name is the way that works through any client and inside anybody's helper function; the header leaves the
model name alone. What a request does not say, a *plan* may (`Service.plan`): faults by the digest of the request's body, so
that equal requests meet equal fates in whatever order they come. The rest is drawn from the service's `Settings`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
import re
from collections.abc import Iterable, Mapping

from poppy_ipython.local_llm.settings import Settings

FAULT = re.compile(r"(?P<kind>[45]\d\d(?:-after)?|timeout|reset|half|drip|garbage|html|cut|torn)(?:@(?P<share>0?\.\d+|1|0))?")
LATENCY = re.compile(r"(?P<ms>\d+)ms")
NO_PLAN: Mapping[str, str] = {}
TOGETHER = re.compile(r"together(?P<count>\d+)")


class BadDirective(ValueError):
    """A word after `+` that means nothing here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Directives:
    model: str
    fault: str | None
    """A status, `429-after`, `timeout`, `reset`, `half`, `drip`, `garbage`, `html`, or None."""
    together: int
    latency: float | None
    """Fixed, in seconds; None: by the number of tokens."""
    factor: float
    """Jitter: what the latency by tokens is multiplied with."""

    @property
    def torn(self) -> str | None:
        """What happens to a stream halfway: `cut`, `torn` or nothing."""
        return self.fault if self.fault in ("cut", "torn") else None


def draw(*parts: object) -> random.Random:
    """A random source that depends on `parts` and on nothing else, process and hash seed included."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big"))


def digest(body: bytes) -> str:
    """What a plan and an answer's id know a request by."""
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def read(
    settings: Settings, model: str, header: str, body: bytes, attempt: str, plan: Mapping[str, str] = NO_PLAN
) -> Directives:
    """The directives of a request, from its model name, its `x-local-llm` header, the plan and the service's settings."""
    name, *suffixes = model.split("+")
    words = [*suffixes, *(word.strip() for word in header.split(",") if word.strip())]
    source = draw(settings.seed, body, attempt)
    factor = 1 + settings.jitter * (2 * source.random() - 1)
    latency, together, fault = None, 0, None
    for word in words:
        if match := LATENCY.fullmatch(word):
            latency = int(match["ms"]) / 1000
        elif match := TOGETHER.fullmatch(word):
            together = int(match["count"])
        elif match := FAULT.fullmatch(word):
            if match["share"] is None or source.random() < float(match["share"]):
                fault = match["kind"]
        else:
            raise BadDirective(
                f"{word!r} after '+' or in x-local-llm: expected a status such as 500, 429-after, timeout, 50ms or together8"
            )
    if fault is None and plan:
        fault = plan.get(digest(body))
    if fault is None:
        fault = drawn(source.random(), shares(settings))
    return Directives(name, fault, together, latency, factor)


def shares(settings: Settings) -> Iterable[tuple[str, float]]:
    yield "429-after", settings.error_429_share
    yield "500", settings.error_500_share
    yield "timeout", settings.timeout_share


def drawn(at: float, ranges: Iterable[tuple[str, float]]) -> str | None:
    for kind, share in ranges:
        if at < share:
            return kind
        at -= share
    return None
