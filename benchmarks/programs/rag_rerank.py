import math

CHUNK = 700


def embed(texts):
    response = client.embeddings.create(model="local-embed", input=texts)
    return [item.embedding for item in response.data]


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return dot / (math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(y * y for y in b)) or 1.0)


class Index:
    def __init__(self):
        self.chunks = []
        self.vectors = []

    def add(self, name, text):
        pieces = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
        for piece, vector in zip(pieces, embed(pieces)):
            self.chunks.append((name, piece))
            self.vectors.append(vector)

    def search(self, query, k=8):
        (wanted,) = embed([query])
        scored = [(cosine(wanted, vector), place) for place, vector in enumerate(self.vectors)]
        scored.sort(reverse=True)
        return [self.chunks[place] for _, place in scored[:k]]


class Reranker:
    def __init__(self):
        self.cache = {}
        self.hits = 0

    def score(self, query, piece):
        key = (query, piece)
        if key in self.cache:
            self.hits += 1
            return self.cache[key]
        said = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": f"Rate from 1 to 10 how well this answers: {query}\n\n{piece}"}],
        )
        try:
            score = int(said.choices[0].message.content)
        except ValueError:
            score = 0
        self.cache[key] = score
        return score

    def top(self, query, found, k=3):
        ranked = sorted(found, key=lambda chunk: self.score(query, chunk[1]), reverse=True)
        return ranked[:k]


def answer(query, index, reranker):
    best = reranker.top(query, index.search(query))
    context = "\n".join(f"[{name}] {piece}" for name, piece in best)
    said = client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "Answer from the context, and name your sources."},
            {"role": "user", "content": f"{query}\n\n{context}"},
        ],
    )
    return {"query": query, "answer": said.choices[0].message.content, "sources": sorted({name for name, _ in best})}


index, reranker = Index(), Reranker()
for name, text in list(documents.items())[:24]:
    index.add(name, text)
queries = [
    "How does a for statement end?",
    "What does an import bind?",
    "How are attributes looked up?",
    "What is an iterator?",
    "How are exceptions matched?",
    "How does a for statement end?",
]
replies = []
for query in queries:
    reply = answer(query, index, reranker)
    print(f"{query} -> {', '.join(reply['sources'])}")
    replies.append(reply)
hits, size = reranker.hits, len(index.chunks)
