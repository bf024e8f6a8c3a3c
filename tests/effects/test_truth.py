"""What library data calls pure is pure: nothing changes, calls commute and run at once, and results are what it says.

Of every pure name at least one call (`examples.py`) is made several times, on its own, in another order, in threads.
"""

from __future__ import annotations

import ast
import decimal
import functools
import gc
import importlib.util
import locale
import os
import random
import re
import sys
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from poppy_ipython.effects import effect_of_call
from poppy_ipython.effects.library import FOLDER, NAMES, read, targets
from poppy_ipython.effects.registry import effect_of_special
from poppy_ipython.effects.table import underlying
from poppy_ipython.engine.atoms import is_atom
from tests.effects.examples import EXAMPLES, expressions

NO_STATE = {"IPython", "google.genai", "instructor", "langchain_openai", "mistralai", "tqdm"}
"""Libraries without a pure function."""
INSTALLED = [name for name in sorted(NAMES) if name in ("builtins", "stdlib") or importlib.util.find_spec(name)]
ALL = [
    pytest.param(library, text, id=f"{library}: {text}")
    for library in INSTALLED
    if library in EXAMPLES and library != "builtins"
    for text in expressions(EXAMPLES[library][0])
]


class Example:
    """One call, taken apart: evaluated anew, so that nothing is shared with another one."""

    def __init__(self, library, text):
        names = EXAMPLES[library][1]()
        call = ast.parse(text, mode="eval").body
        value = lambda node: eval(compile(ast.Expression(node), "<example>", "eval"), names)  # noqa: E731
        self.fn = value(call.func)
        self.args = tuple(value(node) for node in call.args)
        self.kwargs = {one.arg: value(one.value) for one in call.keywords}
        self.name = getattr(call.func, "attr", None)
        self.given = [getattr(self.fn, "__self__", None), self.args, self.kwargs]

    def __call__(self):
        return self.fn(*self.args, **self.kwargs)


def shown(value):
    """A value's whole content as text, without addresses; an iterator is used up."""
    if hasattr(value, "__next__"):
        value = list(value)
    if hasattr(type(value), "hexdigest"):
        return value.hexdigest()
    if type(value).__module__.startswith(("openai", "anthropic")) and hasattr(value, "api_key"):
        return type(value).__name__
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}{[shown(one) for one in value]}"
    if isinstance(value, dict):
        return f"{type(value).__name__}{[(shown(k), shown(v)) for k, v in value.items()]}"
    if hasattr(type(value), "iter") and hasattr(value, "tag"):
        return str([(one.tag, one.text, one.attrib) for one in value.iter()])
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def world():
    """State that pure functions neither read nor write."""
    return (
        random.getstate(), dict(os.environ), os.getcwd(), list(warnings.filters), str(decimal.getcontext()), locale.setlocale(locale.LC_ALL),
        sys.getrecursionlimit(), sys.stdout, sys.stderr,
    )  # fmt: skip


SHARED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)


def mutable_parts(value):
    """Ids of what is reachable and could be changed."""
    found, stack = {}, [value]
    while stack:
        one = stack.pop()
        if is_atom(one) or isinstance(one, SHARED) or id(one) in found:
            continue
        found[id(one)] = one
        stack += gc.get_referents(one)
    return {key for key, one in found.items() if type(one) not in (tuple, frozenset)}


def effect_of_example(example):
    name = getattr(example.fn, "__name__", "")
    if name in ("__getitem__", "__iter__"):
        return effect_of_special(type(example.fn.__self__), name)
    return effect_of_call(example.fn, example.args, example.kwargs)


@pytest.mark.parametrize(("library", "text"), ALL)
def test_it_is_pure(library, text, capsys):
    example, before = Example(library, text), world()
    effect = effect_of_example(example)
    assert effect is not None and effect.name == "pure"
    arguments = shown(example.given)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = example()
        kept = mutable_parts(first) & mutable_parts(example.given)
        said = shown(first)
        assert shown(example()) == said == shown(Example(library, text)())
    assert shown(example.given) == arguments
    assert world() == before and capsys.readouterr() == ("", "")
    if effect.result == "atom":
        assert is_atom(first)
    elif effect.result == "fresh":
        assert not kept or type(first).__module__.startswith(("pandas", "numpy"))
    elif effect.result == "iterator":
        assert iter(first) is first


@pytest.mark.parametrize("library", [name for name in INSTALLED if name in EXAMPLES])
def test_calls_commute_and_run_at_once(library):
    """All examples of a library on the same objects: forwards, backwards, in threads."""
    examples = [Example(library, text) for text in expressions(EXAMPLES[library][0])]
    forwards = [shown(one()) for one in examples]
    backwards = [shown(one()) for one in reversed(examples)]
    assert forwards == backwards[::-1]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(3):
            assert list(threads.map(lambda one: shown(one()), examples)) == forwards


@pytest.mark.parametrize("library", INSTALLED)
def test_every_pure_name_has_an_example(library):
    groups, _ = read(FOLDER.joinpath(f"{library}.toml").read_text(encoding="utf-8"))
    pure = [group for group in groups if group.effect.name == "pure"]
    if library in NO_STATE:
        assert not pure
        return
    examples = [Example(library, text) for text in expressions(EXAMPLES[library][0])]
    called = {id(key(one.fn)) for one in examples}
    names = {(one.name, kind) for one in examples for kind in type(getattr(one.fn, "__self__", None)).__mro__}
    names |= {("()", kind) for one in examples if isinstance(one.fn, type) for kind in one.fn.__mro__}
    missing = []
    for group in pure:
        for name, target in targets(group, importlib.import_module(group.module)):
            there = (target[1], target[0]) in names if isinstance(target, tuple) else id(key(target)) in called
            if not there and not same_code(target, examples):
                missing.append(f"{group.module}.{name}")
    assert missing == []


def key(function):
    return functools.reduce(lambda one, _: underlying(one), range(2), function)


def same_code(target, examples):
    """`__getitem__` and its like are found on the class, not through the bound method-wrapper of an instance."""
    return any(one.name == getattr(target, "__name__", None) and
               getattr(type(getattr(one.fn, "__self__", None)), target.__name__, None) is target for one in examples
               if not isinstance(target, tuple))  # fmt: skip
