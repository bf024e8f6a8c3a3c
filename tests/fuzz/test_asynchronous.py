"""Programs with `async def`: the same as plain, and in flight together."""

from __future__ import annotations

from .asynchronous import differences, with_async
from .check import check
from .program import program


def test_programs_with_coroutine_functions_agree() -> None:
    compared, found = differences(1, 30)
    assert compared > 15 and found == []


def test_they_overlap() -> None:
    overlapping = 0
    for seed in range(1, 12):
        source = with_async(program(seed).source)
        overlapping += source is not None and check(source, seed).overlap > 1
    assert overlapping > 5


def test_what_cannot_await_keeps_its_function_as_it_is() -> None:
    for use in ("list(f(x) for x in y)", "[lambda: f(x) for x in y]", "sorted(y, key=f)", "(lambda: f(1))()", "g = f"):
        assert with_async(f"def f(x): return x\n{use}") is None
    assert with_async("def f(x): return x\ndef g(): return f(1)\nz = any(g() for _ in y)") is None


def test_a_comprehension_awaits() -> None:
    assert with_async("def f(x): return x\nz = {f(x): [f(x)] for x in y if f(x)}") == (
        "async def f(x):\n    return x\nz = {await f(x): [await f(x)] for x in y if await f(x)}\n"
    )
