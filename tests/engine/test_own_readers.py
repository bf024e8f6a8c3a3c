"""What is called `sum`, `any` or `join` and is not the builtin is given the generator that was written."""

from __future__ import annotations

from typing import Any

from poppy_ipython import unordered
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree


def test_a_function_of_the_cell() -> None:
    agree("""
        def sum(found): return type(found).__name__, [*found]
        out = [sum(num(k + q) for k in range(3)) for q in range(2)]
    """)


def test_a_parameter_that_stops_early_and_one_that_keeps() -> None:
    agree("""
        def first(found):
            print("begun")
            for item in found:
                if item > 0:
                    return item, type(found).__name__
        kept = []
        def f(any, list, y):
            a = any(num(k + y) for k in range(5))
            list(num((k, y)) for k in range(2))
            y = num(9)
            return a, y
        out = [f(first, kept.append, q) for q in range(3)]
        print([[*g] for g in kept])
    """)


def test_a_method_join_whose_receiver_is_evaluated_once() -> None:
    agree("""
        class Shelf:
            def join(self, found):
                print("begun")
                return [x for x in found][:2]
            @property
            def me(self):
                print("me")
                return self
        def h(s): return s.me.join(num(k) for k in range(3)), s.me.me.join(num(k) for k in range(2))
        out = h(Shelf()), Shelf().join(num(k) for k in range(3))
    """)


def test_a_function_of_another_cell() -> None:
    def any(found: Any) -> Any:
        return type(found).__name__, next(found)

    def names(ask: Any) -> dict[str, Any]:
        return {"ask": ask, "any": any, "asked": []}

    source = "def f(q): return any(asked.append(k) or ask((q, k)) for k in range(3))\nout = f(1), f(2)\n"
    plain, ours = names(str), names(unordered(lambda q: str(q)))
    exec(source, plain)
    assert run_simulated(source, ours).error is None
    assert (ours["out"], ours["asked"]) == (plain["out"], plain["asked"]) == ((("generator", "(1, 0)"), ("generator", "(2, 0)")), [0, 0])


def test_the_builtins_still_ask_for_all_at_once() -> None:
    agree(
        """
        class Writer:
            sep = "-"
            def write(self, q): return self.sep.join(str(num((q, k))) for k in range(3))
        def g(sep, q): return sep.join(str(num(k)) for k in range(3)), Writer().write(q), any(num(k) < 0 for k in range(3))
        out = [g("-", q) for q in range(2)]
        """,
        at_once=12,
    )
