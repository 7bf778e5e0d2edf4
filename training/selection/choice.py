"""Choose the articles to annotate next, each with the reason. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from labels.dataset import Dataset
from seeds.document import Document
from training.arrays import BoolArray, Float64Array
from training.selection.coverage import choose_covering
from training.selection.guesses import Guesses, guess
from training.selection.random_arm import arm_size, spread
from training.selection.similarity import Similarities

Arm = Literal["diverse", "uncertain", "rare", "random"]
Strategy = Literal["auto", "diverse", "uncertain", "rare", "random"]
STRATEGIES: tuple[str, ...] = get_args(Strategy)
MOST = 1000  # articles that are compared with each other; of more, a random part is
MOST_KNOWN = 2000  # known articles that they are compared with, the latest
_ENOUGH = 10  # labels from which doubts say more than what covers the articles
_RARE = 10  # labels below which a category is rare
_UNLEARNED = 4  # labels below which training leaves a category out (`min_examples`)
_RARE_SHARE = 0.2  # of a batch, at most, that goes to those

# (texts, known texts) -> how alike they are
Compare = Callable[[Sequence[str], Sequence[str]], Similarities]
# (labels, texts) -> what the labels say about the texts
Learn = Callable[[Dataset, Sequence[str]], Guesses | None]


@dataclass(frozen=True, slots=True)
class Choice:
    """An article to annotate next.

    Attributes:
        document: the article.
        arm: what it was chosen for.
        reason: in words, for people.
    """

    document: Document
    arm: Arm
    reason: str


@dataclass(frozen=True, slots=True)
class Pool:
    """The articles to choose from, and what is known.

    Attributes:
        candidates: one of each group of near-duplicates, in the workspace's random order.
        known: texts of the articles annotated already, or waiting for it,
            in the order in which they were added.
        dataset: the labels there are; None before the first ones.
    """

    candidates: Sequence[Document]
    known: Sequence[str]
    dataset: Dataset | None


def choose(
    pool: Pool, count: int, strategy: Strategy, compare: Compare, learn: Learn = guess
) -> list[Choice]:
    """Return the articles to annotate next, in the order in which to annotate them.

    `auto` gives a fifth to the random arm. The rest goes to articles that cover the others while
    there are hardly any labels, afterwards to those that cover what the labels leave in doubt, rare
    categories first.

    Args:
        pool: the articles.
        count: how many to choose, if there are as many.
        strategy: which to choose.
        compare: tells how alike articles are.
        learn: guesses categories of articles from the labels there are.
    """
    count = min(count, len(pool.candidates))
    if not count:
        return []
    if strategy == "random":
        return [_at_random(document) for document in pool.candidates[:count]]
    size = arm_size(count) if strategy == "auto" else 0
    arm = [_at_random(document) for document in pool.candidates[:size]]
    candidates = pool.candidates[size : size + MOST]
    known = [*pool.known[-MOST_KNOWN:], *(choice.document.text for choice in arm)]
    texts = [document.text for document in candidates]
    guesses = None
    if texts and pool.dataset and len(pool.dataset.examples) >= _ENOUGH:
        guesses = learn(pool.dataset, texts)
    chooser = _Chooser(candidates, compare(texts, known), guesses, _titles(pool, guesses))
    chosen = chooser.choose(count - size, strategy)
    for place, choice in zip(spread(size, count), arm, strict=True):
        chosen.insert(place, choice)
    return chosen


def _titles(pool: Pool, guesses: Guesses | None) -> list[str]:
    """Return the French names of the categories that are guessed."""
    if not (pool.dataset and guesses):
        return []
    names = {category.id: category.fr for category in pool.dataset.taxonomy.categories}
    return [names[name] for name in guesses.names]


def _at_random(document: Document) -> Choice:
    return Choice(document, "random", "random: a fair sample, which measures what choosing saves")


@dataclass(frozen=True, slots=True)
class _Chooser:
    """Articles with what is needed to choose among them.

    Attributes:
        documents: n articles.
        alike: how alike they are.
        guesses: what the labels say about them; None without enough labels.
        titles: French names of the categories of the guesses.
    """

    documents: Sequence[Document]
    alike: Similarities
    guesses: Guesses | None
    titles: Sequence[str]

    def choose(self, count: int, strategy: Strategy) -> list[Choice]:
        """Choose articles, in order."""
        free = np.ones(len(self.documents), np.bool_)
        if self.guesses is None or strategy == "diverse":
            return self._diverse(count, free)
        rare: list[Choice] = []
        if strategy == "rare":
            rare = self._rare(count, _RARE, free, self.guesses)
        elif strategy == "auto":
            rare = self._rare(round(_RARE_SHARE * count), _UNLEARNED, free, self.guesses)
        return [*rare, *self._uncertain(count - len(rare), free, self.guesses)]

    def _diverse(self, count: int, free: BoolArray) -> list[Choice]:
        """Choose what covers the articles."""
        picks = choose_covering(self.alike.pairs, np.ones(len(free)), self.alike.known, free, count)
        return [
            Choice(self.documents[pick.place], "diverse", _describe_neighbours(pick.neighbours))
            for pick in picks
        ]

    def _uncertain(self, count: int, free: BoolArray, guesses: Guesses) -> list[Choice]:
        """Choose what covers the articles whose categories are in doubt."""
        picks = choose_covering(self.alike.pairs, guesses.worth, self.alike.known, free, count)
        doubts = guesses.doubts
        return [
            Choice(
                self.documents[pick.place],
                "uncertain",
                self._describe_doubt(guesses, doubts[pick.place], pick.place),
            )
            for pick in picks
        ]

    def _rare(self, count: int, below: int, free: BoolArray, guesses: Guesses) -> list[Choice]:
        """Choose probable articles of categories with few labels, in turn, and mark them taken."""
        ranks = np.argsort(guesses.labels, kind="stable")
        rare = [int(k) for k in ranks if guesses.labels[k] < below]
        choices: list[Choice] = []
        while rare and len(choices) < count and free.any():
            k = rare[len(choices) % len(rare)]
            place = int(np.where(free, guesses.probabilities[:, k], -1).argmax())
            free[place] = False
            share = f"{guesses.probabilities[place, k]:.0%}"
            reason = (
                f"rare: perhaps {self.titles[k]} ({share}), which has {guesses.labels[k]} labels"
            )
            choices.append(Choice(self.documents[place], "rare", reason))
        return choices

    def _describe_doubt(self, guesses: Guesses, doubts: Float64Array, place: int) -> str:
        """Say which categories an article is in doubt about."""
        order = np.argsort(-doubts, kind="stable")[:2].tolist()
        shown = [f"{self.titles[k]} ({guesses.probabilities[place, k]:.0%})" for k in order]
        if guesses.single:
            return f"uncertain: {' or '.join(shown)}"
        return f"uncertain: {shown[0]}"


def _describe_neighbours(neighbours: int) -> str:
    """Say how many articles an article stands for."""
    if not neighbours:
        return "diverse: unlike all others"
    return f"diverse: closest to {neighbours} other{'' if neighbours == 1 else 's'} so far"
