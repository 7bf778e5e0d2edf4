"""Disputes, from two answers that differ to one that settles them, on the real server."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.label_studio import LabelStudio
from tests.support.newsroom import Newsroom, choices


class Adjudication:
    """A newsroom of two annotators, with its project for disputes."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self.max, self.ines = newsroom.annotator("max"), newsroom.annotator("ines")
        self.lea = newsroom.annotator("lea")

    def dispute(self, article: str, first: str = "cinema", second: str = "sport") -> None:
        """Have two people answer otherwise about an article."""
        self.newsroom.annotate(self.max, article, first)
        self.newsroom.annotate(self.ines, article, second)

    @property
    def project(self) -> int:
        """The id of the project for disputes."""
        return int(self.record()["project"]["id"])

    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(
            (self.newsroom.folder / "adjudication.json").read_text(encoding="utf-8")
        )
        return record

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Return the tasks of the project for disputes by article."""
        query = {"project": self.project, "page_size": 100, "fields": "all"}
        tasks = self.newsroom.web.get("/api/tasks", params=query).json()["tasks"]
        return {task["data"]["seed_id"]: task for task in tasks}

    def answer(self, web: httpx.Client, article: str, *categories: str, **fields: Any) -> None:
        """Answer about a disputed article, as the page would."""
        where = f"/api/tasks/{self.tasks()[article]['id']}/annotations/"
        body = {"result": choices(*categories), "lead_time": 3.5, **fields}
        web.post(where, json=body).raise_for_status()

    def labels(self) -> dict[str, list[str]]:
        """Return the labels in dataset.jsonl by article, but for those with a pair unknown."""
        records = self.newsroom.records("dataset.jsonl")
        return {record["id"]: record["labels"] for record in records if not record["unknown"]}

    def authors(self) -> list[tuple[str, int, list[Any]]]:
        """Return every annotation of the main project: author, id, result."""
        query = {"project": self.newsroom.project, "page_size": 100, "fields": "all"}
        tasks = self.newsroom.web.get("/api/tasks", params=query).json()["tasks"]
        rows = [annotation for task in tasks for annotation in task["annotations"]]
        return sorted((row["created_username"], row["id"], row["result"]) for row in rows)


@pytest.fixture
def desk(label_studio: LabelStudio, tmp_path: Path) -> Adjudication:
    return Adjudication(Newsroom(label_studio, tmp_path / "workspace", votes=0))


def test_disputes_go_to_a_project_of_their_own_and_its_answers_settle_them(
    desk: Adjudication,
) -> None:
    newsroom = desk.newsroom
    film, match, vote, clear = newsroom.add(
        "Un film ouvre le festival.", "Un match a lieu.", "Le vote est reporté.", "Un clair accord."
    )
    newsroom.check_run("labels", "push")
    for article in (film, match, vote):
        desk.dispute(article)
    desk.dispute(clear, "sport", "sport")
    before = desk.authors()

    sent = newsroom.check_run("labels", "adjudicate")
    assert "3 disputes sent, 0 already there" in sent.stderr
    assert sent.stdout == f"{newsroom.studio.server.url}/projects/{desk.project}\n"
    title = newsroom.web.get(f"/api/projects/{desk.project}/").json()["title"]
    assert title == f"{newsroom.title} – À arbitrer"
    assert desk.tasks().keys() == {film, match, vote}
    assert "max@" not in json.dumps(desk.tasks())

    # One is answered, one skipped; of the others one is settled by an annotator's second thought.
    desk.answer(desk.lea, film, "cinema")
    desk.answer(desk.lea, match, was_cancelled=True)
    newsroom.annotate(desk.max, vote, "sport")
    pulled = newsroom.check_run("labels", "pull").stderr
    assert "adjudicated: 1 article, 1 skipped or unsure" in pulled
    assert "1 to adjudicate" in pulled
    assert desk.labels() == {film: ["cinema"], vote: ["sport"], clear: ["sport"]}
    settled = [row for row in newsroom.records("annotations.jsonl") if row["ground_truth"]]
    assert [(row["annotator"], row["document_id"]) for row in settled] == [
        ("lea@classify.localhost", film)
    ]

    again = newsroom.check_run("labels", "adjudicate").stderr
    assert "0 disputes sent, 1 already there" in again
    assert "1 task removed" in again
    assert desk.tasks().keys() == {film, match}  # answered and skipped ones stay
    unchanged = [row for row in desk.authors() if row[1] in {known[1] for known in before}]
    assert unchanged == before


def test_a_dispute_is_printed_with_its_page_its_title_the_answers_and_the_comments(
    desk: Adjudication,
) -> None:
    newsroom = desk.newsroom
    title = "Un titre qui est plus long que les quarante-quatre signes d'autrefois"
    (article,) = newsroom.add(f"{title}\n\nUn texte.")
    newsroom.check_run("labels", "push")
    comment = {"value": {"text": ["peut-être"]}, "from_name": "comment", "to_name": "text"}
    result = [*choices("cinema"), {**comment, "type": "textarea"}]
    newsroom.annotate(desk.max, article, result=result)
    newsroom.annotate(desk.ines, article)
    link = f"{newsroom.studio.server.url}/projects/{newsroom.project}/data"
    expected = [
        f"  {article}  {title}",
        "    Cinéma / Cinema?",
        '    max@classify.localhost: Cinéma / Cinema  "peut-être"',
        "    ines@classify.localhost: no category",
        f"    {link}?task={newsroom.task(article)}",
    ]
    pulled = newsroom.check_run("labels", "pull").stderr
    assert "\n".join(expected) in pulled
    status = newsroom.check_run("labels", "status").stdout
    assert "\n".join(expected) in status
    (dispute,) = json.loads(newsroom.check_run("labels", "status", "--format", "json").stdout)[
        "disputes"
    ]
    assert dispute["link"] == expected[-1].strip()

    newsroom.check_run("labels", "adjudicate", "--show-votes")
    votes = desk.tasks()[article]["data"]["votes"]
    assert votes == (
        "max@classify.localhost : Cinéma — « peut-être »\n"
        "ines@classify.localhost : aucune catégorie"
    )
    newsroom.check_run("labels", "adjudicate")  # blind again
    assert desk.tasks()[article]["data"]["votes"] == "–"


def test_a_project_for_disputes_that_was_renamed_or_deleted_loses_no_answer(
    desk: Adjudication,
) -> None:
    newsroom = desk.newsroom
    film, match = newsroom.add("Un film ouvre le festival.", "Un match a lieu.")
    newsroom.check_run("labels", "push")
    desk.dispute(film)
    newsroom.check_run("labels", "adjudicate")
    desk.answer(desk.max, film, "politics")  # by one of the two who differ
    newsroom.web.patch(f"/api/projects/{desk.project}/", json={"title": "Le comité"})
    newsroom.check_run("labels", "pull")
    assert desk.labels() == {film: ["politics"]}

    newsroom.web.delete(f"/api/projects/{desk.project}/").raise_for_status()
    desk.dispute(match)
    pulled = newsroom.check_run("labels", "pull").stderr
    assert "is gone; what was pulled of it before (1 answer) still counts" in pulled
    assert desk.labels() == {film: ["politics"]}
    old = desk.project
    newsroom.check_run("labels", "adjudicate")
    assert desk.project != old
    assert desk.tasks().keys() == {match}
    assert desk.labels() == {film: ["politics"]}
    newsroom.check_run("labels", "pull")
    assert desk.labels() == {film: ["politics"]}


def test_a_share_of_the_articles_is_annotated_twice_and_disputes_by_a_third_person(
    desk: Adjudication,
) -> None:
    """Label Studio keeps to the share as articles arrive, and to what a pull asks of it."""
    newsroom = desk.newsroom
    settings = newsroom.folder / "labelstudio.toml"
    text = settings.read_text(encoding="utf-8").replace(
        "overlap_share = 1.0", "overlap_share = 0.3"
    )
    settings.write_text(text.replace("third_opinion = false", "third_opinion = true"), "utf-8")
    articles = newsroom.add(*(f"Article {n} sur {n * n} sujets divers." for n in range(10)))
    newsroom.check_run("labels", "push")
    for web in (desk.max, desk.max, desk.max, desk.max):
        annotate_next(newsroom, web, "cinema")
    articles += newsroom.add(*(f"Dépêche {n} de {n + 7} heures." for n in range(10)))
    newsroom.check_run("labels", "push")
    while annotate_next(newsroom, desk.max, "cinema"):
        pass
    twice = 0
    while annotate_next(newsroom, desk.ines, "sport"):
        twice += 1
    assert (twice, len(articles)) == (6, 20)
    assert annotate_next(newsroom, desk.lea, "cinema") is None

    pulled = newsroom.check_run("labels", "pull").stderr
    assert "14 articles with agreed labels, 6 to adjudicate" in pulled
    assert "third opinion: tasks" in pulled
    third = 0
    while annotate_next(newsroom, desk.lea, "cinema"):
        third += 1
    assert third == 6
    pulled = newsroom.check_run("labels", "pull").stderr
    assert "20 articles with agreed labels, 0 to adjudicate" in pulled
    assert "third opinion" not in pulled


def annotate_next(newsroom: Newsroom, web: httpx.Client, category: str) -> int | None:
    """Annotate what Label Studio offers next to somebody; return its task, None at the end."""
    offered = web.get(f"/api/projects/{newsroom.project}/next")
    if offered.status_code == 404:
        return None
    task = int(offered.raise_for_status().json()["id"])
    body = {"result": choices(category), "lead_time": 1.0}
    web.post(f"/api/tasks/{task}/annotations/", json=body).raise_for_status()
    return task
