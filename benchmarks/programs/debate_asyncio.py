import asyncio

PERSONAS = {
    "Ada": "You like what is exact. Answer in one sentence.",
    "Bob": "You like what is simple. Answer in one sentence.",
    "Cho": "You like what is fast. Answer in one sentence.",
}


async def main(claude, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def create(messages, **options):
        async with slots:
            response = await claude.messages.create(model=model, messages=messages, **options)
        return response.content[0].text.strip()

    async def speak(persona, messages, question):
        asked = messages + [{"role": "user", "content": question}]
        text = await create(asked, system=persona, max_tokens=400)
        messages.append({"role": "assistant", "content": text})
        return text

    async def debate(motion, background, rounds=3):
        heard = {name: [] for name in PERSONAS}
        transcript = []
        for number in range(rounds):
            question = f"Summarise your view on {motion} in one sentence:\n\n{background}" if number == 0 else motion
            said = await asyncio.gather(*(speak(PERSONAS[name], messages, question) for name, messages in heard.items()))
            statements = dict(zip(heard, said, strict=True))
            for name, messages in heard.items():
                messages += [
                    {"role": "user", "content": f"{other} says: {text}"} for other, text in statements.items() if other != name
                ]
            transcript.append(statements)
            joined = "\n".join(statements.values())
            prompt = f"Do these agree on the main point? Answer yes or no.\n\n{joined}"
            if (await create([{"role": "user", "content": prompt}], max_tokens=10)).lower() == "yes":
                break
        joined = "\n".join(f"{name}: {text}" for name, text in statements.items())
        prompt = f"Answer with one of: {', '.join(statements)}\n\n{joined}"
        verdict = await create([{"role": "user", "content": prompt}], max_tokens=10)
        return verdict, transcript

    topics = list(documents)[:7]
    held = await asyncio.gather(*(debate(topic, documents[topic][:1200]) for topic in topics))
    verdicts = {topic: verdict for topic, (verdict, _) in zip(topics, held, strict=True)}
    wins = {}
    for winner in verdicts.values():
        wins[winner] = wins.get(winner, 0) + 1
    transcripts = {topic: transcript for topic, (_, transcript) in zip(topics, held, strict=True)}
    return {"transcripts": transcripts, "verdicts": verdicts, "wins": wins}
