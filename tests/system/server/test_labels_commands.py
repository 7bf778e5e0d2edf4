"""`classify labels push`, `pull` and `status` as a person runs them, on the real server."""

import json
import random
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import fill
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import Newsroom, choices
from tests.support.waiting import free_port, wait_until

CLASSIFY = [sys.executable, "-m", "classify"]
FILES = ("documents.jsonl", "annotations.jsonl", "adjudicate.jsonl", "dataset.jsonl")


@pytest.fixture
def newsroom(label_studio: LabelStudio, tmp_path: Path) -> Newsroom:
    return Newsroom(label_studio, tmp_path / "workspace")


def articles(count: int, seed: int = 1) -> list[str]:
    """Return texts that have few words in common."""
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        " ".join("".join(rng.choices(letters, k=6)) for _ in range(20)) + f" {n}."
        for n in range(count)
    ]


def labels(newsroom: Newsroom) -> dict[str, list[str]]:
    """Return the labels in dataset.jsonl by article."""
    return {record["id"]: record["labels"] for record in newsroom.records("dataset.jsonl")}


def files(newsroom: Newsroom) -> dict[str, bytes]:
    paths = [newsroom.folder / name for name in FILES]
    return {path.name: path.read_bytes() for path in paths if path.exists()}


def one_line(text: str) -> str:
    """Return the message of a command that failed, which must be one line and no traceback."""
    (line,) = text.splitlines()
    assert line.startswith("Error: ")
    return line


# ---------------------------------------------------------------------------------------- push


def test_push_sends_what_is_new_and_nothing_the_second_time(newsroom: Newsroom) -> None:
    ids = newsroom.add(*articles(3))
    pushed = newsroom.check_run("labels", "push")
    assert "3 articles sent, 0 already there" in pushed.stderr
    assert pushed.stdout == f"{newsroom.studio.server.url}/projects/{newsroom.project}\n"
    assert "0 articles sent, 3 already there" in newsroom.check_run("labels", "push").stderr
    ids += newsroom.add(*articles(2, seed=2))
    assert "2 articles sent, 3 already there" in newsroom.check_run("labels", "push").stderr
    assert Counter(task["data"]["seed_id"] for task in newsroom.tasks()) == Counter(ids)


def test_a_dry_run_reports_what_would_be_sent_and_creates_nothing(newsroom: Newsroom) -> None:
    newsroom.add(*articles(3))
    output = newsroom.check_run("labels", "push", "--dry-run").stderr
    assert f"{newsroom.title!r} would be created" in output
    assert "3 articles would be sent, 0 already there" in output
    listed = newsroom.web.get("/api/projects/", params={"page_size": 1000}).json()["results"]
    assert newsroom.title not in [record["title"] for record in listed]

    newsroom.check_run("labels", "push", "--limit", "1")
    output = newsroom.check_run("labels", "push", "--dry-run").stderr
    assert "2 articles would be sent, 1 already there" in output
    output = newsroom.check_run("labels", "push", "--dry-run", "--limit", "1").stderr
    assert "1 article would be sent, 1 already there" in output
    assert len(newsroom.tasks()) == 1


def test_a_limit_is_for_the_articles_that_are_new(newsroom: Newsroom) -> None:
    ids = newsroom.add(*articles(5))
    for expected in (2, 4, 5, 5):
        newsroom.check_run("labels", "push", "--limit", "2")
        assert {task["data"]["seed_id"] for task in newsroom.tasks()} == set(ids[:expected])


