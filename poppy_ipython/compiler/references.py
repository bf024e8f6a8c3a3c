"""What a piece of program may write, as values: references to what it stores into, and the calls that it makes.

A :class:`Summary` is what :func:`~poppy_ipython.compiler.maywrites.summarise` gives. A reference is a small expression that can be
evaluated later, without running user code, against the values that names have by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NAME, ATTRIBUTE, ITEM, ELEMENT, MADE, OPERATED, RESULT, EITHER, DATA, UNKNOWN, MODULE, HERE = range(12)



class Key:
    """Which elements a store concerns if it names no constant key."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


#: any element; those of a sequence, which may change places; only new ones at its end
#: detail of something MADE by slicing
PART = "part"
ANY_KEY, SEQUENCE_KEY, TAIL_KEY = Key("any key"), Key("sequence"), Key("tail")
#: one that a defaultdict did not have
MISSING_KEY = Key("missing")



@dataclass(frozen=True, slots=True, eq=False)
class Ref:
    """A value, as the text describes it.

    ========= =====================================================
    NAME      what ``detail`` is bound to
    ATTRIBUTE attribute ``detail`` of ``parts[0]``
    ITEM      item of ``parts[0]`` under the constant ``detail``
    ELEMENT   any element of ``parts[0]``
    MADE      a new container with elements among ``parts``
    OPERATED  result of an operator on ``parts``
    RESULT    result of the :class:`Call` ``detail``
    EITHER    one of ``parts``
    DATA      a number, a string (a literal one: ``detail``)
    UNKNOWN   anything
    MODULE    the module ``detail``
    HERE      a function whose body the summary contains
    ========= =====================================================
    """

    index: int
    kind: int
    parts: tuple[Ref, ...]
    detail: Any


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call; ``receiver`` and ``method`` if it is written as a method call, else ``callee``."""

    callee: Ref
    receiver: Ref | None
    method: str
    args: tuple[Ref, ...]
    keywords: tuple[tuple[str, Ref], ...]
    #: ``*args`` or ``**kwargs`` among the arguments: any parameter may be any of ``args``
    spread: bool
    #: ``await f(…)``
    awaited: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Everything in some statements that may write, as references."""

    #: why they may write anything, or None
    top: str | None
    bindings: dict[str, tuple[Ref, ...]]
    #: names of the namespace that they bind
    names: tuple[str, ...]
    #: names bound by a ``try`` in progress: they may go back to an earlier value
    retried: frozenset[str]
    #: (object, attribute, value)
    attributes: tuple[tuple[Ref, str, Ref], ...]
    #: (container, key, value)
    elements: tuple[tuple[Ref, Any, Ref], ...]
    #: (target, operand or None if it is a number, special method, a name of plain data in the cell): ``target op= operand``
    #: may change ``target`` itself
    inplace: tuple[tuple[Ref, Ref | None, str, str | None], ...]
    #: results of calls
    calls: tuple[Ref, ...]
    #: (operand, special methods that the operator looks for)
    operands: tuple[tuple[Ref, tuple[str, ...]], ...]
    #: (container, name of a variable that is the key, or None, constant key, or None) of elements that are read
    subscripts: tuple[tuple[Ref, str | None, Any], ...]
    iterated: tuple[Ref, ...]
    #: attribute reads (an attribute may be a property)
    loads: tuple[Ref, ...]
    modules: tuple[str, ...]
    #: (class of a pattern, how many attributes of it the pattern names by their place)
    classes: tuple[tuple[Ref, int], ...]
    returns: tuple[Ref, ...]
    #: number of references
    size: int
    #: there is a ``try``: a fault may drop what the unit has stored, and its handler runs
    catches: bool = False
