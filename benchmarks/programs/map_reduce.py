def ask(instruction, text):
    response = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
    )
    return response.choices[0].message.content.strip()


summaries = {}
for name, text in documents.items():
    summaries[name] = ask("Summarise in one sentence:", text)

notes = [f"- {name}: {summary}" for name, summary in summaries.items()]
rounds = 0
while len(notes) > 1:
    merged = []
    for start in range(0, len(notes), 4):
        merged.append(ask("Combine these notes in two sentences:", "\n".join(notes[start : start + 4])))
    notes = merged
    rounds += 1
overview = notes[0]
