import asyncio

PERSONAS = {
    "Ada": "You like what is exact. Answer in one sentence.",
    "Bob": "You like what is simple. Answer in one sentence.",
    "Cho": "You like what is fast. Answer in one sentence.",
}


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def create(messages, **options):
        async with slots:
            response = await client.chat.completions.create(model=model, messages=messages, **options)
        return response.choices[0].message.content.strip()

    async def speak(messages, question):
        text = await create(messages + [{"role": "user", "content": question}], seed=len(messages))
        messages.append({"role": "assistant", "content": text})
        return text

    async def debate(motion, background, rounds=3):
        heard = {name: [{"role": "system", "content": persona}] for name, persona in PERSONAS.items()}
        transcript = []
        for number in range(rounds):
            question = f"Summarise your view on {motion} in one sentence:\n\n{background}" if number == 0 else motion
            said = await asyncio.gather(*(speak(messages, question) for messages in heard.values()))
            statements = dict(zip(heard, said, strict=True))
            for name, messages in heard.items():
                messages += [
                    {"role": "user", "content": f"{other} says: {text}"} for other, text in statements.items() if other != name
                ]
            transcript.append(statements)
            joined = "\n".join(statements.values())
            prompt = f"Do these agree on the main point? Answer yes or no.\n\n{joined}"
            if (await create([{"role": "user", "content": prompt}])).lower() == "yes":
                break
        joined = "\n".join(f"{name}: {text}" for name, text in statements.items())
        verdict = await create([{"role": "user", "content": f"Answer with one of: {', '.join(statements)}\n\n{joined}"}])
        return verdict, transcript

    topics = list(documents)[:7]
    held = await asyncio.gather(*(debate(topic, documents[topic][:1200]) for topic in topics))
    verdicts = {topic: verdict for topic, (verdict, _) in zip(topics, held, strict=True)}
    wins = {}
    for winner in verdicts.values():
        wins[winner] = wins.get(winner, 0) + 1
    transcripts = {topic: transcript for topic, (_, transcript) in zip(topics, held, strict=True)}
    return {"transcripts": transcripts, "verdicts": verdicts, "wins": wins}
