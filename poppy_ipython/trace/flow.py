"""Through which variable an answer reached a call: names followed through the source text.

The engine knows *that* a call waited for another one. What a reader wants to hear is `through summaries`, and that is in
the text: the names that the producer's statement binds or fills, followed through assignments until one of them stands in
the consumer's arguments.

    7  summaries.append(ask(d))          producer: fills `summaries`
    8  notes = "\\n".join(summaries)      summaries ─▶ notes
    9  overview = ask("Combine", notes)  consumer: uses `notes`           answer: `notes`, whole

Both places are taken to the function that they have in common: of a call inside `summarise(doc)` that is the place where
`summarise` was called, if the other call is outside.

*Whole* means that a container is used as such (joined, passed on), not by element (`out[0]`, `for x in out`). The engine
waits for the elements of a container one after the other and notes the last to arrive; if the use is whole, the calls of
the same place in the same invocation are needs as well (`edges.py` adds them, marked as inferred).

Names only, in the order of the text, without regard to branches: this explains a wait that was observed, it never decides
anything. Decided against following values at run time: each pending would have to carry where it came from.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call

__all__ = ["Flow", "Via"]

_FILLS = ("append", "add", "extend", "insert", "appendleft", "update", "setdefault", "put")
_HOPS = 8


@dataclass(frozen=True, slots=True)
class Via:
    """The name in the consumer's arguments, and whether it stands for everything that was put into it."""

    name: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class _Statement:
    node: ast.stmt
    line: int
    end: int


class Flow:
    """Answers `through`, and remembers the answer for each pair of places.

    >>> text = "out = []\\nfor d in docs:\\n    out.append(ask(d))\\nprint(ask('|'.join(out)))\\n"
    >>> from types import SimpleNamespace as At
    >>> one = At(filename="<cell>", line=3, col=15, end_line=3, end_col=21, stack=())
    >>> two = At(filename="<cell>", line=4, col=6, end_line=4, end_col=24, stack=())
    >>> Flow([("<cell>", text)]).through(one, two)
    Via(name='out', whole=True)
    """

    def __init__(self, sources: tuple[tuple[str, str], ...] | list[tuple[str, str]] = ()) -> None:
        self._texts = dict(sources)
        self._parsed: dict[str, list[_Statement]] = {}
        self._known: dict[tuple[object, ...], Via | None] = {}

    def through(self, producer: Call, consumer: Call) -> Via | None:
        """The variable that carried the answer of `producer` to `consumer`, if the text tells."""
        if not self._texts:
            return None
        one, two = _common(producer, consumer)
        if one is None or two is None or one[0] != two[0]:
            return None
        key = (*one, *two)
        if key not in self._known:
            try:
                self._known[key] = self._search(one, two)
            except RecursionError:
                self._known[key] = None
        return self._known[key]

    def _search(self, one: _Span, two: _Span) -> Via | None:
        statements = self._statements(one[0])
        start, goal = _around(statements, one), _around(statements, two)
        if start is None or goal is None:
            return None
        used = _names(_expression(goal.node, two))
        if start is goal:
            return None
        found = _bound(start.node, one)
        for _ in range(_HOPS):
            for name, whole in found.items():
                if name in used:
                    return Via(name, whole and used[name])
            more = dict(found)
            for statement in statements:
                if statement.line > goal.end or statement is goal:
                    continue
                for name, whole in _hop(statement.node, found).items():
                    more[name] = whole if name not in more else more[name] and whole
            if more == found:
                return None
            found = more
        return None

    def _statements(self, filename: str) -> list[_Statement]:
        if filename not in self._parsed:
            try:
                tree = ast.parse(self._texts.get(filename, ""))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                tree = ast.Module([], [])
            nodes = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
            self._parsed[filename] = [_Statement(node, node.lineno, node.end_lineno or node.lineno) for node in nodes]
        return self._parsed[filename]


_Span = tuple[str, int, int, int, int]  # file, line, column, end line, end column; columns -1 if only the line is known


def _common(producer: Call, consumer: Call) -> tuple[_Span | None, _Span | None]:
    """Where both stand in the function that they have in common: themselves, or the call that led to them."""
    theirs = {frame[3] for frame in consumer.stack}
    depth = next((i for i, frame in enumerate(producer.stack) if frame[3] in theirs), len(producer.stack))
    inner = producer.stack[depth][3] if depth < len(producer.stack) else None
    other = next((i for i, frame in enumerate(consumer.stack) if frame[3] == inner), len(consumer.stack))
    return _at(producer, depth), _at(consumer, other)


