"""Items that a reader cannot use, and what it is given by name: nothing behind happens that a plain run would not do."""

from __future__ import annotations

import pytest

from tests.fuzz.check import agree

#: the third item does not fit; each writes in order
UNFIT = """
{(mk(q) if q == 2 else num(q)): put(q, 1) for q in range(4)}
{(mk(q) if q == 2 else num(q)): put(q, 1) for q in range(4) if num(q) != 77}
{(mk(q) if q == 2 else num(q)): put(q, r) for q in range(3) for r in range(2)}
{[put(q, 1), mk(q) if q == 2 else num(q)][1] for q in range(4) if q < 9 and not num(q) == 77}
{(mk(q) if q == 2 else num(q)): print(q) for q in range(4)}
{k: {(mk(r) if k == 1 == r else num(r)): put(k, r) for r in range(3)} for k in range(3)}
set([put(q, 1), mk(q) if q == 2 else num(q)][1] for q in range(4))
frozenset([put(q, 1), mk(q) if q == 2 else num(q)][1] for q in range(4) if num(q) != 77)
dict([put(q, 1), (mk(q), 1) if q == 2 else (num(q), 2)][1] for q in range(4))
dict([put(q, 1), num(q) if q == 2 else (num(q), 2)][1] for q in range(4))
dict([put(q, 1), (num(q), 1, 3) if q == 2 else (num(q), 2)][1] for q in range(4))
sum([put(q, 1), ask(q) if q == 2 else num(q)][1] for q in range(4))
sum([put(q, 1), ask(q) if q == 2 else num(q)][1] for q in mk(4) if num(q) != 77)
sum(([put(q, 1), [num(q)] if q != 1 else num(q)][1] for q in range(3)), start=[num(8)])
sum(sum([put(q, r), ask(r) if q == 1 == r else num(q)][1] for r in range(2)) for q in range(4))
sum((put(q, 1) for q in [1, 2]), start="a")
max([put(q, 1), ask(q) if q == 2 else num(q)][1] for q in range(4))
min(([put(q, 1), ask(q) if q == 2 else num(q)][1] for q in range(4)), default=put(9, 9))
max(([put(q, 1), mk(q) if q != 2 else num(q)][1] for q in range(4)), key=len)
max(([put(q, 1), rec(q) if q != 2 else num(q)][1] for q in range(4)), key=lambda r: r["v"])
""".strip().splitlines()

#: what is given by name comes before the items, a key between them
NAMED = """
sum(([put(q, 1), num(q)][1] for q in range(3)), start=num(put(7, 7) or 2))
max(([put(q, 1), num(q)][1] for q in range(4)), default=put(9, 9))
sorted(([put(q, 1), num(q)][1] for q in range(4)), reverse=put(9, 9))
max(([put(q, 1), num(q)][1] for q in range(put(3, 3) or 4)), default=put(9, 9))
max(([put(q, 1), num(q)][1] for q in range(4)), key=lambda r: (put(7, r), r)[1])
min(([log.append(q), num(q)][1] for q in range(4)), key=lambda r: len(log) * r)
max((num(q) for q in [1, 2]), key=nobody)
""".strip().splitlines()

FRAMES = {
    "at top level": "log = []\nx = {}\nput(5, 5)\n",
    "in a try": "log = [num(1)]\ntry:\n    x = {}\nexcept (TypeError, ValueError, NameError) as ex:\n    print(ex)\nput(5, 5)\n",
    "in a function": "log = []\ndef f(k):\n    x = {}\n    return x\ntry: y = f(num(2))\nfinally: put(5, 5)\n",
    "in a loop": "log = []\nfor k in range(2):\n    try:\n        x = {}\n    except Exception as ex: print(type(ex), num(k))\n",
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("form", [*UNFIT, *NAMED])
def test_nothing_behind_it_happens(form: str, frame: str) -> None:
    agree(FRAMES[frame].replace("{}", form))


ASKING = """
sum(num(q) for q in range(6))
sum(num(q) + put(q, 1) for q in range(6))
max((ask(q) for q in range(6)), key=len)
max((rec(q) for q in range(6)), key=lambda r: r["v"])
max(([print(q), num(q)][1] for q in range(6)), key=num)
min((num(q) for q in [1, 2, 3, 4, 5, 6] if num(q) > 1), default=num(7))
{ask(q): num(q) for q in range(6)}
{ask(q) for q in range(6) if num(q) > 1}
dict((q, ask(q)) for q in range(6) if num(q) > 1)
""".strip().splitlines()


@pytest.mark.parametrize("form", ASKING)
def test_items_that_may_not_fit_are_asked_for_together(form: str) -> None:
    agree(f"x = {form}", at_once=1 if "put" in form else 6)


@pytest.mark.parametrize("method, asked", [("__add__", "sum(K(num(q)) for q in range(1, 4))"), ("__lt__", "min(K(num(q)) for q in range(4)).v")])
def test_a_method_that_asks_is_called_once_for_an_item(method: str, asked: str) -> None:
    agree(f"""
        class K:
            def __init__(self, v): self.v = v
            def {method}(self, other): return num((self.v, other if type(other) is int else other.v))
            __radd__ = __gt__ = {method}
        x = {asked}
    """)


def test_a_method_that_fails() -> None:
    agree("""
        class K:
            def __init__(self, v): self.v = v
            def __hash__(self): return 1 // (2 - self.v)
        try: x = {K([put(q, 1), num(q), q][2]) for q in range(4)}
        finally: print("end")
    """)