def test_articles_that_have_labels_are_left_out_unless_asked_for(newsroom: Newsroom) -> None:
    table = newsroom.folder / "known.jsonl"
    known, new = articles(3), articles(4, seed=2)
    lines = [json.dumps({"text": text, "label": "cinema"}) for text in known]
    table.write_text("\n".join(lines), encoding="utf-8")
    options = ("--text-columns", "text", "--label-column", "label")
    newsroom.check_run("labels", "import", table, *options)
    ids = newsroom.add(*new)
    output = newsroom.check_run("labels", "push", "--dry-run", "--limit", "9").stderr
    assert "4 articles would be sent, 0 already there" in output
    left_out = "3 articles left out that have labels; --labelled sends them, too"
    assert left_out in output
    assert left_out in newsroom.check_run("labels", "push", "--limit", "2").stderr
    assert {task["data"]["seed_id"] for task in newsroom.tasks()} == set(ids[:2])
    newsroom.check_run("labels", "push")
    assert [task["data"]["seed_id"] for task in newsroom.tasks()] == ids
    output = newsroom.check_run("labels", "push", "--labelled", "--limit", "2").stderr
    assert "2 articles sent, 4 already there" in output
    output = newsroom.check_run("labels", "push").stderr
    assert "0 articles sent, 6 already there" in output
    assert "1 article left out that has labels" in output


def test_a_push_changes_nothing_in_a_project_that_is_up_to_date(newsroom: Newsroom) -> None:
    newsroom.add(*articles(1))
    newsroom.check_run("labels", "push")
    where = f"/api/projects/{newsroom.project}/"
    project = newsroom.web.get(where).json()
    newsroom.check_run("labels", "push")
    assert newsroom.web.get(where).json() == project
    assert project["show_instruction"] is False  # it would cover the page at each visit
    assert "Cochez chaque catégorie" in project["expert_instruction"]


def test_ctrl_c_ends_a_push_quietly_and_the_next_one_completes_it(
    label_studio: LabelStudio, tmp_path: Path
) -> None:
    newsroom = Newsroom(label_studio, tmp_path, batch=20)
    newsroom.add(*articles(1000))
    newsroom.check_run("labels", "push", "--limit", "1")  # so that the project is there to look at
    push = newsroom.start([*CLASSIFY, "labels", "push"])
    wait_until(lambda: newsroom.count() >= 60, what="60 articles have arrived")
    push.send_signal(signal.SIGINT)
    out, err = push.communicate(timeout=60)
    assert push.returncode == 130
    assert "Traceback" not in err
    assert "Interrupted" in err
    assert out == ""
    assert newsroom.count() < 1000
    Newsroom(label_studio, tmp_path, newsroom.title).check_run("labels", "push")
    assert Counter(task["data"]["seed_id"] for task in newsroom.tasks()) == Counter(
        record["id"] for record in newsroom.records("documents.jsonl")
    )


def test_a_push_warns_of_articles_this_workspace_does_not_know(
    label_studio: LabelStudio, tmp_path: Path
) -> None:
    """Two workspaces whose projects have the same title share one project."""
    desk = Newsroom(label_studio, tmp_path / "first")
    second_desk = Newsroom(label_studio, tmp_path / "second", title=desk.title)
    common, *texts = articles(4)
    desk.add(common, *texts)
    second_desk.add(common, *articles(2, seed=2))
    assert "warning" not in desk.check_run("labels", "push").stderr
    warning = f"warning: project '{desk.title}' also has 3 articles that this workspace does not"
    for option in (["--dry-run"], ["--limit", "1"], []):
        output = second_desk.check_run("labels", "push", *option).stderr
        (line,) = [line for line in output.splitlines() if line.startswith("warning")]
        assert line.startswith(warning)
        assert f"a different title in {second_desk.folder / 'labelstudio.toml'}" in line
    assert "also has 2 articles" in desk.check_run("labels", "push").stderr


