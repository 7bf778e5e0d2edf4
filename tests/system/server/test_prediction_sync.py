"""Predictions shown to annotators: `labels push --with-predictions` on the real server."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from classify import load
from classify import predict as from_python
from labels.studio.client import Studio
from labels.studio.prediction_result import Suggestion
from labels.studio.prediction_sync import replace_predictions
from labels.studio.project import list_tasks, prepare_project, send_tasks
from seeds.base.errors import InputError
from seeds.document import content_id
from tests.support.command import classify
from tests.support.corpus import article, workspace
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import Newsroom, choices
from tests.support.proxy import SETTINGS, Proxy, interface, proxy, result, tasks, through

__all__ = ["proxy"]  # a fixture

NAMES = ("cinema", "trade", "sport")
FOREIGN = "another-model-7"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two runs, the second one current."""
    folder = workspace(tmp_path_factory.mktemp("trained"), 60)
    for seed in ("1", "2"):
        finished = classify("train", "--seed", seed, "--workspace", folder)
        assert finished.returncode == 0, finished.stderr
    return folder


@pytest.fixture
def newsroom(label_studio: LabelStudio, trained: Path, tmp_path: Path) -> Newsroom:
    folder = shutil.copytree(trained, tmp_path / "workspace")
    return Newsroom(label_studio, folder)


def runs(newsroom: Newsroom) -> list[str]:
    """Return the names of the runs, oldest first."""
    return sorted(path.name for path in (newsroom.folder / "runs").iterdir() if path.is_dir())


def texts(count: int, seed: int = 1) -> list[str]:
    """Return articles about one category after the other."""
    rng = random.Random(seed)
    return [article((NAMES[n % 3],), rng) for n in range(count)]


def stored_predictions(newsroom: Newsroom) -> list[dict[str, Any]]:
    """Return every prediction of the project, as the server has it."""
    query = {"project": newsroom.project}
    predictions: list[dict[str, Any]] = newsroom.web.get("/api/predictions/", params=query).json()
    return predictions


def shown_version(newsroom: Newsroom) -> str:
    """Return the model version whose predictions annotators see."""
    return str(newsroom.web.get(f"/api/projects/{newsroom.project}/").json()["model_version"])


def by_task(newsroom: Newsroom) -> dict[int, tuple[list[str], float]]:
    """Return each task's categories and score; a task has one prediction."""
    predictions = {}
    for prediction in stored_predictions(newsroom):
        assert prediction["task"] not in predictions, "two predictions"
        choices_shown = [region["value"]["choices"] for region in prediction["result"]]
        predictions[prediction["task"]] = (
            choices_shown[0] if choices_shown else [],
            prediction["score"],
        )
    return predictions


def test_tasks_sent_earlier_and_now_show_the_runs_predictions(newsroom: Newsroom) -> None:
    early, late = texts(6), texts(3, seed=2)
    ids = newsroom.add(*early)
    newsroom.check_run("labels", "push")
    ids += newsroom.add(*late)
    output = newsroom.check_run("labels", "push", "--with-predictions").stderr
    run = load(workspace=newsroom.folder)
    assert f"9 predictions sent, 0 already there: {run.name}" in output
    assert (
        {prediction["model_version"] for prediction in stored_predictions(newsroom)}
        == {run.name}
        == {shown_version(newsroom)}
    )
    shown_by_task = by_task(newsroom)
    for name, predicted in zip(ids, from_python([*early, *late], run), strict=True):
        categories, score = shown_by_task[newsroom.task(name)]
        assert categories == list(predicted.categories)
        chances = [p if c in categories else 1 - p for c, p in predicted.probabilities.items()]
        assert score == pytest.approx(chances[0] * chances[1] * chances[2], abs=2e-6)


def test_the_second_time_nothing_changes(newsroom: Newsroom) -> None:
    newsroom.add(*texts(4))
    newsroom.check_run("labels", "push", "--with-predictions")
    predictions = stored_predictions(newsroom)
    output = newsroom.check_run("labels", "push", "--with-predictions").stderr
    assert "0 predictions sent, 4 already there" in output
    drop = {"created_ago"}
    assert [
        {k: v for k, v in prediction.items() if k not in drop}
        for prediction in stored_predictions(newsroom)
    ] == [{k: v for k, v in prediction.items() if k not in drop} for prediction in predictions]


