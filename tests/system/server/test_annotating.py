"""An annotator at work: a real Chromium, the real labelling page, the real server."""

import functools
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.annotating import log_in, send
from tests.support.command import ROOT, SHARED
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import PASSWORD, Newsroom, choices
from tests.support.waiting import wait_until

expect.set_options(
    timeout=30_000
)  # ms; a page is there in 2 s on a machine with nothing else to do
SMALL = {"width": 1280, "height": 720}  # the smallest screen that is still common
DEFAULT = tomllib.loads((ROOT / "configs" / "taxonomy.toml").read_text(encoding="utf-8"))
NAMES = {category["id"]: category["fr"] for category in DEFAULT["categories"]}
KEYS = {category["id"]: category["hotkey"] for category in DEFAULT["categories"]}
HOSTILE = "<script>window.ran = 1</script><b>gras</b> & <img src=x onerror='window.ran = 1'>"


@pytest.fixture
def newsroom(label_studio: LabelStudio, tmp_path: Path) -> Newsroom:
    return Newsroom(label_studio, tmp_path / "workspace")


@pytest.fixture
def lea(chromium: Browser, newsroom: Newsroom) -> Iterator[Page]:
    """The browser of an annotator who was invited and has logged in."""
    newsroom.annotator("lea")
    page = log_in(chromium, newsroom.studio.server.url, "lea@classify.localhost", PASSWORD)
    page.set_viewport_size(SMALL)
    yield page
    page.context.close()


def five_articles() -> list[Path]:
    """Return the articles the project began with if they are at hand, else samples."""
    real = sorted((SHARED / "seeds").glob("*.txt"))
    return real[:5] or sorted((ROOT / "seeds" / "sample" / "articles").glob("*.txt"))[:5]


def ticked_categories(page: Page) -> set[str]:
    """Return the categories whose box is ticked."""
    return {category for category in NAMES if box(page, category).is_checked()}


def box(page: Page, category: str) -> Locator:
    """Return the box of a category, whose label ends with its key."""
    name = re.compile(rf"^{re.escape(NAMES[category])}\s*(\[.\])?$")
    return page.get_by_role("checkbox", name=name)


def open_article(page: Page, newsroom: Newsroom, article: str) -> None:
    """Open an article from the list of tasks."""
    page.goto(f"/projects/{newsroom.project}/data?task={newsroom.task(article)}")
    expect(page.locator(".press").get_by_role("checkbox")).to_have_count(
        len(NAMES) + 1
    )  # and unsure
    page.wait_for_load_state("networkidle")


def wait_for_article(page: Page, beginnings: dict[str, str]) -> str:
    """Wait until the page shows an article that begins like one of these; return its source."""
    text = page.locator(".press-text")
    pattern = "|".join(map(re.escape, beginnings.values()))
    expect(text).to_have_text(re.compile(rf"^({pattern})"))
    shown = " ".join(text.inner_text().split())
    return next(source for source, start in beginnings.items() if shown.startswith(start))


def tick(page: Page, *categories: str) -> None:
    for category in categories:
        box(page, category).click()


def press(page: Page, *categories: str) -> None:
    """Press hotkeys, again if need be: the page ignores keys in its first quarter of a second."""
    for category in categories:
        ticks = not box(page, category).is_checked()
        wait_until(
            functools.partial(press_once, page, category, ticks),
            what=f"{category} heeds its hotkey",
        )


def press_once(page: Page, category: str, ticks: bool) -> bool:
    page.keyboard.press(KEYS[category])
    try:
        expect(box(page, category)).to_be_checked(checked=ticks, timeout=5_000)
    except AssertionError:
        return False
    return True


def test_what_an_annotator_ticks_comes_back_as_exactly_these_labels(
    newsroom: Newsroom, lea: Page
) -> None:
    articles = five_articles()
    newsroom.check_run("seeds", "add", *articles)
    newsroom.check_run("labels", "push")
    lea.goto(f"/projects/{newsroom.project}/data?labeling=1")
    expect(lea.get_by_role("dialog")).to_have_count(0)  # the guide covers nothing

    by_mouse, by_key, none, skipped, commented = (path.name for path in articles)
    left = {
        record["source"]: " ".join(record["text"].split())[:40]
        for record in newsroom.records("documents.jsonl")
    }
    remark = "un doute : « trois » & <b>suite</b>"
    while left:
        source = wait_for_article(lea, left)
        del left[source]
        if source == by_mouse:
            tick(lea, "diplomacy", "cinema", "sport", "sport")
        elif source == by_key:
            press(lea, "cinema", "culture", "politics", "audiovisual", "audiovisual")
        elif source in (skipped, commented):
            press(lea, "conflict")
        if source == commented:
            lea.get_by_placeholder("Remarque").press_sequentially(remark)
        send(lea, "skip" if source == skipped else "submit")

    newsroom.check_run("labels", "pull")
    assert {record["source"]: record["labels"] for record in newsroom.records("dataset.jsonl")} == {
        by_mouse: ["cinema", "diplomacy"],
        by_key: ["cinema", "culture", "politics"],
        none: [],
        commented: ["conflict"],
    }
    sources = {record["id"]: record["source"] for record in newsroom.records("documents.jsonl")}
    annotations = {
        sources[record["document_id"]]: record for record in newsroom.records("annotations.jsonl")
    }
    assert {annotation["annotator"] for annotation in annotations.values()} == {
        "lea@classify.localhost"
    }
    assert annotations[skipped]["status"] == "skipped"
    assert {
        name: annotation["comment"]
        for name, annotation in annotations.items()
        if annotation["comment"]
    } == {commented: remark}
    assert all(annotation["seconds"] > 0 for annotation in annotations.values())


