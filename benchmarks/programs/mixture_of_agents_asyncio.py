import asyncio

STYLES = {
    "short": "You answer briefly.",
    "exact": "You answer exactly.",
    "examples": "You give examples.",
    "history": "You explain where things come from.",
}
DEPTH = 3


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def propose(style, seed, question, previous):
        messages = [{"role": "system", "content": style}]
        if previous:
            numbered = "\n".join(f"{i}. {text}" for i, text in enumerate(previous, start=1))
            messages.append({"role": "user", "content": f"Combine these answers in two sentences:\n\n{numbered}"})
        else:
            messages.append({"role": "user", "content": question})
        async with slots:
            reply = await client.chat.completions.create(model=model, messages=messages, seed=seed)
        return reply.choices[0].message.content

    async def answer(question):
        answers, seen = [], []
        for level in range(DEPTH):
            answers = await asyncio.gather(
                *(propose(style, 10 * level + place, question, answers) for place, style in enumerate(STYLES.values()))
            )
            seen.append(answers)
        return await propose("You are the editor.", 99, question, answers), seen

    names = list(documents)[:8]
    said = await asyncio.gather(*(answer(f"What is {name}?\n\n{documents[name][:1500]}") for name in names))
    return {
        "final": {name: final for name, (final, _) in zip(names, said, strict=True)},
        "lengths": {
            f"{style}-{level}": [len(seen[level][place]) for _, seen in said]
            for level in range(DEPTH)
            for place, style in enumerate(STYLES)
        },
    }
