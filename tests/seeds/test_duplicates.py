"""Wire copy rewritten by several papers shares a group; other articles do not."""

import os
import random
import subprocess
import sys
import time

import pytest

from seeds.document import Document
from seeds.duplicates import Grouping, assign_groups, find_groups
from seeds.reading.sources import Article, read_articles
from tests.support.command import ROOT
from tests.support.wire_stories import COPY, REWRITTEN, SAME_EVENT


def groups(*texts: str) -> list[int]:
    """For each text the place of the text its group is named after."""
    documents = [Document.of(text) for text in texts]
    places = {each.id: n for n, each in enumerate(documents)}
    return [places[each.group] for each in assign_groups(documents)]


def test_a_rewritten_wire_story_joins_the_group_of_the_first() -> None:
    assert groups(COPY, REWRITTEN) == [0, 0]
    assert groups(REWRITTEN, COPY) == [0, 0]


def test_two_articles_on_the_same_event_stay_apart() -> None:
    assert groups(COPY, SAME_EVENT) == [0, 1]
    assert groups(REWRITTEN, SAME_EVENT) == [0, 1]


def test_case_and_punctuation_do_not_hide_a_copy() -> None:
    assert groups(COPY, COPY.upper().replace(",", " ;")) == [0, 0]


def test_a_group_is_named_after_its_first_member_and_reaches_over_a_third() -> None:
    words = [f"mot{n}" for n in range(100)]
    left, middle, right = (" ".join(words[n : n + 60]) for n in (0, 15, 30))
    # 58 sequences of three words each: 43 of 73 shared by neighbours (0.59), 28 of 88 by the outer
    assert groups(left, right) == [0, 1]
    assert groups(left, right, middle) == [0, 0, 0]
    assert groups("Tout autre chose.", right, middle) == [0, 1, 1]


def test_similarity_is_exact_at_the_threshold() -> None:
    words = [f"mot{n}" for n in range(200)]
    # n words have n - 2 sequences; two texts of 62 that share 42 in a row have 40 of 80 in common
    assert groups(" ".join(words[:62]), " ".join(words[20:82])) == [0, 0]
    assert groups(" ".join(words[:62]), " ".join(words[21:83])) == [0, 1]


def test_very_short_texts_are_compared_whole() -> None:
    assert groups("En bref", "En bref.", "En vrac", "…", "!") == [0, 0, 2, 3, 4]


def test_everything_else_of_a_document_stays_and_the_order_too() -> None:
    documents = [Document.of(COPY, source="a.txt", date="2024"), Document.of(SAME_EVENT)]
    assert assign_groups(documents) == documents
    assert assign_groups([]) == []


def test_groups_follow_the_documents_given_not_the_groups_they_had() -> None:
    stale = Document.of(COPY, group="0123456789abcdef")
    assert assign_groups([stale])[0].group == stale.id


@pytest.mark.slow
def test_groups_do_not_depend_on_the_hash_seed_of_python() -> None:
    """MinHash misses 4 in 1,000 pairs that are just alike enough: always the same ones."""
    code = (
        "from seeds.document import Document\n"
        "from seeds.duplicates import assign_groups\n"
        "pairs = [[f'mot{n}x{place}' for place in range(10)] for n in range(1000)]\n"
        "texts = [' '.join(part) for words in pairs for part in (words[:8], words[2:])]\n"
        "grouped = assign_groups(map(Document.of, texts))\n"
        "print(sum(each.group == each.id for each in grouped), [each.group for each in grouped])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "12345")
    }
    assert len(printed) == 1
    assert 1000 < int(printed.pop().split()[0]) < 1020  # groups


def test_the_sample_articles_are_all_different() -> None:
    folder = ROOT / "seeds" / "sample" / "articles"
    articles = [
        each for each in read_articles([str(folder)], recursive=True) if isinstance(each, Article)
    ]
    grouped = assign_groups(each.document for each in articles)
    assert len(grouped) > 100
    assert all(each.group == each.id for each in grouped)


# ---------------------------------------------------------------- as the collection grows