def test_another_run_is_shown_and_of_earlier_ones_the_last_stays(newsroom: Newsroom) -> None:
    """An article that is open when a run takes over must still be submitted."""
    old, new = runs(newsroom)
    older = "20200101-000000-tfidf-00000000"
    ids = newsroom.add(*texts(4))
    newsroom.check_run("labels", "push")
    for version, name in ((older, ids[0]), (FOREIGN, ids[1])):
        body = {"task": newsroom.task(name), "result": choices("sport"), "model_version": version}
        newsroom.web.post("/api/predictions/", json=body).raise_for_status()
    newsroom.check_run("labels", "push", "--with-predictions", "--run", old)
    lea = newsroom.annotator("lea")
    opened = lea.get(f"/api/projects/{newsroom.project}/next").json()
    (suggestion,) = opened["predictions"]
    assert suggestion["model_version"] == old
    output = newsroom.check_run("labels", "push", "--with-predictions").stderr
    assert f"predictions of {older} removed" in output
    versions = sorted(prediction["model_version"] for prediction in stored_predictions(newsroom))
    assert versions == [old] * 4 + [new] * 4 + [FOREIGN]
    assert shown_version(newsroom) == new
    name = next(name for name in ids if newsroom.task(name) == opened["id"])
    newsroom.annotate(lea, name, "trade", parent_prediction=suggestion["id"])
    (record,) = (p for p in stored_predictions(newsroom) if p["id"] == suggestion["id"])
    expected = [c for region in record["result"] for c in region["value"]["choices"]]
    for _ in range(2):
        newsroom.check_run("labels", "pull")
        (annotation,) = newsroom.records("annotations.jsonl")
        assert (annotation["shown_run"], annotation["shown"]) == (old, expected)
        where = f"/api/projects/{newsroom.project}/model-versions/"
        newsroom.web.request("DELETE", where, json={"model_version": old}).raise_for_status()


def test_articles_that_runs_are_measured_on_get_none_and_lose_those_they_have(
    newsroom: Newsroom,
) -> None:
    stored = {record["id"]: record["text"] for record in newsroom.records("dataset.jsonl")}
    split = json.loads((newsroom.folder / "split.json").read_text(encoding="utf-8"))
    fresh = newsroom.add(*texts(3))
    tested = split["test"][0]
    _, twin = newsroom.add(stored[tested], f"{stored[tested]} Fin.")
    newsroom.check_run("labels", "push")
    run = runs(newsroom)[1]

    def suggest_by_hand() -> None:
        for version in (run, FOREIGN):
            task = newsroom.task(twin)
            body = {"task": task, "result": choices("sport"), "model_version": version}
            newsroom.web.post("/api/predictions/", json=body).raise_for_status()

    for options in ([], ["--with-predictions"]):
        suggest_by_hand()
        output = newsroom.check_run("labels", "push", *options).stderr
        assert "1 suggestion removed: runs are measured on these articles" in output
    kept = [p for p in stored_predictions(newsroom) if p["task"] == newsroom.task(twin)]
    assert {prediction["model_version"] for prediction in kept} == {FOREIGN}
    predicted = {p["task"] for p in stored_predictions(newsroom) if p["model_version"] == run}
    assert predicted == {newsroom.task(name) for name in fresh}


def test_the_article_the_run_is_least_sure_of_comes_first(newsroom: Newsroom) -> None:
    ids = newsroom.add(*texts(5), "film douane match", "rien de tout cela")
    pushed = newsroom.check_run("labels", "push", "--with-predictions")
    assert "annotators now get the articles first that it is least sure of" in pushed.stderr
    scores = {task: score for task, (_, score) in by_task(newsroom).items()}
    assert len(set(scores.values())) == len(scores)
    article_of = {newsroom.task(name): name for name in ids}
    lea, offered = newsroom.annotator("lea"), []
    for _ in range(3):
        offered.append(lea.get(f"/api/projects/{newsroom.project}/next").json()["id"])
        newsroom.annotate(lea, article_of[offered[-1]], "sport")
    assert offered == sorted(scores, key=lambda task: scores[task])[:3]


def test_a_random_order_that_somebody_chose_stays(newsroom: Newsroom) -> None:
    newsroom.add(*texts(2))
    newsroom.check_run("labels", "push")
    where = f"/api/projects/{newsroom.project}/"
    newsroom.web.patch(where, json={"sampling": "Uniform sampling"}).raise_for_status()
    pushed = newsroom.check_run("labels", "push", "--with-predictions")
    assert "least sure" not in pushed.stderr
    assert newsroom.web.get(where).json()["sampling"] == "Uniform sampling"


def test_changed_or_doubled_predictions_are_repaired(newsroom: Newsroom) -> None:
    newsroom.add(*texts(3))
    newsroom.check_run("labels", "push", "--with-predictions")
    right = by_task(newsroom)
    name = shown_version(newsroom)
    for change in ({"score": 7}, {"result": choices("kino")}, {}):
        body = {"task": min(right), "result": choices("sport"), "score": 0.5} | change
        posted = newsroom.web.post("/api/predictions/", json={**body, "model_version": name})
        posted.raise_for_status()
    output = newsroom.check_run("labels", "push", "--with-predictions").stderr
    assert "3 predictions removed" in output
    assert by_task(newsroom) == right


def test_categories_that_left_the_taxonomy_are_not_sent(newsroom: Newsroom) -> None:
    newsroom.add(*texts(3))
    path = newsroom.folder / "taxonomy.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('id = "sport"', 'id = "games"'))
    output = newsroom.check_run("labels", "push", "--with-predictions").stderr
    assert "also predicts sport" in output
    sent_names = [name for names, _ in by_task(newsroom).values() for name in names]
    assert set(sent_names) == {"cinema", "trade"}


