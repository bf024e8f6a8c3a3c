from concurrent.futures import ThreadPoolExecutor


def main(client, model, documents, limit, **_):
    def ask(instruction, text):
        response = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
        )
        return response.choices[0].message.content.strip()

    with ThreadPoolExecutor(limit) as pool:
        said = pool.map(lambda text: ask("Summarise in one sentence:", text), documents.values())
        summaries = dict(zip(documents, said, strict=True))
        notes = [f"- {name}: {summary}" for name, summary in summaries.items()]
        rounds = 0
        while len(notes) > 1:
            groups = ["\n".join(notes[start : start + 4]) for start in range(0, len(notes), 4)]
            notes = list(pool.map(lambda group: ask("Combine these notes in two sentences:", group), groups))
            rounds += 1
    return {"summaries": summaries, "overview": notes[0], "rounds": rounds}
