from dask import compute, delayed


def main(client, model, documents, limit, **_):
    @delayed(pure=False)
    def ask(instruction, text):
        response = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
        )
        return response.choices[0].message.content.strip()

    note = delayed(lambda name, summary: f"- {name}: {summary}", pure=False)
    lines = delayed("\n".join, pure=False)

    summaries = {}
    for name, text in documents.items():
        summaries[name] = ask("Summarise in one sentence:", text)

    notes = [note(name, summary) for name, summary in summaries.items()]
    rounds = 0
    while len(notes) > 1:
        merged = []
        for start in range(0, len(notes), 4):
            merged.append(ask("Combine these notes in two sentences:", lines(notes[start : start + 4])))
        notes = merged
        rounds += 1
    summaries, overview = compute(summaries, notes[0], scheduler="threads", num_workers=limit)
    return {"summaries": summaries, "overview": overview, "rounds": rounds}
