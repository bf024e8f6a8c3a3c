"""Programs that once came out otherwise than a plain run, cut down to the mistake and named after it.

Each runs in every order of completion (`latency.py`), and where calls can overlap it says how many must have been in
flight: an engine that waits would pass the rest. Found by the fuzzer, except for what the prototypes had found before.
The world's answers that matter here: `num(0), num(1), ...` are 1 0 5 3 3 4 6 1, `flag` is true of 0 to 3,
`bad(5)` raises Bust and `bad(7)` its base Boom, `burst(5)` raises Boom, `send(8)` raises Boom.
"""

from __future__ import annotations

from .check import agree

# ------------------------------------------------------------------ stores, chains, views


def test_a_view_is_stale_after_undeclared_code() -> None:
    """What was kept may be written through references that nobody sees."""
    agree(
        """
        l = [1]
        keep(l)
        l.append(num(1))
        n = len(l)
        poke(7)
        l.append(num(2))
        print(l, len(l), n)
        """
    )


def test_a_view_does_not_show_younger_stores() -> None:
    """An older unit reads after a younger statement has stored."""
    agree(
        """
        l = [0]
        def f(q):
            if num(q) > 2:
                return len(l), list(l)
            return 0
        a = f(2)
        l.append(num(1))
        b = f(3)
        l[0] = num(2)
        c = f(4)
        """,
        at_once=3,
    )


def test_an_element_stored_under_a_key_in_flight() -> None:
    """Whoever reads the dict has to know which key it was; equal keys are one."""
    agree(
        """
        d = {1: 'old'}
        d[num(0)] = num(2)
        d[num(7)] = num(3)
        n = len(d)
        a = d[1]
        print(d, n)
        """,
        at_once=3,
    )


def test_a_key_in_flight_may_be_unhashable() -> None:
    """The store fails when it retires, with the traceback of its own line."""
    agree("d = {}\na = num(1)\nd[mk(1)] = 2\nd[3] = ask(4)\nprint(d)\n", at_once=2)
    agree("try:\n    y = {num(2), mk(3)}\nexcept TypeError as e:\n    print(e)\nz = {num(1): num(2),\n   mk(1): 3}\n")


def test_a_store_behind_the_end_of_an_answer() -> None:
    agree("l = mk(0)\nl[-1] = num(1)\nprint(l)\n")


def test_deleted_and_popped_while_stores_wait() -> None:
    agree(
        """
        l = [1, 2, 3]
        l.append(num(1))
        a = l.pop(0)
        del l[0]
        l.insert(1, num(2))
        d = {1: l}
        d[2] = num(3)
        b = d.pop(2)
        c = d.popitem()
        d.setdefault(5, []).append(num(4))
        print(l, d, a, b, c)
        """,
        at_once=4,
    )


def test_a_set_keeps_its_order() -> None:
    """A copy of a set may iterate in another order than the set itself."""
    agree(
        """
        s = {40, 8, 'b'}
        s.discard(8)
        s.add(num(2))
        s.add(64)
        s.add(ask(1))
        l = [q for q in s]
        t = str(s)
        a = sig(s)
        """
    )


def test_two_displays_of_the_same_pending_are_two_objects() -> None:
    agree(
        """
        x = num(1)
        a = [x, [x]]
        b = [x, a[1]]
        a[1].append(num(2))
        same = a[1] is b[1], a == b
        c, *d = b
        d.append(c)
        """,
        at_once=2,
    )


def test_an_augmented_slot_is_read_before_the_value() -> None:
    agree(
        """
        def f():
            d['k'] = 5
            return num(1)
        d = {'k': 1}
        d['k'] += f()
        i = 7
        d[(i := num(2))] = i
        l = [0, 0]
        l[(i := 1)] = i + num(3)
        """
    )


