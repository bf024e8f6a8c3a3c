"""The pictures of the README, from `.build/ui` into `docs/`, and what they were made of: `make screenshots`.

`docs/pictures.json` has for each picture the digest of what decides how it looks. A test compares: whoever changes the view
has to take the pictures again, and to look at them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS, LIST = ROOT / "docs", ROOT / "docs" / "pictures.json"
_DRAWN = ("bars", "details", "gantt", "graph", "header", "lanes", "legend", "source", "theme", "time")
_VIEW = (*(f"js/src/{name}.ts" for name in _DRAWN), "js/src/style.css", "notebooks/see_it_run.ipynb")
_WHATIF = (*_VIEW, *(f"js/src/{name}.ts" for name in ("curve", "twin", "whatifview")))
_SVG = tuple(f"poppy_ipython/display/{name}.py" for name in ("svg", "sheet", "folded", "network", "layers", "axis"))

#: picture of the README: where the tests put it, what it shows
PICTURES = {
    "view.png": (".build/ui/view-light.png", _VIEW),
    "view-dark.png": (".build/ui/view-dark.png", _VIEW),
    "whatif.png": (".build/ui/whatif.png", _WHATIF),
    "quickstart.png": (".build/ui/quickstart-cell.png", ("notebooks/quickstart.ipynb",)),
    "gantt.svg": ("docs/gantt.svg", (*_SVG, "notebooks/quickstart.ipynb")),  # notebooks/picture.py writes it
    "pareto.svg": ("docs/pareto.svg", ("poppy_ipython/display/front.py",)),  # benchmarks/objectives.py --picture writes it
}


def digest(names: tuple[str, ...]) -> str:
    """Of some files' contents."""
    found = hashlib.sha256()
    for name in names:
        found.update((ROOT / name).read_bytes())
    return found.hexdigest()[:16]


def outdated() -> list[str]:
    """The pictures that show something else than what is there now."""
    known = json.loads(LIST.read_text())
    return [name for name, (_, sources) in PICTURES.items() if known.get(name) != digest(sources)]


def main() -> None:
    for name, (taken, _) in PICTURES.items():
        if not (ROOT / taken).exists():
            sys.exit(f"{taken} is not there: run the tests of tests/ui first")
        if (ROOT / taken) != DOCS / name:
            shutil.copyfile(ROOT / taken, DOCS / name)
    LIST.write_text(json.dumps({name: digest(sources) for name, (_, sources) in PICTURES.items()}, indent=1) + "\n")
    print(f"{len(PICTURES)} pictures in docs/: look at them")


if __name__ == "__main__":
    main()
