"""`--check` on cells of the repository's notebooks; `python -m tests.record.notebooks` is the same for all of them."""

from __future__ import annotations

import pytest

from tests.record.notebooks import checked


@pytest.mark.flaky(reruns=2)  # a real kernel, and a service that takes its time
@pytest.mark.parametrize(("name", "cells"), [("quickstart", 3), ("limits_and_failures", 8)])
def test_every_cell_leaves_what_a_plain_run_leaves(name: str, cells: int) -> None:
    found = checked(name)
    assert len(found) == cells
    for text in found:
        assert text.startswith("checked, the same as a plain run:"), text
