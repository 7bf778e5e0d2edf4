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
from tests.support.report_facts import NAMES, facts, said
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
    """The first article with a title and a text that attack the page."""
    text = f"{HOSTILE}\n\n{data.examples[0].document.text} </main></script>"
    first = Document.of(text, title=HOSTILE, date="2021-04", source="a&b.txt")
    return Dataset((Example(first, data.examples[0].categories), *data.examples[1:]), data.taxonomy)


def report(
    measured: Measured,
    *,
    review_below: float = 0.5,
    curve: LearningCurve | None = CURVE,
    cost: Cost | None = None,
    thresholds: tuple[float, ...] = (0.4, 0.4, 0.4),
    **more: object,
) -> str:
    """The page of what was measured, with everything else made up."""
    tax = measured.dataset.taxonomy
    rule = Rule(tax.choice, tax.ids, thresholds, review_below)
    evaluation = evaluate(
        measured.probabilities,
        measured.predicted,
        measured.gold,
        measured.certainty >= review_below,
        tax.ids,
        single=tax.choice == "single",
    )
    cost = cost or Cost(12.5, 240.0, 7200.0)
    learned = dataset(300, tax.choice, seed=5)
    recipe = Recipe(max_risk=0.1)
    return html_report(
        Results(
            "20261122-070000-tfidf-0123abcd",
            facts(**more),
            evaluation,
            rule,
            recipe,
            measured,
            learned,
            cost,
            curve,
        )
    )


class Reader:
    """Somebody who opens a report by double click, offline; keeps what the page did."""

    def __init__(self, browser: Browser, file: Path, width: int = 1200) -> None:
        viewport = {"width": width, "height": 900}
        self.context = browser.new_context(offline=True, viewport=viewport)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda each: self.said.append(each.text))
        self.page.on("pageerror", lambda each: self.said.append(str(each)))
        self.page.on("request", lambda each: self.asked.append(each.url))
        self.page.goto(file.as_uri(), wait_until="load")


@pytest.fixture(params=["multiple", "single"])
def opened(chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Reader]:
    file = tmp_path / "report.html"
    measured = said(hostile(dataset(60, request.param)), 8)
    file.write_text(report(measured), encoding="utf-8")
    reader = Reader(chromium, file)
    yield reader
    reader.context.close()


@pytest.mark.browser
def test_it_opens_offline_asks_for_nothing_and_says_no_error(opened: Reader) -> None:
    page = opened.page
    for title in (
        "3 categories, learned from 300 articles",
        "How good it is",
        "What to do next",
        "Category by category",
        "What it mixes up",
        "Would more labels help?",
        "The worst mistakes",
        "Data and training",
    ):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert page.get_by_role("img").count() > 10
    assert len(opened.asked) == 1
    assert opened.asked[0].startswith("file:")
    assert opened.said == []


@pytest.mark.browser
def test_a_hostile_article_is_text(opened: Reader) -> None:
    """It stands first among the mistakes, being the most confident; its controls can be seen."""
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
    page = report(said(dataset(60), 8))
    inside = "<script>window.ran = 1</script><img src='https://example.org/x.png'><main>"
    file.write_text(page.replace("<main>", inside), encoding="utf-8")
    reader = Reader(chromium, file)
    assert reader.page.evaluate("window.ran") is None
    assert sum("Content Security Policy" in each for each in reader.said) == 2
    reader.context.close()


@pytest.mark.browser
def test_a_press_on_a_heading_sorts_the_table_by_its_numbers(opened: Reader) -> None:
    page = opened.page

    def column() -> list[float]:
        return [float(each) for each in page.locator("tbody tr td:nth-child(5)").all_inner_texts()]

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
    file.write_text(report(said(dataset(60), 8)), encoding="utf-8")
    reader = Reader(chromium, file, width=400)
    page = reader.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    colours = (
        "getComputedStyle(document.body).color + getComputedStyle(document.body).backgroundColor"
    )
    ink, paper = re.findall(r"rgb\((.*?)\)", page.evaluate(colours))
    ink, paper = (sum(map(int, each.split(","))) / 3 for each in (ink, paper))
    assert (ink < 60 and paper > 220) if scheme == "light" else (ink > 220 and paper < 60)
    reader.context.close()


@pytest.mark.browser
def test_on_paper_it_is_light_and_no_column_is_cut_off(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report(said(dataset(60), 8)), encoding="utf-8")
    reader = Reader(chromium, file, width=680)  # A4 without its margins, at 96 dots an inch
    reader.page.emulate_media(media="print", color_scheme="dark")
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 680
    ends = "[...document.querySelectorAll('th')].map(e => e.getBoundingClientRect().right)"
    assert max(reader.page.evaluate(ends)) <= 680
    paper = reader.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    reader.context.close()


def words(page: str) -> str:
    """What the page says, without its markup."""
    found = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def test_its_summary_is_a_count_by_hand() -> None:
    """8 of 60 articles with one category each are wrong: 52 of 60 given are right."""
    data = dataset(60)
    plain = Dataset(tuple(e for e in data.examples if len(e.categories) == 1), data.taxonomy)
    measured = said(plain, 9)
    shown = words(report(measured))
    assert len(plain.examples) == 45
    assert "80% of the categories it gives are right, and it finds 80% of those" in shown
    assert "80% to" not in shown.split("exactly right")[0]
    assert "How good it is Measured on 60 test articles the model never saw" in shown


