import asyncio


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def ask(instruction, text):
        async with slots:
            response = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
            )
        return response.choices[0].message.content.strip()

    # A group is combined as soon as its own notes are there: nobody waits for a whole round.
    said = {name: asyncio.ensure_future(ask("Summarise in one sentence:", text)) for name, text in documents.items()}

    async def note(name):
        return f"- {name}: {await said[name]}"

    async def combine(group):
        return await ask("Combine these notes in two sentences:", "\n".join(await asyncio.gather(*group)))

    notes = [asyncio.ensure_future(note(name)) for name in said]
    rounds = 0
    while len(notes) > 1:
        notes = [asyncio.ensure_future(combine(notes[start : start + 4])) for start in range(0, len(notes), 4)]
        rounds += 1
    overview = await notes[0]
    return {"summaries": {name: await one for name, one in said.items()}, "overview": overview, "rounds": rounds}
