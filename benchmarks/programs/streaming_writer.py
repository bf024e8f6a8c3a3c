import sys


def stream(messages, out=sys.stdout, **options):
    """Print the answer as it comes; return all of it."""
    parts = []
    for chunk in client.chat.completions.create(model=MODEL, messages=messages, stream=True, **options):
        if not chunk.choices:
            continue
        delta = chunk.choices[0].delta.content
        if delta:
            parts.append(delta)
            print(delta, end="", flush=True)
    print()
    return "".join(parts)


class Article:
    def __init__(self, title):
        self.title = title
        self.sections = []

    def add(self, heading, body):
        self.sections.append({"heading": heading, "body": body})

    def words(self):
        return sum(len(section["body"].split()) for section in self.sections)

    def __str__(self):
        return f"# {self.title}\n\n" + "\n\n".join(f"## {s['heading']}\n{s['body']}" for s in self.sections)


def outline(title, source, count=4):
    reply = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": f"List {count} keywords.\n\n{title}. {source}"}]
    )
    return [heading.strip() for heading in reply.choices[0].message.content.split(",")]


articles = {}
for title in list(documents)[:5]:
    source = documents[title]
    article = Article(title)
    for heading in outline(title, source):
        print(f"--- {title}: {heading}")
        body = stream([{"role": "user", "content": f"Write two sentences on {heading}:\n\n{source[:1500]}"}])
        article.add(heading, body)
    articles[title] = article
lengths = {title: article.words() for title, article in articles.items()}
book = "\n\n".join(str(article) for article in articles.values())
