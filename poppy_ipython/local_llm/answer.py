"""What the model says: one rule per kind of request, the first that applies.

Each rule is a function from (prompt, variant) to an answer or None. The variant is 0 for the first choice and differs
between the choices of one request (`n`) and between requests that differ in `seed`: a second proposal is another one.
"""

from __future__ import annotations

import json
import re
from typing import Any

from poppy_ipython.local_llm import schema
from poppy_ipython.local_llm.prompt import Prompt, split
from poppy_ipython.local_llm.text import central, closest, content, keywords, overlap

NUMBERS = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "ten": 10}
COUNT = r"(\d+|" + "|".join(NUMBERS) + r")"


def answer(request: dict[str, Any], choice: int = 0) -> str:
    """The text of choice number `choice` of a chat completion request."""
    prompt = split(request["messages"])
    variant = choice + int(request.get("seed") or 0)
    wanted = request.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return json.dumps(schema.fill(wanted["json_schema"].get("schema") or {}, prompt, variant))
    if wanted.get("type") == "json_object":
        return json.dumps(schema.by_named_keys(prompt, variant))
    for rule in RULES:
        said = rule(prompt, variant)
        if said is not None:
            return said
    return " ".join(central(prompt.text, 2, variant))


def number_of(pattern: str, instruction: str) -> int | None:
    match = re.search(pattern, instruction, re.I)
    return (NUMBERS.get(match[1].lower()) or int(match[1])) if match else None


def rating(prompt: Prompt, variant: int) -> str | None:
    """`Rate ... from 1 to 10`: more of the instruction's words in the text, a higher number."""
    if not re.search(r"\b(rate|rating|score|grade|confidence)\b", prompt.instruction, re.I):
        return None
    match = re.search(r"(\d+)\s*(?:to|-|–|and)\s*(\d+)", prompt.instruction)
    low, high = (int(match[1]), int(match[2])) if match else (1, 10)
    return str(schema.rate(prompt, low, high, variant))


def label(prompt: Prompt, variant: int) -> str | None:
    """`One of: tool, data, text`: the label whose words the text has most of."""
    match = re.search(
        r"\b(?:one of|labels?|categor\w+|classes|choose (?:from|between)|options?)\b[^:\n]*[:=(\[]\s*([^\n.?!)\]]+)",
        prompt.instruction,
        re.I,
    ) or re.search(r"\bas ([\w-]+(?:, [\w -]+)*,? or [\w-]+)", prompt.instruction, re.I)
    if not match:
        return None
    labels = [one.strip(" '\"`*") for one in re.split(r",|/|\||\bor\b", match[1]) if one.strip(" '\"`*")]
    return schema.choose(labels, prompt.text) if len(labels) > 1 else None


def yes_or_no(prompt: Prompt, variant: int) -> str | None:
    """`... Answer yes or no.`: yes if the text has half of the question's words."""
    if not re.search(r"\byes\b.{0,12}\bno\b", prompt.instruction, re.I):
        return None
    question = re.sub(r"\b(answer|reply|respond|only|just|yes|no|or|with)\b", " ", prompt.instruction, flags=re.I)
    return "yes" if overlap(question, prompt.text) >= 0.5 else "no"


def items(prompt: Prompt, variant: int) -> str | None:
    """`List three ...`, `propose 4 ...`: that many lines."""
    count = number_of(rf"\b(?:list|propose|suggest|name|give)\b\D{{0,20}}?\b{COUNT}\b", prompt.instruction)
    if count is None:
        return None
    if re.search(r"\b(keyword|word|topic|tag)s?\b", prompt.instruction, re.I):
        return ", ".join(keywords(prompt.text, count, variant))
    chosen = central(prompt.text, count, variant)
    return chosen[0] if count == 1 else "\n".join(f"{place}. {one}" for place, one in enumerate(chosen, 1))


def summary(prompt: Prompt, variant: int) -> str | None:
    """`Summarise in two sentences`, `in at most 20 words`."""
    words = number_of(rf"\b{COUNT}\s+words?\b", prompt.instruction)
    count = number_of(rf"\b{COUNT}\s+(?:short |brief )?sentences?\b", prompt.instruction)
    if not (words or count or re.search(r"\b(summar|combine|merge|condense|shorten)", prompt.instruction, re.I)):
        return None
    said = " ".join(central(prompt.text, count or (1 if words else 2), variant))
    return " ".join(said.split()[:words]) if words else said


def question(prompt: Prompt, variant: int) -> str | None:
    """A question: the sentence that has most of its words."""
    if "?" in prompt.instruction and content(prompt.instruction):
        return closest(prompt.instruction, prompt.text)
    return None


RULES = (rating, label, yes_or_no, items, summary, question)
