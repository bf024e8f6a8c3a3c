import asyncio


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def ask(instruction, text):
        async with slots:
            response = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
            )
        return response.choices[0].message.content.strip()

    said = await asyncio.gather(*(ask("Summarise in one sentence:", text) for text in documents.values()))
    summaries = dict(zip(documents, said, strict=True))

    notes = [f"- {name}: {summary}" for name, summary in summaries.items()]
    rounds = 0
    while len(notes) > 1:
        groups = ["\n".join(notes[start : start + 4]) for start in range(0, len(notes), 4)]
        notes = await asyncio.gather(*(ask("Combine these notes in two sentences:", group) for group in groups))
        rounds += 1
    return {"summaries": summaries, "overview": notes[0], "rounds": rounds}
