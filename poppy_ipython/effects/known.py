"""What is known out of the box, as the table of the README: `python -m poppy_ipython.effects.known`.

Made from the data, so that it cannot say more. The first line of each file says in words what its entries say.
"""

from __future__ import annotations

from collections import Counter

from poppy_ipython.effects.library import ALWAYS, FOLDER, NAMES, read

__all__ = ["table"]


def table() -> str:
    """The table in Markdown.

    >>> table().splitlines()[0]
    '| library | what is known | overlap | in place | in order |'
    """
    lines = ["| library | what is known | overlap | in place | in order |", "|---|---|--:|--:|--:|"]
    for name in sorted(NAMES, key=lambda name: (name not in ALWAYS, name)):
        text = FOLDER.joinpath(f"{name}.toml").read_text(encoding="utf-8")
        title, _, words = text.splitlines()[0].removeprefix("# ").partition(": ")
        counts: Counter[str] = Counter()
        more = ""
        for group in read(text)[0]:
            names = [one for one in group.names if not one.endswith("*")]
            more = more if len(names) == len(group.names) else " + all other methods"
            effect = group.effect
            counts["pure" if effect.name == "pure" else effect.name if effect.external else "sequential"] += len(names)
        overlap = counts["unordered"] + counts["readonly"]
        figures = [f"{overlap or ''}", f"{counts['pure'] or ''}", f"{counts['sequential'] or ''}{more}".removeprefix(" + ")]
        lines.append(f"| {title} | {words} | {' | '.join(figures)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
