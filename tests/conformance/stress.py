"""Stress: the calls of a program that asks nobody, as if it asked all the time.

The plain arguments of a call of a user's function are answers that have not come yet, and so is its result if that is plain: its
unit stalls, forks, and whatever follows is issued past it. Builtins that only read plain data are external calls: their
arguments are snapshots, their results pendings, their errors arrive late. Both are true declarations: what a function
does is still known from its own code, what a builtin of `PURE` does with atoms and containers of atoms is nothing.

Where the engine never lets a unit fork (while an exception is being handled, deep in a recursion, for a caller that it
does not know), stress does not either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from poppy_ipython.effects import unordered
from poppy_ipython.effects.registry import effect_of
from poppy_ipython.engine import scheduler
from poppy_ipython.engine.atoms import ATOMS
from poppy_ipython.engine.unit import MAX_DEPTH

#: builtins that are external calls if all their arguments are atoms, or exact builtin containers of such
PURE = (len, abs, ord, chr, bin, hex, oct, repr, ascii, callable, divmod, sum, min, max, sorted, any, all, round, int, float, str, bool, complex, hash)
_CONTAINERS = (list, tuple, set, frozenset, dict)
#: what arguments and results of the user's functions are waited for
_VALUES = frozenset({int, float, str, bytes, bool, complex, type(None)})


@unordered
def answer(value: Any) -> Any:
    """What a call of the user's waits for."""
    return value


_ANSWER = effect_of(answer)


def stress(machine: Any) -> None:
    """Change a machine, before it starts, to one under stress."""
    machine.run_twin = _later(machine, machine.run_twin)
    for builtin in PURE:
        machine.handlers[builtin] = _outside(machine, builtin)


def _later(machine: Any, run_twin: Callable[..., Any]) -> Callable[..., Any]:
    """``f(x)`` becomes ``answer(f(answer(x)))`` for plain values of x and of the result."""

    def later(twin: Any, fn: Any, callee: Any, args: Any, full: Any, kwargs: Any) -> Any:
        unit = machine.cur
        if unit is machine.ghost or unit.handling or unit.depth >= MAX_DEPTH:
            return run_twin(twin, fn, callee, args, full, kwargs)
        full = tuple([machine.external(answer, _ANSWER, (a,), {}) if type(a) in _VALUES else a for a in full])
        value = machine.run_unit(twin, full, kwargs, None, False)
        return machine.external(answer, _ANSWER, (value,), {}) if type(value) in _VALUES else value

    return _of_the_engine(later)


def _outside(machine: Any, builtin: Any) -> Callable[..., Any]:
    before = machine.handlers.pop(builtin, None)

    def outside(fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not kwargs and machine.cur is not machine.ghost and not machine.cur.handling and all(_plain(machine, a) for a in args):
            return machine.external(fn, _ANSWER, args, {})
        handler = before or machine.classify(builtin)
        machine.handlers[builtin] = outside  # `classify` has put its own there
        return handler(fn, args, kwargs)

    return _of_the_engine(outside)


def _of_the_engine(function: Any) -> Any:
    """Its frames are left out of tracebacks, as the engine's are."""
    function.__code__ = function.__code__.replace(co_filename=scheduler.__file__)
    return function


def _plain(machine: Any, value: Any) -> bool:
    """An atom, or a container of atoms as it is seen here."""
    if type(value) in ATOMS:
        return True
    if type(value) not in _CONTAINERS:
        return False
    view = value if type(value) in (tuple, frozenset) else machine.view(value)
    items = [*view, *view.values()] if type(view) is dict else view
    return all(type(item) in ATOMS for item in items)
