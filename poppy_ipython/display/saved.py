"""What the notebook file keeps of a view: text, and a picture or a page.

* The picture (default) needs no kernel, no script and no network. It carries the run's mark, `poppy-run-…`, in its class: a
  page that has the view loaded shows the live one in its place (`js/src/main.ts`). GitHub, nbconvert and a notebook that is
  opened again show the picture.
* The page (`%poppy set saved=interactive`) is the view itself, with the run's data: it opens without kernel and network
  where scripts of the notebook may run (JupyterLab in a trusted notebook, nbconvert's HTML); elsewhere the picture inside it
  is shown. It costs the file 0.1 MB a cell and 0.1 MB per thousand calls.

Both hold names and times only. `--save-values` puts shortened arguments and results into the page, without secrets.
"""

from __future__ import annotations

import secrets

from poppy_ipython.display.page import fragment
from poppy_ipython.display.svg import gantt_svg
from poppy_ipython.display.text import summary
from poppy_ipython.trace.run import Run

__all__ = ["interactive", "picture"]

_LANES = 24  # a chart that is higher than the cell it stands under is folded


def picture(run: Run, mark: str = "", title: str = "") -> dict[str, str]:
    """The display of a finished run, by MIME type.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> run = Run(Trace.of([CallRecord(1, "ask", started=0.0, ended=0.5, outcome="ok")]))
    >>> sorted(picture(run, "0123abcd")), "poppy-run-0123abcd" in picture(run, "0123abcd")["image/svg+xml"]
    (['image/svg+xml', 'text/plain'], True)
    """
    svg = gantt_svg(run.trace, graph=True, mark=f"poppy-run-{mark}" if mark else "", most_lanes=_LANES)
    return {"image/svg+xml": svg, "text/plain": summary(run.trace)}


def interactive(run: Run, mark: str = "", title: str = "", values: bool = False) -> dict[str, str]:
    """The display of a finished run with the view in it, by MIME type.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> run = Run(Trace.of([CallRecord(1, "ask", started=0.0, ended=0.5, outcome="ok")]))
    >>> sorted(interactive(run)), "<script" in interactive(run)["text/html"]
    (['image/svg+xml', 'text/html', 'text/plain'], True)
    """
    shown = picture(run, "")
    mark = mark or secrets.token_hex(8)
    kept = run.values.saved() if values and run.values is not None else None
    html = fragment(run.trace, mark, shown["image/svg+xml"], title or "A run", run.failure, kept)
    return {"text/html": html, **shown}
