from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from poppy_ipython import local_llm


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recordings of a test are its own."""
    monkeypatch.setenv("POPPY_IPYTHON_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(scope="module")
def service() -> Iterator[local_llm.Service]:
    with local_llm.serve(first_token=0, per_token=0) as running:
        yield running
