"""Every cause of the closed list, each on the drawing of its situation, and what wins when there are several."""

import pytest
from hypothesis import given

from poppy_ipython.trace import Trace, Wait, why
from poppy_ipython.trace.load import slowdowns
from poppy_ipython.trace.why import charges
from tests.trace.drawing import draw
from tests.trace.test_trace import runs


def test_chain_of_dependence():
    cause = why(
        draw("""
        ask line 1         |====           |
        ask line 2 data<1  |....======     |
        ask line 3 data<2  |..........==== |
    """)
    )
    assert (cause.name, cause.line) == ("chain of dependence", 3)
    assert cause.seconds == pytest.approx(1.0)  # the last call's own flight is nobody's fault


def test_waiting_to_commit_is_a_dependence_too():
    cause = why(
        draw("""
        ask line 1          |====     |
        ask line 2 commit<1 |....==== |
    """)
    )
    assert (cause.name, cause.line) == ("chain of dependence", 2)


def test_unknown_effect():
    cause = why(
        draw("""
        ask line 1                        |======       |
        ask line 3 unknown<1 [normalise]  |      ====== |
    """)
    )
    assert (cause.name, cause.detail, cause.line) == ("unknown effect", "normalise", 3)


def test_an_undeclared_function_that_sleeps_is_charged_with_its_sleep():
    cause = why(
        draw(
            """
        ask line 1                   |==               |
        ask line 3 data<1            |..===            |
        ask line 5 unknown<2 [fetch] |             ==  |
        """,
            cpu=0.01,
        )
    )
    assert (cause.name, cause.detail, cause.line) == ("unknown effect", "fetch", 5)
    assert cause.seconds == pytest.approx(0.3 + 0.8, abs=0.02)


def test_ordered_resource():
    cause = why(
        draw("""
        save line 3 [db]         |=====          |
        save line 3 order<1 [db] |.....=====     |
        save line 3 order<2 [db] |..........=====|
    """)
    )
    assert (cause.name, cause.detail, cause.line) == ("ordered resource", "db", 3)


def test_branch_on_a_pending_value():
    cause = why(
        draw("""
        judge  line 2          |========         |
        ask    line 4 branch<1 |        ======   |
    """)
    )
    assert (cause.name, cause.line) == ("branch on a pending value", 4)


def test_limit():
    trace = draw(
        """
        ask line 2 @api |=====          |
        ask line 2 @api |-----=====     |
        ask line 2 @api |----------=====|
        """,
        max_calls=1,
    )
    cause = why(trace)
    assert (cause.name, cause.detail, cause.line) == ("limit", "api", 2)
    assert cause.seconds == pytest.approx(1.0)


def test_time_held_at_a_limit_is_not_pythons_as_well():
    trace = draw(
        """
        ask line 2 @api |=====          |
        ask line 2 @api |-----=====     |
        """,
        cpu=0.5,
        ended=1.0,
    )
    assert [(charge.name, round(charge.seconds, 6)) for charge in charges(trace)] == [("limit", 0.5)]


def test_a_full_window_is_a_limit():
    cause = why(
        draw("""
        ask line 2          |=====    |
        ask line 3 window<1 |     ====|
    """)
    )
    assert (cause.name, cause.line) == ("limit", 3)


def test_a_held_call_is_not_the_limits_when_nothing_else_was_in_flight():
    trace = draw(
        """
        ask line 2 @a |==        |
        ask line 3 @b |---------=|
        """,
        cpu=1.0,
    )
    assert why(trace).name == "kernel busy with Python"


def test_server_slower_when_busy():
    trace = draw("""
        ask line 1 @api         |==                          |
        ask line 2 data<1 @api  |..==                        |
        ask line 5 data<2 @api  |....=======                 |
        ask line 5 data<2 @api  |....========                |
        ask line 5 data<2 @api  |....=========               |
        ask line 5 data<5 @api  |.............=======        |
        ask line 5 data<5 @api  |.............========       |
    """)
    cause = why(trace)
    assert trace.at_once > 1.5  # they overlap, and gain nothing by it
    assert (cause.name, cause.detail, cause.line) == ("server slower when busy", "ask", 5)
    (measured,) = slowdowns(trace).values()
    assert measured.alone == pytest.approx(0.2) and measured.busy == pytest.approx(0.8)


def test_a_slow_flight_is_split_between_the_server_and_the_edge():
    """Line 9 waits 0.8 s for line 5: 0.2 s of that is the dependence, the rest is the server's doing."""
    trace = draw("""
        ask line 1 @api         |==                |
        ask line 2 data<1 @api  |..==              |
        ask line 5 data<2 @api  |....========      |
        ask line 5 data<2 @api  |....========      |
        use line 9 data<4       |............==    |
    """)
    found = [(charge.name, charge.line, round(charge.seconds, 6)) for charge in charges(trace)]
    assert ("server slower when busy", 5, 0.6) in found
    assert ("chain of dependence", 9, 0.2) in found


