import re
import textwrap
from concurrent.futures import ThreadPoolExecutor


def main(client, model, documents, limit, **_):
    """A pool for the articles and one for their points: with one pool the articles would wait for themselves."""

    def chat(content, seed=0):
        completion = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": content}], seed=seed
        )
        return completion.choices[0].message.content.strip()

    def expand(number, headline, source):
        body = chat(f"Explain point {number} in two sentences: {headline}\n\n{source}", seed=number)
        if len(body) < 40:
            body += " " + chat(f"Give one example of: {headline}", seed=number)
        return textwrap.fill(f"{number}. {headline} {body}", 100)

    def answer(item):
        name, text = item
        source = text[:2000]
        reply = chat(f"List 6 points.\n\nHow does {name} work? {source}")
        found = [re.match(r"(\d+)\.\s*(.+)", line) for line in reply.split("\n")]
        points = [(int(match[1]), match[2], source) for match in found if match]
        return "\n".join(inner.map(lambda point: expand(*point), points))

    chosen = list(documents.items())[:10]
    with ThreadPoolExecutor(limit) as outer, ThreadPoolExecutor(limit) as inner:
        answers = {name: text for (name, _), text in zip(chosen, outer.map(answer, chosen), strict=True)}
    return {"answers": answers, "longest": max(answers, key=lambda name: len(answers[name]))}
