"""Several callables for one purpose: `caption = alternatives(caption_large, caption_small, caption_cpu)`.

    caption = alternatives(
        option(caption_large, quality=0.95, price=0.004, seconds=1.2, power=300, resource="gpu=1", warmup=4),
        option(caption_small, quality=0.88, price=0.001, seconds=0.4, power=150, resource="gpu=1"),
        caption_cpu,                                            # nothing said: what it takes is measured
    )
    ask = alternatives(ask, model=[option("large", quality=0.9), "small"])      # values of one parameter

The program calls it as it would call any of them: one external with one effect. *Which* one performs a call is decided when
the call is handed to its backend, by the run's chooser (`chooser.py`); the call's record says which. Whoever calls it
otherwise, in a plain cell or a thread, gets the first one, so the order is that of preference.

With choices the promise reads: the same as the plain program *with the choices made*. That any of them will do is the user's
word, as `unordered` is. One that fails (any Exception, where sending it again does no harm) is followed by the next; if all
fail, the error is that of the one that was chosen.

Decided against: a decorator per alternative with a common name (where is the order of preference, and which module made it?),
and a subclass of function (the engine would look into it). An effect that depends on arguments, as a client's own `create`
has, is refused: what would it be for arguments that only some alternatives take? A function around the client has one.
"""

from __future__ import annotations

import inspect
import math
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from poppy_ipython.backends.limits import BOOK
from poppy_ipython.choose.errors import BadAlternatives
from poppy_ipython.choose.resources import CAPACITIES, Need, needs_of
from poppy_ipython.effects.effect import Effect, declare
from poppy_ipython.effects.registry import effect_of
from poppy_ipython.effects.table import display_name, underlying

__all__ = ["Alternatives", "Option", "PerToken", "alternatives", "known", "option", "some"]


@dataclass(frozen=True)
class PerToken:
    """A price by tokens: units of money per million sent and received.

    >>> PerToken(3, 15).of(1_000_000, 100_000)
    4.5
    """

    sent: float
    received: float

    def of(self, sent: float, received: float) -> float:
        return (self.sent * sent + self.received * received) / 1e6


@dataclass(frozen=True, eq=False)
class Option:
    """One alternative: what performs a call, and what was said of it. Made by `option`."""

    target: Any  # a callable, or a value of the parameter that makes the difference
    name: str = ""  # as reports call it
    key: str = ""  # as its profile is filed
    quality: float | None = None  # 0 to 1
    price: float | PerToken | None = None  # of one call, in the user's money
    energy: float | None = None  # Wh of one call
    power: float | None = None  # or W while it runs
    seconds: float | None = None  # that a call takes, until it was measured
    warmup: float = 0.0  # seconds that the first call of a process takes longer
    resource: Any = None
    host: str | None = None
    call: Any = field(default=None, repr=False)  # what is really called
    effect: Any = field(default=None, repr=False)
    needs: tuple[Need, ...] = field(default=(), repr=False)


