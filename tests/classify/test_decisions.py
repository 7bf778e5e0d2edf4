"""Every way to predict takes the same decision where a run left categories out."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from classify import predict
from classify.faults import FaultCounter
from classify.prediction.records import label_articles
from classify.serving.model.worker import answer_texts, describe, explain_step
from classify.spark.driver import label_folder
from classify.spark.tables import LabelJob, LabelOptions
from classify.spark.udf import _labels
from classify.workspace.sending.suggestions import load_suggesting_run
from seeds.base.errors import InputError
from seeds.base.storage import sha256
from seeds.reading.columns import Columns
from seeds.reading.sources import read_articles
from tests.support.corpus import taxonomy, uneven
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.runs.run import Run, load_run, save_run
from training.runtime import Runtime
from training.train import train

TEXTS = [
    "match équipe stade entraîneur championnat athlète victoire arbitre match stade",
    "le la de et dans pour avec une ville pays",
]
LEFT_OUT = {("cinema",): 30, ("trade",): 30, ("sport",): 3, (): 40}
COMPLETE = {("cinema",): 30, ("trade",): 30, ("sport",): 30, (): 40}


def answers(run: Run, folder: Path) -> dict[str, list[str]]:
    """Return the decisions on the texts, by way."""
    table = folder / "a.jsonl"
    table.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    records = label_articles(read_articles([table]), run, FaultCounter(), every=False)
    jobs = [{"text": text, "all_categories": False} for text in TEXTS]
    return {
        "python": [prediction.decision for prediction in predict(TEXTS, run)],
        "records": [record["decision"] for record in records],
        "service": [answer["decision"] for answer in answer_texts(run, jobs)],
        "explained": [explain(run, text) for text in TEXTS],
        "spark": [row["decision"] for row in _labels(pa.array(TEXTS), run, False).to_pylist()],
    }


def explain(run: Run, text: str) -> str:
    """Return the decision of an answer with an explanation."""
    message = {"explain": 1, "text": text, "all_categories": False, "forget": []}
    steps: dict[int, object] = {}
    answer = explain_step(run, message, steps)  # type: ignore[arg-type]
    while "more" in answer:
        answer = explain_step(run, {"explain": 1, "forget": []}, steps)  # type: ignore[arg-type]
    return str(answer["decision"])


def trained(folder: Path, counts: dict[tuple[str, ...], int]) -> Run:
    """Return a run in a workspace."""
    settings = TfidfSettings(buckets=12)
    run = train(uneven(counts), "tfidf", Recipe(curve_repeats=0), settings)
    return load_run(save_run(folder / "runs", run))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("counts", "expected"),
    [(LEFT_OUT, ["needs review", "needs review"]), (COMPLETE, ["accepted", "none"])],
)
def test_every_way_decides_alike(
    counts: dict[tuple[str, ...], int], expected: list[str], tmp_path: Path
) -> None:
    run = trained(tmp_path, counts)
    for way, decisions in answers(run, tmp_path).items():
        assert decisions == expected, way
    assert describe(run)["left_out"] == [*run.rule.left_out]
    assert bool(describe(run)["caveat"]) == (counts is LEFT_OUT)


def test_before_a_folder_is_labelled_and_before_suggestions_are_sent_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, LEFT_OUT)
    load_suggesting_run(tmp_path, run.name, taxonomy())
    assert (
        capsys.readouterr().err == f"{run.name} suggests nothing of sport: left out of training\n"
    )
    options = LabelOptions.of(
        form="jsonl",
        every=False,
        columns=Columns(),
        encoding=None,
        max_bytes=1000,
        runtime=Runtime(),
    )
    job = LabelJob(run.path, sha256(run.path / "manifest.json"), options, Runtime())
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError):  # there is no table in it
        label_folder(tmp_path / "in", tmp_path / "out", job, None)
    assert f"{run.name} does not know sport (left out of training)" in capsys.readouterr().err
