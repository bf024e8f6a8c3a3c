"""The environment and random numbers, where what is made of them is asked about; digests, enums and warnings in a branch not taken.

One round each, and what a plain run gives.
"""

from __future__ import annotations

import warnings
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
    "digests": """
        import hashlib
        out = [hashlib.sha1(ask(q).encode()).hexdigest() for q in range(4)]
    """,
    "members of an enum": """
        import enum
        class K(enum.Enum):
            A = 0; B = 1; C = 2; D = 3; E = 4; F = 5; G = 6
            @property
            def nice(self): return self.name.lower()
        out = [K(num(q)).name for q in range(6)]
        for q in range(6):
            k = K(num(q))
            if k is K.A: out.append(1)
            out.append(k)
    """,
    "warnings": """
        import warnings
        out = []
        for q in range(4):
            a = ask(q)
            if a == "x": warnings.warn(f"odd: {a}", RuntimeWarning, stacklevel=2)
            out.append(a)
    """,
    "identifiers": """
        import uuid, secrets
        out = [ask(len(f"{uuid.uuid4()}{secrets.token_hex(4)}")) for q in range(4)]
    """,
}


def _shown(message: object) -> None:
    """What shows a warning, where pytest records them."""
    print(message)


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shown, "__module__", "warnings")
    monkeypatch.setattr(warnings, "_showwarnmsg_impl", _shown)
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
    "members that there are not, and what else an enum may do": """
        import enum
        class K(enum.Enum):
            A = 0; B = 1; C = "x"
        class M(enum.Enum):
            A = 0
            @classmethod
            def _missing_(cls, value): l1.append(value); return cls.A
        class V(enum.IntEnum):
            A = 0; B = 1
            def __init__(self, n): self.seen = []
        class F(enum.Flag):
            A = 1; B = 2
        class E:
            def __init__(self, q): self.q = q
            def __eq__(self, other): l2.append(self.q); return self.q == other
            def __hash__(self): l2.append(0); return hash(self.q)
        for q in range(6):
            try:
                k = K(num(q) % 3); l0.append(k.value); v = V(num(q) % 3); v.seen.append(ask(q)); l0.append(len(v.seen))
            except ValueError as ex: print(ex)
            l0.append(M(num(q)).value); l0.append(F(num(q) % 4).value); l0.append(len(l1))
            def f(): return E(num(q) % 2)
            l0.append(V(f()).value if flag(q) else len(l2)); l0.append(len(l2))
        try: K([num(1)])
        except ValueError as ex: print(ex)
        K(num(9) + 7)
    """,
    "warnings that are shown": """
        import warnings
        def f(q):
            a = num(q)
            if flag(q): warnings.warn(f"odd {a}", stacklevel=2)
            if a > 50: warnings.warn(ask(q), DeprecationWarning)
            l0.append(q); print(q)
        for q in range(5): f(q)
        with warnings.catch_warnings(record=True) as w:
            warnings.simplefilter("always")
            for q in range(5):
                if flag(q): warnings.warn("again")
                l1.append(len(w))
        warnings.simplefilter("error")
        try:
            for q in range(5):
                if flag(q): warnings.warn("fatal")
                l2.append(ask(q))
        except UserWarning as ex: print(ex)
        finally: warnings.resetwarnings()
        w = len(w); del __warningregistry__
    """,
    "digests of what changes": """
        import hashlib
        for q in range(4):
            h = hashlib.md5(ask(q).encode())
            if flag(q): h.update(ask((q, 1)).encode())
            s0 = h.hexdigest(); h.update(b"x"); l0.append(s0[:4] + h.hexdigest()[:4]); print(h.digest()[:2]); h = None
        class D:
            def __init__(self): self.n = 0
            def hexdigest(self): self.n += 1; l1.append(self.n); return "d"
        d = D()
        def g(q): return d if num(q) >= 0 else None
        for q in range(3):
            l0.append(g(q + 1).hexdigest()); l0.append(len(l1))
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
def test_agrees(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shown, "__module__", "warnings")
    monkeypatch.setattr(warnings, "_showwarnmsg_impl", _shown)
    agree("l0, l1, l2, i0 = [], [], [], 0" + dedent(AGREE[shape]).replace("@", "drawn"))


@pytest.mark.parametrize("own", ["g.random = [0.1 * i for i in range(9)].pop", "g.getrandbits = lambda k: 1", "g.__dict__['random'] = [0.1 * i for i in range(9)].pop"])
def test_a_generator_with_a_method_of_its_own_is_asked_at_the_head(own: str) -> None:
    agree(f"import random\nl0 = []\ng = random.Random(3)\n{own}\nfor q in range(4):\n    l0.append(ask((q, g.expovariate(1.5))))\n    l0.append(ask((q, g.choice([1, 2, 3]))))\nprint(l0)\n")
