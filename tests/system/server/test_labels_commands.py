"""`classify labels push`, `pull` and `status` as a person runs them, on the real server."""

import json
import random
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import fill
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import Newsroom
from tests.support.waiting import free_port, wait_until

pytestmark = pytest.mark.server

CLASSIFY = [sys.executable, "-m", "classify"]
KEPT = ("documents.jsonl", "annotations.jsonl", "adjudicate.jsonl", "dataset.jsonl")


@pytest.fixture
def newsroom(label_studio: LabelStudio, tmp_path: Path) -> Newsroom:
    return Newsroom(label_studio, tmp_path / "workspace")


def articles(count: int, seed: int = 1) -> list[str]:
    """Texts that have few words in common."""
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        " ".join("".join(rng.choices(letters, k=6)) for _ in range(20)) + f" {n}."
        for n in range(count)
    ]


def labels(newsroom: Newsroom) -> dict[str, list[str]]:
    """What dataset.jsonl says of each article."""
    return {each["id"]: each["labels"] for each in newsroom.records("dataset.jsonl")}


def files(newsroom: Newsroom) -> dict[str, bytes]:
    paths = [newsroom.folder / name for name in KEPT]
    return {path.name: path.read_bytes() for path in paths if path.exists()}


def one_line(text: str) -> str:
    """The message of a command that failed, which must be one line and no traceback."""
    (line,) = text.splitlines()
    assert line.startswith("Error: ")
    return line


# ---------------------------------------------------------------------------------------- push


def test_push_sends_what_is_new_and_nothing_the_second_time(newsroom: Newsroom) -> None:
    ids = newsroom.add(*articles(3))
    first = newsroom.done("labels", "push")
    assert "3 articles sent, 0 already there" in first.stderr
    assert first.stdout == f"{newsroom.studio.server.url}/projects/{newsroom.project}\n"
    assert "0 articles sent, 3 already there" in newsroom.done("labels", "push").stderr
    ids += newsroom.add(*articles(2, seed=2))
    assert "2 articles sent, 3 already there" in newsroom.done("labels", "push").stderr
    assert Counter(each["data"]["seed_id"] for each in newsroom.tasks()) == Counter(ids)


def test_a_dry_run_says_what_would_be_sent_and_makes_nothing(newsroom: Newsroom) -> None:
    newsroom.add(*articles(3))
    said = newsroom.done("labels", "push", "--dry-run").stderr
    assert f"{newsroom.title!r} would be made" in said
    assert "3 articles would be sent, 0 already there" in said
    listed = newsroom.web.get("/api/projects/", params={"page_size": 1000}).json()["results"]
    assert newsroom.title not in [each["title"] for each in listed]

    newsroom.done("labels", "push", "--limit", "1")
    said = newsroom.done("labels", "push", "--dry-run").stderr
    assert "2 articles would be sent, 1 already there" in said
    said = newsroom.done("labels", "push", "--dry-run", "--limit", "1").stderr
    assert "1 article would be sent, 1 already there" in said
    assert len(newsroom.tasks()) == 1


def test_a_limit_is_for_the_articles_that_are_new(newsroom: Newsroom) -> None:
    ids = newsroom.add(*articles(5))
    for expected in (2, 4, 5, 5):
        newsroom.done("labels", "push", "--limit", "2")
        assert {each["data"]["seed_id"] for each in newsroom.tasks()} == set(ids[:expected])


def test_a_push_that_finds_all_as_it_should_be_changes_nothing(newsroom: Newsroom) -> None:
    newsroom.add(*articles(1))
    newsroom.done("labels", "push")
    where = f"/api/projects/{newsroom.project}/"
    before = newsroom.web.get(where).json()
    newsroom.done("labels", "push")
    assert newsroom.web.get(where).json() == before
    assert before["show_instruction"] is True
    assert "Tick every category" in before["expert_instruction"]


