"""The workload of `murakkab_video.ipynb`: a small generated video, real code for what runs on a CPU, stand-ins for the models.

Real: making the video, cutting it into scenes, sampling frames, hashed word vectors, looking up the nearest. **Stand-ins**:
speech to text, object detection, embedding models, language models. A stand-in waits as long as its profile says, `SPEED` times
faster, and answers from what the video is seen to show; so what is compared is choosing and scheduling, not models.

Every figure of `PROFILES` is from the page named beside it. What is assumed beyond them is in `ASSUMED`. Quality is relative to
the best alternative of its stage (1 − WER, mAP, MMLU, mean of STS 12-17), so that one floor can be set for all stages.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from poppy_ipython import unordered
from poppy_ipython.choose import alternatives, option

SPEED = 5.0  # times faster than the profiles say

ASR = "https://huggingface.co/datasets/Steveeeeeeen/whisper-leaderboard-evals (24_jan_25.csv: RTFx, WER of faster-whisper)"
ASR_CPU = "https://gist.github.com/ShuffleBox/376d706b0abd378e23b5d17373de86a7 (Whisper small, 10 minutes in 1m53s, AMD 7900X)"
YOLO = "https://docs.ultralytics.com/models/yolov8/ (ms per image on CPU ONNX and A100 TensorRT, mAP 50-95 on COCO)"
SBERT = "https://sbert.net/docs/sentence_transformer/pretrained_models.html (MiniLM is 5 times faster than mpnet)"
JINA = "https://huggingface.co/jinaai/jina-embedding-t-en-v1 (10,000 sentences with MiniLM in 11.95 s on a CPU; STS 12-17)"
LLM = "https://tokencost.app/compare/gpt-4o-vs-gpt-4o-mini (prices; speed and first token by Artificial Analysis)"
MMLU = "http://anakin.ai/blog/gpt-4o-mini-vs-gpt-4o-vs-gpt-4 (MMLU 88.7 and 82.0)"
_SHEET = "https://docs.google.com/spreadsheets/d/1Xe1WXNaZ0IZuuRAJP62xf_ufmwUhgRhtp446bTHnUOM"
ENERGY = f"{_SHEET} (Epoch AI: 0.301 and 0.06 Wh for 500 tokens)"
GPU = "https://www.yobitel.com/knowledge-base/nvidia-a100 (A100 SXM: 400 W)"
GPU_PRICE = "https://khaderz.com/en/ai-engineer-path/production/gpu-cost-modeling (A100 40 GB on demand: 3.67 an hour)"
CPU_PRICE = (
    "https://docs.amazonaws.cn/en_us/autoscaling/ec2/userguide/weights-spot-price-per-unit-hour-example.html"
    " (c5.2xlarge on demand, an example of theirs: 0.34 an hour for 8 vCPU)"
)

ASSUMED = (
    "RTFx of the leaderboard is taken to be that of an A100",
    "a GPU draws its full power while it works and nothing while it waits; a CPU core 14 W (170 W by 12, AMD 7900X)",
    "a summary is 1,000 tokens in and 100 out, an answer 1,000 and 200; energy grows with the tokens that come out",
    "mpnet takes five times MiniLM's time on a CPU as well",
    "services answer any number of calls at once; two GPUs and 16 CPU cores are there",
)

_GPU_HOUR, _CORE_HOUR, _GPU_WATT, _CORE_WATT = 3.67, 0.085, 400.0, 14.0
_CLIP = 20.0  # seconds of sound in a scene


@dataclass(frozen=True)
class Profile:
    """What one alternative takes by its sources: seconds, dollars, watts or Wh, quality relative to the best."""

    stage: str
    name: str
    seconds: float
    price: float
    quality: float
    sources: tuple[str, ...]
    power: float | None = None
    energy: float | None = None
    resource: str | None = None


def _on_gpu(stage: str, name: str, seconds: float, quality: float, *sources: str) -> Profile:
    price = seconds * _GPU_HOUR / 3600
    return Profile(stage, name, seconds, price, quality, (*sources, GPU, GPU_PRICE), _GPU_WATT, None, "gpu=1")


def _on_cpu(stage: str, name: str, seconds: float, quality: float, cores: int, *sources: str) -> Profile:
    price = seconds * cores * _CORE_HOUR / 3600
    watts = cores * _CORE_WATT
    return Profile(stage, name, seconds, price, quality, (*sources, CPU_PRICE), watts, None, f"cpu={cores}")


def _gpt_4o(stage: str, name: str, tokens: int) -> Profile:
    price = (1000 * 2.5 + tokens * 10) / 1e6
    return Profile(stage, name, 0.53 + tokens / 135, price, 1.0, (LLM, MMLU, ENERGY), None, 0.301 * tokens / 500)


def _gpt_4o_mini(stage: str, name: str, tokens: int) -> Profile:
    price = (1000 * 0.15 + tokens * 0.6) / 1e6
    return Profile(stage, name, 0.58 + tokens / 61, price, 82.0 / 88.7, (LLM, MMLU, ENERGY), None, 0.06 * tokens / 500)


PROFILES = (
    _on_gpu("transcribe", "whisper_large", _CLIP / 19.13, (100 - 7.19) / (100 - 7.12), ASR),
    _on_gpu("transcribe", "whisper_turbo", _CLIP / 39.54, 1.0, ASR),
    _on_cpu("transcribe", "whisper_small_cpu", _CLIP * 113 / 600, (100 - 8.26) / (100 - 7.12), 12, ASR, ASR_CPU),
    _on_gpu("detect", "yolov8x", 0.00353, 1.0, YOLO),
    _on_gpu("detect", "yolov8m", 0.00183, 50.2 / 53.9, YOLO),
    _on_cpu("detect", "yolov8x_cpu", 0.4791, 1.0, 4, YOLO),
    _on_cpu("detect", "yolov8n_cpu", 0.0804, 37.3 / 53.9, 4, YOLO),
    _gpt_4o("summarise", "gpt_4o_summary", 100),
    _gpt_4o_mini("summarise", "gpt_4o_mini_summary", 100),
    _on_cpu("embed", "mpnet", 5 * 11.95 / 10_000, 1.0, 1, SBERT, JINA),
    _on_cpu("embed", "minilm", 11.95 / 10_000, 0.801 / 0.817, 1, SBERT, JINA),
    _gpt_4o("answer", "gpt_4o_answer", 200),
    _gpt_4o_mini("answer", "gpt_4o_mini_answer", 200),
)
"""The first of each stage is what tightly coupled code has fixed: the largest model, on a GPU where there is one."""

CAPACITY = {"gpu": 2, "cpu": 16}
QUESTIONS = ("Which colour comes first?", "Is there a circle?", "How does it end?")
_COLOURS = {"red": (200, 40, 40), "green": (40, 170, 70), "blue": (50, 80, 210), "grey": (120,) * 3, "yellow": (220, 200, 60)}


# ---------------------------------------------------------------- real code


def make_video(scenes: int = 6, frames: int = 20, seed: int = 7) -> np.ndarray:
    """Frames of 36 × 64 pixels, one a second: scenes of one colour each with a shape that moves, and noise."""
    draw = np.random.default_rng(seed)
    names = list(_COLOURS)
    shown = []
    for scene in range(scenes):
        for n in range(frames):
            frame = np.full((36, 64, 3), _COLOURS[names[scene % len(names)]], dtype=np.float64)
            x = 6 + n * 2
            rows, columns = np.ogrid[:36, :64]
            inside = (rows - 18) ** 2 + (columns - x) ** 2 < 60 if scene % 2 else (abs(rows - 18) < 7) & (abs(columns - x) < 7)
            frame[inside] = 250
            shown.append(np.clip(frame + draw.normal(0, 6, frame.shape), 0, 255).astype(np.uint8))
    return np.stack(shown)


@unordered
def cut(video: np.ndarray) -> list[tuple[int, int]]:
    """Where scenes begin and end: the histogram of colours changes by more than a third."""
    bins = (video // 64).astype(int) @ np.array([16, 4, 1])
    histograms = np.stack([np.bincount(frame.ravel(), minlength=64) for frame in bins])
    change = np.abs(np.diff(histograms, axis=0)).sum(axis=1) / (2 * histograms[0].sum())
    starts = [0, *(np.flatnonzero(change > 1 / 3) + 1).tolist()]
    return list(zip(starts, [*starts[1:], len(video)], strict=True))


def sample(start: int, end: int, count: int = 3) -> list[int]:
    """Frames of a scene, evenly spread."""
    return [start + (2 * n + 1) * (end - start) // (2 * count) for n in range(count)]


def vector(text: str) -> list[float]:
    """A hashed bag of words of length one."""
    found = np.zeros(64)
    for word in text.lower().split():
        found[sum(map(ord, word)) % 64] += 1
    length = float(np.linalg.norm(found)) or 1.0
    return [float(value) for value in found / length]


def look(video: np.ndarray, number: int) -> str:
    """What a frame of this video shows: the nearest colour and the shape, from its pixels."""
    frame = video[number].astype(float)
    corner = frame[:6].reshape(-1, 3).mean(axis=0)
    colour = min(_COLOURS, key=lambda name: float(np.abs(corner - _COLOURS[name]).sum()))
    bright = (frame.min(axis=2) > 225).sum()
    return f"{colour} {'circle' if bright > 180 else 'square'}" if bright else colour


# ---------------------------------------------------------------- stand-ins


def wait(name: str) -> None:
    """Take as long as the profile says."""
    time.sleep(SECONDS[name] / SPEED)


SECONDS = {profile.name: profile.seconds for profile in PROFILES}
VIDEO = make_video()


def _stand_in(profile: Profile) -> Any:
    """A function of that name which waits and then answers; the answer does not depend on who gives it."""
    name = profile.name

    def transcribe(start: int, end: int) -> str:
        wait(name)
        return f"In the seconds from {start} to {end} we see {look(VIDEO, start)}."

    def detect(number: int) -> str:
        wait(name)
        return look(VIDEO, number)

    def summarise(words: str, seen: list[str]) -> str:
        wait(name)
        return f"{words[:-1]}, later {', '.join(sorted(set(seen)))}."

    def embed(text: str) -> list[float]:
        wait(name)
        return vector(text)

    def answer(question: str, notes: list[str], index: list[list[float]]) -> str:
        wait(name)
        at = int(np.argmax(np.array(index) @ np.array(vector(question))))
        return f"{question} {notes[at]}"

    stages = {"transcribe": transcribe, "detect": detect, "summarise": summarise, "embed": embed, "answer": answer}
    made: Any = stages[profile.stage]
    made.__name__ = made.__qualname__ = name
    made.__module__ = "stand_ins"
    return unordered(made)


STAND_INS = {profile.name: _stand_in(profile) for profile in PROFILES}


def stages(speed: float = 1.0, fixed: bool = False) -> dict[str, Any]:
    """The names of the workload's program: of each stage its alternatives, or the first alone if `fixed`."""
    found: dict[str, Any] = {"cut": cut, "sample": sample, "video": VIDEO, "questions": QUESTIONS}
    for stage in dict.fromkeys(profile.stage for profile in PROFILES):
        options = [
            option(
                STAND_INS[one.name], quality=round(one.quality, 4), price=one.price, seconds=one.seconds / speed,
                energy=one.energy, power=None if one.power is None else one.power * speed, resource=one.resource,
            )
            for one in PROFILES
            if one.stage == stage
        ]  # fmt: skip
        found[stage] = STAND_INS[options[0].name] if fixed else alternatives(*options, name=stage)
    return found


PROGRAM = """\
notes, index = [], []
for start, end in cut(video):
    words = transcribe(start, end)
    seen = [detect(number) for number in sample(start, end)]
    summary = summarise(words, seen)
    notes.append(summary)
    index.append(embed(summary))
answers = [answer(question, notes, index) for question in questions]
"""
