"""What every test can rely on: the same random numbers in every run, no proxy between it and loopback.

Hypothesis is derandomised here so that `make test` says the same thing twice; `make fuzz` is where new seeds are tried.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
os.environ.pop("POPPY_REAL", None)  # tests never ask a real service

# `make test` is Python only; `make test-ui` installs what these need.
collect_ignore = [] if importlib.util.find_spec("playwright") else ["ui"]

settings.register_profile("tests", derandomize=True, deadline=None, database=None)
settings.load_profile("tests")


#: tests with a real kernel, real signals and a real service: on a machine that is busy with something else one of them may
#: miss its moment, so each is tried again before it counts as failed. Tests of the engine never are.
REAL_TIME = ("jupyter", "notebooks", "chaos", "ui")


#: files that take minutes: first, so that no worker is left with one at the end
LONG = ("fuzz/test_fuzz.py", "notebooks/real/test_real.py", "conformance/test_conformance.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = pathlib.Path(__file__).parent
    long = [here / name for name in LONG]
    items.sort(key=lambda item: item.path not in long)
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in REAL_TIME:
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture
def client(service: Any) -> Iterator[Any]:
    """The real `openai` client of the `service` that the tests of a folder share, which begins anew."""
    from openai import OpenAI

    service.reset()
    with OpenAI(base_url=service.base_url, api_key="local", max_retries=0) as made:
        yield made


@pytest.fixture(autouse=True)
def _same_random_numbers() -> None:
    random.seed(0)
