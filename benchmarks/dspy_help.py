"""The programs' prompts through DSPy: an adapter that writes them as everybody does, so that answers and latencies are the same.

DSPy's own adapters add the names and the types of the fields to a prompt; with them it would ask other questions.
"""

from __future__ import annotations

from typing import Any

import dspy


class Verbatim(dspy.Adapter):
    """The inputs, a blank line between them; before them, as the system's message, the signature's own instructions."""

    def format(self, signature: Any, demos: Any, inputs: dict[str, Any]) -> list[dict[str, str]]:
        said = [{"role": "user", "content": "\n\n".join(inputs.values())}]
        standard = dspy.Signature(signature.signature).instructions
        if signature.instructions != standard:
            said.insert(0, {"role": "system", "content": signature.instructions})
        return said

    def parse(self, signature: Any, completion: str) -> dict[str, str]:
        (name,) = signature.output_fields
        return {name: completion}


def configure(service: str, model: str) -> None:
    """Once before a run."""
    lm = dspy.LM(f"openai/{model}", api_base=f"{service}/v1", api_key="local", cache=False, num_retries=0)
    dspy.configure(lm=lm, adapter=Verbatim())
