import asyncio
import json

STEP = {
    "type": "json_schema",
    "json_schema": {
        "name": "step",
        "schema": {
            "type": "object",
            "properties": {
                "thought": {"type": "string", "maxLength": 120},
                "actions": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 3,
                    "items": {
                        "type": "object",
                        "properties": {
                            "tool": {"enum": ["search", "define", "count", "finish"]},
                            "topic": {"type": "string"},
                        },
                    },
                },
            },
        },
    },
}


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    used = {}

    async def create(messages, **options):
        async with slots:
            reply = await client.chat.completions.create(model=model, messages=messages, **options)
        return reply.choices[0].message.content

    async def search(topic):
        found = [name for name, text in documents.items() if topic.split()[0] in text]
        if not found:
            return f"error: nothing about {topic}"
        return await create([{"role": "user", "content": f"What is {topic}?\n\n{documents[found[0]][:1500]}"}])

    async def define(topic):
        return await create([{"role": "user", "content": f"Summarise {topic} in at most 12 words: {topic}"}])

    async def count(topic):
        return str(sum(text.count(topic.split()[-1]) for text in documents.values()))

    tools = {"search": search, "define": define, "count": count}

    async def run(question):
        scratch = []
        for _ in range(4):
            plan = json.loads(
                await create(
                    [
                        {"role": "system", "content": "Use the tools: search, define, count. finish when you know."},
                        {"role": "user", "content": question + "\n\n" + "\n".join(scratch)},
                    ],
                    response_format=STEP,
                    seed=len(scratch),
                )
            )
            scratch.append(f"Thought: {plan['thought']}")
            actions = [(action["tool"], action["topic"]) for action in plan["actions"] if action["tool"] != "finish"]
            if not actions:
                break
            for tool, _topic in actions:
                used[tool] = used.get(tool, 0) + 1
            seen = await asyncio.gather(*(tools[tool](topic) for tool, topic in actions))
            scratch += [f"{tool}({topic}) -> {one}" for (tool, topic), one in zip(actions, seen, strict=True)]
        return await create([{"role": "user", "content": f"{question}\n\n" + "\n".join(scratch)}]), scratch

    chosen = list(documents.items())[:8]
    done = await asyncio.gather(*(run(f"What does {name} do? {text[:300]}") for name, text in chosen))
    return {
        "answers": {name: answer for (name, _), (answer, _) in zip(chosen, done, strict=True)},
        "scratches": {name: scratch for (name, _), (_, scratch) in zip(chosen, done, strict=True)},
        "used": used,
    }
