import dspy

from benchmarks.dspy_help import configure


class Combine(dspy.Module):
    def __init__(self):
        self.ask = dspy.Predict("instruction, text -> reply")

    def forward(self, instruction, text):
        return self.ask(instruction=instruction, text=text).reply.strip()


def main(client, model, documents, limit, service, **_):
    configure(service, model)
    combine = Combine()

    def ask_each(instruction, texts):
        examples = [dspy.Example(instruction=instruction, text=text).with_inputs("instruction", "text") for text in texts]
        return combine.batch(examples, num_threads=limit, disable_progress_bar=True)

    summaries = dict(zip(documents, ask_each("Summarise in one sentence:", documents.values()), strict=True))
    notes = [f"- {name}: {summary}" for name, summary in summaries.items()]
    rounds = 0
    while len(notes) > 1:
        groups = ["\n".join(notes[start : start + 4]) for start in range(0, len(notes), 4)]
        notes = ask_each("Combine these notes in two sentences:", groups)
        rounds += 1
    return {"summaries": summaries, "overview": notes[0], "rounds": rounds}
