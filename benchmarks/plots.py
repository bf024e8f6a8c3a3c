"""Plots as SVG text: small, without a library, readable in a diff."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

ROW, LEFT, WIDE, RIGHT = 20, 170, 420, 60


def bars(values: Mapping[str, float], title: str, at: float = 1.0) -> str:
    """Horizontal bars with a line at `at`; what is above 1.10 is drawn in another colour.

    >>> "tree" in bars({"tree": 1.02}, "Ratios")
    True
    """
    most = max([*values.values(), at * 1.2])
    height = ROW * (len(values) + 2)
    line = LEFT + WIDE * at / most
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDE + RIGHT}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="6" y="14" font-weight="bold">{escape(title)}</text>',
    ]
    for place, (name, value) in enumerate(values.items(), 1):
        y = ROW * place + 6
        colour = "#4c78a8" if value <= 1.10 else "#e45756"
        lines.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
        lines.append(f'<rect x="{LEFT}" y="{y}" width="{WIDE * value / most:.1f}" height="{ROW - 5}" fill="{colour}"/>')
        lines.append(f'<text x="{LEFT + WIDE * value / most + 5:.1f}" y="{y + 12}">{value:.2f}</text>')
    lines.append(f'<line x1="{line:.1f}" x2="{line:.1f}" y1="{ROW}" y2="{height - ROW / 2}" stroke="#333" stroke-dasharray="3"/>')
    return "\n".join([*lines, "</svg>", ""])
