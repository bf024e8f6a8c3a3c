"""The data: every name resolves in the installed versions, and the reader reads what the format says."""

from __future__ import annotations

import importlib
import importlib.resources
import sys

import pytest

from poppy_ipython.effects import effect_of
from poppy_ipython.effects.library import Library, read, targets, wrappers_in
from poppy_ipython.effects.table import MISSING
from poppy_ipython.effects.wrappers import Wrappers

FILES = sorted(
    (file for file in importlib.resources.files("poppy_ipython.effects").joinpath("library").iterdir()),
    key=lambda file: file.name,
)


def test_the_files_are_there():
    assert {"builtins.toml", "openai.toml", "stdlib.toml"} <= {file.name for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_name_resolves(file):
    groups, attributes = read(file.read_text(encoding="utf-8"))
    missing = []
    for group in groups:
        module = importlib.import_module(group.module)
        missing += [f"{group.module}.{name}" for name, target in targets(group, module) if target is MISSING]
    for path in [path for paths in attributes.values() for path in paths]:
        module, _, kind = path.rpartition(".")
        if not isinstance(getattr(importlib.import_module(module), kind, None), type):
            missing.append(path)
    found = Wrappers()
    found.add(wrappers_in(file.read_text(encoding="utf-8")))
    assert missing + found.refresh() == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_name_stands_twice(file):
    groups, _ = read(file.read_text(encoding="utf-8"))
    names = [f"{group.module}.{name}" for group in groups for name in group.names]
    assert sorted(names) == sorted(set(names))


def test_a_group_becomes_an_effect():
    groups, attributes = read(
        """
        [[shop]]
        effect = "sequential"
        resource = "till"
        external = false
        names = ["pay"]
        unless_kwargs = ["later"]
        otherwise = { effect = "unordered", backend = "loop" }

        [attributes]
        pure = ["shop.Till"]
        """
    )
    (group,) = groups
    assert group.effect.resource == "till" and not group.effect.external
    assert group.effect.unless.otherwise.backend == "loop"
    other = group.effect.unless.other
    assert other(group.effect, None, (), {"later": None}) is other(group.effect, None, (), {"later": False}) is group.effect
    assert other(group.effect, None, (), {"later": True}).name == "unordered"
    assert attributes == {"pure": ["shop.Till"]}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A library of which the data knows more than it has."""
    package = tmp_path / "shop_that_moved"
    package.mkdir()
    (package / "__init__.py").write_text("__version__ = '2.0'\ndef pay(): ...\n")
    (package / "till.py").write_text("def count(): ...\n")
    (tmp_path / "shop_that_moved.toml").write_text(
        """
        [[shop_that_moved]]
        effect = "unordered"
        names = ["pay", "search", "Shop.find", "look"]
        [["shop_that_moved.till"]]
        effect = "unordered"
        names = ["count"]
        [["shop_that_moved.cellar"]]
        effect = "unordered"
        names = ["wine"]
        [wrappers]
        "shop_that_moved.traced.<locals>.inner" = "func"
        """
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [one for one in sys.modules if one.startswith("shop_that_moved")]:
        del sys.modules[name]


def test_a_name_that_moved_is_said_once_and_runs_in_order(shop, caplog):
    library = Library()
    library._files["shop_that_moved"] = shop / "shop_that_moved.toml"
    library.refresh()
    assert not caplog.records, "a library that is not imported costs nothing"
    moved = importlib.import_module("shop_that_moved")
    for _ in range(2):
        library.refresh()
    said = sorted(record.getMessage() for record in caplog.records)
    assert [line.partition(" is not in")[0] for line in said] == [
        "shop_that_moved.cellar.wine", "shop_that_moved.search, shop_that_moved.Shop.find, shop_that_moved.look",
        "shop_that_moved.traced.<locals>.inner",
    ]  # fmt: skip
    assert all(line.endswith("this version of shop_that_moved 2.0; it stays undeclared and runs in order") for line in said)
    assert effect_of(moved.pay).name == "unordered"
    till = importlib.import_module("shop_that_moved.till")
    library.refresh()
    assert effect_of(till.count).name == "unordered" and len(caplog.records) == 3


def test_the_table_of_the_readme_is_that_of_the_data():
    from pathlib import Path

    from poppy_ipython.effects.known import table

    assert table() in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
