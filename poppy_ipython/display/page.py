"""A run as a page of its own: the view's bundle and the run's data in one file that needs no network.

The data stands in a script element of a type that no browser runs, with every `<` escaped; the view makes elements out of
it, never HTML. Names and times only, unless `values` are given: texts that were made while the run went on.
"""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from poppy_ipython.display.wire import full, to_text
from poppy_ipython.trace.trace import Trace

__all__ = ["bundle", "page"]


@cache
def bundle(name: str = "view.js") -> str:
    """The text of a file that the front end loads; made from `js/` by `npm run build`."""
    return files("poppy_ipython.display").joinpath("static", name).read_text("utf-8")


def page(trace: Trace, title: str = "A run", error: str = "", values: dict[int, tuple[str, str]] | None = None) -> str:
    """The whole page.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> text = page(Trace.of([CallRecord(1, "<script>ask", started=0.0, ended=0.5, outcome="ok")]))
    >>> text.startswith("<!doctype html>"), "<script>ask" in text
    (True, False)
    """
    message: dict[str, Any] = full(trace, "page", title, error)
    if values:
        message["values"] = {str(number): texts for number, texts in values.items()}
    return _PAGE.format(title=escape(title), data=to_text(message), bundle=bundle().replace("</script", "<\\/script"))


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ margin: 0 auto; max-width: 1400px; padding: 14px; background: #fff; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #0e1116; }} }}
</style>
</head>
<body>
<div id="view"></div>
<script type="application/json" id="data">{data}</script>
<script type="module">
{bundle}
const data = JSON.parse(document.getElementById("data").textContent);
globalThis[Symbol.for("poppy_ipython.page")].page(data, document.getElementById("view"));
</script>
</body>
</html>
"""
