"""report.html as a person opens it: offline, on a phone, by night, on paper."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.corpus import dataset
from tests.support.report_facts import measured
from tests.support.reports import hostile, report


class Reader:
    """Somebody who opens a report by double click, offline.

    messages: what the page wrote to the console; requests: the addresses it asked for.
    """

    def __init__(self, browser: Browser, file: Path, width: int = 1200) -> None:
        viewport = {"width": width, "height": 900}
        self.context = browser.new_context(offline=True, viewport=viewport)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri(), wait_until="load")


@pytest.fixture(params=["multiple", "single"])
def opened(chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Reader]:
    file = tmp_path / "report.html"
    run = measured(hostile(dataset(60, request.param)), 8)
    file.write_text(report(run), encoding="utf-8")
    reader = Reader(chromium, file)
    yield reader
    reader.context.close()


def test_it_opens_offline_without_a_request_or_an_error(opened: Reader) -> None:
    page = opened.page
    for title in (
        "3 categories, learned from 300 articles",
        "How good it is",
        "What to do next",
        "Category by category",
        "What it mixes up",
        "Would more labels help?",
        "The worst mistakes",
        "The training set",
    ):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert page.get_by_role("img").count() > 10
    assert len(opened.requests) == 1
    assert opened.requests[0].startswith("file:")
    assert opened.messages == []


def test_a_hostile_article_is_text(opened: Reader) -> None:
    """It comes first among the mistakes, being the most confident; its controls are visible."""
    first = opened.page.locator(".mistake").first
    shown = first.get_by_role("heading").inner_text()
    assert shown.startswith("<script>window.ran = 1</script><img src=x")
    assert "⟨U+202E⟩" in shown
    assert "a&b.txt" in first.inner_text()
    assert opened.page.evaluate("window.ran") is None
    assert opened.page.locator("main img, main script").count() == 0


def test_even_a_script_that_got_in_would_not_run(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    page = report(measured(dataset(60), 8))
    inside = "<script>window.ran = 1</script><img src='https://example.org/x.png'><main>"
    file.write_text(page.replace("<main>", inside), encoding="utf-8")
    reader = Reader(chromium, file)
    assert reader.page.evaluate("window.ran") is None
    assert sum("Content Security Policy" in text for text in reader.messages) == 2
    reader.context.close()


def test_a_click_on_a_heading_sorts_the_table_by_its_numbers(opened: Reader) -> None:
    page = opened.page

    def column() -> list[float]:
        return [float(cell) for cell in page.locator("tbody tr td:nth-child(5)").all_inner_texts()]

    best_first = sorted(column(), reverse=True)
    page.get_by_role("button", name="recall").click()
    assert column() == best_first
    page.get_by_role("button", name="recall").click()
    assert column() == best_first[::-1]
    page.get_by_role("button", name="category").click()
    assert page.locator("tbody tr th small").all_inner_texts() == ["cinema", "sport", "trade"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_and_can_be_read_by_day_and_night(
    chromium: Browser, tmp_path: Path, scheme: str
) -> None:
    file = tmp_path / "report.html"
    file.write_text(report(measured(dataset(60), 8)), encoding="utf-8")
    reader = Reader(chromium, file, width=400)
    page = reader.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    colours = (
        "getComputedStyle(document.body).color + getComputedStyle(document.body).backgroundColor"
    )
    ink, paper = re.findall(r"rgb\((.*?)\)", page.evaluate(colours))
    ink, paper = (sum(map(int, colour.split(","))) / 3 for colour in (ink, paper))
    assert (ink < 60 and paper > 220) if scheme == "light" else (ink > 220 and paper < 60)
    reader.context.close()


def test_on_paper_it_is_light_and_no_column_is_cut_off(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report(measured(dataset(60), 8)), encoding="utf-8")
    reader = Reader(chromium, file, width=680)  # A4 without its margins, at 96 dots an inch
    reader.page.emulate_media(media="print", color_scheme="dark")
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 680
    ends = "[...document.querySelectorAll('th')].map(e => e.getBoundingClientRect().right)"
    assert max(reader.page.evaluate(ends)) <= 680
    paper = reader.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    reader.context.close()


@pytest.mark.parametrize("width", [400, 700, 930])
def test_every_figure_of_a_category_is_visible_on_a_narrow_screen(
    chromium: Browser, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "report.html"
    file.write_text(report(measured(dataset(60), 8)), encoding="utf-8")
    reader = Reader(chromium, file, width)
    cells = reader.page.locator("table.categories tbody td")
    assert cells.count() == 3 * 7
    for cell in cells.all():
        expect(cell).to_be_visible()
        box = cell.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    if width == 400:  # there are no columns then: every figure has its name beside it
        shown = "getComputedStyle(e, '::before').content"
        named = [cells.nth(n).evaluate(f"e => {shown}") for n in range(7)]
        assert [name.strip('"') for name in named] == [
            *("trained on", "support", "precision", "recall", "F1"),
            *("avg. precision", "threshold"),
        ]
        reader.page.get_by_role("button", name="recall").click()
        reader.page.get_by_role("button", name="recall").click()
        values = [float(cell.inner_text()) for cell in cells.all()[3::7]]
        assert values == sorted(values)
    reader.context.close()


def test_wide_content_fades_on_the_side_where_it_goes_on(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report(measured(dataset(60), 8)), encoding="utf-8")
    reader = Reader(chromium, file, width=200)
    matrix = reader.page.locator("#mixed-up .scroll")
    faded = "e => getComputedStyle(e).maskImage !== 'none' && e.className"
    expect(matrix).to_have_class("scroll more-right")
    assert matrix.evaluate(faded) == "scroll more-right"
    matrix.evaluate("e => e.scrollLeft = 20")
    expect(matrix).to_have_class("scroll more-right more-left")
    matrix.evaluate("e => e.scrollLeft = e.scrollWidth")
    expect(matrix).to_have_class("scroll more-left")
    reader.page.set_viewport_size({"width": 1200, "height": 900})
    expect(matrix).to_have_class("scroll")
    assert not matrix.evaluate(faded)
    reader.context.close()
