"""Changes of the categories on a real server: the counts add up, and everything comes back."""

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from classify.workspace.labels import read_studio_settings
from classify.workspace.migration.proposing import propose
from labels.studio.client import Studio
from labels.taxonomy import read_taxonomy
from tests.support.kill import fork
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import Newsroom, choices
from training.decision import Prediction
from training.runs.run import Run

TEXTS = ("film", "musée", "théâtre", "danse", "sport", "vélo")
VOTES = (("cinema",), ("museum", "heritage"), ("culture",), ("culture", "cinema"), ("sport",), ())
OURS = {"updated_at", "updated_by", "created_ago"}  # the server's: who stored it last, and when
KEPT = ("taxonomy.toml", "annotations.jsonl", "dataset.jsonl", "adjudicate.jsonl")


@pytest.fixture(scope="module")
def desk(label_studio: LabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """Six articles with two votes each, one with a comment, a skip, a draft and a prediction."""
    newsroom = Newsroom(label_studio, tmp_path_factory.mktemp("desk"))
    ids = newsroom.add(*(f"Un article de {word}, numéro {n * 7}." for n, word in enumerate(TEXTS)))
    (rest,) = newsroom.add("Un dernier article, que personne n'a fini de lire.")
    newsroom.check_run("labels", "push")
    anne, bob = newsroom.annotator("anne"), newsroom.annotator("bob")
    comment = {"from_name": "comment", "to_name": "text", "type": "textarea"}
    remark = [*choices("sport", "museum"), {**comment, "value": {"text": ["Vu."]}}]
    for article, votes in zip(ids, VOTES, strict=True):
        newsroom.annotate(anne, article, *votes)
        newsroom.annotate(bob, article, *votes)
    newsroom.annotate(newsroom.web, ids[4], result=remark)
    newsroom.annotate(newsroom.web, ids[5], was_cancelled=True)
    newsroom.save_draft(bob, rest, "culture", "cinema", "museum")
    prediction = {"task": newsroom.task(rest), "result": choices("heritage"), "score": 0.5}
    newsroom.web.post("/api/predictions/", json=prediction).raise_for_status()
    import label_studio_sdk  # noqa: F401 — once, before the commands are copies of this process

    run(newsroom, "pull")
    return newsroom


def export(newsroom: Newsroom) -> Any:
    """All that the server has of a project, but when it was stored and by whom."""
    query = {"exportType": "JSON", "download_all_tasks": "true"}
    tasks = newsroom.web.get(f"/api/projects/{newsroom.project}/export", params=query).json()
    drafts = [newsroom.web.get(f"/api/tasks/{task['id']}/drafts").json() for task in tasks]
    project = newsroom.web.get(f"/api/projects/{newsroom.project}/").json()
    return _without_times([tasks, drafts, project])


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_times(v) for k, v in value.items() if k not in OURS}
    return [_without_times(entry) for entry in value] if isinstance(value, list) else value


def pulled(newsroom: Newsroom) -> tuple[Any, dict[str, bytes]]:
    """The server's export, and the files that follow from it by a pull."""
    run(newsroom, "pull")
    return state(newsroom)


def state(newsroom: Newsroom) -> tuple[Any, dict[str, bytes]]:
    """The server's export, and the files as they are."""
    return export(newsroom), {name: (newsroom.folder / name).read_bytes() for name in KEPT}


def votes(newsroom: Newsroom) -> Counter[str]:
    """How many submitted votes annotators gave each category, as pulled."""
    records = [r for r in newsroom.records("annotations.jsonl") if r["status"] == "submitted"]
    return Counter(name for r in records for name in (*r["categories"], *r["aside"]))


def labelled(newsroom: Newsroom) -> dict[str, tuple[list[str], list[str]]]:
    """The categories of each article and those that are unknown, by the article's last word."""
    return {
        record["text"].split(",")[0].split()[-1]: (record["labels"], record["unknown"])
        for record in newsroom.records("dataset.jsonl")
    }


