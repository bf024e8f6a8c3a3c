"""Every witness cell: what a plain run leaves, in the rounds that it may take, and whatever the order of completion."""

from __future__ import annotations

import pytest

from tests.fuzz.compare import differences
from tests.fuzz.latency import ORDERS
from tests.fuzz.runs import engine, plain

from .cells import CELLS, Cell
from .world import WitnessWorld

BY_NAME = [pytest.param(cell, id=name) for name, cell in CELLS.items()]


@pytest.mark.parametrize("cell", BY_NAME)
def test_right_in_any_order_of_completion(cell: Cell) -> None:
    expected = plain(cell.source, 0, WitnessWorld)
    for order in ORDERS:
        actual = engine(cell.source, 0, order, WitnessWorld)
        found = differences(expected.observation, actual.observation)
        assert not found, f"completion {order}: " + "\n".join(map(str, found))


@pytest.mark.parametrize("cell", [parameter for parameter in BY_NAME if parameter.values[0].rounds is not None])
def test_overlaps(cell: Cell) -> None:
    actual = engine(cell.source, 0, "equal", WitnessWorld)
    assert actual.result.makespan <= cell.rounds, f"{actual.result.makespan} rounds, {cell.rounds} needed"
