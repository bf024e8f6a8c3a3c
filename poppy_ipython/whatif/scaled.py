"""The same loop over more input: ten documents today, a thousand tomorrow.

The loop is one at the top of the cell that makes calls, the one with the most if no line is named. Its calls are cut into
rounds, each beginning with the place of the first call. New rounds are copies of recorded ones, the first left out where
there are others (it often differs), and keep their causes: within the round, in the round before (a chain stays a chain),
outside of the loop. Whoever waited for most of the rounds waits for the new ones as well.

So it is assumed that new input behaves like the recorded one. That is written below every such prediction.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from poppy_ipython.trace.trace import seen
from poppy_ipython.whatif.graph import NOBODY
from poppy_ipython.whatif.levers import BadLever, Lever, Scene

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Trace
    from poppy_ipython.whatif.graph import Graph

__all__ = ["Loop", "loops", "rounds", "scaled"]

MOST_CALLS = 200_000
_LOOPS = (ast.For, ast.While, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Causes = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Loop:
    """A loop of the cell: its lines, and its calls round by round."""

    line: int
    end: int
    rounds: tuple[tuple[int, ...], ...]


def loops(trace: Trace, graph: Graph) -> list[Loop]:
    """The loops at the top of the cell that make calls, those with the most rounds first."""
    text = dict(trace.sources).get(trace.filename or "", "")
    try:
        spans = sorted({(node.lineno, node.end_lineno or node.lineno) for node in _top(ast.parse(text))})
    except (SyntaxError, ValueError, RecursionError):
        return []
    found = []
    places = [seen(call, trace.filename) for call in graph.calls]
    for line, end in spans:
        inside = [i for i, place in enumerate(places) if place.filename == trace.filename and line <= place.line <= end]
        inside.sort(key=graph.rank.__getitem__)
        if inside:
            cut = tuple(tuple(one) for one in _cut(graph, inside, places))
            found.append(Loop(line, end, cut))
    return sorted(found, key=lambda loop: (-len(loop.rounds), loop.line))


def _top(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Loops that are in no function and in no other loop."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _LOOPS):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _top(node)


def _cut(graph: Graph, inside: list[int], places: Sequence[object]) -> list[list[int]]:
    def site(i: int) -> tuple[object, ...]:
        call = graph.calls[i]
        return places[i], call.filename, call.line, call.col

    first = site(inside[0])
    cut: list[list[int]] = []
    for i in inside:
        if site(i) == first:
            cut.append([])
        cut[-1].append(i)
    return cut


def scaled(factor: float, line: int | None = None) -> Lever:
    """`factor` times as many rounds of the loop (at `line`, or the one that makes the most calls)."""
    _checked(factor, "scaled")
    return Lever("scaled", factor, None, lambda scene: _scale(scene, line, lambda now: max(1, round(now * factor))))


def rounds(number: int, line: int | None = None) -> Lever:
    """So many rounds of the loop."""
    _checked(number, "rounds")
    return Lever("rounds", number, None, lambda scene: _scale(scene, line, lambda now: max(1, int(number))))


def _checked(value: float, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        raise BadLever(f"{what}({value!r}): a number above 0 is expected")


def _scale(scene: Scene, line: int | None, wanted: Callable[[int], int]) -> None:
    graph = scene.graph
    known = loops(scene.trace, graph)
    chosen = [loop for loop in known if line is None or loop.line <= line <= loop.end]
    if not chosen:
        where = "" if line is None else f" around line {line}"
        raise BadLever(f"there is no loop{where} at the top of the cell that makes calls")
    loop = max(chosen, key=lambda one: (sum(map(len, one.rounds)), -one.line))
    now = len(loop.rounds)
    target = wanted(now)
    per_round = sum(map(len, loop.rounds)) / now
    if target * per_round > MOST_CALLS:
        raise BadLever(f"{target:,} rounds would be {target * per_round:,.0f} calls; {MOST_CALLS:,} are the most that are played")
    if target < now:
        _drop(graph, {i for one in loop.rounds[target:] for i in one})
    elif target > now:
        _grow(graph, loop, target)
    scene.__dict__.pop("names", None)
    rest = "new input is taken to behave like the old"
    scene.notes.append(f"{target:,} rounds of the loop in line {loop.line} instead of {now:,}: {rest}")


def _grow(graph: Graph, loop: Loop, target: int) -> None:
    now = len(loop.rounds)
    of = {i: (number, place) for number, one in enumerate(loop.rounds) for place, i in enumerate(one)}
    made: list[list[int]] = [list(one) for one in loop.rounds]
    after = max(graph.rank[i] for i in of) + 1
    many = [i for i in range(len(graph)) if i not in of and 2 * sum(c in of for c, _ in graph.operands[i]) >= now > 1]
    number = max(call.number for call in graph.calls)
    calls = list(graph.calls)
    ranks: list[int] = []
    same: tuple[list[Any], ...] = (
        graph.seconds, graph.host, graph.fence, graph.lag, graph.busy, graph.head, graph.late, graph.gap, graph.gone,
        graph.at_once,
    )  # fmt: skip

    def moved(i: int, by: int) -> int:
        """What stands for call `i` in the round that is `by` further on."""
        where = of.get(i)
        if where is None:
            return i
        there = made[where[0] + by]
        return there[min(where[1], len(there) - 1)] if there else i

    def causes(found: Causes, by: int) -> Causes:
        return tuple((moved(cause, by), part) for cause, part in found)

    for new in range(now, target):
        model = new % now if now == 1 else 1 + (new - now) % (now - 1)
        by = new - model
        made.append([])
        for i in loop.rounds[model]:
            number += 1
            calls.append(graph.calls[i]._replace(number=number))
            turn = graph.turn[i]
            for column in same:
                column.append(column[i])
            ranks.append(after + len(ranks))
            made[-1].append(len(graph.seconds) - 1)
            graph.turn.append(NOBODY if turn == NOBODY else moved(turn, by))
            graph.trigger.append(causes(graph.trigger[i], by))
            graph.operands.append(causes(graph.operands[i], by))
    graph.rank = [rank if rank < after else rank + len(ranks) for rank in graph.rank] + ranks
    graph.calls = tuple(calls)
    added = [(one[-1], 1.0) for one in made[now:] if one]
    for i in many:
        graph.operands[i] = (*graph.operands[i], *added)
    last, behind = loop.rounds[-1], [i for i in range(len(graph)) if graph.turn[i] in loop.rounds[-1] and i not in of]
    for i in behind:
        if graph.rank[i] >= after and made[-1] and i < len(graph) - len(ranks):
            graph.turn[i] = made[-1][min(last.index(graph.turn[i]), len(made[-1]) - 1)]


def _drop(graph: Graph, gone: set[int]) -> None:
    keep = [i for i in range(len(graph)) if i not in gone]
    index = {i: new for new, i in enumerate(keep)}

    def turn(i: int) -> int:
        before = graph.turn[i]
        while before in gone:
            before = graph.turn[before]
        return index.get(before, NOBODY)

    turns = [turn(i) for i in keep]
    for column in (graph.trigger, graph.operands):
        column[:] = [tuple((index[c], part) for c, part in causes if c in index) for causes in column]
    graph.turn[:] = [NOBODY] * len(graph)
    graph.calls = tuple(graph.calls[i] for i in keep)
    for column in vars(graph).values():
        if isinstance(column, list):
            column[:] = [column[i] for i in keep]
    graph.turn[:] = turns
    order = {rank: place for place, rank in enumerate(sorted(graph.rank))}
    graph.rank[:] = [order[rank] for rank in graph.rank]
