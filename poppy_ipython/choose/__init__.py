"""Say what you need: alternatives for a call, profiles of what they take, an objective, and who chooses.

alternatives.py  several callables for one purpose, with what is known of each
resources.py     what there is of what they occupy
profiles.py      what they were seen to take; store.py: kept between sessions
objective.py     time, cost or energy, within which bounds
project.py       a cell as calls with options, and what a plan of them would take
optimizer.py     the plan that meets the objective
chooser.py       carries it out, watches, plans again
explain.py       what was chosen, and what else there was; pareto.py: what could be had at what price
"""

from poppy_ipython.choose.alternatives import Alternatives, PerToken, alternatives, option
from poppy_ipython.choose.errors import (
    BadAlternatives,
    BadObjective,
    BadProfile,
    BadResource,
    BudgetSpent,
    ChoiceError,
    Infeasible,
    NothingToChoose,
)

__all__ = [
    "Alternatives", "BadAlternatives", "BadObjective", "BadProfile", "BadResource", "BudgetSpent", "ChoiceError", "Infeasible",
    "NothingToChoose", "PerToken", "alternatives", "option",
]  # fmt: skip
