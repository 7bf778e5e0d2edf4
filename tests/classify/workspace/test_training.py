"""Training in a workspace by a function: what `classify train` and the service share."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from classify.progress import track_count
from classify.workspace.deciding.agreement import measure_people
from classify.workspace.training import (
    Listener,
    TrainedRun,
    TrainingOutcome,
    TrainingSettings,
    figures,
    notes,
    train_and_promote,
)
from labels.annotations import Annotation, write_annotations
from labels.dataset import read_dataset
from seeds.base.errors import InputError
from seeds.base.locks import locked
from tests.support.corpus import workspace
from training.runs.registry import list_promotions, list_runs
from training.runtime import Runtime

RECIPE = "test = 0.25\nfolds = 2\n[model]\nbuckets = 12\n"
# Single letters tell no categories apart.
WEAK = "test = 0.25\nfolds = 2\n[model]\nbuckets = 8\nchar_ngrams = [2, 2]\nC = 0.001\n"
TFIDF = TrainingSettings(kinds=("tfidf",))


@dataclass
class Recording:
    """Callbacks of a training, and what they received."""

    workspace: Path
    logged: list[str] = field(default_factory=list)
    trained: list[TrainedRun] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    holder: str = ""

    def on_trained(self, runs: Sequence[TrainedRun]) -> None:
        """Note the runs, the promotions so far, and who holds the workspace."""
        self.trained += runs
        self.current = list_promotions(self.workspace / "runs")
        self.holder = (self.workspace / ".lock").read_text()

    @property
    def listener(self) -> Listener:
        """The callbacks."""
        return Listener(log=self.logged.append, track=track_count, on_trained=self.on_trained)


def train(folder: Path, settings: TrainingSettings = TFIDF) -> tuple[TrainingOutcome, Recording]:
    recording = Recording(folder)
    return train_and_promote(folder, settings, recording.listener), recording


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 80 labelled articles and no run."""
    folder = workspace(tmp_path_factory.mktemp("w"), 80)
    (folder / "tfidf.toml").write_text(RECIPE)
    return folder


@pytest.fixture
def copy(labelled: Path, tmp_path: Path) -> Path:
    """A copy of the workspace, to change."""
    return Path(shutil.copytree(labelled, tmp_path / "copy"))


def test_the_run_is_reported_before_it_is_promoted(copy: Path) -> None:
    outcome, recording = train(copy)
    (path,) = list_runs(copy / "runs")
    assert outcome.best
    assert outcome.best.path == path
    assert (outcome.promoted, outcome.worse, outcome.failed) == (True, "", ())
    assert recording.trained == [outcome.best]
    assert recording.current == []
    assert list_promotions(copy / "runs") == [path.name]
    assert recording.logged[0].startswith("learning 3 categories from ")


def test_a_worse_run_is_saved_but_not_promoted(copy: Path, tmp_path: Path) -> None:
    good = train(copy)[0].best
    (tmp_path / "weak.toml").write_text(WEAK)
    outcome, _ = train(copy, TrainingSettings(kinds=("tfidf",), recipe=tmp_path / "weak.toml"))
    assert good
    assert outcome.best
    weak = outcome.best.path.name
    assert not outcome.promoted
    assert outcome.worse.startswith(f"{weak} is worse than the current run {good.path.name} on ")
    assert [path.name for path in list_runs(copy / "runs")] == sorted([good.path.name, weak])
    assert list_promotions(copy / "runs") == [good.path.name]


def test_the_report_shows_how_far_people_agree_where_two_answered(copy: Path) -> None:
    """ann says what is agreed; bob too, but never trade. Labels from a file are no person's."""
    examples = read_dataset(copy).examples
    ann = [Annotation(e.document.id, "ann", e.categories) for e in examples]
    bob = [
        replace(vote, annotator="bob", categories=tuple(c for c in vote.categories if c != "trade"))
        for vote in ann
    ]
    write_annotations(copy, [*ann, *(replace(vote, annotator="import:a.csv") for vote in bob)])
    assert measure_people(copy) == {}
    write_annotations(copy, [*ann, *bob])
    people = measure_people(copy)
    assert [people[name].f1 for name in ("cinema", "trade", "sport")] == [1.0, 0.0, 1.0]
    outcome, _ = train(copy)
    assert outcome.best
    page = (outcome.best.path / "report.html").read_text(encoding="utf-8")
    assert page.count('data-name="people&#x27;s F1"') == 3


def test_promotion_can_be_left_out(copy: Path) -> None:
    outcome, _ = train(copy, TrainingSettings(kinds=("tfidf",), promote=False))
    assert outcome.best
    assert (outcome.promoted, outcome.worse) == (False, "")
    assert list_promotions(copy / "runs") == []


def test_the_recipe_of_a_run_trains_another_like_it(copy: Path) -> None:
    """As the service does."""
    first = train(copy)[0].best
    assert first
    settings = TrainingSettings(kinds=("tfidf",), recipe=first.path / "recipe.json")
    second = train(copy, settings)[0].best
    assert second
    for name in ("recipe.json", "model.safetensors", "metrics.json"):
        assert (second.path / name).read_bytes() == (first.path / name).read_bytes(), name


def test_changes_take_precedence_over_the_recipe(copy: Path) -> None:
    settings = TrainingSettings(kinds=("tfidf",), recipe_changes={"test": 0.0, "seed": 7})
    best = train(copy, settings)[0].best
    assert best
    assert best.trained.facts.seed == 7
    assert best.trained.facts.test_articles == 0
    assert best.trained.facts.articles == 80
    assert not (copy / "split.json").exists()


def test_the_lock_names_the_task_and_is_respected(copy: Path) -> None:
    settings = TrainingSettings(kinds=("tfidf",), task="a training of the desk")
    assert train(copy, settings)[1].holder.startswith("a training of the desk (process ")
    with locked(copy, "classify labels pull"), pytest.raises(InputError, match="labels pull"):
        train(copy, settings)
    assert len(list_runs(copy / "runs")) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            TrainingSettings(kinds=("tfidf",), model_changes={"base_model": "x"}),
            "--base-model: a tfidf model has no such setting",
        ),
        (
            TrainingSettings(kinds=("tfidf",), runtime=Runtime(device="cuda")),
            "--device cuda",
        ),
        (
            TrainingSettings(kinds=("tfidf",), recipe_changes={"test": 0.0}, new_split=True),
            "--new-split: there is no test set",
        ),
    ],
)
def test_settings_that_can_not_be_honoured_are_refused_before_anything_is_written(
    labelled: Path, settings: TrainingSettings, message: str
) -> None:
    files = sorted(labelled.rglob("*"))
    with pytest.raises(InputError, match=message):
        train(labelled, settings)
    assert sorted(labelled.rglob("*")) == files


def test_figures_and_notes_say_how_good_the_run_is_and_where_to_read_on(copy: Path) -> None:
    _, recording = train(copy)
    (run,) = recording.trained
    evaluation = run.trained.evaluation
    macro = next(line for line in figures([run]) if "macro-F1" in line)
    assert f"{evaluation.macro_f1.value:.3f}" in macro
    side_by_side = figures([run, run])
    assert side_by_side[0].split() == ["tfidf", "tfidf"]
    assert next(line for line in side_by_side if "macro-F1" in line).count("[") == 2
    measured, report = notes(run)
    assert f"measured on {evaluation.articles} test articles" in measured
    assert report.endswith(str(run.path / "report.html"))
