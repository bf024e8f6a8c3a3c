"""What may be asked for, and what is said to what may not."""

from __future__ import annotations

import ast

import pytest
from IPython.core.error import UsageError

import poppy_ipython
from poppy_ipython import Options, unordered
from poppy_ipython.choose import BadObjective, Infeasible, NothingToChoose, alternatives, option
from poppy_ipython.choose.objective import Objective, from_project, seconds_of
from poppy_ipython.choose.reach import reachable
from poppy_ipython.magic import parse
from tests.choose.simulated import play
from tests.choose.test_alternatives import large, small

SOURCE = "out = [caption(t) for t in 'abcd']"


def priced():
    return alternatives(
        option(large, quality=0.9, price=0.02, seconds=0.2), option(small, quality=0.7, price=0.005, seconds=1.0)
    )


def test_the_line_of_the_magic():
    options = parse("--objective cost --deadline 500ms --budget 0.05 --min-quality 0.9")
    assert (options.objective, options.deadline, options.budget, options.min_quality) == ("cost", 0.5, 0.05, 0.9)
    assert not parse("").wants


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--objective speed", "it is time, cost or energy"),
        ("--deadline soon", "seconds are expected, as in 8s"),
        ("--deadline 0s", "seconds above 0"),
        ("--budget -1", "from 0 on"),
        ("--budget nan", "from 0 on"),
        ("--min-quality 1.2", "from 0 to 1"),
    ],
)
def test_a_line_that_cannot_be_meant(line, said):
    with pytest.raises(UsageError, match=said):
        parse(line)


def test_defaults_stand_in_pyproject(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.poppy_ipython.objective]\ngoal = "energy"\ndeadline = "8s"\n')
    assert from_project() == Objective("energy", deadline=8.0)
    file.write_text("[tool.poppy_ipython.objective]\ngaol = 1\n")
    with pytest.raises(BadObjective, match="known are goal, deadline"):
        from_project()
    file.write_text('[tool.poppy_ipython.objective]\ngoal = "speed"\n')
    with pytest.raises(BadObjective, match=r"pyproject.toml.*it is time, cost or energy"):
        from_project()
    file.write_text("[tool.other]\n")
    assert from_project() is None
    with pytest.raises(BadObjective):
        seconds_of("8 days")


def test_nothing_to_choose_is_refused_before_anything_runs():
    names = {"ask": large, "done": []}
    run = poppy_ipython.run("done.append(1)\nx = ask('a')", names, options=Options(objective="cost"))
    assert isinstance(run.error, NothingToChoose)
    assert "this cell calls no alternatives" in str(run.error)
    assert names["done"] == []


def test_alternatives_are_found_through_functions_methods_and_containers():
    caption = priced()

    class Agent:
        def __init__(self):
            self.tools = {"caption": caption}

        def go(self, text):
            return self.tools["caption"](text)

    def helper(agent):
        return [agent.go(text) for text in "ab"]

    names = {"agent": Agent(), "helper": helper}
    run = poppy_ipython.run("out = helper(agent)", names, options=Options(objective="cost"))
    assert run.error is None
    assert names["out"] == ["A", "B"]


def test_quality_must_be_known_where_it_is_asked_for():
    caption = alternatives(option(large, quality=0.9), small)
    with pytest.raises(BadObjective, match=r"the quality of small is not known; say it, option\(small, quality=…\)"):
        play(SOURCE, {"caption": caption}, Objective("time", min_quality=0.8))


def test_no_alternative_is_good_enough():
    with pytest.raises(Infeasible, match=r"none of .* \(large: quality 0.9; small: quality 0.7\).*--min-quality 0.9") as caught:
        play(SOURCE, {"caption": priced()}, Objective("cost", min_quality=0.99))
    assert caught.value.nearest == Objective("cost", min_quality=0.9)


def test_prices_must_be_known_where_they_are_asked_for():
    with pytest.raises(Infeasible, match="its price is not known"):
        play(SOURCE, {"caption": alternatives(large, small)}, Objective("cost"))
    with pytest.raises(Infeasible, match="its energy is not known"):
        play(SOURCE, {"caption": alternatives(large, small)}, Objective("energy"))


def test_a_budget_that_pays_for_nothing():
    for budget in (0, 0.004):
        with pytest.raises(Infeasible, match=r"does not pay for one call .*cheapest costs 0.005"):
            play(SOURCE, {"caption": priced()}, Objective("time", budget=budget))


def test_infeasible_is_said_before_running_with_the_nearest_that_can_be_had():
    names = {"caption": priced()}
    play(SOURCE, names)
    with pytest.raises(Infeasible, match="Nothing was run") as caught:
        play(SOURCE, names, Objective("cost", deadline=0.1))
    nearest = caught.value.nearest
    assert nearest.deadline == pytest.approx(0.2)
    assert play(SOURCE, names, nearest).error is None
    with pytest.raises(Infeasible) as caught:
        play(SOURCE, names, Objective("time", budget=0.019))
    assert caught.value.nearest == Objective("time", budget=0.02)
    with pytest.raises(Infeasible) as caught:
        play(SOURCE, names, Objective("time", deadline=0.5, budget=0.05))
    nearest = caught.value.nearest
    assert play(SOURCE, names, nearest).seconds <= nearest.deadline


def test_a_budget_that_is_spent_while_running_fails_the_call_that_cannot_be_paid():
    """The first run of a cell: nobody knows how many calls there will be."""
    names = {"caption": priced(), "done": []}
    source = "for t in 'abcdefghij':\n    done.append(caption(t))"
    played = play(source, names, Objective("cost", budget=0.021))
    assert "line 2: the budget of 0.021 is spent: 0.02 is gone" in str(played.error)
    assert played.namespace["done"] == ["A", "B", "C", "D"]
    assert played.cost <= 0.021


def test_a_word_after_the_run():
    names = {"caption": priced()}
    assert "first run of this cell" in play(SOURCE, names, Objective("time")).words[0]
    assert "foreseen 0.2 s" in play(SOURCE, names, Objective("time")).words[0]


@unordered
def unused(text):
    return text


def test_a_cell_that_calls_none_after_all_says_so():
    played = play("if False:\n    caption('x')\ny = other('a')", {"caption": priced(), "other": unused}, Objective("time"))
    assert played.words == ("poppy: nothing was chosen: the cell called no alternatives",)


def test_looking_for_alternatives_runs_no_code_of_anybody():
    """An object whose `__class__` is code: the engine's stand-ins have such a one, and a cell may reach them."""

    class Shy:
        @property
        def __class__(self):
            raise AssertionError("looked at")

    assert reachable(ast.parse("x"), {"x": [Shy()]}) == ([], True)