def test_a_renamed_project_is_found_again(newsroom: Newsroom) -> None:
    first, second = newsroom.add(*articles(2))
    newsroom.check_run("labels", "push")
    project = newsroom.project
    newsroom.annotate(newsroom.web, first, "sport")
    where = f"/api/projects/{project}/"
    newsroom.web.patch(where, json={"title": f"{newsroom.title} bis"}).raise_for_status()
    pulled = newsroom.check_run("labels", "pull")
    assert f"is now called '{newsroom.title} bis' in Label Studio" in pulled.stderr
    assert labels(newsroom) == {first: ["sport"]}
    (third,) = newsroom.add(*articles(1, seed=3))
    pushed = newsroom.check_run("labels", "push")
    assert "1 article sent, 2 already there" in pushed.stderr
    assert pushed.stdout == f"{newsroom.studio.server.url}/projects/{project}\n"
    status = json.loads(newsroom.check_run("labels", "status", "--format", "json").stdout)
    assert (status["project"], status["tasks"]) == (pushed.stdout.strip(), 3)
    assert newsroom.web.get(where).json()["title"] == f"{newsroom.title} bis"
    titles = newsroom.web.get("/api/projects/", params={"title": newsroom.title}).json()["results"]
    assert [record["id"] for record in titles] == [project]
    assert third not in (first, second)


def test_labelstudio_toml_of_a_workspace_may_set_one_key(newsroom: Newsroom) -> None:
    path = newsroom.folder / "labelstudio.toml"
    path.write_text(f'title = "{newsroom.title}"\n', encoding="utf-8")
    newsroom.add(*articles(1))
    newsroom.check_run("labels", "push")
    record = newsroom.web.get(f"/api/projects/{newsroom.project}/").json()
    assert record["maximum_annotations"] == 2, "as in configs/labelstudio.toml"


# ---------------------------------------------------------------------------------------- pull


@pytest.fixture(scope="module")
def annotated(
    label_studio: LabelStudio, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Newsroom, list[str]]:
    """Eight articles in every state an article can be in, and their ids."""
    newsroom = Newsroom(label_studio, tmp_path_factory.mktemp("annotated"))
    ids = newsroom.add(*articles(8))
    newsroom.check_run("labels", "push")
    agreed, split, skipped, own_draft, draft, settled, none, _untouched = ids
    lea, max_ = newsroom.annotator("lea"), newsroom.annotator("max")
    newsroom.annotate(lea, agreed, "sport", "cinema")
    newsroom.annotate(max_, agreed, "cinema", "sport")
    newsroom.annotate(lea, split, "cinema", "trade")
    newsroom.annotate(max_, split, "trade")
    newsroom.annotate(lea, skipped, was_cancelled=True)
    newsroom.annotate(max_, skipped, "health")
    newsroom.save_draft(lea, draft, "culture")
    newsroom.save_draft(newsroom.web, own_draft, "culture")
    newsroom.annotate(lea, settled, "economy")
    newsroom.annotate(max_, settled, "politics")
    newsroom.annotate(newsroom.web, settled, "trade", ground_truth=True)
    newsroom.annotate(lea, none)
    return newsroom, ids


@pytest.fixture
def eight(annotated: tuple[Newsroom, list[str]], tmp_path: Path) -> tuple[Newsroom, list[str]]:
    """The project of the eight articles, with a workspace of the test's own."""
    newsroom, ids = annotated
    folder = shutil.copytree(newsroom.folder, tmp_path / "workspace")
    return Newsroom(newsroom.studio, folder, newsroom.title), ids


