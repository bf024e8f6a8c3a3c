import asyncio
import re
from collections import deque
from urllib.parse import urljoin

import httpx

LINK = re.compile(r'href="([^"#]+)"')
TAG = re.compile(r"<[^>]+>")


async def main(client, model, documents, limit, site, **_):
    """Fetches ahead of the queue, but takes the pages in its order."""
    slots, connections = asyncio.Semaphore(limit), asyncio.Semaphore(limit)
    queue, seen, pages, errors = deque(), set(), {}, []
    summaries = {}

    async def summarise(html):
        async with slots:
            reply = await client.chat.completions.create(
                model=model,
                messages=[{"role": "user", "content": f"Summarise in at most 20 words:\n\n{TAG.sub(' ', html)}"}],
            )
        return reply.choices[0].message.content

    async with httpx.AsyncClient(timeout=30) as http:

        async def fetch(url):
            async with connections:
                return await http.get(url)

        def enqueue(url, level):
            seen.add(url)
            queue.append((url, level, asyncio.ensure_future(fetch(url))))

        enqueue(f"{site}/index", 0)
        while queue and len(summaries) < 40:
            url, level, fetching = queue.popleft()
            response = await fetching
            name = url.rsplit("/", 1)[-1]
            if response.is_error:
                errors.append((name, response.status_code))
                continue
            summaries[name] = asyncio.ensure_future(summarise(response.text))
            if level == 3:
                continue
            for link in (urljoin(url, link) for link in LINK.findall(response.text)):
                if link not in seen:
                    enqueue(link, level + 1)
        for _, _, fetching in queue:
            fetching.cancel()
        for name, summary in summaries.items():
            pages[name] = await summary
    return {"pages": pages, "seen": sorted(url.rsplit("/", 1)[-1] for url in seen), "errors": errors}
