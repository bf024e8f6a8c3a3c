import asyncio
import math

CHUNK = 700
QUERIES = [
    "How does a for statement end?",
    "What does an import bind?",
    "How are attributes looked up?",
    "What is an iterator?",
    "How are exceptions matched?",
    "How does a for statement end?",
]


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return dot / (math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(y * y for y in b)) or 1.0)


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    cache, hits = {}, 0

    async def embed(texts):
        async with slots:
            response = await client.embeddings.create(model="local-embed", input=texts)
        return [item.embedding for item in response.data]

    async def chat(messages):
        async with slots:
            said = await client.chat.completions.create(model=model, messages=messages)
        return said.choices[0].message.content

    async def score(query, piece):
        nonlocal hits
        key = (query, piece)
        if key in cache:
            hits += 1
        else:
            prompt = f"Rate from 1 to 10 how well this answers: {query}\n\n{piece}"
            cache[key] = asyncio.ensure_future(chat([{"role": "user", "content": prompt}]))
        try:
            return int(await cache[key])
        except ValueError:
            return 0

    chunked = [
        (name, [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)])
        for name, text in list(documents.items())[:24]
    ]
    chunks = [(name, piece) for name, pieces in chunked for piece in pieces]
    wanted = [asyncio.ensure_future(embed([query])) for query in QUERIES]
    vectors = [vector for made in await asyncio.gather(*(embed(pieces) for _, pieces in chunked)) for vector in made]

    async def answer(query, embedding):
        (vector,) = await embedding
        found = sorted(((cosine(vector, other), place) for place, other in enumerate(vectors)), reverse=True)[:8]
        pieces = [chunks[place] for _, place in found]
        scores = await asyncio.gather(*(score(query, piece) for _, piece in pieces))
        order = sorted(range(len(pieces)), key=lambda place: scores[place], reverse=True)
        best = [pieces[place] for place in order[:3]]
        context = "\n".join(f"[{name}] {piece}" for name, piece in best)
        said = await chat(
            [
                {"role": "system", "content": "Answer from the context, and name your sources."},
                {"role": "user", "content": f"{query}\n\n{context}"},
            ]
        )
        return {"query": query, "answer": said, "sources": sorted({name for name, _ in best})}

    replies = list(await asyncio.gather(*(answer(query, one) for query, one in zip(QUERIES, wanted, strict=True))))
    return {"replies": replies, "hits": hits, "size": len(chunks)}
