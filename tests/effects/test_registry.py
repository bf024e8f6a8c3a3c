"""effect_of: from the object that is called, through every way of holding it, and never from its name."""

from __future__ import annotations

import builtins
import copy
import datetime
import functools
import hashlib
import json
import math
import os
import random
import re
import statistics
import string
import subprocess
import sys
import textwrap
import time
import uuid

import pytest
from hypothesis import given, strategies as st

from poppy_ipython.effects import declare, effect_of, effect_of_call, local, pure, readonly, sequential, unordered
from poppy_ipython.effects.table import Table


def name(callee):
    effect = effect_of(callee)
    return effect and effect.name


PURE = [
    str.upper, "a".upper, "a".join, b"a".hex, (5).bit_length, (1, 2).count, int.from_bytes, str.maketrans, int, str, repr,
    json.dumps, json.loads, math.sqrt, re.sub, re.compile("a").sub, re.compile("a").search, re.search("a", "a").group,
    textwrap.dedent, string.Template("$a").substitute, statistics.mean, copy.deepcopy, hashlib.sha256,
    hashlib.sha256().hexdigest, datetime.timedelta, datetime.datetime(2026, 1, 1).isoformat, uuid.uuid5,
]  # fmt: skip


@pytest.mark.parametrize("callee", PURE, ids=lambda c: getattr(c, "__qualname__", repr(c)))
def test_pure_library(callee):
    assert name(callee) == "pure"
    assert name(callee) == "pure", "also when remembered"


@pytest.mark.parametrize(
    ("callee", "resource", "external"),
    [
        (os.environ.pop, "environment", False), (os.chdir, "environment", False),
        (time.time, "clock", False), (time.perf_counter, "clock", False), (time.sleep, "clock", True),
        (datetime.datetime.now, "clock", False), (datetime.date.today, "clock", False),
        (random.random, "rng", False), (random.randint, "rng", False), (random.Random(1).sample, "rng", False),
        (uuid.uuid1, "rng", False), (uuid.uuid4, "entropy", False),
    ],
    ids=lambda c: getattr(c, "__qualname__", str(c)),
)  # fmt: skip
def test_ordered_library(callee, resource, external):
    effect = effect_of(callee)
    assert (effect.name, effect.resource, effect.external) == ("sequential", resource, external)


@pytest.mark.parametrize("callee", [os.getcwd, os.getenv, os.environ.get], ids=lambda c: c.__name__)
def test_reads_of_the_environment(callee):
    effect = effect_of(callee)
    assert (effect.name, effect.resource, effect.external) == ("readonly", "environment", False)


ENGINE_TREATS = "len list dict set tuple sorted sum min max any all enumerate zip range reversed iter next print map filter getattr setattr isinstance"  # noqa: E501
SEES_STATE = "globals locals vars eval exec compile open input id"


@pytest.mark.parametrize("word", (ENGINE_TREATS + " " + SEES_STATE).split())
def test_builtins_that_are_not_data(word):
    assert effect_of(getattr(builtins, word)) is None


@pytest.mark.parametrize("callee", [[].append, {}.get, {}.update, dict.fromkeys, {1}.add, print, lambda: 1, object()])
def test_undeclared(callee):
    assert effect_of(callee) is None
    assert effect_of(callee) is None


def test_a_mapping_of_the_users_is_not_the_environment():
    class Settings(dict):
        pass

    assert name(os.environ.get) == "readonly"
    assert name(Settings().get) is None

    import collections.abc

    class Mine(collections.abc.Mapping):
        __getitem__ = __len__ = __iter__ = lambda *a: 1

    assert name(Mine().get) is None, "the same function as os.environ.get, of another class"
    assert name(os.environ.get) == "readonly"


def test_the_name_alone_proves_nothing():
    log = []

    @functools.wraps(json.dumps)
    def dumps(*args, **kwargs):
        log.append(args)
        return json.dumps(*args, **kwargs)

    assert (dumps.__module__, dumps.__qualname__) == ("json", "dumps")
    assert effect_of(dumps) is None


