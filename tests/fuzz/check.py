"""One program, both runs, a verdict. `agree` is what a pasted regression test calls."""

from __future__ import annotations

import ast
import gc
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from greenlet import greenlet

from .compare import Difference, differences
from .latency import ORDERS
from .program import program
from .runs import Run, Runaway, engine, plain

Other = Callable[[str, int], Run]
"""A run to compare with the plain one, from source and seed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison of one program said, and what its runs measured."""

    seed: int
    differences: tuple[Difference, ...] = ()
    skipped: bool = False
    statements: int = 0
    overlap: int = 0
    calls: int = 0
    error: str | None = None
    trace: str = field(default="", compare=False)

    @property
    def kind(self) -> str:
        return self.differences[0].kind if self.differences else ""


def check(source: str, seed: int, other: Other = engine) -> Verdict:
    """Run `source` plainly and by `other`, in the world and the order of completion of `seed`."""
    try:
        expected = plain(source, seed)
    except (Runaway, SyntaxError):
        return Verdict(seed, skipped=True)
    if expected.observation.error == "RecursionError":
        return Verdict(seed, skipped=True)  # how deep the stack already is differs
    try:
        actual = other(source, seed)
    except Runaway:
        return Verdict(seed, skipped=True)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].name}"
        difference = Difference(f"crash {type(error).__name__} in {where}", str(error)[:300])
        return Verdict(seed, (difference,), trace=traceback.format_exc(), statements=expected.result.statements)
    found = differences(expected.observation, actual.observation)
    if found and found[0].kind in ("output", "value", "variables") and differences(expected.observation, plain(source, seed).observation):
        return Verdict(seed, skipped=True)  # it prints an address or the like: not even two plain runs agree
    return Verdict(
        seed,
        tuple(found),
        statements=expected.result.statements,
        overlap=actual.result.overlap,
        calls=actual.result.calls,
        error=expected.observation.error,
        trace=actual.observation.text if found else "",
    )


def check_seed(seed: int, other: Other = engine, focus: str | None = None) -> Verdict:
    """The verdict on a generated program. Cyclic garbage is collected between programs, not in their middle."""
    gc.disable()
    try:
        # in a greenlet of its own: a plain run that is given up in the middle of a `with` leaves its exception as the one that is handled
        verdict: Verdict = greenlet(check).switch(program(seed, focus).source, seed, other)
        return verdict
    finally:
        gc.enable()


_GENERATED = re.compile("[bdilnos][0-9]|(dd|ct|dq|fs)[0-9]|go|rg|ng|nt|nr|hp|fr|gr|sr|rw|sb|bb|g0|map0|nest")


def _of_the_generator(source: str) -> set[str]:
    """Names that generated programs define first, and this one uses without: it would end at once, in both runs."""
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    bound: set[Any] = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(ast.parse(source)):
        bound.add(getattr(node, "arg", None) or getattr(node, "name", None))  # parameters, functions and classes
    return {node.id for node in names if _GENERATED.fullmatch(node.id)} - bound


def agree(source: str, seed: int | None = None, at_once: int = 0) -> None:
    """Assert that the engine leaves what a plain run leaves, in the order of completion of `seed` or in every one of
    them, with at least `at_once` calls in flight.

    >>> agree("x = [num(q) for q in range(3)]", at_once=3)
    """
    source = dedent(source).strip("\n") + "\n"
    assert not (missing := _of_the_generator(source)), f"only generated programs begin with {missing}: define them"
    for each in range(len(ORDERS)) if seed is None else [seed]:
        verdict = check(source, each)
        order = ORDERS[each % len(ORDERS)]
        assert not verdict.skipped, "the plain run gave up on this program"
        assert not verdict.differences, f"{order}: " + "\n".join(map(str, verdict.differences))
        assert verdict.overlap >= at_once, f"{order}: {verdict.overlap} calls at once"
