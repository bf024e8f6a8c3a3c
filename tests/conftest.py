"""What every test can rely on: the same random numbers in every run, no proxy between it and loopback.

Hypothesis is derandomised here so that `make test` says the same thing twice; `make fuzz` is where new seeds are tried.
"""

from __future__ import annotations

import importlib.util
import os
import random

import pytest
from hypothesis import settings

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
os.environ.pop("POPPY_REAL", None)  # tests never ask a real service

# `make test` is Python only; `make test-ui` installs what these need.
collect_ignore = [] if importlib.util.find_spec("playwright") else ["ui"]

settings.register_profile("tests", derandomize=True, deadline=None, database=None)
settings.load_profile("tests")


@pytest.fixture(autouse=True)
def _same_random_numbers() -> None:
    random.seed(0)
