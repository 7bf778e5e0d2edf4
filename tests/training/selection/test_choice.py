"""Which articles are chosen, why, and in which order."""

import random

import pytest

from labels.dataset import Dataset, Example
from seeds.document import Document
from tests.support.corpus import FILLER, WORDS, taxonomy
from training.selection.choice import Pool, choose
from training.selection.random_arm import shuffle
from training.selection.similarity import compare_words


def article(category: str, seed: int, *, second: str = "") -> Document:
    """Return an article about one category, or between two."""
    rng = random.Random(f"{category} {second} {seed}")
    words = rng.choices(WORDS[category], k=6) + rng.choices(WORDS[second or category], k=6)
    return Document.of(" ".join([*words, *rng.choices(FILLER, k=6)]))


def labelled(counts: dict[str, int], choice: str = "single") -> Dataset:
    examples = [
        Example(article(category, 1000 + n), (category,))
        for category, count in counts.items()
        for n in range(count)
    ]
    return Dataset(tuple(examples), taxonomy(choice))


def pool_of(documents: list[Document], dataset: Dataset | None = None) -> Pool:
    return Pool(shuffle(documents), dataset.texts if dataset else [], dataset)


def test_without_labels_each_subject_is_among_the_first_few() -> None:
    documents = {article("cinema", n).id: "cinema" for n in range(30)}
    documents |= {article("trade", n).id: "trade" for n in range(4)}
    documents |= {article("sport", n).id: "sport" for n in range(4)}
    articles = [article("cinema", n) for n in range(30)]
    articles += [article(name, n) for name in ("trade", "sport") for n in range(4)]
    choices = choose(pool_of(articles), 4, "diverse", compare_words)
    assert {documents[choice.document.id] for choice in choices} == {"cinema", "trade", "sport"}
    assert {choice.arm for choice in choices} == {"diverse"}


@pytest.mark.parametrize("choice", ["single", "multiple"])
def test_articles_between_two_categories_come_before_clear_ones(choice: str) -> None:
    between = [article("cinema", n, second="trade") for n in range(3)]
    clear = [article(name, n) for name in ("cinema", "trade") for n in range(10)]
    dataset = labelled({"cinema": 12, "trade": 12}, choice)
    choices = choose(pool_of(between + clear, dataset), 3, "uncertain", compare_words)
    assert {choice.document.id for choice in choices} >= {between[0].id}
    assert sum(choice.document in between for choice in choices) >= 2
    assert all("Cinema (" in choice.reason or "Trade (" in choice.reason for choice in choices)


def test_the_probable_articles_of_a_rare_category_are_found() -> None:
    rare = [article("sport", n) for n in range(3)]
    others = [article(name, n) for name in ("cinema", "trade") for n in range(10)]
    dataset = labelled({"cinema": 12, "trade": 12, "sport": 2})
    choices = choose(pool_of(rare + others, dataset), 3, "rare", compare_words)
    assert {choice.document.id for choice in choices} == {document.id for document in rare}
    assert "Sport" in choices[0].reason
    assert "2 labels" in choices[0].reason


def test_a_fifth_of_auto_is_random_and_spread_over_the_batch() -> None:
    documents = [article(name, n) for name in WORDS for n in range(20)]
    pool = pool_of(documents, labelled({"cinema": 12, "trade": 12}))
    choices = choose(pool, 20, "auto", compare_words)
    places = [n for n, choice in enumerate(choices) if choice.arm == "random"]
    assert [choices[n].document for n in places] == list(pool.candidates[:4])
    assert places == [2, 7, 12, 17]
    assert len({choice.document.id for choice in choices}) == 20


def test_near_duplicates_are_chosen_once() -> None:
    first = article("cinema", 1)
    copies = [Document.of(f"{first.text} {n}", group=first.id) for n in range(5)]
    choices = choose(pool_of([first, *copies]), 6, "auto", compare_words)
    assert [choice.document for choice in choices] == [first]


def test_the_random_order_does_not_depend_on_what_else_there_is() -> None:
    documents = [article("cinema", n) for n in range(20)]
    order = shuffle(documents)
    assert order != documents
    assert shuffle(documents[::-1]) == order
    assert shuffle(documents[:10]) == [document for document in order if document in documents[:10]]


def test_an_empty_pool_gives_nothing() -> None:
    assert choose(pool_of([]), 5, "auto", compare_words) == []
