"""What the notebook file keeps of a view: a picture that needs no kernel, no script and no network, and text.

The picture carries the run's mark, `poppy-run-…`, in its class: a page that has the view loaded shows the live one in its
place (`js/src/main.ts`). GitHub, nbconvert and a notebook that is opened again show the picture.
"""

from __future__ import annotations

from poppy_ipython.display.svg import gantt_svg
from poppy_ipython.display.text import summary
from poppy_ipython.trace.run import Run

__all__ = ["picture"]

_LANES = 24  # a chart that is higher than the cell it stands under is folded


def picture(run: Run, mark: str = "") -> dict[str, str]:
    """The display of a finished run, by MIME type.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> run = Run(Trace.of([CallRecord(1, "ask", started=0.0, ended=0.5, outcome="ok")]))
    >>> sorted(picture(run, "0123abcd")), "poppy-run-0123abcd" in picture(run, "0123abcd")["image/svg+xml"]
    (['image/svg+xml', 'text/plain'], True)
    """
    svg = gantt_svg(run.trace, graph=True, mark=f"poppy-run-{mark}" if mark else "", most_lanes=_LANES)
    return {"image/svg+xml": svg, "text/plain": summary(run.trace)}
