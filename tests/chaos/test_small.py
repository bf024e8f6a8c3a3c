"""Small versions of the campaigns, for `make test`."""

from __future__ import annotations

import pytest

from tests.chaos import cancelled, faults, interrupts, limited, soak
from tests.jupyter import kernel as kernels


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr(kernels, "PATIENCE", kernels.PATIENCE)  # campaigns set their own


def test_interrupts_leave_a_healthy_kernel_and_a_prefix_and_nothing_behind():
    found = interrupts.campaign(3, programs=("busy between calls",), step=0.2, check_every=1)
    assert [outcome.problems for outcome in found] == [[]] * 3


@pytest.mark.parametrize("fault", ["429-after", "half"])
def test_a_fault_at_a_request_of_a_program_has_the_outcome_of_a_plain_run(fault):
    part = faults.campaign(3, 1, programs=("planner",), faults=(fault,), positions=(), most=1)
    assert part.broken == [] and part.rows[0][2] == "1" and part.rows[0][4] == "1/1"


@pytest.mark.parametrize("kind", faults.SYNTHETIC)
@pytest.mark.parametrize("at", [0, 5, 105, 22])
def test_a_function_that_fails_leaves_sinks_as_a_plain_run_does(kind, at):
    assert faults.ledger(faults.SYNTHETIC[kind], at) == []


def test_under_a_hard_limit_that_was_told_nothing_is_refused():
    with limited.local_llm.serve(first_token=0.02, per_token=0, jitter=0, max_at_once=4, per_minute=600) as service:
        way = limited.under_poppy("told", service, 60, told={"calls": 4, "per_minute": 600}, max_retries=0)
    assert (way.answers, way.requests, way.refused) == (60, 60, 0)


def test_under_a_hard_limit_that_nobody_told_every_answer_arrives():
    with limited.local_llm.serve(first_token=0.02, per_token=0, jitter=0, max_at_once=4) as service:
        way = limited.under_poppy("learned", service, 60, told=None, max_retries=0)
    assert way.answers == 60 and way.refused > 0


def test_many_cells_leave_nothing():
    part = soak.campaign(500, 20)
    assert not any("instead" in one or "cell" in one.split(":")[0] and "grew" not in one for one in part.broken), part.broken


@pytest.mark.parametrize("behind", [False, True])
def test_all_that_is_in_flight_is_cancelled_at_once_when_an_earlier_call_fails(behind):
    assert len(cancelled.once(50, behind)) == 50
