"""Measure runs on labelled articles that they were not trained on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify.progress import track_count
from classify.terminal import quantity, say
from classify.workspace.labelled import read_test_set
from labels.dataset import Dataset, Example
from seeds.base.errors import InputError
from training.evaluation.comparison import Predictions
from training.evaluation.measured import describe_unmeasured
from training.evaluation.metrics import Evaluation, evaluate
from training.runs.provenance import read_run_split
from training.runs.run import Run

_AT_ONCE = 256  # articles scored together; bounds the memory


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Articles that runs can be measured on, and what had to be left out.

    Attributes:
        examples: n articles that none of the runs was trained on.
        categories: the k categories that all runs and the labels know, in the first run's order.
        gold: bool (n, k).
        known: bool (n, k), the pairs that count, at least one an article; of the others nobody
            knows whether the article has the category.
        unknown_pairs: number of the others, those of articles without a known pair included.
        left_out: number of articles left out because a run was trained on them or on
            near-duplicates of them.
        foreign: number of articles of each category that some run does not know.
        unmeasured: articles left out because they have only such categories.
        removed: categories of the runs that are no longer in the taxonomy.
    """

    examples: tuple[Example, ...]
    categories: tuple[str, ...]
    gold: NDArray[np.bool_]
    known: NDArray[np.bool_]
    unknown_pairs: int
    left_out: int
    foreign: dict[str, int]
    unmeasured: tuple[Example, ...]
    removed: tuple[str, ...]

    def record(self) -> dict[str, object]:
        """Return what was left out, for the JSON of `classify evaluate` and `compare`."""
        return {
            "left_out": self.left_out,
            "unknown_categories": self.foreign,
            "unmeasured": len(self.unmeasured),
            "gone_categories": list(self.removed),
            "unknown_pairs": self.unknown_pairs,
        }


def select_measurable(dataset: Dataset, runs: Sequence[Run]) -> EvaluationSet:
    """Select the articles and categories that runs can be measured on.

    Raises:
        InputError: no article is left, or no category is shared.
    """
    measurable = restrict_to_shared(dataset, runs, mask_unseen(dataset, runs))
    if not measurable.examples:
        total = quantity(len(dataset.examples), "labelled article")
        names = ", ".join(measurable.foreign)
        raise InputError(
            f"nothing to measure on: of {total}, {measurable.left_out:,} were used for training, "
            f"and the others have no category that is known{f', only {names}' if names else ''}. "
            "Name other articles with --on FILE."
        )
    return measurable


def mask_unseen(dataset: Dataset, runs: Sequence[Run]) -> NDArray[np.bool_]:
    """Return which articles no run was trained on, near-duplicates included, (n,)."""
    positions = np.arange(len(dataset.examples))
    masks = (np.isin(positions, read_run_split(run.path).find_unseen(dataset)) for run in runs)
    return np.asarray(np.logical_and.reduce([*masks]))


def restrict_to_shared(
    dataset: Dataset, runs: Sequence[Run], selected: NDArray[np.bool_]
) -> EvaluationSet:
    """Return the selected articles, (n,), with the categories the labels and all runs share.

    Raises:
        InputError: they share none.
    """
    common = set.intersection(*(set(run.rule.categories) for run in runs))
    labelled = set(dataset.taxonomy.ids)
    categories = tuple(name for name in runs[0].rule.categories if name in common & labelled)
    if not categories:
        raise InputError(
            "nothing to measure: the runs and the labels share no category. Name articles with "
            "the runs' categories by --on FILE."
        )
    examples = [dataset.examples[n] for n in np.flatnonzero(selected)]
    names = set(categories)
    measurable = [e for e in examples if not e.categories or names & set(e.categories)]
    usable = tuple(example for example in measurable if not names <= set(example.unknown))
    removed = {name: None for run in runs for name in run.rule.categories if name not in labelled}
    return EvaluationSet(
        examples=usable,
        categories=categories,
        gold=np.array([[name in e.categories for name in categories] for e in usable], np.bool_),
        known=np.array([[name not in e.unknown for name in categories] for e in usable], np.bool_),
        unknown_pairs=sum(len(names & set(example.unknown)) for example in measurable),
        left_out=int((~selected).sum()),
        foreign=dict(Counter(n for e in examples for n in e.categories if n not in common)),
        unmeasured=tuple(e for e in examples if e.categories and not names & set(e.categories)),
        removed=(*removed,),
    )


def describe_exclusions(measured: EvaluationSet, runs: Sequence[Run]) -> list[str]:
    """Return a line for each kind of articles and categories that are not measured."""
    who = "the run" if len(runs) == 1 else "a run"
    lines = []
    if measured.left_out:
        lines.append(
            f"left out: {quantity(measured.left_out, 'article')} that {who} was trained on, "
            "near-duplicates included"
        )
    if measured.unknown_pairs:
        lines.append(
            f"not measured: {quantity(measured.unknown_pairs, 'pair')} of article and category "
            "that nobody knows: disputed, or not asked"
        )
    if measured.foreign:
        counts = (
            f"{name} ({quantity(count, 'article')})" for name, count in measured.foreign.items()
        )
        lines.append(f"not measured, because {who} does not know it: {', '.join(counts)}")
    if measured.unmeasured:
        names = {name: None for e in measured.unmeasured for name in e.categories}
        lines.append(describe_unmeasured(len(measured.unmeasured), names, who))
    if measured.removed:
        lines.append(
            f"not measured, because no longer in the taxonomy: {', '.join(measured.removed)}"
        )
    return lines


def predict_examples(
    run: Run, examples: Sequence[Example], categories: tuple[str, ...]
) -> Predictions:
    """Predict one or more articles; of the run's categories only those named are returned."""
    texts = [example.document.text for example in examples]
    scores = []
    with track_count(f"Scoring with {run.name}", len(texts)) as count:
        for start in range(0, len(texts), _AT_ONCE):
            scores.append(run.model.scores(texts[start : start + _AT_ONCE]))
            count(min(start + _AT_ONCE, len(texts)), len(texts))
    probabilities = run.rule.probabilities(np.concatenate(scores))
    columns = [run.rule.categories.index(name) for name in categories]
    return Predictions(
        probabilities[:, columns],
        run.rule.select(probabilities)[:, columns],
        run.rule.certainty(probabilities) >= run.rule.review_below,
    )


def evaluate_run(run: Run, measured: EvaluationSet) -> Evaluation:
    """Compute all figures of a run."""
    predictions = predict_examples(run, measured.examples, measured.categories)
    return evaluate(
        predictions.probabilities,
        predictions.predicted,
        measured.gold,
        predictions.certain,
        measured.categories,
        single=run.rule.choice == "single",
        seed=run.facts.seed,
        known=measured.known,
    )


def count_labelled(run: Run, examples: Sequence[Example]) -> int:
    """Count the articles that a run gives a category."""
    if not examples:
        return 0
    return int(predict_examples(run, examples, run.rule.categories).predicted.any(axis=1).sum())


def evaluate_on_test_set(workspace: Path, run: Run) -> Evaluation | None:
    """Compute a run's figures on the frozen test set; None, and a note why, if it can't be."""
    try:
        measured = select_measurable(read_test_set(workspace), [run])
    except InputError as error:
        say(f"not measured: {error}")
        return None
    if measured.categories != run.rule.categories:
        say("not measured: the run has categories that are no longer in the taxonomy")
        return None
    return evaluate_run(run, measured)
