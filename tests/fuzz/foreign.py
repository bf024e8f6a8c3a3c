"""Functions that nobody declared, from a module whose source is out of reach: native code, as far as the engine can
tell.

They do what undeclared code may do: write to the outside, mutate their arguments, keep references and use them
later, call back into the program, return their own argument. The source is compiled under a name that is no file and
runs in a namespace that is no module, so nothing can find and compile it a second time.

Every function first looks for objects of the engine among what it was given: undeclared code must see real values
only.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

FILENAME = "<foreign>"

SOURCE = '''
def unk(value):
    """Write the argument to the outside and hand it back: the result aliases the argument."""
    look("unk", value)
    return value

def mut(items):
    """Append to the argument."""
    look("mut", items)
    items.append(99)
    return len(items)

def keep(items):
    """Keep a reference, for `poke`."""
    look("keep", items)
    kept.append(items)
    return len(kept)

def poke(value):
    """Append to everything that was kept, through references the program knows nothing of."""
    look("poke", value)
    for items in kept:
        if len(items) < 12:
            items.append(value)
    return len(kept)

def apply(function, value):
    """Call back into the program from native code."""
    look("apply", value)
    return function(value)

def burst(value):
    """Raise sometimes, after having written."""
    look("burst", value)
    if digest("burst", value) % 4 == 0:
        raise Boom(f"burst {value}")
    return digest("burst!", value) % 9

class Scope:
    """A context manager that nobody declared; it swallows `Boom` when told to."""

    def __init__(self, name, swallow=False):
        self.name = name
        self.swallow = swallow

    def __enter__(self):
        look("enter", self.name)
        return self

    def __exit__(self, kind, error, traceback):
        look("exit", [self.name, kind.__name__ if kind else None])
        return self.swallow and kind is not None and issubclass(kind, Boom)
'''

CODE: CodeType = compile(SOURCE, FILENAME, "exec")
NAMES = ("unk", "mut", "keep", "poke", "apply", "burst", "Scope")


def functions(**needed: Any) -> dict[str, Any]:
    """A fresh set of the functions above, over `look`, `kept`, `digest` and `Boom`.

    >>> functions(look=lambda *_: None, kept=[], digest=hash, Boom=ValueError)["mut"]([1])
    2
    """
    namespace: dict[str, Any] = {"__name__": "foreign", **needed}
    exec(CODE, namespace)
    return {name: namespace[name] for name in NAMES}
