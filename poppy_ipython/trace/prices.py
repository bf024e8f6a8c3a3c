"""What calls cost, where it is known: an estimate, made when somebody asks, never while a run goes on.

    tokens as the service counted them  ×  a price you declared, or else genai-prices' table  ─▶  dollars

`declare_price("local-small", sent=0.1, received=0.4)` is per million tokens. Everything else is looked up in the table that
`genai-prices` carries (`pip install poppy-ipython[prices]`): no network, so as old as that installation, and list prices, which
are not what anybody with a contract pays. A model that neither knows has no cost; its calls are left out, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poppy_ipython.trace.usage import Tokens

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Trace

__all__ = ["Costs", "costs", "declare_price", "dollars", "price_of"]

_MILLION = 1_000_000
_declared: dict[str, tuple[float, float]] = {}
_known: dict[tuple[str, Tokens], float | None] = {}


def declare_price(model: str, *, sent: float, received: float) -> None:
    """From now on a million tokens sent to `model`, and received from it, cost this many dollars.

    >>> declare_price("doc-model", sent=1.0, received=4.0)
    >>> price_of("doc-model", Tokens(1_000, 500))
    0.003
    """
    if sent < 0 or received < 0:
        raise ValueError(f"a price is not negative: {model!r}, sent={sent!r}, received={received!r}")
    _declared[model] = (sent, received)


def price_of(model: str | None, tokens: Tokens | None) -> float | None:
    """Dollars for one call; None if the model, its tokens or its price is not known."""
    if model is None or tokens is None:
        return None
    declared = _declared.get(model)
    if declared is not None:
        return (declared[0] * tokens.sent + declared[1] * tokens.received) / _MILLION
    key = model, tokens
    if key not in _known:
        _known[key] = _in_table(model, tokens)
    return _known[key]


def _in_table(model: str, tokens: Tokens) -> float | None:
    try:
        from genai_prices import Usage, calc_price
    except ImportError:
        return None
    try:
        return float(calc_price(Usage(input_tokens=tokens.sent, output_tokens=tokens.received), model_ref=model).total_price)
    except LookupError:
        return None


@dataclass(frozen=True, slots=True)
class Costs:
    """What is known of a run's cost: an estimate in dollars."""

    by_call: dict[int, float]  # by number
    unknown: int = 0  # calls with tokens and no price

    @property
    def total(self) -> float:
        return sum(self.by_call.values())

    def __str__(self) -> str:
        """
        >>> str(Costs({1: 0.0021, 2: 0.4}, 3)), str(Costs({}))
        ('about $0.402, and 3 calls whose price is not known', 'not known')
        """
        if not self.by_call:
            return "not known"
        rest = f", and {self.unknown} call{'s' * (self.unknown > 1)} whose price is not known" if self.unknown else ""
        return f"about {dollars(self.total)}{rest}"


def dollars(amount: float) -> str:
    """An estimate has no more than three digits.

    >>> dollars(0.000214), dollars(0.0), dollars(12.5)
    ('$0.000214', '$0', '$12.5')
    """
    if amount >= 1000:
        return f"${amount:,.0f}"
    text = f"{amount:.3g}"
    return f"${amount:.8f}".rstrip("0") if "e" in text else f"${text}"


def costs(trace: Trace) -> Costs:
    """The cost of each call of which it is known."""
    found: dict[int, float] = {}
    unknown = 0
    for call in trace.calls:
        if call.tokens is None:
            continue
        price = price_of(call.model, call.tokens)
        if price is None:
            unknown += 1
        else:
            found[call.number] = price
    return Costs(found, unknown)
