"""Several annotators, one article: what is agreed, what a person must adjudicate."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.annotations import Annotation
from labels.consensus import agree
from seeds.base.errors import InputError
from seeds.document import Document
from tests.support.corpus import taxonomy

ARTICLE = Document.of("Un article.")
IDS = ("cinema", "trade", "sport")


def by(annotator: str, *categories: str, **fields: object) -> Annotation:
    return Annotation(ARTICLE.id, annotator, categories, **fields)  # type: ignore[arg-type]


def settle(*votes: Annotation, choice: str = "multiple") -> tuple[object, object]:
    """(agreed categories or None, disputed ones) of the one article."""
    data, disputes = agree(votes, {ARTICLE.id: ARTICLE}, taxonomy(choice))
    agreed = data.examples[0].categories if data.examples else None
    return agreed, disputes[0].disputed if disputes else ()


@pytest.mark.parametrize(
    ("votes", "agreed", "disputed"),
    [
        ([("cinema",)], ("cinema",), ()),
        ([()], (), ()),
        ([("cinema", "trade"), ("cinema",)], None, ("trade",)),
        ([("cinema", "trade"), ("cinema",), ("cinema",)], ("cinema",), ()),
        ([("cinema", "trade"), ("cinema", "trade"), ("sport",)], ("cinema", "trade"), ()),
        ([("cinema",), ("trade",)], None, ("cinema", "trade")),
        ([("cinema",), ("trade",), ("sport",)], (), ()),
        ([("cinema",), ("cinema",), ("trade",), ("trade",)], None, ("cinema", "trade")),
        ([("cinema",), ("cinema",), ("cinema",), ("trade",)], ("cinema",), ()),
    ],
)
def test_more_than_half_agree_and_exactly_half_is_disputed(
    votes: list[tuple[str, ...]], agreed: object, disputed: object
) -> None:
    assert settle(*(by(f"a{n}", *vote) for n, vote in enumerate(votes))) == (agreed, disputed)


@pytest.mark.parametrize(
    ("votes", "agreed", "disputed"),
    [
        (["cinema"], ("cinema",), ()),
        (["cinema", "trade"], None, ("cinema", "trade")),
        (["cinema", "trade", "trade"], ("trade",), ()),
        (["cinema", "trade", "sport"], None, ("cinema", "trade", "sport")),
        (["sport", "sport", "trade", "cinema"], ("sport",), ()),
    ],
)
def test_single_choice_goes_to_most_votes_and_a_tie_is_disputed(
    votes: list[str], agreed: object, disputed: object
) -> None:
    outcome = settle(*(by(f"a{n}", vote) for n, vote in enumerate(votes)), choice="single")
    assert outcome == (agreed, disputed)


def test_a_ground_truth_settles_alone_and_the_latest_one_counts() -> None:
    votes = [by("a", "cinema"), by("b", "cinema"), by("c", "trade", ground_truth=True, created="1")]
    assert settle(*votes) == (("trade",), ())
    later = by("d", "sport", ground_truth=True, created="2")
    assert settle(later, *votes) == (("sport",), ())
    first = by("c", "trade", ground_truth=True, created="2026-11-01", updated="2026-11-03")
    second = by("d", "sport", ground_truth=True, created="2026-11-02", updated="2026-11-02")
    assert settle(first, second) == (("trade",), ())


def test_skipped_and_draft_annotations_have_no_vote() -> None:
    assert settle(
        by("a", "cinema"), by("b", status="skipped"), by("c", "trade", status="draft")
    ) == (
        ("cinema",),
        (),
    )
    assert settle(by("a", "cinema", status="draft")) == (None, ())


def test_a_dispute_names_what_is_agreed_and_who_voted_for_what() -> None:
    votes = [by("anne", "sport", "cinema"), by("bob", "cinema")]
    _, (dispute,) = agree(votes, {ARTICLE.id: ARTICLE}, taxonomy())
    assert dispute.document_id == ARTICLE.id
    assert dispute.agreed == ("cinema",)
    assert dispute.disputed == ("sport",)
    assert dispute.votes == {"anne": ("sport", "cinema"), "bob": ("cinema",)}


def test_examples_come_in_the_order_of_the_documents_and_unlabelled_ones_stay_out() -> None:
    articles = [Document.of(f"Article {n}.") for n in range(4)]
    votes = [Annotation(articles[n].id, "a", ("trade",)) for n in (3, 0, 2)]
    votes.append(Annotation("0" * 16, "a", ("trade",)))  # of an article the workspace lacks
    data, disputes = agree(votes, {article.id: article for article in articles}, taxonomy())
    assert [example.document.text for example in data.examples] == [
        "Article 0.",
        "Article 2.",
        "Article 3.",
    ]
    assert disputes == []


@pytest.mark.parametrize("choice", ["multiple", "single"])
def test_a_vote_for_a_category_that_left_the_taxonomy_is_named_and_not_dropped(choice: str) -> None:
    with pytest.raises(InputError, match=r"label by anne: category 'opera' is not in the taxonomy"):
        settle(by("anne", "opera"), by("bob", "cinema"), by("c", "cinema"), choice=choice)


@given(st.lists(st.sets(st.sampled_from(IDS)), min_size=1, max_size=6))
def test_the_order_of_the_annotators_never_matters(votes: list[set[str]]) -> None:
    annotations = [by(f"a{n}", *sorted(vote)) for n, vote in enumerate(votes)]
    orders = itertools.islice(itertools.permutations(annotations), 24)
    assert len({settle(*order) for order in orders}) == 1
