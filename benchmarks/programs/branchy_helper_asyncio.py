import asyncio


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def ask(instruction, text):
        async with slots:
            response = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
            )
        return response.choices[0].message.content.strip()

    async def handle(name, text):
        kind = await ask("Answer with one of: statement, expression, object", text)
        if kind == "statement":
            note = await ask("Which example shows it?", text)
        elif kind == "expression":
            if await ask("Does it create a new object? Answer yes or no.", text) == "yes":
                note = await ask("Summarise in at most 12 words:", text)
            else:
                note = "-"
        else:
            parts = (ask(f"Summarise in at most {words} words:", text) for words in (4, 8, 12))
            note = " / ".join(await asyncio.gather(*parts))
        tries = 0
        while len(note) > 60 and tries < 2:
            note = await ask("Summarise in at most 9 words:", note)
            tries += 1
        return {"name": name, "kind": kind, "note": note, "tries": tries}

    handled = list(await asyncio.gather(*(handle(name, text) for name, text in documents.items())))
    by_kind = {}
    for result in handled:
        by_kind.setdefault(result["kind"], []).append(result["name"])
    return {"handled": handled, "by_kind": by_kind}
