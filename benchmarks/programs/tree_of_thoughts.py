STEPS, WIDTH, KEEP, VOTES = 3, 5, 2, 3
GOAL = "Explain how Python runs a program, from its blocks and names to its loops and exceptions."
background = "\n".join(text[:1500] for text in documents.values())


def ask(instruction, text, seed):
    response = client.chat.completions.create(
        model=MODEL, seed=seed, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
    )
    return response.choices[0].message.content.strip()


def propose(path):
    said = " ".join(path)
    instruction = f"{GOAL} Propose one next point, in one sentence. So far: {said}"
    return [ask(instruction, background, seed) for seed in range(WIDTH)]


def value(path):
    total = 0
    for vote in range(VOTES):
        total += int(ask(f"Rate from 1 to 10 how well this does it. {GOAL}", " ".join(path), vote))
    return total


paths = [[]]
for step in range(STEPS):
    candidates = [[*path, thought] for path in paths for thought in propose(path)]
    values = [value(candidate) for candidate in candidates]
    order = sorted(range(len(candidates)), key=lambda i: (-values[i], i))
    paths = [candidates[i] for i in order[:KEEP]]
best = "\n".join(paths[0])
