"""From a seed to a program: a prologue that binds every name, a class, functions and generators, then statements.

>>> program(7) == program(7)
True
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from dataclasses import dataclass

from . import (  # noqa: F401  the tables fill themselves on import
    ambient,
    callees,
    closures,
    collected,
    expressions,
    files,
    filling,
    forms,
    idioms,
    managers,
    merged,
    pieces,
    retries,
    specials,
    statements,
    tables,
    values,
    wrappers,
)
from .grammar import Writer

PROLOGUE = (
    "import sys, json, contextlib; g0 = 1; g1 = [0]; i0 = 1; i1 = 2; i2 = 3; s0 = 'a'; s1 = 'b'; l0 = [1, 2]; l1 = [3]; l2 = l0; "
    "d0 = {0: 1}; d1 = {1: 2, 2: 0}; t0 = {1, 2}; o0 = Box(1); o1 = Box(2, l0); n0 = [l0, l1]; m0 = {'a': l1, 'b': [4]}; go = o1"
)


@dataclass(frozen=True, slots=True)
class Program:
    """What a seed stands for. The seed also chooses the order of completion."""

    seed: int
    source: str


def program(seed: int, focus: str | None = None) -> Program:
    """The program of this seed; with a focus, one that has many of these productions (`grammar.focused`)."""
    w = Writer(seed, focus)
    _box(w)
    prologue = PROLOGUE.split("; ")
    w.lines += [prologue[0], "; ".join(prologue[1:]), collected.PROLOGUE, ambient.PROLOGUE, tables.PROLOGUE, merged.PROLOGUE]
    for _ in range(w.rng.choice((0, 1, 1, 2, 2, 3))):
        w.rng.choice((_function, _function, _function, _list_function, _generator))(w)
    for _ in range(w.rng.randint(4, 11)):
        w.statement()
    if w.chance(0.5):
        w.budget(4)
        w.line(w.expr(w.pick("int", "str", "list", "obj", "nest")))
    return Program(seed, "\n".join(w.lines) + "\n")


def _box(w: Writer) -> None:
    """The class of `o0` and `o1`, with up to three methods; its objects start out as their own `o`."""
    w.line(w.pick("class Box:", "class Box:", "class Box(object):"))
    with w.body():
        w.line("def __init__(self, v=0, l=None):")
        w.line("    self.v = v; self.l = [v] if l is None else l; self.d = {1: v}; self.o = self")
        w.line("def __repr__(self):")
        w.line("    return f'Box({self.v})'")
        for _ in range(w.rng.choice((0, 1, 1, 2, 3))):
            name = f"m{len(w.methods)}"
            w.line(f"def {name}(self, i0, l1=None):")
            with w.function_scope():
                w.line("global g0")
                w.line(f"l0 = self.l; l1 = l1 or [i0]; o0 = self; o1 = go; {w.pick('l2 = l0', 'l2 = [1]', 'l2 = go.l')}; i1 = {w.pick('self.v', 'num(i0)', '2')}; i2 = i0")
                w.line(f"d0 = self.d; d1 = {{i1: 1}}; s0 = 'm'; s1 = ''; t0 = {{1}}; n0 = [l0, {w.pick('l1', '[5]')}]; m0 = {{'a': l0}}")
                _body(w)
            w.methods.append(("int", w.pick(f"{name}(<int>)", f"{name}(<int>, <list>)", f"{name}(i0=<int>)", f"{name}(l1=<list>, i0=<int>)")))


SIGNATURES = (
    ("(i0, l0)", "(<int>, <list>)"),
    ("(i0, l0=None)", "(<int>)"),
    ("(i0, i1=num(3))", "(<int>)"),
    ("(i0, i1=2, *l1)", "(<int>, <int>, *<list>)"),
    ("(i0, *l1, k=2)", "(<int>, <int>, k=<int>)"),
    ("(i0, *, k=num(1), **kw)", "(<int>, k=<int>, z=<int>)"),
    ("(i0, l0=[])", "(<int>)"),
    ("(i0, o0, /, i1=1)", "(<int>, <obj>)"),
    ("(i0, s0='p', l2=(), **kw)", "(i0=<int>, **{'s0': <str>})"),
    ("(i0, m0)", "(<int>, <map>)"),
    ("(i0, n0)", "(<int>, <nest>)"),
)


def _function(w: Writer, result: str = "int") -> None:
    name = w.fresh("f")
    parameters, arguments = w.rng.choice(SIGNATURES)
    if w.chance(0.1):
        w.line(w.pick("@unk", "@(lambda fn: fn)"))
    w.line(f"def {name}{parameters}:")
    with w.function_scope(result):
        w.line("global g0")
        given = {part.split("=")[0].strip("*/ ") for part in parameters.strip("()").split(", ")}
        defaults = {
            "i1": w.pick("i1 = 2", "i1 = i0", "i1 = num(i0)"),
            "i2": "i2 = 3",
            "s0": "s0 = 'f'",
            "s1": w.pick("s1 = ''", "s1 = ask(i0)"),
            "l0": w.pick("l0 = [i0]", "l0 = go.l", "l0 = g1"),
            "l1": w.pick("l1 = [1]", "l1 = l0"),
            "l2": w.pick("l2 = mk(i0)", "l2 = go.l", "l2 = []"),
            "d0": w.pick("d0 = {0: i0}", "d0 = go.d"),
            "d1": "d1 = {1: 1}",
            "t0": "t0 = {3}",
            "o0": w.pick("o0 = go", "o0 = Box(i0)"),
            "o1": w.pick("o1 = go", "o1 = Box(2, l0)", "o1 = o0"),
            "n0": "n0 = [l0, l1]",
            "m0": "m0 = {'a': l0}",
        }
        if "l0" in given and "l0=None" in parameters:
            w.line("l0 = l0 or [i0]")
        if "l1" in given:
            w.line("l1 = list(l1)")
        if "l2" in given:
            w.line("l2 = list(l2)")
        w.line("; ".join(text for variable, text in defaults.items() if variable not in given))
        if w.chance(0.2) and result == "int":
            rest = {"(i0, l0)": ", l0", "(i0, o0, /, i1=1)": ", o0", "(i0, m0)": ", m0", "(i0, n0)": ", n0"}.get(parameters, "")
            w.line(f"if i0 > 2: return num(i0) + {name}(i0 // 3{rest})")
        _body(w)
    w.functions.append((name, result, name + arguments))


def _list_function(w: Writer) -> None:
    _function(w, "list")


def _generator(w: Writer) -> None:
    name = w.fresh("gen")
    w.line(f"def {name}(n):")
    with w.body():
        w.line("for q in range(n % 4):")
        w.line(f"    yield {w.pick('num(q)', 'q + n', 'num(q) + n')}")
        if w.chance(0.4):
            w.line("yield from mk(n)")
    w.generators.append(name)


def _body(w: Writer) -> None:
    for _ in range(w.rng.randint(1, 5)):
        w.statement()
    w.budget(4)
    w.line(f"return {w.expr(w.result)}")
