"""JSON when asked for it: a value for each field, taken from the text.

The subset of JSON Schema that the clients' structured outputs use: objects, arrays, enums, scalars, `$ref`, `anyOf`.
A field's name and description are read as the question.
"""

from __future__ import annotations

import re
from typing import Any

from poppy_ipython.local_llm.prompt import Prompt
from poppy_ipython.local_llm.text import central, closest, content, keywords, overlap

SHORT = re.compile(r"title|topic|name|label|keyword|tag|subject|category|kind|word", re.I)
MAX_DEPTH = 12


def rate(prompt: Prompt, low: int, high: int, variant: int = 0) -> int:
    """A whole number within the range: by what the instruction and the text share, then by the text's own length."""
    shared = overlap(prompt.instruction, prompt.text)
    spread = (len(prompt.text) + 7 * variant) % 5 / 8
    return min(high, low + int((high - low + 1) * (0.6 * shared + 0.6 * spread)))


def choose(labels: list[str], text: str) -> str:
    """The label with most mentions in the text; of equals, one that depends on the text."""
    stems = content(text)
    mentions = [sum(stems.count(one) for one in content(label)) for label in labels]
    best = [label for label, count in zip(labels, mentions, strict=True) if count == max(mentions)]
    return best[len(text) % len(best)]


def by_named_keys(prompt: Prompt, variant: int) -> dict[str, Any]:
    """`{"type": "json_object"}`: the keys that the instruction puts in quotes or after the word `keys`."""
    names = re.findall(r"[\"'`](\w+)[\"'`]", prompt.instruction)
    if not names and (match := re.search(r"\b(?:keys?|fields?)\b:?\s+([\w, ]+)", prompt.instruction, re.I)):
        names = [name for name in re.findall(r"\w+", match[1]) if name != "and"]
    properties: dict[str, Any] = {name: guess(name) for name in names or ["answer"]}
    return fill({"type": "object", "properties": properties}, prompt, variant)  # type: ignore[no-any-return]


def guess(name: str) -> dict[str, Any]:
    if re.search(r"score|rating|count|number|confidence", name, re.I):
        return {"type": "integer"}
    if re.match(r"(is|has|does|can)_", name):
        return {"type": "boolean"}
    if SHORT.search(name) and name.endswith("s"):
        return {"type": "array", "items": {"type": "string"}}
    return {"type": "string"}


def fill(shape: dict[str, Any], prompt: Prompt, variant: int) -> Any:
    """A value of this JSON schema."""
    return _value(shape, shape, "", prompt, variant, 0)


def _value(shape: dict[str, Any], root: dict[str, Any], name: str, prompt: Prompt, variant: int, depth: int) -> Any:
    if "$ref" in shape:
        target: Any = root
        for step in shape["$ref"].lstrip("#/").split("/"):
            target = target[step]
        return _value(target, root, name, prompt, variant, depth + 1) if depth < MAX_DEPTH else None
    if "const" in shape:
        return shape["const"]
    if "enum" in shape:
        texts = [str(one) for one in shape["enum"]]
        return shape["enum"][texts.index(choose(texts, prompt.text))]
    for union in ("anyOf", "oneOf"):
        if union in shape:
            nullable = sorted(shape[union], key=lambda one: one.get("type") == "null")
            return _value(nullable[-1 if depth >= MAX_DEPTH else 0], root, name, prompt, variant, depth + 1)
    kind = shape.get("type", "object" if "properties" in shape else "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    asked = f"{name.replace('_', ' ')} {shape.get('description', '')}"
    match kind:
        case "object":
            return {
                key: _value(inner, root, key, prompt, variant, depth + 1)
                for key, inner in shape.get("properties", {}).items()
            }
        case "array":
            return _array(shape, root, name, prompt, variant, depth)
        case "integer" | "number":
            whole = rate(Prompt(asked, prompt.text), int(shape.get("minimum", 1)), int(shape.get("maximum", 10)), variant)
            return whole if kind == "integer" else float(whole)
        case "boolean":
            return overlap(asked, prompt.text) >= 0.5
        case "null":
            return None
        case _:
            said = _short(prompt.text, variant) if SHORT.search(name) else closest(asked, prompt.text)
            return said[: shape.get("maxLength", len(said))]


def _array(shape: dict[str, Any], root: dict[str, Any], name: str, prompt: Prompt, variant: int, depth: int) -> list[Any]:
    items = shape.get("items") or {"type": "string"}
    count = max(int(shape.get("minItems", 0)), min(3, int(shape.get("maxItems", 3))))
    if depth >= MAX_DEPTH:
        return []
    if items.get("type") == "string" and "enum" not in items:
        found = (keywords if SHORT.search(name) else central)(prompt.text, count, variant)
        return (found * count)[:count] if len(found) < int(shape.get("minItems", 0)) else found
    return [_value(items, root, name, prompt, variant + place, depth + 1) for place in range(count)]


def _short(text: str, variant: int) -> str:
    return " ".join(keywords(text, 3, variant)) or text[:40]
