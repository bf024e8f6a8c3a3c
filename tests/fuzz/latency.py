"""Orders of completion: how long each external call takes on the simulated clock. Chosen by seed, adversarial on
purpose.

    random    anything goes                 reversed  the later a call is sent, the sooner it returns
    forward   in the order of sending       equal     all at the same instant
    zero      at once                       straggler one call takes a thousand times as long as the rest
    bimodal   fast or slow by a coin

A latency is a function from the call to seconds, called once for each call in the order of sending.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Latency = Callable[[Any], float]

ORDERS = ("random", "reversed", "forward", "equal", "zero", "straggler", "bimodal")


def latency(seed: int, order: str | None = None) -> Latency:
    """The order of completion of this seed.

    >>> first, second = map(latency(0, "reversed"), "ab")
    >>> first > second
    True
    """
    rng = random.Random(f"latency {seed}")
    order = order or ORDERS[seed % len(ORDERS)]
    sent = 0
    straggler = rng.randrange(1, 12)

    def of(_call: Any) -> float:
        nonlocal sent
        sent += 1
        match order:
            case "random":
                return rng.uniform(0.1, 2.0)
            case "reversed":
                return 1000.0 / sent
            case "forward":
                return 1.0 + sent / 1000
            case "equal":
                return 1.0
            case "zero":
                return 0.0
            case "straggler":
                return 1000.0 if sent == straggler else 1.0
            case "bimodal":
                return rng.choice((0.1, 5.0))
        raise ValueError(order)

    return of
