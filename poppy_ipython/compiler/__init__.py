"""The compiler: cell text to :class:`~poppy_ipython.compiler.plan.Plan`.  Pure functions of the AST; runs nothing.

It knows the names of the engine's operations (``abi``), and nothing else of the engine.
"""

from .cells import compile_cell
from .functions import lower_function
from .plan import Lowered, Plan

__all__ = ["Lowered", "Plan", "compile_cell", "lower_function"]
