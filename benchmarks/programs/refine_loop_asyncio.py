import asyncio


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    spent = 0

    async def chat(*messages, **options):
        nonlocal spent
        async with slots:
            response = await client.chat.completions.create(
                model=model, messages=[{"role": role, "content": content} for role, content in messages], **options
            )
        spent += response.usage.total_tokens
        return response.choices[0].message.content.strip()

    async def score_of(goal, text):
        said = await chat(("system", f"Rate from 1 to 10 how well the text does this: {goal}"), ("user", text))
        try:
            return int(said)
        except ValueError:
            return 0

    async def refine(name, source):
        goal = f"Summarise {name} in two sentences"
        draft = await chat(("user", f"{goal}\n\n{source}"))
        rounds = []
        while True:
            score = await score_of(goal, draft)
            rounds.append({"draft": draft, "score": score})
            if score >= 8 or len(rounds) >= 4:
                break
            feedback = await chat(("system", "What is missing?"), ("user", draft), seed=len(rounds))
            draft = await chat(("user", f"{goal}\n\n{feedback}\n{draft}\n{source}"), seed=len(rounds))
        best = max(rounds, key=lambda one: one["score"])
        return {"name": name, "post": best["draft"], "score": best["score"], "rounds": len(rounds)}

    posts = list(await asyncio.gather(*(refine(name, text[:1500]) for name, text in list(documents.items())[:14])))
    return {"posts": posts, "spent": spent, "average": sum(post["score"] for post in posts) / len(posts)}