def run(newsroom: Newsroom, *words: str, code: int = 0, **options: Any) -> str:
    """Run `classify labels` in a copy of this process: the SDK is imported once for all."""
    found, output = fork("labels", *words, **options, **newsroom.variables)
    assert found == code, output
    return output


def migrate(newsroom: Newsroom, *words: str) -> str:
    return run(newsroom, "migrate", *words)


def test_a_dry_run_counts_and_changes_nothing(desk: Newsroom) -> None:
    before = state(desk)
    said = migrate(desk, "merge", "museum", "heritage", "--into", "past", "--dry-run")
    counts = {line.split(maxsplit=1)[1]: line.split()[0] for line in said.splitlines()[1:-1]}
    assert counts == {
        "annotations changed": "3",  # two of the museum, and the one with a comment
        "drafts changed": "1",
        "predictions changed": "1",
        "votes for museum": "3",
        "votes for heritage": "2",
    }
    assert state(desk) == before
    assert not (desk.folder / "migrations").exists()


def test_merging_loses_no_label_and_undoing_brings_each_back(desk: Newsroom) -> None:
    before, old = state(desk), votes(desk)
    migrate(desk, "merge", "museum", "heritage", "--into", "past=Passé/Past")
    run(desk, "pull")
    new = votes(desk)
    # Two annotators chose both, one chose museum alone: five votes by three people.
    assert new == Counter({**old, "museum": 0, "heritage": 0, "past": 3}) - Counter()
    assert labelled(desk)["musée"] == (["past"], [])
    assert 'id = "past"' in (desk.folder / "taxonomy.toml").read_text()
    drafts = desk.web.get(f"/api/tasks/{desk.tasks()[-1]['id']}/drafts").json()
    assert drafts[0]["result"][0]["value"]["choices"] == ["culture", "cinema", "past"]
    people = [r["annotator"] for r in desk.records("annotations.jsonl")]
    migrate(desk, "undo")
    assert state(desk) == before
    assert [r["annotator"] for r in desk.records("annotations.jsonl")] == people


class Certain:
    """A run that gives the category "stage" a chance by a word of the text."""

    def __init__(self, chances: dict[str, float]) -> None:
        self.chances = chances
        self.rule = SimpleNamespace(categories=("cinema", "stage"))

    def predict(self, texts: list[str]) -> list[Prediction]:
        found = [next(p for word, p in self.chances.items() if word in text) for text in texts]
        return [
            Prediction(("stage", "cinema"), {"stage": p, "cinema": 0.99}, "accepted") for p in found
        ]


def test_a_split_asks_again_for_the_affected_articles_alone(desk: Newsroom) -> None:
    before = state(desk)
    said = migrate(desk, "split", "culture", "--into", "stage=Scène/Stage,books=Livres/Books")
    address = said.split("in a project of its own: ")[1].split()[0]
    run(desk, "pull")
    unknown = {word: pair[1] for word, pair in labelled(desk).items() if pair[1]}
    assert unknown == {"théâtre": ["stage", "books"], "danse": ["stage", "books"]}
    assert labelled(desk)["danse"][0] == ["cinema"], "what stood beside it goes on counting"

    query = {"project": int(address.split("/")[-1]), "fields": "all"}
    tasks = desk.web.get("/api/tasks", params=query).json()["tasks"]
    ticked = {task["data"]["text"].split(",")[0].split()[-1]: task["predictions"] for task in tasks}
    assert set(ticked) == {"théâtre", "danse"}
    (tick,) = ticked["danse"]
    assert tick["result"][0]["value"]["choices"] == ["cinema"]

    # A run that is sure of a part proposes it beside what was agreed; one that is not does not.
    taxonomy = read_taxonomy(desk.folder)
    server, settings = desk.studio.server, read_studio_settings(desk.folder)
    studio = Studio.connect(server.url, server.token, settings)
    certain = cast("Run", Certain({"danse": 0.95, "théâtre": 0.6}))
    assert propose(desk.folder, studio, certain, taxonomy) == 1
    tasks = desk.web.get("/api/tasks", params=query).json()["tasks"]
    (tick,) = next(task["predictions"] for task in tasks if "danse" in task["data"]["text"])
    assert tick["result"][0]["value"]["choices"] == ["cinema", "stage"]

    # The main button of that project gives each annotator the articles again.
    for name in ("anne", "bob"):
        annotator = desk.annotator(name)
        for _ in range(2):
            next_task = annotator.get(f"/api/projects/{query['project']}/next").json()
            body = {"result": choices("stage"), "lead_time": 1.0}
            annotator.post(f"/api/tasks/{next_task['id']}/annotations/", json=body)
    run(desk, "pull")
    assert labelled(desk)["théâtre"] == (["stage"], [])
    assert labelled(desk)["danse"] == (["stage"], []), "the later answer of each counts"

    said = migrate(desk, "undo")
    assert "has answers and stays" in said
    assert pulled(desk) == before


