"""What can be wrong with alternatives, resources, profiles and objectives. Each says what to do instead.

    ChoiceError                 (a ValueError)
    ├─ BadAlternatives          they do not go together, or one says something impossible of itself
    ├─ BadResource              a capacity or a need that cannot be meant
    ├─ BadProfile               a profile file that is damaged, or of a newer version
    └─ BadObjective             the magic's line cannot be meant
       ├─ NothingToChoose       the cell calls no alternatives
       ├─ Infeasible            no choice keeps the bounds; `nearest` says what can be kept
       └─ BudgetSpent           while running: the next call cannot be paid
"""

from __future__ import annotations

__all__ = [
    "BadAlternatives", "BadObjective", "BadProfile", "BadResource", "BudgetSpent", "ChoiceError", "Infeasible", "NothingToChoose",
]  # fmt: skip


class ChoiceError(ValueError):
    """Something about choices cannot be meant, or cannot be had."""


class BadAlternatives(ChoiceError):
    """Alternatives that do not go together."""


class BadResource(ChoiceError):
    """A capacity or a need that cannot be meant."""


class BadProfile(ChoiceError):
    """A profile file that cannot be used."""


class BadObjective(ChoiceError):
    """An objective that cannot be meant."""


class NothingToChoose(BadObjective):
    """An objective for a cell without alternatives."""


class Infeasible(BadObjective):
    """No choice keeps the bounds. `nearest` is the objective that comes closest and can be kept."""

    def __init__(self, text: str, nearest: object = None) -> None:
        super().__init__(text)
        self.nearest = nearest


class BudgetSpent(BadObjective):
    """The rest of the budget does not pay for any alternative of the next call."""
