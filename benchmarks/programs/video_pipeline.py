"""Video understanding as a pipeline: sample frames, detect, caption, transcribe, join, answer (Murakkab's workload)."""

from collections import Counter, namedtuple
from dataclasses import dataclass, field

import httpx

Frame = namedtuple("Frame", "video index second text")


@dataclass
class Scene:
    video: str
    start: int
    frames: list = field(default_factory=list)
    objects: Counter = field(default_factory=Counter)
    captions: list = field(default_factory=list)
    summary: str = ""

    @property
    def busy(self):
        return sum(self.objects.values()) > 3


class Detector:
    def __init__(self, threshold=0.3):
        self.threshold = threshold
        self.http = httpx.Client(timeout=30)
        self.seen = 0

    def __call__(self, frame):
        reply = self.http.get(f"{service}/vision/detect", params={"frame": f"{frame.video}/{frame.index}"})
        found = [one["kind"] for one in reply.json()["objects"] if one["confidence"] >= self.threshold]
        self.seen += len(found)
        return found


class Captioner:
    def caption(self, frame, objects):
        listed = ", ".join(sorted(set(objects))) or "nothing"
        reply = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": f"Describe the frame with {listed} in at most 15 words:\n\n{frame.text}"}],
        )
        return reply.choices[0].message.content

    def summarise(self, scene):
        lines = "\n".join(f"{frame.second}s: {caption}" for frame, caption in zip(scene.frames, scene.captions))
        reply = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": f"Summarise the scene in one sentence:\n\n{lines}"}]
        )
        return reply.choices[0].message.content


def frames_of(video, text, every=400):
    for index, start in enumerate(range(0, min(len(text), 2400), every)):
        yield Frame(video, index, index * 5, text[start : start + every])


def scenes_of(frames, size=3):
    scene = None
    for frame in frames:
        if scene is None or len(scene.frames) == size:
            scene = Scene(frame.video, frame.second)
            yield scene
        scene.frames.append(frame)


detector, captioner = Detector(), Captioner()
index = {}
for video in list(documents)[:8]:
    scenes = list(scenes_of(frames_of(video, documents[video])))
    for scene in scenes:
        for frame in scene.frames:
            objects = detector(frame)
            scene.objects.update(objects)
            scene.captions.append(captioner.caption(frame, objects))
        scene.summary = captioner.summarise(scene)
        if scene.busy:
            print(f"{video}@{scene.start}: busy, {dict(scene.objects)}")
    index[video] = scenes
detector.http.close()
story = {video: [scene.summary for scene in scenes] for video, scenes in index.items()}
totals = sum((scene.objects for scenes in index.values() for scene in scenes), Counter())
seen = detector.seen
