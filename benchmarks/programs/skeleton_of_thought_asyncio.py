import asyncio
import re
import textwrap


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def chat(content, seed=0):
        async with slots:
            completion = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": content}], seed=seed
            )
        return completion.choices[0].message.content.strip()

    async def expand(number, headline, source):
        body = await chat(f"Explain point {number} in two sentences: {headline}\n\n{source}", seed=number)
        if len(body) < 40:
            body += " " + await chat(f"Give one example of: {headline}", seed=number)
        return textwrap.fill(f"{number}. {headline} {body}", 100)

    async def answer(name, source):
        reply = await chat(f"List 6 points.\n\nHow does {name} work? {source}")
        found = [re.match(r"(\d+)\.\s*(.+)", line) for line in reply.split("\n")]
        points = [(int(match[1]), match[2]) for match in found if match]
        return "\n".join(await asyncio.gather(*(expand(number, headline, source) for number, headline in points)))

    chosen = list(documents.items())[:10]
    said = await asyncio.gather(*(answer(name, text[:2000]) for name, text in chosen))
    answers = {name: text for (name, _), text in zip(chosen, said, strict=True)}
    return {"answers": answers, "longest": max(answers, key=lambda name: len(answers[name]))}
