"""The functions that witness cells call; readable answers, one latency each."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from tests.fuzz.world import Declare, World


class Doc:
    """A mutable document."""

    def __init__(self, title: str) -> None:
        self.title = title


class WitnessWorld(World):
    """`ask` answers `r<q>`; `num` is `q % 3`; `check` raises at 2; `bad` always raises; `db` has ordered writes."""

    def _define(self, declare: Declare) -> None:
        unordered = declare("unordered", None)
        look, sent = self.look, self.sent

        def called(name: str, *values: Any) -> None:
            sent[f"{name}{values!r}"] += 1

        @unordered
        def ask(q):
            called("ask", q)
            return f"r{q}"

        @unordered
        def ask2(q):
            called("ask2", q)
            return f"s{q}"

        @unordered
        def jask(q):
            called("jask", q)
            return {"x": q, "l": [q]}

        @unordered
        def lask(q):
            called("lask", q)
            return []

        @unordered
        def num(q):
            called("num", q)
            return q % 3

        @unordered
        def bad(q):
            raise ValueError(q)

        @unordered
        def check(q):
            if q == 2:
                raise ValueError(q)
            return q

        @unordered
        def show(*values):
            return repr(values)

        @unordered
        def summarise(doc):
            return f"summary of {doc.title}"

        @unordered
        def create(q):
            message = SimpleNamespace(content=f" c{q} ")
            return SimpleNamespace(choices=[SimpleNamespace(message=message)])

        @declare("readonly", "db")
        def dbget(user):
            return user * 2

        @declare("sequential", "db")
        def dbflag(user):
            look("dbflag", user)

        @unordered
        async def aask(q):
            return f"a{q}"

        defined = (ask, ask2, jask, lask, num, bad, check, show, summarise, create, dbget, dbflag, aask)
        self.functions |= {function.__name__: function for function in defined}
        self.functions |= {"unordered": unordered, "json": json, "Doc": Doc, "client": SimpleNamespace(create=create)}
