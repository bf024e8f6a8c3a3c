"""What tests with real clients share."""

from __future__ import annotations

import pytest

from poppy_ipython import local_llm


@pytest.fixture(scope="module")
def service():
    with local_llm.serve(first_token=0, per_token=0, hang=8) as running:
        yield running
