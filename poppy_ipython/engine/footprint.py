"""The footprint of a stalled unit: the slots that its continuation may still write."""

from __future__ import annotations

from typing import Any


def footprint(machine: Any, unit: Any) -> tuple[Any, ...]:
    """Slots that the continuation of ``unit`` may write."""
    return ("top",)
