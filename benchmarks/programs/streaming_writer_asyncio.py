import asyncio


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def outline(title, source):
        async with slots:
            reply = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": f"List 4 keywords.\n\n{title}. {source}"}]
            )
        return [heading.strip() for heading in reply.choices[0].message.content.split(",")]

    async def stream(heading, source):
        parts = []
        async with slots:
            prompt = f"Write two sentences on {heading}:\n\n{source[:1500]}"
            chunks = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": prompt}], stream=True
            )
            async for chunk in chunks:
                if chunk.choices and chunk.choices[0].delta.content:
                    parts.append(chunk.choices[0].delta.content)
        return "".join(parts)

    async def write(title):
        source = documents[title]
        headings = await outline(title, source)
        return list(zip(headings, await asyncio.gather(*(stream(heading, source) for heading in headings)), strict=True))

    titles = list(documents)[:5]
    written = dict(zip(titles, await asyncio.gather(*map(write, titles)), strict=True))
    texts = [
        f"# {title}\n\n" + "\n\n".join(f"## {heading}\n{body}" for heading, body in sections)
        for title, sections in written.items()
    ]
    lengths = {title: sum(len(body.split()) for _, body in sections) for title, sections in written.items()}
    return {"lengths": lengths, "book": "\n\n".join(texts)}
