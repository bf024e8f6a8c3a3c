"""A module of tests: its source, a module object under its own name, its tests.

The `test` package's files are copied into a scratch directory that stands before the package's own on its path, so that
helpers of several modules (`list_tests`, `mapping_tests`) belong to the user as well. `test.support` and data stay
where they are.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import shutil
import sys
import types
import unittest
from pathlib import Path
from typing import Any

from .ways import Way


def prepare(scratch: Path) -> None:
    """Copy the tests' sources and let `test` find them there."""
    import test

    home = Path(test.__file__).parent
    scratch.mkdir(parents=True, exist_ok=True)
    done = scratch / ".copied"
    if not done.exists():
        for file in home.glob("*.py"):
            if file.name != "__init__.py":
                shutil.copyfile(file, scratch / file.name)
        for folder in ("test_dataclasses", "test_module", "typinganndata", "test_json"):
            if (home / folder).is_dir():
                shutil.copytree(home / folder, scratch / folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        done.touch()
    test.__path__.insert(0, str(scratch))


def load(name: str, scratch: Path, way: Way) -> types.ModuleType:
    """The module `test.<name>`, its file executed by `way`."""
    spec = importlib.util.find_spec(f"test.{name}")
    assert spec is not None and spec.origin is not None, f"this interpreter has no test.{name}"
    assert Path(spec.origin).is_relative_to(scratch), spec.origin
    module = importlib.util.module_from_spec(spec)
    module.__file__ = spec.origin
    sys.modules[f"test.{name}"] = module
    setattr(importlib.import_module("test"), name, module)
    source = importlib.util.decode_source(Path(spec.origin).read_bytes())
    tree = ast.parse(source, spec.origin)
    way.execute(tree, source, spec.origin, module.__dict__, name)
    return module


def suite_of(module: types.ModuleType) -> Any:
    return unittest.TestLoader().loadTestsFromModule(module)