def test_retiring_keeps_the_votes_beside_it_and_undoing_the_retired_ones(desk: Newsroom) -> None:
    before, old = state(desk), votes(desk)
    migrate(desk, "retire", "museum")
    said = run(desk, "pull")
    assert "museum (3 votes), retired" in said
    assert votes(desk) == old, "kept aside, none lost"
    assert labelled(desk)["musée"] == (["heritage"], [])
    migrate(desk, "undo")
    assert state(desk) == before


def test_an_added_category_is_unknown_until_it_is_asked(desk: Newsroom) -> None:
    before = state(desk)
    said = migrate(desk, "add", "fashion=Mode/Fashion")
    assert "6  articles to ask again" in said
    run(desk, "pull")
    assert {pair[1][0] for pair in labelled(desk).values()} == {"fashion"}
    # Renaming another one stores annotations anew; nobody was asked because of that.
    migrate(desk, "rename", "cinema", "film")
    run(desk, "pull")
    assert labelled(desk)["film"] == (["film"], ["fashion"])
    migrate(desk, "undo")
    migrate(desk, "undo")
    assert state(desk) == before


POINTS = [
    ("classify.workspace.migration.plan:journals.publish", 1),
    ("classify.workspace.migration.steps:Interface.of", 1),
    ("classify.workspace.migration.steps:store_result", 3),
    ("classify.workspace.migration.steps:remember_times", 1),
    ("classify.workspace.migration.steps:write_annotations", 1),
    ("classify.workspace.migration.steps:store_labels", 1),
]


def test_a_kill_at_any_point_is_finished_or_undone(desk: Newsroom) -> None:
    change = ("migrate", "merge", "museum", "heritage", "--into", "past=Passé/Past")
    before = state(desk)
    run(desk, *change)
    after = state(desk)
    migrate(desk, "undo")
    assert state(desk) == before
    for point in POINTS:
        for ending in ("resume", "undo"):
            run(desk, *change, code=-9, kill_at=point)
            if not (desk.folder / ".unfinished").exists():  # nothing was begun
                assert state(desk) == before, point
                continue
            refused = run(desk, "pull", code=1)
            assert "`classify labels migrate resume`" in refused, point
            migrate(desk, ending)
            if ending == "resume":
                assert state(desk) == after, point
                migrate(desk, "undo")
            assert state(desk) == before, (point, ending)


def test_undoing_keeps_what_people_changed_since(desk: Newsroom) -> None:
    before = export(desk)
    migrate(desk, "rename", "sport", "sports")
    task = before[0][4]
    edited = task["annotations"][0]["id"]
    body = {"result": choices("sports", "trade")}
    desk.web.patch(f"/api/annotations/{edited}/", json=body).raise_for_status()
    said = migrate(desk, "undo")
    assert f"kept as people changed them since: annotations {edited}" in said
    body = {"result": task["annotations"][0]["result"]}
    desk.web.patch(f"/api/annotations/{edited}/", json=body).raise_for_status()
    assert export(desk) == before


