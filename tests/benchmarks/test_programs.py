"""Every program of the benchmarks leaves the same plain, under the engine and as hand-written asyncio; and it overlaps.

The engine runs on its simulated clock, where each call takes one second, against the real clients and a service that
takes no time: what overlaps is counted, not timed. The floors are calls per simulated second as they are now; one that
falls is a loss that no test of sameness would see.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.programs import NAMES
from benchmarks.service import World
from benchmarks.simulate import simulate

#: calls at once, on average, that the program reaches at least; those not named here are in order so far
FLOORS = {
    "map_reduce": 15,
    "tree_of_thoughts": 16,
    "branchy_helper": 41,
    "graph_of_thoughts": 10,
    "self_consistency": 7,
    "chain_of_verification": 24,
    "mixture_of_agents": 25,
    "debate": 2,
    "react_agent": 2.5,
    "rag_rerank": 6,
    "text_to_sql": 1.5,
    "trading_desk": 21,
    "video_pipeline": 1.5,
    "streaming_writer": 2,
    "eval_harness": 9,
    "memory_agent": 2.2,
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(scale=0) as found:
        yield found


@pytest.mark.parametrize("name", NAMES)
def test_same_and_overlapped(name: str, world: World) -> None:
    found = simulate(name, world)
    assert found.differences == []
    assert found.twin_differences == []
    assert found.requests >= 20
    assert found.at_once >= FLOORS.get(name, 1)
