"""The README's pictures are there, and show what is there now."""

import re

from tests.ui.pictures import DOCS, PICTURES, ROOT, outdated


def test_the_readme_shows_pictures_that_are_there():
    shown = set(re.findall(r"docs/([\w.-]+\.(?:png|svg))", (ROOT / "README.md").read_text()))
    assert shown == set(PICTURES)
    assert {path.name for path in DOCS.iterdir() if path.suffix in (".png", ".svg")} == shown
    assert all((DOCS / name).stat().st_size < 300_000 for name in shown)


def test_they_were_taken_of_what_is_there_now():
    assert outdated() == [], "run `make screenshots` and look at the pictures in docs/"
