import re
from collections import deque
from urllib.parse import urljoin

import httpx

LINK = re.compile(r'href="([^"#]+)"')
TAG = re.compile(r"<[^>]+>")


class Crawler:
    """Breadth first, a page once, no deeper than `depth`; summarises what it finds."""

    def __init__(self, start, depth=3, most=40):
        self.queue = deque([(start, 0)])
        self.depth = depth
        self.most = most
        self.seen = {start}
        self.pages = {}
        self.errors = []
        self.http = httpx.Client(timeout=30)

    def fetch(self, url):
        response = self.http.get(url)
        response.raise_for_status()
        return response.text

    def links(self, url, html):
        return [urljoin(url, link) for link in LINK.findall(html)]

    def summarise(self, html):
        text = TAG.sub(" ", html)
        reply = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": f"Summarise in at most 20 words:\n\n{text}"}]
        )
        return reply.choices[0].message.content

    def run(self):
        while self.queue and len(self.pages) < self.most:
            url, level = self.queue.popleft()
            try:
                html = self.fetch(url)
            except httpx.HTTPStatusError as error:
                self.errors.append((url.rsplit("/", 1)[-1], error.response.status_code))
                continue
            self.pages[url.rsplit("/", 1)[-1]] = self.summarise(html)
            if level == self.depth:
                continue
            for link in self.links(url, html):
                if link not in self.seen:
                    self.seen.add(link)
                    self.queue.append((link, level + 1))
        return self.pages


crawler = Crawler(f"{site}/index")
pages = crawler.run()
crawler.http.close()
for name, summary in list(pages.items())[:5]:
    print(f"{name}: {summary}")
print(f"{len(pages)} pages, {len(crawler.seen)} links seen, {len(crawler.queue)} left")
seen = sorted(url.rsplit("/", 1)[-1] for url in crawler.seen)
errors = crawler.errors
