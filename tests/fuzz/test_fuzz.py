"""The fixed budget of `make test`: no difference, and not by waiting.

More programs: `make fuzz`. The engine's breakages: `make mutants`. The fuzzer's own tests: test_harness.py.
"""

from __future__ import annotations

from .__main__ import campaign
from .census import LEAST_OVERLAPPING, LEAST_SHARE, LEAST_STATEMENTS, MOST_SKIPPED, shares
from .templates import TEMPLATES, ratios

PROGRAMS = 1000
FIRST = 1_000_000
LEAST_RATIO = 0.9


def test_programs_leave_what_a_plain_run_leaves(capsys) -> None:
    census = campaign(FIRST, PROGRAMS, jobs=1)
    with capsys.disabled():
        print(f"\n{census}")
    assert census.different == 0, str(census)
    assert census.skipped <= MOST_SKIPPED * PROGRAMS
    assert census.median_statements >= LEAST_STATEMENTS
    assert census.overlapping_share >= LEAST_OVERLAPPING


def test_every_construct_occurs() -> None:
    rare = {name: share for name, share in shares(range(FIRST, FIRST + 400)).items() if share < LEAST_SHARE}
    assert not rare


def test_overlap_is_what_the_effects_allow(capsys) -> None:
    found = ratios()
    mean = sum(found.values()) / len(found)
    with capsys.disabled():
        print(
            f"\noverlap achieved / allowed over {len(TEMPLATES)} templates: {mean:.3f}; least "
            + ", ".join(f"{name} {ratio:.2f}" for name, ratio in sorted(found.items(), key=lambda item: item[1])[:4])
        )
    assert mean >= LEAST_RATIO, found