def test_in_place_addition_to_an_answer_keeps_the_object() -> None:
    agree(
        """
        l = mk(1)
        k = l
        l += [num(1)]
        k.append(2)
        l *= 2
        t = (1,)
        t += (num(2),)
        """,
    )


# ------------------------------------------------------------------ arguments


def test_an_argument_is_as_of_the_call() -> None:
    agree(
        """
        l = [1, [2]]
        a = size(l)
        l[1].append(3)
        b = size(l)
        l.append(num(1))
        c = size(l)
        l.clear()
        d = size(l)
        """,
        at_once=3,
    )


def test_an_argument_that_arrives_is_as_of_the_call() -> None:
    """The answer is already appended to when the call that got it can be sent."""
    agree(
        """
        l = mk(1)
        a = size(l)
        l.append(num(1))
        b = size([l, l])
        l.append(9)
        """
    )


def test_an_attribute_in_flight_belongs_to_the_argument() -> None:
    agree(
        """
        class A:
            pass
        o = A()
        o.v = num(1)
        a = size(o)
        o.v = num(2)
        b = size([o])
        o.w = [num(3)]
        c = size(o)
        print(a, b, c)
        """
    )


def test_text_of_something_with_a_repr_of_its_own() -> None:
    """`str` of a list calls what is in it."""
    agree(
        """
        class A:
            def __init__(self, v):
                self.v = v
            def __repr__(self):
                return f'A({self.v})'
        o = A(num(1))
        l = [o, num(2)]
        s = f'{l} {o!r:>8}'
        o.v = num(3)
        print(l, s)
        """,
        at_once=2,
    )


def test_comparing_looks_at_what_is_stored() -> None:
    agree(
        """
        a, b = [2], [1]
        x = num(0)
        a.insert(0, 0)
        b[0] = x
        s = sorted([b, a])
        m = max(a, b)
        i = [b, a].index(a)
        t = s[0] is a
        """
    )


# ------------------------------------------------------------------ footprints


def test_a_read_waits_for_who_may_still_write() -> None:
    agree(
        """
        l = []
        def f(q):
            if num(q) > 2:
                l.append(q)
                g[0] = q
            return q
        g = [0]
        out = [(f(q), len(l), g[0]) for q in range(5)]
        """
    )


def test_a_call_that_may_write_a_name() -> None:
    agree(
        """
        n = 0
        def f(q):
            global n
            if num(q) > 2:
                n += q
            return q
        f(2); a = n
        f(1); b = n
        f(3); n = 50; c = n
        f(4)
        """
    )


def test_a_method_called_on_an_argument_may_write_it() -> None:
    agree(
        """
        class A:
            n = 0
            def add(self, q):
                if flag(q):
                    self.n += q
                return self
        def f(o, q):
            o.add(q)
            return o
        o = A()
        f(o, 1); a = o.n
        f(o.add(2), 3); b = o.n
        p = A(); c = p.n
        f(p, 5); d = (o.n, p.n)
        """
    )


def test_a_class_attribute_may_be_written() -> None:
    agree(
        """
        class A:
            seen = 0
        def f(q):
            if num(q) > 2:
                A.seen = A.seen + q
        o = A()
        f(2); a = o.seen
        f(3); b = A.seen, o.seen
        """
    )


def test_attributes_of_functions_and_modules_may_be_written() -> None:
    agree(
        """
        def f(q):
            if num(q) > 2:
                f.calls += 5
                json.mark = q
        import json
        f.calls = json.mark = 0
        f(3)
        a = f.calls, json.mark
        f(4)
        b = [f.calls + 1, json.mark * 2]
        del json.mark
        """
    )


def test_a_function_in_a_container_may_write_anything() -> None:
    agree(
        """
        l = [0]
        def up(q):
            l[0] += q
        def f(g, q):
            if num(q) > 2:
                g(q)
        f({1: up}[1], 2); a = l[0]
        f(l.append, 3); b = len(l)
        f(lambda q: l.insert(0, q), 4); c = l[0]
        """
    )


