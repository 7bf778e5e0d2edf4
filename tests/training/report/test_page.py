"""report.html as a person opens it: a real Chromium, from disk, with the network off."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from labels.dataset import Dataset, Example
from seeds.document import Document
from tests.support.corpus import article, dataset, taxonomy
from tests.support.report_facts import NAMES, facts, measured
from training.decision import Rule
from training.evaluation.learning_curve import LearningCurve
from training.evaluation.measured import Measured
from training.evaluation.metrics import evaluate
from training.recipe import Recipe
from training.report.page import html_report
from training.runs.cost import Cost
from training.runs.trained import Results

HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>\u202e & fin"
CURVE = LearningCurve(
    300,
    (20, 40, 80, 160, 225),
    {
        name: tuple((v - 0.01, v, v + 0.01) for v in (0.4, 0.55, 0.66, 0.73, 0.78))
        for name in NAMES[:2]
    },
    dict.fromkeys(NAMES[:2], (5.0, 10.0, 20.0, 40.0, 56.0)),
    ("sport",),
)


def hostile(data: Dataset) -> Dataset:
    """Give the first article a title and a text that attack the page."""
    text = f"{HOSTILE}\n\n{data.examples[0].document.text} </main></script>"
    first = Document.of(text, title=HOSTILE, date="2021-04", source="a&b.txt")
    return Dataset((Example(first, data.examples[0].categories), *data.examples[1:]), data.taxonomy)


def report(
    run: Measured,
    *,
    review_below: float = 0.5,
    curve: LearningCurve | None = CURVE,
    cost: Cost | None = None,
    thresholds: tuple[float, ...] = (0.4, 0.4, 0.4),
    **changes: object,
) -> str:
    """Make the page of what was measured, with everything else made up."""
    tax = run.dataset.taxonomy
    rule = Rule(tax.choice, tax.ids, thresholds, review_below)
    evaluation = evaluate(
        run.probabilities,
        run.predicted,
        run.gold,
        run.certainty >= review_below,
        tax.ids,
        single=tax.choice == "single",
    )
    cost = cost or Cost(12.5, 240.0, 7200.0)
    learned = dataset(300, tax.choice, seed=5)
    recipe = Recipe(max_risk=0.1)
    return html_report(
        Results(
            "20261122-070000-tfidf-0123abcd",
            facts(**changes),
            evaluation,
            rule,
            recipe,
            run,
            learned,
            cost,
            curve,
        )
    )


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


@pytest.mark.browser
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


@pytest.mark.browser
def test_a_hostile_article_is_text(opened: Reader) -> None:
    """It comes first among the mistakes, being the most confident; its controls are visible."""
    first = opened.page.locator(".mistake").first
    shown = first.get_by_role("heading").inner_text()
    assert shown.startswith("<script>window.ran = 1</script><img src=x")
    assert "⟨U+202E⟩" in shown
    assert "a&b.txt" in first.inner_text()
    assert opened.page.evaluate("window.ran") is None
    assert opened.page.locator("main img, main script").count() == 0


@pytest.mark.browser
def test_even_a_script_that_got_in_would_not_run(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    page = report(measured(dataset(60), 8))
    inside = "<script>window.ran = 1</script><img src='https://example.org/x.png'><main>"
    file.write_text(page.replace("<main>", inside), encoding="utf-8")
    reader = Reader(chromium, file)
    assert reader.page.evaluate("window.ran") is None
    assert sum("Content Security Policy" in text for text in reader.messages) == 2
    reader.context.close()


@pytest.mark.browser
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


@pytest.mark.browser
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


@pytest.mark.browser
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


def words(page: str) -> str:
    """Return the text of the page, without its markup."""
    body = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_its_summary_agrees_with_a_count_by_hand() -> None:
    """9 of 45 articles with one category each are wrong: 36 of 45 predictions are right."""
    data = dataset(60)
    plain = Dataset(tuple(e for e in data.examples if len(e.categories) == 1), data.taxonomy)
    run = measured(plain, 9)
    shown = words(report(run))
    assert len(plain.examples) == 45
    assert "80% of the categories it predicts are right, and it finds 80% of those" in shown
    assert "80% to" not in shown.split("exactly right")[0]
    assert "How good it is Measured on 60 test articles the model never saw" in shown


def test_each_category_has_its_row_with_counts_of_training_and_test_set() -> None:
    run = measured(dataset(60, "single"), 8)
    rows = dict(re.findall(r"<tr><th [^>]*>.*?<small>(\w+)</small></th>(.*?)</tr>", report(run)))
    cells = {name: re.findall(r"<td [^>]*>([\d.]+)", row) for name, row in rows.items()}
    assert {name: row[:2] for name, row in cells.items()} == {name: ["100", "20"] for name in NAMES}
    for n, name in enumerate(NAMES):
        hits = int((run.predicted & run.gold)[:, n].sum())
        assert cells[name][2] == f"{hits / run.predicted[:, n].sum():.2f}"
        assert cells[name][3] == f"{hits / 20:.2f}"


def test_where_nothing_is_accepted_every_section_says_so() -> None:
    shown = words(report(measured(dataset(60), 8), review_below=1.5))
    assert "Every article still needs review." in shown
    assert "Have a person check every article" in shown
    assert "No certainty is high enough yet" in shown
    assert re.search(r"in use: \d+% accepted", words(report(measured(dataset(60), 8))))
    assert not re.search(r"in use: \d+% accepted", shown)


def test_notes_costs_and_versions_are_in_the_report() -> None:
    shown = words(report(measured(dataset(60), 8)))
    for text in (
        "category museum is left out: 2 of 4 articles",
        "7 % of the text lies beyond one window",
        "7.2 kJ (2.00 Wh)",
        "12.5 s",
        "240 MB at most",
        "numpy 2.2.6",
        "Too few articles for a curve of their own: Sport.",
    ):
        assert text in shown
    unknown = words(report(measured(dataset(60), 8), cost=Cost(1.0, 1.0, None)))
    assert "not measurable on this machine" in unknown


def test_without_curve_mistake_or_date_it_says_so() -> None:
    shown = words(report(measured(dataset(60), 0), curve=None, test_articles=0))
    assert "too few different articles to train on ever larger parts" in shown
    assert "There were no mistakes." in shown
    assert "there were no errors." in shown
    assert "no article has a date" in shown
    assert "each scored out of fold" in shown


def test_two_thousand_articles_of_sixteen_categories_stay_below_a_megabyte() -> None:
    rng = random.Random(0)
    ids = tuple(f"c{n}" for n in range(16))
    examples = tuple(
        Example(
            Document.of(article(("cinema",), rng, size=600)),
            tuple(sorted(rng.sample(ids, 2), key=ids.index)),
        )
        for _ in range(2000)
    )
    run = measured(Dataset(examples, taxonomy(names=ids)), 700)
    evaluation = evaluate(
        run.probabilities,
        run.predicted,
        run.gold,
        run.certainty > 0.5,
        ids,
        single=False,
    )
    curve = replace(
        CURVE,
        precision=dict.fromkeys(ids, CURVE.precision["trade"]),
        positives=dict.fromkeys(ids, CURVE.positives["trade"]),
        unmeasured=(),
    )
    rule, cost = Rule("multiple", ids, (0.4,) * 16, 0.5), Cost(1.0, 1.0, None)
    page = html_report(
        Results("name", facts(), evaluation, rule, Recipe(), run, run.dataset, cost, curve)
    )
    assert len(page.encode()) < 1_000_000


def test_a_threshold_that_is_never_reached_is_shown_as_never() -> None:
    """It sorts as the highest threshold."""
    page = report(measured(dataset(60), 8), thresholds=(0.4, 2.0, 0.7))
    rows = dict(re.findall(r"<tr><th [^>]*>.*?<small>(\w+)</small></th>(.*?)</tr>", page))
    thresholds_shown = {
        name: re.findall(r'data-value="([\d.]+)" data-name="threshold">([\w.]+)<', row)
        for name, row in rows.items()
    }
    assert thresholds_shown == {
        "cinema": [("0.4", "0.40")],
        "trade": [("2", "never")],
        "sport": [("0.7", "0.70")],
    }


@pytest.mark.browser
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


@pytest.mark.browser
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


def test_a_category_that_was_never_predicted_has_no_dot() -> None:
    run = measured(dataset(60), 8)
    predicted = run.predicted.copy()
    predicted[:, 1] = False
    page = report(replace(run, predicted=predicted))
    section = page.split('id="trade-off"')[1].split("</section>")[0]
    figures = re.findall(r"<figure>.*?</figure>", section)
    names = [re.findall(r'lang="fr">(\w+)', figure)[0] for figure in figures]
    assert names == ["Cinema", "Trade", "Sport"]
    assert [figure.count("in use:") for figure in figures] == [1, 0, 1]
    assert ["never predicted" in figure for figure in figures] == [False, True, False]