def test_an_interface_changed_by_hand_is_named_and_nothing_is_changed(desk: Newsroom) -> None:
    where = f"/api/projects/{desk.project}/"
    page = desk.web.get(where).json()["label_config"]
    by_hand = page.replace("<Choice ", '<Choice value="opera"/><Choice ', 1)
    desk.web.patch(where, json={"label_config": by_hand}).raise_for_status()
    refused = desk.run("labels", "migrate", "rename", "sport", "sports")
    desk.web.patch(where, json={"label_config": page}).raise_for_status()
    assert refused.returncode == 1
    assert "changed by hand" in refused.stderr
    assert "'opera'" in refused.stderr
    assert 'id = "sport"' in (desk.folder / "taxonomy.toml").read_text()


def test_a_backup_restored_is_the_same_project(desk: Newsroom, tmp_path: Path) -> None:
    file = tmp_path / "desk.zip"
    said = desk.check_run("labels", "backup", file).stderr
    assert "7 tasks, 14 annotations, 1 draft, 1 prediction" in said
    refused = desk.run("labels", "restore", file)
    assert refused.returncode == 1
    assert "has 7 tasks already" in refused.stderr
    restored = desk.check_run("labels", "restore", file, "--project", f"{desk.title} bis")
    copy = Newsroom(desk.studio, tmp_path / "copy", f"{desk.title} bis")
    assert restored.stdout.strip().endswith(f"/projects/{copy.project}")
    assert _content(copy) == _content(desk)
    # The workspace knows when people answered, which Label Studio does not.
    config = desk.folder / "labelstudio.toml"
    text = config.read_text()
    desk.check_run("labels", "pull")  # what was edited since the last one
    before = state(desk)[1]
    config.write_text(text.replace(desk.title, f"{desk.title} bis"))
    pulled = desk.run("labels", "pull")
    config.write_text(text)
    assert pulled.returncode == 0, pulled.stderr
    for name in ("dataset.jsonl", "adjudicate.jsonl"):
        assert (desk.folder / name).read_bytes() == before[name]
    made = [record["updated"] for record in desk.records("annotations.jsonl")]
    old = [json.loads(line)["updated"] for line in before["annotations.jsonl"].splitlines()]
    assert made == old


def _content(newsroom: Newsroom) -> Any:
    """What people made in a project, without the server's numbers and times."""
    numbers = {
        "id",
        "task",
        "project",
        "import_id",
        "created_at",
        "draft_created_at",
        "inner_id",
        "unique_id",
        "result_count",
        "file_upload",
        "parent_prediction",
        "prediction",
        "state",
        "last_action",
        "last_created_by",
        "bulk_created",
    }
    names = (
        "label_config",
        "expert_instruction",
        "maximum_annotations",
        "sampling",
        "show_instruction",
        "task_number",
        "total_annotations_number",
        "skipped_annotations_number",
        "total_predictions_number",
        "finished_task_number",
    )

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k not in numbers}
        return [without(entry) for entry in value] if isinstance(value, list) else value

    tasks, drafts, project = export(newsroom)
    for task in tasks:
        found = [newsroom.web.get(f"/api/predictions/{n}/").json() for n in task["predictions"]]
        task["predictions"] = [(p["result"], p["score"], p["model_version"]) for p in found]
    return without([tasks, drafts]), {name: project[name] for name in names}


def test_authors_without_an_account_are_named_before_anything_is_made(
    desk: Newsroom, tmp_path: Path
) -> None:
    import zipfile

    file, other = tmp_path / "desk.zip", tmp_path / "other.zip"
    desk.check_run("labels", "backup", file)
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            text = source.read(name).decode()
            target.writestr(name, text.replace("anne@", "absente@"))
    title = f"{desk.title} ter"
    refused = desk.run("labels", "restore", other, "--project", title)
    assert refused.returncode == 1
    assert "no account for absente@classify.localhost (6)" in refused.stderr
    listed = desk.web.get("/api/projects/", params={"page_size": 1000}).json()["results"]
    assert title not in [record["title"] for record in listed]
    given = desk.check_run(
        "labels", "restore", other, "--project", title, "--missing-authors", "mine"
    )
    assert "14 annotations" in given.stderr