def newsroom(count: int, boilerplate: int) -> list[str]:
    """Articles of 120 words that all end in the same passage; one in ten is a rewrite."""
    chance = random.Random(count)
    words = [f"mot{n}" for n in range(20_000)]
    passage, texts = chance.choices(words, k=boilerplate), list[list[str]]()
    for _ in range(count):
        if texts and chance.random() < 0.1:
            text = list(chance.choice(texts))
            for place in chance.sample(range(120), 12):
                text[place] = chance.choice(words)
        else:
            text = chance.choices(words, k=120)
        texts.append(text)
    return [" ".join(text + passage) for text in texts]


def group(texts: list[str], earlier: Grouping | None = None) -> Grouping:
    """Group texts, of which the first may have been grouped earlier."""
    ids = [Document.of(text).id for text in texts]
    if earlier is None:
        return find_groups(ids, [], texts.__getitem__)
    return find_groups(ids, earlier.groups, texts.__getitem__, earlier.signatures)


@pytest.mark.slow
def test_articles_that_share_a_passage_are_compared_with_a_few_others_only() -> None:
    """Each pair of them shares a third of its text, so nearly all would be candidates."""
    counts = [group(newsroom(n, 120)).comparisons for n in (250, 500, 1000)]
    assert counts[1] < 2.5 * counts[0]
    assert counts[2] < 2.5 * counts[1]
    assert counts[2] < 40 * 1000


def test_rewrites_are_found_and_others_stay_apart_whatever_passage_all_share() -> None:
    texts = newsroom(300, 120)
    alone = group([text.rsplit(" ", 120)[0] for text in texts]).groups
    together = group(texts).groups
    groups_alone = [alone.index(name) for name in alone]
    assert [together.index(name) for name in together] == groups_alone
    assert 260 < len(set(together)) < 290


@pytest.mark.parametrize("steps", [(299, 300), (1, 50, 51, 300), (150, 300)])
def test_groups_are_the_same_if_articles_come_bit_by_bit(steps: tuple[int, ...]) -> None:
    texts = newsroom(300, 60)
    grouping = None
    for count in steps:
        grouping = group(texts[:count], grouping)
    assert grouping is not None
    assert grouping.groups == group(texts).groups


def test_one_more_article_is_compared_alone_and_earlier_texts_stay_unread() -> None:
    texts = newsroom(300, 0)
    earlier = group(texts)
    more = [*texts, " ".join(["autre", *texts[7].split()[1:]])]
    read: list[int] = []

    def read_text(place: int) -> str:
        read.append(place)
        return more[place]

    ids = [Document.of(text).id for text in more]
    later = find_groups(ids, earlier.groups, read_text, earlier.signatures)
    assert later.groups[-1] == earlier.groups[7]
    assert later.comparisons == len(set(read)) - 1 < 5


def test_an_article_that_resembles_two_groups_makes_one_of_them() -> None:
    words = [f"mot{n}" for n in range(100)]
    left, middle, right = (" ".join(words[n : n + 60]) for n in (0, 15, 30))
    earlier = group([left, right])
    assert len(set(earlier.groups)) == 2
    assert set(group([left, right, middle], earlier).groups) == {earlier.groups[0]}


@pytest.mark.slow
def test_ten_thousand_articles_take_seconds_and_every_rewrite_is_found() -> None:
    chance = random.Random(7)
    words = [f"mot{n}" for n in range(30_000)]
    weights = [1 / (n + 3) for n in range(30_000)]
    originals = [chance.choices(words, weights, k=450) for _ in range(9_500)]
    rewrites = []
    for text in originals[:500]:
        changed = list(text[60:])  # a paragraph dropped
        for place in chance.sample(range(len(changed)), 15):
            changed[place] = chance.choice(words)
        rewrites.append(changed)
    documents = [Document.of(" ".join(text)) for text in originals + rewrites]
    start = time.monotonic()
    grouped = assign_groups(documents)
    assert time.monotonic() - start < 60  # about 5 s on one core
    assert [each.group for each in grouped[9_500:]] == [each.id for each in documents[:500]]
    assert sum(each.group != each.id for each in grouped) == 500
