class Layer:
    """Every proposer sees all answers of the layer before."""

    def __init__(self, proposers):
        self.proposers = proposers

    def __call__(self, question, previous):
        answers = []
        for proposer in self.proposers:
            answers.append(proposer.propose(question, previous))
        return answers


class Proposer:
    def __init__(self, name, style, seed):
        self.name, self.style, self.seed = name, style, seed
        self.said = []

    def propose(self, question, previous):
        messages = [{"role": "system", "content": self.style}]
        if previous:
            numbered = "\n".join(f"{i}. {text}" for i, text in enumerate(previous, start=1))
            messages.append({"role": "user", "content": f"Combine these answers in two sentences:\n\n{numbered}"})
        else:
            messages.append({"role": "user", "content": question})
        reply = client.chat.completions.create(model=MODEL, messages=messages, seed=self.seed)
        text = reply.choices[0].message.content
        self.said.append(len(text))
        return text


class MixtureOfAgents:
    styles = {
        "short": "You answer briefly.",
        "exact": "You answer exactly.",
        "examples": "You give examples.",
        "history": "You explain where things come from.",
    }

    def __init__(self, depth=3):
        self.layers = [
            Layer(
                [
                    Proposer(f"{name}-{level}", style, 10 * level + place)
                    for place, (name, style) in enumerate(self.styles.items())
                ]
            )
            for level in range(depth)
        ]
        self.aggregator = Proposer("aggregator", "You are the editor.", 99)

    def answer(self, question):
        answers = []
        for number, layer in enumerate(self.layers):
            answers = layer(question, answers)
            print(f"  layer {number}: {sum(map(len, answers))} characters")
        return self.aggregator.propose(question, answers)


mixture = MixtureOfAgents()
final = {}
for name in list(documents)[:8]:
    print(name)
    final[name] = mixture.answer(f"What is {name}?\n\n{documents[name][:1500]}")
lengths = {proposer.name: proposer.said for layer in mixture.layers for proposer in layer.proposers}