def _at(call: Call, depth: int) -> _Span | None:
    if depth == 0:
        return call.filename, call.line, call.col, call.end_line, call.end_col
    _, filename, line, _ = call.stack[depth - 1]
    return filename, line, -1, line, -1


def _around(statements: list[_Statement], span: _Span) -> _Statement | None:
    """The innermost statement around a place."""
    around = [s for s in statements if s.line <= span[1] and s.end >= span[3]]
    return min(around, key=lambda s: (s.end - s.line, -s.node.col_offset), default=None)


def _expression(node: ast.stmt, span: _Span) -> list[ast.expr]:
    """The call itself, or every call of its line if the column is not known; else the statement's own expressions."""
    exact, near = [], []
    for child in ast.walk(node):
        if isinstance(child, ast.Call):
            if (child.lineno, child.col_offset, child.end_lineno, child.end_col_offset) == span[1:]:
                exact.append(child)
            elif span[2] < 0 and child.lineno <= span[1] <= (child.end_lineno or child.lineno):
                near.append(child)
    return [*(exact or near)] or _own(node)


def _own(node: ast.stmt) -> list[ast.expr]:
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _names(expressions: list[ast.expr]) -> dict[str, bool]:
    """The names read, and whether each is read whole rather than by element."""
    found: dict[str, bool] = {}

    def visit(node: ast.AST, whole: bool) -> None:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                found[node.id] = found.get(node.id, True) and whole
            return
        for name, value in ast.iter_fields(node):
            children = value if isinstance(value, list) else [value]
            by_element = isinstance(node, ast.Subscript) and name == "value" and not isinstance(node.slice, ast.Slice)
            for child in children:
                if isinstance(child, ast.AST):
                    visit(child, whole and not by_element)

    for expression in expressions:
        visit(expression, True)
    return found


def _targets(node: ast.AST) -> list[str]:
    """The names under an assignment's target: `x`, and `d` of `d[k]`, `o` of `o.a`."""
    return [child.id for child in ast.walk(node) if isinstance(child, ast.Name)]


def _bound(node: ast.stmt, span: _Span) -> dict[str, bool]:
    """What a statement does with the answer of the call at `span`: names bound or filled; true if it fills a container."""
    found: dict[str, bool] = {}
    for child in ast.walk(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in _FILLS:
            if any(_inside(argument, span) for argument in [*child.args, *(k.value for k in child.keywords)]):
                found.update(dict.fromkeys(_targets(child.func.value), True))
        if isinstance(child, ast.NamedExpr) and _inside(child.value, span):
            found[child.target.id] = False
    for target, value in _assignments(node):
        if value is None or not _inside(value, span):
            continue
        fills = isinstance(node, ast.AugAssign) or any(
            isinstance(child, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) and _inside(child, span)
            for child in ast.walk(value)
        )
        for name in _targets(target):
            found[name] = fills or isinstance(target, ast.Subscript)
    return found


def _hop(node: ast.stmt, known: dict[str, bool]) -> dict[str, bool]:
    """Names that a statement makes out of `known` names."""
    found: dict[str, bool] = {}

    def through(expressions: list[ast.expr], elements: bool) -> bool | None:
        used = _names(expressions)
        hits = [known[name] and whole and not elements for name, whole in used.items() if name in known]
        return all(hits) if hits else None

    for target, value in _assignments(node):
        whole = None if value is None else through([value], False)
        if whole is not None:
            found.update(dict.fromkeys(_targets(target), whole))
    if isinstance(node, ast.For | ast.AsyncFor):
        if through([node.iter], True) is not None:
            found.update(dict.fromkeys(_targets(node.target), False))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if isinstance(call.func, ast.Attribute) and call.func.attr in _FILLS:
            whole = through([*call.args, *(k.value for k in call.keywords)], False)
            if whole is not None:
                found.update(dict.fromkeys(_targets(call.func.value), True))
    return found


def _assignments(node: ast.stmt) -> list[tuple[ast.expr, ast.expr | None]]:
    if isinstance(node, ast.Assign):
        return [(target, node.value) for target in node.targets]
    if isinstance(node, ast.AnnAssign | ast.AugAssign):
        return [(node.target, node.value)]
    if isinstance(node, ast.With | ast.AsyncWith):
        return [(item.optional_vars, item.context_expr) for item in node.items if item.optional_vars is not None]
    return []


def _inside(node: ast.expr, span: _Span) -> bool:
    begin, end = (node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or 0)
    if span[2] < 0:
        return begin[0] <= span[1] and end[0] >= span[3]
    return begin <= (span[1], span[2]) and end >= (span[3], span[4])