def test_a_temporary_of_an_expression_is_no_log_of_bindings() -> None:
    agree(
        """
        def f(q):
            try:
                k = [q, 1] and (n := num(q))
                x = l
                if n > 2:
                    x.append(q)
                    bad(q)
            except Boom:
                x.append(-1)
            return len(x)
        l = []
        k = f(2), f(5), f(7), len(l)
        """
    )


def test_a_read_of_a_database_behind_a_possible_write() -> None:
    agree(
        """
        for u in range(4):
            row = get(u)
            if num(row) > 2:
                put(u + 1, row)
        print(get(0), get(4))
        """
    )


def test_a_conversation_overlaps_with_the_next() -> None:
    """What a unit may write is its own list, not every list."""
    agree(
        """
        def chat(q):
            m = [q]
            for t in range(3):
                r = num(m)
                m.append(r)
                if r > 5:
                    break
            return m
        out = [chat(q) for q in range(4)]
        """,
        at_once=4,
    )


# ------------------------------------------------------------------ names


def test_an_unbound_name_stays_unbound() -> None:
    """Not None, across the border of a unit."""
    agree(
        """
        def f(q):
            if num(q) > 2:
                x = q
            return x
        a = f(2)
        if num(1):
            y = 1
        try:
            print(y)
        except NameError as e:
            b = str(e)
        f(1)
        """
    )


def test_a_walrus_in_a_comparison_binds_once() -> None:
    agree(
        """
        a = 0 < (n := num(3)) < 5 < (m := num(6))
        b = [y := num(q), y ** 2, y]  if (q := 2) else []
        def f(q):
            if (r := num(q)) > 2 and (s := num(r)) >= 0:
                return r, s
            return r
        c = [f(q) for q in range(4)]
        """
    )


def test_a_conditional_walrus_may_not_bind() -> None:
    agree(
        """
        def f(q):
            flag(q) and (x := num(1))
            return x
        def g(q):
            y = (z := num(q)) if flag(q) else 3
            return y, z
        a = f(1), g(1)
        for h in (f, g):
            try:
                print(h(5))
            except NameError as e:
                print(e)
        """
    )


def test_the_name_of_a_handler_is_gone_behind_it() -> None:
    """What a statement binds in every case is not waited for; what it may leave unbound is."""
    agree(
        """
        if num(1): a = num(2)
        else: a = num(3)
        b = ask(a)
        for q in [1, 2]:
            try:
                e = num(q)
                bad(q + 5)
            except Boom as e:
                print(e)
        print(e)
        """,
        at_once=2,
    )


def test_a_captured_name_is_bound_again_before_a_unit_has_read_it() -> None:
    """Closures need one variable; units before them read it late."""
    agree(
        """
        def f():
            o = 1
            for q in [1, 2, 3]:
                if num(q) > 2:
                    l.append(o)
                o = q
            if num(5) > 2:
                l.append(o)
            o += 3
            return list(o for i in [1])
        l = []
        x = f()
        """
    )


def test_a_loop_leaves_its_target() -> None:
    agree(
        """
        for q in range(4):
            if num(q) > 4:
                break
        else:
            q = -1
        for r in []:
            pass
        k = [num(q) for q in range(2)]
        for i, (a, *b) in enumerate([(num(1), 2), (3, num(2), 4)]):
            print(i, a, b)
        """
    )


def test_closures_over_a_name_that_is_bound_again() -> None:
    agree(
        """
        def make():
            n = num(1)
            def get_n():
                return n
            a = get_n()
            n = num(2)
            return a, get_n
        a, g = make()
        fs = []
        for q in range(3):
            fs.append(lambda k=num(q): (q, k))
        b = [f() for f in fs], g()
        """
    )


def test_defaults_are_made_once() -> None:
    agree(
        """
        def f(q, acc=[], k=num(3)):
            acc.append(num(q) + k)
            return len(acc)
        a = f(1) + f(2, k=1) + f(3, [])
        b = f.__defaults__
        """
    )


