"""The environment and random numbers, where what is made of them is asked about: one round, and what a plain run gives."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fuzz.check import agree

from .overlap import makespan

ONE_SECOND = {
    "environment": """
        import os
        os.environ["POPPY_TEST"] = "e"
        out = []
        for q in range(4):
            out.append(ask(os.environ["POPPY_TEST"] + os.environ.get("POPPY_TEST") + os.getenv("POPPY_NONE", "x") + str(q)))
        out.append(ask(len(os.getcwd())))
    """,
    "random numbers": """
        import random
        random.seed(3)
        out = []
        for q in range(4):
            out.append(ask((random.choice([1, 2, 3]), random.random(), random.sample(range(9), 3), random.gauss(0, 1), q)))
        out.append(random.random())
    """,
    "a generator of one's own": """
        import random
        a, b = random.Random(1), random.Random(2)
        out = [ask((a.randint(1, 99), b.choice("xyz"), a.random())) for q in range(4)]
        out += [a.random(), b.random()]
    """,
    "identifiers": """
        import uuid, secrets
        out = [ask(len(f"{uuid.uuid4()}{secrets.token_hex(4)}")) for q in range(4)]
    """,
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan(dedent(ONE_SECOND[shape])) == 1


AGREE = {
    "a call that fails leaves the generator where it was": """
        import random
        random.seed(1)
        for q in range(4):
            try:
                l0.append(num(random.random())); bad(q); l0.append(random.random())
            except Boom:
                l0.append(random.random())
        l0.append(num(random.random()))
        print(random.random(), random.getstate()[1][-1])
    """,
    "who draws depends on an answer": """
        import random
        random.seed(2)
        for q in range(5):
            if flag(q): i0 = random.randint(1, 9)
            l0.append(ask((q, random.random(), i0)))
        print(random.random())
    """,
    "drawn from what changes": """
        import random
        random.seed(3)
        @ = [1, 2]
        for q in range(4):
            @.append(num(q))
            l1.append(ask(random.choice(@)))
            x = random.choice([l0, l1])
            x.append(q)
            s = random.sample(@, 2); s.append(ask(q)); l2.append(len(s))
        print(random.random(), @)
    """,
    "a draw that fails": """
        import random
        random.seed(4)
        try:
            for q in range(3):
                l0.append(ask(random.random()))
                random.choice([])
        except IndexError as ex: print(ex)
        print(random.random())
    """,
    "seeded and set back in between": """
        import random
        random.seed(5); r = random.Random(5)
        for q in range(3):
            l0.append(ask((random.random(), r.random())))
            st = random.getstate(); l0.append(ask(random.random())); random.setstate(st); random.seed(q + num(q))
            random.shuffle(l0)
            l1.append(r.choices(l0, k=2) == [])
        print(random.random(), r.random())
    """,
    "functions that draw, some later": """
        import random
        random.seed(6)
        def f(q):
            a = num(q)
            if a % 2: return (a, random.random())
            return (ask(a), random.choice([a, q]))
        l0.append([f(q) for q in range(5)])
        print(random.random())
    """,
    "draws of functions that wait, and draws between them": """
        import random
        random.seed(7)
        def f(q):
            if flag(q): return random.randint(1, 5)
            return 0
        for q in range(6):
            i0 += f(q)
            l0.append(random.random())
        print(i0, l0)
    """,
    "an environment that is written": """
        import os
        os.environ["POPPY_F"] = "0"
        def f(q):
            a = ask(q)
            if flag(q): os.environ["POPPY_F"] = a
            return os.environ["POPPY_F"]
        for q in range(4):
            l0.append(f(q)); l0.append(ask(os.environ.get("POPPY_F")))
            os.environ.setdefault("POPPY_G", a := ask((q, 1))); l1.append(os.getenv("POPPY_G")); os.environ.pop("POPPY_G")
        try: os.environ["POPPY_G"]
        except KeyError as ex: print(ex)
    """,
    "the environment by another name": """
        import os
        e = {"a": os.environ, "b": {}}
        os.environ["POPPY_F"] = "1"
        def put(d, q):
            num(q)
            e[d]["POPPY_F"] = ask(q)
        for q in range(4):
            put("a" if q % 2 else "b", q)
            l0.append(ask(os.environ["POPPY_F"]))
    """,
}


@pytest.mark.parametrize("shape", AGREE)
def test_agrees(shape: str) -> None:
    agree(dedent(AGREE[shape]).replace("@", "drawn"))