def test_pull_settles_by_majority_and_lists_what_a_person_must_adjudicate(
    eight: tuple[Newsroom, list[str]],
) -> None:
    newsroom, (agreed, split, skipped, draft, _, settled, none, _) = eight
    pulled = newsroom.check_run("labels", "pull")
    assert labels(newsroom) == {
        agreed: ["cinema", "sport"],
        split: ["trade"],
        skipped: ["health"],
        settled: ["trade"],
        none: [],
    }
    unknown = {e["id"]: e["unknown"] for e in newsroom.records("dataset.jsonl") if e["unknown"]}
    assert unknown == {split: ["cinema"]}
    (dispute,) = newsroom.records("adjudicate.jsonl")
    assert dispute["document_id"] == split
    assert (dispute["agreed"], dispute["disputed"]) == (["trade"], ["cinema"])
    assert dispute["votes"] == {
        "lea@classify.localhost": ["cinema", "trade"],
        "max@classify.localhost": ["trade"],
    }
    assert re.search(rf"{split} .*\n    Cinéma / Cinema\?", pulled.stderr)
    assert "4 articles with agreed labels, 1 to adjudicate" in pulled.stderr
    assert "annotations: 2 draft, 1 skipped, 9 submitted" in pulled.stderr
    assert pulled.stdout == f"{newsroom.folder / 'dataset.jsonl'}\n"
    annotations = newsroom.records("annotations.jsonl")
    states = {
        (annotation["document_id"], annotation["annotator"]): annotation["status"]
        for annotation in annotations
    }
    assert states[skipped, "lea@classify.localhost"] == "skipped"
    assert states[draft, newsroom.studio.server.email] == "draft"
    assert Counter(states.values()) == {"submitted": 9, "skipped": 1, "draft": 1}
    assert [
        annotation["annotator"] for annotation in annotations if annotation["ground_truth"]
    ] == [newsroom.studio.server.email]


def test_an_article_waits_for_as_many_votes_as_the_settings_ask_for(
    annotated: tuple[Newsroom, list[str]], tmp_path: Path
) -> None:
    """One vote beside a skip, and one empty answer alone, are not yet agreed."""
    newsroom, (agreed, split, _, _, _, settled, _, _) = annotated
    folder = shutil.copytree(newsroom.folder, tmp_path / "workspace")
    patient = Newsroom(newsroom.studio, folder, newsroom.title, votes=0)
    pulled = patient.check_run("labels", "pull")
    assert "2 articles with agreed labels, 1 to adjudicate" in pulled.stderr
    assert "2 articles waiting: not yet 2 votes" in pulled.stderr
    assert labels(patient) == {
        agreed: ["cinema", "sport"],
        split: ["trade"],
        settled: ["trade"],
    }
    report = json.loads(patient.check_run("labels", "status", "--format", "json").stdout)
    assert (report["agreed"], report["to_adjudicate"], report["waiting"]) == (2, 1, 2)


def test_a_second_pull_changes_no_file(eight: tuple[Newsroom, list[str]]) -> None:
    newsroom, _ = eight
    newsroom.check_run("labels", "pull")
    contents = files(newsroom)
    assert set(contents) == set(FILES)
    newsroom.check_run("labels", "pull")
    assert files(newsroom) == contents


def test_a_workspace_that_lost_its_articles_gets_them_back(
    eight: tuple[Newsroom, list[str]],
) -> None:
    newsroom, (agreed, split, skipped, _, _, settled, none, _) = eight
    articles_by_id = {record["id"]: record for record in newsroom.records("documents.jsonl")}
    (newsroom.folder / "documents.jsonl").unlink()
    newsroom.check_run("labels", "pull")
    again = {record["id"]: record for record in newsroom.records("documents.jsonl")}
    assert again.items() <= articles_by_id.items()
    assert again.keys() >= {agreed, split, skipped, settled, none}
    assert labels(newsroom)[settled] == ["trade"]


def test_a_category_outside_the_taxonomy_is_named_and_those_beside_it_count(
    newsroom: Newsroom,
) -> None:
    foreign, good = newsroom.add(*articles(2))
    newsroom.check_run("labels", "push")
    lea, max_ = newsroom.annotator("lea"), newsroom.annotator("max")
    newsroom.annotate(lea, foreign, "gastronomy", "cinema")
    newsroom.annotate(max_, foreign, "tourism")
    newsroom.annotate(lea, good, "sport")
    pulled = newsroom.run("labels", "pull")
    assert pulled.returncode == 1
    where = f"task {newsroom.task(foreign)}"
    assert f"not counted: 1 annotation ({where}): category 'gastronomy'" in pulled.stderr
    assert "Traceback" not in pulled.stderr
    assert labels(newsroom) == {foreign: [], good: ["sport"]}
    (dispute,) = newsroom.records("adjudicate.jsonl")
    assert dispute["disputed"] == ["cinema", "tourism"]
    report = json.loads(newsroom.check_run("labels", "status", "--format", "json").stdout)
    assert report["set_aside"] == 1


