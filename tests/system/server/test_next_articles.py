"""What is chosen to be annotated next, as annotators and commands meet it on the real server."""

import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.annotating import send
from tests.support.corpus import FILLER, WORDS
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import PASSWORD, Newsroom


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


def test_the_main_button_serves_what_was_chosen_in_that_order(
    newsroom: Newsroom, chromium: Browser
) -> None:
    first = chosen(newsroom, "--n", "5")
    where = f"/api/projects/{newsroom.project}/"
    newsroom.web.patch(where, json={"maximum_annotations": 1}).raise_for_status()
    newsroom.web.patch(where, json={"sampling": "Uncertainty sampling"}).raise_for_status()
    second = chosen(newsroom, "--n", "3")
    newsroom.web.patch(where, json={"maximum_annotations": 1}).raise_for_status()
    order = [newsroom.task(article) for article in [*first, *second]]
    with (
        logged_in(chromium, newsroom, "lea") as lea,
        logged_in(chromium, newsroom, "tom") as tom,
    ):
        served = [start(lea, newsroom), start(tom, newsroom)]
        for page in (lea, tom, tom, lea, tom, lea):
            served.append(submit(page))
    assert served == order
    assert newsroom.count() == 8
