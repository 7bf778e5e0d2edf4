"""What annotators were shown, and what that did to their labels."""

from typing import Any

from labels.annotations import Annotation
from training.evaluation.assistance import Assistance, find_assistance

RUN = "20261124-101500-tfidf-0123abcd"


def vote(by: str, *names: str, shown: tuple[str, ...] | None = None, **fields: Any) -> Annotation:
    """Return an annotation of article "a"; shown: None for one made without a suggestion."""
    run = "" if shown is None else RUN
    return Annotation("a", by, names, shown_run=run, shown=shown or (), **fields)


def test_an_article_is_helped_if_somebody_was_shown_something_even_nothing_ticked() -> None:
    votes = [vote("lea", "cinema"), vote("max", "cinema", shown=())]
    assert find_assistance(votes) == Assistance(frozenset("a"))
    assert find_assistance(votes[:1]) == Assistance()
    skipped = vote("max", shown=("cinema",), status="skipped")
    assert find_assistance([skipped]) == Assistance()


def test_a_wrong_category_is_one_that_the_others_reject_and_may_be_kept() -> None:
    kept = vote("max", "cinema", "trade", shown=("cinema", "trade"))
    unticked = vote("ines", "cinema", shown=("cinema", "trade"))
    judge = vote("lea", "cinema")
    assert find_assistance([kept, judge]) == Assistance(frozenset("a"), wrong=1, kept=1)
    assert find_assistance([unticked, judge]) == Assistance(frozenset("a"), wrong=1, kept=0)
    assert find_assistance([kept, unticked, judge]) == Assistance(frozenset("a"), wrong=2, kept=1)


def test_alone_nobody_can_be_judged_and_half_of_the_judges_reject_nothing() -> None:
    kept = vote("max", "trade", shown=("trade",))
    assert find_assistance([kept]) == Assistance(frozenset("a"))
    split = [kept, vote("lea", "trade"), vote("ines", "sport")]
    assert find_assistance(split) == Assistance(frozenset("a"))
    unsure = [kept, vote("lea", unsure=True)]
    assert find_assistance(unsure) == Assistance(frozenset("a"))


def test_who_settled_the_article_judges_alone_then_who_was_shown_nothing() -> None:
    kept = vote("max", "trade", shown=("trade",))
    also = vote("ines", "trade", shown=("trade",))
    assert find_assistance([kept, also]) == Assistance(frozenset("a"), wrong=0, kept=0)
    blind = vote("lea", "sport")
    assert find_assistance([kept, also, blind]) == Assistance(frozenset("a"), wrong=2, kept=2)
    settled = vote("chief", "trade", ground_truth=True)
    assert find_assistance([kept, also, blind, settled]) == Assistance(frozenset("a"))
