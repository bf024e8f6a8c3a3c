"""What a service is started with: how long answers take and which share of them fails.

A frozen value, because two `serve()` with equal settings share one process. It crosses to that process as JSON on the
command line, so a setting is a number.
"""

from __future__ import annotations

import dataclasses
import json


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """Latency is `first_token + tokens * per_token` seconds, times a factor within `1 ± jitter` drawn from the request.

    The `*_share` are probabilities per request, drawn from `seed`, the request and the client's retry count: the same
    requests fail in every run, whatever order they come in, and a retry is drawn anew.

        Settings(first_token=0, per_token=0)         # as fast as it can
        Settings(seed=7, error_500_share=0.1)        # one request in ten fails, always the same ones
    """

    first_token: float = 0.25
    per_token: float = 0.006
    jitter: float = 0.25
    seed: int = 0
    error_429_share: float = 0.0
    error_500_share: float = 0.0
    timeout_share: float = 0.0
    retry_after: float = 1.0
    """Seconds in the `Retry-After` header of an injected 429."""
    max_at_once: float = 0
    """More requests than this at the same moment are refused with a 429; 0: no limit."""
    per_minute: float = 0
    """More requests than this within any 60 seconds are refused with a 429 and a `Retry-After`; 0: no limit."""
    hang: float = 600.0
    """Seconds that an injected timeout holds its request, and that `together` waits for company."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{field.name} must be a number, not below 0: {value!r}")

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        return cls(**json.loads(text))
