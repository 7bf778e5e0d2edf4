"""What is chosen to be annotated next, as annotators and commands meet it on the real server."""

import contextlib
import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.annotating import send
from tests.support.corpus import FILLER, WORDS
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import PASSWORD, Newsroom
from tests.support.waiting import wait_until


@pytest.fixture
def newsroom(label_studio: LabelStudio, tmp_path: Path) -> Newsroom:
    newsroom = Newsroom(label_studio, tmp_path / "workspace")
    draw = random.Random(1)
    texts = [
        f"{name} {n}\n\n{' '.join(draw.choices(words + FILLER, k=40))}"
        for name, words in WORDS.items()
        for n in range(5)
    ]
    newsroom.add(*texts)
    return newsroom


@contextlib.contextmanager
def logged_in(chromium: Browser, newsroom: Newsroom, name: str) -> Iterator[Page]:
    """The browser of an annotator who was invited and has logged in."""
    newsroom.annotator(name)
    context = chromium.new_context(base_url=newsroom.studio.server.url)
    page = context.new_page()
    page.goto("/user/login/")
    page.fill("input[name=email]", f"{name}@classify.localhost")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)
    yield page
    context.close()


def chosen(newsroom: Newsroom, *arguments: str) -> list[str]:
    """Run `labels next`; return the ids of the articles it chose, in order."""
    done = newsroom.check_run("labels", "next", "--format", "json", *arguments)
    return [article["id"] for article in json.loads(done.stdout)["articles"]]


def start(page: Page, newsroom: Newsroom) -> int:
    """Press the main button of the project; return the task that is served."""
    page.goto(f"/projects/{newsroom.project}/data")
    with page.expect_response(lambda answer: "next_task" in answer.url) as answer:
        page.get_by_role("button", name="Label All Tasks").click()
    if page.get_by_text("Cochez chaque catégorie").count():
        page.keyboard.press("Escape")
    return int(answer.value.json()["id"])


def submit(page: Page) -> int:
    """Submit an annotation; return the task that is served after it."""
    page.get_by_test_id("bottombar-submit-button").wait_for()
    page.keyboard.press("Escape")
    with page.expect_response(lambda answer: "next_task" in answer.url) as answer:
        send(page, "submit")
    return int(answer.value.json().get("id", 0)) if answer.value.ok else 0


def set_overlap(newsroom: Newsroom, overlap: int) -> None:
    """Set how many annotators each article needs."""
    path = newsroom.folder / "labelstudio.toml"
    settings = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^overlap = \d+", f"overlap = {overlap}", settings))


def test_the_main_button_serves_what_was_chosen_in_that_order(
    newsroom: Newsroom, chromium: Browser
) -> None:
    """Two annotators share a queue; each of them could also be the second opinion of the other."""
    first = chosen(newsroom, "--n", "5")
    order = [newsroom.task(article) for article in first]
    with (
        logged_in(chromium, newsroom, "lea") as lea,
        logged_in(chromium, newsroom, "tom") as tom,
    ):
        assert [start(lea, newsroom), submit(lea), submit(lea)] == order[:3]
        assert start(tom, newsroom) in order[:2]  # lea's come first: the overlap is 2

        set_overlap(newsroom, 1)
        where = f"/api/projects/{newsroom.project}/"
        uncertain = {"sampling": "Uncertainty sampling"}  # as push --with-predictions once set it
        newsroom.web.patch(where, json=uncertain).raise_for_status()
        second = chosen(newsroom, "--n", "3")
        newsroom.forget()
        order = [newsroom.task(article) for article in [*first, *second]]
        served = [start(lea, newsroom), start(tom, newsroom)]
        served += [submit(page) for page in (lea, tom, tom, lea)]
    assert served == order[2:]
    assert newsroom.count() == 8


def test_a_command_killed_half_way_is_completed_by_the_next(newsroom: Newsroom) -> None:
    command = [sys.executable, "-m", "classify", "labels", "next", "--n", "4"]
    killed = newsroom.start(command)
    wait_until((newsroom.folder / "chosen.jsonl").exists, what="the articles are chosen")
    killed.kill()
    killed.communicate()
    begun = [record["document_id"] for record in newsroom.records("chosen.jsonl")]
    again = chosen(newsroom, "--n", "4")
    sent = [task["data"]["seed_id"] for task in newsroom.tasks()]
    assert sorted(sent) == sorted({*begun, *again})
    assert again == begun or not set(again) & set(begun)  # not sent yet, or all sent
    assert len(newsroom.records("chosen.jsonl")) == len(sent)
