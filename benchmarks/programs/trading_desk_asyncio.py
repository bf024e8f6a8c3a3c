import asyncio
from dataclasses import dataclass, field


@dataclass
class Report:
    ticker: str
    sections: dict = field(default_factory=dict)
    debate: list = field(default_factory=list)
    risk: str = ""
    decision: str = ""
    confidence: int = 0

    def as_text(self):
        return "\n\n".join(f"## {role}\n{text}" for role, text in self.sections.items())


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    calls = {}

    class Agent:
        def __init__(self, role, task):
            self.role, self.task = role, task
            calls[role] = 0

        async def ask(self, prompt, seed=0):
            calls[self.role] += 1
            async with slots:
                response = await client.chat.completions.create(
                    model=model,
                    seed=seed,
                    messages=[
                        {"role": "system", "content": f"You are the {self.role} of a trading desk."},
                        {"role": "user", "content": prompt},
                    ],
                )
            return response.choices[0].message.content.strip()

        async def run(self, material):
            return await self.ask(f"{self.task} in two sentences:\n\n{material}")

    analysts = [
        Agent("market analyst", "Summarise the trend"),
        Agent("news analyst", "Summarise the news"),
        Agent("sentiment analyst", "Summarise the mood"),
        Agent("fundamentals analyst", "Summarise the business"),
    ]
    bull = Agent("bull researcher", "Argue for buying")
    bear = Agent("bear researcher", "Argue for selling")
    trader = Agent("trader", "Decide")
    risk = Agent("risk manager", "Judge the risk")

    async def trade(ticker, material):
        report = Report(ticker)
        said = await asyncio.gather(*(analyst.run(material) for analyst in analysts))
        for analyst, text in zip(analysts, said, strict=True):
            report.sections[analyst.role] = text
        arguments = report.as_text()
        for turn in range(2):
            pro, con = await asyncio.gather(
                bull.ask(f"Give one argument for buying, in one sentence:\n\n{arguments}", seed=turn),
                bear.ask(f"Give one argument for selling, in one sentence:\n\n{arguments}", seed=turn + 1),
            )
            report.debate.append((pro, con))
            arguments = f"{pro}\n{con}\n{report.as_text()}"

        async def decide():
            report.decision = await trader.ask(f"Answer with one of: buy, hold, sell\n\n{arguments}")
            if report.decision != "hold":
                report.risk = await risk.ask(f"Answer with one of: low, medium, high\n\n{report.as_text()}")
                if report.risk == "high":
                    report.decision = "hold"

        async def rate():
            report.confidence = int(await trader.ask(f"Rate your confidence from 1 to 10.\n\n{arguments}"))

        await asyncio.gather(decide(), rate())
        return report

    tickers = list(documents)[:10]
    reports = await asyncio.gather(*(trade(ticker, documents[ticker]) for ticker in tickers))
    return {
        "decisions": {report.ticker: (report.decision, report.risk, report.confidence) for report in reports},
        "texts": {report.ticker: report.as_text() for report in reports},
        "calls": calls,
    }
