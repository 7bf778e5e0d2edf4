"""The page of `predict --format html` as a person opens it."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.explained import BOTH, CINEMA, HOSTILE, predict

# ---------------------------------------------------------------- HTML


@pytest.fixture(scope="module")
def page_file(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page of three articles: the second is hostile, the third has no category."""
    table, page = (tmp_path_factory.mktemp("page") / name for name in ("a.jsonl", "a.html"))
    texts = [BOTH, f"{HOSTILE}\n\n{CINEMA} {HOSTILE}", "zzz"]
    table.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    result = predict(desk, "--format", "html", "--output", page, table)
    assert result.returncode == 0, result.stderr
    return page


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_marks_the_words_of_the_category_that_is_chosen(
    chromium: Browser, page_file: Path, width: int
) -> None:
    messages: list[Any] = []
    requests: list[str] = []
    context = chromium.new_context(offline=True, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: messages.append(message.text))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(page_file.as_uri())
    article = page.locator("article").first
    colour = "e => getComputedStyle(e).backgroundColor"
    marks = {
        word: article.locator(".text mark", has_text=word).first
        for word in ("réalisateur", "douane")
    }
    strongest = article.locator(".words:visible mark.for").first
    backgrounds = []
    for name, word in (("Cinema", "réalisateur"), ("Trade", "douane")):
        article.get_by_role("radio", name=name).check()
        expect(strongest).to_have_text(word)
        assert marks[word].evaluate("e => getComputedStyle(e).textDecorationStyle") == "solid"
        backgrounds.append({marked: mark.evaluate(colour) for marked, mark in marks.items()})
    assert backgrounds[0]["réalisateur"] == backgrounds[1]["douane"]  # as strong as can be
    assert backgrounds[0]["douane"] != backgrounds[1]["douane"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert messages == []
    assert requests == [page_file.as_uri()]
    context.close()


def test_the_page_shows_markup_of_an_article_and_never_runs_it(
    chromium: Browser, page_file: Path
) -> None:
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    second = page.locator("article").nth(1)
    assert "<script>window.ran = 1</script><img src=x" in second.locator("h2").inner_text()
    assert second.locator(".text").inner_text().count("<img src=x onerror=") == 2
    assert "⟨U+202E⟩" in second.inner_text()
    assert page.evaluate("window.ran") is None
    assert page.locator("img, script").count() == 0
    third = page.locator("article").nth(2)
    expect(third.locator(".words").first.get_by_text("nothing that counts").first).to_be_visible()
    page.close()