def test_tasks_added_by_hand_are_named_and_everything_else_is_pulled(newsroom: Newsroom) -> None:
    (article,) = newsroom.add(*articles(1))
    newsroom.check_run("labels", "push")
    newsroom.annotate(newsroom.web, article, "sport")
    where = f"/api/projects/{newsroom.project}/import?return_task_ids=true"
    by_hand = [{"data": {"text": "Ajouté à la main.", "facts": "–", "title": ""}}] * 3
    first, second, _ = newsroom.web.post(where, json=by_hand).json()["task_ids"]
    for task in (first, second):
        body = {"result": choices("cinema"), "lead_time": 1.0}
        newsroom.web.post(f"/api/tasks/{task}/annotations/", json=body).raise_for_status()
    pulled = newsroom.check_run("labels", "pull")
    (line,) = [line for line in pulled.stderr.splitlines() if line.startswith("left out")]
    expected = f"left out: tasks {first}, {second} were not sent by `classify labels push`"
    assert line.startswith(expected)
    assert "`classify seeds add`" in line
    assert "set aside" not in pulled.stderr
    assert "annotations: 1 submitted" in pulled.stderr
    assert labels(newsroom) == {article: ["sport"]}
    assert len(newsroom.records("documents.jsonl")) == 1
    report = json.loads(newsroom.check_run("labels", "status", "--format", "json").stdout)
    assert (report["foreign_tasks"], report["set_aside"]) == (2, 0)
    assert "2 tasks left out" in newsroom.check_run("labels", "status").stdout


def test_of_two_annotations_by_one_person_the_one_changed_last_counts(newsroom: Newsroom) -> None:
    (article,) = newsroom.add(*articles(1))
    newsroom.check_run("labels", "push")
    lea = newsroom.annotator("lea")
    older = newsroom.annotate(lea, article, "cinema")
    newsroom.annotate(lea, article, "trade")
    newsroom.check_run("labels", "pull")
    assert labels(newsroom) == {article: ["trade"]}
    change = {"result": choices("sport")}
    lea.patch(f"/api/annotations/{older['id']}/", json=change).raise_for_status()
    assert "1 replaced, 1 submitted" in newsroom.check_run("labels", "pull").stderr
    assert labels(newsroom) == {article: ["sport"]}
    (annotation,) = newsroom.records("annotations.jsonl")
    assert annotation["updated"] > annotation["created"]


@pytest.mark.parametrize(
    "result",
    [
        [{"from_name": "categories", "value": {"choices": 5}}],
        [{"from_name": "comment", "value": {"text": 5}}],
        [{"from_name": "categories", "value": {"choices": [["cinema"]]}}],
        [{"from_name": "categories", "value": "cinema"}],
        [{"from_name": "categories"}],
    ],
)
def test_what_one_annotator_sends_does_not_keep_the_others_from_being_pulled(
    newsroom: Newsroom, result: object
) -> None:
    """The server stores each of these."""
    first, second = newsroom.add(*articles(2))
    newsroom.check_run("labels", "push")
    newsroom.annotate(newsroom.web, second, "sport")
    task = newsroom.task(first)
    body = {"result": result, "lead_time": 1.0}
    newsroom.web.post(f"/api/tasks/{task}/annotations/", json=body).raise_for_status()
    pulled = newsroom.run("labels", "pull")
    assert pulled.returncode == 1
    assert f"set aside: 1 annotation (task {task}): " in pulled.stderr
    assert "Traceback" not in pulled.stderr
    assert labels(newsroom) == {second: ["sport"]}


