import asyncio
from collections import Counter, namedtuple

import httpx

Frame = namedtuple("Frame", "video index second text")


async def main(client, model, documents, limit, service, **_):
    slots, connections = asyncio.Semaphore(limit), asyncio.Semaphore(limit)

    async def chat(prompt):
        async with slots:
            reply = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])
        return reply.choices[0].message.content

    async with httpx.AsyncClient(timeout=30) as http:

        async def look(frame):
            async with connections:
                reply = await http.get(f"{service}/vision/detect", params={"frame": f"{frame.video}/{frame.index}"})
            objects = [one["kind"] for one in reply.json()["objects"] if one["confidence"] >= 0.3]
            listed = ", ".join(sorted(set(objects))) or "nothing"
            return objects, await chat(f"Describe the frame with {listed} in at most 15 words:\n\n{frame.text}")

        async def scene(frames):
            looked = await asyncio.gather(*map(look, frames))
            lines = "\n".join(f"{frame.second}s: {caption}" for frame, (_, caption) in zip(frames, looked, strict=True))
            return [kind for objects, _ in looked for kind in objects], await chat(
                f"Summarise the scene in one sentence:\n\n{lines}"
            )

        async def watch(video):
            text = documents[video]
            frames = [
                Frame(video, index, index * 5, text[start : start + 400])
                for index, start in enumerate(range(0, min(len(text), 2400), 400))
            ]
            return await asyncio.gather(*(scene(frames[start : start + 3]) for start in range(0, len(frames), 3)))

        videos = list(documents)[:8]
        watched = await asyncio.gather(*map(watch, videos))
    totals = Counter(kind for scenes in watched for objects, _ in scenes for kind in objects)
    story = {video: [summary for _, summary in scenes] for video, scenes in zip(videos, watched, strict=True)}
    return {"story": story, "totals": totals, "seen": totals.total()}
