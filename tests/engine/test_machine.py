"""The machine is put together from parts, each in a file of its own."""

from __future__ import annotations

from collections import defaultdict

import poppy_ipython.engine.run  # noqa: F401
from poppy_ipython.engine.machine import Machine

#: what the machine itself does before its part of the same name
SHORT_WAYS = {"meth"}


def test_no_part_hides_a_method_of_another() -> None:
    owners: dict[str, list[str]] = defaultdict(list)
    for part in Machine.__mro__[:-1]:
        for name, found in vars(part).items():
            if callable(found) and not name.startswith("__"):
                owners[name].append(part.__name__)
    assert {name for name, parts in owners.items() if len(parts) > 1} == SHORT_WAYS
