"""Exceptions with the lines and carets of a plain run."""

from __future__ import annotations

from ..check import agree


def test_the_traceback_of_a_call_that_failed_late() -> None:
    agree(
        """
        def f(q):
            r = num(q)
            return g(r) + g(
                q)
        def g(q):
            return [bad(k) for k in (q, 4)][0] + 1
        a = f(1)
        b = f(3)
        c = f(7)
        """,
        at_once=3,
    )


def test_the_traceback_of_recursion() -> None:
    agree(
        """
        def f(q):
            if q > 4:
                return bad(q)
            return num(q) + f(q + 1)
        f(2)
        """
    )


def test_the_traceback_of_pieces_of_one_function() -> None:
    """Statements outlined into units are one frame with the function around them."""
    agree(
        """
        def f(q):
            for r in range(3):
                if num(r) >= 0:
                    while True:
                        try:
                            if flag(q) or bad(q):
                                break
                        finally:
                            num(r)
        f(1)
        f(5)
        """
    )


def test_the_traceback_of_an_exception_raised_again() -> None:
    agree(
        """
        def f(q):
            try:
                return bad(q)
            except Bust as e:
                kept.append(e)
                raise
        kept = []
        try:
            f(5)
        except Boom as e:
            kept.append(e)
            raise kept[num(1)]
        """
    )


def test_the_traceback_of_what_is_no_iterable() -> None:
    """Python says the comprehension up to 3.12, the iterable since."""
    agree(
        """
        def f(a):
            b = num(1)
            try:
                x = 1 + len([0 for q in a])
            finally:
                num(b)
        def g(a):
            x = {num(r) for q in [1] for r in num(a) if r}
        def h(a):
            return 1 + sum(num(r) for r in num(a))
        for z in f, g, h:
            try:
                z(1)
            except TypeError as e:
                print(e)
        h(2)
        """
    )


def test_an_exception_is_raised_again_by_name() -> None:
    """Python adds a line for `raise e`, and none for `raise`."""
    agree(
        """
        def f(q):
            try:
                if num(q) >= 0:
                    return bad(q)
            except Boom as e:
                raise e
        try:
            f(5)
        except Boom as e:
            k = e
        raise k
        """
    )


def test_the_line_of_a_failing_assert() -> None:
    agree("def f(q):\n    assert (num(q) <\n            2), f'no {ask(q)}'\nf(1)\nf(2)\n")


def test_a_stop_iteration_in_a_statement_that_awaits_as_written() -> None:
    """Python turns it into a RuntimeError at the border of the cell's coroutine; the statement's own is not one."""
    agree(
        """
        def f():
            return next(iter(''))
        match num(2):
            case 'a':
                await 0
            case _:
                f()
        """
    )


def test_the_line_of_a_method_on_a_line_of_its_own() -> None:
    agree(
        """
        a = num(1)
        try:
            l = [num(num(1)), num(sum([
                a,
                a,
            ]))].index(num(50) + 100)
        except ValueError as e:
            import traceback
            traceback.print_exc()
        x = (ask(a)
           .strip()
           .nothing(3,
             num(4)))
        """
    )


def test_an_error_inside_a_generator_that_is_read_at_once() -> None:
    agree(
        """
        def f(l):
            a = num(1)
            return (sum((q + a) % 9 for q in l) << 1 & 31)
        f([1, [2]])
        """
    )


def test_an_exit_that_fails_shows_what_it_was_given_as_it_was() -> None:
    agree(
        """
        import contextlib
        class Leaky:
            def __enter__(self): return self
            def __exit__(self, *found): raise KeyError("exit")
        def f(q):
            with Leaky():
                [num(k) for k in range(2)]
                bad(q)
        try: f(5)
        except KeyError as e: x = e
        with contextlib.suppress(0):
            try:
                [bad(q) for q in [5]]
            except Boom as ex:
                x15 = ex
                raise ex
        """
    )


def test_a_key_of_a_counter_that_cannot_be_hashed() -> None:
    agree(
        """
        from collections import Counter
        counts = Counter("ab")
        def f(q): return [num(q)]
        try: del counts[f(1)]
        except TypeError as e: x = e
        counts[num(1)] += 1
        del counts[f(2)]
        """
    )


def test_a_coroutine_is_nothing_to_yield_from() -> None:
    agree(
        """
        async def c(q): return num(q)
        def g(q):
            yield num(q)
            yield from k
        for q in range(2):
            k = c(q)
            try:
                for x in g(q): print(x)
            except TypeError as e: print(e)
            k.close()
        """
    )


def test_the_line_of_a_decorator_that_fails() -> None:
    agree(
        """
        def dec(fn): raise TypeError(num(1))
        def same(fn): return fn
        def f(q):
            num(q)
            @same
            @dec

            @same
            def g():
                pass
        try: f(1)
        except TypeError as e: x = e
        f(2)
        """
    )


def test_a_handled_exception_is_raised_again_only_where_a_plain_run_comes_to_it() -> None:
    agree(
        """\
try:
    bad(num(''))
except Boom as ex:
    x13 = ex
    if [0 for q in [num()]]:
        raise ex
""",
        seed=6200546,
    )


def test_a_bare_raise_runs_only_where_a_plain_run_comes_to_it() -> None:
    agree(
        """\
try:
    try:
        bad(num(''))
    except Boom as ex:
        x13 = ex
        if [0 for q in [num()]]:
            raise
except TypeError as e:
    x14 = e
"""
    )


def test_an_exception_that_is_kept_is_raised_only_where_a_plain_run_comes_to_it() -> None:
    agree(
        """\
kept = Boom('kept')
def f(q):
    if [0 for q in [num(q, q)]]:
        raise kept
f(0)
"""
    )


def test_a_comprehension_inside_another_one_has_no_frame_of_the_cell_above_it() -> None:
    agree("l2 = [2]\nx = [num(q) for q in l2 for r in [a * 's' for a in ['1']]]\n")
    agree("l2 = [2]\nx = [0() for q in l2 for r in [a for () in 1]]\n")
    agree("l2 = [2]\nx = [[num(b) * [] for b in [a * 's' for a in ['1']]] for q in l2]\n")
