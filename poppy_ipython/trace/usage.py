"""Which model answered, and for how many tokens: what the common clients' answers say of themselves.

    client.chat.completions.create(model="m", …)  ─▶  usage.prompt_tokens, usage.completion_tokens, model

Looked up while the run goes on, because no answer is kept: in the instance dictionaries of `openai`'s and `anthropic`'s own
classes, where no code of anybody's runs. A function of the user's that has a client inside is one call here and returns a
text; of that nothing is known, nor of a stream, whose figures come last if they come at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Trace

__all__ = ["Tokens", "Usage", "with_usage"]

_CLIENTS = ("openai.", "anthropic.")
_PLAIN = frozenset((str, int, float, bool, list, dict, tuple, set, bytes, type(None)))  # what most calls give
_module = type.__dict__["__module__"].__get__  # a metaclass of the user's has no say in it


class Tokens(NamedTuple):
    """As the service counted them."""

    sent: int
    received: int


class Usage:
    """Listens to the calls of one run; `number` is a call's.

    >>> usage = Usage()
    >>> usage.sent(1, (), {"model": "small"})
    >>> usage.ended(1, "an answer", None)
    >>> usage.models, usage.tokens
    ({1: 'small'}, {})
    """

    __slots__ = ("models", "tokens")

    def __init__(self) -> None:
        self.models: dict[int, str] = {}
        self.tokens: dict[int, Tokens] = {}

    def sent(self, number: int, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        if kwargs:
            model = kwargs.get("model")
            if type(model) is str:
                self.models[number] = model

    def ended(self, number: int, value: Any, error: BaseException | None) -> None:
        kind = type(value)
        if kind in _PLAIN or error is not None:
            return
        try:
            if not _module(kind).startswith(_CLIENTS):
                return
            of = vars(value)
            model = of.get("model")
            if type(model) is str:
                self.models[number] = model
            usage = of.get("usage")
            if usage is not None and _module(type(usage)).startswith(_CLIENTS):
                counts = vars(usage)
                sent = counts.get("prompt_tokens", counts.get("input_tokens"))
                received = counts.get("completion_tokens", counts.get("output_tokens", 0))
                if type(sent) is int and type(received) is int:
                    self.tokens[number] = Tokens(sent, received)
        except Exception:  # an answer without a dictionary, or a class that says nonsense of itself: nothing is known
            pass


def with_usage(trace: Trace, usage: Usage | None) -> Trace:
    """The trace with what became known."""
    from dataclasses import replace

    if usage is None or not (usage.models or usage.tokens):
        return trace
    models, tokens = usage.models, usage.tokens
    known = models.keys() | tokens.keys()
    calls = tuple(
        [c._replace(model=models.get(c.number), tokens=tokens.get(c.number)) if c.number in known else c for c in trace.calls]
    )
    return replace(trace, calls=calls)
