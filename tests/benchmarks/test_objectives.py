"""The video workload: every objective beside trying everything, foreseen beside had, and what each figure rests on."""

from __future__ import annotations

import pytest

from benchmarks import objectives
from poppy_ipython.choose import session
from poppy_ipython.choose.resources import CAPACITIES


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    monkeypatch.setenv("POPPY_IPYTHON_DATA", str(tmp_path))
    monkeypatch.setattr(session, "STORE", session.Store())
    monkeypatch.setattr(session, "_past", {})
    before = dict(CAPACITIES.units)
    yield
    CAPACITIES.set({name: None for name in CAPACITIES.units} | before)


def test_each_objective_is_as_good_as_trying_everything_and_comes_as_foreseen():
    rows = objectives.table(objectives.workload())
    assert [row.name[:3] for row in rows] == ["(a)", "(b)", *["(c)"] * 4]
    for row in rows[2:]:
        assert row.best is not None and row.best <= 1.05
        assert row.foreseen == pytest.approx(row.seconds, rel=0.05)
        assert row.quality >= objectives.FLOOR
    coupled, alone, soonest, cheapest, frugal, within = rows
    assert coupled.seconds > 3 * alone.seconds
    assert soonest.seconds == min(row.seconds for row in rows)
    assert cheapest.dollars == min(row.dollars for row in rows)
    assert frugal.wh == min(row.wh for row in rows)
    assert within.dollars < soonest.dollars
    assert objectives.markdown(rows).count("\n") == len(rows) + 1


def test_every_figure_of_the_workload_names_a_public_source():
    for profile in objectives.workload().PROFILES:
        assert profile.sources and all(source.startswith("http") for source in profile.sources)
