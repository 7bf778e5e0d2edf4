"""How often the intervals of alpha hold the true value: 300 draws from articles that are known."""

import argparse
from collections.abc import Iterator

import numpy as np

from labels.agreement.alpha import Alpha, category_alphas, set_alphas
from labels.agreement.distances import jaccard, masi, nominal
from labels.agreement.votes import BoolArray, Votes

_POPULATION = 20_000  # articles; their alpha is the true one
_DRAWS = 300
_PREVALENCE = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5])  # of the categories
_SENSITIVITY = np.array([0.6, 0.75, 0.9, 0.8])  # of the annotators
_SPECIFICITY = np.array([0.98, 0.9, 0.95, 0.85])
_DISTANCES = (nominal, jaccard, masi)


def main() -> None:
    """Print the table: how often each interval held the true value."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rng = np.random.default_rng(0)
    print(
        "| articles | annotators | nominal | Jaccard | MASI | categories, in order of prevalence |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    populations = {annotators: _population(annotators, rng) for annotators in (2, 4)}
    for articles, annotators in ((100, 2), (100, 4), (300, 2), (300, 4), (50, 2), (50, 4)):
        chosen = populations[annotators]
        truth = [alpha.value for alpha in _alphas(chosen, 0, resamples=0)]
        print(_row(chosen, truth, articles, rng), flush=True)


def _row(
    chosen: BoolArray, truth: list[float | None], articles: int, rng: np.random.Generator
) -> str:
    """Return a line of the table: draws of so many articles."""
    held = np.zeros(len(truth))
    shown = np.zeros(len(truth))
    for draw in range(_DRAWS):
        sample = chosen[rng.choice(len(chosen), articles, replace=False)]
        for n, (alpha, true) in enumerate(zip(_alphas(sample, draw), truth, strict=True)):
            if alpha.low is not None and alpha.high is not None and true is not None:
                shown[n] += 1
                held[n] += alpha.low <= true <= alpha.high
    shares = [
        f"{n / of:.1%}" + (f" of {of:.0f}" if of < _DRAWS else "") if of else "–"
        for n, of in zip(held, shown, strict=True)
    ]
    cells = [articles, chosen.shape[1], *shares[:3], ", ".join(shares[3:])]
    return f"| {' | '.join(map(str, cells))} |"


def _population(annotators: int, rng: np.random.Generator) -> BoolArray:
    """Return what annotators chose, bool (articles, annotators, k)."""
    true = rng.random((_POPULATION, 1, len(_PREVALENCE))) < _PREVALENCE
    yes = np.where(true, _SENSITIVITY[:annotators, None], 1 - _SPECIFICITY[:annotators, None])
    return np.asarray(rng.random(yes.shape) < yes)


def _alphas(chosen: BoolArray, seed: int, resamples: int = 1000) -> Iterator[Alpha]:
    """Yield alpha over sets by each distance, then of each category."""
    votes = _as_votes(chosen)
    yield from set_alphas(votes, _DISTANCES, seed, resamples)
    yield from category_alphas(votes, seed, resamples)


def _as_votes(chosen: BoolArray) -> Votes:
    articles, annotators, k = chosen.shape
    return Votes(
        documents=tuple(map(str, range(articles))),
        annotators=tuple(map(str, range(annotators))),
        categories=tuple(map(str, range(k))),
        article=np.repeat(np.arange(articles), annotators),
        annotator=np.tile(np.arange(annotators), articles),
        chosen=chosen.reshape(-1, k),
        asked=np.ones((articles * annotators, k), np.bool_),
        months=("",) * (articles * annotators),
    )


if __name__ == "__main__":
    main()
