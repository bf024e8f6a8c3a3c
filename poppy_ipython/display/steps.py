"""The plan of a cell as a graph: its statements from left to right, by the names that one gives and another needs.

    2 for d in documents ──notes──▶ 4 check(notes) ──title──▶ 7 ask(title)
      ask: overlaps                   nobody declared it

Only those of which something is said; names are followed through the others, as the text stands, without regard to
branches. Dotted links lead to what waits for everything before it. It is a picture of what is known before a run; what was
really waited for is in `run.graph()`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

import graphviz

from poppy_ipython.display.dot import Drawing
from poppy_ipython.display.layers import layers
from poppy_ipython.display.network import strip
from poppy_ipython.display.sheet import sheet
from poppy_ipython.trace.events import Reason
from poppy_ipython.trace.graph import Graph, Link, Node
from poppy_ipython.trace.units import count, shorten

if TYPE_CHECKING:
    from poppy_ipython.display.plan import CellPlan

__all__ = ["Step", "steps", "steps_dot", "steps_picture", "steps_shown"]

_MOST = 40  # statements
_FILLS = frozenset(("append", "add", "extend", "insert", "appendleft", "update", "setdefault", "put"))
_WAITS = ("nobody declared it", "in order: ")


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of the cell's top level."""

    line: int
    text: str
    notes: tuple[str, ...]
    waits: bool  # for everything before it
    needs: tuple[tuple[int, str], ...]  # earlier steps, and the name that comes from there


def steps(plan: CellPlan) -> list[Step]:
    """The statements with what they need of earlier ones.

    >>> import ast
    >>> from poppy_ipython.display.plan import plan_of
    >>> text = "a = open('x')\\nb = [a]\\nopen(b)"
    >>> [(step.text, step.waits, step.needs) for step in steps(plan_of(ast.parse(text), text, {}))]
    [("a = open('x')", True, ()), ('open(b)', True, ((0, 'b'),))]
    """
    lines = plan.source.splitlines()
    given: dict[str, tuple[int, ...]] = {}  # by name: the steps that it comes from
    found: list[Step] = []
    for node in plan.tree.body:
        notes = tuple(dict.fromkeys(note for line in _lines(node) for note in plan.notes.get(line, ())))
        reads, writes = _names(node)
        needs = tuple((step, name) for name in reads for step in given.get(name, ()))
        if not notes:
            given.update(dict.fromkeys(writes, tuple(dict.fromkeys(step for step, _ in needs))))
        elif len(found) < _MOST:
            given.update(dict.fromkeys(writes, (len(found),)))
            text = lines[node.lineno - 1].strip() if node.lineno <= len(lines) else ""
            waits = any(words in note for note in notes for words in _WAITS)
            found.append(Step(node.lineno, shorten(text, 40), notes, waits, needs))
    return found


def _lines(node: ast.stmt) -> range:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return range(first, (node.end_lineno or node.lineno) + 1)


def _names(node: ast.stmt) -> tuple[list[str], list[str]]:
    """Names that are read, and that are bound or filled."""
    reads: dict[str, None] = {}
    writes: dict[str, None] = {}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            (reads if isinstance(inner.ctx, ast.Load) else writes)[inner.id] = None
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            writes[inner.name] = None
        elif isinstance(inner, ast.alias):
            writes[(inner.asname or inner.name).partition(".")[0]] = None
        elif isinstance(inner, ast.Attribute | ast.Subscript) and isinstance(inner.ctx, ast.Store):
            writes.update(_owner(inner.value))
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr in _FILLS:
            writes.update(_owner(inner.func.value))
    return list(reads), list(writes)


def _owner(node: ast.expr) -> dict[str, None]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id: None} if isinstance(node, ast.Name) else {}


def _links(found: list[Step]) -> list[tuple[int, int, Reason, str | None]]:
    links: list[tuple[int, int, Reason, str | None]] = []
    for index, step in enumerate(found):
        names: dict[int, list[str]] = {}
        for at, name in step.needs:
            names.setdefault(at, []).append(name)
        links += [(at, index, "data", ", ".join(given)) for at, given in names.items()]
        if step.waits and index and index - 1 not in names:
            links.append((index - 1, index, "unknown", None))
    return links


def steps_dot(plan: CellPlan) -> Drawing:
    """The graph for graphviz."""
    found = steps(plan)
    title = f"Plan of {plan.title}: {count(len(found), 'statement')}"
    drawn = Drawing("plan", title, lambda: steps_picture(plan), graph_attr={"rankdir": "LR", "bgcolor": "transparent"})
    for index, step in enumerate(found):
        notes = "".join(graphviz.escape(shorten(note, 60)) + "\\l" for note in step.notes)
        color = "#b54700" if step.waits else "#57606a"
        drawn.node(str(index), f"{step.line}  {graphviz.escape(step.text)}\\l{notes}", color=color)
    for cause, node, reason, through in _links(found):
        label = graphviz.escape(shorten(through, 24)) if through else ""
        drawn.edge(str(cause), str(node), label, style="solid" if reason == "data" else "dotted")
    return drawn


def steps_picture(plan: CellPlan) -> tuple[float, list[str]]:
    """Height and elements of our own drawing; no height if there is nothing to see."""
    found = steps(plan)
    links = _links(found)
    if not links:
        return 0.0, []
    says = [shorten(step.notes[-1].partition(",")[0], 26) for step in found]
    nodes = tuple(Node((), f"{s.line}  {shorten(s.text, 24)}", said) for s, said in zip(found, says, strict=True))
    graph = Graph(nodes, tuple(Link(a, b, reason, 1, shorten(t, 20) if t else None) for a, b, reason, t in links), frozenset())
    return strip(graph, layers(len(nodes), [(a, b) for a, b, _, _ in links]), 0.0, smallest=0.5)


def steps_shown(plan: CellPlan) -> dict[str, str] | None:
    """The picture as a display, by MIME type; the words are the plan's own."""
    height, parts = steps_picture(plan)
    return {"image/svg+xml": sheet(height, parts, f"Plan of {plan.title}", ""), "text/plain": ""} if parts else None