def option(
    target: Any,
    *,
    quality: float | None = None,
    price: float | PerToken | None = None,
    energy: float | None = None,
    power: float | None = None,
    seconds: float | None = None,
    warmup: float = 0.0,
    resource: str | Mapping[str, int] | None = None,
    host: str | None = None,
    name: str | None = None,
) -> Option:
    """An alternative with what is known of it beforehand; what is not said is measured.

    Args:
        target: a callable; or a value, for `alternatives(f, model=[option("large", …), …])`.
        quality: from 0 to 1, on any scale that is the same for all of them.
        price: of one call, or `PerToken(sent, received)` per million tokens. Any one money.
        energy: Wh of one call; or ``power``, W while it runs.
        seconds: that one call takes, until it has been measured.
        warmup: seconds that the first one takes longer.
        resource: what it occupies while it runs: `"gpu"`, `"gpu:a100=1, cpu=4"`, `{"gpu": 1}`. How much there is of it,
            `%poppy resources gpu=2` says.
        host: whose calls are counted together; a function's own host if nothing is said.

    Raises:
        BadAlternatives: a quality beyond 1, a negative price, and the like.

    >>> option(str.upper, quality=1.2)
    Traceback (most recent call last):
    ...
    poppy_ipython.choose.errors.BadAlternatives: str.upper: quality=1.2: from 0 to 1 is expected
    """
    said = name or (display_name(target).rpartition(".")[2] if callable(target) else str(target))
    shown = display_name(target) if callable(target) else repr(target)
    bounds = {"quality": (quality, 1.0), "energy": (energy, math.inf), "power": (power, math.inf)}
    bounds |= {"seconds": (seconds, math.inf), "warmup": (warmup, math.inf)}
    if not isinstance(price, PerToken):
        bounds["price"] = price, math.inf
    for what, (value, most) in bounds.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most or math.isinf(value):
            wanted = "from 0 to 1 is expected" if what == "quality" else "a number from 0 on is expected"
            raise BadAlternatives(f"{shown}: {what}={value!r}: {wanted}")
    if energy is not None and power is not None:
        raise BadAlternatives(f"{shown}: energy of a call or power while it runs, not both")
    needs = needs_of(resource)
    return Option(target, said, "", quality, price, energy, power, seconds, warmup, resource, host, needs=needs)


_known: weakref.WeakValueDictionary[tuple[str, ...], Alternatives] = weakref.WeakValueDictionary()


def some() -> bool:
    """Whether anybody has alternatives: asked for every cell."""
    return bool(_known)


def known(names: tuple[str, ...]) -> Alternatives | None:
    """The alternatives of these names, the latest ones, as long as somebody has them."""
    return _known.get(tuple(names))


