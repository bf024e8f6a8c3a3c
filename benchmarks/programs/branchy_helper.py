def ask(instruction, text):
    response = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
    )
    return response.choices[0].message.content.strip()


def handle(name, text):
    kind = ask("Answer with one of: statement, expression, object", text)
    if kind == "statement":
        note = ask("Which example shows it?", text)
    elif kind == "expression":
        if ask("Does it create a new object? Answer yes or no.", text) == "yes":
            note = ask("Summarise in at most 12 words:", text)
        else:
            note = "-"
    else:
        note = " / ".join(ask(f"Summarise in at most {words} words:", text) for words in (4, 8, 12))
    tries = 0
    while len(note) > 60 and tries < 2:
        note = ask("Summarise in at most 9 words:", note)
        tries += 1
    return {"name": name, "kind": kind, "note": note, "tries": tries}


handled = []
by_kind = {}
for name, text in documents.items():
    result = handle(name, text)
    handled.append(result)
    by_kind.setdefault(result["kind"], []).append(name)