def test_each_category_has_its_row_with_counts_of_both_parts() -> None:
    measured = said(dataset(60, "single"), 8)
    rows = dict(
        re.findall(r"<tr><th [^>]*>.*?<small>(\w+)</small></th>(.*?)</tr>", report(measured))
    )
    cells = {name: re.findall(r"<td [^>]*>([\d.]+)", row) for name, row in rows.items()}
    assert {name: row[:2] for name, row in cells.items()} == {name: ["100", "20"] for name in NAMES}
    for n, name in enumerate(NAMES):
        hits = int((measured.predicted & measured.gold)[:, n].sum())
        assert cells[name][2] == f"{hits / measured.predicted[:, n].sum():.2f}"
        assert cells[name][3] == f"{hits / 20:.2f}"


def test_where_nothing_is_accepted_it_says_so_everywhere() -> None:
    shown = words(report(said(dataset(60), 8), review_below=1.5))
    assert "Every article still goes to a person." in shown
    assert "Have a person check every article" in shown
    assert "No certainty is enough yet" in shown
    assert re.search(r"in use: \d+% accepted", words(report(said(dataset(60), 8))))
    assert not re.search(r"in use: \d+% accepted", shown)


def test_what_was_left_out_noted_spent_and_used_is_there() -> None:
    shown = words(report(said(dataset(60), 8)))
    for each in (
        "category museum is left out: 2 of 4 articles",
        "7 % of the text lies beyond one window",
        "7.2 kJ (2.00 Wh)",
        "12.5 s",
        "240 MB at most",
        "numpy 2.2.6",
        "Too few articles for a curve of their own: Sport.",
    ):
        assert each in shown
    unknown = words(report(said(dataset(60), 8), cost=Cost(1.0, 1.0, None)))
    assert "not measurable on this machine" in unknown


def test_no_curve_no_mistake_and_no_date_are_said_in_words() -> None:
    shown = words(report(said(dataset(60), 0), curve=None, test_articles=0))
    assert "too few different articles to learn from ever larger parts" in shown
    assert "There was no mistake." in shown
    assert "There was no error." in shown
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
    measured = said(Dataset(examples, taxonomy(names=ids)), 700)
    evaluation = evaluate(
        measured.probabilities,
        measured.predicted,
        measured.gold,
        measured.certainty > 0.5,
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
        Results(
            "name", facts(), evaluation, rule, Recipe(), measured, measured.dataset, cost, curve
        )
    )
    assert len(page.encode()) < 1_000_000


def test_the_report_says_never_where_a_threshold_is_never_reached() -> None:
    """It sorts as the highest of them."""
    page = report(said(dataset(60), 8), thresholds=(0.4, 2.0, 0.7))
    rows = dict(re.findall(r"<tr><th [^>]*>.*?<small>(\w+)</small></th>(.*?)</tr>", page))
    cuts = {
        name: re.findall(r'data-value="([\d.]+)" data-name="threshold">([\w.]+)<', row)
        for name, row in rows.items()
    }
    assert cuts == {
        "cinema": [("0.4", "0.40")],
        "trade": [("2", "never")],
        "sport": [("0.7", "0.70")],
    }


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 700, 930])
def test_no_figure_of_a_category_is_out_of_sight_on_a_narrow_screen(
    chromium: Browser, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "report.html"
    file.write_text(report(said(dataset(60), 8)), encoding="utf-8")
    reader = Reader(chromium, file, width)
    cells = reader.page.locator("table.categories tbody td")
    assert cells.count() == 3 * 7
    for cell in cells.all():
        expect(cell).to_be_visible()
        box = cell.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    if width == 400:  # there are no columns then: each figure has its name beside it
        shown = "getComputedStyle(e, '::before').content"
        named = [cells.nth(n).evaluate(f"e => {shown}") for n in range(7)]
        assert [each.strip('"') for each in named] == [
            *("learned from", "support", "precision", "recall", "F1"),
            *("avg. precision", "threshold"),
        ]
        reader.page.get_by_role("button", name="recall").click()
        reader.page.get_by_role("button", name="recall").click()
        values = [float(each.inner_text()) for each in cells.all()[3::7]]
        assert values == sorted(values)
    reader.context.close()


@pytest.mark.browser
def test_what_is_too_wide_fades_on_the_side_where_there_is_more(
    chromium: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(report(said(dataset(60), 8)), encoding="utf-8")
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


def test_no_dot_stands_where_a_category_was_given_to_no_article() -> None:
    measured = said(dataset(60), 8)
    held = measured.predicted.copy()
    held[:, 1] = False
    page = report(replace(measured, predicted=held))
    section = page.split('id="trade-off"')[1].split("</section>")[0]
    figures = re.findall(r"<figure>.*?</figure>", section)
    dots = {re.findall(r'lang="fr">(\w+)', each)[0]: each.count("in use:") for each in figures}
    assert dots == {"Cinema": 1, "Trade": 0, "Sport": 1}
    assert [each for each in figures if "given to no article" in each] == [figures[1]]
