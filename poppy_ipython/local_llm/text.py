"""Reading a text without understanding it: sentences, content words, the sentences that carry most of them.

Classic extractive summarisation by word frequency: no model, no data files, microseconds, and on topic, since every word
of it comes from the text itself.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

SENTENCE_END = re.compile(
    r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[*]?[A-Z0-9]|[\w-]+:\s)"  # before a capital, or a word with a colon
    r"|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)"  # paragraphs and list items
)
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*[A-Za-z]")
BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
STOP = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both but by
    can could did do does doing down during each either else ever every few for from further get give given gives had has
    have having he her here hers him his how however i if in into is it its itself just last let like may me might more
    most much must my neither no nor not now of off on once one only or other our out over own per quite rather same see
    shall she should since so some such than that the their them then there these they this those though through thus to
    too two under until up upon use used uses using very via was we were what when where whether which while who whose why
    will with within without would yes yet you your""".split()
)


def sentences(text: str) -> list[str]:
    """Sentences and list items, each on one line, headings and fragments of a word or two left out."""
    found = (" ".join(BULLET.sub("", part).split()) for part in SENTENCE_END.split(text))
    good = [sentence for sentence in found if len(WORD.findall(sentence)) >= 3]
    return good or [" ".join(text.split())]


def stem(word: str) -> str:
    """Crude on purpose: `licences` and `licence`, `loops` and `loop`, `running` and `run` meet."""
    word = word.lower()
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            cut = word[: -len(ending)]
            return cut[:-1] if ending in ("ing", "ed") and cut[-1] == cut[-2] else cut
    return word.removesuffix("e") if len(word) > 3 else word


def content(text: str) -> list[str]:
    """The stems of the words that say something, in order."""
    return [stem(word) for word in WORD.findall(text) if word.lower() not in STOP]


@lru_cache(maxsize=512)
def ranked(text: str) -> tuple[tuple[float, int, str], ...]:
    """(weight, place, sentence), the heaviest first: mean frequency of its words, long and late ones discounted."""
    frequency = Counter(content(text))
    weighed = []
    for place, sentence in enumerate(sentences(text)):
        stems = content(sentence)
        mean = sum(frequency[one] for one in stems) / (len(stems) + 4)
        length = min(1.0, 20 / (len(stems) + 1)) ** 2
        prose = 1.0 if sentence[-1:] in ".!?" else 0.2  # not grammar rules, code or headings
        weighed.append((mean * length * prose / (1 + 0.02 * place), place, sentence))
    return tuple(sorted(weighed, key=lambda one: (-one[0], one[1])))


def central(text: str, count: int, skip: int = 0) -> list[str]:
    """The `count` sentences that carry most of the text, in its own order; `skip` moves to the next best."""
    ranking = ranked(text)
    start = skip % max(1, len(ranking) - count + 1)
    chosen = sorted(ranking[start : start + count], key=lambda one: one[1])
    return [sentence for _, _, sentence in chosen]


def keywords(text: str, count: int, skip: int = 0) -> list[str]:
    """The words that recur most, as they are first written, lower case."""
    frequency: Counter[str] = Counter()
    written: dict[str, str] = {}
    for word in WORD.findall(text):
        if word.lower() not in STOP and len(word) > 3:
            key = stem(word)
            frequency[key] += 1
            written.setdefault(key, word.lower())
    best = [written[key] for key, _ in frequency.most_common()]
    return best[skip % max(1, len(best)) :][:count]


def overlap(question: str, text: str) -> float:
    """Share of the question's content words that the text has."""
    asked = set(content(question))
    return len(asked & set(content(text))) / len(asked) if asked else 0.0


def closest(question: str, text: str) -> str:
    """The sentence that has most of the question's words; the most central of equals."""
    asked = set(content(question))
    return max(ranked(text), key=lambda one: (len(asked & set(content(one[2]))), one[0]))[2]
