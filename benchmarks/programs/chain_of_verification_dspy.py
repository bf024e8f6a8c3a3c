import re

import dspy

from benchmarks.dspy_help import configure


def parse_list(text):
    lines = [re.sub(r"^\s*(?:[-*]|\d+[.)])\s*", "", line).strip() for line in text.splitlines()]
    return [line for line in lines if line]


class ChainOfVerification(dspy.Module):
    """Draft, plan questions, answer each without seeing the draft, revise."""

    def __init__(self):
        self.ask = dspy.Predict("prompt -> reply")

    def complete(self, prompt):
        return self.ask(prompt=prompt, config={"temperature": 0.0, "seed": 0}).reply

    def check(self, source, claim):
        verdict = self.complete(f"Is this supported? {claim} Answer yes or no.\n\n{source}").strip().lower()
        if verdict.startswith("yes"):
            return {"claim": claim, "ok": True, "fix": None}
        return {"claim": claim, "ok": False, "fix": self.complete(f"What does the text say about it? {claim}\n\n{source}")}

    def forward(self, name, source):
        draft = self.complete(f"What should one know about {name}?\n\n{source}")
        claims = parse_list(self.complete(f"List 4 claims to check.\n\n{draft}\n\n{source[:1000]}"))
        checks = [self.check(source, claim) for claim in claims]
        wrong = [check for check in checks if not check["ok"]]
        trace = [("draft", draft), ("plan", len(claims)), ("wrong", len(wrong))]
        final = draft
        if wrong:
            corrections = "\n".join(f"- {check['fix']}" for check in wrong)
            final = self.complete(f"Combine these in two sentences:\n\n{draft}\n{corrections}")
            trace.append(("final", final))
        return {"name": name, "final": final, "checks": checks, "trace": trace}


def main(client, model, documents, limit, service, **_):
    configure(service, model)
    examples = [
        dspy.Example(name=name, source=text).with_inputs("name", "source") for name, text in list(documents.items())[:12]
    ]
    results = ChainOfVerification().batch(examples, num_threads=limit, disable_progress_bar=True)
    return {"results": results, "supported": sum(check["ok"] for result in results for check in result["checks"])}
