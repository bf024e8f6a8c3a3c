from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from poppy_ipython.choose import session
from poppy_ipython.choose.chooser import WARM
from poppy_ipython.choose.resources import CAPACITIES


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Profiles, capacities and past runs of a test are its own."""
    monkeypatch.setenv("POPPY_IPYTHON_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(session, "STORE", session.Store())
    monkeypatch.setattr(session, "_past", {})
    before = dict(CAPACITIES.units)
    WARM.clear()
    yield
    CAPACITIES.set({name: None for name in CAPACITIES.units} | before)
    WARM.clear()