def test_functions_that_look_alike() -> None:
    """Two lambdas of one line, two functions of equal code in two places."""
    agree(
        """
        f, g = (lambda q: num(q)), (lambda q: num(q + 1))
        def a(q):
            return num(q)
        b = a
        def a(q):
            return num(q)
        print(f(1), g(1), a(2), b(2), a is b)
        c = [1, 1 / (f(1) + g(0))]
        """
    )


# ------------------------------------------------------------------ try


def test_a_handler_finds_the_locals_of_the_failing_statement() -> None:
    agree(
        """
        def f(q):
            s = 'init'
            try:
                s = 'a'; x = num(q)
                s = 'b'; y = bad(q)
                s = 'c'; z = num(y)
            except Boom as e:
                return s, x, str(e)
            return s, x, y, z
        out = [f(q) for q in range(4, 8)]
        """,
        at_once=4,
    )


def test_a_walrus_in_the_failing_statement() -> None:
    agree(
        """
        def f(q):
            n = -1
            try:
                print((n := num(q)), bad(q), (n := 50))
            except Boom:
                return n
            return n + 1
        out = [f(q) for q in (5, 6, 7)]
        """
    )


def test_nothing_after_the_failing_statement_has_happened() -> None:
    agree(
        """
        l, d = [[0]], {}
        try:
            l.append(num(1)); l[0].append(5); d['k'] = l
            bad(7)
            l[0].append(num(2)); l.pop(0); d['k'] = num(3); d = None
        except Boom:
            print(l, d)
        finally:
            l.append(num(4))
        """,
        at_once=2,
    )


def test_a_with_that_swallows_leaves_the_locals_of_the_failing_statement() -> None:
    agree(
        """
        import contextlib
        def f(q):
            s = 'a'
            with contextlib.suppress(Boom):
                s = 'b'; bad(q); s = 'c'
            return s, num(q)
        out = [f(q) for q in (5, 6)]
        with Scope('x', True):
            i = num(1); bad(7); i = 9
        print(out, i)
        """
    )


def test_a_finally_that_returns_swallows() -> None:
    agree(
        """
        def f(q):
            try:
                q = bad(q)
                raise KeyError(q)
            finally:
                return q
        def g(q):
            for r in range(3):
                try:
                    if num((q, r)) > 3: return r
                    if flag(r): continue
                    if q == r: break
                finally:
                    seen.append(r)
            return 9
        seen = []
        out = f(5), f(4), g(1), g(2)
        """
    )


def test_a_finally_of_a_call_that_is_never_reached() -> None:
    agree(
        """
        def f(q):
            try:
                return 'x' in ask(q)
            finally:
                unk(q)
        a = f(1)
        bad(5)
        out = [f(q) for q in range(4)]
        """
    )


def test_handlers_in_order_with_an_older_call_outstanding() -> None:
    """The handler prints after what is older has failed or finished."""
    agree(
        """
        x = num(1)
        print('first', x)
        try:
            print('second', num(2))
            1 / 0
        except ZeroDivisionError:
            send(num(3))
            print('third')
        send(4)
        """
    )


def test_the_older_of_two_failures_counts() -> None:
    agree(
        """
        try:
            a = num(1); bad(7); 1 / 0
        except ZeroDivisionError:
            print('the younger')
        """
    )


def test_the_context_of_what_a_handler_raises() -> None:
    agree(
        """
        def again(q):
            bad(q)
            raise
        try:
            try:
                num(1)
                1 / 0
            except ZeroDivisionError:
                again(4 + num(1))
                again(7)
        except Exception as e:
            c = type(e).__name__, type(e.__context__).__name__
        try:
            bad(5)
        except Boom as e:
            raise KeyError(num(2)) from e
        """
    )


