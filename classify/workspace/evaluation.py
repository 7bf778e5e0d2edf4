"""Runs held against labelled articles that they did not learn from."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify.progress import counting
from classify.terminal import quantity, say
from labels.dataset import Dataset, Example, read_dataset, read_dataset_file
from labels.spreadsheet import Layout, read_labelled
from labels.taxonomy import read_taxonomy
from seeds.base.errors import InputError
from seeds.document import Document, content_id, read_documents
from seeds.reading.columns import parse_column_names
from training.evaluation.comparison import Predictions
from training.evaluation.metrics import Evaluation, evaluate
from training.runs.provenance import read_run_split
from training.runs.run import Run
from training.split import find_positions, read_split

_AT_ONCE = 256  # articles scored together; bounds the memory


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Articles that runs can be measured on, beside what had to be left out.

    Attributes:
        examples: n articles that none of the runs learned from.
        categories: the k that all runs and the labels know, in the order of the first run.
        gold: bool (n, k).
        learned: how many more there were, left out since a run learned from them or from near-
            duplicates of them.
        unknown: how many articles have each category that some run does not know.
        gone: categories of the runs that no longer are in the taxonomy of the labels.
    """

    examples: tuple[Example, ...]
    categories: tuple[str, ...]
    gold: NDArray[np.bool_]
    learned: int
    unknown: dict[str, int]
    gone: tuple[str, ...]


def labelled_articles(
    workspace: Path,
    on: Path | None,
    columns: tuple[str, str, str],
    encoding: str | None,
    runs: Sequence[Run],
) -> tuple[Dataset, list[str]]:
    """The articles of a file, else the frozen test part; and the rows that could not be used.

    columns: those of the text as "a,b", that of the labels, and what separates labels in a cell.
    """
    if on is None:
        return frozen_test_part(workspace), []
    text, label, separator = columns
    return labelled_file(
        workspace, on, Layout(parse_column_names(text), label, separator), encoding, runs
    )


def frozen_test_part(workspace: Path) -> Dataset:
    """The articles of the workspace's dataset that no training of it learns from.

    Raises:
        InputError: none are set apart; says what to do.
    """
    parts = read_split(workspace)
    if parts is None:
        raise InputError(
            f"{workspace / 'split.json'}: no test part is frozen yet. Run `classify train` with a "
            "test share, or give labelled articles with --on FILE."
        )
    dataset = read_dataset(workspace)
    return dataset.subset(find_positions(dataset, parts)[1])


def labelled_file(
    workspace: Path, file: Path, layout: Layout, encoding: str | None, runs: Sequence[Run]
) -> tuple[Dataset, list[str]]:
    """The labelled articles of a table or of a dataset.jsonl, and the rows that could not be used.

    The categories are the workspace's if it has any, else those of the first run. An article that
    resembles one that a run learned from gets the group of that one.

    Raises:
        InputError: the file can't be read, or has labels outside the taxonomy; names them all.
    """
    from seeds.reading.tables import read_rows

    own = (workspace / "taxonomy.toml").is_file()
    taxonomy = read_taxonomy(workspace) if own else runs[0].taxonomy
    if _is_dataset(file):
        return _grouped(workspace, read_dataset_file(file, taxonomy), runs), []
    found = read_labelled(read_rows(file, encoding), layout, taxonomy, file=file.name, create=True)
    count = Counter(name for each in found.annotations for name in each.categories)
    new = [f"{name} ({quantity(count[name], 'article')})" for name in count.keys() - taxonomy.ids]
    if new:
        raise InputError(
            f"{file}: not in the taxonomy: {', '.join(sorted(new))}. Correct them, or add them to "
            f"{workspace / 'taxonomy.toml'}. Known: {', '.join(taxonomy.ids)}."
        )
    pairs = ((found.documents[each.document_id], each.categories) for each in found.annotations)
    dataset = Dataset(tuple(Example(*each) for each in pairs), taxonomy)
    return _grouped(workspace, dataset, runs), found.faults


def _is_dataset(file: Path) -> bool:
    """Whether a file is one that `labels.dataset.write_dataset` wrote, by its first record."""
    if file.suffix != ".jsonl":
        return False
    try:
        with file.open(encoding="utf-8") as lines:
            record = json.loads(next(lines, ""))
        return bool(
            record.keys() == {*Document.__dataclass_fields__, "labels"}
            and record["id"] == content_id(record["text"])
        )
    except (OSError, ValueError, AttributeError, RecursionError):
        return False  # whoever reads it as a table says what is wrong


