import re
import textwrap

from dask import compute, delayed


def main(client, model, documents, limit, **_):
    def chat(content, seed=0):
        completion = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": content}], seed=seed
        )
        return completion.choices[0].message.content.strip()

    @delayed(pure=False)
    def build(question, source, count=6):
        reply = chat(f"List {count} points.\n\n{question} {source}")
        points = []
        for line in reply.split("\n"):
            match = re.match(r"(\d+)\.\s*(.+)", line)
            if match:
                points.append((int(match[1]), match[2]))
        return points

    @delayed(pure=False)
    def expand(number, headline, source):
        body = chat(f"Explain point {number} in two sentences: {headline}\n\n{source}", seed=number)
        if len(body) < 40:
            body += " " + chat(f"Give one example of: {headline}", seed=number)
        return textwrap.fill(f"{number}. {headline} {body}", 100)

    chosen = [(name, text[:2000]) for name, text in list(documents.items())[:10]]
    # How many points there are is an answer: a graph cannot have it, so there are two of them.
    outlines = compute(*(build(f"How does {name} work?", text) for name, text in chosen), scheduler="threads", num_workers=limit)
    bodies = [[expand(*point, text) for point in points] for points, (_, text) in zip(outlines, chosen, strict=True)]
    (filled,) = compute(bodies, scheduler="threads", num_workers=limit)
    answers = {name: "\n".join(texts) for (name, _), texts in zip(chosen, filled, strict=True)}
    return {"answers": answers, "longest": max(answers, key=lambda name: len(answers[name]))}
