"""The run's graph as a `graphviz.Digraph`, for papers and for other tools.

It shows itself in a notebook if the `dot` program is installed, and by our own drawing if not, which most machines have no
`dot` for; `.source` is the text of the graph anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import graphviz

from poppy_ipython.display.network import network
from poppy_ipython.display.sheet import sheet
from poppy_ipython.trace.events import Reason
from poppy_ipython.trace.graph import graph
from poppy_ipython.trace.trace import Trace
from poppy_ipython.trace.units import count, duration, shorten

__all__ = ["Drawing", "dot"]


class Drawing(graphviz.Digraph):
    """A graph that shows something without `dot` as well: `own` gives height and elements of a drawing of ours."""

    def __init__(self, name: str, title: str, own: Callable[[], tuple[float, list[str]]], **more: Any) -> None:
        super().__init__(name, **more)
        self._title = title
        self._own = own
        self.attr("node", shape="box", style="rounded,filled", fillcolor="#f6f8fa", fontname="Helvetica", fontsize="11")
        self.attr("edge", color="#57606a", fontname="Helvetica", fontsize="9", arrowsize="0.7")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **more: Any) -> dict[str, str]:
        try:
            return dict(super()._repr_mimebundle_(include, exclude, **more))
        except graphviz.ExecutableNotFound:
            height, parts = self._own()
            note = "to have it drawn by graphviz, install its `dot` program"
            if not parts:
                return {"text/plain": f"{self.source}\n({note})"}
            return {"image/svg+xml": sheet(height, parts, self._title, note), "text/plain": f"{self._title} ({note})"}


_STYLE: dict[Reason, str] = {"branch": "dashed", "order": "dotted", "commit": "dotted", "unknown": "dashed"}


def dot(trace: Trace, fold: bool | None = None) -> Drawing:
    """The graph as a `graphviz.Digraph`."""
    found = graph(trace, fold)
    title = f"Graph of {count(len(trace.calls), 'call')}"
    drawn = Drawing("run", title, lambda: network(trace, 0.0), graph_attr={"rankdir": "LR", "bgcolor": "transparent"})
    for index, node in enumerate(found.nodes):
        seconds = duration(sum(call.seconds for call in node.calls))
        notes = [node.where, seconds, count(node.failed, "failure") if node.failed else ""]
        label = graphviz.escape(node.name) + "\\n" + graphviz.escape(" · ".join(filter(None, notes)))
        color = "#b54700" if node.failed else "#1f2328" if index in found.critical else "#57606a"
        drawn.node(str(index), label, penwidth="2" if index in found.critical else "1", color=color)
    for link in found.links:
        both = link.cause in found.critical and link.node in found.critical
        label = graphviz.escape(shorten(link.through, 24)) if link.through else "" if link.reason == "data" else link.reason
        style = {"style": _STYLE.get(link.reason, "solid"), "penwidth": "2" if both else "1"}
        drawn.edge(str(link.cause), str(link.node), label, tooltip=f"{link.reason} × {link.times}", **style)
    return drawn
