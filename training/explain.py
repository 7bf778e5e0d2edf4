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
Span = tuple[int, int]  # first character, and the one after the last

_WORD = re.compile(r"\w+")
_LINKED = re.compile(r"\w+(?:[’'-]\w+)*")  # one word to leave out: "aujourd'hui", "porte-parole"
_CUT = re.compile(r"\s+|(?<=[。！？，、；：])(?=\S)")  # where a text may be cut
_ENDS = {**dict.fromkeys(",;:–—)»，、；：", 1), **dict.fromkeys(".!?…。！？", 2)}  # how well
_PULL = 0.12  # of a part's length: so much farther from its middle may a better cut be
_EXPLAINED = 200_000  # characters taken apart; whatever follows is one part
_PASSES = 64  # times an encoder reads a text anew, at most
_READ = 400_000  # characters it reads in all of them, about: a minute on a slow machine
_STEP = 8_000  # of them at once, or one text: whoever else wants the model then has a turn
_LEVELS = (0.12, 0.3, 0.6)  # shares of the largest contribution from which a part is marked
_LEAST = 0.05  # log-odds, a hundredth of a probability: where no part says more, none is strong


@dataclass(frozen=True, slots=True)
class Explanation:
    """What each part of a text did to each category's log-odds.

    Attributes:
        method: "exact": biases and contributions sum to the logits; "occlusion": a contribution is
            what the logit loses when the part is left out.
        parts: joined, they are the text.
        logits: float32 (k,), calibrated log-odds of the whole text, in class order.
        biases: float32 (k,), of a text without a known word; None for occlusion.
        contributions: float64 (parts, k), positive where the part spoke for the category.
    """

    method: Method
    parts: tuple[str, ...]
    logits: Float32Array
    biases: Float32Array | None
    contributions: Float64Array

    def __post_init__(self) -> None:
        if self.contributions.shape != (len(self.parts), len(self.logits)):
            raise ValueError("there must be a contribution for each part and category")

    def record(self, categories: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """The explanation as a JSON object.

        Args:
            categories: the ids in class order.
            names: the ids to tell of.
        """
        places = {name: list(categories).index(name) for name in names}
        biases = self.biases
        return {
            "method": self.method,
            "parts": list(self.parts),
            "logits": {name: _rounded(self.logits[n]) for name, n in places.items()},
            "biases": None
            if biases is None
            else {name: _rounded(biases[n]) for name, n in places.items()},
            "contributions": {
                name: [_rounded(each) for each in self.contributions[:, n].tolist()]
                for name, n in places.items()
            },
        }


def explain(model: Model, text: str) -> Explanation:
    """Which parts of a text spoke for and against each category.

    Exact where the model is a sum over words; parts then are words and what stands between them.
    Otherwise parts are left out one at a time: words of a short text, clauses or sentences of a
    longer one, whole passages of one that would take too long.
    """
    steps = explain_in_steps(model, text)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Explanation = end.value
            return found


def explain_in_steps(model: Model, text: str) -> Generator[None, None, Explanation]:
    """As explain, with a pause after each step, where something else may be computed."""
    words = _words(text)
    shares = model.contributions(text, [first for first, _ in words])
    if shares is None:
        return (yield from _occlusion(model, text))
    parts = tuple(text[slice(*span)] for span in words)
    return Explanation("exact", parts, model.scores([text])[0], shares.biases, shares.parts)


def levels(contributions: Sequence[float]) -> list[int]:
    """How strongly to mark each part for one category: -3 (strongly against) to 3, 0: not at all.

    Relative to the largest contribution of the text.
    """
    values = np.asarray(contributions, np.float64)
    largest = max(float(np.abs(values).max(initial=0)), _LEAST)
    found = np.searchsorted(_LEVELS, np.abs(values) / largest, side="right")
    return [int(each) for each in found * np.sign(values)]


def strongest(
    parts: Sequence[str], contributions: Sequence[float], most: int
) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """The words, or clauses, that spoke most for a category, and most against it.

    Returns:
        Each with what all its occurrences did together, the strongest first; only those that
        `levels` would mark.
    """
    sums: dict[str, float] = {}
    shown: dict[str, str] = {}
    for part, value in zip(parts, contributions, strict=True):
        if _WORD.search(part):
            key = part.casefold()
            shown.setdefault(key, part)
            sums[key] = sums.get(key, 0.0) + value
    marked = [key for key, level in zip(sums, levels(list(sums.values())), strict=True) if level]
    ranked = [(shown[key], sums[key]) for key in sorted(marked, key=lambda key: -sums[key])]
    against = [each for each in reversed(ranked) if each[1] < 0]
    return [each for each in ranked if each[1] > 0][:most], against[:most]


def _rounded(value: float) -> float:
    """Ten decimals, so that the sum of 100,000 parts is right to 1e-5."""
    return round(float(value), 10) + 0.0


# ---------------------------------------------------------------- exact


def _words(text: str) -> list[Span]:
    """Words and what stands between them, in order, with no gap."""
    edges = {0, len(text)}
    for found in _WORD.finditer(text, 0, _EXPLAINED):
        if found.end() < _EXPLAINED or found.end() == len(text):
            edges.update(found.span())
    return list(pairwise(sorted(edges)))


# ---------------------------------------------------------------- occlusion


def _occlusion(model: Model, text: str) -> Generator[None, None, Explanation]:
    """Leave out part by part; what stands between parts goes with the one before, and counts 0."""
    spans = _spans(text, max(1, min(_PASSES, _READ // max(len(text), 1))))
    begins = [*(first for first, _ in spans), len(text)]
    size = max(1, _STEP // max(len(text), 1))  # texts a step
    found = []
    for start in range(0, len(spans) + 1, size):
        some = [text] if start == 0 else []
        for first, after in pairwise(begins[max(start - 1, 0) : start + size]):
            some.append(f"{text[:first]}{text[after:]}".strip())
        found.append(model.scores(some))
        yield
    scores = np.concatenate(found).astype(np.float64)
    edges = sorted({0, len(text), *(edge for span in spans for edge in span)})
    whole = list(pairwise(edges))
    lost = dict(zip(spans, scores[0] - scores[1:], strict=True))
    nothing = np.zeros(scores.shape[1])
    contributions = np.array([lost.get(span, nothing) for span in whole])
    return Explanation(
        "occlusion",
        tuple(text[slice(*span)] for span in whole),
        scores[0].astype(np.float32),
        None,
        contributions.reshape(len(whole), scores.shape[1]),
    )


def _spans(text: str, most: int) -> list[Span]:
    """What is left out at a time: the words if they are few enough, else `most` passages."""
    if len(text) <= _EXPLAINED:
        words = [found.span() for found in _LINKED.finditer(text)]
        if len(words) <= most:
            return words
    return _passages(text, most)


def _passages(text: str, most: int) -> list[Span]:
    """A text in at most so many passages of like lengths, cut at sentences and clauses if it can.

    The longest one is cut in two, again and again.
    """
    cuts = [(each.start(), each.end()) for each in _CUT.finditer(text)] if most > 1 else []
    ends = np.array([end for _, end in cuts], np.int64)
    value = np.array([_value(text, *cut) for cut in cuts])
    longest, whole = [(-len(text), 0, len(text))], list[Span]()
    while longest and len(longest) + len(whole) < most:
        _, first, last = heapq.heappop(longest)
        inside = slice(*np.searchsorted(ends, [first + 1, last]))
        if inside.start == inside.stop:
            whole.append((first, last))
            continue
        away = np.abs(ends[inside] - (first + last) / 2) / (last - first)
        cut = int(ends[inside][(away - _PULL * value[inside]).argmin()])
        for half in ((first, cut), (cut, last)):
            heapq.heappush(longest, (half[0] - half[1], *half))
    found = sorted([*whole, *((first, last) for _, first, last in longest)])
    return [span for span in (_stripped(text, *each) for each in found) if span[0] < span[1]]


def _value(text: str, first: int, last: int) -> int:
    """How good a cut is: 3 between lines, 2 after a sentence, 1 after a clause, else 0."""
    if "\n" in text[first:last]:
        return 3
    return _ENDS.get(text[first - 1], 0) if first else 0


def _stripped(text: str, first: int, last: int) -> Span:
    """A span without the white space at its ends."""
    inner = text[first:last]
    return last - len(inner.lstrip()), first + len(inner.rstrip())
