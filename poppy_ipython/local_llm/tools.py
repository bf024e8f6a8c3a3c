"""Calls of tools: a request that demands one gets one, with arguments filled from its schema like a structured answer.

What demands a call is a `tool_choice` that names a tool or says `required` / `any`; left to itself (`auto`) the model never calls
one, so that an agent's loop ends. OpenAI's and Anthropic's forms are read here, and written where the rest of an answer is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from poppy_ipython.local_llm import schema
from poppy_ipython.local_llm.prompt import split

__all__ = ["Call", "demanded"]


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: dict[str, Any]


def demanded(asked: Mapping[str, Any], choice: int = 0) -> Call | None:
    """The call that the request demands, or None.

    >>> tool = {"type": "function", "function": {"name": "say", "parameters": {"properties": {"n": {"type": "integer"}}}}}
    >>> demanded({"messages": [], "tools": [tool], "tool_choice": "required"}).name
    'say'
    """
    said = asked.get("tool_choice")
    tools = [_described(one) for one in asked.get("tools") or () if isinstance(one, Mapping)]
    if isinstance(said, Mapping):
        wanted = (said.get("function") or said).get("name")
        chosen = [one for one in tools if one[0] == wanted] if wanted else tools if said.get("type") == "any" else []
    else:
        chosen = tools if said in ("required", "any") else []
    if not chosen:
        return None
    name, shape = chosen[0]
    filled = schema.fill(shape, split(asked["messages"]), choice + int(asked.get("seed") or 0))
    return Call(name, filled if isinstance(filled, dict) else {})


def _described(tool: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and schema of the arguments, in OpenAI's form (`function.parameters`) or Anthropic's (`input_schema`)."""
    inner = tool.get("function") or tool
    return str(inner.get("name")), dict(inner.get("parameters") or inner.get("input_schema") or {})