def test_a_category_that_was_removed_is_one_line_of_a_pull(newsroom: Newsroom) -> None:
    ids = newsroom.add(*articles(8))
    newsroom.check_run("labels", "push")
    lea, max_ = newsroom.annotator("lea"), newsroom.annotator("max")
    for article in ids[:7]:
        newsroom.annotate(lea, article, "sport")
    newsroom.annotate(max_, ids[0], "sport", "cinema")
    newsroom.annotate(max_, ids[7], "health")
    newsroom.annotate(max_, ids[6], "trade")
    path = newsroom.folder / "taxonomy.toml"
    tables = path.read_text(encoding="utf-8").split("[[categories]]")
    gone = ('id = "sport"', 'id = "health"')
    remaining = [entry for entry in tables if not any(name in entry for name in gone)]
    path.write_text("[[categories]]".join(remaining), encoding="utf-8")
    pulled = newsroom.run("labels", "pull")
    assert pulled.returncode == 1
    lines = [line for line in pulled.stderr.splitlines() if "not counted" in line]
    tasks = [str(newsroom.task(article)) for article in ids]
    assert len(lines) == 2
    shown = ", ".join(tasks[:5])
    assert f"not counted: 8 annotations (tasks {shown}, …): category 'sport'" in lines[0]
    assert f"not counted: 1 annotation (task {tasks[7]}): category 'health'" in lines[1]
    # Of these two, one annotator names the category, and one answered for it and does not.
    unknown = {record["id"]: record["unknown"] for record in newsroom.records("dataset.jsonl")}
    assert unknown == {name: [] for name in ids} | {ids[0]: ["cinema"], ids[6]: ["trade"]}
    report = json.loads(newsroom.check_run("labels", "status", "--format", "json").stdout)
    assert report["set_aside"] == 9


def test_imported_labels_survive_a_pull_and_vote_in_it(newsroom: Newsroom) -> None:
    film, port = articles(2)
    table = newsroom.folder / "known.csv"
    table.write_text(f"text,label\n{film},cinema\n{port},trade\n", encoding="utf-8")
    newsroom.check_run(
        "labels", "import", table, "--text-columns", "text", "--label-column", "label"
    )
    newsroom.check_run("labels", "push", "--labelled")
    ids = {record["text"]: record["id"] for record in newsroom.records("documents.jsonl")}
    newsroom.annotate(newsroom.annotator("lea"), ids[port], "sport")
    newsroom.check_run("labels", "pull")
    assert labels(newsroom) == {ids[film]: ["cinema"], ids[port]: []}
    (dispute,) = newsroom.records("adjudicate.jsonl")
    assert dispute["votes"] == {"import:known.csv": ["trade"], "lea@classify.localhost": ["sport"]}


# -------------------------------------------------------------------------------------- status


def test_status_reports_progress_by_annotator_and_category(
    eight: tuple[Newsroom, list[str]],
) -> None:
    newsroom, _ = eight
    report = json.loads(newsroom.check_run("labels", "status", "--format", "json").stdout)
    assert report["project"] == f"{newsroom.studio.server.url}/projects/{newsroom.project}"
    counts = ("articles", "tasks", "annotated", "agreed", "to_adjudicate", "waiting", "set_aside")
    assert {name: report[name] for name in counts} == {
        "articles": 8,
        "tasks": 8,
        "annotated": 5,
        "agreed": 4,
        "to_adjudicate": 1,
        "waiting": 0,
        "set_aside": 0,
    }
    assert report["annotators"] == {
        "lea@classify.localhost": {"submitted": 4, "skipped": 1},
        "max@classify.localhost": {"submitted": 4},
        newsroom.studio.server.email: {"submitted": 1, "draft": 1},
    }
    per_category = {name: count for name, count in report["categories"].items() if count}
    assert per_category == {"cinema": 1, "sport": 1, "health": 1, "trade": 2}
    assert len(report["categories"]) == 16
    assert not (newsroom.folder / "dataset.jsonl").exists(), "status only looks"


