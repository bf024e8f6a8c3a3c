import asyncio
import re


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def complete(prompt, temperature=0.0, seed=0):
        async with slots:
            response = await client.chat.completions.create(
                model=model,
                messages=[{"role": "user", "content": prompt}],
                temperature=temperature,
                seed=seed,
            )
        return response.choices[0].message.content

    def parse_list(text):
        lines = [re.sub(r"^\s*(?:[-*]|\d+[.)])\s*", "", line).strip() for line in text.splitlines()]
        return [line for line in lines if line]

    async def check(source, claim):
        verdict = (await complete(f"Is this supported? {claim} Answer yes or no.\n\n{source}")).strip().lower()
        if verdict.startswith("yes"):
            return {"claim": claim, "ok": True, "fix": None}
        return {"claim": claim, "ok": False, "fix": await complete(f"What does the text say about it? {claim}\n\n{source}")}

    async def verify(name, source):
        draft = await complete(f"What should one know about {name}?\n\n{source}")
        claims = parse_list(await complete(f"List 4 claims to check.\n\n{draft}\n\n{source[:1000]}"))
        checks = list(await asyncio.gather(*(check(source, claim) for claim in claims)))
        wrong = [one for one in checks if not one["ok"]]
        trace = [("draft", draft), ("plan", len(claims)), ("wrong", len(wrong))]
        final = draft
        if wrong:
            corrections = "\n".join(f"- {one['fix']}" for one in wrong)
            final = await complete(f"Combine these in two sentences:\n\n{draft}\n{corrections}")
            trace.append(("final", final))
        return {"name": name, "final": final, "checks": checks, "trace": trace}

    results = list(await asyncio.gather(*(verify(name, text) for name, text in list(documents.items())[:12])))
    return {"results": results, "supported": sum(check["ok"] for result in results for check in result["checks"])}
