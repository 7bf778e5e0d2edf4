"""Several annotators, one article: what is agreed, what a person must adjudicate."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.annotations import Annotation
from labels.consensus import Agreement, agree
from labels.taxonomy import Taxonomy
from seeds.document import Document
from tests.support.corpus import taxonomy

ARTICLE = Document.of("Un article.")
IDS = ("cinema", "trade", "sport")


def by(annotator: str, *categories: str, **fields: object) -> Annotation:
    return Annotation(ARTICLE.id, annotator, categories, **fields)  # type: ignore[arg-type]


def settle(*votes: Annotation, choice: str = "multiple", needed: int = 1) -> tuple[object, object]:
    """(agreed categories or None, disputed ones) of the one article."""
    data, disputes, _ = agree(votes, {ARTICLE.id: ARTICLE}, taxonomy(choice), needed)
    agreed = data.examples[0].categories if data.examples else None
    disputed = disputes[0].disputed if disputes else ()
    assert not data.examples or data.examples[0].unknown == disputed
    return agreed, disputed


@pytest.mark.parametrize(
    ("votes", "agreed", "disputed"),
    [
        ([("cinema",)], ("cinema",), ()),
        ([()], (), ()),
        ([("cinema", "trade"), ("cinema",)], ("cinema",), ("trade",)),
        ([("cinema", "trade"), ("cinema",), ("cinema",)], ("cinema",), ()),
        ([("cinema", "trade"), ("cinema", "trade"), ("sport",)], ("cinema", "trade"), ()),
        ([("cinema",), ("trade",)], (), ("cinema", "trade")),
        ([("cinema",), ("trade",), ("sport",)], (), ()),
        ([("cinema",), ("cinema",), ("trade",), ("trade",)], (), ("cinema", "trade")),
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
    _, (dispute,), _ = agree(votes, {ARTICLE.id: ARTICLE}, taxonomy())
    assert dispute.document_id == ARTICLE.id
    assert dispute.agreed == ("cinema",)
    assert dispute.disputed == ("sport",)
    assert dispute.votes == {"anne": ("sport", "cinema"), "bob": ("cinema",)}


def test_examples_come_in_the_order_of_the_documents_and_unlabelled_ones_stay_out() -> None:
    articles = [Document.of(f"Article {n}.") for n in range(4)]
    votes = [Annotation(articles[n].id, "a", ("trade",)) for n in (3, 0, 2)]
    votes.append(Annotation("0" * 16, "a", ("trade",)))  # of an article the workspace lacks
    data, disputes, waiting = agree(votes, {a.id: a for a in articles}, taxonomy())
    assert [example.document.text for example in data.examples] == [
        "Article 0.",
        "Article 2.",
        "Article 3.",
    ]
    assert disputes == waiting == []


def test_fewer_votes_than_needed_let_an_article_wait() -> None:
    """Two skips and an empty answer are one vote; so are an answer and an unsure one."""
    two_skips = [by("a", status="skipped"), by("b", status="skipped"), by("c")]
    one_unsure = [by("a", "cinema"), by("b", "cinema", "trade", unsure=True)]
    for votes in (two_skips, one_unsure, [by("a", "cinema")]):
        data, disputes, waiting = agree(votes, {ARTICLE.id: ARTICLE}, taxonomy(), 2)
        assert (data.examples, disputes, waiting) == ((), [], [ARTICLE.id])
    assert settle(by("a", "cinema"), by("b"), by("c", "cinema"), needed=3) == (("cinema",), ())


def test_an_article_that_everybody_skipped_or_is_unsure_of_is_never_agreed() -> None:
    skipped = [by("a", status="skipped"), by("b", status="skipped")]
    assert agree(skipped, {ARTICLE.id: ARTICLE}, taxonomy(), 1).waiting == []
    unsure = [by("a", "cinema", unsure=True), by("b", unsure=True, ground_truth=True)]
    data, disputes, waiting = agree(unsure, {ARTICLE.id: ARTICLE}, taxonomy(), 1)
    assert (data.examples, disputes, waiting) == ((), [], [ARTICLE.id])


def test_a_label_from_a_file_and_a_ground_truth_wait_for_nobody() -> None:
    assert settle(by("import:labels.csv", "cinema"), needed=2) == (("cinema",), ())
    assert settle(by("a", "trade", ground_truth=True), needed=3) == (("trade",), ())
    both = [by("import:labels.csv", "cinema"), by("anne", "trade")]
    assert settle(*both, needed=2) == ((), ("cinema", "trade"))


ADDED = "2026-11-20T10:00:00Z"


def with_added(*ids: str) -> Taxonomy:
    """The usual taxonomy, of which these categories were added later."""
    return replace(
        taxonomy(),
        categories=tuple(
            replace(category, added=ADDED) if category.id in ids else category
            for category in taxonomy().categories
        ),
    )


@pytest.mark.parametrize(
    ("votes", "needed", "categories", "unknown"),
    [
        ([by("a", "cinema", created="2026-11-19")], 1, ("cinema",), ("sport",)),
        ([by("a", "cinema", created="2026-11-20T11:00:00+02:00")], 1, ("cinema",), ("sport",)),
        ([by("a", "cinema", created="2026-11-20T10:00:00Z")], 1, ("cinema",), ()),
        ([by("a", created="2026-11-01", updated="2026-11-21")], 1, (), ()),
        ([by("a", "cinema")], 1, ("cinema",), ()),
        ([by("a", "cinema", created="gestern")], 1, ("cinema",), ()),
        ([by("a", "sport", created="2026-11-19")], 1, ("sport",), ()),
        ([by("a", created="2026-11-19", ground_truth=True)], 1, (), ("sport",)),
        (
            [by("a", "cinema", created="2026-11-19"), by("b", "cinema", created="2026-11-21")],
            2,
            ("cinema",),
            ("sport",),
        ),
        (
            [by("a", created="2026-11-19"), by("b", "sport", created="2026-11-21")],
            1,
            ("sport",),
            (),
        ),
    ],
)
def test_an_annotation_does_not_answer_for_a_category_added_after_it(
    votes: list[Annotation], needed: int, categories: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    data, disputes, waiting = agree(votes, {ARTICLE.id: ARTICLE}, with_added("sport"), needed)
    (example,) = data.examples
    assert (example.categories, example.unknown) == (categories, unknown)
    assert disputes == waiting == []


@pytest.mark.parametrize("choice", ["multiple", "single"])
def test_a_vote_for_a_category_that_left_the_taxonomy_does_not_count(choice: str) -> None:
    votes = [by("anne", "opera"), by("bob", "cinema"), by("c", "cinema")]
    assert settle(*votes, choice=choice) == (("cinema",), ())


def test_the_other_categories_of_a_vote_count_when_one_is_retired() -> None:
    votes = [by("anne", "opera", "cinema"), by("bob", "cinema"), by("c", "trade")]
    assert settle(*votes) == (("cinema",), ())


@pytest.mark.parametrize(
    ("votes", "categories", "unknown"),
    [
        ([by("anne", "opera", "trade", created="2026-01-01")], ("trade",), ("cinema",)),
        ([by("anne", "trade", created="2026-01-01")], ("trade",), ()),
        ([by("anne", "opera", created="2026-01-01"), by("bob", created="2026-03-01")], (), ()),
        ([by("anne", "opera", "cinema", created="2026-03-01")], ("cinema",), ()),
    ],
    ids=["yes to the whole", "no to the whole", "asked again", "answered since"],
)
def test_a_part_of_a_split_category_is_unknown_only_where_the_whole_was_chosen(
    votes: list[Annotation], categories: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    parts = (
        replace(category, added="2026-02-01", split_from="opera")
        if category.id == "cinema"
        else category
        for category in taxonomy().categories
    )
    split = replace(taxonomy(), categories=tuple(parts), retired=("opera",))
    (example,) = agree(votes, {ARTICLE.id: ARTICLE}, split).dataset.examples
    assert (example.categories, example.unknown) == (categories, unknown)


@pytest.mark.slow
@given(st.lists(st.sets(st.sampled_from(IDS)), min_size=1, max_size=6))
def test_the_order_of_the_annotators_never_matters(votes: list[set[str]]) -> None:
    annotations = [by(f"a{n}", *sorted(vote)) for n, vote in enumerate(votes)]
    orders = itertools.islice(itertools.permutations(annotations), 24)
    assert len({settle(*order) for order in orders}) == 1


def weighed(votes: list[Annotation], articles: list[Document], needed: int = 1) -> Agreement:
    return agree(votes, {a.id: a for a in articles}, taxonomy(), needed, "dawid-skene")


def a_careless_annotator() -> tuple[list[Document], list[Annotation]]:
    """40 articles: ann and bob agree, half sport, and eve ticks sport everywhere; then a last one.

    On the last one ann says no and eve yes.
    """
    articles = [Document.of(f"Article {n}.") for n in range(41)]
    votes = []
    for n, article in enumerate(articles[:-1]):
        sport = ("sport",) if n % 2 else ()
        votes += [Annotation(article.id, name, sport) for name in ("ann", "bob")]
        votes.append(Annotation(article.id, "eve", ("sport",)))
    last = articles[-1].id
    return articles, [*votes, Annotation(last, "ann", ()), Annotation(last, "eve", ("sport",))]


def test_dawid_skene_believes_the_careful_annotator_where_the_majority_is_split() -> None:
    articles, votes = a_careless_annotator()
    by_id = {article.id: article for article in articles}
    assert [d.disputed for d in agree(votes, by_id, taxonomy()).disputes] == [("sport",)]
    data, disputes, _ = weighed(votes, articles)
    assert disputes == []
    assert (data.examples[-1].categories, data.examples[-1].unknown) == ((), ())


def test_dawid_skene_leaves_alone_what_all_say_and_what_a_person_settled() -> None:
    """eve alone says yes: nobody contradicts her. A judge says yes where ann and eve differ."""
    articles, votes = a_careless_annotator()
    alone = Document.of("Un autre.")
    judged = Annotation(articles[-1].id, "kim", ("sport",), ground_truth=True)
    more = [*votes, judged, Annotation(alone.id, "eve", ("sport",))]
    data, disputes, _ = weighed(more, [*articles, alone])
    assert disputes == []
    assert [example.categories for example in data.examples[-2:]] == [("sport",), ("sport",)]


def test_dawid_skene_disputes_what_two_alike_annotators_differ_on() -> None:
    _, disputes, _ = weighed([by("ann", "cinema"), by("bob")], [ARTICLE])
    assert [dispute.disputed for dispute in disputes] == [("cinema",)]


def test_dawid_skene_waits_for_as_many_votes_as_the_majority_does() -> None:
    assert weighed([by("ann", "cinema")], [ARTICLE], needed=2).waiting == [ARTICLE.id]
    assert weighed([], [ARTICLE]).dataset.examples == ()


def test_dawid_skene_in_single_choice_takes_the_category_that_is_nearly_certain() -> None:
    """ann and bob agree on 40 articles where eve always says sport; then ann and eve differ."""
    articles = [Document.of(f"Article {n}.") for n in range(41)]
    votes = []
    for n, article in enumerate(articles):
        truth = IDS[n % 3]
        votes.append(Annotation(article.id, "ann", (truth,)))
        votes.append(Annotation(article.id, "eve", ("sport",)))
        if n < 40:
            votes.append(Annotation(article.id, "bob", (truth,)))
    by_id = {article.id: article for article in articles}
    data, disputes, _ = agree(votes, by_id, taxonomy("single"), 1, "dawid-skene")
    assert disputes == []
    assert data.examples[-1].categories == (IDS[40 % 3],) == ("trade",)