class Alternatives:
    """What `alternatives` makes. Call it."""

    def __init__(self, options: tuple[Option, ...], name: str) -> None:
        self.options = options
        self.names = tuple(one.name for one in options)
        self.__name__ = self.__qualname__ = name
        self.__module__ = "__main__"
        self.__signature__ = _signature(options[0].call)
        effect: Effect = options[0].effect
        self.waits = effect.backend == "loop"  # its calls are awaited
        declare(self, replace(effect, host=effect.host if isinstance(effect.host, str) else name, origin="alternatives(…)"))
        BOOK.occupy(self, CAPACITIES, options[0].needs)
        _known[self.names] = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As a plain run does it: the first, and if that fails, the next."""
        if self.waits:
            return self._awaited(args, kwargs)
        failure: Exception | None = None
        for one in self.options:
            try:
                return one.call(*args, **kwargs)
            except Exception as error:
                failure = failure or error
                if not may_repeat(one.effect):
                    break
        assert failure is not None
        raise failure

    async def _awaited(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        failure: Exception | None = None
        for one in self.options:
            try:
                return await one.call(*args, **kwargs)
            except Exception as error:
                failure = failure or error
                if not may_repeat(one.effect):
                    break
        assert failure is not None
        raise failure

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """In a class body it is a value and no method: what would `self` be to functions that have none?"""
        return self

    def __copy__(self) -> Alternatives:
        return self

    def __deepcopy__(self, memo: Any) -> Alternatives:
        return self

    def __repr__(self) -> str:
        return f"alternatives({', '.join(self.names)})"


def may_repeat(effect: Effect) -> bool:
    """Whether another alternative may be asked after a failure."""
    return effect.name != "sequential" or effect.idempotent


def alternatives(*targets: Any, name: str | None = None, **values: Sequence[Any]) -> Alternatives:
    """One callable of several with the same signature and effect; or of one function with several values of a parameter.

    >>> from poppy_ipython import unordered
    >>> @unordered
    ... def large(text): return text.upper()
    >>> @unordered
    ... def small(text): return text.title()
    >>> caption = alternatives(option(large, quality=0.9, seconds=1.0), option(small, quality=0.7, seconds=0.2))
    >>> caption("a dog"), caption
    ('A DOG', alternatives(large, small))

    Raises:
        BadAlternatives: fewer than two; other signatures or effects; no effect declared; two of the same name.
    """
    options = _of_values(targets, values) if values else tuple(_of_callable(one) for one in targets)
    if len(options) < 2:
        raise BadAlternatives("alternatives(…) needs at least two: otherwise nothing can be chosen")
    first = options[0]
    for one in options[1:]:
        _check_alike(first, one)
    names = [one.name for one in options]
    twice = next((text for text in names if names.count(text) > 1), None)
    if twice is not None:
        raise BadAlternatives(f"two alternatives are called {twice}; give one another name: option({twice}, name='…')")
    return Alternatives(options, name or " | ".join(names))


def _of_callable(target: Any) -> Option:
    one = target if isinstance(target, Option) else option(target)
    if isinstance(one.target, Alternatives):
        raise BadAlternatives(f"{one.target!r} is one of the alternatives: name its functions instead")
    if not callable(one.target):
        raise BadAlternatives(f"{one.target!r} cannot be called; for values of a parameter: alternatives(f, model=[…])")
    return _ready(one, one.target, display_name(one.target), one.target)


def _of_values(targets: tuple[Any, ...], values: dict[str, Sequence[Any]]) -> tuple[Option, ...]:
    if len(targets) != 1 or len(values) != 1 or isinstance(targets[0], Option) or not callable(targets[0]):
        raise BadAlternatives("for values of a parameter: one function and one list, alternatives(ask, model=['large', 'small'])")
    function, (parameter, choices) = targets[0], next(iter(values.items()))
    if isinstance(choices, str) or not isinstance(choices, Sequence):
        raise BadAlternatives(f"{parameter}={choices!r}: a list of values is expected")
    taken = _signature(function).parameters
    if parameter not in taken and not any(one.kind is one.VAR_KEYWORD for one in taken.values()):
        raise BadAlternatives(f"{display_name(function)} has no parameter {parameter!r}")
    made = []
    for value in choices:
        one = value if isinstance(value, Option) else option(value)
        call = partial(function, **{parameter: one.target})
        made.append(_ready(one, call, f"{display_name(function)}[{parameter}={one.target!r}]", function))
    return tuple(made)


def _ready(one: Option, call: Any, key: str, function: Any) -> Option:
    effect = effect_of(call)
    where = display_name(function)
    if effect is None:
        raise BadAlternatives(f"nobody has declared what {where} does; put @unordered above it, for example")
    if not effect.external:
        raise BadAlternatives(f"{where} is {effect.said} and runs in place; alternatives are calls that wait outside: @unordered")
    if effect.unless is not None:
        raise BadAlternatives(f"the effect of {where} depends on its arguments; put it into a function of your own, @unordered")
    backend = effect.backend
    if backend == "auto":
        backend = "loop" if inspect.iscoroutinefunction(underlying(function)) else "threads"
    ready = replace(one, key=key, call=call, effect=replace(effect, backend=backend, host=one.host or effect.host))
    BOOK.occupy(call, CAPACITIES, ready.needs)
    return ready


def _signature(function: Any) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        raise BadAlternatives(f"{display_name(function)} does not say what it takes; use a function of your own") from None


def _check_alike(first: Option, other: Option) -> None:
    mine, theirs = _shape(first.call), _shape(other.call)
    if mine != theirs:
        raise BadAlternatives(
            f"{first.name}{_signature(first.call)} and {other.name}{_signature(other.call)} take other arguments; "
            "alternatives need the same parameters, in the same order"
        )
    a, b = first.effect, other.effect
    same = (a.name, a.resource, a.result) == (b.name, b.resource, b.result)
    if not same:
        raise BadAlternatives(f"{first.name} is {a.said} and {other.name} is {b.said}; alternatives need the same effect")
    if a.backend != b.backend:
        raise BadAlternatives(f"one of {first.name} and {other.name} is async and the other is not; make them alike")


def _shape(function: Callable[..., Any]) -> list[tuple[str, Any, bool]]:
    parameters = _signature(function).parameters.values()
    return [(one.name, one.kind, one.default is one.empty) for one in parameters]