def test_an_exception_group_is_split() -> None:
    agree(
        """
        try:
            raise ExceptionGroup('g', [Boom(num(1)), KeyError(num(2))])
        except* Boom as e:
            a = str(e.exceptions[0])
        except* KeyError:
            b = num(3)
        """
    )


# ------------------------------------------------------------------ tracebacks


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


# ------------------------------------------------------------------ code that nobody declared, order


def test_undeclared_code_sees_everything_older_and_nothing_younger() -> None:
    agree(
        """
        l = [1]
        l.append(num(1))
        a = mut(l)
        l.append(num(2))
        x = num(3)
        b = mut(l) + x
        unk([l, l[-1]])
        print(a, b, l)
        """
    )


def test_undeclared_code_calls_back() -> None:
    agree(
        """
        def f(q):
            l.append(num(q))
            if flag(q):
                print(q, len(l))
            return num(q) + len(l)
        l = [num(5)]
        a = apply(f, 1)
        b = sorted([3, 1, 2], key=f)
        c = [f(2), sum(f(q) for q in range(2))]
        """
    )


def test_ordered_effects_keep_their_order() -> None:
    agree(
        """
        for q in range(3):
            if num(q) > 0:
                send(q)
            note(q, num(q))
            print(q, put(q, num(q + 1)))
        send(8)
        print('never')
        """
    )


def test_an_undeclared_with_excludes_the_rest() -> None:
    """Nothing younger runs between its entry and its exit, whatever arrives meanwhile."""
    agree(
        """
        def f(q):
            if num(q) > 2:
                send(q)
            return q
        a = f(2)
        with Scope(num(1)):
            b = f(3)
            l = [num(q) for q in range(3)]
        c = f(4)
        print(a, b, c)
        """
    )


def test_a_context_manager_of_the_program_swallows() -> None:
    agree(
        """
        class C:
            def __enter__(self):
                l.append(num(1))
                return self
            def __exit__(self, *a):
                l.append(a[0] and a[0].__name__)
                return flag(a[0] is None)
        l = []
        for q in (4, 7, 5):
            with C():
                l.append(bad(q))
            print(q)
        """
    )


def test_an_iterator_shared_with_a_try() -> None:
    """Running ahead, a loop must not take more from it than a plain run takes."""
    agree(
        """
        it = iter([4, 5, 6, 7])
        try:
            for q in it:
                bad(q)
        except Boom:
            print('b')
        a = next(it)
        g = (num(k) + a for k in [a, a + 1])
        a = num(3)
        b = list(g), list(it)
        """
    )


def test_a_dict_that_grows_under_its_loop() -> None:
    agree("d = {1: 2}\nfor k in d:\n    d[num(k)] = 1\n    d[num(k + 2)] = 2\n")


def test_attributes_with_code_behind_them() -> None:
    agree(
        """
        class A:
            def __init__(self):
                self._q = 1
            @property
            def q(self):
                return num(self._q)
            @q.setter
            def q(self, v):
                self._q = num(v)
            def __getattr__(self, name):
                return ask(name)
            def __eq__(self, other):
                return num(self._q) == num(other)
        o = A()
        o.q = num(2)
        a = o.q, o.z, o == 5
        o._q = num(3)
        b = o.q
        """
    )


def test_a_generator_between_calls() -> None:
    agree(
        """
        def g(n):
            try:
                for q in range(n):
                    r = yield num(q)
                    l.append(r)
            finally:
                l.append(num(n))
        l = []
        i = g(3)
        a = next(i), i.send(num(4))
        for q in g(2):
            print(q, num(q))
        i.close()
        """
    )


def test_a_coroutine_function_called_without_await() -> None:
    agree(
        """
        c = anum(1)
        a = await anum(2)
        b = await c
        async def f(q):
            l.append(await anum(q))
            return len(l)
        l = []
        d = await f(1) + await f(2)
        x = [await anum(q) for q in range(3)]
        """
    )
