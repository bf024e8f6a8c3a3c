import asyncio
import json

PLAN_SCHEMA = {
    "type": "object",
    "properties": {
        "goal": {"type": "string"},
        "topics": {"type": "array", "minItems": 3, "items": {"type": "string"}},
        "depth": {"type": "integer", "minimum": 1, "maximum": 3},
    },
}


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def chat(content, **options):
        async with slots:
            response = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": content}], **options
            )
        return response.choices[0].message.content

    async def lookup(topic):
        return next((text[:900] for text in documents.values() if topic in text), KeyError(topic))

    async def summarise(text):
        return await chat(f"Summarise in one sentence:\n\n{text}")

    async def rate(text):
        return int(await chat(f"Rate from 1 to 5 how useful this is.\n\n{text}"))

    async def join(*texts):
        return await chat("Combine these notes in two sentences:\n\n" + "\n".join(map(str, texts)))

    async def plan(question):
        form = {"type": "json_schema", "json_schema": {"name": "plan", "schema": PLAN_SCHEMA}}
        made = json.loads(await chat(f"Plan the work: {question}", response_format=form))
        tasks = []
        for number, topic in enumerate(made["topics"]):
            tasks.append((f"${number}a", lookup, [topic.split()[0]]))
            tasks.append((f"${number}b", summarise, [f"${number}a"]))
            if made["depth"] > 1:
                tasks.append((f"${number}c", rate, [f"${number}b"]))
        tasks.append(("$end", join, [ident for ident, function, _ in tasks if function is summarise]))
        return tasks

    async def run(tasks):
        futures = {}

        async def perform(function, args):
            given = [await futures[arg] if arg in futures else arg for arg in args]
            try:
                result = await function(*given)
                if isinstance(result, KeyError):
                    raise result
                return result
            except Exception as error:
                return f"failed: {error!r}"

        for ident, function, args in tasks:
            futures[ident] = asyncio.ensure_future(perform(function, args))
        return (await asyncio.gather(*futures.values()))[-1]

    async def explain(name, text):
        return await run(await plan(f"Explain {name}. {text[:700]}"))

    chosen = list(documents.items())[:10]
    said = await asyncio.gather(*(explain(name, text) for name, text in chosen))
    return {"outcomes": {name: outcome for (name, _), outcome in zip(chosen, said, strict=True)}}
