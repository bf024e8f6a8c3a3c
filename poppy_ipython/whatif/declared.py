"""A callee declared as something else: what its calls would wait for then, and what would no longer wait for them.

    sequential ─▶ unordered, readonly    its calls are sent when their arguments are there, not at the head; readonly ones
                                         after older writes of their resource
    unknown ─▶ anything                  no call of the trace, but a fence: code behind it waited for everything older, then
                                         for the callee itself. It becomes a call of its own, of the length that was measured,
                                         and what stands behind it goes on

Which arguments such a call has, the run did not have to find out: at the head everything had arrived. So it is looked up
in the text (`trace/flow.py`): the nearest older call of each place from which a variable leads here, or all of them where
a container is used whole.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from poppy_ipython.trace.flow import Flow
from poppy_ipython.whatif.graph import NOBODY

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call
    from poppy_ipython.whatif.levers import Scene

__all__ = ["redeclare"]


def redeclare(scene: Scene, what: str, name: str) -> bool:
    """Change the scene; whether anything in it goes by that name."""
    order, _, rest = what.partition("(")
    order, resource = order.strip(), rest.rstrip(") ").strip("'\"") or None
    calls = list(scene.names.get(name, ()))
    fences = _fences(scene, name)
    if not calls and not fences:
        return False
    arguments = _Arguments(scene)
    for i in calls:
        _change(scene, i, order, resource, arguments)
    for i, line in fences:
        _unfence(scene, i, line, name, order, resource, arguments)
    if order == "readonly":
        _after_writes(scene)
    return True


def _change(scene: Scene, i: int, order: str, resource: str | None, arguments: _Arguments) -> None:
    graph = scene.graph
    call = graph.calls[i]
    if graph.head[i] and order != "sequential":
        graph.head[i] = False
        graph.operands[i] = arguments.of(call, i)
        graph.late[i] = 0.0
    elif order == "sequential" and not graph.head[i]:
        graph.head[i] = True
        graph.operands[i] = ()
    calls = list(graph.calls)
    calls[i] = call._replace(effect="unordered" if order == "pure" else order, resource=resource or call.resource)
    graph.calls = tuple(calls)


def _fences(scene: Scene, name: str) -> list[tuple[int, int]]:
    """The first call of each turn that began behind `name`, undeclared, and the line where that stands."""
    found = []
    for i, call in enumerate(scene.graph.calls):
        if scene.graph.fence[i]:
            for _, reason, line, detail in call.needs:
                if reason == "unknown" and detail is not None and name in (detail, detail.rpartition(".")[2]):
                    found.append((i, line or call.line))
                    break
    return found


def _unfence(scene: Scene, i: int, line: int, name: str, order: str, resource: str | None, arguments: _Arguments) -> None:
    """Put a call of `name` before call `i`, which waited for it so far."""
    graph = scene.graph
    call = graph.calls[i]
    own = min(_own_seconds(scene, name), graph.busy[i] + graph.lag[i])
    before = max(
        (k for k in range(len(graph)) if graph.rank[k] < graph.rank[i] and k != i), key=graph.rank.__getitem__, default=NOBODY
    )
    new = len(graph)
    position = (*call.position[:-1], call.position[-1] - 1, 1 << 30) if call.position else ()
    made = call._replace(
        number=max(one.number for one in graph.calls) + 1, callee=name, effect=order, resource=resource, host=name,
        line=line, end_line=line, col=-1, end_col=-1, position=position, needs=(), cause=None,
    )  # fmt: skip
    graph.calls = (*graph.calls, made)
    rank = graph.rank[i]
    for k in range(new):
        if graph.rank[k] >= rank:
            graph.rank[k] += 1
    waits = arguments.of(made, new, rank)
    columns: tuple[tuple[list[Any], Any], ...] = (
        (graph.seconds, own), (graph.rank, rank), (graph.host, name), (graph.turn, before), (graph.fence, False),
        (graph.trigger, ()), (graph.lag, 0.0), (graph.busy, 0.0), (graph.head, order == "sequential"), (graph.operands, waits),
        (graph.late, 0.0), (graph.gap, 0.0), (graph.gone, False), (graph.at_once, False),
    )  # fmt: skip
    for column, value in columns:
        column.append(value)
    graph.fence[i], graph.trigger[i], graph.turn[i] = False, (), new
    taken = min(own, graph.lag[i])
    graph.lag[i] -= taken
    graph.busy[i] = max(0.0, graph.busy[i] - (own - taken))
    if arguments.leads(made, call):
        graph.operands[i] = (*graph.operands[i], (new, 1.0))


def _own_seconds(scene: Scene, name: str) -> float:
    """How long one call of an undeclared callee took, without what it waited for."""
    for use in scene.trace.uses:
        if use.calls and name in (use.what, use.callee, use.what.rpartition(".")[2]):
            waited = sum(wait.seconds for wait in scene.trace.waits if wait.reason == "unknown" and wait.detail == use.what)
            return max(0.0, (use.held - waited) / use.calls)
    return 0.0


def _after_writes(scene: Scene) -> None:
    """Reads of a resource wait for the nearest older write of it."""
    graph = scene.graph
    last: dict[str | None, int] = {}
    for i in sorted(range(len(graph)), key=graph.rank.__getitem__):
        call = graph.calls[i]
        if call.effect == "sequential":
            last[call.resource] = i
        elif call.effect == "readonly" and not graph.head[i]:
            write = last.get(call.resource)
            if write is not None and all(cause != write for cause, _ in graph.operands[i]):
                graph.operands[i] = (*graph.operands[i], (write, 1.0))


class _Arguments:
    """Which older answers lead to a call, by the text."""

    def __init__(self, scene: Scene) -> None:
        self._flow = Flow(scene.trace.sources)
        self._rank = scene.graph.rank
        sites: dict[tuple[object, ...], list[int]] = {}
        for i in sorted(range(len(scene.graph)), key=scene.graph.rank.__getitem__):
            call = scene.graph.calls[i]
            sites.setdefault((call.filename, call.line, call.col, tuple(frame[:3] for frame in call.stack)), []).append(i)
        self._calls = scene.graph.calls
        self._sites = list(sites.values())

    def of(self, call: Call, own: int, rank: int | None = None) -> tuple[tuple[int, float], ...]:
        found: list[int] = []
        rank = self._rank[own] if rank is None else rank
        for site in self._sites:
            older = site[: bisect_left([self._rank[i] for i in site], rank)]
            older = [i for i in older if i != own]
            if not older:
                continue
            if _within(self._calls[older[-1]], call):
                found += older[-1:]
                continue
            via = self._flow.through(self._calls[older[-1]], call)
            if via is not None:
                found += older if via.whole else older[-1:]
        return tuple((i, 1.0) for i in found)

    def leads(self, one: Call, two: Call) -> bool:
        return self._flow.through(one, two) is not None


def _within(inner: Call, outer: Call) -> bool:
    """Whether a call, or the helper that made it, stands among the arguments of another one."""
    depth = len(inner.stack) - len(outer.stack)
    if depth < 0 or inner.stack[depth:] != outer.stack:
        return False
    if depth:
        _, filename, line, _ = inner.stack[depth - 1]
        return filename == outer.filename and outer.col >= 0 and outer.line <= line <= outer.end_line
    if inner.filename != outer.filename or outer.col < 0:
        return False
    begin, end = (inner.line, inner.col), (inner.end_line, inner.end_col)
    return (outer.line, outer.col) < begin and end <= (outer.end_line, outer.end_col)
