"""The desk report as a person opens it: offline, in two languages, by day and night, on paper."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from classify.progress import track_count
from classify.workspace.desk.facts import Desk, Doubts, read_desk
from classify.workspace.desk.page import desk_page
from tests.support.desk import ARTICLES, HOSTILE, LEA, team, write_workspace
from training.selection.saving import Saving

NOW = dt.datetime(2026, 5, 7, 12, tzinfo=dt.UTC)


def filled(folder: Path) -> Desk:
    """Return a report in which no section is empty."""
    desk = read_desk(write_workspace(folder, team(), "overlap = 2\n"), NOW, track_count)
    record = {
        "rank": 1,
        "part": "test",
        "reason": "model",
        "article": ARTICLES[3].id,
        "title": HOSTILE,
        "category": "ecole",
        "labelled": False,
        "probability": 0.93,
        "annotators": [LEA],
    }
    saving = Saving(140, 230, 180, 310, 28)
    doubts = Doubts([record], 41, "tfidf")
    return replace(desk, is_trained=True, doubts=doubts, chosen=160, saving=saving)


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens a report offline, and fails if it asks for anything or warns."""
    contexts, complaints = [], []

    def open_report(
        desk: Desk, width: int = 1440, height: int = 900, scheme: str = "light"
    ) -> Page:
        """Open it in a window of a size, by day or night."""
        file = tmp_path / "desk.html"
        file.write_text(desk_page(desk), encoding="utf-8")
        viewport = {"width": width, "height": height}
        context = chromium.new_context(offline=True, viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto(file.as_uri())
        assert complaints.pop(0) == file.as_uri()
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert complaints == []


def faults(page: Page) -> list[str]:
    """Return what axe-core finds, with its places."""
    answer = Axe().run(page, options={"resultTypes": ["violations"]})
    violations = answer.response["violations"]
    return [f"{v['id']}: {node['target']}" for v in violations for node in v["nodes"]]


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (1024, 700, "dark")])
def test_axe_finds_nothing_in_either_language_and_nothing_is_cut_off(
    open_page: Open, tmp_path: Path, width: int, height: int, scheme: str
) -> None:
    page = open_page(filled(tmp_path / "w"), width, height, scheme)
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="English").click()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("window.ran") is None


def test_the_switch_changes_all_of_the_page(open_page: Open, tmp_path: Path) -> None:
    page = open_page(filled(tmp_path / "w"))
    french, english = (page.get_by_role("button", name=name) for name in ("Français", "English"))
    expect(page.get_by_role("heading", name="Où en est l’annotation")).to_be_visible()
    expect(page).to_have_title("Où en est l’annotation")
    english.click()
    expect(page.get_by_role("heading", name="How the annotation goes")).to_be_visible()
    expect(page.get_by_role("heading", name="Où en est l’annotation")).to_be_hidden()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_title("How the annotation goes")
    expect(english).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Labels in doubt").click()
    expect(page.get_by_role("heading", name="Labels in doubt")).to_be_in_viewport()
    french.click()
    expect(page.get_by_role("heading", name="Étiquettes douteuses")).to_be_visible()
    expect(french).to_have_attribute("aria-pressed", "true")


def test_an_empty_one_has_no_fault_either(open_page: Open, tmp_path: Path) -> None:
    page = open_page(read_desk(write_workspace(tmp_path / "w", []), NOW, track_count))
    assert faults(page) == []
    assert page.get_by_role("heading", level=2).count() == 8


def test_on_paper_it_is_light_without_the_switch_and_no_column_is_cut_off(
    open_page: Open, tmp_path: Path
) -> None:
    page = open_page(filled(tmp_path / "w"), 680)  # A4 without its margins, at 96 dots an inch
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("button", name="English")).to_be_hidden()
    ends = "[...document.querySelectorAll('th, td')].map(e => e.getBoundingClientRect().right)"
    assert max(page.evaluate(ends)) <= 680
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
