"""What if: the recorded run as it would have been with other latencies, limits, effects; advice that follows from it."""

from poppy_ipython.whatif.advice import Advice, Advices, advice
from poppy_ipython.whatif.levers import (
    BadLever,
    Lever,
    Scene,
    after_loop,
    at_once,
    cached,
    effect,
    faster,
    per_minute,
    profile,
    sequentially,
    slower,
    streaming,
    unlimited,
    without_retries,
)
from poppy_ipython.whatif.result import Check, WhatIf, what_if
from poppy_ipython.whatif.scaled import rounds, scaled
from poppy_ipython.whatif.simulate import Prediction, predict, simulate
from poppy_ipython.whatif.undecided import undecided

__all__ = [
    "Advice",
    "Advices",
    "BadLever",
    "Check",
    "Lever",
    "Prediction",
    "Scene",
    "WhatIf",
    "advice",
    "after_loop",
    "at_once",
    "cached",
    "effect",
    "faster",
    "per_minute",
    "predict",
    "profile",
    "rounds",
    "scaled",
    "sequentially",
    "simulate",
    "slower",
    "streaming",
    "undecided",
    "unlimited",
    "what_if",
    "without_retries",
]