def test_ctrl_c_ends_a_push_quietly_and_the_next_one_completes_it(
    label_studio: LabelStudio, tmp_path: Path
) -> None:
    newsroom = Newsroom(label_studio, tmp_path, batch=20)
    newsroom.add(*articles(2000))
    newsroom.done("labels", "push", "--limit", "1")  # so that the project is there to look at
    push = newsroom.start([*CLASSIFY, "labels", "push"])
    wait_until(lambda: newsroom.count() >= 200, what="200 articles have arrived")
    push.send_signal(signal.SIGINT)
    out, err = push.communicate(timeout=60)
    assert push.returncode == 130
    assert "Traceback" not in err
    assert "Interrupted" in err
    assert out == ""
    assert newsroom.count() < 2000
    newsroom.done("labels", "push")
    assert Counter(each["data"]["seed_id"] for each in newsroom.tasks()) == Counter(
        each["id"] for each in newsroom.records("documents.jsonl")
    )


def test_a_push_warns_of_articles_this_workspace_does_not_know(
    label_studio: LabelStudio, tmp_path: Path
) -> None:
    """Two workspaces whose projects have one title share one project."""
    first = Newsroom(label_studio, tmp_path / "first")
    second = Newsroom(label_studio, tmp_path / "second", title=first.title)
    common, *own = articles(4)
    first.add(common, *own)
    second.add(common, *articles(2, seed=2))
    assert "warning" not in first.done("labels", "push").stderr
    told = f"warning: project '{first.title}' also holds 3 articles that this workspace does not"
    for option in (["--dry-run"], ["--limit", "1"], []):
        said = second.done("labels", "push", *option).stderr
        (line,) = [each for each in said.splitlines() if each.startswith("warning")]
        assert line.startswith(told)
        assert f"title of its own in {second.folder / 'labelstudio.toml'}" in line
    assert "also holds 2 articles" in first.done("labels", "push").stderr


def test_labelstudio_toml_of_a_workspace_may_set_one_key(newsroom: Newsroom) -> None:
    own = newsroom.folder / "labelstudio.toml"
    own.write_text(f'title = "{newsroom.title}"\n', encoding="utf-8")
    newsroom.add(*articles(1))
    newsroom.done("labels", "push")
    made = newsroom.web.get(f"/api/projects/{newsroom.project}/").json()
    assert made["maximum_annotations"] == 2, "as in configs/labelstudio.toml"


# ---------------------------------------------------------------------------------------- pull


def annotated(newsroom: Newsroom) -> list[str]:
    """Eight articles in every state an article can be in; their ids."""
    ids = newsroom.add(*articles(8))
    newsroom.done("labels", "push")
    agreed, split, skipped, own_draft, draft, settled, none, _untouched = ids
    lea, max_ = newsroom.annotator("lea"), newsroom.annotator("max")
    newsroom.annotate(lea, agreed, "sport", "cinema")
    newsroom.annotate(max_, agreed, "cinema", "sport")
    newsroom.annotate(lea, split, "cinema", "trade")
    newsroom.annotate(max_, split, "trade")
    newsroom.annotate(lea, skipped, was_cancelled=True)
    newsroom.annotate(max_, skipped, "health")
    newsroom.begin(lea, draft, "culture")
    newsroom.begin(newsroom.web, own_draft, "culture")
    newsroom.annotate(lea, settled, "economy")
    newsroom.annotate(max_, settled, "politics")
    newsroom.annotate(newsroom.web, settled, "trade", ground_truth=True)
    newsroom.annotate(lea, none)
    return ids


