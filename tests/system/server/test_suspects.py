"""Labels in doubt go to another annotator, whose vote a pull takes, on the real server."""

import json
import random
from pathlib import Path
from typing import Any

from tests.support.command import ROOT
from tests.support.corpus import article, taxonomy, write_taxonomy
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import Newsroom, choices

MAX, LEA = "max@classify.localhost", "lea@classify.localhost"


def _begin(studio: LabelStudio, folder: Path) -> tuple[Newsroom, dict[str, str]]:
    """Have Max label 24 articles, the first one wrong; return what each should be."""
    newsroom = Newsroom(studio, folder)
    write_taxonomy(folder, taxonomy(names=("cinema", "trade")))
    recipe = (ROOT / "configs" / "tfidf.toml").read_text(encoding="utf-8")
    (folder / "tfidf.toml").write_text(recipe.replace("buckets = 20", "buckets = 12"))
    rng = random.Random(0)
    names = ["cinema", "trade"] * 12
    right = dict(zip(newsroom.add(*(article((name,), rng) for name in names)), names, strict=True))
    newsroom.check_run("labels", "push")
    person = newsroom.annotator("max")
    for number, (name, category) in enumerate(right.items()):
        newsroom.annotate(person, name, category if number else "trade")
    newsroom.check_run("labels", "pull")
    return newsroom, right


def _tasks(newsroom: Newsroom) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the id of the project for labels in doubt, and its tasks by article."""
    known = json.loads((newsroom.folder / "review.json").read_text(encoding="utf-8"))
    query = {"project": known["project"]["id"], "page_size": 100, "fields": "all"}
    tasks = newsroom.web.get("/api/tasks", params=query).json()["tasks"]
    return query["project"], {task["data"]["seed_id"]: task for task in tasks}


def _labels(newsroom: Newsroom, name: str) -> tuple[list[str], list[str]]:
    """Return the labels of an article, and its unknown ones."""
    (record,) = [row for row in newsroom.records("dataset.jsonl") if row["id"] == name]
    return record["labels"], record["unknown"]


def test_a_wrong_label_goes_to_another_annotator_whose_vote_counts(
    label_studio: LabelStudio, tmp_path: Path
) -> None:
    newsroom, right = _begin(label_studio, tmp_path / "workspace")
    wrong = next(iter(right))
    listed = json.loads(newsroom.check_run("labels", "suspects", "--format", "json").stdout)
    first = listed["suspects"][0]
    assert (first["article"], first["annotators"]) == (wrong, [MAX])
    link = f"{newsroom.studio.server.url}/projects/{newsroom.project}/data?task="
    assert first["url"] == f"{link}{newsroom.task(wrong)}"

    sent = newsroom.check_run("labels", "suspects", "--push", "--n", "2")
    project, tasks = _tasks(newsroom)
    assert sent.stdout == f"{newsroom.studio.server.url}/projects/{project}\n"
    assert f"all labels are by {MAX}: let somebody else answer" in sent.stderr
    assert wrong in tasks
    title = newsroom.web.get(f"/api/projects/{project}/").json()["title"]
    assert title == f"{newsroom.title} – À revoir"
    hidden = json.dumps(tasks)
    assert MAX not in hidden
    assert {task["data"]["doubt"] for task in tasks.values()} == {"–"}

    newsroom.check_run("labels", "suspects", "--push", "--n", "2", "--show-label", "--show-model")
    shown = _tasks(newsroom)[1][wrong]["data"]["doubt"]
    assert shown.startswith("Étiquettes actuelles : Trade\nAvis du modèle : ")
    interface = newsroom.web.get(f"/api/projects/{project}/").json()["label_config"]
    assert 'value="$doubt"' in interface

    # The other annotator disagrees: nothing is overwritten, and the article is disputed.
    where = f"/api/tasks/{tasks[wrong]['id']}/annotations/"
    body = {"result": choices(right[wrong]), "lead_time": 3.5}
    newsroom.annotator("lea").post(where, json=body).raise_for_status()
    pulled = newsroom.check_run("labels", "pull").stderr
    assert "1 to adjudicate" in pulled
    assert _labels(newsroom, wrong) == ([], ["cinema", "trade"])
    votes = [row for row in newsroom.records("annotations.jsonl") if row["document_id"] == wrong]
    assert {(row["annotator"], *row["categories"], row["origin"]) for row in votes} == {
        (MAX, "trade", ""),
        (LEA, "cinema", "review"),
    }
    again = newsroom.check_run("labels", "suspects", "--offline").stdout
    assert wrong not in again

    # Max sees it too, there, and changes his mind: his later answer counts, once.
    newsroom.annotator("max").post(where, json=body).raise_for_status()
    newsroom.check_run("labels", "pull")
    assert _labels(newsroom, wrong) == (["cinema"], [])

    # Without that project the votes that were pulled still count.
    newsroom.web.delete(f"/api/projects/{project}/").raise_for_status()
    gone = newsroom.check_run("labels", "pull").stderr
    assert "the project for labels in doubt is gone; the 2 votes pulled of it" in gone
    assert _labels(newsroom, wrong) == (["cinema"], [])
