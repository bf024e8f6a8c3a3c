import re


def complete(prompt, temperature=0.0, seed=0):
    response = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": prompt}],
        temperature=temperature,
        seed=seed,
    )
    return response.choices[0].message.content


def parse_list(text):
    lines = [re.sub(r"^\s*(?:[-*]|\d+[.)])\s*", "", line).strip() for line in text.splitlines()]
    return [line for line in lines if line]


class ChainOfVerification:
    """Draft, plan questions, answer each without seeing the draft, revise."""

    def __init__(self, source):
        self.source = source
        self.trace = []

    def step(self, name, value):
        self.trace.append((name, value if isinstance(value, str) else len(value)))
        return value

    def draft(self, question):
        return self.step("draft", complete(f"{question}\n\n{self.source}"))

    def plan(self, draft):
        return self.step("plan", parse_list(complete(f"List 4 claims to check.\n\n{draft}\n\n{self.source[:1000]}")))

    def check(self, claim):
        verdict = complete(f"Is this supported? {claim} Answer yes or no.\n\n{self.source}").strip().lower()
        if verdict.startswith("yes"):
            return {"claim": claim, "ok": True, "fix": None}
        fix = complete(f"What does the text say about it? {claim}\n\n{self.source}")
        return {"claim": claim, "ok": False, "fix": fix}

    def run(self, question):
        draft = self.draft(question)
        checks = [self.check(claim) for claim in self.plan(draft)]
        wrong = [check for check in checks if not check["ok"]]
        self.step("wrong", wrong)
        if not wrong:
            return draft, checks
        corrections = "\n".join(f"- {check['fix']}" for check in wrong)
        final = complete(f"Combine these in two sentences:\n\n{draft}\n{corrections}")
        return self.step("final", final), checks


results = []
for name, text in list(documents.items())[:12]:
    chain = ChainOfVerification(text)
    final, checks = chain.run(f"What should one know about {name}?")
    results.append({"name": name, "final": final, "checks": checks, "trace": chain.trace})
    print(f"{name}: {sum(check['ok'] for check in checks)} of {len(checks)} claims hold")
supported = sum(check["ok"] for result in results for check in result["checks"])
