"""Effects: what calls may do, declared beside the code that does it and looked up from the object that is called.

effect.py    the five declarations, decorators and `declare`
registry.py  effect_of and its relatives
library/     data for builtins, the standard library and clients
"""

from poppy_ipython.effects.effect import Effect, declare, local, pure, readonly, sequential, unordered
from poppy_ipython.effects.registry import attributes_are_pure, effect_of, effect_of_call, host_of, resource_of

__all__ = [
    "Effect", "attributes_are_pure", "declare", "effect_of", "effect_of_call", "host_of", "local", "pure", "readonly",
    "resource_of", "sequential", "unordered",
]  # fmt: skip
