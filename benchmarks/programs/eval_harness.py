from collections import Counter

from openai import APIStatusError
from tqdm.auto import tqdm

LABELS = ["names", "classes", "loops", "modules", "numbers", "strings"]


class Flaky(Exception):
    pass


def with_retries(prompt, tries=3, **options):
    """The model fails now and then; try again, another way the last time."""
    for attempt in range(tries):
        try:
            response = client.chat.completions.create(
                model=f"{MODEL}+500@0.1" if attempt < tries - 1 else MODEL,
                messages=[{"role": "user", "content": prompt}],
                seed=attempt,
                **options,
            )
            return response.choices[0].message.content.strip(), attempt
        except APIStatusError as error:
            if error.status_code < 500:
                raise
            if attempt == tries - 1:
                raise Flaky(prompt[:30]) from error
    raise AssertionError("unreachable")


def items():
    made = []
    for name, text in documents.items():
        for start in range(0, len(text), 600):
            made.append({"id": f"{name}@{start}", "text": text[start : start + 600], "gold": LABELS[len(name) % len(LABELS)]})
    return made[:200]


dataset = items()
rows = []
confusion = Counter()
correct = retried = 0
progress = tqdm(dataset, desc="evaluating", mininterval=60)
for item in progress:
    predicted, attempts = with_retries(f"Answer with one of: {', '.join(LABELS)}\n\n{item['text']}")
    ok = predicted == item["gold"]
    if ok:
        correct += 1
    retried += attempts
    confusion[item["gold"], predicted] += 1
    rows.append({**item, "predicted": predicted, "ok": ok})
    if len(rows) % 25 == 0:
        print(f"{len(rows)}/{len(dataset)} correct={correct}")
accuracy = correct / len(rows)
print(f"accuracy {accuracy:.3f}, {retried} retries")
