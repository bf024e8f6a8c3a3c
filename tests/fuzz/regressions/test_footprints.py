"""Reads that wait for who may still write, and for nobody else."""

from __future__ import annotations

import pytest

from ..check import agree


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


def test_values_of_an_assignment_that_swaps_captured_names() -> None:
    agree(
        """\
class Swap:
    def __init__(self, l):
        self.l = l
    def go(self, b=None):
        a = self.l
        k = 0
        while k < 3:
            k += 1
            a, b = (b, a)
            ask(0)
        def add(q):
            b.append(q)
        [add(q) for q in range(3)]
l = []
s = Swap(l)
s.go()
x = ask(l)
s = None
""",
        1,
    )


def test_what_a_path_will_lead_to_is_not_known_yet() -> None:
    """The first branch may replace the list that the second appends to: it stands for every older list."""
    agree(
        """
        class A:
            def __init__(self):
                self.l = []
        def f(o, q):
            if num(q) > 2:
                o.l = [q]
            if num(q + 1) > 2:
                o.l.append(q)
        o = A()
        k = o.l
        f(o, 2)
        a = len(k), len(o.l)
        f(o, 3)
        b = len(k), list(o.l)
        """
    )


def test_an_object_that_a_call_in_flight_will_choose() -> None:
    agree(
        """
        class P:
            def __init__(self, v):
                self.v = v
                self.l = [v]
        ps = [P(1), P(2)]
        def pick(q):
            if num(q) > 2:
                return ps[0]
            return ps[1]
        def f(q):
            p = pick(q)
            if num(q + 1) > 2:
                p.v = q
                p.l.append(q)
        o = ps[0]
        f(2)
        x = o.v, len(o.l)
        f(3)
        y = o.v, ps[1].v, len(o.l)
        """
    )


def test_a_counter_of_the_class_found_by_type() -> None:
    agree(
        """
        class K: n = 0
        k = K()
        out = []
        for i in range(3):
            type(k).n += 1
            out.append(num(i))
            k.__class__.n += 1
        z = K.n, k.n, type(k).n
        k = None
        """
    )


def test_a_name_that_only_an_inner_piece_closes_over_18162() -> None:
    agree(
        """\
        def m0(i0, l0):
            if i0:
                if 1:
                    l0.append(0)
            [num(q) for q in l0]
            for j in mk(i0):
                while 1:
                    l0.append(j)
                    if j: break
            x = [num(q) for q in l0]
            def x1():
                return l0
            return x, x1()
        print(m0(size(1), []))
        """,
        seed=18162,
    )


SOMETIMES = """
l0 = []
class A:
    def __init__(self, v): self.v = v
    def __mul__(self, o): l0.append(self.v); return self.v * 2
    def __len__(self): l0.append(1); return 3
    def __iter__(self): l0.append(2); return iter([1, 2])
    def __getitem__(self, k): l0.append(3); return 2
    def __str__(self): l0.append(4); return "2"
    def __eq__(self, o): l0.append(5); return True
    def __hash__(self): return 1
    def __bool__(self): l0.append(6); return True
    def __call__(self): l0.append(7); return 2
def g(q):
    l0.append(8)
    yield num(q)
def m(q): return A(num(q)) if flag(q) else OTHER
def f(x): BODY
for q in range(4): print(f(m(q)), len(l0))
"""
#: what a function does to the result of an unfinished one, and what that may give beside an instance
DONE = {
    "return x * 2": "num(q)", "return len(x)": "[num(q)]", "return [e for e in x]": "g(q)", "return x[0]": "[num(q)]",
    "return f'{x}' + str(x)": "num(q)", "return x == 3, x in [1, 2], {1: 2}.get(x)": "num(q)", "return 1 if x else 2": "num(q)",
    "return x()": "(lambda: 3)",
}  # fmt: skip


@pytest.mark.parametrize("body", DONE)
def test_what_an_unfinished_function_returns_may_have_special_methods(body: str) -> None:
    agree(SOMETIMES.replace("BODY", body).replace("OTHER", DONE[body]))