def test_pull_settles_by_majority_and_lists_what_a_person_must_settle(newsroom: Newsroom) -> None:
    agreed, split, skipped, draft, _, settled, none, _ = annotated(newsroom)
    pulled = newsroom.done("labels", "pull")
    assert labels(newsroom) == {
        agreed: ["cinema", "sport"],
        skipped: ["health"],
        settled: ["trade"],
        none: [],
    }
    (dispute,) = newsroom.records("adjudicate.jsonl")
    assert dispute["document_id"] == split
    assert (dispute["agreed"], dispute["disputed"]) == (["trade"], ["cinema"])
    assert dispute["votes"] == {
        "lea@classify.localhost": ["cinema", "trade"],
        "max@classify.localhost": ["trade"],
    }
    assert re.search(rf"{split} .* cinema\?", pulled.stderr)
    assert "4 articles with agreed labels, 1 to adjudicate" in pulled.stderr
    assert "annotations: 2 draft, 1 skipped, 9 submitted" in pulled.stderr
    assert pulled.stdout == f"{newsroom.folder / 'dataset.jsonl'}\n"
    given = newsroom.records("annotations.jsonl")
    states = {(each["document_id"], each["annotator"]): each["status"] for each in given}
    assert states[skipped, "lea@classify.localhost"] == "skipped"
    assert states[draft, newsroom.studio.server.email] == "draft"
    assert Counter(states.values()) == {"submitted": 9, "skipped": 1, "draft": 1}
    assert [each["annotator"] for each in given if each["ground_truth"]] == [
        newsroom.studio.server.email
    ]


def test_a_second_pull_changes_no_file(newsroom: Newsroom) -> None:
    annotated(newsroom)
    newsroom.done("labels", "pull")
    before = files(newsroom)
    assert set(before) == set(KEPT)
    newsroom.done("labels", "pull")
    assert files(newsroom) == before


def test_a_workspace_that_lost_its_articles_gets_them_back(newsroom: Newsroom) -> None:
    agreed, split, skipped, _, _, settled, none, _ = annotated(newsroom)
    before = {each["id"]: each for each in newsroom.records("documents.jsonl")}
    (newsroom.folder / "documents.jsonl").unlink()
    newsroom.done("labels", "pull")
    again = {each["id"]: each for each in newsroom.records("documents.jsonl")}
    assert again.items() <= before.items()
    assert again.keys() >= {agreed, split, skipped, settled, none}
    assert labels(newsroom)[settled] == ["trade"]


def test_a_label_outside_the_taxonomy_is_set_aside_and_the_rest_is_kept(
    newsroom: Newsroom,
) -> None:
    foreign, good = newsroom.add(*articles(2))
    newsroom.done("labels", "push")
    lea, max_ = newsroom.annotator("lea"), newsroom.annotator("max")
    newsroom.annotate(lea, foreign, "gastronomy", "cinema")
    newsroom.annotate(max_, foreign, "tourism")
    newsroom.annotate(lea, good, "sport")
    pulled = newsroom.run("labels", "pull")
    assert pulled.returncode == 1
    where = f"task {newsroom.task(foreign)}"
    assert f"set aside: 1 annotation ({where}): category 'gastronomy'" in pulled.stderr
    assert "Traceback" not in pulled.stderr
    assert labels(newsroom) == {foreign: ["tourism"], good: ["sport"]}
    report = json.loads(newsroom.done("labels", "status", "--format", "json").stdout)
    assert report["set_aside"] == 1


def test_a_category_that_was_removed_is_one_line_of_a_pull(newsroom: Newsroom) -> None:
    ids = newsroom.add(*articles(8))
    newsroom.done("labels", "push")
    lea, max_ = newsroom.annotator("lea"), newsroom.annotator("max")
    for article in ids[:7]:
        newsroom.annotate(lea, article, "sport")
    newsroom.annotate(max_, ids[0], "sport", "cinema")
    newsroom.annotate(max_, ids[7], "health")
    newsroom.annotate(max_, ids[6], "trade")
    own = newsroom.folder / "taxonomy.toml"
    tables = own.read_text(encoding="utf-8").split("[[categories]]")
    gone = ('id = "sport"', 'id = "health"')
    kept = [each for each in tables if not any(name in each for name in gone)]
    own.write_text("[[categories]]".join(kept), encoding="utf-8")
    pulled = newsroom.run("labels", "pull")
    assert pulled.returncode == 1
    lines = [each for each in pulled.stderr.splitlines() if each.startswith("set aside")]
    tasks = [str(newsroom.task(article)) for article in ids]
    assert len(lines) == 2
    shown = ", ".join(tasks[:5])
    assert lines[0].startswith(f"set aside: 8 annotations (tasks {shown}, …): category 'sport'")
    assert lines[1].startswith(f"set aside: 1 annotation (task {tasks[7]}): category 'health'")
    assert labels(newsroom) == {ids[6]: ["trade"]}
    report = json.loads(newsroom.done("labels", "status", "--format", "json").stdout)
    assert report["set_aside"] == 9


