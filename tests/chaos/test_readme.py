"""The chapter of the README on limits and failures: each sentence names what holds it, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOLDS = re.compile(r"`((?:\w+/)*test_\w+\.py|make \w+|python\s-m\s[\w.]+)`")


def sentences() -> list[str]:
    chapter = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## Too many, too slow, failed\n")[1].split("\n## ")[0]
    prose = re.sub(r"^```.*?^```", "", chapter, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^\|.*", "", prose, flags=re.MULTILINE)
    _, *paragraphs = [" ".join(text.split()) for text in prose.split("\n\n") if text.strip()]  # the first says so
    return [part for text in paragraphs for part in re.split(r"(?<=\))[.:] |(?<=\.\*) ", text) if not re.fullmatch(r"\*[\w ]+\.\*", part)]


def test_each_sentence_names_what_holds_it():
    found = sentences()
    assert len(found) >= 20
    assert [text for text in found if not HOLDS.search(text)] == []
    inner = [text for text in found if re.search(r"[^`)]\. [A-Z*]", re.sub(r"`[^`]*`", "", text))]
    assert inner == [], "a sentence without a name of its own"


def test_what_is_named_exists():
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for name in {name for text in sentences() for name in HOLDS.findall(text)}:
        if name.startswith("make "):
            assert name.removeprefix("make ") in targets, name
        elif name.startswith("python"):
            module = ROOT / Path(*name.split()[-1].split("."))
            assert module.with_suffix(".py").exists() or (module / "__main__.py").exists(), name
        else:
            text = (ROOT / "tests" / name).read_text(encoding="utf-8")
            assert re.search(r"^(async )?def test_", text, re.MULTILINE), name
