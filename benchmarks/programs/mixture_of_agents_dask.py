from dask import compute, delayed

STYLES = {
    "short": "You answer briefly.",
    "exact": "You answer exactly.",
    "examples": "You give examples.",
    "history": "You explain where things come from.",
}
DEPTH = 3


def main(client, model, documents, limit, **_):
    @delayed(pure=False)
    def propose(style, seed, question, previous):
        messages = [{"role": "system", "content": style}]
        if previous:
            numbered = "\n".join(f"{i}. {text}" for i, text in enumerate(previous, start=1))
            messages.append({"role": "user", "content": f"Combine these answers in two sentences:\n\n{numbered}"})
        else:
            messages.append({"role": "user", "content": question})
        reply = client.chat.completions.create(model=model, messages=messages, seed=seed)
        return reply.choices[0].message.content

    final, layers = {}, {}
    for name in list(documents)[:8]:
        question = f"What is {name}?\n\n{documents[name][:1500]}"
        answers = []
        for level in range(DEPTH):
            answers = [
                propose(style, 10 * level + place, question, answers) for place, style in enumerate(STYLES.values())
            ]
            layers[name, level] = answers
        final[name] = propose("You are the editor.", 99, question, answers)
    final, layers = compute(final, layers, scheduler="threads", num_workers=limit)
    lengths = {
        f"{style}-{level}": [len(layers[name, level][place]) for name in final]
        for level in range(DEPTH)
        for place, style in enumerate(STYLES)
    }
    return {"final": final, "lengths": lengths}