def test_calls_of_different_length_prove_nothing_about_the_server():
    trace = draw("""
        ask line 1 @api |===           |
        ask line 1 @api |======        |
        ask line 1 @api |=========     |
        ask line 1 @api |============  |
    """)
    assert not slowdowns(trace) and why(trace) is None


def test_a_busy_server_that_is_as_quick_as_before_is_not_blamed():
    trace = draw("""
        ask line 1 @api         |==           |
        ask line 2 data<1 @api  |..==         |
        ask line 5 data<2 @api  |....==       |
        ask line 5 data<2 @api  |....==       |
    """)
    assert not slowdowns(trace)
    assert why(trace).name == "chain of dependence"


def test_kernel_busy_with_python_between_calls():
    cause = why(
        draw(
            """
        ask line 2         |==                |
        ask line 7 data<1  |............==    |
        """,
            cpu=1.2,
        )
    )
    assert (cause.name, cause.line, cause.before) == ("kernel busy with Python", 7, True)
    assert cause.seconds == pytest.approx(1.2)


def test_kernel_busy_with_python_while_a_call_is_in_flight():
    """Independent calls that overlap little, because each prompt takes long to build."""
    cause = why(
        draw(
            """
        ask line 3 |     =====               |
        ask line 3 |         =====           |
        ask line 3 |             =====       |
        """,
            cpu=1.3,
        )
    )
    assert (cause.name, cause.line) == ("kernel busy with Python", 3)


def test_kernel_busy_with_python_after_the_last_call():
    cause = why(draw("ask line 2 |==                 |", cpu=1.7))
    assert (cause.name, cause.line, cause.before) == ("kernel busy with Python", 2, False)


def test_time_that_no_cpu_explains_goes_to_the_recorded_wait():
    cause = why(
        draw(
            """
        ask  line 1              |==            |
        wait line 4 unknown [f]  |  ~~~~~~~~    |
        ask  line 6              |          ==  |
        """,
            cpu=0.05,
        )
    )
    assert (cause.name, cause.detail, cause.line) == ("unknown effect", "f", 4)


def test_time_that_nothing_explains_is_charged_to_nobody():
    assert (
        why(
            draw(
                """
        ask  line 1              |==            |
        ask  line 6              |          ==  |
        """,
                cpu=0.05,
            )
        )
        is None
    )


def test_no_external_call_seen():
    assert why(Trace.of([], ended=0.4)).name == "no external call seen"
    assert why(Trace.of([], [Wait("unknown", 2, "f", 0.0, 0.4)])).name == "no external call seen"
    assert why(draw("ask line 1 |....|")).name == "no external call seen"


def test_one_long_call_has_no_cause():
    assert why(draw("ask line 1 |==========|", cpu=0.02)) is None
    assert (
        why(
            draw("""
        ask line 1 |==========|
        ask line 2 |=         |
    """)
        )
        is None
    )


def test_enough_at_once_needs_no_cause():
    assert (
        why(
            draw("""
        ask line 1         |====    |
        ask line 1         |====    |
        ask line 3 data<2  |....====|
        ask line 3 data<2  |....====|
    """)
        )
        is None
    )


def test_the_largest_cause_wins_and_its_largest_line():
    trace = draw("""
        ask line 1               |==                        |
        ask line 2 data<1        |..===                     |
        ask line 3 branch<2      |     =====                |
        ask line 4 unknown<3 [f] |          ====            |
        ask line 5 unknown<4 [g] |              =====       |
        ask line 6 order<5 [db]  |...................====   |
    """)
    cause = why(trace)
    assert (cause.name, cause.detail, cause.line) == ("unknown effect", "f", 4)
    assert cause.seconds == pytest.approx(0.9)
    by_name = {}
    for charge in charges(trace):
        by_name[charge.name] = by_name.get(charge.name, 0.0) + charge.seconds
    assert by_name["ordered resource"] == pytest.approx(0.5)
    assert by_name["branch on a pending value"] == pytest.approx(0.3)
    assert by_name["chain of dependence"] == pytest.approx(0.2)


def test_fifty_that_wait_for_one_do_not_outweigh_a_long_chain():
    waiting = "\n".join("ask line 9 branch<1 |......==                |" for _ in range(3))
    cause = why(
        draw(f"""
        ask line 1        |======                  |
        ask line 2 data<1 |......========          |
        ask line 3 data<2 |..............========  |
        {waiting}
    """)
    )
    assert (cause.name, cause.line) == ("chain of dependence", 3)


@given(runs())
def test_no_second_is_charged_twice(trace):
    if trace.sent:
        found = charges(trace)
        assert all(charge.seconds >= -1e-9 for charge in found)
        # Overlapping edges are cut off where the times contradict them, so the walk never passes a second twice.
        assert sum(charge.seconds for charge in found) <= trace.wall + 1e-6


@given(runs())
def test_a_cause_is_worth_naming_and_not_named_without_need(trace):
    cause = why(trace)
    if cause is not None and trace.sent:
        assert cause.seconds >= 0.1 * trace.wall > 0 or trace.wall == 0
        assert trace.at_once < 1.5 or slowdowns(trace)
