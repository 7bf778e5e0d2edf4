"""Figures of agreement, worked out by hand."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from labels.agreement.figures import (
    find_confusions,
    find_uniform,
    measure_agreement,
    measure_categories,
    measure_sets,
)
from labels.agreement.votes import collect_votes
from tests.support.panel import panel, votes


def test_two_annotators_of_four_articles() -> None:
    """a: both on d0; ann alone on d1. b: nobody agrees on d2. Two of four sets are the same."""
    shown = votes({"ann": ["a", "a", "b", ""], "bob": ["a", "", "c", ""]})
    a, b, _ = measure_categories(shown, resamples=0)
    assert (a.raw, a.prevalence, a.f1) == (0.75, 3 / 8, pytest.approx(2 / 3))
    assert (b.raw, b.prevalence, b.f1) == (0.75, 1 / 8, 0.0)
    assert (a.articles, a.disagreed) == (4, ("d1",))
    sets = measure_sets(shown, resamples=0)
    assert (sets.exact, sets.articles, sets.disagreed) == (0.5, 4, ("d1", "d2"))


def test_with_two_annotators_f1_is_that_of_one_measured_against_the_other() -> None:
    """ann chose a 4 times, bob 3 times, both 2 times: F1 = 2 x 2 / (4 + 3)."""
    shown = votes({"ann": ["a", "a", "a", "a", "", ""], "bob": ["a", "a", "", "", "a", ""]})
    assert measure_categories(shown, resamples=0)[0].f1 == pytest.approx(4 / 7)


def test_a_confusion_is_one_category_in_place_of_another() -> None:
    shown = votes(
        {
            "ann": ["a", "b", "ab", "a", "a"],
            "bob": ["b", "a", "a", "", "c"],
            "eve": ["b"] + [None] * 4,
        }
    )
    first, second = find_confusions(shown)
    assert (first.first, first.second, first.articles) == ("a", "b", ("d0", "d1"))
    assert (second.first, second.second, second.articles) == ("a", "c", ("d4",))


def test_pairs_and_months_are_measured_apart() -> None:
    annotations, taxonomy = panel({"ann": ["a", "b"], "bob": ["a", None], "eve": [None, "c"]})
    later = [
        replace(vote, created="2026-12-01T08:00:00Z") if vote.annotator == "eve" else vote
        for vote in annotations
    ]
    figures = measure_agreement(collect_votes(later, taxonomy), resamples=0)
    assert [(p.first, p.second, p.sets.exact) for p in figures.pairs] == [
        ("ann", "bob", 1.0),
        ("ann", "eve", 0.0),
    ]
    months = [(entry.month, entry.sets.exact) for entry in figures.months]
    assert months == [("2026-11", 1.0), ("2026-12", 0.0)]


def test_one_who_always_ticks_the_same_is_named() -> None:
    shown = votes({"ann": ["a", "b"] * 5, "bob": ["ab"] * 10, "eve": ["c"] * 9 + [None]})
    assert find_uniform(shown) == {"bob": ("a", "b")}


def test_what_is_no_independent_answer_does_not_count() -> None:
    annotations, taxonomy = panel({"ann": ["a", "a"], "bob": ["b", "a"], "eve": ["a", "a"]})
    ann, bob, eve = (
        [v for v in annotations if v.annotator == name] for name in ("ann", "bob", "eve")
    )
    settling = [replace(vote, ground_truth=True, origin="adjudication") for vote in eve]
    assert collect_votes([*ann, *bob, *settling], taxonomy).annotators == ("ann", "bob")
    unsure, skipped = replace(eve[0], unsure=True), replace(eve[1], status="skipped")
    assert collect_votes([*ann, *bob, unsure, skipped], taxonomy).annotators == ("ann", "bob")
    assert collect_votes(annotations, taxonomy, ["ann", "eve"]).annotators == ("bob",)


def test_a_category_added_later_is_compared_among_those_who_were_asked() -> None:
    annotations, taxonomy = panel({"ann": ["a", ""], "bob": ["a", ""], "eve": [None, "c"]})
    added = dt.datetime(2026, 11, 10, tzinfo=dt.UTC).isoformat()
    categories = (*taxonomy.categories[:2], replace(taxonomy.categories[2], added=added))
    later = [
        replace(vote, created="2026-11-20T08:00:00Z") if vote.document_id == "d1" else vote
        for vote in annotations
    ]
    shown = collect_votes(later, replace(taxonomy, categories=categories))
    figures = measure_agreement(shown, resamples=0)
    assert np.array_equal(shown.asked[:, 2], [False, False, True, True, True])
    assert figures.left_out == ("c",)
    assert (figures.categories[2].articles, figures.categories[2].disagreed) == (1, ("d1",))
    assert figures.sets.disagreed == ()