def test_imported_labels_survive_a_pull_and_vote_in_it(newsroom: Newsroom) -> None:
    first, second = articles(2)
    table = newsroom.folder / "known.csv"
    table.write_text(f"text,label\n{first},cinema\n{second},trade\n", encoding="utf-8")
    newsroom.done("labels", "import", table, "--text-columns", "text", "--label-column", "label")
    newsroom.done("labels", "push")
    ids = {each["text"]: each["id"] for each in newsroom.records("documents.jsonl")}
    newsroom.annotate(newsroom.annotator("lea"), ids[second], "sport")
    newsroom.done("labels", "pull")
    assert labels(newsroom) == {ids[first]: ["cinema"]}
    (dispute,) = newsroom.records("adjudicate.jsonl")
    assert dispute["votes"] == {"import:known.csv": ["trade"], "lea@classify.localhost": ["sport"]}


# -------------------------------------------------------------------------------------- status


def test_status_tells_how_far_the_work_is_by_whom_and_per_category(newsroom: Newsroom) -> None:
    annotated(newsroom)
    report = json.loads(newsroom.done("labels", "status", "--format", "json").stdout)
    assert report["project"] == f"{newsroom.studio.server.url}/projects/{newsroom.project}"
    counts = ("articles", "tasks", "annotated", "agreed", "to_adjudicate", "set_aside")
    assert {name: report[name] for name in counts} == {
        "articles": 8,
        "tasks": 8,
        "annotated": 5,
        "agreed": 4,
        "to_adjudicate": 1,
        "set_aside": 0,
    }
    assert report["annotators"] == {
        "lea@classify.localhost": {"submitted": 4, "skipped": 1},
        "max@classify.localhost": {"submitted": 4},
        newsroom.studio.server.email: {"submitted": 1, "draft": 1},
    }
    found = {name: count for name, count in report["categories"].items() if count}
    assert found == {"cinema": 1, "sport": 1, "health": 1, "trade": 1}
    assert len(report["categories"]) == 16
    assert not (newsroom.folder / "dataset.jsonl").exists(), "status only looks"


def test_status_as_text_names_annotators_and_categories(newsroom: Newsroom) -> None:
    annotated(newsroom)
    lines = newsroom.done("labels", "status").stdout.splitlines()
    rows = [line.split() for line in lines]
    assert ["lea@classify.localhost", "4", "1", "0"] in rows
    assert ["max@classify.localhost", "4", "0", "0"] in rows
    assert any(row[:2] == ["cinema", "1"] for row in rows)
    assert any(row[:2] == ["museum", "0"] for row in rows)
    assert max(map(len, lines)) <= 80


def test_offline_status_is_of_the_last_pull_and_asks_no_server(newsroom: Newsroom) -> None:
    ids = annotated(newsroom)
    newsroom.done("labels", "pull")
    newsroom.annotate(newsroom.annotator("lea"), ids[-1], "sport")
    nowhere = {"LABEL_STUDIO_URL": f"http://127.0.0.1:{free_port()}"}
    arguments = ("labels", "status", "--offline", "--format", "json")
    asked = newsroom.run(*arguments, **nowhere)
    assert asked.returncode == 0
    assert json.loads(asked.stdout)["annotated"] == 5
    assert json.loads(newsroom.done(*arguments[:2], *arguments[3:]).stdout)["annotated"] == 6


