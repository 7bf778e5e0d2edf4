"""Suspects of a workspace: labels that a model which did not learn from them contradicts."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np

from classify.workspace.evaluation import predict_examples
from labels.annotations import Annotation, read_annotations
from labels.dataset import Dataset, read_dataset
from seeds.base.errors import InputError
from seeds.document import Document
from training.model import Fitting, Track
from training.recipe import default_recipe, read_recipe
from training.runs.facts import read_facts
from training.runs.provenance import FoldPredictions, read_fold_predictions, read_run_split
from training.runs.registry import find_run, list_promotions
from training.runs.run import Run, load_run
from training.splitting.split import read_split
from training.suspects.find import Pair, Suspect, find_suspects, find_unchecked
from training.suspects.opinion import Opinion, ask_folds

_BEGINNING = 120  # characters of an article without a title
_KIND = "tfidf"  # learns in seconds, and needs nothing that is downloaded
Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Findings:
    """What is doubtful among the labels of a workspace.

    Attributes:
        dataset: the agreed labels.
        suspects: articles with labels in doubt, the worst first; of the test set, too.
        tested: ids of the articles of the frozen test set.
        unchecked: categories with too few articles to be checked, with the number of these.
        judge: which models judged, in words.
        needed: articles a category needs to be checked.
        annotators: article -> the votes on it.
    """

    dataset: Dataset
    suspects: tuple[Suspect, ...]
    tested: frozenset[str]
    unchecked: Mapping[str, int]
    judge: str
    needed: int
    annotators: Mapping[str, Sequence[Annotation]]

    @property
    def open(self) -> tuple[Suspect, ...]:
        """The suspects that no other annotator has looked at yet."""
        return tuple(suspect for suspect in self.suspects if not self.is_reviewed(suspect))

    @property
    def people(self) -> list[str]:
        """Everybody who voted, by name."""
        return sorted({a.annotator for votes in self.annotators.values() for a in votes})

    def article(self, suspect: Suspect) -> Document:
        """Return the article of a suspect."""
        return self.dataset.examples[suspect.position].document

    def is_tested(self, suspect: Suspect) -> bool:
        """Tell whether a suspect is in the frozen test set."""
        return self.article(suspect).id in self.tested

    def is_reviewed(self, suspect: Suspect) -> bool:
        """Tell whether another annotator has looked at a suspect in the project for these."""
        return any(a.origin == "review" for a in self._votes(suspect))

    def is_settled(self, suspect: Suspect) -> bool:
        """Tell whether a person settled a suspect, which no vote changes."""
        return any(a.ground_truth for a in self._votes(suspect))

    def _votes(self, suspect: Suspect) -> Sequence[Annotation]:
        return self.annotators.get(self.article(suspect).id, ())

    def labelled_by(self, suspect: Suspect, pair: Pair) -> list[str]:
        """Return who gave a label in doubt: ticked the category, or left it unticked."""
        annotations = self._votes(suspect)
        deciding = [a for a in annotations if a.ground_truth] or annotations
        return [a.annotator for a in deciding if (pair.category in a.categories) == pair.labelled]


def collect_findings(workspace: Path, log: Log, track: Track) -> Findings:
    """Find the labels of a workspace that are probably wrong.

    Raises:
        InputError: there are no labels, or too few to tell categories apart.
    """
    dataset = read_dataset(workspace)
    recipe, settings = read_recipe(default_recipe(workspace, _KIND), _KIND)
    opinion, judge = _ask_current_run(workspace, dataset, log)
    if opinion is None:
        fitting = Fitting(seed=recipe.seed, track=track)
        opinion = ask_folds(dataset, _KIND, recipe, settings, fitting)
        judge = f"{_KIND} models, each of which learned from other articles"
    split = read_split(workspace)
    submitted = defaultdict(list)
    for annotation in read_annotations(workspace):
        if annotation.status == "submitted" and not annotation.unsure:
            submitted[annotation.document_id].append(annotation)
    return Findings(
        dataset,
        tuple(find_suspects(dataset, opinion)),
        frozenset(split.test if split else ()),
        find_unchecked(dataset, opinion),
        judge,
        recipe.min_examples,
        submitted,
    )


def _ask_current_run(workspace: Path, dataset: Dataset, log: Log) -> tuple[Opinion | None, str]:
    """Return what the current run said of these labels out of fold, and its name.

    It says nothing if there is no run, if it learned other labels or categories, or if it does not
    have its out-of-fold probabilities of every article.
    """
    runs = workspace / "runs"
    if not list_promotions(runs):
        return None, ""
    path = find_run(runs)
    try:
        if read_facts(path).dataset != dataset.fingerprint:
            log(f"{path.name} learned from other labels, so that new models are asked")
            return None, ""
        folds, learned = read_fold_predictions(path), read_run_split(path).learn
        if not folds.probabilities or set(folds.ids) != set(learned):
            return None, ""
        run = load_run(path)
        return _opinion_of(run, dataset, folds), run.name
    except InputError as error:
        log(f"the current run is not asked: {error}")
        return None, ""


def _opinion_of(run: Run, dataset: Dataset, folds: FoldPredictions) -> Opinion:
    """Return what a run says of the articles it learned from, out of fold, and of the others.

    Raises:
        InputError: the file of out-of-fold predictions is not the run's.
    """
    names = run.rule.categories
    unknown = {name for row in folds.categories for name in row} - set(names)
    if len(folds.probabilities[0]) != len(names) or unknown:
        raise InputError(
            f"{run.path / 'out_of_fold.json'}: has other categories than the run. "
            "Restore the run from a copy, or train again."
        )
    opinion = Opinion.nothing(dataset)
    columns = [dataset.taxonomy.places[name] for name in names]
    place_of = {article: place for place, article in enumerate(folds.ids)}
    places = [place_of.get(example.document.id) for example in dataset.examples]
    for n, place in enumerate(places):
        if place is not None:
            opinion.probabilities[n, columns] = folds.probabilities[place]
            opinion.predicted[n, columns] = [name in folds.categories[place] for name in names]
    unseen = [n for n, place in enumerate(places) if place is None]
    if unseen:
        predictions = predict_examples(run, [dataset.examples[n] for n in unseen], names)
        opinion.probabilities[np.ix_(unseen, columns)] = predictions.probabilities
        opinion.predicted[np.ix_(unseen, columns)] = predictions.predicted
    return opinion


def list_records(
    findings: Findings, suspects: Sequence[Suspect], links: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a JSON object for each label in doubt.

    links: article -> the address of its task.
    """
    records = []
    for rank, suspect in enumerate(suspects, 1):
        article = findings.article(suspect)
        others = [findings.dataset.examples[n].document.id for n in suspect.duplicates]
        for pair in suspect.pairs:
            category = findings.dataset.taxonomy[pair.category]
            records.append(
                {
                    "rank": rank,
                    "part": "test" if findings.is_tested(suspect) else "training",
                    "reason": pair.reason,
                    "article": article.id,
                    "title": title_of(article),
                    "category": pair.category,
                    "name": category.fr,
                    "labelled": pair.labelled,
                    "probability": _rounded(pair.probability),
                    "score": _rounded(suspect.score),
                    "annotators": findings.labelled_by(suspect, pair),
                    "duplicates": others if pair.reason == "duplicates" else [],
                    "url": links.get(article.id, ""),
                }
            )
    return records


def title_of(article: Document) -> str:
    """Return the title of an article, else the beginning of its text."""
    return article.title or shorten(article.text.partition("\n")[0], _BEGINNING, placeholder=" …")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