def test_a_run_of_several_categories_is_refused_where_one_is_wanted(newsroom: Newsroom) -> None:
    newsroom.add(*texts(1))
    path = newsroom.folder / "taxonomy.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"multiple"', '"single"'))
    failed = newsroom.run("labels", "push", "--with-predictions")
    assert failed.returncode == 1
    assert "Train again" in failed.stderr
    listed = newsroom.web.get("/api/projects/", params={"title": newsroom.title}).json()
    assert listed["count"] == 0, "nothing is sent before that is known"


def test_a_limit_of_0_sends_predictions_alone(newsroom: Newsroom) -> None:
    newsroom.add(*texts(2))
    newsroom.check_run("labels", "push", "--limit", "1")
    output = newsroom.check_run("labels", "push", "--with-predictions", "--limit", "0").stderr
    assert "0 articles sent" in output
    assert "1 prediction sent" in output
    assert newsroom.count() == 1


def test_options_that_contradict_each_other_are_refused(newsroom: Newsroom) -> None:
    for options in (["--with-predictions", "--dry-run"], ["--run", "any"]):
        failed = newsroom.run("labels", "push", *options)
        assert failed.returncode == 1
        assert "--with-predictions" in failed.stderr


# ------------------------------------------------------------------ what breaks on the way


@pytest.fixture
def five(label_studio: LabelStudio) -> Iterator[tuple[Studio, int]]:
    """A project of five tasks that are articles, and one that is not."""
    server = label_studio.server
    studio = Studio.connect(server.url, server.token, SETTINGS)
    project = prepare_project(
        studio, "Predictions", interface("cinema", "trade"), instruction="Lire.", overlap=1
    )
    articles = tasks(6)
    for task in articles[:5]:
        task["data"]["seed_id"] = content_id(task["data"]["text"])
    send_tasks(studio, project.id, articles)
    yield studio, project.id
    studio.sdk.projects.delete(project.id)


def suggest(texts: Any) -> list[Suggestion]:
    return [Suggestion(("cinema",), 0.5, "run-1") for _ in texts]


def test_only_articles_with_a_prediction_of_ours_get_the_next_ones_if_asked(
    five: tuple[Studio, int],
) -> None:
    studio, project = five
    listed = list(list_tasks(studio, project, fields="all"))
    ours, foreign = listed[0]["id"], listed[1]["id"]
    for task, version in ((ours, "run-0"), (foreign, FOREIGN)):
        studio.sdk.predictions.create(task=task, result=result("trade"), model_version=version)
    replaced = replace_predictions(
        studio, project, "run-1", suggest, ours=lambda version: version == "run-0", which="outdated"
    )
    assert (replaced.sent, replaced.removed) == (1, ())
    versions_by_task = {
        task["id"]: sorted(p.model_version for p in (task["predictions"] or []))
        for task in list_tasks(studio, project, fields="all")
    }
    assert {task: versions for task, versions in versions_by_task.items() if versions} == {
        ours: ["run-0", "run-1"],
        foreign: [FOREIGN],
    }


def test_a_batch_whose_answer_was_lost_is_not_sent_again(
    five: tuple[Studio, int], proxy: Proxy, label_studio: LabelStudio
) -> None:
    studio, project = five
    proxy.swallow = "/import/predictions"
    slow = through(proxy, label_studio, batch_size=2, timeout=5.0)
    replaced = replace_predictions(slow, project, "run-1", suggest, ours=lambda _: False)
    assert replaced.sent == 5
    assert len(replaced.foreign) == 1
    predictions = [
        prediction
        for task in list_tasks(studio, project, fields="all")
        for prediction in (task["predictions"] or [])
    ]
    assert len(predictions) == 5
    assert all(prediction.result == result("cinema") for prediction in predictions)
    assert len(proxy.requests("POST", "/import/predictions")) == 3


def test_what_the_server_drops_without_a_word_is_an_error(
    five: tuple[Studio, int], proxy: Proxy, label_studio: LabelStudio
) -> None:
    _, project = five
    path = f"/api/projects/{project}/import/predictions"
    proxy.invent[path] = [(201, {"Content-Type": "application/json"}, b'{"created": 4}')]
    with pytest.raises(InputError, match="took 4 of 5"):
        replace_predictions(
            through(proxy, label_studio), project, "run-1", suggest, ours=lambda _: False
        )


def test_an_interface_changed_by_hand_is_refused_before_anything_is_sent(
    five: tuple[Studio, int],
) -> None:
    studio, project = five
    xml = interface("cinema", "trade", control="topics")
    studio.sdk.projects.update(project, label_config=xml)
    with pytest.raises(InputError, match="lacks <Choices"):
        replace_predictions(studio, project, "run-1", suggest, ours=lambda _: False)
