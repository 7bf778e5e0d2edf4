"""The model card, read as the Hugging Face hub's own client reads it."""

import json
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from tests.support.corpus import dataset
from tests.support.report_facts import NAMES, facts, measured
from training.decision import Rule
from training.evaluation.metrics import Evaluation, evaluate
from training.recipe import Recipe
from training.report.model_card import model_card, public_name


def figures(*, sure: bool = True) -> Evaluation:
    """Evaluate 60 articles, 8 of them wrong; all or none are decided without review."""
    run = measured(dataset(60), 8)
    certain = run.certainty > (0 if sure else 2)
    return evaluate(run.probabilities, run.predicted, run.gold, certain, NAMES, single=False)


def card(*, review_below: float = 0.5, **changes: object) -> str:
    evaluation = figures(sure=review_below < 1)
    rule = Rule("multiple", NAMES, (0.4, 0.4, 2.0), review_below)
    return model_card(facts(**changes), evaluation, rule, dataset(60).taxonomy, Recipe())


def test_it_says_when_every_article_needs_review() -> None:
    text = card(review_below=1.5)
    assert "needs review whatever its probabilities" in text
    assert "| Cinema (cinema) |" in text
    assert "0 accepted, 60 needs review, 0 none" in text


def test_a_category_that_is_never_predicted_has_no_number_for_a_threshold() -> None:
    rows = [line for line in card().splitlines() if " (" in line and line.startswith("|")]
    assert [row.rsplit("| ", 1)[1] for row in rows] == ["0.40 |", "0.40 |", "never |"]


def test_the_hub_reads_the_figures_and_what_they_were_measured_on() -> None:
    evaluation = figures()
    data = ModelCard(card(kind="camembert", base_model="almanach/camembert-base")).data
    assert (data.language, data.pipeline_tag) == ("fr", "text-classification")
    assert data.base_model == "almanach/camembert-base"
    assert data.metrics == ["f1", "accuracy", "brier_score"]
    assert data.model_name == "classify-camembert-0123abcd"
    results = data.eval_results
    assert results
    assert {
        result.metric_name: (result.metric_type, result.metric_value) for result in results
    } == {
        "Micro-F1": ("f1", pytest.approx(evaluation.micro_f1.value, abs=5e-5)),
        "Macro-F1": ("f1", pytest.approx(evaluation.macro_f1.value, abs=5e-5)),
        "Weighted F1": ("f1", pytest.approx(evaluation.weighted_f1.value, abs=5e-5)),
        "Exactly right": ("accuracy", pytest.approx(52 / 60, abs=5e-5)),
        "Brier score": ("brier_score", pytest.approx(evaluation.brier.value, abs=5e-5)),
    }
    for result in results:
        assert (result.task_type, result.dataset_split) == ("text-classification", "test")
        assert result.dataset_revision == "0123abcd"
    results = ModelCard(card(test_articles=0)).data.eval_results
    assert results
    assert {result.dataset_split for result in results} == {"out-of-fold"}


def test_a_digest_of_digits_alone_stays_a_text() -> None:
    """YAML would read 01234567 as a number."""
    results = ModelCard(card(dataset="01234567")).data.eval_results
    assert results
    assert results[0].dataset_revision == "01234567"


def test_the_base_model_is_named_where_there_is_one() -> None:
    assert "base_model" not in card()
    assert "Fine-tuned from a/b." in card(kind="camembert", base_model="a/b")
    assert "It uses the vectors of a/b." in card(kind="embedding", base_model="a/b")
    pinned = card(kind="camembert", base_model="a/b", base_revision="0a1b")
    assert "Fine-tuned from a/b (commit 0a1b)." in pinned
    assert ModelCard(pinned).data.base_model == "a/b"


def test_a_folder_is_called_by_what_it_was_made_from_or_by_its_own_name(tmp_path: Path) -> None:
    folder = tmp_path / "mini"
    folder.mkdir()
    assert public_name("almanach/camembert-base") == "almanach/camembert-base"
    assert public_name("almanach/camembert-base@0a1b") == "almanach/camembert-base"
    assert public_name(str(folder)) == "mini"
    for origin, expected in (
        ("almanach/camembert-base", "almanach/camembert-base"),
        (str(tmp_path / "other"), "mini"),
        ("", "mini"),
        (3, "mini"),
    ):
        (folder / "config.json").write_text(json.dumps({"_name_or_path": origin}))
        assert public_name(str(folder)) == expected
    (folder / "config.json").write_text("[")
    assert public_name(f"{folder}/") == "mini"


@pytest.mark.slow
def test_a_run_trained_from_a_folder_names_it_without_its_path(
    tiny_base: Path, tmp_path: Path
) -> None:
    from tests.support.tiny import tiny_settings
    from training.runs.run import load_run, save_run
    from training.train import train

    settings = tiny_settings(base_model=str(tiny_base), window=32, epochs=1, min_steps=4)
    data = dataset(30)
    recipe = Recipe(folds=2, test=0, curve_repeats=0)
    run = save_run(tmp_path, train(data, "camembert", recipe, settings))
    text = (run / "README.md").read_text(encoding="utf-8")
    assert ModelCard(text).data.base_model == tiny_base.name
    assert str(tiny_base.parent) not in text
    assert load_run(run).facts.base_model == tiny_base.name
