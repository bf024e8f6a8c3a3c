"""The benchmarks of real clients and of streams run, small, and leave what their twins leave."""

from __future__ import annotations

import pytest

from benchmarks import clients, streaming


@pytest.mark.parametrize("cell", clients.CELLS)
def test_calls_through_a_client(cell: str) -> None:
    found = clients.measure(cell, calls=70, seconds=0.02, rounds=1)
    assert found["calls"] == 70 and found["poppy"] > 0.04 and found["ratio"] > 0


def test_looking_up() -> None:
    assert [one["callee"] for one in clients.lookups(100)][0] == "a declared function"


def test_streaming() -> None:
    found = streaming.measure(1, first_token=0, per_token=0.0005)
    assert found.keys() == {"by hand", "poppy", "plain"}
    assert all(0 < one["first"] <= one["total"] for one in found.values())
