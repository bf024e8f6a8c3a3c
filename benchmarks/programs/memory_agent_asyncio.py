import asyncio
import json


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    tokens = 0

    async def complete(messages, **options):
        nonlocal tokens
        async with slots:
            response = await client.chat.completions.create(model=model, messages=messages, **options)
        tokens += response.usage.total_tokens
        return response.choices[0].message.content.strip()

    async def topic_of(message):
        prompt = f"Answer with one of: names, classes, loops, modules, other\n\n{message}"
        return await complete([{"role": "user", "content": prompt}])

    async def facts_in(message):
        said = await complete(
            [
                {"role": "system", "content": 'Return JSON with the keys "title" and "keywords".'},
                {"role": "user", "content": message},
            ],
            response_format={"type": "json_object"},
        )
        return json.loads(said)

    notes, history, forgotten = {}, [], 0
    messages = [text[:800] for text in list(documents.values())[:16]]
    questions = ["What is a loop?", "How are names bound?", "What does a class body do?", "How is a module imported?"]
    # What a question is about does not depend on what was told.
    asking = [asyncio.ensure_future(topic_of(question)) for question in questions]
    told = await asyncio.gather(*(asyncio.gather(topic_of(message), facts_in(message)) for message in messages))
    for message, (topic, facts) in zip(messages, told, strict=True):
        kept = notes.setdefault(topic, [])
        kept.append(f"{facts['title']}: {', '.join(facts['keywords'])}")
        if len(kept) > 6:
            kept.pop(0)
            forgotten += 1
        history.append({"role": "user", "content": message[:200], "topic": topic})

    async def answer(question, asked):
        topic = await asked
        known = "\n".join(notes.get(topic, []))
        reply = await complete(
            [
                {"role": "system", "content": "Answer from your notes."},
                {"role": "user", "content": f"{question}\n\n{known or 'Nothing is known about it yet.'}"},
            ]
        )
        return reply, topic

    replies = await asyncio.gather(*(answer(question, asked) for question, asked in zip(questions, asking, strict=True)))
    history += [{"role": "assistant", "content": reply, "topic": topic} for reply, topic in replies]
    answers = [reply for reply, _ in replies]
    return {"answers": answers, "notes": notes, "forgotten": forgotten, "tokens": tokens, "history": history}