def test_status_as_text_names_annotators_and_categories(eight: tuple[Newsroom, list[str]]) -> None:
    newsroom, _ = eight
    lines = newsroom.check_run("labels", "status").stdout.splitlines()
    rows = [line.split() for line in lines]
    assert ["lea@classify.localhost", "4", "0", "1", "0"] in rows
    assert ["max@classify.localhost", "4", "0", "0", "0"] in rows
    assert ["Cinéma", "1"] in rows
    assert ["Bibliothèque", "et", "musée", "0"] in rows
    figures = {row[1]: row[0] for row in rows if len(row) > 1 and row[0].isdigit()}
    assert (figures["done"], figures["to"], figures["waiting"]) == ("4", "3", "0")
    assert figures["disputed"] == "1"
    assert "lea@classify.localhost: 4 articles, 4 s each (median), 4 a day; " in "\n".join(lines)
    at = lines.index("skipped")
    assert lines[at + 1 : at + 3] == [f"  {articles(8)[2]}", "    lea@classify.localhost"]
    assert lines[-2] == "next: classify labels pull"


def test_offline_status_reports_the_last_pull_and_asks_no_server(
    eight: tuple[Newsroom, list[str]],
) -> None:
    newsroom, ids = eight
    newsroom.check_run("labels", "pull")
    late = newsroom.annotate(newsroom.annotator("lea"), ids[-1], "sport")
    nowhere = {"LABEL_STUDIO_URL": f"http://127.0.0.1:{free_port()}"}
    arguments = ("labels", "status", "--offline", "--format", "json")
    asked = newsroom.run(*arguments, **nowhere)
    assert asked.returncode == 0
    assert json.loads(asked.stdout)["annotated"] == 5
    report = newsroom.check_run(*arguments[:2], *arguments[3:]).stdout
    newsroom.web.delete(f"/api/annotations/{late['id']}/").raise_for_status()  # others look, too
    assert json.loads(report)["annotated"] == 6


# -------------------------------------------------------------------------------------- faults


def down(_: Newsroom) -> dict[str, str]:
    return {"LABEL_STUDIO_URL": f"http://127.0.0.1:{free_port()}"}


def wrong_token(_: Newsroom) -> dict[str, str]:
    return {"LABEL_STUDIO_API_KEY": "0123456789abcdef" * 2 + "01234567"}


def no_token(_: Newsroom) -> dict[str, str]:
    return {"LABEL_STUDIO_API_KEY": ""}


def deleted(newsroom: Newsroom) -> dict[str, str]:
    newsroom.web.delete(f"/api/projects/{newsroom.project}/").raise_for_status()
    newsroom.forget()
    return {}


@pytest.fixture(scope="module")
def pulled(label_studio: LabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """A workspace that has pulled the one annotation of its two articles."""
    newsroom = Newsroom(label_studio, tmp_path_factory.mktemp("pulled"))
    (article, _) = newsroom.add(*articles(2))
    newsroom.check_run("labels", "push")
    newsroom.annotate(newsroom.web, article, "sport")
    newsroom.check_run("labels", "pull")
    return newsroom


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (down, "no connection"),
        (wrong_token, "the legacy token was refused"),
        (no_token, "Set LABEL_STUDIO_API_KEY"),
        (
            deleted,
            "was deleted. To send all articles to a new one, run `classify labels push --new",
        ),
    ],
)
def test_a_server_that_does_not_help_is_one_clear_line_and_no_file_changes(
    pulled: Newsroom, cause: Callable[[Newsroom], dict[str, str]], message: str
) -> None:
    contents = files(pulled)
    variables = cause(pulled)  # the last one deletes the project that the others look at
    for command in (["pull"], ["status"], ["push"], ["push", "--dry-run"]):
        failed = pulled.run("labels", *command, **variables)
        assert failed.returncode == 1
        assert message in one_line(failed.stderr)
        assert failed.stdout == ""
    assert files(pulled) == contents


