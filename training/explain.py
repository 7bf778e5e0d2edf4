"""Which words of a text spoke for and against each category, whatever the kind of model."""

import heapq
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from training.arrays import Float32Array, Float64Array
from training.model import Model

Method = Literal["exact", "occlusion"]
Span = tuple[int, int]  # positions in characters: start, and end exclusive

_WORD = re.compile(r"\w+")
_COMPOUND = re.compile(r"\w+(?:[’'-]\w+)*")  # left out as one word: "aujourd'hui", "porte-parole"
_BREAK = re.compile(r"\s+|(?<=[。！？，、；：])(?=\S)")  # where a text may be divided
# Quality of a break after each of these characters.
_ENDINGS = {**dict.fromkeys(",;:–—)»，、；：", 1), **dict.fromkeys(".!?…。！？", 2)}
_PULL = 0.12  # of a passage's length: how much farther from its middle a better break may be
_EXPLAINED = 200_000  # characters divided into parts; the rest of a text is one part
_MAX_READINGS = 64  # most times an encoder reads variants of a text
_MAX_READ = 400_000  # characters it reads in all of them, about: a minute on a slow machine
_STEP = 8_000  # characters read in a step, or one text: then others may use the model
_LEVELS = (0.12, 0.3, 0.6)  # shares of the largest contribution from which a part is marked
_SMALLEST = 0.05  # log-odds, a hundredth of a probability: below it no part is strong