def test_each_hotkey_ticks_its_category_and_no_other(newsroom: Newsroom, lea: Page) -> None:
    (article,) = newsroom.add("Un article sur rien.")
    newsroom.check_run("labels", "push")
    open_article(lea, newsroom, article)
    assert len(set(KEYS.values())) == len(KEYS) == 16
    for category in KEYS:
        press(lea, category)
        assert ticked_categories(lea) == {category}
        press(lea, category)
        assert ticked_categories(lea) == set()


def test_the_article_and_all_categories_fit_on_one_small_screen(
    newsroom: Newsroom, lea: Page
) -> None:
    title = "Deux musées échangent leurs archives"
    paragraphs = [f"Paragraphe {n}, " + "qui dit une chose après l'autre. " * 12 for n in range(3)]
    paragraphs = [paragraph.strip() for paragraph in paragraphs]
    (article,) = newsroom.add("\n\n".join([title, *paragraphs]))
    newsroom.check_run("labels", "push")
    open_article(lea, newsroom, article)
    for name, label in NAMES.items():
        expect(box(lea, name)).to_be_in_viewport(ratio=1)
        expect(lea.locator("label", has_text=label).first).to_be_in_viewport(ratio=1)
    expect(lea.get_by_placeholder("Remarque")).to_be_in_viewport(ratio=1)
    lines = lea.locator(".press-text").inner_text().split("\n")
    assert [line for line in lines if line.strip()] == [title, *paragraphs]
    box(lea, "sport").hover()
    expect(lea.get_by_text("Pas une image sportive")).to_be_in_viewport(ratio=1)


def test_html_in_an_article_is_shown_as_text_and_never_run(newsroom: Newsroom, lea: Page) -> None:
    text = f"Un titre {HOSTILE}\n\nUn texte {HOSTILE} puis la suite de l'article."
    article = newsroom.store(text)
    newsroom.check_run("labels", "push")
    open_article(lea, newsroom, article)
    text_shown = lea.locator(".press-text").inner_text()
    assert text_shown.count(HOSTILE) == 2
    assert lea.evaluate("window.ran") is None
    assert lea.locator(".press b, .press script, .press img").count() == 0


def test_html_in_a_category_is_shown_as_text_and_never_run(newsroom: Newsroom, lea: Page) -> None:
    name = json.dumps(HOSTILE, ensure_ascii=False)
    category = f'[[categories]]\nid = "a"\nfr = {name}\nen = "A"\nguideline.fr = {name}\n'
    head = 'version = "1"\nchoice = "multiple"\n'
    (newsroom.folder / "taxonomy.toml").write_text(head + category, encoding="utf-8")
    newsroom.add("Un article sur rien.")
    newsroom.check_run("labels", "push")
    lea.goto(f"/projects/{newsroom.project}/data?labeling=1")
    lea.get_by_role("button", name="Instructions").click()
    guide = lea.locator(".press-guide")
    guide.wait_for()
    assert guide.inner_text().count(HOSTILE) == 2
    lea.keyboard.press("Escape")
    choice = lea.get_by_role("checkbox", name=HOSTILE)
    choice.click()
    expect(choice).to_be_checked()
    assert lea.evaluate("window.ran") is None


def test_a_third_person_settles_a_dispute_with_an_annotation_of_their_own(
    newsroom: Newsroom, lea: Page
) -> None:
    """The stream offers it to nobody; from the list, + begins an annotation of one's own."""
    disputed, other = newsroom.add("Un film ouvre le festival.", "Un match se joue ce soir.")
    newsroom.check_run("labels", "push")
    for name, category in (("max", "cinema"), ("ines", "sport")):
        newsroom.annotate(newsroom.annotator(name), disputed, category)
    pulled = newsroom.check_run("labels", "pull").stderr
    assert "0 articles with agreed labels, 1 to adjudicate" in pulled
    where = f"/api/projects/{newsroom.project}/next"
    assert newsroom.annotator("lea").get(where).json()["id"] == newsroom.task(other)

    open_article(lea, newsroom, disputed)
    lea.get_by_label("Create an annotation").click()
    expect(box(lea, "cinema")).not_to_be_checked()
    tick(lea, "cinema")
    send(lea, "submit")
    assert "1 article with agreed labels, 0 to adjudicate" in (
        newsroom.check_run("labels", "pull").stderr
    )
    assert {
        record["annotator"].partition("@")[0]: record["categories"]
        for record in newsroom.records("annotations.jsonl")
    } == {"max": ["cinema"], "ines": ["sport"], "lea": ["cinema"]}
    (example,) = newsroom.records("dataset.jsonl")
    assert example["labels"] == ["cinema"]


@pytest.mark.parametrize("kind", ["annotation", "prediction"])
def test_categories_of_an_annotation_or_prediction_are_ticked(
    kind: str, newsroom: Newsroom, lea: Page
) -> None:
    (article,) = newsroom.add("Un article sur le commerce et la guerre.")
    newsroom.check_run("labels", "push")
    if kind == "annotation":
        newsroom.annotate(newsroom.annotator("lea"), article, "trade", "conflict")
    else:
        body = {"task": newsroom.task(article), "result": choices("trade", "conflict")}
        newsroom.web.post("/api/predictions/", json=body).raise_for_status()
    open_article(lea, newsroom, article)
    expect(box(lea, "trade")).to_be_checked()
    assert ticked_categories(lea) == {"trade", "conflict"}
