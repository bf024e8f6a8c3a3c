from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from openai import APIStatusError

LABELS = ["names", "classes", "loops", "modules", "numbers", "strings"]


def main(client, model, documents, limit, **_):
    def with_retries(prompt, tries=3):
        for attempt in range(tries):
            try:
                response = client.chat.completions.create(
                    model=f"{model}+500@0.1" if attempt < tries - 1 else model,
                    messages=[{"role": "user", "content": prompt}],
                    seed=attempt,
                )
                return response.choices[0].message.content.strip(), attempt
            except APIStatusError as error:
                if error.status_code < 500 or attempt == tries - 1:
                    raise
        raise AssertionError("unreachable")

    dataset = []
    for name, text in documents.items():
        for start in range(0, len(text), 600):
            gold = LABELS[len(name) % len(LABELS)]
            dataset.append({"id": f"{name}@{start}", "text": text[start : start + 600], "gold": gold})
    dataset = dataset[:200]
    prompt = f"Answer with one of: {', '.join(LABELS)}\n\n"
    rows, confusion, correct, retried = [], Counter(), 0, 0
    with ThreadPoolExecutor(limit) as pool:
        said = pool.map(with_retries, [prompt + item["text"] for item in dataset])
        for item, (predicted, attempts) in zip(dataset, said, strict=True):
            ok = predicted == item["gold"]
            correct += ok
            retried += attempts
            confusion[item["gold"], predicted] += 1
            rows.append({**item, "predicted": predicted, "ok": ok})
    return {"rows": rows, "confusion": confusion, "retried": retried, "accuracy": correct / len(rows)}
