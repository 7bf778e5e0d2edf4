"""Three annotators in a real Chromium: two who differ, and one who settles it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.annotating import log_in, send
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import PASSWORD, Newsroom

expect.set_options(timeout=30_000)  # ms
NAMES = {"cinema": "Cinéma", "culture": "Culture", "politics": "Politique", "sport": "Sport"}


@pytest.fixture
def newsroom(label_studio: LabelStudio, tmp_path: Path) -> Newsroom:
    return Newsroom(label_studio, tmp_path / "workspace", votes=0)


@pytest.fixture
def pages(chromium: Browser, newsroom: Newsroom) -> Iterator[dict[str, Page]]:
    """The browsers of three annotators who were invited and have logged in."""
    names = ("max", "ines", "lea")
    for name in names:
        newsroom.annotator(name)
    address = newsroom.studio.server.url
    opened = {n: log_in(chromium, address, f"{n}@classify.localhost", PASSWORD) for n in names}
    yield opened
    for page in opened.values():
        page.context.close()


def box(page: Page, category: str) -> Locator:
    """Return the box of a category, whose label ends with its key."""
    name = re.compile(rf"^{re.escape(NAMES[category])}\s*(\[.\])?$")
    return page.get_by_role("checkbox", name=name)


def open_stream(page: Page, project: int) -> None:
    """Open what the button Label All Tasks opens, and wait for an article without ticks."""
    page.goto(f"/projects/{project}/data?labeling=1")
    expect(box(page, "sport")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Escape")  # closes the instructions
    expect(page.locator(".press").get_by_role("checkbox", checked=True)).to_have_count(0)


def answer(page: Page, project: int, *categories: str) -> None:
    """Answer about the next article of the stream."""
    open_stream(page, project)
    for category in categories:
        box(page, category).click()
    send(page, "submit")


def edit(page: Page, address: str, author: str, *categories: str) -> None:
    """Change somebody's answer, and wait until the server has it."""
    page.goto(address)
    page.locator(".lsf-annotation-button", has_text=f"{author}@").click()
    page.locator(".press-text").hover()  # away from the tab, whose tooltip covers choices
    expect(page.locator(".lsf-annotation-button__tooltipContainer_open")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    for category in categories:
        box(page, category).click()
    with page.expect_response(lambda response: response.request.method == "PATCH") as response:
        page.get_by_test_id("bottombar-update-button").click()
    assert response.value.ok


def authors(newsroom: Newsroom, project: int) -> dict[int, str]:
    """Return who made each annotation of a project, by its id."""
    query = {"project": project, "page_size": 100, "fields": "all"}
    tasks = newsroom.web.get("/api/tasks", params=query).json()["tasks"]
    rows = [annotation for task in tasks for annotation in task["annotations"]]
    return {row["id"]: row["created_username"].split()[0].rstrip(",") for row in rows}


def labels(newsroom: Newsroom) -> tuple[list[str], list[str]]:
    """Pull; return the labels of the one article, and what is unknown of it."""
    newsroom.check_run("labels", "pull")
    (record,) = newsroom.records("dataset.jsonl")
    return record["labels"], record["unknown"]


def last_answers(newsroom: Newsroom) -> dict[str, list[str]]:
    """Return what each person answered last, as it was pulled."""
    rows = newsroom.records("annotations.jsonl")
    return {row["annotator"].partition("@")[0]: row["categories"] for row in rows}


def test_a_dispute_is_settled_blind_by_a_third_person_and_late_edits_are_taken(
    newsroom: Newsroom, pages: dict[str, Page]
) -> None:
    (article,) = newsroom.add("Un film ouvre le festival.\n\nLe public est venu.")
    newsroom.check_run("labels", "push")
    answer(pages["max"], newsroom.project, "cinema", "culture")
    answer(pages["ines"], newsroom.project, "cinema", "sport")
    assert labels(newsroom) == (["cinema"], ["culture", "sport"])
    before = authors(newsroom, newsroom.project)
    assert sorted(before.values()) == ["ines@classify.localhost", "max@classify.localhost"]

    printed = newsroom.check_run("labels", "adjudicate").stdout
    project = int(printed.rpartition("/")[2])
    lea = pages["lea"]
    open_stream(lea, project)
    text = lea.locator("body").inner_text()
    assert "Un film ouvre le festival." in text
    assert "max@" not in text
    assert "ines@" not in text
    box(lea, "culture").click()
    send(lea, "submit")
    assert labels(newsroom) == (["culture"], [])
    assert last_answers(newsroom)["lea"] == ["culture"]
    assert authors(newsroom, newsroom.project) == before
    assert set(authors(newsroom, project).values()) == {"lea@classify.localhost"}

    # The adjudicator thinks again, and so does one of the two.
    known = json.loads((newsroom.folder / "adjudication.json").read_text(encoding="utf-8"))
    assert known["project"]["id"] == project
    query = {"project": project, "fields": "task_only"}
    (task,) = newsroom.web.get("/api/tasks", params=query).json()["tasks"]
    edit(lea, f"/projects/{project}/data?task={task['id']}", "lea", "culture", "politics")
    page = f"/projects/{newsroom.project}/data?task={newsroom.task(article)}"
    edit(pages["max"], page, "max", "culture", "politics")
    edit(pages["max"], page, "ines", "sport")  # a colleague's, by mistake
    pulled = newsroom.check_run("labels", "pull").stderr
    changed = "max@classify.localhost changed the answer of ines@classify.localhost (task"
    assert changed in pulled
    assert "of lea@" not in pulled
    (record,) = newsroom.records("dataset.jsonl")
    assert (record["labels"], record["unknown"]) == (["politics"], [])
    assert last_answers(newsroom) == {
        "max": ["cinema", "politics"],
        "ines": ["cinema"],
        "lea": ["politics"],
    }
    assert authors(newsroom, newsroom.project) == before
