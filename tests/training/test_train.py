"""Training end to end on small data: what is learned, what is left out, what is refused."""

from dataclasses import replace

import pytest

from labels.dataset import Dataset, Example
from seeds.base.errors import InputError
from tests.support.corpus import dataset, taxonomy
from training.model import Fitting
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe, read_recipe
from training.runs.trained import Trained
from training.splitting.split import Split
from training.train import train

SETTINGS = TfidfSettings(buckets=16)


def run(data: Dataset, recipe: Recipe | None = None) -> tuple[Trained, list[str]]:
    lines: list[str] = []
    return train(data, "tfidf", recipe or Recipe(), SETTINGS, Fitting(log=lines.append)), lines


def relabelled(data: Dataset, categories: dict[int, tuple[str, ...]]) -> Dataset:
    examples = [
        Example(example.document, categories.get(n, example.categories))
        for n, example in enumerate(data.examples)
    ]
    return Dataset(tuple(examples), data.taxonomy)


@pytest.mark.slow
def test_separable_articles_are_labelled_right_on_a_test_set_never_seen() -> None:
    trained, lines = run(dataset(150))
    assert trained.facts.test_articles == 30
    assert trained.evaluation.micro_f1.value > 0.95
    assert trained.evaluation.calibration_error.value < 0.1
    assert any("120 articles" in line for line in lines)


@pytest.mark.slow
def test_training_twice_gives_the_same_weights_and_figures() -> None:
    first_run, second_run = (run(dataset(80))[0] for _ in range(2))
    texts = dataset(5, seed=9).texts
    assert (first_run.model.scores(texts) == second_run.model.scores(texts)).all()
    assert first_run.evaluation == second_run.evaluation


def test_one_category_only_is_refused_and_named() -> None:
    data = dataset(40, "single")
    alike = relabelled(data, dict.fromkeys(range(40), ("trade",)))
    with pytest.raises(InputError, match=r"trade \(40\)"):
        run(alike)


def test_no_labels_are_refused() -> None:
    with pytest.raises(InputError, match="no labels yet"):
        run(Dataset((), taxonomy()))


@pytest.mark.slow
def test_a_category_with_one_article_is_left_out_and_named() -> None:
    data = dataset(60)
    changed = relabelled(
        data,
        {n: tuple(x for x in e.categories if x != "sport") for n, e in enumerate(data.examples)},
    )
    once = relabelled(changed, {0: ("sport",)})
    trained, lines = run(once)
    assert trained.rule.categories == ("cinema", "trade")
    assert any("sport is left out: 1 of the 4" in line for line in lines)
    assert any("sport" in reason for reason in trained.facts.left_out)


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["single", "multiple"])
def test_a_category_too_rare_in_the_training_set_is_left_out_alone(choice: str) -> None:
    """All but one of the articles on sport are frozen in the test set."""
    data = dataset(80, choice)
    names = [example.document.id for example in data.examples]
    sport = [n for n, example in enumerate(data.examples) if "sport" in example.categories]
    others = [n for n in range(80) if n not in sport]
    test = [names[n] for n in (*sport[1:], *others[:15])]
    split = Split("stratified", tuple(name for name in names if name not in test), tuple(test))
    lines: list[str] = []
    trained = train(data, "tfidf", Recipe(), SETTINGS, Fitting(log=lines.append), split)
    assert trained.rule.categories == ("cinema", "trade")
    assert trained.split == split
    assert trained.facts.articles == 80 - len(test) - (choice == "single")
    assert trained.facts.test_articles == (len(test) if choice == "multiple" else 15)
    (note,) = [line for line in lines if "category sport" in line]
    assert f"sport is left out: 1 of its {len(sport)} articles" in note
    assert note in trained.facts.left_out
    assert not [line for line in lines if "out of fold" in line]


def test_articles_that_are_all_alike_never_straddle_the_split() -> None:
    data = dataset(60)
    group = data.examples[0].document.id
    alike = Dataset(
        tuple(Example(replace(e.document, group=group), e.categories) for e in data.examples),
        data.taxonomy,
    )
    with pytest.raises(InputError, match="too few"):
        run(alike)


def test_a_recipe_with_unknown_keys_names_all_of_them(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "recipe.toml"
    path.write_text("sead = 1\ntest = 2.0\n[model]\nC = -1.0\nepochs = 3\n")
    with pytest.raises(InputError) as caught:
        read_recipe(path, "tfidf")
    for name in ("sead", "test must be", "C must be", "epochs"):
        assert name in str(caught.value)


def test_the_shipped_recipe_is_the_default_one() -> None:
    from seeds.base.settings import default_config

    recipe, settings = read_recipe(default_config("tfidf.toml"), "tfidf")
    assert recipe == Recipe()
    assert settings == TfidfSettings()


@pytest.mark.slow
def test_every_setting_changes_the_result() -> None:
    """A setting that is read is used."""
    data = dataset(60)
    base, _ = run(data)
    texts = dataset(5, seed=9).texts
    for change in (
        {"char_ngrams": (2, 3)},
        {"word_ngrams": (1, 2)},
        {"C": 1.0},
        {"buckets": 12},
        {"min_documents": 3},
    ):
        changed = train(data, "tfidf", Recipe(), replace(SETTINGS, **change))
        assert (changed.model.scores(texts) != base.model.scores(texts)).any(), change
    strict, _ = run(data, Recipe(max_risk=0.001))
    assert strict.evaluation.decisions["needs review"] == 12
    assert base.evaluation.decisions["needs review"] < 12
    assert run(data, Recipe(test=0.4))[0].facts.test_articles == 24
