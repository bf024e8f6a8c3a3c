from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai import AsyncOpenAI

from poppy_ipython import local_llm


@pytest.fixture(scope="module")
def service() -> Iterator[local_llm.Service]:
    with local_llm.serve(first_token=0, per_token=0, hang=20) as running:
        yield running


@pytest.fixture
def async_client(service: local_llm.Service) -> AsyncOpenAI:
    """Used inside one `asyncio.run`, which closes its connections."""
    service.reset()
    return AsyncOpenAI(base_url=service.base_url, api_key="local", max_retries=0)
