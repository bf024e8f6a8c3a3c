from concurrent.futures import ThreadPoolExecutor


def main(client, model, documents, limit, **_):
    """One thread a document; within a document one call after the other, as one writes it."""

    def ask(instruction, text):
        response = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
        )
        return response.choices[0].message.content.strip()

    def handle(item):
        name, text = item
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

    with ThreadPoolExecutor(limit) as pool:
        handled = list(pool.map(handle, documents.items()))
    by_kind = {}
    for result in handled:
        by_kind.setdefault(result["kind"], []).append(result["name"])
    return {"handled": handled, "by_kind": by_kind}