# -------------------------------------------------------------------------------------- faults


def down(_: Newsroom) -> dict[str, str]:
    return {"LABEL_STUDIO_URL": f"http://127.0.0.1:{free_port()}"}


def wrong_token(_: Newsroom) -> dict[str, str]:
    return {"LABEL_STUDIO_API_KEY": "0123456789abcdef" * 2 + "01234567"}


def no_token(_: Newsroom) -> dict[str, str]:
    return {"LABEL_STUDIO_API_KEY": ""}


def deleted(newsroom: Newsroom) -> dict[str, str]:
    newsroom.web.delete(f"/api/projects/{newsroom.project}/").raise_for_status()
    return {}


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (down, "no connection"),
        (wrong_token, "the legacy token was refused"),
        (no_token, "Set LABEL_STUDIO_API_KEY"),
        (deleted, "does not exist. Run `classify labels push`"),
    ],
)
def test_a_server_that_does_not_help_is_one_clear_line_and_no_file_changes(
    newsroom: Newsroom, cause: Callable[[Newsroom], dict[str, str]], told: str
) -> None:
    (article, *_) = newsroom.add(*articles(2))
    newsroom.done("labels", "push")
    newsroom.annotate(newsroom.web, article, "sport")
    newsroom.done("labels", "pull")
    before = files(newsroom)
    variables = cause(newsroom)
    commands = [["pull"], ["status"]] if cause is deleted else [["pull"], ["status"], ["push"]]
    for command in commands:
        failed = newsroom.run("labels", *command, **variables)
        assert failed.returncode == 1
        assert told in one_line(failed.stderr)
        assert failed.stdout == ""
    assert files(newsroom) == before


def test_after_the_project_was_deleted_a_push_makes_it_anew(newsroom: Newsroom) -> None:
    ids = newsroom.add(*articles(2))
    newsroom.done("labels", "push")
    old = newsroom.project
    deleted(newsroom)
    assert "2 articles sent" in newsroom.done("labels", "push").stderr
    assert newsroom.project != old
    assert {each["data"]["seed_id"] for each in newsroom.tasks()} == set(ids)


def test_a_personal_access_token_does_as_well_as_a_legacy_one(newsroom: Newsroom) -> None:
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


# A process that kills itself the moment it is about to put a file in its place.
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
    first, second = newsroom.add(*articles(2))
    newsroom.done("labels", "push")
    newsroom.annotate(newsroom.web, first, "sport")
    newsroom.done("labels", "pull")
    before = files(newsroom)
    newsroom.annotate(newsroom.annotator("lea"), first, "cinema")
    newsroom.annotate(newsroom.web, second, "trade")

    process = newsroom.start([sys.executable, "-c", KILLED, file])
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    after = files(newsroom)
    assert after[file] == before[file]
    assert after["dataset.jsonl"] == before["dataset.jsonl"]
    for content in after.values():
        assert all(json.loads(line) for line in content.splitlines())

    newsroom.done("labels", "pull")
    assert labels(newsroom) == {second: ["trade"]}
    assert [each["document_id"] for each in newsroom.records("adjudicate.jsonl")] == [first]


def test_a_full_disk_leaves_the_labels_as_they_were(
    label_studio: LabelStudio, small_disk: Path
) -> None:
    newsroom = Newsroom(label_studio, small_disk / "workspace")
    first, second = newsroom.add(*articles(2))
    newsroom.done("labels", "push")
    newsroom.annotate(newsroom.web, first, "sport")
    newsroom.done("labels", "pull")
    before = files(newsroom)
    newsroom.annotate(newsroom.web, second, "trade", comment="x" * 5000)
    fill(small_disk)
    failed = newsroom.run("labels", "pull")
    assert failed.returncode == 1
    assert "No space left on device" in one_line(failed.stderr)
    assert files(newsroom) == before
    (small_disk / "ballast").unlink()
    newsroom.done("labels", "pull")
    assert labels(newsroom) == {first: ["sport"], second: ["trade"]}
