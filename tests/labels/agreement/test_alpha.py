"""Alpha: the published values, and those of krippendorff and nltk."""

import csv
import itertools

import krippendorff
import numpy as np
import pytest
from nltk.metrics import distance as nltk_distance
from nltk.metrics.agreement import AnnotationTask

from labels.agreement.alpha import category_alphas, set_alpha
from labels.agreement.distances import jaccard, masi, nominal
from labels.agreement.votes import Votes, collect_votes
from labels.annotations import Annotation
from labels.taxonomy import Category, Taxonomy, category_id
from tests.support.command import SHARED
from tests.support.panel import votes

OBSINFOX = SHARED / "data" / "obsinfox" / "ratings.csv"  # 100 articles, 8 annotators, 11 labels
UNEVEN = {
    "ann": ["a", "ab", "", "c", None, "b", "abc"],
    "bob": ["a", "b", "", None, "a", "bc", "abc"],
    "cat": [None, "ab", "c", "c", "b", None, "a"],
}


@pytest.fixture(scope="module")
def obsinfox() -> Votes:
    with OBSINFOX.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = [[category_id(name) for name in row["labels"].split(";")] for row in rows]
    ids = sorted(set(itertools.chain(*labels)))
    taxonomy = Taxonomy("1", "multiple", tuple(Category(name, name, name) for name in ids))
    annotations = [
        Annotation(row["article"], row["annotator"], taxonomy.sort(chosen))
        for row, chosen in zip(rows, labels, strict=True)
    ]
    return collect_votes(annotations, taxonomy)


def reference(sets: Votes, name: str) -> float:
    """nltk's alpha over sets; its distances can't compare two empty sets."""
    measure = getattr(nltk_distance, name)
    rows = zip(sets.annotator, sets.article, sets.chosen, strict=True)
    triples = [(coder, item, frozenset(np.flatnonzero(row))) for coder, item, row in rows]
    task = AnnotationTask(triples, distance=lambda a, b: 0.0 if a == b else measure(a, b))
    return float(task.alpha())


def test_label_sets_of_obsinfox_have_the_published_alphas(obsinfox: Votes) -> None:
    found = [
        set_alpha(obsinfox, measure, resamples=0).value for measure in (nominal, jaccard, masi)
    ]
    assert found == pytest.approx([0.057, 0.273, 0.154], abs=5e-4)


def test_categories_of_obsinfox_have_the_published_alphas(obsinfox: Votes) -> None:
    alphas = dict(zip(obsinfox.categories, category_alphas(obsinfox, resamples=0), strict=True))
    names = ("fake-news", "subjective", "exaggeration", "facts")
    found = [alphas[name].value for name in names]
    assert found == pytest.approx([0.393, 0.541, 0.459, 0.112], abs=5e-4)


@pytest.mark.parametrize(
    ("measure", "name"), [(jaccard, "jaccard_distance"), (masi, "masi_distance")]
)
def test_label_sets_get_the_alpha_of_nltk(obsinfox: Votes, measure, name: str) -> None:  # type: ignore[no-untyped-def]
    for answers in (obsinfox, votes(UNEVEN).shared):
        found = set_alpha(answers, measure, resamples=0).value
        assert found == pytest.approx(reference(answers, name), abs=1e-12)


def test_each_category_gets_the_alpha_of_krippendorff(obsinfox: Votes) -> None:
    for answers in (obsinfox, votes(UNEVEN).shared):
        for place, alpha in enumerate(category_alphas(answers, resamples=0)):
            table = np.full((len(answers.annotators), len(answers.documents)), np.nan)
            table[answers.annotator, answers.article] = answers.chosen[:, place]
            expected = krippendorff.alpha(table, level_of_measurement="nominal")
            assert alpha.value == pytest.approx(expected, abs=1e-12)


def test_the_worked_example_of_krippendorff_has_its_alpha() -> None:
    """Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", part B: 0.095."""
    meg, owen = "0100000000", "1110010010"
    shown = votes(
        {"meg": ["a" * int(v) for v in meg], "owen": ["a" * int(v) for v in owen]}, names="a"
    )
    [alpha] = category_alphas(shown, resamples=0)
    assert alpha.value == pytest.approx(0.095, abs=5e-4)


def test_intervals_hold_the_value_and_narrow_with_more_articles(obsinfox: Votes) -> None:
    few = obsinfox.select(obsinfox.article < 25)
    wide, narrow = (set_alpha(part, masi, seed=1) for part in (few, obsinfox))
    for alpha in (wide, narrow):
        assert None not in (alpha.low, alpha.value, alpha.high)
        assert (alpha.low or 0) < (alpha.value or 0) < (alpha.high or 0)
    assert (narrow.high or 0) - (narrow.low or 0) < (wide.high or 0) - (wide.low or 0)


def test_the_same_seed_gives_the_same_interval() -> None:
    shown = votes({"ann": ["a", "", "ab", "b"] * 5, "bob": ["a", "", "a", "b"] * 5})
    assert category_alphas(shown, seed=3) == category_alphas(shown, seed=3)


def test_what_has_no_alpha_says_why() -> None:
    shown = votes({"ann": ["a", "a"], "bob": ["a", "ab"]})
    reasons = [alpha.undefined for alpha in category_alphas(shown)]
    assert reasons == ["everybody chose it every time", "", "nobody chose it"]
    alone = votes({"ann": ["a", "b"]}).shared
    assert set_alpha(alone, masi).undefined == "no article has answers of two annotators"
    assert {alpha.value for alpha in category_alphas(alone)} == {None}
    same = votes({"ann": ["a", "a"], "bob": ["a", "a"]})
    assert str(set_alpha(same, masi)) == "undefined: every answer is the same"


def test_a_category_chosen_once_has_no_interval() -> None:
    shown = votes({"ann": ["a"] + [""] * 30, "bob": [""] * 31}, names="a")
    [alpha] = category_alphas(shown)
    assert alpha.value is not None
    assert alpha.low is None