def test_methods_inherited_keep_their_effect_and_overrides_lose_it():
    class Base:
        @unordered
        def ask(self): ...

        @unordered
        def tell(self): ...

    class Derived(Base):
        def tell(self): ...

    assert name(Derived().ask) == "unordered"
    assert name(Derived().tell) is None
    assert name(Base().tell) == name(Base.tell) == "unordered"


def test_a_users_subclass_of_a_library_class():
    class Loud(random.Random):
        def random(self):
            print("!")
            return super().random()

    assert name(Loud().random) is None
    assert name(Loud().randint) == "sequential"


def test_partial_classes_instances_coroutines():
    class Ask:
        @unordered
        def __init__(self): ...

        def __call__(self): ...

    @unordered
    async def wait(): ...

    instance = Ask()
    declare(Ask, sequential("made"))
    declare(instance, readonly("asked"))
    assert name(functools.partial(functools.partial(wait, 1), 2)) == "unordered"
    assert name(Ask) == "sequential"
    assert name(instance) == "readonly"
    assert name(Ask()) is None


def test_declaring_a_c_method_replaces_what_was_remembered():
    import sqlite3

    connection = sqlite3.connect(":memory:")
    assert name(connection.execute) is None
    declare(connection.execute, sequential("db"))
    try:
        assert name(connection.execute) == "sequential"
        assert name(sqlite3.connect(":memory:").execute) == "sequential", "the method is declared, not the instance"
    finally:
        connection.close()


def test_the_user_overrides_library_data():
    before = effect_of(textwrap.shorten)
    declare(textwrap.shorten, unordered)
    try:
        assert name(textwrap.shorten) == "unordered"
    finally:
        declare(textwrap.shorten, before)
    assert name(textwrap.shorten) == "pure"


def test_a_hook_among_the_arguments_makes_it_undeclared():
    assert effect_of_call(json.dumps, ({},), {"indent": 1}).name == "pure"
    assert effect_of_call(json.dumps, ({},), {"default": str}) is None
    assert effect_of_call(re.sub, ("a", "b", "aa"), {}).name == "pure"
    assert effect_of_call(re.sub, ("a", lambda m: "b", "aa"), {}) is None
    assert effect_of_call(functools.partial(json.dumps, default=str), ({},), {}) is None
    assert effect_of_call(local(lambda x: x), (print,), {}).name == "local"


def test_results_that_are_always_atoms():
    assert effect_of("a".upper).result == effect_of(math.sqrt).result == effect_of(json.dumps).result == "atom"
    assert effect_of("a".split).result == effect_of(json.loads).result == "fresh"
    assert effect_of(re.search).result == "fresh"


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["put", "drop"]))))
def test_the_side_table_against_a_plain_dict(steps):
    class Key:
        def __eq__(self, other):
            return True  # identity must decide

        __hash__ = None

    table, keys, model = Table(), {}, {}
    for number, what in steps:
        if what == "put":
            key = keys.setdefault(number, Key())
            table.put(key, number)
            model[number] = number
        else:
            keys.pop(number, None)
            model.pop(number, None)
            key = None
        assert {n: table.get(k) for n, k in keys.items()} == model
        assert len(table.rows) == len(model)


def test_a_pure_declaration_holds_for_the_function_wherever_it_is_found():
    class Tool:
        run = staticmethod(pure(lambda x: x))

    assert name(Tool.run) == name(Tool().run) == "pure"


def test_the_interpreter_ends_well_although_builtins_were_looked_up():
    code = (
        "import poppy_ipython\n"
        "@poppy_ipython.unordered\n"
        "def ask(n): return n\n"
        "run = poppy_ipython.run('out = list(map(ask, [1]))', {'ask': ask})\n"
        "assert run.error is None\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
