"""report.html as a person opens it: a real Chromium, from disk, with the network off."""

import random
import re
from dataclasses import replace

import pytest

from labels.agreement.alpha import Alpha
from labels.agreement.figures import CategoryAgreement
from labels.dataset import Dataset, Example
from seeds.document import Document
from tests.support.corpus import article, dataset, taxonomy
from tests.support.report_facts import NAMES, facts, measured
from tests.support.reports import CURVE, report
from training.decision import Rule
from training.evaluation.assistance import Assistance
from training.evaluation.metrics import evaluate
from training.recipe import Recipe
from training.report.page import html_report
from training.runs.cost import Cost
from training.runs.trained import Results


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
    assert "How good it is Measured on 45 test articles the model never saw" in shown


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


def test_figures_of_articles_labelled_with_a_suggestion_are_apart() -> None:
    """The first eight articles are mistaken; the helped ones are the last forty."""
    run = measured(dataset(60), 8)
    ids = [example.document.id for example in run.dataset.examples]
    shown = words(report(run, assistance=Assistance(frozenset(ids[20:]), wrong=4, kept=3)))
    assert re.search(r"labelled without a suggestion\s+20\s+0\.600 \[", shown)  # 12 of 20 right
    assert re.search(r"labelled with one in sight\s+40\s+1\.000 \[1\.000, 1\.000\]", shown)
    # Wilson's interval of 3 of 4 is 30 to 95 %.
    assert "Of 4 suggested categories" in shown
    assert "3 were kept: 75%, 95% interval 30% to 95%." in shown
    everything = words(report(run, assistance=Assistance(frozenset(ids))))
    assert re.search(r"labelled without a suggestion\s+0\s+–\s+–\s+–", everything)
    assert "No suggested category was rejected by another person." in everything
    assert "labelled without" not in words(report(run))


@pytest.mark.slow
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


def test_people_stand_beside_the_model_where_they_are_known() -> None:
    run = measured(dataset(60), 8)
    people = {
        "cinema": CategoryAgreement("cinema", Alpha(0.81), 0.95, 0.87, 0.3, 40, ()),
        "trade": CategoryAgreement(
            "trade", Alpha(None, undefined="nobody chose it"), 1, None, 0, 40, ()
        ),
    }
    page = report(run, people=people)
    rows = dict(re.findall(r"<tr><th [^>]*>.*?<small>(\w+)</small></th>(.*?)</tr>", page))
    shown = {
        name: re.findall(r'data-name="people&#x27;s (?:F1|alpha)"[^>]*>([^<]+)<', row)
        for name, row in rows.items()
    }
    assert shown == {"cinema": ["0.87", "0.81"], "trade": ["–", "–"], "sport": ["–", "–"]}
    assert "measured against another" in words(page)
    assert "people&#x27;s" not in report(run)