def test_after_the_project_was_deleted_a_push_creates_it_again_if_asked(newsroom: Newsroom) -> None:
    ids = newsroom.add(*articles(2))
    assert "created" in newsroom.check_run("labels", "push").stderr
    old = newsroom.project
    deleted(newsroom)
    assert newsroom.run("labels", "push").returncode == 1
    pushed = newsroom.check_run("labels", "push", "--new-project").stderr
    newsroom.forget()
    assert f"project {newsroom.title!r} created" in pushed
    assert "2 articles sent" in pushed
    assert newsroom.project != old
    again = newsroom.check_run("labels", "push", "--new-project").stderr
    assert "created" not in again
    assert "0 articles sent, 2 already there" in again
    assert {task["data"]["seed_id"] for task in newsroom.tasks()} == set(ids)


def test_a_personal_access_token_works_as_well_as_a_legacy_one(newsroom: Newsroom) -> None:
    (article,) = newsroom.add(*articles(1))
    user = newsroom.annotator("personal")
    key = user.post("/api/token/").raise_for_status().json()["token"]
    assert key.count(".") == 2
    personal = {"LABEL_STUDIO_API_KEY": key}
    assert newsroom.run("labels", "push", **personal).returncode == 0
    newsroom.annotate(user, article, "sport")
    assert newsroom.run("labels", "pull", **personal).returncode == 0
    assert labels(newsroom) == {article: ["sport"]}
    assert newsroom.records("annotations.jsonl")[0]["annotator"] == "personal@classify.localhost"
    refused = newsroom.run("labels", "pull", LABEL_STUDIO_API_KEY=key[:-4] + "AAAA")
    assert refused.returncode == 1
    assert "the personal access token was refused" in one_line(refused.stderr)


# A process that kills itself just before it renames a file to its final name.
KILLED = """
import os, signal, sys

def hook(event, arguments):
    if event == "os.rename" and os.fspath(arguments[1]).endswith(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
from classify.cli import cli
cli(["labels", "pull"])
"""


@pytest.mark.parametrize("file", ["annotations.jsonl", "adjudicate.jsonl", "dataset.jsonl"])
def test_a_pull_that_is_killed_leaves_old_files_or_new_ones_and_the_next_is_right(
    newsroom: Newsroom, file: str
) -> None:
    a, b = newsroom.add(*articles(2))
    newsroom.check_run("labels", "push")
    newsroom.annotate(newsroom.web, a, "sport")
    newsroom.check_run("labels", "pull")
    old_files = files(newsroom)
    newsroom.annotate(newsroom.annotator("lea"), a, "cinema")
    newsroom.annotate(newsroom.web, b, "trade")

    process = newsroom.start([sys.executable, "-c", KILLED, file])
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    new_files = files(newsroom)
    assert new_files[file] == old_files[file]
    assert new_files["dataset.jsonl"] == old_files["dataset.jsonl"]
    for content in new_files.values():
        assert all(json.loads(line) for line in content.splitlines())

    newsroom.check_run("labels", "pull")
    assert labels(newsroom) == {a: [], b: ["trade"]}
    assert [record["document_id"] for record in newsroom.records("adjudicate.jsonl")] == [a]


def test_a_full_disk_leaves_the_labels_as_they_were(
    label_studio: LabelStudio, small_disk: Path
) -> None:
    newsroom = Newsroom(label_studio, small_disk / "workspace")
    a, b = newsroom.add(*articles(2))
    newsroom.check_run("labels", "push")
    newsroom.annotate(newsroom.web, a, "sport")
    newsroom.check_run("labels", "pull")
    contents = files(newsroom)
    newsroom.annotate(newsroom.web, b, "trade", comment="x" * 5000)
    fill(small_disk)
    failed = newsroom.run("labels", "pull")
    assert failed.returncode == 1
    assert "No space left on device" in one_line(failed.stderr)
    assert files(newsroom) == contents
    (small_disk / "ballast").unlink()
    newsroom.check_run("labels", "pull")
    assert labels(newsroom) == {a: ["sport"], b: ["trade"]}
