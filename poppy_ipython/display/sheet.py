"""The sheet a chart is drawn on: size, colours, text that is safe to show.

The chart stands on a panel of its own, because nobody knows what is under it: JupyterLab shows an SVG as an image (which
sees the system's colour scheme, not the notebook's theme), nbconvert puts it into the page, GitHub into white. So text
and panel change colours together, by media query, and either is readable on any page. Custom properties would be
shorter, but converters to PDF do not know them. Rules are scoped to `.poppy-gantt`: an inline SVG's style is the page's.

Colours are Okabe and Ito's, which the colour-blind can tell apart; still, none carries a meaning alone: failed bars end
in a stop, cancelled ones are hollow, waiting is thin, the critical path has an outline.
"""

from __future__ import annotations

import hashlib
from xml.sax.saxutils import escape

from poppy_ipython.trace.units import cells, shorten

__all__ = ["CHAR", "WIDTH", "number", "safe", "sheet", "width_of"]

WIDTH = 560.0  # of the view box
SHOWN = 760.0  # pixels, or as much as there is room for; an image has no other way to say how large it wants to be
CHAR = 6.1  # average width of a character, generously
_FONT = 11.5

_LIGHT = {
    "panel": "#ffffff",
    "edge": "#d0d7de",
    "ink": "#1f2328",
    "faint": "#57606a",
    "grid": "#e4e7eb",
    "run": "#0072b2",
    "on": "#ffffff",
    "wait": "#a9d0e6",
    "fail": "#b54700",
    "again": "#aa4a85",
    "stream": "#00795a",
    "carry": "#87919c",
}
_DARK = {
    "panel": "#1c2026",
    "edge": "#3a414a",
    "ink": "#e8edf2",
    "faint": "#a3adb8",
    "grid": "#303740",
    "run": "#56b4e9",
    "on": "#06202f",
    "wait": "#2a5a78",
    "fail": "#f0854a",
    "again": "#e08fc0",
    "stream": "#2fc79a",
    "carry": "#6f7b88",
}


def sheet(height: float, parts: list[str], title: str, description: str, mark: str = "") -> str:
    """The whole drawing. `parts` are finished SVG elements; title and description are plain text."""
    body = "".join(parts)
    mark = f" {mark}" if mark else ""
    name = "poppy-" + hashlib.sha256(body.encode()).hexdigest()[:8]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="poppy-gantt{mark}" viewBox="0 0 {number(WIDTH)} {number(height)}"'
        f' width="{number(SHOWN)}" height="{number(height * SHOWN / WIDTH)}" style="max-width:100%;height:auto"'
        f' role="img" aria-labelledby="{name}t {name}d">'
        f'<title id="{name}t">{safe(title, 200)}</title><desc id="{name}d">{safe(description, 1000)}</desc>'
        f"<style>{_STYLE}</style>"
        f'<rect class="panel" x=".5" y=".5" width="{number(WIDTH - 1)}" height="{number(height - 1)}" rx="6"/>'
        f"{body}</svg>"
    )


def safe(text: str, width: int) -> str:
    """Text for an element or an attribute: short, one line, escaped, and unable to turn its neighbours around."""
    short = escape(shorten(text, width), {'"': "&quot;"})
    return short if short.isascii() else f"\u2068{short}\u2069"


def width_of(text: str) -> float:
    """About how wide `text` will be: fonts differ, so this is on the large side."""
    return cells(text) * CHAR


def number(value: float) -> str:
    """A coordinate in as few characters as a tenth of a unit needs.

    >>> number(12.04), number(3.16)
    ('12', '3.2')
    """
    return f"{value:.1f}".removesuffix(".0")


def _rules(colour: dict[str, str]) -> str:
    rules = {
        ".panel": f"fill:{colour['panel']};stroke:{colour['edge']}",
        "text": f"fill:{colour['ink']};stroke:{colour['panel']}",
        ".faint": f"fill:{colour['faint']}",
        ".on": f"fill:{colour['on']};stroke:none",
        ".grid": f"stroke:{colour['grid']}",
        ".wait": f"fill:{colour['wait']}",
        ".run": f"fill:{colour['run']}",
        ".fail": f"fill:{colour['fail']}",
        ".again": f"fill:{colour['again']}",
        ".stream": f"fill:{colour['stream']}",
        ".room": f"fill:none;stroke:{colour['edge']}",
        ".carry": f"fill:{colour['carry']}",
        ".gone": f"fill:{colour['panel']};stroke:{colour['faint']}",
        ".path": f"stroke:{colour['ink']}",
        ".edge": f"stroke:{colour['faint']}",
        ".tip": f"fill:{colour['faint']};stroke:none",
    }
    return "".join(f".poppy-gantt {name}{{{rule}}}" for name, rule in rules.items())


_STYLE = (
    f".poppy-gantt text{{font:{_FONT}px system-ui,'Segoe UI',Helvetica,Arial,sans-serif;"
    "paint-order:stroke;stroke-width:3px}"  # a halo in the panel's colour, where a label crosses a line
    ".poppy-gantt .end{text-anchor:end}.poppy-gantt .mid{text-anchor:middle}"
    ".poppy-gantt .gone{stroke-dasharray:4 2}.poppy-gantt .path{fill:none;stroke-width:1.8;stroke-linejoin:round}"
    ".poppy-gantt .link{stroke-width:1.2}.poppy-gantt .edge{fill:none}.poppy-gantt .panel.path{stroke-width:1.8}"
    f"{_rules(_LIGHT)}@media(prefers-color-scheme:dark){{{_rules(_DARK)}}}"
)