def _grouped(workspace: Path, dataset: Dataset, runs: Sequence[Run]) -> Dataset:
    """The dataset, articles that resemble ones learned from in the group of those."""
    from seeds.duplicates import assign_groups

    learned = {name for run in runs for name in read_run_split(run.path).learn}
    there = read_documents(workspace)
    known = [each for name, each in there.items() if name in learned]
    new = [each.document for each in dataset.examples if each.document.id not in there]
    try:
        alike = assign_groups([*known, *new])[len(known) :] if known else []
    except InputError as error:
        say(f"near-duplicates of articles learned from are counted in: {error}")
        alike = []
    groups = {each.id: each.group for each in there.values()}
    groups |= {each.id: each.group for each in alike if each.group in learned}
    return replace(
        dataset,
        examples=tuple(
            Example(replace(article, group=groups.get(article.id, article.group)), each.categories)
            for each in dataset.examples
            for article in (each.document,)
        ),
    )


def measurable(dataset: Dataset, runs: Sequence[Run]) -> EvaluationSet:
    """What of a dataset runs can be measured on.

    Raises:
        InputError: no article is left, or no category is shared.
    """
    found = shared(dataset, runs, unseen(dataset, runs))
    if not found.examples:
        raise InputError(
            f"of {quantity(len(dataset.examples), 'labelled article')} {found.learned} were "
            "learned from, and the others have no category that is known. "
            "Give other articles with --on FILE."
        )
    return found


def unseen(dataset: Dataset, runs: Sequence[Run]) -> NDArray[np.bool_]:
    """Which articles no run learned from, near-duplicates included, (n,)."""
    positions = np.arange(len(dataset.examples))
    masks = (np.isin(positions, read_run_split(run.path).find_unseen(dataset)) for run in runs)
    return np.asarray(np.logical_and.reduce([*masks]))


def shared(dataset: Dataset, runs: Sequence[Run], kept: NDArray[np.bool_]) -> EvaluationSet:
    """Some of the articles, (n,), with the categories that the labels and all runs know.

    Raises:
        InputError: there is no such category.
    """
    common = set.intersection(*(set(run.rule.categories) for run in runs))
    known = set(dataset.taxonomy.ids)
    categories = tuple(name for name in runs[0].rule.categories if name in common & known)
    if not categories:
        raise InputError("the runs and the labels share no category, so nothing can be measured.")
    examples = [dataset.examples[n] for n in np.flatnonzero(kept)]
    unknown = Counter(name for each in examples for name in each.categories if name not in common)
    if dataset.taxonomy.choice == "single":
        examples = [each for each in examples if each.categories[0] in categories]
    gold = np.array([[name in each.categories for name in categories] for each in examples])
    gone = {name: None for run in runs for name in run.rule.categories if name not in known}
    learned = int((~kept).sum())
    return EvaluationSet(tuple(examples), categories, gold, learned, dict(unknown), tuple(gone))


def remarks(measured: EvaluationSet, runs: Sequence[Run]) -> list[str]:
    """What to say of the articles before any figure."""
    who = "the run" if len(runs) == 1 else "a run"
    lines = []
    if measured.learned:
        lines.append(
            f"left out: {quantity(measured.learned, 'article')} that {who} learned from, near-"
            "duplicates included"
        )
    if measured.unknown:
        counts = (
            f"{name} ({quantity(count, 'article')})" for name, count in measured.unknown.items()
        )
        lines.append(f"not measured, since {who} does not know it: {', '.join(counts)}")
    if measured.gone:
        lines.append(f"not measured, since no longer a category: {', '.join(measured.gone)}")
    return lines


def answers(run: Run, examples: Sequence[Example], categories: tuple[str, ...]) -> Predictions:
    """What a run says of articles, one or more, on some of its categories."""
    texts = [each.document.text for each in examples]
    scores = []
    with counting(f"Scoring with {run.name}", len(texts)) as count:
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


def evaluation(run: Run, measured: EvaluationSet) -> Evaluation:
    """All figures of a run."""
    given = answers(run, measured.examples, measured.categories)
    return evaluate(
        given.probabilities,
        given.predicted,
        measured.gold,
        given.certain,
        measured.categories,
        single=run.rule.choice == "single",
        seed=run.facts.seed,
    )
