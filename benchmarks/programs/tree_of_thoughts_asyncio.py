import asyncio

STEPS, WIDTH, KEEP, VOTES = 3, 5, 2, 3
GOAL = "Explain how Python runs a program, from its blocks and names to its loops and exceptions."


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    background = "\n".join(text[:1500] for text in documents.values())

    async def ask(instruction, text, seed):
        async with slots:
            response = await client.chat.completions.create(
                model=model, seed=seed, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
            )
        return response.choices[0].message.content.strip()

    async def propose(path, seed):
        said = " ".join(path)
        return await ask(f"{GOAL} Propose one next point, in one sentence. So far: {said}", background, seed)

    async def value(path):
        instruction = f"Rate from 1 to 10 how well this does it. {GOAL}"
        votes = await asyncio.gather(*(ask(instruction, " ".join(path), vote) for vote in range(VOTES)))
        return sum(int(vote) for vote in votes)

    async def grow(path):
        async def judged(seed):
            candidate = [*path, await propose(path, seed)]
            return candidate, await value(candidate)

        return await asyncio.gather(*(judged(seed) for seed in range(WIDTH)))

    paths = [[]]
    for _ in range(STEPS):
        grown = await asyncio.gather(*(grow(path) for path in paths))
        candidates = [candidate for group in grown for candidate, _ in group]
        values = [value for group in grown for _, value in group]
        order = sorted(range(len(candidates)), key=lambda i: (-values[i], i))
        paths = [candidates[i] for i in order[:KEEP]]
    return {"best": "\n".join(paths[0]), "paths": paths, "values": values}
