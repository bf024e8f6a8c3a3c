"""A run as a page of its own, or as a piece of one: the view's bundle and the run's data, which need no network.

The data stands in a script element of a type that no browser runs, with every `<` escaped; the view makes elements out of
it, never HTML. Names and times only, unless `values` are given: texts that were made while the run went on. Secrets that
stand in the source are taken out of it.

The piece (`fragment`) is an output of a notebook. Where scripts do not run, or the bundle cannot be loaded, the picture in it
stays; a page that shows this run already (the kernel's own view) is left to that.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from poppy_ipython.display.text import summary
from poppy_ipython.display.wire import full, to_text
from poppy_ipython.redact import redact
from poppy_ipython.trace.prices import dollars
from poppy_ipython.trace.trace import Trace

__all__ = ["bundle", "fragment", "page"]

_SWEPT = 100  # calls: what-if of more is nothing that every cell should wait for


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
    data = to_text(_message(trace, "page", title, error, values))
    return _PAGE.format(title=escape(_text(title)), data=data, bundle=_in_script(bundle()))


def fragment(
    trace: Trace, mark: str, svg: str, title: str = "", error: str = "", values: dict[int, tuple[str, str]] | None = None
) -> str:
    """HTML for a notebook's output; `mark` is the run's own, `svg` what is shown where scripts do not run.

    >>> fragment(Trace(()), "0123abcd", "<svg/>").count("</script>")
    3
    """
    data = to_text(_message(trace, mark, title, error, values))
    picture = b64encode(svg.encode("utf-8", "replace")).decode()
    return _FRAGMENT.format(
        mark=mark,
        words=escape(_text(summary(trace))),
        picture=picture,
        data=data,
        bundle=_in_script(bundle()),
        opener=bundle("opener.js"),
    )


def _message(trace: Trace, run: str, title: str, error: str, values: dict[int, tuple[str, str]] | None) -> dict[str, Any]:
    message = full(trace, run, title, error)
    costs = trace.costs
    if costs.by_call:
        message["costs"] = {str(number): dollars(cost) for number, cost in costs.by_call.items()}
        message["cost"] = str(costs)
    message["sources"] = [[name, redact(text)] for name, text in message["sources"]]
    if run == "page" or len(trace.sent) <= _SWEPT:
        from poppy_ipython.display.whatif import saved

        message["whatif"] = saved(trace, times=run == "page")
    if values:
        message["values"] = {str(number): texts for number, texts in values.items()}
    return message


def _text(text: str) -> str:
    """Without lone surrogates, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _in_script(text: str) -> str:
    return text.replace("</script", "<\\/script")


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

_FRAGMENT = """<div class="poppy-page poppy-run-{mark}">
<img alt="{words}" style="max-width:100%" src="data:image/svg+xml;base64,{picture}">
<script type="application/json">{data}</script>
<script type="text/plain">{bundle}</script>
<script>{opener}</script>
</div>
"""
