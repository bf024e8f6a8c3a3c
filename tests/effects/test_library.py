"""The data: every name resolves in the installed versions, and the reader reads what the format says."""

from __future__ import annotations

import importlib
import importlib.resources

import pytest

from poppy_ipython.effects.library import read, targets
from poppy_ipython.effects.table import MISSING

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
    assert missing == []


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


def test_the_table_of_the_readme_is_that_of_the_data():
    from pathlib import Path

    from poppy_ipython.effects.known import table

    assert table() in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
