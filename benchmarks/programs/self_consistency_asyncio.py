import asyncio
import re
from collections import Counter

SAMPLES = 7
QUESTIONS = [
    "How many kinds of loops does this describe?",
    "How many arguments does it name?",
    "How many exceptions does it mention?",
    "How many steps does it list?",
]


def final_answer(text):
    numbers = re.findall(r"\d+", text)
    return int(numbers[-1]) if numbers else None


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def sample(question, text, seed):
        async with slots:
            completion = await client.chat.completions.create(
                model=model,
                messages=[
                    {"role": "system", "content": "Think step by step. Then rate your confidence from 1 to 9."},
                    {"role": "user", "content": f"{question}\n\n{text}"},
                ],
                temperature=0.7,
                seed=seed,
            )
        return final_answer(completion.choices[0].message.content)

    async def solve(question, text):
        return await asyncio.gather(*(sample(question, text, seed) for seed in range(SAMPLES)))

    chosen = list(documents.items())[:16]
    asked = [QUESTIONS[number % len(QUESTIONS)] for number in range(len(chosen))]
    said = await asyncio.gather(*(solve(question, text[:1200]) for question, (_, text) in zip(asked, chosen, strict=True)))
    votes = {name: Counter(one for one in some if one is not None) for (name, _), some in zip(chosen, said, strict=True)}
    answers = {name: counter.most_common(1)[0][0] if counter else None for name, counter in votes.items()}
    return {
        "answers": answers,
        "low": [name for name, answer in answers.items() if answer is not None and answer < 5],
        "votes": {name: dict(counter) for name, counter in votes.items()},
        "unparsed": sum(one is None for some in said for one in some),
    }
