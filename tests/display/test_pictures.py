"""The README's pictures are there, and of the view as it is."""

import json
import re
from pathlib import Path

from tests.ui.pictures import DOCS, LIST, PICTURES, ROOT, outdated


def test_the_readme_shows_pictures_that_are_there():
    shown = set(re.findall(r"docs/([\w.-]+\.(?:png|svg))", (ROOT / "README.md").read_text()))
    assert shown == set(PICTURES)
    assert {path.name for path in DOCS.iterdir() if path.suffix in (".png", ".svg")} == shown
    assert all((DOCS / name).stat().st_size < 300_000 for name in shown)


def test_the_pictures_are_of_the_view_as_it_is():
    assert outdated() == [], "run `make screenshots`, look at the pictures in docs/, and commit them"


def test_what_has_changed_is_noticed(monkeypatch, tmp_path: Path):
    known = json.loads(LIST.read_text())
    (tmp_path / "pictures.json").write_text(json.dumps({**known, "view.png": "of another view"}))
    monkeypatch.setattr("tests.ui.pictures.LIST", tmp_path / "pictures.json")
    assert outdated() == ["view.png"]
