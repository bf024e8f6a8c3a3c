"""What is asked, and about which text: the two parts of a prompt.

People write the instruction first or last, fence the text or not. A few plain rules find the seam; where none applies,
the text is its own instruction.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

FENCES = [re.compile(pattern, re.S) for pattern in (r"```\w*\n(.+?)```", r'"""(.+?)"""', r"<(\w+)>\n?(?P<text>.+?)</\1>")]
LONGEST_INSTRUCTION = 600
ASKS = re.compile(
    r"\b(summar|classif|label|categor|rate|rating|score|grade|translate|extract|list|propose|suggest|answer|explain|combine"
    r"|merge|rewrite|judge|vote|choose|pick|describe|return|reply|name|give|write|what|why|how|is|does|do|are|can)\w*\b",
    re.I,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Prompt:
    instruction: str
    text: str


def plain(content: Any) -> str:
    """The text of a message's content, which is a string or a list of parts."""
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def split(messages: list[dict[str, Any]]) -> Prompt:
    """Instruction (system messages and the asking part of the last user message) and text (the rest of it)."""
    system = "\n".join(plain(one.get("content")) for one in messages if one.get("role") in ("system", "developer"))
    turns = [plain(one.get("content")) for one in messages if one.get("role") == "user"]
    ask, text = seam(turns[-1] if turns else "")
    if not text:  # a question about what was said before
        earlier = [plain(one.get("content")) for one in messages[:-1] if one.get("role") in ("user", "assistant", "tool")]
        text = "\n\n".join(earlier)
    return Prompt(f"{system}\n{ask}".strip(), text or ask or system)


def seam(message: str) -> tuple[str, str]:
    """(instruction, text) of one message; text is empty if there is only an instruction."""
    for fence in FENCES:
        if match := fence.search(message):
            outside = message[: match.start()] + " " + message[match.end() :]
            if len(outside) < LONGEST_INSTRUCTION:  # else it is a text that has a fence in it
                return outside.strip(), (match.groupdict().get("text") or match[1]).strip()
    blocks = [block for block in re.split(r"\n\s*\n", message.strip()) if block.strip()]
    if len(blocks) > 1:
        if len(blocks[-1]) < 300 and ASKS.match(blocks[-1].strip()) and not ASKS.match(blocks[0].strip()):
            return blocks[-1].strip(), "\n\n".join(blocks[:-1])
        return blocks[0].strip(), "\n\n".join(blocks[1:])
    for seam_at, shortest in ((r":\s*\n", 10), (r"(?<!of)(?<!abels)(?<!ptions):\s+", 10), (r"(?<=[.?!])\s+", 60)):
        head, *rest = re.split(seam_at, message.strip(), maxsplit=1)
        if rest and len(head) < 300 and len(rest[0]) > shortest and ASKS.search(head):
            return head, rest[0]
    return message.strip(), ""