@dataclass(frozen=True, slots=True)
class Explanation:
    """The contribution of each part of a text to each category's log-odds.

    Attributes:
        method: "exact": biases and contributions sum to the logits; "occlusion": a contribution is
            what the logit loses when the part is left out.
        parts: joined, they are the text.
        logits: float32 (k,), calibrated log-odds of the whole text, in class order.
        biases: float32 (k,), log-odds of a text without a known word; None for occlusion.
        contributions: float64 (parts, k), positive where the part speaks for the category.
    """

    method: Method
    parts: tuple[str, ...]
    logits: Float32Array
    biases: Float32Array | None
    contributions: Float64Array

    def __post_init__(self) -> None:
        if self.contributions.shape != (len(self.parts), len(self.logits)):
            raise ValueError("expected a contribution for each part and category")

    def record(self, categories: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """Return the explanation as a JSON object.

        Args:
            categories: the ids in class order.
            names: the ids to include.
        """
        columns = {name: list(categories).index(name) for name in names}
        biases = self.biases
        return {
            "method": self.method,
            "parts": list(self.parts),
            "logits": {name: _round(self.logits[n]) for name, n in columns.items()},
            "biases": None
            if biases is None
            else {name: _round(biases[n]) for name, n in columns.items()},
            "contributions": {
                name: [_round(value) for value in self.contributions[:, n].tolist()]
                for name, n in columns.items()
            },
        }


def explain(model: Model, text: str) -> Explanation:
    """Explain which parts of a text speak for and against each category.

    Exact where the model is a sum over words; the parts are then words and what stands between
    them. Otherwise parts are left out one at a time: the words of a short text, the clauses or
    sentences of a longer one, whole passages where that would take too long.
    """
    steps = explain_in_steps(model, text)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            explanation: Explanation = end.value
            return explanation


def explain_in_steps(model: Model, text: str) -> Generator[None, None, Explanation]:
    """Explain like `explain`, pausing after each step so that the model can do other work."""
    words = _split_words(text)
    contributions = model.contributions(text, [start for start, _ in words])
    if contributions is None:
        return (yield from _occlude(model, text))
    parts = tuple(text[slice(*span)] for span in words)
    scores = model.scores([text])[0]
    return Explanation("exact", parts, scores, contributions.biases, contributions.parts)


def levels(contributions: Sequence[float]) -> list[int]:
    """Return how strongly to mark each part for one category, -3 (against) to 3 (for), 0: not.

    Relative to the largest contribution of the text.
    """
    values = np.asarray(contributions, np.float64)
    largest = max(float(np.abs(values).max(initial=0)), _SMALLEST)
    strengths = np.searchsorted(_LEVELS, np.abs(values) / largest, side="right")
    return [int(level) for level in strengths * np.sign(values)]


def strongest(
    parts: Sequence[str], contributions: Sequence[float], most: int
) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Return the words, or clauses, that speak most for a category, and most against it.

    Returns:
        Each with the sum over its occurrences, the strongest first, at most `most` on each side;
        only those that `levels` would mark.
    """
    sums: dict[str, float] = {}
    spellings: dict[str, str] = {}
    for part, value in zip(parts, contributions, strict=True):
        if _WORD.search(part):
            key = part.casefold()
            spellings.setdefault(key, part)
            sums[key] = sums.get(key, 0.0) + value
    marked = [key for key, level in zip(sums, levels(list(sums.values())), strict=True) if level]
    ranked = [(spellings[key], sums[key]) for key in sorted(marked, key=lambda key: -sums[key])]
    speaking_for = [(word, value) for word, value in ranked if value > 0]
    speaking_against = [(word, value) for word, value in reversed(ranked) if value < 0]
    return speaking_for[:most], speaking_against[:most]


def _round(value: float) -> float:
    """Round to ten decimals, so that the sum of 100,000 parts is right to 1e-5."""
    return round(float(value), 10) + 0.0


# ---------------------------------------------------------------- exact


def _split_words(text: str) -> list[Span]:
    """Split a text into words and what stands between them, in order, with no gap."""
    edges = {0, len(text)}
    for word in _WORD.finditer(text, 0, _EXPLAINED):
        if word.end() < _EXPLAINED or word.end() == len(text):
            edges.update(word.span())
    return list(pairwise(sorted(edges)))


# ---------------------------------------------------------------- occlusion


def _occlude(model: Model, text: str) -> Generator[None, None, Explanation]:
    """Leave out part by part; what stands between parts goes with the one before, and counts 0."""
    spans = _split_passages(text, max(1, min(_MAX_READINGS, _MAX_READ // max(len(text), 1))))
    starts = [*(start for start, _ in spans), len(text)]
    size = max(1, _STEP // max(len(text), 1))  # texts a step
    batches = []
    for n in range(0, len(spans) + 1, size):
        texts = [text] if n == 0 else []
        for start, end in pairwise(starts[max(n - 1, 0) : n + size]):
            texts.append(f"{text[:start]}{text[end:]}".strip())
        batches.append(model.scores(texts))
        yield
    scores = np.concatenate(batches).astype(np.float64)
    edges = sorted({0, len(text), *(edge for span in spans for edge in span)})
    parts = list(pairwise(edges))
    losses = dict(zip(spans, scores[0] - scores[1:], strict=True))
    zeros = np.zeros(scores.shape[1])
    contributions = np.array([losses.get(span, zeros) for span in parts])
    return Explanation(
        "occlusion",
        tuple(text[slice(*span)] for span in parts),
        scores[0].astype(np.float32),
        None,
        contributions.reshape(len(parts), scores.shape[1]),
    )


def _split_passages(text: str, most: int) -> list[Span]:
    """Return what to leave out at a time: the words if few enough, else `most` passages."""
    if len(text) <= _EXPLAINED:
        words = [word.span() for word in _COMPOUND.finditer(text)]
        if len(words) <= most:
            return words
    return _divide(text, most)


def _divide(text: str, most: int) -> list[Span]:
    """Divide a text into at most so many passages of like lengths, at sentences or clauses.

    The longest one is divided in two, again and again; a passage without a break stays whole.
    """
    breaks = [match.span() for match in _BREAK.finditer(text)] if most > 1 else []
    ends = np.array([end for _, end in breaks], np.int64)
    qualities = np.array([_rate_break(text, *span) for span in breaks])
    longest, indivisible = [(-len(text), 0, len(text))], list[Span]()
    while longest and len(longest) + len(indivisible) < most:
        _, start, end = heapq.heappop(longest)
        inside = slice(*np.searchsorted(ends, [start + 1, end]))
        if inside.start == inside.stop:
            indivisible.append((start, end))
            continue
        distances = np.abs(ends[inside] - (start + end) / 2) / (end - start)
        middle = int(ends[inside][(distances - _PULL * qualities[inside]).argmin()])
        for half in ((start, middle), (middle, end)):
            heapq.heappush(longest, (half[0] - half[1], *half))
    passages = sorted([*indivisible, *((start, end) for _, start, end in longest)])
    stripped = (_strip(text, *span) for span in passages)
    return [(start, end) for start, end in stripped if start < end]


def _rate_break(text: str, start: int, end: int) -> int:
    """Rate a break: 3 between lines, 2 after a sentence, 1 after a clause, else 0."""
    if "\n" in text[start:end]:
        return 3
    return _ENDINGS.get(text[start - 1], 0) if start else 0


def _strip(text: str, start: int, end: int) -> Span:
    """Return a span without the white space at its ends."""
    inner = text[start:end]
    return end - len(inner.lstrip()), start + len(inner.rstrip())
