"""Results of the user's own functions in flight that are known to be numbers or strings, from the functions' text.

    def retry(q):
        for attempt in range(3):
            try: return ask(q), attempt
            except ValueError: pass

    answer, n = retry(q)        # answer: anything; n: a number, if it is bound at all
    retried += n                # deferred, like any counter (``counters``)

The value of a unit may be anything the program can make, and an operator in place on what may be a list would change it behind the back
of who has it under another name: ``total += n`` has to wait for ``n``, and the loop with it. Where every ``return`` of the function
gives a number or a string (or a tuple with one in that place) the pending says so (:attr:`~poppy_ipython.engine.pending.Pending.data`).

Why this is right: the text of the function is the code that runs (:func:`~poppy_ipython.compiler.plainresults.plain_results`), and its
names are local, not captured, and bound nowhere but in that text. What it takes from outside are builtins, ``range`` say: they must
not be bound in its globals, by what has been issued or may still be (TOP included, since it may be anything). A function that ends
without ``return`` gives None, which cannot be unpacked, and is none of the containers that an operator changes.
"""

from __future__ import annotations

import builtins
import types
from typing import TYPE_CHECKING, Any

from ..compiler import lower_function
from ..compiler.plainresults import PlainResults, plain_results
from .maywrites import TOP
from .pending import Pending

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_OWN = {name: getattr(builtins, name) for name in ("range", "enumerate", "len")}


class Results(Base):
    """Part of the :class:`Machine`."""

    def _init_results(self) -> None:
        self.plain_results: dict[types.CodeType, PlainResults | None] = {}

    def of_function(self, fn: types.FunctionType, result: Any) -> Any:
        """``result``, that of a call of ``fn``; if it is pending, with what is known of it noted."""
        if type(result) is not Pending or result.done:
            return result
        code = fn.__code__
        try:
            known = self.plain_results[code]
        except KeyError:
            lowered = lower_function(fn)
            known = None
            if not isinstance(lowered, str):
                known = plain_results(lowered.source, (*code.co_cellvars, *code.co_freevars, *lowered.params))
            self.plain_results[code] = known
        if known is not None and self.are_builtins(known.builtins, fn.__globals__):
            result.data = known.each is None
            result.plain_items = known.each
        return result

    def are_builtins(self, names: frozenset[str], namespace: dict[str, Any]) -> bool:
        """Are ``names``, looked up in ``namespace``, what Python calls so, and do they stay that?"""
        if not names:
            return True
        chains = self.name_chains.get(id(namespace), {})
        may = self.may
        if TOP in may or namespace.get("__builtins__", builtins) not in (builtins, vars(builtins)):
            return False
        return all(
            name not in namespace and name not in chains and ("n", id(namespace), name) not in may and getattr(builtins, name, None) is _OWN[name]
            for name in names
        )
