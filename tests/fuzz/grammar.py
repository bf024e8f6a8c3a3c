"""The machinery of the generator: tables of productions, and the writer that draws from them.

A production is a function from the writer to text, registered for a *kind* with a weight:

    @expression("int", 5)
    def _(w): return f"num({w.expr('any')})"

Kinds of expressions are the types of the few variables that every scope has (`NAMES`), so programs mostly run; a
production marked *risky* may raise and is drawn freely inside `try`, seldom outside. Each program draws its own
weights (swarm testing: leaving half of the features out of one program reaches states that a uniform mixture never
does), and every statement has a budget of expression nodes.

A program may have a *focus*: some productions, of which it then has many (`focused`). All else is drawn as ever.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain, compress

NAMES: dict[str, tuple[str, ...]] = {
    "int": ("i0", "i1", "i2"),
    "str": ("s0", "s1"),
    "list": ("l0", "l1", "l2"),
    "dict": ("d0", "d1"),
    "set": ("t0",),
    "obj": ("o0", "o1"),
    "nest": ("n0",),
    "map": ("m0",),
}
"""int, str, list of int, dict int→int, set of small int, Box, list of lists, dict str→list."""

LEAVES = {
    **{kind: names for kind, names in NAMES.items()},
    "bool": ("i0 > 2", "i1 < i2", "not l0"),
    "any": ("i0", "s0", "i2", "l1"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Production:
    write: Callable[[Writer], str | None]
    weight: float
    risky: bool
    needs: str
    text: str
    """Its template, or the name of its function."""
    table: str
    """The module that it stands in."""


EXPRESSIONS: dict[str, list[Production]] = {}
STATEMENTS: list[Production] = []

FOCUSED = 0.5
"""The share of the productions in focus among what is drawn from a table that has some."""


@cache
def focused(focus: str) -> frozenset[Production]:
    """The productions in focus: those of a table of the grammar (`wrappers`), else those in whose text the regular
    expression is found (`tenacity`, `except NameError`; for a decorated function its name: `_try`)."""
    every = [*STATEMENTS, *chain.from_iterable(EXPRESSIONS.values())]
    found = [one for one in every if one.table == focus] or [one for one in every if re.search(focus, one.text, re.DOTALL)]
    if not found:
        raise LookupError(f"no table is called {focus!r}, and no fragment has it in its text")
    return frozenset(found)


def _table() -> str:
    """The module that is being executed."""
    frame = sys._getframe()
    while frame.f_back and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return str(frame.f_globals["__name__"]).rpartition(".")[2]


def _add(productions: list[Production], write: Callable, weight: float, risky: bool, needs: str, text: str) -> None:
    productions.append(Production(write, weight, risky, needs, text, _table()))


def expression(kind: str, weight: float = 1.0, *, risky: bool = False, needs: str = "") -> Callable:
    """Register the decorated function as a production for expressions of `kind`."""

    def register(write: Callable[[Writer], str]) -> Callable[[Writer], str]:
        _add(EXPRESSIONS.setdefault(kind, []), write, weight, risky, needs, write.__name__)
        return write

    return register


def expressions(kind: str, weight: float, *templates: str, risky: bool = False, needs: str = "") -> None:
    """Register productions written as templates: `{int}` is an expression of that kind, `{list!}` a bare variable."""
    for template in templates:
        _add(EXPRESSIONS.setdefault(kind, []), _filler(template), weight / len(templates), risky, needs, template)


def statement(weight: float = 1.0, *, risky: bool = False, needs: str = "", text: str = "") -> Callable:
    """Register the decorated function as a production for statements; it writes lines itself."""

    def register(write: Callable[[Writer], None]) -> Callable[[Writer], None]:
        _add(STATEMENTS, write, weight, risky, needs, text or write.__name__)
        return write

    return register


def statements(weight: float, *templates: str, risky: bool = False, needs: str = "") -> None:
    """Register one-line statements written as templates."""
    for template in templates:
        fill = _filler(template)
        _add(STATEMENTS, lambda w, fill=fill: w.line(fill(w)), weight / len(templates), risky, needs, template)


def _filler(template: str) -> Callable[[Writer], str]:
    """`"num({int})"` as a function of the writer; `{{` and `}}` are braces."""
    pieces: list[tuple[bool, str]] = []
    text, i = "", 0
    while i < len(template):
        if template[i : i + 2] in ("{{", "}}"):
            text += template[i]
            i += 2
        elif template[i] == "{":
            end = template.index("}", i)
            pieces += [(False, text), (True, template[i + 1 : end])]
            text, i = "", end + 1
        else:
            text += template[i]
            i += 1
    pieces.append((False, text))

    inner_scope = " for " in template or "lambda" in template  # where Python allows no walrus

    def fill(w: Writer) -> str:
        w.in_nested_scope += inner_scope
        filled = "".join(
            (w.name(part[:-1]) if part.endswith("!") else w.expr(part)) if hole else part for hole, part in pieces
        )
        w.in_nested_scope -= inner_scope
        return filled

    return fill


class Table:
    """The productions of one kind with the weights of one program."""

    def __init__(self, rng: random.Random, productions: list[Production], focus: frozenset[Production]) -> None:
        self._productions = productions
        weights = [production.weight * rng.choice((0.15, 0.5, 1, 1, 2, 3)) for production in productions]
        inside = [one in focus for one in productions]
        if any(inside):
            share = sum(compress(weights, inside)) / sum(weights)
            more = FOCUSED / (1 - FOCUSED) * (1 - share) / share
            weights = [weight * max(1, more) if within else weight for weight, within in zip(weights, inside, strict=True)]
        self._cumulative = list(accumulate(weights))

    def draw(self, w: Writer) -> Production:
        while True:
            production = w.rng.choices(self._productions, cum_weights=self._cumulative)[0]
            if production.risky and not w.risk():
                continue
            if not w.has(production.needs):
                continue
            return production


class Writer:
    """Writes one program: lines, indentation, and what is in scope."""

    def __init__(self, seed: int, focus: str | None = None) -> None:
        self.rng = random.Random(seed)
        self.lines: list[str] = []
        self.indent = 0
        self.functions: list[tuple[str, str, str]] = []  # name, kind of result, template of a call
        self.methods: list[tuple[str, str]] = []  # kind of result, template of a call without the receiver
        self.generators: list[str] = []
        self.in_function = False
        self.result = "int"
        self.in_loop = 0
        self.in_try = 0
        self.in_nested_scope = 0  # comprehension or lambda: no walrus, no await
        self._budget = 0
        self._fresh = 0
        inside = focused(focus) if focus else frozenset()
        self._tables = {kind: Table(self.rng, productions, inside) for kind, productions in EXPRESSIONS.items()}
        self._statements = Table(self.rng, STATEMENTS, inside)
        self._daring = self.rng.choice((0.0, 0.03, 0.1, 0.25))

    # what a production may ask

    def has(self, needs: str) -> bool:
        match needs:
            case "":
                return True
            case "function":
                return self.in_function
            case "loop":
                return self.in_loop > 0
            case "top":
                return not self.in_function and not self.in_nested_scope
            case "shallow":
                return self.indent < 4
            case "binding":
                return not self.in_nested_scope
            case "int_function":
                return any(kind == "int" for _, kind, _ in self.functions)
            case "list_function":
                return any(kind == "list" for _, kind, _ in self.functions)
            case "method":
                return bool(self.methods)
            case "generator":
                return bool(self.generators)
        raise KeyError(needs)

    def risk(self) -> bool:
        return self.rng.random() < (0.6 if self.in_try else self._daring)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, *choices: str) -> str:
        return self.rng.choice(choices)

    def fresh(self, stem: str) -> str:
        self._fresh += 1
        return f"{stem}{self._fresh}"

    # expressions

    def name(self, kind: str) -> str:
        return self.rng.choice(NAMES[kind])

    def expr(self, kind: str) -> str:
        """An expression of `kind`: an atom or in brackets, so that it fits anywhere."""
        if kind in ("atom", "key"):
            return self.expr(self.pick("int", "int", "str") if kind == "atom" else "int")
        self._budget -= 1
        if self._budget < 0:
            return self._leaf(kind)
        if kind == "any" and kind not in self._tables:
            kind = self.pick("int", "str", "list")
        return self._tables[kind].draw(self).write(self)

    def _leaf(self, kind: str) -> str:
        leaf = self.rng.choice(LEAVES[kind])
        return leaf if leaf.isidentifier() else f"({leaf})"

    def small(self, kind: str, budget: int = 1) -> str:
        """An expression of at most `budget` more nodes."""
        saved, self._budget = self._budget, min(self._budget, budget)
        text = self.expr(kind)
        self._budget = saved - 1
        return text

    @contextmanager
    def nested_scope(self) -> Iterator[None]:
        self.in_nested_scope += 1
        yield
        self.in_nested_scope -= 1

    # statements

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def budget(self, nodes: int) -> None:
        self._budget = nodes

    def statement(self) -> None:
        self._budget = self.rng.choice((3, 5, 7, 9))
        before = len(self.lines)
        self._statements.draw(self).write(self)
        self._maybe_join(before)

    def _maybe_join(self, before: int) -> None:
        """Now and then put a simple statement on the line of the one before it."""
        if len(self.lines) != before + 1 or before == 0 or not self.chance(0.04):
            return
        last, this = self.lines[before - 1], self.lines[before]
        simple = not this.rstrip().endswith((":", "\\")) and not this.lstrip().startswith(COMPOUND)
        indent = len(this) - len(this.lstrip())
        if (
            simple
            and len(last) - len(last.lstrip()) == indent
            and not last.lstrip().startswith(COMPOUND)
            and not last.endswith(OPEN)
        ):
            self.lines[before - 1 :] = [f"{last}; {this.lstrip()}"]

    def block(self, least: int = 1, most: int = 3) -> None:
        self.indent += 1
        for _ in range(self.rng.randint(least, most)):
            self.statement()
        self.indent -= 1

    @contextmanager
    def body(self) -> Iterator[None]:
        """Lines one level deeper."""
        self.indent += 1
        yield
        self.indent -= 1

    @contextmanager
    def function_scope(self, result: str = "int") -> Iterator[None]:
        saved = self.in_function, self.in_loop, self.in_try, self.in_nested_scope
        self.in_function, self.in_loop, self.in_try, self.in_nested_scope = True, 0, 0, 0
        self.result = result
        self.indent += 1
        yield
        self.indent -= 1
        self.in_function, self.in_loop, self.in_try, self.in_nested_scope = saved


COMPOUND = (
    "if ",
    "for ",
    "while ",
    "try",
    "except",
    "finally",
    "else",
    "elif",
    "with ",
    "match ",
    "case ",
    "def ",
    "class ",
    "@",
    "async ",
    ")",
    "]",
    "}",
)
OPEN = ("(", "[", "{", ",", ":", "\\")
